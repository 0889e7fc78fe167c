"""How days of the calendar are written in Europe, alone, in a text, and inside of identifiers."""

from __future__ import annotations

import re

_MONTHS = (
    r"(?:jan|feb|f[eé]v|mar|m[aä]r|maa|apr|avr|abr|huh|mai|may|mei|maj|mag|tou|jun|jui|giu|kes|jul|lug|lip|hei|aug|ao[uû]"
    r"|ago|sie|elo|sep|set|wrz|syy|o[ck]t|ott|out|lok|nov|mar|lis|de[czs]|dic|dez|gru|jou|sty|lut|kwi|cze|pa[zź]|ene|gen"
    r"|led|[uú]no|b[rř]e|dub|kv[eě]|srp|z[aá][rř]|[rř][ií]j|pro|sij|velj|o[zž]u|tra|svi|kol|stu|ian|iun|iul|noi|"
    r"ιαν|φεβ|μαρ|απρ|μαι|μάι|ιουν|ιουλ|αυγ|σεπ|οκτ|νοε|δεκ|ян|фев|мар|апр|май|юн|юл|авг|сеп|окт|ное|дек)[^\W\d_]*"
)
_YEAR = r"(?:18|19|20)\d\d"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0?[1-9]|1[0-2])"
#: A day with the year in four digits, and one with the year in two, as parts of regular expressions.
FULL_DATE = (
    rf"(?:{_YEAR}[-/.]{_MONTH}[-/.]{_DAY}|{_DAY}[-/.] ?{_MONTH}[-/.] ?{_YEAR}|{_MONTH}[/-]{_DAY}[/-]{_YEAR}"
    rf"|{_DAY}\.? ?(?:de |d')?[- ]?{_MONTHS}\.?,?[- ](?:de )?{_YEAR}|{_MONTHS}\.? {_DAY}(?:st|nd|rd|th)?,? {_YEAR})"
)
SHORT_DATE = rf"(?:{_DAY}[-/.]{_MONTH}[-/.]\d\d|{_MONTH}/{_DAY}/\d\d|{_DAY}[- ]{_MONTHS}[- ]\d\d)"

_TIME = r"[T ]\d\d?:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
_DATE = re.compile(rf"(?:{FULL_DATE}|{SHORT_DATE})(?:{_TIME})?", re.I)
_WITHIN = re.compile(rf"(?<![\w.-]){FULL_DATE}(?![\w-])", re.I)

_DD, _MM = r"(?:0[1-9]|[12]\d|3[01])", r"(?:0[1-9]|1[0-2])"
_PACKED = re.compile(rf"{_YEAR}{_MM}{_DD}")
_LONG = rf"(?:{_YEAR}[-_.]?{_MM}[-_.]?{_DD}|{_DD}[-_.]?{_MM}[-_.]?{_YEAR})"
_SIX = rf"(?:{_DD}{_MM}\d\d|\d\d{_MM}{_DD})"
_INITIALS, _GAP = "[A-Z]{2,3}", "[-_ .]?"
_INITIALS_AND_DATE = re.compile(rf"(?:{_INITIALS}{_GAP}{_LONG}|{_LONG}{_GAP}{_INITIALS})(?:[-_.]?\w{{1,4}})?")
_INITIALS_AND_SIX = re.compile(rf"{_INITIALS}{_GAP}\d{{6}}|\d{{6}}{_GAP}{_INITIALS}")
_INITIALS_AND_SHORT = re.compile(rf"{_INITIALS}{_GAP}{_SIX}|{_SIX}{_GAP}{_INITIALS}")


def is_date(text: str) -> bool:
    """Whether this is a day in the calendar, perhaps with a time."""
    return _DATE.fullmatch(text) is not None


def is_packed_date(text: str) -> bool:
    """Whether this is year, month and day in eight digits."""
    return _PACKED.fullmatch(text) is not None


def has_date(text: str) -> bool:
    """Whether a day with its full year stands somewhere in a longer text."""
    return _WITHIN.search(text) is not None


def initials_and_date(text: str) -> str | None:
    """Which shape an identifier of initials and digits has.

    ``long`` when the digits are a full date, ``short`` when six digits are one, ``six`` when they are not; else None.
    """
    if _INITIALS_AND_DATE.fullmatch(text):
        return "long"
    if _INITIALS_AND_SHORT.fullmatch(text):
        return "short"
    return "six" if _INITIALS_AND_SIX.fullmatch(text) else None
