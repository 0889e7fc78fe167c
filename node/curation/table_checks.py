"""Checks of the tables of a workspace: template cells, minted IRIs, mappings."""

from __future__ import annotations

from collections.abc import Iterator

from pyoxigraph import NamedNode

from node.curation.facts import Facts
from node.curation.findings import Finding
from node.curation.register import FILE, check_range, collisions
from node.curation.rules import finding
from node.curation.tables import Row, read_table
from node.curation.workspace import MAPPINGS
from node.errors import DocumentSyntaxError, Place

_REQUIRED = ("subject_id", "predicate_id", "object_id", "mapping_justification")
_NO_TERM = "sssom:NoTermFound"
_PREFIXES = {
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "semapv": "https://w3id.org/semapv/vocab/",
    "sssom": "https://w3id.org/sssom/",
}


def check_tables(facts: Facts) -> Iterator[Finding]:
    """Cells, register and mappings."""
    for problem in facts.workspace.expansion.problems:
        yield _of_error("template_cell", problem)
    yield from _register(facts)
    yield from _rows(facts)
    for path in facts.workspace.mapping_files:
        name = f"{MAPPINGS}/{path.name}"
        try:
            rows = [row for row in read_table(path, name=name) if not row[0].startswith("#")]
        except DocumentSyntaxError as error:
            yield _of_error("mapping_row", error)
            continue
        yield from _mappings(facts, name, rows)


def _of_error(rule: str, error: DocumentSyntaxError) -> Finding:
    return finding(rule, "", "", error.detail, error.where or Place(), remedy=error.remedy or "")


def _register(facts: Facts) -> Iterator[Finding]:
    made = facts.workspace.settings.vocabulary
    rows = facts.workspace.minted
    for earlier, later in collisions(rows):
        yield finding(
            "reused_iri",
            later.iri,
            later.label,
            f"it was minted for {earlier.label!r} (line {earlier.line}) and again for {later.label!r}.",
            Place(source=FILE, line=later.line),
            value=earlier.label,
            remedy="Give one of the two terms a new IRI; an IRI is never minted again.",
        )
    for row, owner in check_range(made, facts.workspace.settings.curators, rows):
        yield finding(
            "minted_outside_range",
            row.iri,
            row.label,
            f"{row.curator!r} minted it from the range of {owner!r}.",
            Place(source=FILE, line=row.line),
        )
    known = {row.iri for row in rows}
    for iri in facts.own:
        if iri not in known and made.number_of(iri) is not None:
            yield facts.found(
                "not_registered",
                iri,
                "its IRI is not in the register.",
                remedy="Let IRIs be minted: onconode curate mint",
            )


def _rows(facts: Facts) -> Iterator[Finding]:
    """Rows of templates that make a term which another row, or the ontology file, makes as something else."""
    workspace = facts.workspace
    first: dict[str, tuple[str, Place]] = {}
    stated = {triple.subject.value for triple in workspace.stated if isinstance(triple.subject, NamedNode)}
    namespace = workspace.settings.vocabulary.namespace
    labels = {row.iri: row.label for row in workspace.minted}
    for template in workspace.expansion.templates:
        for entry in template.entries.values():
            earlier = first.setdefault(entry.iri, (entry.label, entry.place))
            differs = entry.label and earlier[0] and entry.label != earlier[0]
            if earlier[1] != entry.place and differs:
                yield finding(
                    "reused_iri",
                    entry.iri,
                    entry.label,
                    f"it is {earlier[0]!r} in {earlier[1]}, and {entry.label!r} here.",
                    entry.place,
                    value=earlier[0],
                    remedy="Give one of the two a new IRI: onconode curate mint",
                )
            foreign = entry.iri not in labels and not entry.iri.startswith(namespace)
            if foreign and entry.iri not in stated:
                yield finding(
                    "not_from_here",
                    entry.iri,
                    entry.label,
                    "its IRI belongs to another vocabulary.",
                    entry.place,
                    remedy="Add to your own terms; ask its owner to change theirs.",
                )


def _mappings(facts: Facts, name: str, rows: list[Row]) -> Iterator[Finding]:
    if not rows:
        return
    header = list(rows[0].cells)
    missing = [column for column in _REQUIRED if column not in header]
    if missing:
        where = Place(source=name, line=rows[0].line)
        yield finding("mapping_row", "", "", f"the table lacks the column {missing[0]!r}.", where)
        return
    settings, terms = facts.workspace.settings, facts.all_terms
    prefixes = {**_PREFIXES, **settings.prefixes}
    for row in rows[1:]:
        for column in _REQUIRED:
            written = row[header.index(column)]
            prefix, _, local = written.partition(":")
            iri = prefixes[prefix] + local if prefix in prefixes and local else settings.expand(written)
            where = Place(source=name, line=row.line, column=header.index(column) + 1, field=column)
            if iri is None:
                message = (
                    f"{written!r} is neither an IRI nor a CURIE of a known prefix." if written else "the cell is empty."
                )
                yield finding("mapping_row", "", "", message, where)
            elif column in ("subject_id", "object_id") and written != _NO_TERM and iri in terms.obsolete:
                label = terms.labels.get(iri, "")
                successor = terms.successors.get(iri)
                yield finding(
                    "obsolete_reference",
                    iri,
                    label,
                    f"a mapping refers to {written} ({label}), which is obsolete.",
                    where,
                    remedy=f"Map to {settings.shorten(successor)} instead." if successor else "",
                )
            elif column == "subject_id" and iri.startswith(settings.vocabulary.namespace) and iri not in terms.kinds:
                yield finding(
                    "dangling_reference", iri, "", f"a mapping is about {written}, which nothing declares.", where
                )
