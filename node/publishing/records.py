"""Samples and donors of one dataset as N-Triples, written row by row as the sample table passes through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TextIO
from urllib.parse import unquote

from node.errors import Place
from node.model.identifiers import Identifiers
from node.ontology.branches import ANATOMICAL_SITE, ASSAY, DIAGNOSIS, SAMPLE_TYPE
from node.ontology.sssom import Match
from node.publishing.assays import ASSAY_COLUMNS, CaseList, Said, answer_for, assays_of, in_column
from node.publishing.coded import Answer, Coded, Unknown
from node.publishing.coder import NO_SUCH_NAME, NOT_IN_VOCABULARY, Coder
from node.publishing.coding import (
    CODE_COLUMNS,
    METASTATIC_NEOPLASM,
    TEXT_COLUMNS,
    Found,
    age_at_diagnosis,
    diagnosis,
    first_filled,
    sample_types,
    site,
)
from node.publishing.codings import CODING, Codings
from node.publishing.donors import PATIENT_ID, Donor, merge_facts
from node.publishing.drafts import CodingReport, Severity
from node.publishing.findings import Findings
from node.publishing.recordindex import RecordIndex
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
_CODING, _ASSAY = iri(CODING), iri(ASSAY)
_SPECIMEN, _DONOR = iri(SPECIMEN), iri(ONCO + "Donor")


@dataclass(frozen=True, slots=True)
class Stated:
    """What a mapping file makes of a row, beside the identifiers and the age that the row itself has.

    ``found`` is what its columns say, by property; ``wording`` is the diagnosis to the letter and ``system`` the code
    system that it is a code of; ``sample`` and ``donor`` are further statements about each (``predicate object`` in
    N-Triples); ``parent`` is the identifier of the sample that this one is from; ``cells`` are the row as it came.
    """

    cells: Sequence[str] = ()
    found: Mapping[str, Sequence[Found]] = field(default_factory=dict)
    wording: str = ""
    system: str = ""
    sample: Sequence[str] = ()
    donor: Sequence[str] = ()
    parent: str = ""


_NOTHING_STATED = Stated()


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
        index: RecordIndex,
    ) -> None:
        """``sequencing``: the assay of the study's mutation data; ``patients``: what the patient table says."""
        self.coding = CodingReport()
        self.cancer_types: dict[str, int] = {}
        self.index = index
        self._identifiers = identifiers
        self._dataset = dataset
        self._dataset_iri = iri(identifiers.dataset(dataset))
        self._coder = coder
        self._sequencing = sequencing
        self._patients = patients
        self._findings = findings
        self._source = source
        self._out = out
        self._codings = Codings(identifiers.dataset(dataset))
        self._assays = tuple(sorted({Said(listed.assay, listed.path.stem) for listed in lists}, key=_by_name))
        self._listed: dict[str, int] = {}
        for listed in lists:
            bit = 1 << self._assays.index(Said(listed.assay, listed.path.stem))
            for sample in listed.samples:
                self._listed[sample] = self._listed.get(sample, 0) | bit
        self._assay_answers: dict[Said, Answer] = {}
        self._assay_matches: dict[frozenset[Said], tuple[Match, ...]] = {}
        self._unusable: set[tuple[str, str]] = set()

    def go_on_with(self, source: str, findings: Findings) -> None:
        """From now on the rows are of another table of the same dataset."""
        self._source, self._findings = source, findings

    def add(self, row: Row, stated: Stated = _NOTHING_STATED) -> None:
        """Write the sample of this row, unless it has no identifier or one that was there before."""
        sample = row.raw(SAMPLE_ID)
        if not self._acceptable(sample, row, stated.cells or row.cells):
            return
        subject = iri(self._identifiers.sample(self._dataset, sample))
        name = literal(sample)
        lines = [
            f"{subject} {_TYPE} {_SPECIMEN} .\n{subject} {_LABEL} {name} .\n{subject} {_IDENTIFIER} {name} .\n"
            f"{subject} {_PART_OF} {self._dataset_iri} .\n"
        ]
        donor, known = self._donor(row, stated)
        if donor is not None:
            source = iri(self._identifiers.donor(self._dataset, donor))
            lines.append(f"{subject} {_DERIVES_FROM} {source} .\n")
        if stated.parent:
            self.index.add_parent(stated.parent, row.line)
            parent = iri(self._identifiers.sample(self._dataset, stated.parent))
            lines.append(f"{subject} {_DERIVES_FROM} {parent} .\n")
        lines += [f"{subject} {statement} .\n" for statement in stated.sample]
        matches: list[Match] = []
        self._diagnosis(row, stated, subject, lines, matches=matches)
        types = stated.found.get(SAMPLE_TYPE) or sample_types(self._coder, row)
        place = site(self._coder, row, metastasis=METASTATIC_NEOPLASM in {found.iri for found in types})
        places = stated.found.get(ANATOMICAL_SITE) or ([place] if place else [])
        for found in (*types, *places, *stated.found.get(ASSAY, ())):
            self._state(subject, found, lines, matches)
        for match in self._assays_on(sample, row):
            lines.append(f"{subject} {_ASSAY} {iri(match.iri)} .\n")
            matches.append(match)
        self._coding(subject, matches, lines)
        age = self._age(row)
        if age is None and known is not None:
            age = known.age
        if age is not None:
            lines.append(f"{subject} {_AGE} {literal(str(age), datatype=XSD + 'integer')} .\n")
        self._out.writelines(lines)
        if donor is not None:
            self._out.writelines(f"{source} {statement} .\n" for statement in stated.donor)

    def finish(self) -> None:
        """Write the donors, and say which case lists name samples that the table does not have."""
        for name, donor in self.index.all_donors():
            subject = iri(self._identifiers.donor(self._dataset, name))
            text = literal(name)
            lines = [f"{subject} {_TYPE} {_DONOR} .\n{subject} {_LABEL} {text} .\n{subject} {_IDENTIFIER} {text} .\n"]
            matches = [match for match in donor.facts.values() if match is not None]
            for match in matches:
                lines.append(f"{subject} {iri(match.property_iri)} {iri(match.iri)} .\n")
                self.coding.tally(match.property_iri, "", Coded(match))
            for property_iri, found in donor.unclear.items():
                if property_iri not in donor.facts:
                    self.coding.tally(property_iri, found.column, found.answer)
            self._coding(subject, matches, lines)
            self._out.writelines(lines)
        self._out.writelines(self._codings.lines())

    def locate(self, subject: str) -> Place | None:
        """Where in the partner's tables the sample or donor with this IRI was first met; None for anything else."""
        for prefix, place in (
            (self._identifiers.sample(self._dataset, ""), self.index.sample_place),
            (self._identifiers.donor(self._dataset, ""), self.index.donor_place),
        ):
            if subject.startswith(prefix):
                return place(unquote(subject.removeprefix(prefix)))
        return None

    def _acceptable(self, sample: str, row: Row, content: Sequence[str]) -> bool:
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
        before = self.index.add_sample(sample, self._source, row.line, content)
        if before is None:
            return True
        first = f"first on line {before.line}" + (f" of {before.source}" if before.source != self._source else "")
        if before.same:
            self._findings.add(
                Severity.WARNING,
                "the row is the same as an earlier one; it is read once",
                line=row.line,
                record=sample,
                value=first,
            )
        else:
            self._findings.add(
                Severity.VIOLATION,
                "the sample was described before, differently",
                line=row.line,
                record=sample,
                column=SAMPLE_ID,
                value=first,
                remedy="Keep one row for each sample.",
            )
        return False

    def _donor(self, row: Row, stated: Stated) -> tuple[str | None, Donor | None]:
        """Note the donor of this row and what the row says of them; identifier and donor, None when there is none."""
        if PATIENT_ID not in row.index:
            return None, None
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
            return None, None
        known = self.index.donor(name)
        donor = known or self._patients.get(name) or Donor(Place(source=self._source, line=row.line, record=name))
        before = (dict(donor.facts), dict(donor.unclear))
        merge_facts(donor, row, self._coder, self._findings, stated.found)
        if known is None or before != (donor.facts, donor.unclear):
            self.index.put_donor(name, donor)
        return name, donor

    def _diagnosis(self, row: Row, stated: Stated, subject: str, lines: list[str], *, matches: list[Match]) -> None:
        """Write the diagnosis if there is one, count, and write beside it what the partner wrote, to the letter."""
        found = stated.found[DIAGNOSIS][0] if DIAGNOSIS in stated.found else diagnosis(self._coder, row)
        answer = found.answer
        code = first_filled(row, CODE_COLUMNS)[1]
        text = first_filled(row, TEXT_COLUMNS)[1]
        system = stated.system or ("oncotree" if code else "")
        sources = {stated.wording or code or text: None}
        self.coding.samples += 1
        if found.column:
            self.coding.tally(DIAGNOSIS, found.column, answer)
        if isinstance(answer, Coded):
            self.coding.coded += 1
            grounds = self.coding.justifications
            said = answer.match.justification.rpartition("/")[2]
            grounds[said] = grounds.get(said, 0) + 1
            if not stated.wording:
                sources[answer.match.written] = None
            lines.append(f"{subject} {iri(DIAGNOSIS)} {iri(answer.iri)} .\n")
            matches.append(answer.match)
        else:
            self.coding.miss(answer.reason, answer.value)
        kind = row["CANCER_TYPE"]
        if kind and len(kind) <= _LONGEST_TEXT and (kind in self.cancer_types or len(self.cancer_types) < 500):
            self.cancer_types[kind] = self.cancer_types.get(kind, 0) + 1
        for source in sources:
            if source and len(source) <= _LONGEST_TEXT:
                lines.append(f"{subject} {_SOURCE_CODE} {literal(source)} .\n")
        if system:
            lines.append(f"{subject} {_SOURCE_CODE_SYSTEM} {literal(system)} .\n")

    def _assays_on(self, sample: str, row: Row) -> tuple[Match, ...]:
        """A match for each assay on this sample, leaving out what a finer one already says."""
        bits = self._listed.get(sample, 0)
        said = assays_of(row, [one for place, one in enumerate(self._assays) if bits >> place & 1], self._sequencing)
        matches = self._assay_matches.get(said)
        if matches is None:
            coded = [a.match for one in sorted(said, key=_by_name) if isinstance(a := self._assay(one), Coded)]
            # of several words for one assay those of a column count, which say more than the name of a list
            best = {match.iri: match for match in sorted(coded, key=lambda match: match.comment in ASSAY_COLUMNS)}
            matches = self._assay_matches[said] = tuple(best[one] for one in self._coder.narrowest(best.keys()))
        for one in said:
            self.coding.tally(ASSAY, one.column, self._assay(one))
        for column in ASSAY_COLUMNS:
            if (text := row[column]) and not in_column(text):
                self.coding.tally(ASSAY, column, Unknown(text[:_LONGEST_TEXT], NO_SUCH_NAME))
        return matches

    def _assay(self, said: Said) -> Answer:
        answer = self._assay_answers.get(said)
        if answer is None:
            answer = answer_for(said, self._coder)
            self._assay_answers[said] = answer
            if not isinstance(answer, Coded):
                self._lacking(ASSAY, said.assay)
        return answer

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

    def _state(self, subject: str, found: Found, lines: list[str], matches: list[Match]) -> None:
        """Write what a column says if it is certain, once for each class; count it in any case."""
        self.coding.tally(found.property_iri, found.column, found.answer)
        if isinstance(found.answer, Coded):
            line = f"{subject} {iri(found.property_iri)} {iri(found.answer.iri)} .\n"
            if line not in lines:
                lines.append(line)
            matches.append(found.answer.match)
        elif found.answer.reason == NOT_IN_VOCABULARY:
            self._lacking(found.property_iri, found.answer.value)

    def _coding(self, subject: str, matches: list[Match], lines: list[str]) -> None:
        coding = self._codings.of(matches)
        if coding is not None:
            lines.append(f"{subject} {_CODING} {iri(coding)} .\n")

    def _lacking(self, property_iri: str, value: str) -> None:
        """Say once of each value that the vocabulary has no class for it."""
        if (property_iri, value) not in self._unusable:
            self._unusable.add((property_iri, value))
            self._findings.add(
                Severity.WARNING,
                "the installed vocabulary has no such class; the samples are described without it",
                column=property_iri.rpartition("#")[2],
                value=value,
                remedy="Install the ontology it belongs to: onconode ontology install ncit obi icdo3.",
            )


def _by_name(said: Said) -> tuple[str, str, str]:
    return said.assay, said.written, said.column
