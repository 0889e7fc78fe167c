"""The closed set of transforms that a mapping may put between a cell and its meaning.

Each takes one text and gives texts: one, several (split), or none (extract that does not match). A text that a
transform cannot take raises ``Untransformable``; the row is then told with column and value.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any, NoReturn

Transform = Callable[[str], list[str]]

#: A longer text is not matched with a partner's regular expression, which may take exponential time.
_LONGEST_MATCHED = 2_000
_THOUSANDS = re.compile(r"[+-]?\d{1,3}([ '\u00a0\u202f]\d{3})*([.,]\d+)?|[+-]?\d+([.,]\d+)?")
_ISO_DATE = re.compile(r"(\d{4})(-\d\d(-\d\d)?)?([T ].*)?")

NAMES = ("trim", "lower", "upper", "number", "year", "split", "extract", "replace", "prefix", "multiply", "date")


class Untransformable(ValueError):
    """The text is not of the form that the transform needs; the message says which."""


def read_transforms(entry: Any, refuse: Callable[[str, str], NoReturn]) -> tuple[Transform, ...]:
    """The transforms that a mapping lists, in order. ``refuse`` is called with what is wrong and what to do."""
    entries = entry if isinstance(entry, list) else [entry]
    return tuple(_transform(one, refuse) for one in entries)


def apply(text: str, transforms: tuple[Transform, ...]) -> list[str]:
    """What the transforms make of a text. Raises Untransformable."""
    texts = [text]
    for transform in transforms:
        texts = [made.strip() for one in texts for made in transform(one)]
    return [text for text in texts if text]


def _transform(entry: Any, refuse: Callable[[str, str], NoReturn]) -> Transform:
    known = f'Known are {", ".join(NAMES)}; write for example transform = ["lower", {{ split = ";" }}].'
    if isinstance(entry, str) and entry in _PLAIN:
        return _PLAIN[entry]
    if not isinstance(entry, dict) or len(entry) != 1:
        refuse(f"the transform {str(entry)[:60]!r} is not known", known)
    ((name, value),) = entry.items()
    if name == "split" and isinstance(value, str) and value:
        return lambda text: text.split(value)
    if name == "prefix" and isinstance(value, str) and value:
        return lambda text: [value + text]
    if name == "multiply" and isinstance(value, int | float) and not isinstance(value, bool):
        return lambda text: [_shown(float(_number(text)[0]) * value)]
    if name == "date" and isinstance(value, str) and "%" in value:
        return lambda text: [_date(text, value)]
    if name == "replace" and isinstance(value, list) and len(value) == 2 and all(isinstance(v, str) for v in value):
        old, new = value
        if old:
            return lambda text: [text.replace(old, new)]
    if name == "extract" and isinstance(value, str):
        try:
            pattern = re.compile(value)
        except (re.error, RecursionError, OverflowError) as error:
            refuse(f"{value!r} is no regular expression ({error})", "Correct it (Python's syntax).")
        if pattern.groups > 1:
            refuse(f"{value!r} has {pattern.groups} groups", "Use one group (…), and (?:…) for the others.")
        return lambda text: _extracted(text, pattern)
    return refuse(
        f"the transform {name!r} cannot be used like this" if name in NAMES else f"{name!r} is no transform", known
    )


def _number(text: str) -> list[str]:
    """A number with a decimal point; a decimal comma and spaces between thousands are read, both marks are not."""
    if not _THOUSANDS.fullmatch(text):
        raise Untransformable("it is no number")
    if re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", text):
        raise Untransformable('its comma may stand before thousands or decimals; put { replace = [",", ""] } before it')
    plain = re.sub(r"[ '\u00a0\u202f]", "", text).replace(",", ".")
    return [plain.removeprefix("+")]


def _shown(number: float) -> str:
    return str(int(number)) if number.is_integer() else repr(round(number, 10))


def _year(text: str) -> list[str]:
    match = _ISO_DATE.fullmatch(text)
    if match is None:
        raise Untransformable('it is no date like 2024-05-31; put { date = "%d.%m.%Y" } before the year')
    return [match[1]]


def _date(text: str, form: str) -> str:
    try:
        return dt.datetime.strptime(text, form).date().isoformat()
    except ValueError:
        raise Untransformable(f"it is no date of the form {form}") from None


def _extracted(text: str, pattern: re.Pattern[str]) -> list[str]:
    if len(text) > _LONGEST_MATCHED:
        raise Untransformable(f"it has more than {_LONGEST_MATCHED:,} characters")
    match = pattern.search(text)
    return [match[match.re.groups] or ""] if match else []


_PLAIN: dict[str, Transform] = {
    "trim": lambda text: [text.strip()],
    "lower": lambda text: [text.lower()],
    "upper": lambda text: [text.upper()],
    "number": _number,
    "year": _year,
}
