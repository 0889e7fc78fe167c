"""What lies between reading a partner's files and the one change that publishes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from node.errors import Place
from node.publishing.safety.decisions import NO_DECISIONS, Decisions
from node.publishing.tally import CodingReport, Drafted

__all__ = ["CodingReport", "DatasetReport", "Draft", "Finding", "Outcome", "Report", "Severity"]


class Severity(StrEnum):
    """SHACL's severities (SHACL, section 2.1.4). Only violations stop a publication."""

    VIOLATION = "violation"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Finding:
    """One thing to say to the partner: what, where, with which value, and what to do about it.

    ``count`` is in how many places it was found; ``where`` and ``value`` are one of them.
    """

    severity: Severity
    message: str
    where: Place
    value: str | None = None
    remedy: str | None = None
    count: int = 1

    def __str__(self) -> str:
        parts = [f"{self.severity}: {self.where}: {self.message}"]
        if self.value is not None:
            parts.append(f"[{self.value}]")
        if self.count > 1:
            parts.append(f"({self.count:,} places)")
        text = " ".join(parts)
        if self.remedy:
            text = f"{text.removesuffix('.')}. {self.remedy}"
        return text


@dataclass(frozen=True)
class Asked:
    """A value that a profile asks for and that is missing in ``places`` places of ``datasets`` datasets.

    ``profile`` names all that ask for it, ``what`` says what to add, ``example`` is one to copy (Turtle), ``first`` the
    IRI of one of the places.
    """

    profile: str
    field: str
    what: str
    example: str | None
    mandatory: bool
    first: str
    places: int = 1
    datasets: int = 1

    def with_more(self, other: Asked) -> Asked:
        """The same value, missing in other datasets too."""
        names = dict.fromkeys([*self.profile.split(", "), *other.profile.split(", ")])
        return replace(
            self,
            profile=", ".join(names),
            mandatory=self.mandatory or other.mandatory,
            places=self.places + other.places,
            datasets=self.datasets + other.datasets,
        )


@dataclass(frozen=True)
class Level:
    """How far a dataset comes in a profile: how many mandatory values are missing, how many values are wrong."""

    profile: str
    missing: int = 0
    wrong: int = 0

    @property
    def reached(self) -> bool:
        return not (self.missing or self.wrong)


@dataclass
class Draft:
    """One description on its way in: RDF without blank nodes, in a spool file, not yet judged.

    ``dataset`` is its name here (a dataset's slug; ``software:<slug>`` and the like for other kinds, see
    ``node.model.kinds``), ``iri`` the IRI of what it describes, ``public`` the N-Triples everybody may see
    and ``records`` those about samples and donors of a dataset that is not open (None for an open one: all is in
    ``public``). ``locate`` finds where a subject IRI came from. ``inputs`` are the files it was made from, for its
    provenance. ``decisions`` are the partner's about columns that look like direct identifiers; ``watched`` says that
    all columns were looked at while the tables were read. ``origin`` is the catalogue of others that it was harvested
    from, if it was. ``by_record``: the triples of a sample or donor stand together, its type first, and name but others
    of this dataset, so that they need not be held in memory to be judged.
    """

    dataset: str
    iri: str
    title: str
    source: str
    public: Path
    records: Path | None
    samples: int
    donors: int
    locate: Callable[[str], Place]
    coding: CodingReport | None = None
    findings: list[Finding] = field(default_factory=list)
    inputs: tuple[Path, ...] = ()
    decisions: Decisions = NO_DECISIONS
    watched: bool = False
    origin: str = ""
    by_record: bool = False
    asked: tuple[Asked, ...] = ()
    levels: tuple[Level, ...] = ()


class Outcome(StrEnum):
    """What became of one dataset description."""

    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"
    CHECKED = "checked"


@dataclass(frozen=True)
class DatasetReport:
    """What became of one dataset description, for people and as JSON.

    ``version`` and ``digest`` are those of the register, '' where nothing of it is published.
    """

    dataset: str
    title: str
    source: str
    outcome: Outcome
    samples: int
    donors: int
    findings: tuple[Finding, ...]
    coding: CodingReport | None
    version: str = ""
    digest: str = ""
    asked: tuple[Asked, ...] = ()
    levels: tuple[Level, ...] = ()


@dataclass(frozen=True)
class Report:
    """What one ``publish`` did. ``generation`` is the number of the generation now current."""

    datasets: tuple[DatasetReport, ...]
    findings: tuple[Finding, ...]
    generation: int
    decisions: tuple[Drafted, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing was rejected, no dataset and no file."""
        told = any(f.severity is Severity.VIOLATION for f in self.findings)
        return not told and all(d.outcome is not Outcome.REJECTED for d in self.datasets)
