"""What rows say of donors, in the patient table and in the sample table: merged, and left out where it contradicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from node.errors import Place
from node.ontology.branches import SEX, VITAL_STATUS
from node.ontology.sssom import Match
from node.publishing.coded import Coded
from node.publishing.coder import Coder
from node.publishing.coding import Found, age_at_diagnosis, donor_fact
from node.publishing.drafts import Severity
from node.publishing.findings import Findings
from node.publishing.tables import Row, is_missing

PATIENT_ID = "PATIENT_ID"
_FACTS = {SEX: "sex", VITAL_STATUS: "vital status"}


@dataclass(slots=True)
class Donor:
    """What is known of one donor: where first met, age at diagnosis, and the match of each property.

    None is a contradiction that has been said; it stays. ``unclear`` is what was written without giving a class.
    """

    place: Place
    facts: dict[str, Match | None] = field(default_factory=dict)
    unclear: dict[str, Found] = field(default_factory=dict)
    age: int | None = None


def merge_facts(
    donor: Donor,
    row: Row,
    coder: Coder,
    findings: Findings,
    stated: Mapping[str, Sequence[Found]] = MappingProxyType({}),
) -> None:
    """Add what a row says of its donor; ``stated`` counts before its cells, by property.

    Rows that contradict each other leave the fact out, with one finding.
    """
    for property_iri, words in _FACTS.items():
        found = stated[property_iri][0] if property_iri in stated else donor_fact(coder, property_iri, row)
        if found is None:
            continue
        if not isinstance(found.answer, Coded):
            donor.unclear.setdefault(property_iri, found)
            continue
        match = found.answer.match
        before = donor.facts.setdefault(property_iri, match)
        if before is not None and before.iri != match.iri:
            donor.facts[property_iri] = None
            findings.add(
                Severity.WARNING,
                f"rows of one donor contradict each other about the {words}; it is left out",
                line=row.line,
                record=row.raw(PATIENT_ID),
                column=words,
                remedy="Correct the rows of this donor.",
            )


def read_patients(path: Path, rows: Iterable[Row], coder: Coder, findings: Findings) -> dict[str, Donor]:
    """The donors of a patient table by identifier. A donor described twice is one donor."""
    patients: dict[str, Donor] = {}
    for row in rows:
        name = row.raw(PATIENT_ID)
        if is_missing(name):
            findings.add(Severity.WARNING, "the row names no donor; it is left out", line=row.line, column=PATIENT_ID)
            continue
        donor = patients.get(name)
        if donor is None:
            donor = patients[name] = Donor(Place(source=str(path), line=row.line, record=name))
        merge_facts(donor, row, coder, findings)
        age = age_at_diagnosis(row)
        if age.problem:
            findings.add(Severity.WARNING, age.problem, line=row.line, record=name, column=age.column, value=age.value)
        if donor.age is None:
            donor.age = age.years
    return patients
