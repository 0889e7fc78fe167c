"""Makes terms obsolete as the OBO Foundry does (https://oboacademy.github.io/obook/howto/obsolete-term/).

The term is deprecated, its label begins with "obsolete ", its successor is named, and its axioms are gone. It keeps its
IRI, which stays in the register, and what was said of it.
"""

from __future__ import annotations

import re
from pathlib import Path

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse, serialize

from node.curation.editing import Written, find_row, rewritten
from node.curation.facts import Facts
from node.curation.minting import write_file
from node.curation.owl import ENTITY_KINDS
from node.curation.structure_checks import used_names
from node.curation.tables import placed_text, read_table
from node.curation.template_columns import Column
from node.curation.templates import Template
from node.curation.upstream import read_terms
from node.curation.workspace import Workspace
from node.errors import Conflict, DocumentSyntaxError, NotFound, Place, ProtocolError
from node.rdf.namespaces import OBO, OWL, RDF_TYPE, RDFS, RDFS_LABEL, XSD

PREFIX = "obsolete "
_DEPRECATED = OWL + "deprecated"
_REPLACED_BY = OBO + "IAO_0100001"
_NOTE = OBO + "IAO_0000116"
#: Kinds of columns that make axioms, or say what kind of axiom is made.
_AXIOMS = (
    *("C", "SC", "EC", "DC", "CI", "P", "SP", "EP", "DP", "IP", "TI", "SI", "DI", "I", "DOMAIN", "RANGE"),
    *("CHARACTERISTIC", "CLASS_TYPE", "PROPERTY_TYPE"),
)


def make_obsolete(workspace: Workspace, iri: str, *, replaced_by: str | None = None, reason: str = "") -> Written:
    """Make a term obsolete; ``replaced_by`` is the IRI of its successor, ``reason`` becomes an editor's note.

    Raises NotFound for a term that is not made here, Conflict for one that is obsolete already or that others refer to.
    """
    in_text = any(triple.subject == NamedNode(iri) for triple in workspace.stated)
    if iri not in workspace.entries and not in_text:
        raise NotFound(f"{workspace.settings.shorten(iri)} is not made here.")
    own = read_terms(workspace.merged)
    terms = workspace.base_terms.merged(own)
    if iri in terms.obsolete:
        raise Conflict(f"{workspace.settings.shorten(iri)} is obsolete already.")
    if replaced_by is not None and (replaced_by not in terms or replaced_by in terms.obsolete or replaced_by == iri):
        raise ProtocolError(
            f"{workspace.settings.shorten(replaced_by)} cannot take its place.",
            remedy="Name a term that is declared here or in a release, and in use.",
        )
    users = {subject for subject, name, _ in used_names(Facts(workspace).axioms) if name == iri and subject != iri}
    if users:
        names = ", ".join(workspace.settings.shorten(one) for one in sorted(users)[:5])
        raise Conflict(f"axioms of {names} refer to it.", remedy="Change them first.")
    if iri in workspace.entries:
        return _obsolete_row(workspace, iri, replaced_by, reason)
    return _obsolete_statements(workspace, iri, replaced_by, reason)


def _obsolete_row(workspace: Workspace, iri: str, replaced_by: str | None, reason: str) -> Written:
    template, entry = find_row(workspace, iri)
    row = next(row for row in template.rows if row.line == entry.line)
    changed: dict[int, str] = {}
    for column in template.columns:
        if column.kind in _AXIOMS or _annotates_axiom(template, column):
            changed[column.at] = ""
        elif column.kind == "LABEL" or (column.property == RDFS_LABEL and column.annotates is None):
            changed[column.at] = PREFIX + row[column.at] if row[column.at] else ""
    added = {_DEPRECATED: "true"}
    if replaced_by is not None:
        added[_REPLACED_BY] = workspace.settings.shorten(replaced_by)
    if reason:
        added[_NOTE] = " ".join(reason.split())
    columns = {column.property: column.at for column in template.columns if column.annotates is None}
    new = [name for name in added if name not in columns]
    width = max(len(line.cells) for line in read_table(workspace.folder / template.file))
    columns |= {name: width + number for number, name in enumerate(new)}
    changed |= {columns[name]: text for name, text in added.items()}
    path, text = rewritten(workspace, template, entry.line, changed)
    if new:
        text = _with_columns(path, text, {columns[name]: name for name in new})
    write_file(path, text)
    return Written(iri, PREFIX + entry.label, entry.place)


def _annotates_axiom(template: Template, column: Column) -> bool:
    return column.annotates is not None and any(
        c.at == column.annotates and c.kind in _AXIOMS for c in template.columns
    )


def _with_columns(path: Path, text: str, new: dict[int, str]) -> str:
    """The text of a table with headers and template strings for new columns, by their place."""
    strings = {
        _DEPRECATED: ("obsolete", "AT owl:deprecated^^xsd:boolean"),
        _REPLACED_BY: ("replaced by", "AI obo:IAO_0100001"),
        _NOTE: ("editor note", "A obo:IAO_0000116"),
    }
    table = read_table(path, text=text)
    rows = [list(row.cells) for row in table]
    for at, name in sorted(new.items()):
        for number, cell in enumerate(strings[name]):
            rows[number] += [""] * (at + 1 - len(rows[number]))
            rows[number][at] = cell
    return placed_text((row.line, cells) for row, cells in zip(table, rows, strict=True))


def _obsolete_statements(workspace: Workspace, iri: str, replaced_by: str | None, reason: str) -> Written:
    """Replace the statements of a term in the text of the ontology file; the rest of the text stays as it is."""
    path = workspace.ontology_file
    begin = workspace.lines.get(iri)
    if path.suffix != ".ttl" or begin is None:
        raise Conflict(
            "its statements are not found in the text.",
            where=Place(source=path.name),
            remedy="Edit the file by hand: owl:deprecated true, a label that begins with 'obsolete ', no axioms.",
        )
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    after = [line for line in sorted(workspace.lines.values()) if line > begin]
    end = (after[0] if after else len(lines) + 1) - 1
    while end > begin and (not lines[end - 1].strip() or lines[end - 1].startswith(("#", "@", "PREFIX"))):
        end -= 1
    kept = [triple for triple in workspace.stated if triple.subject == NamedNode(iri)]
    block = _block(workspace, _obsolete_triples(kept, iri, replaced_by, reason))
    text = "".join([*lines[: begin - 1], block, *lines[end:]])
    _same_otherwise(workspace, iri, text, path)
    write_file(path, text)
    label = next(
        (t.object.value for t in kept if t.predicate.value == RDFS_LABEL and isinstance(t.object, Literal)), ""
    )
    return Written(iri, PREFIX + label, Place(source=path.name, line=begin))


def _obsolete_triples(kept: list[Triple], iri: str, replaced_by: str | None, reason: str) -> list[Triple]:
    me = NamedNode(iri)
    made = []
    for triple in kept:
        name, obj = triple.predicate.value, triple.object
        if name == RDF_TYPE:
            if isinstance(obj, NamedNode) and obj.value in ENTITY_KINDS:
                made.append(triple)
        elif name == RDFS_LABEL and isinstance(obj, Literal):
            label = Literal(PREFIX + obj.value, language=obj.language) if obj.language else Literal(PREFIX + obj.value)
            made.append(Triple(me, triple.predicate, label))
        elif not isinstance(obj, BlankNode) and (not name.startswith((RDFS, OWL)) or name in _SAID):
            made.append(triple)
    made.append(Triple(me, NamedNode(_DEPRECATED), Literal("true", datatype=NamedNode(XSD + "boolean"))))
    if replaced_by is not None:
        made.append(Triple(me, NamedNode(_REPLACED_BY), NamedNode(replaced_by)))
    if reason:
        made.append(Triple(me, NamedNode(_NOTE), Literal(" ".join(reason.split()))))
    return made


_SAID = (RDFS + "comment", RDFS + "seeAlso", RDFS + "isDefinedBy")


def _block(workspace: Workspace, triples: list[Triple]) -> str:
    """The statements in Turtle without prefixes declared: those of the document are used."""
    text = workspace.ontology_file.read_text(encoding="utf-8")
    prefixes = dict(re.findall(r"^\s*@?prefix\s+([\w.-]*):\s*<([^<>\s]*)>", text, re.IGNORECASE | re.MULTILINE))
    written = (serialize(triples, format=RdfFormat.TURTLE, prefixes=prefixes) or b"").decode("utf-8")
    return "".join(line + "\n" for line in written.splitlines() if not line.startswith("@prefix"))


def _same_otherwise(workspace: Workspace, iri: str, text: str, path: Path) -> None:
    """Raises Conflict unless the new text says of all other terms what the file says."""

    def others(triples: list[Triple]) -> set[tuple[str, str, str]]:
        return {
            (t.subject.value, t.predicate.value, str(t.object))
            for t in triples
            if isinstance(t.subject, NamedNode) and t.subject.value != iri and not isinstance(t.object, BlankNode)
        }

    try:
        after = [quad.triple for quad in parse(text.encode("utf-8"), format=RdfFormat.TURTLE)]
    except SyntaxError as error:
        raise DocumentSyntaxError(f"{error.msg}.", where=Place(source=path.name, line=error.lineno)) from error
    if others(after) != others(workspace.stated):
        raise Conflict(
            "its statements cannot be told from those of its neighbours in the text.",
            where=Place(source=path.name),
            remedy="Begin each term on a line of its own, or edit the file by hand.",
        )
