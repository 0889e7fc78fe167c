"""What a partner still has to supply: values that a profile asks for and that are missing, each asked for once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from node.publishing.drafts import Asked, Level, Severity
from node.publishing.shacl import Broken

#: What a missing value breaks (SHACL, section 4).
_MISSING = {"MinCountConstraintComponent", "HasValueConstraintComponent"}


def missing(broken: Broken) -> bool:
    """Whether a value is missing, rather than wrong."""
    return broken.component in _MISSING


@dataclass
class Collected:
    """What the profiles say of one dataset, added up."""

    asked: dict[tuple[str, str, str], Asked] = field(default_factory=dict)
    levels: dict[str, Level] = field(default_factory=dict)

    def add(self, broken: Broken, places: int = 1) -> None:
        """Count one result of a profile's shapes, which is so in that many places."""
        if broken.severity is Severity.VIOLATION:
            level = self.levels.get(broken.origin, Level(broken.origin))
            if missing(broken):
                self.levels[broken.origin] = replace(level, missing=level.missing + places)
            else:
                self.levels[broken.origin] = replace(level, wrong=level.wrong + places)
        if missing(broken):
            key = (broken.origin, broken.field or "", broken.remedy)
            known = self.asked.get(key)
            if known is None:
                mandatory = broken.severity is Severity.VIOLATION
                self.asked[key] = Asked(
                    broken.origin, broken.field or "", broken.remedy, broken.example, mandatory, broken.focus, places
                )
            else:
                self.asked[key] = replace(known, places=known.places + places)

    def missed(self) -> tuple[Asked, ...]:
        """What is asked of the dataset. What several profiles ask of the same node is one."""
        merged: dict[tuple[str, str], Asked] = {}
        for asked in sorted(self.asked.values(), key=lambda a: not a.mandatory):
            known = merged.get((asked.first, asked.field))
            if known is None:
                merged[asked.first, asked.field] = asked
            else:
                names = dict.fromkeys([*known.profile.split(", "), asked.profile])
                merged[asked.first, asked.field] = replace(known, profile=", ".join(names))
        return tuple(merged.values())

    def reached(self, profiles: Iterable[str]) -> tuple[Level, ...]:
        """How far the dataset comes in each of these profiles."""
        return tuple(self.levels.get(name, Level(name)) for name in profiles)


def together(each: Iterable[Iterable[Asked]]) -> list[Asked]:
    """What is asked of several datasets as one list: mandatory values first, then by the number of datasets."""
    found: dict[tuple[str, str], Asked] = {}
    for one in each:
        for asked in one:
            known = found.get((asked.field, asked.what))
            found[asked.field, asked.what] = asked if known is None else known.with_more(asked)
    return sorted(found.values(), key=lambda a: (not a.mandatory, -a.datasets, -a.places, a.profile, a.field))
