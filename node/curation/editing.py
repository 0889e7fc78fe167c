"""Adds terms, changes them, and maps them, in the tables of a workspace.

What is added goes into ``templates/terms.tsv``, a template with the columns below; a term that is in a table already is
changed in its row. Terms of the ontology file are changed by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from node.curation.minting import mint_labels, write_file
from node.curation.settings import Curator
from node.curation.tables import placed_text, read_table, table_text
from node.curation.templates import Entry, Template
from node.curation.workspace import MAPPINGS, TEMPLATES, Workspace
from node.errors import Conflict, NotFound, Place, ProtocolError
from node.rdf.namespaces import OBO, SEMAPV, SKOS

TERMS = "terms.tsv"
#: What a term can be.
KINDS = ("class", "object property", "data property", "annotation property", "individual")
#: Header and template string of each column of the table that ``add`` writes.
_COLUMNS = (
    ("id", "ID"),
    ("label", "AL rdfs:label@{language}"),
    ("type", "TYPE"),
    ("parent", "SC % SPLIT=|"),
    ("parent property", "SP % SPLIT=|"),
    ("individual of", "TI % SPLIT=|"),
    ("equivalent", "EC %"),
    ("definition", "AL obo:IAO_0000115@{language}"),
    ("definition source", "A obo:IAO_0000119 SPLIT=|"),
    ("editor", "A obo:IAO_0000117 SPLIT=|"),
    ("status", "AI obo:IAO_0000114"),
    ("exact synonyms", "AL oboInOwl:hasExactSynonym@{language} SPLIT=|"),
    ("broad synonyms", "AL oboInOwl:hasBroadSynonym@{language} SPLIT=|"),
    ("narrow synonyms", "AL oboInOwl:hasNarrowSynonym@{language} SPLIT=|"),
    ("related synonyms", "AL oboInOwl:hasRelatedSynonym@{language} SPLIT=|"),
    ("domain", "DOMAIN"),
    ("range", "RANGE"),
    ("characteristics", "CHARACTERISTIC SPLIT=|"),
    ("comment", "AL rdfs:comment@{language}"),
    ("obsolete", "AT owl:deprecated^^xsd:boolean"),
    ("replaced by", "AI obo:IAO_0100001"),
)
HEADERS = tuple(header for header, _ in _COLUMNS)
#: "metadata complete", the status of a term that is ready to be reviewed.
COMPLETE = OBO + "IAO_0000120"
_PREDICATES = ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch")
_MAPPING_COLUMNS = (
    *("subject_id", "subject_label", "predicate_id", "object_id", "object_label", "mapping_justification"),
    *("author_id", "confidence", "comment"),
)


@dataclass(frozen=True)
class Written:
    """A term that was added or changed, and where it stands now."""

    iri: str
    label: str
    place: Place


def add_term(workspace: Workspace, curator: Curator, cells: Mapping[str, str]) -> Written:
    """Mint an IRI and add a row for a term. ``cells`` are by the headers of ``HEADERS``; a label is required.

    Everything that the cells name is looked up first. Raises ProtocolError, and DocumentSyntaxError with the header of
    the cell that cannot be read; nothing is changed then.
    """
    unknown = set(cells) - set(HEADERS)
    if unknown:
        raise ProtocolError(f"there is no column {min(unknown)!r}.", remedy=f"There are {', '.join(HEADERS)}.")
    label = " ".join(cells.get("label", "").split())
    if not label:
        raise ProtocolError("a term has a label.", remedy="Give it with --label.")
    taken = workspace.expansion.names.find(label, "")
    if taken:
        names = ", ".join(workspace.settings.shorten(one) for one in taken)
        raise Conflict(
            f"{names} is called {label!r} already.", remedy="Use it, or say in the label what sets the new term apart."
        )
    given = {
        "type": "class",
        "editor": curator.name or curator.id,
        "status": workspace.settings.shorten(COMPLETE),
        **{header: " ".join(text.split()) for header, text in cells.items() if text.strip()},
        "label": label,
    }
    path = workspace.folder / TEMPLATES / TERMS
    text, headers = _terms_table(workspace, path)
    missing = [header for header in given if header not in headers]
    if missing:
        raise Conflict(
            f"the table has no column {missing[0]!r}.",
            where=Place(source=f"{TEMPLATES}/{TERMS}", line=1),
            remedy="Add it with its template string, or move the table aside and let a new one be made.",
        )
    probe = f"<{workspace.settings.vocabulary.namespace}{'9' * 15}>"
    _tried(workspace, path, text + _line(headers, {**given, "id": probe}))
    minted = mint_labels(workspace, curator, [label])[0]
    row = _line(headers, {**given, "id": workspace.settings.shorten(minted.iri)})
    write_file(path, text + row)
    return Written(minted.iri, label, Place(source=f"{TEMPLATES}/{TERMS}", line=(text + row).count("\n")))


def set_cells(workspace: Workspace, iri: str, cells: Mapping[str, str]) -> Written:
    """Change cells of the row that makes a term, by header. Raises NotFound for a term that no table makes,
    ProtocolError for a header its table does not have, DocumentSyntaxError for what cannot be read."""
    template, entry = find_row(workspace, iri)
    columns = {column.header: column for column in template.columns}
    unknown = [header for header in cells if header not in columns]
    if unknown:
        raise ProtocolError(f"{template.file} has no column {unknown[0]!r}.", remedy=f"It has: {', '.join(columns)}.")
    if any(columns[header].kind == "ID" for header in cells):
        raise ProtocolError("an IRI is never changed.", remedy="Make the term obsolete, and add another.")
    changed = {columns[header].at: text.strip() for header, text in cells.items()}
    path, text = rewritten(workspace, template, entry.line, changed)
    _tried(workspace, path, text)
    write_file(path, text)
    return Written(iri, entry.label, entry.place)


def add_mapping(
    workspace: Workspace,
    curator: Curator,
    subject: str,
    predicate: str,
    obj: str,
    *,
    confidence: float = 1.0,
    comment: str = "",
) -> Place:
    """Add a row to ``mappings/<name>.sssom.tsv``. ``predicate`` is a SKOS mapping property by its local name.

    Raises ProtocolError for another predicate, Conflict where the row is there already, NotFound for terms unknown.
    """
    if predicate not in _PREDICATES:
        raise ProtocolError(f"{predicate!r} is no mapping property.", remedy=f"Take one of {', '.join(_PREDICATES)}.")
    names = workspace.expansion.names
    if subject not in names.labels and not names.kinds_of(subject):
        raise NotFound(f"{workspace.settings.shorten(subject)} is not declared here or in a release.")
    shorten = workspace.settings.shorten
    made = workspace.settings.vocabulary
    path = workspace.folder / MAPPINGS / f"{made.name}.sssom.tsv"
    where = f"{MAPPINGS}/{path.name}"
    text = path.read_text(encoding="utf-8") if path.exists() else _mapping_header(workspace)
    cells = dict.fromkeys(_MAPPING_COLUMNS, "")
    cells |= {
        "subject_id": shorten(subject).strip("<>"),
        "subject_label": names.labels.get(subject, ""),
        "predicate_id": f"skos:{predicate}",
        "object_id": shorten(obj).strip("<>"),
        "object_label": names.labels.get(obj, ""),
        "mapping_justification": "semapv:ManualMappingCuration",
        "author_id": curator.id,
        "confidence": f"{confidence:g}",
        "comment": " ".join(comment.split()),
    }
    rows = [row for row in read_table(path, name=where) if not row[0].startswith("#")] if path.exists() else []
    header = list(rows[0].cells) if rows else list(_MAPPING_COLUMNS)
    for row in rows[1:]:
        same = all(row[header.index(name)] == cells[name] for name in ("subject_id", "predicate_id", "object_id"))
        if same:
            raise Conflict("the mapping is there already.", where=Place(source=where, line=row.line))
    if not text.endswith("\n"):
        text += "\n"
    text += table_text([[cells.get(name, "") for name in header]])
    write_file(path, text)
    return Place(source=where, line=text.count("\n"))


def _terms_table(workspace: Workspace, path: Path) -> tuple[str, list[str]]:
    """The text of the table of added terms, and its headers; a new one where there is none."""
    language = workspace.settings.vocabulary.languages[0] if workspace.settings.vocabulary.languages else "en"
    if not path.exists():
        strings = [string.format(language=language) for _, string in _COLUMNS]
        return table_text([HEADERS, strings]), list(HEADERS)
    text = path.read_text(encoding="utf-8")
    rows = read_table(path, name=f"{TEMPLATES}/{path.name}")
    return text if text.endswith("\n") else text + "\n", list(rows[0].cells) if rows else []


def _line(headers: Sequence[str], cells: Mapping[str, str]) -> str:
    return table_text([[cells.get(header, "") for header in headers]])


def _tried(workspace: Workspace, path: Path, text: str) -> None:
    """Read the workspace as if the table had this text. Raises what is newly wrong in it."""
    before = {str(problem) for problem in workspace.expansion.problems}
    new = [one for one in workspace.with_draft(path, text).expansion.problems if str(one) not in before]
    if new:
        raise new[0]


def find_row(workspace: Workspace, iri: str) -> tuple[Template, Entry]:
    """The template and the row that make a term. Raises NotFound."""
    for template in workspace.expansion.templates:
        for entry in template.entries.values():
            if entry.iri == iri:
                return template, entry
    raise NotFound(
        f"no template makes {workspace.settings.shorten(iri)}.",
        remedy=f"Terms of {workspace.ontology_file.name} are changed there.",
    )


def rewritten(workspace: Workspace, template: Template, line: int, changed: Mapping[int, str]) -> tuple[Path, str]:
    """The path of a template, and its text with these cells of one row (by column from 0) changed."""
    path = workspace.folder / template.file
    rows: list[tuple[int, list[str]]] = []
    for row in read_table(path, name=template.file):
        cells = list(row.cells)
        if row.line == line:
            cells += [""] * (max(changed, default=0) + 1 - len(cells))
            for at, text in changed.items():
                cells[at] = text
        rows.append((row.line, cells))
    return path, placed_text(rows)


def _mapping_header(workspace: Workspace) -> str:
    """The head of an SSSOM/TSV table of this vocabulary, with the prefixes that its rows use."""
    made = workspace.settings.vocabulary
    prefixes = {
        made.prefix: made.namespace,
        **{name: f"{OBO}{name}_" for name in ("NCIT", "OBI", "UBERON", "MONDO")},
        "skos": SKOS,
        "semapv": SEMAPV,
    }
    lines = [
        f"mapping_set_id: {made.ontology}/mappings",
        "sssom_version: '1.1'",
        f"license: {made.licence}",
        "curie_map:",
        *(f"  {prefix}: {namespace}" for prefix, namespace in prefixes.items()),
    ]
    return "".join(f"#{line}\n" for line in lines) + table_text([_MAPPING_COLUMNS])
