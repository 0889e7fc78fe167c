"""Direct identifiers in what is to be published: columns of tables as they pass, and the triples of a description.

What looks like one stops the publication until the partner has dropped the column or allowed it with a reason
(``node.publishing.safety.decisions``). Values are shown masked: a report is mailed and pasted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import unquote

from node.errors import Place
from node.model.kinds import Kind as Described
from node.model.kinds import kind_of
from node.publishing.coding import HIGHEST_AGE
from node.publishing.drafts import Draft, Finding, Severity
from node.publishing.ntriples import Description, bare, literal_value, split_line
from node.publishing.safety.columns import Column, Suspicion, masked
from node.publishing.safety.decisions import NO_DECISIONS, Decisions
from node.publishing.safety.texts import certain_in
from node.publishing.safety.words import Kind
from node.publishing.safety.words import plain as words
from node.publishing.tables import Row, is_missing
from node.rdf.namespaces import DCT, OBO, ONCO, RDF_TYPE, XSD, shorten

_REMEDY = (
    "Take the column out of the table; or decide in safety.toml beside the data: [[drop]] it, or, if it is something "
    "else, [[allow]] it with a reason."
)
_REMEDY_FOR_DOCUMENTS = (
    "Take it out of the document; or, if it is something else, [[allow]] it by this name with a reason in safety.toml "
    "beside the document."
)
#: What the last parts of the addresses of samples and donors are called in a finding and in decisions.
_ADDRESS = "@id"
_TYPE, _PART_OF, _AGE = f"<{RDF_TYPE}>", f"<{DCT}isPartOf>", f"<{ONCO}ageAtDiagnosis>"
_DONOR = f"<{ONCO}Donor>"
_RECORD_TYPES = (f"<{OBO}OBI_", _DONOR)
_UNDER_DATASET = re.compile(r"/datasets/[^/>]+/(?:samples|donors)/[^/>]+>")
_PLAIN_LITERAL = re.compile(r'"([^"\\]*)"(?:@[\w-]+|\^\^<[^>]*>)?')
_PERSONAL_IRI = re.compile(
    r"mailto:|tel:|https?://(?:www\.)?(?:orcid\.org|linkedin\.com|facebook\.com|twitter\.com|x\.com)/"
)
_AGE_LITERAL = re.compile(r'"(\+?\d+(?:\.\d*)?(?:[eE][+-]?\d{1,2})?)"(?:\^\^<[^>]*>)?')
_YEARS = re.compile(r"\+?(\d{2,3})(?:\.\d*)?|P(\d{2,3})Y.*")
#: No one gets older: a greater number is no age, and the shapes refuse it.
_OLDEST = 120
#: What is said of a dataset may name its staff; only this is asked about, so often.
_ASKED = (Kind.EMAIL, Kind.NUMBER, Kind.BIRTH)
_MOST_ASKED = 10
_MOST_PLACES = 20_000


#: Makes texts of a cell.
Reader = Callable[[str], Iterable[str]]


class TableScreen:
    """Watches the rows of one table and says at the end which of its columns look like direct identifiers."""

    def __init__(
        self,
        source: str,
        columns: Sequence[str],
        decisions: Decisions = NO_DECISIONS,
        *,
        readers: Mapping[str, Reader] | None = None,
        remedy: str = _REMEDY,
    ) -> None:
        """``columns`` as the partner wrote them; those without a name and those that are dropped are not looked at.

        ``readers`` make of the cells of a column the texts that would be published of them.
        """
        self._readers = readers or {}
        self._remedy = remedy
        # words for "not known" that were met: there are few
        self._absent: set[str] = set()
        self._source = source
        self._names = columns
        self._decisions = decisions
        self._columns = [
            (place, Column(name)) for place, name in enumerate(columns) if name and not decisions.drops(name)
        ]

    @property
    def columns(self) -> Sequence[str]:
        """The names of all columns of the table."""
        return self._names

    def watch(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The same rows, looked at as they pass."""
        for row in rows:
            self.see(row.cells, row.line)
            yield row

    def see(self, cells: Sequence[str], line: int) -> None:
        """Look at the cells of one row, which stands on this line."""
        absent = self._absent
        for place, column in self._columns:
            value = cells[place]
            if not value or value in absent:
                continue
            if is_missing(value):
                absent.add(value)
                continue
            reader = self._readers.get(column.name) if self._readers else None
            if reader is None:
                column.add(value, line)
            else:
                for text in reader(value):
                    column.add(text, line)

    def findings(self) -> list[Finding]:
        """A violation for each column that looks like direct identifiers, a remark for each that is allowed to."""
        found = []
        for _, column in self._columns:
            suspicion = column.suspicion()
            if suspicion is not None:
                place = Place(source=self._source, line=suspicion.line, field=column.name)
                found.append(_finding(suspicion, place, self._decisions, self._remedy))
        return found


def undecided(decisions: Decisions, screens: Sequence[TableScreen]) -> list[Finding]:
    """A warning for each decision on a column that no table has: most likely its name is misspelt."""
    unknown = decisions.unknown(name for screen in screens for name in screen.columns)
    return [
        Finding(
            Severity.WARNING,
            "a decision is about a column that no table has",
            Place(source=str(decisions.path), field=name),
            remedy="Correct the name, or take the decision out.",
        )
        for name in unknown
    ]


def screened(draft: Draft, description: Description) -> list[Finding]:
    """What in the triples of a draft looks like a direct identifier; nothing for one whose tables were watched.

    At samples, donors and what they lead to it is a violation; in what is said of the dataset an address or number of
    a person is a warning, which asks.
    """
    if draft.watched:
        return []
    records = _records(description, draft.iri)
    donors = {s for s, value in description.with_predicate(_TYPE) if value == _DONOR}
    columns: dict[tuple[str, bool], Column] = {}
    first: dict[tuple[str, str], str] = {}
    findings: list[Finding] = []
    ages: Counter[str] = Counter()
    asked: set[str] = set()
    # authors of software give their addresses on purpose
    asks = kind_of(draft.dataset)[0] is Described.DATASET
    for line in description.lines:
        subject, predicate, value = split_line(line)
        name = shorten(bare(predicate))
        text = _text(value)
        if predicate == _TYPE and subject in records:
            name, text = _ADDRESS, _tail(subject)
        if text is None or is_missing(text):
            continue
        if subject not in records:
            kind = certain_in(text) if asks else None
            if kind in _ASKED and text not in asked and len(asked) < _MOST_ASKED:
                asked.add(text)
                findings.append(_question(draft.locate(bare(subject)), name, text, kind))
            continue
        if predicate != _AGE and _is_high_age(name, text):
            ages[name] += 1
        # samples and donors are counted apart: the identifiers of the ones can be names, those of the others numbers
        key = name, subject in donors
        column = columns.get(key)
        if column is None:
            column = columns[key] = Column(name)
        column.add(text)
        # enough to find an example again, however many records there are
        if len(first) < _MOST_PLACES:
            first.setdefault((name, masked(text)), subject)
    for column in columns.values():
        suspicion = column.suspicion()
        if suspicion is not None:
            subject = first.get((column.name, suspicion.example), f"<{draft.iri}>")
            place = replace(draft.locate(bare(subject)), field=column.name)
            findings.append(_finding(suspicion, place, draft.decisions, _REMEDY_FOR_DOCUMENTS))
    for name, count in ages.items():
        findings.append(
            Finding(
                Severity.VIOLATION,
                f"ages above {HIGHEST_AGE - 1} single a person out",
                Place(source=draft.source, field=name),
                remedy=f"Write {HIGHEST_AGE} for all of them, or use onco:ageAtDiagnosis, where the node does it.",
                count=count,
            )
        )
    return findings


def with_ages_capped(lines: Iterable[str], capped: Callable[[str], None]) -> Iterator[str]:
    """N-Triples lines with each onco:ageAtDiagnosis above 90 written as 90; ``capped`` gets them as they were."""
    for line in lines:
        if _AGE in line:
            subject, predicate, value = split_line(line)
            match = _AGE_LITERAL.fullmatch(value) if predicate == _AGE else None
            if match is not None and HIGHEST_AGE < float(match[1]) <= _OLDEST:
                capped(line)
                yield f'{subject} {predicate} "{HIGHEST_AGE}"^^<{XSD}integer> .'
                continue
        yield line


def _records(description: Description, dataset: str) -> set[str]:
    """Samples, donors, and what they lead to other than the dataset."""
    found = {s for s, value in description.with_predicate(_TYPE) if value.startswith(_RECORD_TYPES)}
    found |= {s for s, _ in description.with_predicate(_PART_OF)}
    found |= {s for s in description.subjects if _UNDER_DATASET.search(s)}
    waiting = list(found)
    while waiting:
        for line in description.about(waiting.pop()):
            value = split_line(line)[2]
            if value[0] == "<" and value not in found and value in description and value != f"<{dataset}>":
                found.add(value)
                waiting.append(value)
    return found - {f"<{dataset}>"}


def _text(term: str) -> str | None:
    """What a literal says, and IRIs that lead to a person; None for any other term."""
    if term[0] == "<":
        iri = bare(term)
        return iri.removeprefix("mailto:").removeprefix("tel:") if _PERSONAL_IRI.match(iri) else None
    plain = _PLAIN_LITERAL.fullmatch(term)
    return plain[1] if plain is not None else literal_value(term)[0]


def _tail(subject: str) -> str:
    return unquote(re.split(r"[/#]", bare(subject))[-1])


def _is_high_age(name: str, text: str) -> bool:
    if "age" not in words(name).split():
        return False
    match = _YEARS.fullmatch(text)
    return match is not None and HIGHEST_AGE <= int(match[1] or match[2]) <= _OLDEST


def _finding(suspicion: Suspicion, place: Place, decisions: Decisions, remedy: str) -> Finding:
    shown = f"{suspicion.share:.0%} of the values: {suspicion.example}"
    reason = decisions.reason(suspicion.column)
    if reason is not None:
        message = (
            f"this looks like {suspicion.kind} and is published all the same, as the partner has decided: {reason}"
        )
        return Finding(Severity.INFO, message, place, value=shown)
    message = f"this looks like {suspicion.kind} ({suspicion.evidence}), and direct identifiers are not published"
    return Finding(Severity.VIOLATION, message, place, value=shown, remedy=remedy)


def _question(place: Place, name: str, text: str, kind: Kind) -> Finding:
    return Finding(
        Severity.WARNING,
        f"the description seems to hold {kind}",
        replace(place, field=name),
        value=masked(text),
        remedy="Everybody can read it: give the mailbox of an office instead, or make sure that the person agrees.",
    )
