"""Samples and donors of one study as N-Triples, written row by row as the sample table passes through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TextIO
from urllib.parse import unquote

from node.errors import Place
from node.model.identifiers import Identifiers
from node.ontology.branches import ANATOMICAL_SITE, ASSAY, DIAGNOSIS, SAMPLE_TYPE
from node.publishing.assays import CaseList, assays_of
from node.publishing.coding import (
    CODE_COLUMNS,
    METASTATIC_NEOPLASM,
    TEXT_COLUMNS,
    Coded,
    Coder,
    age_at_diagnosis,
    first_filled,
    sample_types,
)
from node.publishing.donors import PATIENT_ID, Donor, merge_facts
from node.publishing.drafts import CodingReport, Severity
from node.publishing.findings import Findings
from node.publishing.tables import Row, is_missing
from node.rdf.namespaces import DCT, DERIVES_FROM, ONCO, RDF_TYPE, RDFS_LABEL, SPECIMEN, XSD
from node.rdf.terms import iri, literal

SAMPLE_ID = "SAMPLE_ID"

_LONGEST_IDENTIFIER = 200
#: A longer text is not a name of a disease but somebody's notes, and those are not published.
_LONGEST_TEXT = 120

_TYPE, _LABEL, _IDENTIFIER = iri(RDF_TYPE), iri(RDFS_LABEL), iri(DCT + "identifier")
_PART_OF, _DERIVES_FROM = iri(DCT + "isPartOf"), iri(DERIVES_FROM)
_SOURCE_CODE, _SOURCE_CODE_SYSTEM = iri(ONCO + "sourceCode"), iri(ONCO + "sourceCodeSystem")
_AGE = iri(ONCO + "ageAtDiagnosis")
_SPECIMEN, _DONOR = iri(SPECIMEN), iri(ONCO + "Donor")


class Records:
    """Takes the rows of a sample table and writes samples; ``finish`` writes the donors they name."""

    def __init__(
        self,
        identifiers: Identifiers,
        dataset: str,
        *,
        coder: Coder,
        sequencing: str,
        lists: Sequence[CaseList],
        patients: Mapping[str, Donor],
        findings: Findings,
        source: str,
        out: TextIO,
    ) -> None:
        """``sequencing``: the assay of the study's mutation data; ``patients``: what the patient table says."""
        self.coding = CodingReport()
        self.cancer_types: dict[str, int] = {}
        self.samples: dict[str, tuple[int, int]] = {}
        self.donors: dict[str, Donor] = {}
        self._identifiers = identifiers
        self._dataset = dataset
        self._dataset_iri = iri(identifiers.dataset(dataset))
        self._coder = coder
        self._sequencing = sequencing
        self._patients = patients
        self._findings = findings
        self._source = source
        self._out = out
        self._assays = tuple(sorted({listed.assay for listed in lists}))
        self._listed: dict[str, int] = {}
        for listed in lists:
            bit = 1 << self._assays.index(listed.assay)
            for sample in listed.samples:
                self._listed[sample] = self._listed.get(sample, 0) | bit
        self._assay_terms: dict[frozenset[str], tuple[str, ...]] = {}
        self._unusable: set[tuple[str, str]] = set()

    def add(self, row: Row) -> None:
        """Write the sample of this row, unless it has no identifier or one that was there before."""
        sample = row.raw(SAMPLE_ID)
        if not self._acceptable(sample, row):
            return
        subject = iri(self._identifiers.sample(self._dataset, sample))
        name = literal(sample)
        lines = [
            f"{subject} {_TYPE} {_SPECIMEN} .\n{subject} {_LABEL} {name} .\n{subject} {_IDENTIFIER} {name} .\n"
            f"{subject} {_PART_OF} {self._dataset_iri} .\n"
        ]
        donor = self._donor(row)
        if donor is not None:
            lines.append(f"{subject} {_DERIVES_FROM} {iri(self._identifiers.donor(self._dataset, donor))} .\n")
        self._diagnosis(row, subject, lines)
        types = sample_types(row)
        for kind in types:
            self._state(subject, SAMPLE_TYPE, kind, lines)
        site = self._coder.site(row, metastasis=METASTATIC_NEOPLASM in types)
        if site is not None:
            self._state(subject, ANATOMICAL_SITE, site, lines)
        for assay in self._assays_on(sample, row):
            lines.append(f"{subject} {assay} .\n")
        age = self._age(row)
        if age is None and donor is not None:
            age = self.donors[donor].age
        if age is not None:
            lines.append(f"{subject} {_AGE} {literal(str(age), datatype=XSD + 'integer')} .\n")
        self._out.writelines(lines)

    def finish(self) -> None:
        """Write the donors, and say which case lists name samples that the table does not have."""
        for name, donor in self.donors.items():
            subject = iri(self._identifiers.donor(self._dataset, name))
            text = literal(name)
            lines = [f"{subject} {_TYPE} {_DONOR} .\n{subject} {_LABEL} {text} .\n{subject} {_IDENTIFIER} {text} .\n"]
            for property_iri, value in donor.facts.items():
                if value:
                    self._state(subject, property_iri, value, lines)
            self._out.writelines(lines)

    def locate(self, subject: str) -> Place | None:
        """Where in the partner's tables the sample or donor with this IRI was first met; None for anything else."""
        for prefix, what in (
            (self._identifiers.sample(self._dataset, ""), self.samples),
            (self._identifiers.donor(self._dataset, ""), self.donors),
        ):
            if subject.startswith(prefix):
                name = unquote(subject.removeprefix(prefix))
                found = what.get(name)
                if isinstance(found, Donor):
                    return found.place
                if found is not None:
                    return Place(source=self._source, line=found[0], record=name)
        return None

    def _acceptable(self, sample: str, row: Row) -> bool:
        if is_missing(sample):
            self._findings.add(
                Severity.VIOLATION,
                "the row has no sample identifier",
                line=row.line,
                column=SAMPLE_ID,
                value=sample or None,
                remedy="Give every sample an identifier of its own.",
            )
            return False
        if len(sample) > _LONGEST_IDENTIFIER:
            self._findings.add(
                Severity.VIOLATION,
                f"the sample identifier has more than {_LONGEST_IDENTIFIER} characters",
                line=row.line,
                column=SAMPLE_ID,
                value=sample[:40],
                remedy="Check that the columns of this row are where they belong.",
            )
            return False
        content = hash(tuple(row.cells))
        before = self.samples.setdefault(sample, (row.line, content))
        if before[0] == row.line:
            return True
        if before[1] == content:
            self._findings.add(
                Severity.WARNING,
                "the row is the same as an earlier one; it is read once",
                line=row.line,
                record=sample,
                value=f"first on line {before[0]}",
            )
        else:
            self._findings.add(
                Severity.VIOLATION,
                "the sample was described before, differently",
                line=row.line,
                record=sample,
                column=SAMPLE_ID,
                value=f"first on line {before[0]}",
                remedy="Keep one row for each sample.",
            )
        return False

    def _donor(self, row: Row) -> str | None:
        """Note the donor of this row and what the row says of them; the donor's identifier, None when there is none."""
        name = row.raw(PATIENT_ID)
        if is_missing(name) or len(name) > _LONGEST_IDENTIFIER:
            self._findings.add(
                Severity.WARNING,
                "the row names no donor; the sample is described without one",
                line=row.line,
                record=row.raw(SAMPLE_ID),
                column=PATIENT_ID,
                value=name[:40] or None,
                remedy="Write the donor's pseudonym.",
            )
            return None
        donor = self.donors.get(name)
        if donor is None:
            donor = self._patients.get(name) or Donor(Place(source=self._source, line=row.line, record=name))
            self.donors[name] = donor
        merge_facts(donor, row, self._findings)
        return name

    def _diagnosis(self, row: Row, subject: str, lines: list[str]) -> None:
        """Write the diagnosis if there is one, count, and write beside it what the partner wrote, to the letter."""
        answer = self._coder.diagnosis(row)
        code = first_filled(row, CODE_COLUMNS)[1]
        text = first_filled(row, TEXT_COLUMNS)[1]
        sources = {code or text: None}
        self.coding.samples += 1
        if isinstance(answer, Coded):
            self.coding.coded += 1
            grounds = self.coding.justifications
            grounds[answer.justification] = grounds.get(answer.justification, 0) + 1
            if answer.source.upper() != code.upper():
                sources[answer.source] = None
            lines.append(f"{subject} {iri(DIAGNOSIS)} {iri(answer.iri)} .\n")
        else:
            self.coding.miss(answer.reason, answer.value[:_LONGEST_TEXT])
        kind = row["CANCER_TYPE"]
        if kind and len(kind) <= _LONGEST_TEXT and (kind in self.cancer_types or len(self.cancer_types) < 500):
            self.cancer_types[kind] = self.cancer_types.get(kind, 0) + 1
        for source in sources:
            if source and len(source) <= _LONGEST_TEXT:
                lines.append(f"{subject} {_SOURCE_CODE} {literal(source)} .\n")
        if code:
            lines.append(f'{subject} {_SOURCE_CODE_SYSTEM} "oncotree" .\n')

    def _assays_on(self, sample: str, row: Row) -> tuple[str, ...]:
        """``predicate object`` for each assay on this sample, leaving out what a finer one already says."""
        bits = self._listed.get(sample, 0)
        listed = [assay for place, assay in enumerate(self._assays) if bits >> place & 1]
        found = assays_of(row, listed, self._sequencing)
        terms = self._assay_terms.get(found)
        if terms is None:
            usable = [assay for assay in found if self._usable(ASSAY, assay)]
            terms = tuple(f"{iri(ASSAY)} {iri(assay)}" for assay in self._coder.narrowest(usable))
            self._assay_terms[found] = terms
        return terms

    def _age(self, row: Row) -> int | None:
        age = age_at_diagnosis(row)
        if age.problem:
            self._findings.add(
                Severity.WARNING,
                age.problem,
                line=row.line,
                record=row.raw(SAMPLE_ID),
                column=age.column,
                value=age.value[:40],
            )
        return age.years

    def _state(self, subject: str, property_iri: str, value: str, lines: list[str]) -> None:
        if self._usable(property_iri, value):
            lines.append(f"{subject} {iri(property_iri)} {iri(value)} .\n")

    def _usable(self, property_iri: str, value: str) -> bool:
        """Whether the vocabulary has the class for this property; said once for each that it has not."""
        if (property_iri, value) in self._unusable:
            return False
        if self._coder.usable(property_iri, value):
            return True
        self._unusable.add((property_iri, value))
        self._findings.add(
            Severity.WARNING,
            "the installed vocabulary has no such class; the samples are described without it",
            column=property_iri.rpartition("#")[2],
            value=value,
            remedy="Install the ontology it belongs to: onconode ontology install ncit obi.",
        )
        return False
