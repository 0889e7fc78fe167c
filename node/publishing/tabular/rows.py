"""From a row of a mapped table to what ``node.publishing.records`` writes: identifiers and age, and what is stated.

Tables and study folders take one way from there. What a value means is the coder's affair; a class that the mapping
gives for a value is a decision of the partner's, and counts before what the coder would find.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from node.ontology.branches import ASSAY, DIAGNOSIS
from node.publishing.assays import in_column
from node.publishing.coded import Answer, Coded, Proposed, Unknown
from node.publishing.coder import Coder
from node.publishing.coding import NO_DIAGNOSIS, Found
from node.publishing.donors import PATIENT_ID
from node.publishing.drafts import Severity
from node.publishing.findings import Findings
from node.publishing.records import SAMPLE_ID, Stated
from node.publishing.tables import Row, is_missing
from node.publishing.tabular.mapping import (
    AGE,
    CODED,
    DATATYPES,
    DERIVES,
    DONOR,
    IGNORE,
    SAMPLE,
    UNITS,
    Column,
    TableMapping,
    folded,
)
from node.publishing.tabular.sheets import Sheet
from node.publishing.tabular.transforms import Untransformable, apply
from node.rdf.terms import iri, is_absolute_iri, literal

#: A longer text is somebody's notes, and those are not published.
_LONGEST_TEXT = 1_000
_FORMS: Mapping[str, re.Pattern[str]] = {
    "integer": re.compile(r"[+-]?\d{1,18}"),
    "decimal": re.compile(r"[+-]?(\d{1,18}(\.\d{1,18})?|\.\d{1,18})"),
    "year": re.compile(r"\d{4}"),
}
DURATION = re.compile(r"P(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?")
_TRUTHS = {"true": "true", "yes": "true", "1": "true", "false": "false", "no": "false", "0": "false"}


class PlacedFindings(Findings):
    """Findings of a mapped table: columns by the partner's names, and for a workbook by the address of the cell."""

    def __init__(self, sheet: Sheet, names: Mapping[str, str]) -> None:
        super().__init__(sheet.source)
        self._sheet = sheet
        self._names = names

    def add(
        self,
        severity: Severity,
        message: str,
        *,
        line: int | None = None,
        record: str | None = None,
        column: str | None = None,
        value: str | None = None,
        remedy: str | None = None,
    ) -> None:
        """Note one thing; see ``Findings.add``."""
        name = self._names.get(column, column) if column else column
        if name in self._sheet.columns and line is not None and self._sheet.address is not None:
            name = f"{name} ({self._sheet.address(line, self._sheet.columns.index(name))})"
        super().add(severity, message, line=line, record=record, column=name, value=value, remedy=remedy)


class RowMapper:
    """Applies one mapping to the rows of one sheet, which has all columns of the mapping."""

    def __init__(self, mapping: TableMapping, sheet: Sheet, coder: Coder) -> None:
        self._mapping = mapping
        self._coder = coder
        used = [column for column in mapping.columns if column.property != IGNORE]
        self._columns = {column.name: column for column in used}
        self._places = [(sheet.columns.index(column.name), column) for column in used]
        self._used = tuple(place for place, _ in self._places)
        age = mapping.column(AGE)
        cells = {SAMPLE: SAMPLE_ID, DONOR: PATIENT_ID, AGE: UNITS[age.unit if age else "years"]}
        self._slots = {cells[c.property]: i for i, c in enumerate(c for c in used if c.property in cells)}
        self._cells = cells
        self.findings = PlacedFindings(sheet, {cells[c.property]: c.name for c in used if c.property in cells})
        self._transformed = lru_cache(maxsize=4096)(self._transform)
        self._answered = lru_cache(maxsize=4096)(self._answer)

    def row(self, line: int, cells: Sequence[str]) -> tuple[Row, Stated]:
        """Identifiers and age as a row, and what is stated beside it. What cannot be read is a finding."""
        made = [""] * len(self._slots)
        found: dict[str, list[Found]] = {}
        wordings: list[tuple[str, str]] = []
        said: tuple[list[str], list[str]] = ([], [])
        parent = ""
        for place, column in self._places:
            texts, problem = self._transformed(column.name, cells[place])
            if problem:
                self._cannot(column, line, cells[place], problem)
            if not texts:
                continue
            if column.property in self._cells:
                made[self._slots[self._cells[column.property]]] = texts[0]
            elif column.property == DERIVES:
                parent = texts[0]
            elif column.property in CODED:
                answers = [Found(CODED[column.property], column.name, self._answered(column.name, t)) for t in texts]
                found.setdefault(CODED[column.property], []).extend(answers)
                if column.property == "diagnosis":
                    wordings += [(cells[place], column.system)] * len(answers)
            else:
                said[column.of_donor].extend(self._statements(column, texts, line))
        for column, value in self._mapping.constants:
            if column.property in CODED:
                if CODED[column.property] not in found:
                    found[CODED[column.property]] = [
                        Found(CODED[column.property], column.name, self._coded(column, value))
                    ]
            else:
                said[column.of_donor].extend(self._statements(column, [column.values.get(folded(value), value)], line))
        wording, system = _choose_diagnosis(found, wordings)
        return Row(line, made, self._slots), Stated(
            cells=[cells[place] for place in self._used],
            found=found,
            wording=wording,
            system=system,
            sample=said[0],
            donor=said[1],
            parent=parent,
        )

    def _transform(self, name: str, cell: str) -> tuple[list[str], str]:
        """The texts that a cell stands for, and what is wrong with it."""
        column = self._columns[name]
        if self._is_missing(cell):
            return [], ""
        whole = column.values.get(folded(cell))
        if whole is not None:
            # a coded value goes on to the coder as it is written
            return [cell if column.property in CODED else whole] if whole else [], ""
        try:
            texts = apply(cell, column.transforms)
        except Untransformable as error:
            return [], str(error)
        meant = {text: column.values.get(folded(text), text) for text in texts if not self._is_missing(text)}
        texts = [text if column.property in CODED else said for text, said in meant.items() if said]
        if column.property == AGE and column.unit == "iso8601":
            return _years(texts)
        return texts, ""

    def _answer(self, name: str, text: str) -> Answer:
        return self._coded(self._columns[name], text)

    def _coded(self, column: Column, text: str) -> Answer:
        """The class that the mapping gives for a text, else what the coder makes of it or of the word given for it."""
        property_iri = CODED[column.property]
        meant = column.values.get(folded(text), text)
        if meant.startswith("<"):
            answer: Answer = self._coder.matched(property_iri, meant[1:-1], text, comment=self._mapping.path.name)
        else:
            answer = self._coder.code(property_iri, meant, column.system)
            if property_iri == ASSAY and not isinstance(answer, Coded):
                # words around the name of a technique: "WGS 30x", "targeted panel of 400 genes"
                named = self._coder.narrowest(in_column(meant))
                if len(named) == 1:
                    answer = self._coder.matched(property_iri, named[0], text, comment=column.name)
        if isinstance(answer, Coded):
            return Coded(replace(answer.match, written=text))
        return answer

    def _is_missing(self, text: str) -> bool:
        return is_missing(text) or (bool(self._mapping.missing) and folded(text) in self._mapping.missing)

    def _statements(self, column: Column, texts: list[str], line: int) -> Iterable[str]:
        for text in texts:
            term = text if text.startswith("<") else _term(text, column.datatype)
            if term is None:
                self.findings.add(
                    Severity.VIOLATION,
                    f"the value is no {column.datatype} of the length and form that the mapping asks for",
                    line=line,
                    column=column.name,
                    value=text[:80],
                    remedy="Correct the cell, or the datatype, or name the value in values.",
                )
            else:
                yield f"{iri(column.property)} {term}"

    def _cannot(self, column: Column, line: int, cell: str, problem: str) -> None:
        self.findings.add(
            Severity.VIOLATION,
            "the cell cannot be transformed as the mapping says",
            line=line,
            column=column.name,
            value=f"{cell[:80]}: {problem}",
            remedy="Correct the cell, or the transform, or name the value in values.",
        )


def _choose_diagnosis(found: dict[str, list[Found]], wordings: list[tuple[str, str]]) -> tuple[str, str]:
    """Leave one diagnosis: the first that is certain, else the first with candidates, else the first; its wording.

    A row without any has none, and says so.
    """
    all_found = found.get(DIAGNOSIS)
    if not all_found:
        found[DIAGNOSIS] = [Found(DIAGNOSIS, "", Unknown("", NO_DIAGNOSIS))]
        return "", ""
    for kind in (Coded, Proposed, Unknown):
        for place, one in enumerate(all_found):
            if isinstance(one.answer, kind):
                found[DIAGNOSIS] = [one]
                return wordings[place] if place < len(wordings) else ("", "")
    raise AssertionError("unreachable")


def _years(texts: list[str]) -> tuple[list[str], str]:
    """Durations (ISO 8601, section 5.5.2: P36Y, P36Y6M) in years."""
    made = []
    for text in texts:
        match = DURATION.fullmatch(text.upper())
        if match is None or not any(match.groups()):
            return [], "it is no duration like P36Y or P36Y6M"
        years, months, weeks, days = (int(part or 0) for part in match.groups())
        made.append(f"{years + months / 12 + (7 * weeks + days) / 365.25:.4f}")
    return made, ""


def _term(text: str, datatype: str) -> str | None:
    """The text as a term in N-Triples; None when it is not of the datatype."""
    if datatype == "string":
        return literal(text) if len(text) <= _LONGEST_TEXT else None
    if datatype == "iri":
        return iri(text) if is_absolute_iri(text) else None
    form = _FORMS.get(datatype)
    if datatype == "boolean":
        text = _TRUTHS.get(text.lower(), "")
    elif datatype == "date":
        try:
            text = dt.date.fromisoformat(text[:10]).isoformat()
        except ValueError:
            return None
    elif form is not None and not form.fullmatch(text):
        return None
    return literal(text, datatype=DATATYPES[datatype]) if text else None
