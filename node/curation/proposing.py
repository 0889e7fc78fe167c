"""From a wish in the queue to a row of a template: a term of one's own, under a class, with an IRI that is minted.

The rows go into ``templates/demand.tsv``, a ROBOT template like any other of the workspace, made with its first row.
Whoever edits the table keeps columns and order; new rows are added at its end.
"""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from node.curation.demand import Queue, Status, Wish
from node.curation.register import mint
from node.curation.settings import Curator
from node.curation.workspace import TEMPLATES, Workspace
from node.errors import Conflict, DocumentSyntaxError, Place, ProtocolError

FILE = "demand.tsv"
_COLUMNS: Mapping[str, str] = {
    "ID": "ID",
    "label": "AL rdfs:label@en",
    "parent": "SC %",
    "definition": "AL obo:IAO_0000115@en",
    "definition source": "A obo:IAO_0000119 SPLIT=|",
    "synonyms": "AL oio:hasExactSynonym@en SPLIT=|",
    "editor": "A obo:IAO_0000117",
    "status": "AI obo:IAO_0000114",
    "obsolete": "AT owl:deprecated^^xsd:boolean",
    "replaced by": "AI obo:IAO_0100001",
}
#: "metadata complete" of the Information Artifact Ontology: what a term has that is ready to go out.
_COMPLETE = "obo:IAO_0000120"


@dataclass(frozen=True)
class Draft:
    """What the row will say. ``parent`` is a CURIE or IRI, ``sources`` are references for the definition."""

    label: str
    parent: str
    definition: str = ""
    sources: Sequence[str] = ()
    synonyms: Sequence[str] = ()


def propose(workspace: Workspace, queue: Queue, wish: Wish, draft: Draft, curator: Curator) -> Wish:
    """Mint an IRI for the draft, add its row to the template, and note it in the queue, which is saved.

    What the partner wrote becomes an exact synonym where it is not the label, so that it is coded from then on.
    Raises Conflict for a wish that has a term already or a file that cannot be written, ProtocolError for a parent
    that is no IRI, DocumentSyntaxError for a table that has lost its columns.
    """
    if wish.status not in (Status.OPEN, Status.DECLINED, Status.REQUESTED):
        raise Conflict(f"{wish.id} is {wish.status} already ({wish.term}).", remedy="Edit its row in the template.")
    parent = workspace.settings.expand(draft.parent)
    if parent is None:
        raise ProtocolError(
            f"{draft.parent!r} is neither an IRI nor a CURIE with a known prefix.",
            remedy="Write it like NCIT:C3262; onconode ontology search TEXT finds classes.",
        )
    path = workspace.folder / TEMPLATES / FILE
    text = path.read_text(encoding="utf-8-sig") if path.exists() else ""
    columns = _columns(text)
    (minted,) = mint(workspace.register_file, workspace.settings.vocabulary, curator, [draft.label])
    synonyms = dict.fromkeys([*draft.synonyms, *([wish.text] if not _same(wish.text, draft.label) else [])])
    cells = {
        "ID": workspace.settings.shorten(minted.iri).strip("<>"),
        "label": draft.label,
        "parent": workspace.settings.shorten(parent).strip("<>"),
        "definition": draft.definition,
        "definition source": "|".join(draft.sources),
        "synonyms": "|".join(synonyms),
        "editor": curator.id,
        "status": _COMPLETE,
    }
    _write(path, text or _fresh(), [" ".join(cells.get(name, "").split()) for name in columns])
    changed = queue.put(replace(wish, status=Status.PROPOSED, term=minted.iri, label=draft.label))
    queue.save()
    return changed


def _same(one: str, other: str) -> bool:
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())


def _columns(text: str) -> list[str]:
    """The columns of the table by the names that we write under; where the file is new, all of them."""
    if not text.strip():
        return list(_COLUMNS)
    rows: list[list[str]] = [*csv.reader(io.StringIO(text), delimiter="\t"), [], []]
    header, patterns = rows[0], rows[1]
    names = {pattern: name for name, pattern in _COLUMNS.items()}
    found = [names.get(pattern, "") for pattern in patterns]
    found += [""] * (len(header) - len(found))
    missing = [name for name in ("ID", "label", "parent") if name not in found]
    if missing:
        raise DocumentSyntaxError(
            f"the template has no column for the {missing[0]} any more ({_COLUMNS[missing[0]]!r}).",
            where=Place(source=f"{TEMPLATES}/{FILE}", line=2),
            remedy="Put it back, or rename the file: a new one is made.",
        )
    return found


def _fresh() -> str:
    out = io.StringIO()
    csv.writer(out, delimiter="\t", lineterminator="\n").writerows([_COLUMNS.keys(), _COLUMNS.values()])
    return out.getvalue()


def _write(path: Path, text: str, row: Sequence[str]) -> None:
    """The text with a row at its end, written whole or not at all."""
    out = io.StringIO()
    csv.writer(out, delimiter="\t", lineterminator="\n").writerow(row)
    whole = (text if text.endswith("\n") else f"{text}\n") + out.getvalue()
    try:
        path.parent.mkdir(exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(whole)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError as error:
        raise Conflict(f"the template cannot be written: {error.strerror}.", where=Place(source=str(path))) from error
