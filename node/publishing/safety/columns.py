"""Whether a column holds direct identifiers: its name, the forms of its values and how they are spread, weighed.

One value that leaves no doubt (an e-mail address of a person, ``born 3 May 1961``) is enough. Everything else has to be
unlikely by chance: of numbers with a check digit so many must be right that a column of other numbers would have them
less than once in a million, unless the name of the column says that this is what they are.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from node.publishing.safety.dates import has_date
from node.publishing.safety.national import Form, forms_of
from node.publishing.safety.texts import certain_in
from node.publishing.safety.values import is_measure, shapes_of
from node.publishing.safety.words import Kind, about_processing, said_by

#: So many different values of a column are looked at in every way; of later ones only what leaves no doubt counts.
MOST_DISTINCT = 1_000
#: A longer value is searched up to here.
LONGEST_VALUE = 20_000
#: -ln of how often chance may bring a column of right numbers: without and with a name that says the same.
_BEYOND_CHANCE, _RARE, _WITH_NAME = 13.8, 6.9, 3.0
#: So few values need not be unlikely together, when all are right.
_FEW = 6


@dataclass(frozen=True)
class Suspicion:
    """What a column seems to hold: on what evidence, in which share of its values, with one of them, masked."""

    column: str
    kind: Kind
    evidence: str
    share: float
    line: int | None
    example: str


class Column:
    """Takes the values of one column as they pass and says at the end what they look like."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._seen: set[str] = set()
        self._filled = 0
        self._shapes: Counter[str] = Counter()
        self._first: dict[str, tuple[int | None, str]] = {}
        self._forms: dict[Form, list[int]] = {}
        self._certain: Counter[Kind] = Counter()

    def add(self, value: str, line: int | None = None) -> None:
        """Look at one value that is not empty; ``line`` is where it stands."""
        self._filled += 1
        if value in self._seen:
            return
        if is_measure(value):
            self._measure(value, line)
            return
        if len(value) > LONGEST_VALUE:
            value = value[:LONGEST_VALUE]
        kind = certain_in(value)
        if kind is not None:
            self._certain[kind] += 1
            self._first.setdefault(kind, (line, value))
        if len(self._seen) >= MOST_DISTINCT:
            return
        self._seen.add(value)
        if len(value) <= 200:
            for shape in shapes_of(value):
                self._note(shape, line, value)
            for form, right in forms_of(value):
                counts = self._forms.setdefault(form, [0, 0])
                counts[0] += 1
                counts[1] += right
                if right:
                    self._first.setdefault(form.name, (line, value))
        if len(value) > 14 and has_date(value):
            self._note("date in text", line, value)

    def suspicion(self) -> Suspicion | None:
        """What the column seems to hold, None for nothing of a person."""
        if not self._seen:
            return None
        sure, hints = said_by(self.name)
        if self._certain:
            kind, count = self._certain.most_common(1)[0]
            return self._made(kind, "these leave no doubt", kind, count)
        return (
            self._by_number(sure, hints)
            or (self._by_name(sure) if sure is not None else None)
            or self._by_shape(sure, hints)
        )

    def _measure(self, value: str, line: int | None) -> None:
        """Note a plain number, which can be a year, a count or a measurement."""
        if len(self._seen) < MOST_DISTINCT:
            self._seen.add(value)
            digits = sum(map(str.isdigit, value))
            if digits >= 4 and value.isdigit():
                self._note("four digits" if digits == 4 else "five digits or more", line, value)

    def _note(self, shape: str, line: int | None, value: str) -> None:
        self._shapes[shape] += 1
        self._first.setdefault(shape, (line, value))

    def _share(self, *shapes: str) -> float:
        return sum(self._shapes[shape] for shape in shapes) / len(self._seen)

    def _made(self, kind: Kind, evidence: str, example: str, count: float) -> Suspicion:
        line, value = self._first.get(example) or next(iter(self._first.values()), (None, ""))
        return Suspicion(self.name, kind, evidence, min(1.0, count / len(self._seen)), line, masked(value))

    def _by_number(self, sure: Kind | None, hints: frozenset[Kind]) -> Suspicion | None:
        named = sure in (Kind.NUMBER, Kind.RECORD, Kind.BIRTH) or bool(hints & {Kind.NUMBER, Kind.RECORD})
        for form, (shaped, right) in sorted(
            self._forms.items(), key=lambda item: -_surprise(item[1][0], item[1][1], item[0].chance)
        ):
            if form.shape and right * 2 < len(self._seen):
                continue
            surprise = _surprise(shaped, right, form.chance)
            few = right == shaped == len(self._seen) <= _FEW
            if (
                surprise >= _BEYOND_CHANCE
                or (form.chance <= 0.001 and surprise >= _RARE)
                or (named and surprise >= _WITH_NAME and right * 2 >= shaped)
                or few
            ):
                return self._made(
                    Kind.NUMBER, f"their form and check digits are those of a {form.name}", form.name, right
                )
        return None

    def _by_name(self, kind: Kind) -> Suspicion | None:
        """The column's name says it; the values must only not speak against it."""
        share = {
            Kind.NAME: self._share("letters"),
            Kind.BIRTH: self._share("date", "packed date", "five digits or more"),
            Kind.DATE: 0.0,
            Kind.ADDRESS: max(self._share("address", "postcode", "four digits", "five digits or more"), self._places()),
            Kind.PHONE: self._share("five digits or more"),
            Kind.EMAIL: 0.0,
            Kind.NUMBER: self._share("four digits", "five digits or more"),
            Kind.RECORD: self._share("four digits", "five digits or more"),
            Kind.NETWORK: self._share("network", "link"),
        }[kind]
        if share < 0.3:
            return None
        return self._made(kind, "the name of the column says so", "", share * len(self._seen))

    def _places(self) -> float:
        """The share of capitalised words in a column of many different ones: names of places."""
        many = len(self._seen) >= 5 and len(self._seen) >= 0.1 * self._filled
        return self._share("name", "one name") if many else 0.0

    def _by_shape(self, sure: Kind | None, hints: frozenset[Kind]) -> Suspicion | None:
        hints = hints | {sure} if sure is not None else hints
        count, share = len(self._seen), self._share
        birth = Kind.BIRTH in hints
        dates = share("date")
        if dates >= 0.1 and (birth or not about_processing(self.name)):
            return self._made(
                Kind.BIRTH if birth else Kind.DATE, "they are days in the calendar", "date", dates * count
            )
        packed = share("packed date")
        if packed >= (0.3 if birth else 0.9) and (birth or not about_processing(self.name)):
            return self._made(Kind.DATE, "their eight digits are days in the calendar", "packed date", packed * count)
        if self._shapes["date in text"] and not about_processing(self.name):
            return self._made(Kind.DATE, "full dates stand in the text", "date in text", self._shapes["date in text"])
        dated = share("initials and date")
        six, right = self._shapes["initials and six digits"], self._shapes["initials and short date"]
        if dated >= 0.3:
            return self._made(Kind.BIRTH, "initials with a date", "initials and date", dated * count)
        if right >= 0.5 * count and _surprise(six, right, 0.075) >= _BEYOND_CHANCE:
            return self._made(Kind.BIRTH, "initials with a short date", "initials and short date", right)
        for kind, shape, alone, named, least, evidence in _BY_SHAPE:
            found = share(shape)
            few = count < least and found == 1 and shape not in _NEEDS_MANY
            if (kind in hints and found >= named) or (found >= alone and count >= least) or few:
                return self._made(kind, evidence, shape, found * count)
        known, shaped = (0.3, 1.0) if count < 4 else (0.15, 0.6)
        if share("name") >= shaped and share("known name") >= known and (count < 4 or count >= 8):
            return self._made(
                Kind.NAME, "they are capitalised words, given names among them", "known name", share("name") * count
            )
        if Kind.RECORD in hints and share("five digits or more") >= 0.8 and 5 <= count >= 0.8 * self._filled:
            return self._made(
                Kind.RECORD, "the name of the column says so, and each is another", "five digits or more", count
            )
        return None


#: Kind, shape, share that is enough alone, share that is enough with the name, from how many values on, evidence.
_BY_SHAPE = (
    (Kind.NETWORK, "network", 0.5, 0.3, 1, "they are addresses of computers"),
    (Kind.PHONE, "phone", 0.6, 0.3, 3, "they are written as telephone numbers are"),
    (Kind.PHONE, "groups of digits", 0.8, 0.3, 8, "they are written as telephone numbers are"),
    (Kind.PHONE, "plain phone", 0.95, 0.3, 5, "they are digits as in telephone numbers"),
    (Kind.ADDRESS, "address", 0.4, 0.2, 3, "they are written as addresses are"),
    (Kind.ADDRESS, "postcode", 0.9, 0.3, 5, "they are postal codes of single streets"),
    (Kind.NAME, "known name", 0.3, 0.1, 4, "given names and surnames"),
    (Kind.NAME, "one known name", 0.6, 0.3, 8, "given names"),
)
#: A shape that says nothing when a column has few values.
_NEEDS_MANY = frozenset(["plain phone", "postcode", "one known name", "groups of digits"])


def masked(value: str) -> str:
    """A value that may be shown: its first two characters and its last, the rest as dots; spaces and marks stay."""
    shown = value if len(value) <= 40 else value[:40]
    if len(shown) <= 4:
        return "•" * len(shown)
    inner = "".join("•" if c.isalnum() else c for c in shown[2:-1])
    return f"{shown[:2]}{inner}{'…' if len(value) > 40 else shown[-1]}"


def _surprise(shaped: int, right: int, chance: float) -> float:
    """-ln of a bound on how likely so many right ones are by chance (Chernoff's bound of the binomial tail)."""
    if shaped == 0 or right / shaped <= chance:
        return 0.0
    share = right / shaped
    return shaped * (
        share * math.log(share / chance) + ((1 - share) * math.log((1 - share) / (1 - chance)) if share < 1 else 0.0)
    )
