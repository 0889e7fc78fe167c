"""A biobank directory's export as drafts: each collection a dataset, each biobank and network an infrastructure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from node.errors import Place
from node.model.identifiers import Identifiers, slug
from node.model.kinds import Kind, name_of
from node.ontology.concepts import Vocabulary
from node.publishing.directory import Row, read_tables
from node.publishing.drafts import Draft, Finding, Severity
from node.publishing.miabis import Writer
from node.publishing.statements import spool_file

#: Writes a row of one table as the triples of the description with this name.
Writing: TypeAlias = Callable[[Row, str], Iterator[str]]


def read_directory(
    folder: Path, *, identifiers: Identifiers, vocabulary: Vocabulary, spool: Path
) -> tuple[list[Draft], list[Finding]]:
    """Read an export into one draft for each collection, biobank and network.

    The N-Triples lie in new files in the folder ``spool``. Raises DocumentSyntaxError for a table that cannot be read,
    RequestTooLarge for one that is too large.
    """
    directory = read_tables(folder)
    writer = Writer(identifiers, vocabulary, directory)
    findings = directory.findings
    drafts = []
    for table, kind, write in (
        ("collections", Kind.DATASET, writer.collection),
        ("biobanks", Kind.INFRASTRUCTURE, writer.biobank),
        ("networks", Kind.INFRASTRUCTURE, writer.network),
    ):
        names: set[str] = set()
        for row in directory.rows(table).values():
            name = name_of(kind, slug(row["id"]))
            if name in names:
                findings.add(
                    Severity.VIOLATION,
                    "two identifiers of this table would have the same address here",
                    line=int(row[""]),
                    record=row["id"],
                    value=identifiers.description(name),
                    remedy="Change one of them.",
                )
            names.add(name)
            drafts.append(_draft(row, name, write, directory.tables[table].path, spool, identifiers=identifiers))
    return drafts, findings.result()


def _draft(row: Row, name: str, write: Writing, table: Path, spool: Path, *, identifiers: Identifiers) -> Draft:
    line = int(row[""])
    public = spool_file(spool, name)
    with public.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(sorted(set(write(row, name))))
    return Draft(
        dataset=name,
        iri=identifiers.description(name),
        title=row.get("name") or row["id"],
        source=str(table),
        public=public,
        records=None,
        samples=0,
        donors=0,
        locate=lambda about: Place(source=str(table), line=line, record=about),
        inputs=(table,),
    )
