"""What the paths of one ``publish`` are: documents, tables, study folders, partner folders; each read into drafts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from glob import glob
from pathlib import Path

from node.errors import DocumentSyntaxError, InvalidRequest, Place, ProtocolError, RequestTooLarge
from node.model.identifiers import Identifiers
from node.publishing.biobanks import read_directory
from node.publishing.coder import Coder
from node.publishing.decisions import DecidingCoders, decision_files
from node.publishing.directory import is_directory
from node.publishing.documents import read_document
from node.publishing.drafts import Draft, Finding, Severity
from node.publishing.rml import run_rml
from node.publishing.splitting import NOTHING
from node.publishing.statements import Organisation
from node.publishing.studies import is_study, read_folder_description, read_study
from node.publishing.tabular.mapping import SUFFIX
from node.publishing.tabular.read import is_table, mapping_beside, read_table
from node.rdf.formats import JSONLD, RDFXML, format_of_file

# Endings that name an RDF format, but more often something else: in a folder such a file has to prove itself.
_DOUBTFUL = {**dict.fromkeys((".json", ".ndjson", ".jsonl"), b'"@context"'), ".xml": b"rdf:RDF"}
_HEAD = 65_536


@dataclass(frozen=True)
class Source:
    """One thing that is read on its own, found under the path ``named`` on the command line (None: it is that path).

    ``stray``: it was found in a folder, not named, so it may be no dataset. A table has a ``mapping`` file; ``more``
    are further tables of the same dataset. ``origin`` is whose catalogue it was harvested from ('' for the partner's
    own), ``called`` what people call it if that is not its path, ``inputs`` the files that it was made from if not that
    one. ``engine`` is the Python that runs an RML mapping.
    """

    path: Path
    kind: str
    stray: bool = False
    mapping: Path | None = None
    more: tuple[Path, ...] = ()
    origin: str = ""
    called: str = ""
    inputs: tuple[Path, ...] = ()
    named: Path | None = None
    engine: str = ""

    @property
    def files(self) -> tuple[Path, ...]:
        """The files and folders that it is read from."""
        return (self.path, *self.more, *([self.mapping] if self.mapping else []))

    @property
    def name(self) -> str:
        """What it is called in findings."""
        return self.called or str(self.path)


@dataclass(frozen=True)
class Reading:
    """What one source holds: drafts, and findings that belong to none of them.

    All drafts stand or fall together, unless they are ``apart``: the entries of somebody's directory.
    """

    source: Source
    drafts: tuple[Draft, ...]
    findings: tuple[Finding, ...]
    apart: bool = False


def find_sources(paths: Sequence[Path], mapping: Path | None = None) -> Iterator[Source]:
    """The sources that these paths mean, in order: a file, a study folder, or what lies in a partner's folder.

    A path may be a pattern such as ``2024-*.csv``. A folder with neither studies, nor RDF documents, nor tables that
    have a mapping file is itself a source: the export of a biobank directory, or described by its text and its tables.
    With a ``mapping`` all paths are tables of one dataset. Raises ProtocolError when a path leads to nothing, or to
    something else than tables.
    """
    matching = [path for pattern in paths for path in _matching(pattern)]
    named = [path for path in matching if not path.name.endswith(SUFFIX) and not _is_decisions(path)]
    if mapping is not None:
        first, *more = find_tables(named)
        yield Source(first, "table", mapping=mapping, more=tuple(more))
        return
    if not named:
        raise ProtocolError(
            "a mapping file alone describes no dataset.",
            where=Place(source=str(matching[0])),
            remedy="Name the table that it is for.",
        )
    for path in named:
        if not path.is_dir():
            tabular = is_table(path)
            yield Source(path, "table", mapping=mapping_beside(path)) if tabular else Source(path, "document")
        elif is_study(path):
            yield Source(path, "study")
        else:
            children = sorted(path.iterdir())
            found = [Source(child, "study", named=path) for child in children if child.is_dir() and is_study(child)]
            found += [Source(child, "document", stray=True, named=path) for child in children if _is_document(child)]
            found += [
                Source(child, "table", mapping=mapping_beside(child), named=path)
                for child in children
                if _is_mapped(child)
            ]
            yield from found or [Source(path, "directory" if is_directory(path) else "folder")]


def rml_sources(paths: Sequence[Path], engine: str) -> Iterator[Source]:
    """The RML mappings at these paths, each a source. Raises ProtocolError for a path that leads to nothing."""
    for path in (path for pattern in paths for path in _matching(pattern)):
        yield Source(path, "rml", engine=engine)


def read_source(
    source: Source,
    *,
    identifiers: Identifiers,
    coders: DecidingCoders,
    publisher: Organisation | str,
    spool: Path,
) -> Reading:
    """Read one source. What keeps it from being read at all becomes a finding."""
    try:
        _refuse_special(source.path)
        named = source.named or source.path
        coder = coders.beside(source.path, named)
        if source.kind == "study":
            draft = read_study(
                source.path,
                identifiers=identifiers,
                coder=coder,
                spool=spool,
                publisher=publisher,
            )
            draft.inputs = (*draft.inputs, *decision_files(source.path, named))
            return Reading(source, (draft,), ())
        if source.kind == "folder":
            draft = read_folder_description(source.path, identifiers=identifiers, spool=spool, publisher=publisher)
            return Reading(source, (draft,), ())
        if source.kind == "directory":
            found = read_directory(source.path, identifiers=identifiers, vocabulary=coder.vocabulary, spool=spool)
            return Reading(source, tuple(found[0]), tuple(found[1]), apart=True)
        if source.mapping is not None:
            draft = _read_table(
                source,
                source.mapping,
                identifiers=identifiers,
                coder=coder,
                spool=spool,
                publisher=publisher,
            )
            draft.inputs = (*draft.inputs, *decision_files(source.path, named))
            return Reading(source, (draft,), ())
        if source.kind == "rml":
            return _read_rml(source, identifiers=identifiers, spool=spool)
        read = read_document(source.path, identifiers, spool, called=source.called, foreign=bool(source.origin))
    except (InvalidRequest, RequestTooLarge) as error:
        return Reading(source, (), (_finding(error, source),))
    if source.stray and not read.drafts and [f.message for f in read.findings] == [NOTHING]:
        # a document in a partner's folder that describes no dataset is left alone, and said to be
        (finding,) = read.findings
        left = Finding(Severity.WARNING, f"left out: {finding.message}", finding.where, remedy=finding.remedy)
        return Reading(source, (), (left,))
    if source.origin:
        drafts = tuple(replace(draft, origin=source.origin, inputs=source.inputs) for draft in read.drafts)
        return Reading(source, drafts, read.findings, apart=True)
    return Reading(source, read.drafts, read.findings)


def _refuse_special(path: Path) -> None:
    """Raise DocumentSyntaxError for a pipe, a socket or a device: reading one may never end."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise DocumentSyntaxError(
            "this is neither a file nor a folder.",
            where=Place(source=str(path)),
            remedy="Write what comes out of it into a file, and publish that.",
        )


def _matching(pattern: Path) -> list[Path]:
    """The path itself, or what a pattern matches, in the order of names."""
    if pattern.exists():
        return [pattern]
    found = [Path(name) for name in sorted(glob(str(pattern)))]  # noqa: PTH207 - it may begin anywhere
    if not found:
        raise ProtocolError(f"there is no {str(pattern)!r}.", remedy="Check the path.")
    return found


def find_tables(paths: Sequence[Path]) -> list[Path]:
    """The tables that these paths mean; a folder means those in it. Raises ProtocolError for what is no table."""
    tables: list[Path] = []
    for path in (path for pattern in paths for path in _matching(pattern)):
        if path.is_dir():
            tables += sorted(child for child in path.iterdir() if is_table(child) and not _is_decisions(child))
        else:
            tables.append(path)
    for path in tables:
        if not is_table(path):
            raise ProtocolError(
                "a mapping is for tables, and this is none.",
                where=Place(source=str(path)),
                remedy="Name tables only; publish other files on their own.",
            )
    if not tables:
        raise ProtocolError("there is no table here.", where=Place(source=str(paths[0]) if paths else None))
    return tables


def _is_decisions(path: Path) -> bool:
    return path.name.endswith(".sssom.tsv")


def _is_mapped(path: Path) -> bool:
    return path.is_file() and is_table(path) and mapping_beside(path).is_file()


def _read_table(
    source: Source,
    mapping: Path,
    *,
    identifiers: Identifiers,
    coder: Coder,
    spool: Path,
    publisher: Organisation | str,
) -> Draft:
    if not mapping.is_file():
        raise DocumentSyntaxError(
            f"the table has no mapping file ({mapping.name} beside it), which says what its columns mean.",
            where=Place(source=str(source.path)),
            remedy=f"Let one be drafted: onconode publish {source.path} --suggest.",
        )
    return read_table(
        (source.path, *source.more),
        mapping,
        identifiers=identifiers,
        coder=coder,
        spool=spool,
        publisher=publisher,
    )


def _read_rml(source: Source, *, identifiers: Identifiers, spool: Path) -> Reading:
    """What an RML mapping makes; places are the resources that it makes, because no text has them."""
    made, files = run_rml(source.path, python=source.engine, spool=spool)
    read = read_document(made, identifiers, spool, called=source.name)

    def locate(iri: str) -> Place:
        return Place(source=source.name, record=iri)

    drafts = (replace(draft, locate=locate, inputs=(source.path, *files)) for draft in read.drafts)
    return Reading(source, tuple(drafts), read.findings)


def _is_document(path: Path) -> bool:
    if not path.is_file() or (form := format_of_file(path.name)) is None:
        return False
    proof = _DOUBTFUL.get(Path(path.name.removesuffix(".gz")).suffix.lower())
    if proof is None or form not in (JSONLD, RDFXML) or path.name.endswith(".gz"):
        return True
    with path.open("rb") as stream:
        return proof in stream.read(_HEAD)


def _finding(error: InvalidRequest | RequestTooLarge, source: Source) -> Finding:
    where = error.where or Place(source=source.name)
    return Finding(Severity.VIOLATION, error.detail.rstrip("."), where, remedy=error.remedy)
