"""A partner's folder with neither studies nor RDF, as a description of the dataset alone.

The folder's PROVENANCE.md or README.md gives title and text, its tables become distributions with size, checksum and
number of rows. Nothing is said that is not written there or counted.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import re
import zlib
from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path
from urllib.parse import quote

from node.errors import DocumentSyntaxError, Place
from node.model.identifiers import Identifiers, slug
from node.publishing.drafts import Draft, Severity
from node.publishing.findings import Findings
from node.publishing.statements import Organisation, dataset_lines, spool_file
from node.publishing.studymeta import UNKNOWN_LICENCE, licence_in, plain_text
from node.rdf.namespaces import ACCESS_PUBLIC, DCAT, DCT, RDF, RDF_TYPE, RDFS_LABEL, XSD
from node.rdf.terms import iri, literal, triple

DESCRIPTION_FILES = ("PROVENANCE.md", "README.md", "README.txt", "README")
SPDX = "http://spdx.org/rdf/terms#"
_MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
_TABLES = {
    ".csv": ("text/csv", ","),
    ".tsv": ("text/tab-separated-values", "\t"),
    ".tab": ("text/tab-separated-values", "\t"),
}
#: Tables of mappings are about the data, and no part of it.
MAPPINGS = ".sssom.tsv"
_LONGEST_TEXT = 1_000_000
_MOST_BYTES = 10_000_000_000
_HEADING = re.compile(r"#{1,6}\s+(.*?)\s*#*\s*")
_BULLET = re.compile(r"\s*[-*+]\s+")


def read_folder_description(
    folder: Path, *, identifiers: Identifiers, spool: Path, publisher: Organisation | str = ""
) -> Draft:
    """Describe the dataset in ``folder`` by its PROVENANCE.md or README.md and by its tables (csv, tsv, tab, also .gz).

    The N-Triples lie in a new file in the folder ``spool``. Raises DocumentSyntaxError when there is neither a text
    that describes the folder nor a table in it, or a file cannot be read.
    """
    try:
        path = next((folder / name for name in DESCRIPTION_FILES if (folder / name).is_file()), None)
        tables = sorted(p for p in folder.iterdir() if p.is_file() and _kind(p) is not None)
        dataset = slug(folder.resolve().name)
    except (OSError, ValueError) as error:
        raise DocumentSyntaxError(
            f"the folder cannot be described: {error}.",
            where=Place(source=str(folder)),
            remedy="Give it a name of letters and digits, and let the node read it.",
        ) from error
    if path is None or not tables:
        what = "tables (csv or tsv)" if path else "text that describes it"
        raise DocumentSyntaxError(
            f"the folder has no study, no RDF document, and no {what}.",
            where=Place(source=str(folder)),
            remedy="Add a README.md with a title and a text, and the tables it speaks of; or a study folder; or RDF.",
        )
    findings = Findings(str(path))
    text = _read(path)
    title, description = _title_and_text(text)
    if not title:
        title = folder.resolve().name
        findings.add(
            Severity.WARNING,
            "the text has no heading; the folder's name is the title",
            column="title",
            value=title,
            remedy="Begin it with a line '# Title'.",
        )
    if not description:
        description = title
        findings.add(Severity.WARNING, "there is no text but the title", column="description")
    licence = licence_in(text)
    if licence is None:
        findings.add(
            Severity.WARNING,
            "the text names no licence we know; it is described as unknown, with a reference to the text",
            column="licence",
            remedy="Name the licence in the text, for example 'CC BY 4.0'.",
        )
    subject = identifiers.dataset(dataset)
    public = spool_file(spool, dataset)
    with public.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(
            dataset_lines(
                identifiers,
                dataset,
                identifier=dataset,
                title=title,
                description=description,
                licence=licence or UNKNOWN_LICENCE,
                access=ACCESS_PUBLIC,
                publisher=publisher,
            )
        )
        if licence is None:
            rights = iri(f"{subject}#rights")
            out.write(triple(iri(subject), iri(DCT + "rights"), rights))
            out.write(triple(rights, iri(RDF_TYPE), iri(DCT + "RightsStatement")))
            words = f"The terms of use are those stated by the sources named in the description ({path.name})."
            out.write(triple(rights, iri(RDFS_LABEL), literal(words)))
        for table in tables:
            out.writelines(_distribution(table, subject, findings))
    return Draft(
        dataset=dataset,
        iri=subject,
        title=title,
        source=str(folder),
        public=public,
        records=None,
        samples=0,
        donors=0,
        locate=lambda about: Place(source=str(path), record=about),
        findings=findings.result(),
        inputs=(path, *tables),
    )


def _kind(path: Path) -> tuple[str, str] | None:
    """Media type and separator of a table file by its ending, None for any other file."""
    if path.name.endswith(MAPPINGS):
        return None
    return _TABLES.get(Path(path.name.removesuffix(".gz")).suffix.lower())


def _title_and_text(markdown: str) -> tuple[str, str]:
    """The first heading, and everything else as plain paragraphs."""
    title = ""
    lines: list[str] = []
    for line in markdown.splitlines():
        heading = _HEADING.fullmatch(line.strip())
        if heading and not title:
            title = plain_text(heading[1])
        else:
            lines.append(plain_text(heading[1] if heading else _BULLET.sub("", line, count=1)))
    return title, "\n".join(line for line in lines if line)


def _distribution(path: Path, dataset: str, findings: Findings) -> Iterator[str]:
    """The distribution that one table file is: name, media type, bytes, checksum, rows; the node serves no copy."""
    kind = _kind(path)
    assert kind is not None
    media_type, separator = kind
    name = f"{dataset}#{quote(path.name, safe='')}"
    subject, checksum, extent = iri(name), iri(f"{name}-checksum"), iri(f"{name}-extent")
    yield triple(iri(dataset), iri(DCAT + "distribution"), subject)
    yield triple(subject, iri(RDF_TYPE), iri(DCAT + "Distribution"))
    yield triple(subject, iri(DCT + "title"), literal(path.name))
    yield triple(subject, iri(DCAT + "accessURL"), iri(dataset))
    yield triple(subject, iri(DCAT + "mediaType"), iri(_MEDIA_TYPES + media_type))
    if path.name.endswith(".gz"):
        yield triple(subject, iri(DCAT + "compressFormat"), iri(_MEDIA_TYPES + "application/gzip"))
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        rows = _rows(path, separator)
    except csv.Error as error:
        rows = None
        findings.add(Severity.WARNING, "the rows of a table cannot be counted", record=path.name, value=str(error))
    except (OSError, EOFError, zlib.error) as error:
        raise DocumentSyntaxError(f"cannot be read: {error}.", where=Place(source=str(path))) from error
    yield triple(subject, iri(DCAT + "byteSize"), literal(str(size), datatype=XSD + "nonNegativeInteger"))
    yield triple(subject, iri(SPDX + "checksum"), checksum)
    yield triple(checksum, iri(RDF_TYPE), iri(SPDX + "Checksum"))
    yield triple(checksum, iri(SPDX + "algorithm"), iri(SPDX + "checksumAlgorithm_sha256"))
    yield triple(checksum, iri(SPDX + "checksumValue"), literal(digest, datatype=XSD + "hexBinary"))
    if rows is not None:
        yield triple(subject, iri(DCT + "extent"), extent)
        yield triple(extent, iri(RDF_TYPE), iri(DCT + "SizeOrDuration"))
        yield triple(extent, iri(RDF + "value"), literal(str(rows), datatype=XSD + "nonNegativeInteger"))
        yield triple(extent, iri(RDFS_LABEL), literal(f"{rows} rows"))


def _rows(path: Path, separator: str) -> int:
    """How many rows of data a table has, its header and blank lines left out. Raises csv.Error past a limit."""
    with _opened(path) as stream:
        # A tab-separated file has no quoting of its own: a lone quote in it must not swallow the lines that follow.
        if separator == ",":
            rows = csv.reader(_bounded(stream), delimiter=separator)
        else:
            rows = csv.reader(_bounded(stream), delimiter=separator, quoting=csv.QUOTE_NONE)
        return max(0, sum(1 for row in rows if any(row)) - 1)


def _opened(path: Path) -> BufferedIOBase:
    return gzip.open(path, "rb") if path.name.endswith(".gz") else path.open("rb")


def _bounded(stream: BufferedIOBase) -> Iterator[str]:
    """Lines as text, whatever the bytes; a file that unpacks to more than the limit is not counted."""
    size = 0
    while line := stream.readline(_LONGEST_TEXT):
        size += len(line)
        if size > _MOST_BYTES or len(line) == _LONGEST_TEXT:
            raise csv.Error("it is too large")
        yield line.decode("latin-1")


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _LONGEST_TEXT:
            raise DocumentSyntaxError(f"has more than {_LONGEST_TEXT} bytes.", where=Place(source=str(path)))
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise DocumentSyntaxError(
            f"cannot be read: {error.strerror or error}.", where=Place(source=str(path))
        ) from error
    if "\0" in text:
        raise DocumentSyntaxError(
            "the file is not a text in UTF-8 (it holds a zero byte).",
            where=Place(source=str(path)),
            remedy="Save it as text in UTF-8.",
        )
    return text
