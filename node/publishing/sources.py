"""What the paths of one ``publish`` are: documents, study folders, partner folders; each read into drafts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from node.errors import InvalidRequest, Place, RequestTooLarge
from node.model.identifiers import Identifiers
from node.publishing.biobanks import read_directory
from node.publishing.coder import Coder
from node.publishing.directory import is_directory
from node.publishing.documents import read_document
from node.publishing.drafts import Draft, Finding, Severity
from node.publishing.splitting import NOTHING
from node.publishing.studies import is_study, read_folder_description, read_study
from node.rdf.formats import JSONLD, RDFXML, format_of_file

# Endings that name an RDF format, but more often something else: in a folder such a file has to prove itself.
_DOUBTFUL = {".json": b'"@context"', ".xml": b"rdf:RDF"}
_HEAD = 65_536


@dataclass(frozen=True)
class Source:
    """One thing that is read on its own. ``stray``: it was found in a folder, not named, so it may be no dataset."""

    path: Path
    kind: str
    stray: bool = False


@dataclass(frozen=True)
class Reading:
    """What one source holds: drafts, and findings that belong to none of them.

    All drafts stand or fall together, unless they are ``apart``: the entries of somebody's directory.
    """

    source: Source
    drafts: tuple[Draft, ...]
    findings: tuple[Finding, ...]
    apart: bool = False


def find_sources(paths: Sequence[Path]) -> Iterator[Source]:
    """The sources that these paths mean, in order: a file, a study folder, or what lies in a partner's folder.

    A folder with neither studies nor RDF documents is itself a source: the export of a biobank directory, or described
    by its text and its tables.
    """
    for path in paths:
        if not path.is_dir():
            yield Source(path, "document")
        elif is_study(path):
            yield Source(path, "study")
        else:
            children = sorted(path.iterdir())
            found = [Source(child, "study") for child in children if child.is_dir() and is_study(child)]
            found += [Source(child, "document", stray=True) for child in children if _is_document(child)]
            yield from found or [Source(path, "directory" if is_directory(path) else "folder")]


def read_source(
    source: Source,
    *,
    identifiers: Identifiers,
    coder: Coder,
    publisher: str,
    spool: Path,
) -> Reading:
    """Read one source. What keeps it from being read at all becomes a finding."""
    try:
        if source.kind == "study":
            draft = read_study(
                source.path,
                identifiers=identifiers,
                coder=coder,
                spool=spool,
                publisher=publisher,
            )
            return Reading(source, (draft,), ())
        if source.kind == "folder":
            draft = read_folder_description(source.path, identifiers=identifiers, spool=spool, publisher=publisher)
            return Reading(source, (draft,), ())
        if source.kind == "directory":
            found = read_directory(source.path, identifiers=identifiers, vocabulary=coder.vocabulary, spool=spool)
            return Reading(source, tuple(found[0]), tuple(found[1]), apart=True)
        read = read_document(source.path, identifiers, spool)
    except (InvalidRequest, RequestTooLarge) as error:
        return Reading(source, (), (_finding(error, source),))
    if source.stray and not read.drafts and [f.message for f in read.findings] == [NOTHING]:
        # a document in a partner's folder that describes no dataset is left alone, and said to be
        (finding,) = read.findings
        left = Finding(Severity.WARNING, f"left out: {finding.message}", finding.where, remedy=finding.remedy)
        return Reading(source, (), (left,))
    return Reading(source, read.drafts, read.findings)


def _is_document(path: Path) -> bool:
    if not path.is_file() or (form := format_of_file(path.name)) is None:
        return False
    proof = _DOUBTFUL.get(Path(path.name.removesuffix(".gz")).suffix.lower())
    if proof is None or form not in (JSONLD, RDFXML) or path.name.endswith(".gz"):
        return True
    with path.open("rb") as stream:
        return proof in stream.read(_HEAD)


def _finding(error: InvalidRequest | RequestTooLarge, source: Source) -> Finding:
    where = error.where or Place(source=str(source.path))
    return Finding(Severity.VIOLATION, error.detail.rstrip("."), where, remedy=error.remedy)
