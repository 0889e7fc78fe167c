"""What is wrong with the rows of a mapping set taken together, and beside the installed vocabulary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from node.errors import Place
from node.ontology.code_systems import code_name, is_hub
from node.ontology.concepts import Vocabulary
from node.ontology.correspondences import (
    BROAD,
    EXACT,
    INVERSE,
    NARROW,
    NO_TERM,
    PREDICATES,
    RELATED,
    Correspondence,
    Problem,
    Weight,
)
from node.rdf.namespaces import shorten

#: Pairs of mapping properties that cannot both hold (SKOS Reference, S46; a class is not wider and narrower at once).
_EXCLUDING = ((EXACT, BROAD), (EXACT, NARROW), (EXACT, RELATED), (BROAD, NARROW))


def check_rows(rows: Sequence[Correspondence], vocabulary: Vocabulary, *, source: str) -> Iterator[Problem]:
    """Contradictory, repeated and idle rows, and objects that the vocabulary does not know or no longer has in force.

    Contradictions are errors, the rest warnings; of the same warning the first place is told, with a count.
    """
    yield from _contradictions(rows, source)
    yield from _together(_doubtful(rows, vocabulary), source)


def _contradictions(rows: Iterable[Correspondence], source: str) -> Iterator[Problem]:
    said: dict[tuple[str, str], dict[tuple[str, bool], int]] = {}
    for row in rows:
        predicate = PREDICATES.get(row.predicate) or row.predicate
        pair = (row.subject, row.object)
        if (row.object, row.subject) in said:
            pair = (row.object, row.subject)
            predicate = INVERSE.get(predicate, predicate)
        before = said.setdefault(pair, {})
        against = _against(predicate, row.negated, before)
        if against is not None:
            name, line = against
            yield Problem(
                Weight.ERROR,
                f"{code_name(pair[0])} to {code_name(pair[1])} is {'not ' if row.negated else ''}{shorten(predicate)} "
                f"here, but {name} in line {line}.",
                Place(source=source, line=row.line, field="predicate_id"),
                "Keep one of the two rows.",
            )
        before.setdefault((predicate, row.negated), row.line)


def _against(predicate: str, negated: bool, before: dict[tuple[str, bool], int]) -> tuple[str, int] | None:
    if (line := before.get((predicate, not negated))) is not None:
        return ("" if negated else "not ") + shorten(predicate), line
    if negated:
        return None
    for one, other in _EXCLUDING:
        excluded = other if predicate == one else one if predicate == other else None
        if excluded is not None and (line := before.get((excluded, False))) is not None:
            return shorten(excluded), line
    return None


def _doubtful(rows: Iterable[Correspondence], vocabulary: Vocabulary) -> Iterator[tuple[str, str, Correspondence]]:
    """A message, what to do, and the row, for each row that will not do what it seems to."""
    seen: set[tuple[str, str, str, str]] = set()
    exact: dict[str, str] = {}
    for row in rows:
        key = (row.subject, row.predicate, row.object, row.justification)
        if key in seen:
            yield "the row stands there twice", "Remove one.", row
        seen.add(key)
        if row.subject == row.object:
            yield "the row maps something to itself", "Remove it.", row
            continue
        if row.object == NO_TERM or row.negated:
            continue
        if PREDICATES.get(row.predicate) is None:
            yield f"{shorten(row.predicate)} is kept, but no query is answered by it", "", row
            continue
        hub = [iri for iri in (row.object, row.subject) if is_hub(iri)]
        if not hub:
            yield "neither side is an NCIt or OBI class, so no query is answered by it", "", row
            continue
        concept = vocabulary.get(hub[0])
        if concept is None:
            yield "the class is not in the installed release", "Install a later one, or correct the code.", row
        elif concept.obsolete:
            instead = f"Use {code_name(concept.replaced_by)} instead." if concept.replaced_by else ""
            yield "the class is obsolete", instead, row
        if PREDICATES[row.predicate] == EXACT:
            code = row.subject if hub[0] == row.object else row.object
            other = exact.setdefault(code, hub[0])
            if other != hub[0] and (vocabulary.is_a(other, hub[0]) or vocabulary.is_a(hub[0], other)):
                yield "the code is exactly two classes of which one is a kind of the other", "Keep one.", row


def _together(found: Iterable[tuple[str, str, Correspondence]], source: str) -> Iterator[Problem]:
    first: dict[str, tuple[str, Correspondence, int]] = {}
    for message, remedy, row in found:
        before = first.get(message)
        first[message] = (remedy, row, 1) if before is None else (before[0], before[1], before[2] + 1)
    for message, (remedy, row, count) in first.items():
        where = Place(source=source, line=row.line, record=f"{code_name(row.subject)} {code_name(row.object)}")
        yield Problem(Weight.WARNING, message + ".", where, remedy, count)
