"""Workspaces for tests: a small vocabulary of made-up tumours, without a fault, to seed faults into."""

from __future__ import annotations

from pathlib import Path

from node.curation.beginning import begin_local
from node.curation.register import COLUMNS
from node.curation.workspace import Workspace

Cells = tuple[str, ...]
NAMESPACE = "https://example.org/node/vocab/rare/"
HEADERS = ("id", "label", "parent", "equivalent", "definition", "source", "editor", "status", "synonyms")
STRINGS = (
    *("ID", "AL rdfs:label@en", "SC % SPLIT=|", "EC %", "AL definition@en", "A definition source"),
    *("A term editor", "AI has curation status", "AL has_exact_synonym@en SPLIT=|"),
)
ROWS = (
    ("rare:0000001", "wing tumour", "Neoplasm", "", "A neoplasm that arises in a wing.", "made up", "wing mass"),
    ("rare:0000002", "alar glioma", "Glioma", "", "A glioma that arises in a wing.", "made up", "wing glioma"),
    ("rare:0000003", "alar glioma of youth", "rare:0000002", "", "An alar glioma of a fledgling.", "made up", ""),
)
#: Axioms that a vocabulary of this size would have: a relation, and two kinds that exclude each other.
AXIOMS = """
obo:RO_0001000 a owl:ObjectProperty ; rdfs:label "derives from" .
"""


def row(number: int, label: str, parent: str, *, equivalent: str = "", definition: str | None = None) -> Cells:
    """A row without a fault: its parts in the order of ``ROWS``."""
    words = f"A tumour that is called {label}." if definition is None else definition
    return (f"rare:{number:07d}", label, parent, equivalent, words, "made up", "")


def workspace(
    folder: Path, *more: Cells, axioms: str = "", register: tuple[tuple[int, str], ...] | None = None
) -> Workspace:
    """A new workspace with the rows of ``ROWS`` and more of them. ``register`` says what was minted; None: all rows."""
    made = begin_local(folder, name="rare", base_iri="https://example.org/node", under=["NCIT:C3262"])
    rows = [*ROWS, *more]
    table = [HEADERS, STRINGS]
    for iri, label, parent, equivalent, definition, source, synonyms in rows:
        table.append((iri, label, parent, equivalent, definition, source, "curator-1", "IAO:0000120", synonyms))
    write(folder / "templates/tumours.tsv", table)
    with made.ontology_file.open("a", encoding="utf-8") as file:
        file.write(AXIOMS + axioms)
    minted = [(int(cells[0][-7:]), cells[1]) for cells in rows] if register is None else list(register)
    lines = dict.fromkeys((f"{NAMESPACE}{n:07d}", "curator-1", "2026-01-01T00:00:00Z", label) for n, label in minted)
    write(folder / "minted.tsv", [COLUMNS, *lines])
    return Workspace.open(folder)


def write(path: Path, rows: list[Cells]) -> None:
    path.write_text("".join("\t".join(cells) + "\n" for cells in rows), encoding="utf-8")
