"""The shapes that one value has, to be counted over a column: alone they say little."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from node.publishing.safety.addresses import is_address, is_street_code
from node.publishing.safety.dates import initials_and_date, is_date, is_packed_date
from node.publishing.safety.names import Likeness, likeness
from node.publishing.safety.texts import FOREIGN_PHONE

_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:e[+-]?\d+)?%?", re.I)
_PHONE = re.compile(
    r"(?:\(?0[1-9]\d{0,4}\)?|\(\d{2,5}\)|[1-9]\d{1,3})(?:[ ./-]{0,2}\(?\d{1,8}\)?){1,6}(?: ?(?:x|ext\.?) ?\d{1,6})?",
    re.I,
)
_PLAIN_PHONE = re.compile(r"0[1-9]\d{7,10}")
_MAC_ADDRESS = re.compile(r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}")


def is_measure(text: str) -> bool:
    """Whether a value is a number with a fraction, or too short to be anything else."""
    match = _NUMBER.fullmatch(text)
    return match is not None and (len(text) < 6 or not text.isdigit())


def shapes_of(text: str) -> Iterator[str]:
    """The names of the shapes of a value of at most some hundred characters."""
    digits = sum(map(str.isdigit, text))
    if digits == 0:
        yield from _words(text)
    else:
        yield from _digits(text, digits)
    if 2 < len(text) <= 45 and (text.count(".") == 3 or text.count(":") >= 2) and _is_network(text):
        yield "network"
    if text.startswith(("http://", "https://", "www.", "@")):
        yield "link"


def _words(text: str) -> Iterator[str]:
    if len(text) <= 60:
        yield "letters"
    like = likeness(text)
    if like is not Likeness.NONE:
        several = " " in text
        yield "name" if several else "one name"
        if like is Likeness.LIKELY:
            yield "known name" if several else "one known name"


def _digits(text: str, digits: int) -> Iterator[str]:
    if digits >= 4:
        yield "four digits" if digits == 4 else "five digits or more"
    date = digits >= 3 and is_date(text)
    if date:
        yield "date"
    elif 7 <= digits <= 15:
        yield from _phone(text)
    if digits == 8 and is_packed_date(text):
        yield "packed date"
    if digits <= 16 and 8 <= len(text) <= 160 and " " in text and is_address(text):
        yield "address"
    if len(text) <= 8 and is_street_code(text):
        yield "postcode"
    if digits >= 6 and len(text) <= 24:
        initials = initials_and_date(text)
        if initials == "long":
            yield "initials and date"
        elif initials is not None:
            yield "initials and six digits"
            if initials == "short":
                yield "initials and short date"


def _phone(text: str) -> Iterator[str]:
    if FOREIGN_PHONE.fullmatch(text):
        yield "phone"
    elif _PHONE.fullmatch(text) and not _NUMBER.fullmatch(text) and text.count(".") != 1:
        yield "phone" if text[0] in "0(" else "groups of digits"
    elif _PLAIN_PHONE.fullmatch(text):
        yield "plain phone"


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return _MAC_ADDRESS.fullmatch(text) is not None
    return True
