"""Makes a release of a workspace: one new folder with everything that goes out, or nothing.

``releases/<version>/`` holds the ontology as RDF/XML, Turtle, N-Triples, JSON-LD, OBO graph and OBO format, its mapping
sets, what has changed since the release before (Markdown, KGCL, TSV), the changelog of all releases, where it comes
from (PROV-O), a page for each term, and ``release.json`` with versions, checks and the SHA-256 of each file. The same
workspace, date and version make the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from pyoxigraph import CanonicalizationAlgorithm, Dataset, NamedNode, Quad, RdfFormat, Triple, parse, serialize

from node.curation.checking import check
from node.curation.content import Content, content_of, read_content
from node.curation.demand import Queue
from node.curation.differences import Difference, compare, kind_of, text_of
from node.curation.findings import ORDER
from node.curation.kgcl import as_commands, as_lines, as_markdown, as_tsv, counted, shortener
from node.curation.obographs import as_obo, as_obograph
from node.curation.pages import Site
from node.curation.reasoning import Reasoner
from node.curation.release_record import Planned, Verdict, provenance, record_of, version_iri
from node.curation.settings import Vocabulary
from node.curation.versions import check_version, latest, next_version
from node.curation.workspace import RELEASES, Workspace
from node.curation.writing import written
from node.errors import Conflict, CurationError, NotFound, Place
from node.rdf.namespaces import DCT, OBO, OWL, PREFIXES, XSD
from node.rdf.terms import iri, literal, triple

RECORD = "release.json"
CHANGES = "CHANGES.md"
CHANGELOG = "CHANGELOG.md"
PAGES = "docs"
MAPPINGS = "mappings"
_FORMATS = {"owl": RdfFormat.RDF_XML, "ttl": RdfFormat.TURTLE, "jsonld": RdfFormat.JSON_LD}
_WORDS_ON_INDEX = 200
#: What the Information Artifact Ontology calls the annotations that every term has.
_IAO = {
    f"{OBO}IAO_{number}": label
    for number, label in (
        ("0000114", "has curation status"),
        ("0000115", "definition"),
        ("0000117", "term editor"),
        ("0000119", "definition source"),
        ("0000120", "metadata complete"),
        ("0000122", "ready for release"),
        ("0000125", "pending final vetting"),
    )
}


@dataclass(frozen=True)
class Made:
    """A release on disk. ``digest`` is the SHA-256 of the ontology as canonical N-Triples."""

    folder: Path
    version: str
    digest: str
    files: Mapping[str, str] = field(repr=False)


def released_versions(workspace: Workspace) -> list[str]:
    """The versions that have been released, as their folders are called."""
    folder = workspace.folder / RELEASES
    return sorted(p.name for p in folder.iterdir() if (p / RECORD).is_file()) if folder.is_dir() else []


def last_release(workspace: Workspace) -> str | None:
    """The latest version that was released, None before the first."""
    return latest(released_versions(workspace))


def release_folder(workspace: Workspace, version: str) -> Path:
    """The folder of a release. Raises NotFound."""
    folder = workspace.folder / RELEASES / version
    if not (folder / RECORD).is_file():
        known = ", ".join(released_versions(workspace)) or "none"
        raise NotFound(f"there is no release {version[:60]!r} here.", remedy=f"Released: {known}.")
    return folder


def release_content(workspace: Workspace, version: str) -> Content:
    """What a release says. Raises NotFound."""
    return read_content(release_folder(workspace, version) / f"{workspace.settings.vocabulary.name}.nt")


def changes_since(workspace: Workspace, version: str | None) -> tuple[Difference, Content]:
    """What has changed in the workspace since a release (None: everything is new), and what the workspace says."""
    now = content_of(workspace.triples(), source=str(workspace.folder))
    before = release_content(workspace, version) if version else content_of(b"")
    return between(workspace, before, now), now


def between(workspace: Workspace, before: Content, after: Content) -> Difference:
    """What has changed, told with the prefix of the workspace and the names of what it hangs under."""
    made = workspace.settings.vocabulary
    return compare(before, after, prefixes={made.prefix: made.namespace}, names=foreign_names(workspace, after, before))


def checked(
    workspace: Workspace, reasoner: Reasoner | None, progress: Callable[[str], None] = lambda _: None
) -> Verdict:
    """What all checks of the workspace say; without a reasoner, those that need none. Raises what they raise."""
    report = check(workspace, reasoner, progress)
    errors = (one for one in report.findings if one.severity == ORDER[0])
    return Verdict(
        errors=tuple(f"{one.rule}: {one.label or one.subject}: {one.message} ({one.place})" for one in errors),
        warnings=report.counts["warn"],
        reasoner="HermiT" if reasoner is not None else "",
    )


def foreign_names(workspace: Workspace, *contents: Content) -> dict[str, str]:
    """Labels of what these only refer to: classes of the releases that the vocabulary hangs under."""
    known = workspace.base_terms.labels
    referred = {value[1:-1] for content in contents for _, _, value in content.statements if isinstance(value, str)}
    return _IAO | {iri_: known[iri_] for iri_ in referred if iri_ in known}


def plan(
    workspace: Workspace,
    *,
    version: str | None,
    day: str | None,
    judge: Callable[[Workspace], Verdict],
) -> Planned:
    """Check everything that can keep a release from being made; nothing is written.

    ``judge`` gives the verdict of the checks. ``version`` None takes the next one that the changes ask for, ``day``
    (ISO 8601) None the day of ``SOURCE_DATE_EPOCH`` or today. Raises Conflict when nothing has changed or the version
    is taken or too early, CurationError when the checks found errors.
    """
    previous = last_release(workspace)
    difference, _ = changes_since(workspace, previous)
    if not difference:
        raise Conflict(
            f"nothing has changed since {previous}." if previous else "the workspace is empty.",
            where=Place(source=str(workspace.folder)),
            remedy="Add terms first: onconode curate --help.",
        )
    chosen = version or next_version(previous, difference.changes)
    if (workspace.folder / RELEASES / chosen).exists():
        raise Conflict(f"{chosen} has been released, and a release never changes.", remedy="Give a later version.")
    check_version(chosen, previous, difference.changes)
    when = _day(day)
    verdict = judge(workspace)
    if verdict.errors:
        more = f"\n  … and {len(verdict.errors) - 10} more" if len(verdict.errors) > 10 else ""
        listed = "".join(f"\n  {error}" for error in verdict.errors[:10])
        raise CurationError(
            f"the checks found {counted(len(verdict.errors), 'error')}:{listed}{more}",
            remedy="Correct them first; onconode curate check explains each.",
        )
    triples = _with_header(workspace, chosen, previous, when)
    content = content_of(serialize(triples, format=RdfFormat.N_TRIPLES) or b"")
    return Planned(chosen, previous, when, difference, content, triples, verdict)


def make(workspace: Workspace, planned: Planned, *, by: str = "") -> Made:
    """Write the release and note in the queue of demand what it serves. ``by`` is who releases it.

    Raises Conflict when the folder cannot be written or has come into being meanwhile; nothing is left then.
    """
    target = workspace.folder / RELEASES / planned.version
    partial = target.with_name(f".{planned.version}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        digest = hashlib.sha256(_canonical(planned.triples)).hexdigest()
        for name, content in _files(workspace, planned, digest, by):
            path = partial / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        files = {
            str(path.relative_to(partial)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(partial.rglob("*"))
            if path.is_file()
        }
        record = record_of(workspace.settings.vocabulary, planned, digest, files, by)
        (partial / RECORD).write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        if target.exists():
            raise Conflict(f"{planned.version} was released meanwhile.", remedy="Give a later version.")
        partial.rename(target)
    except OSError as error:
        raise Conflict(f"the release cannot be written: {error.strerror}.", where=Place(source=str(target))) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Made(target, planned.version, digest, files)


def note_in_queue(workspace: Workspace) -> list[str]:
    """Note in the queue which wishes the releases of the workspace serve; the ids of those that are new.

    Done over all releases, so that what was cut off after a release is made good by the next call.
    """
    queue = Queue.open(workspace.folder)
    noted: list[str] = []
    for version in sorted(released_versions(workspace), key=lambda v: [int(p) for p in v.replace("-", ".").split(".")]):
        terms = {i for i, said in release_content(workspace, version).by_subject.items() if kind_of(said)}
        noted += [wish.id for wish in queue.released(workspace.settings.vocabulary.name, version, terms)]
    if noted:
        queue.save()
    return noted


def _day(given: str | None) -> str:
    if given is not None:
        try:
            return date.fromisoformat(given).isoformat()
        except ValueError:
            raise Conflict(f"{given[:40]!r} is no date.", remedy="Write it as 2026-12-01.") from None
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    moment = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdecimal() else datetime.now(UTC)
    return moment.date().isoformat()


def _with_header(workspace: Workspace, version: str, previous: str | None, day: str) -> tuple[Triple, ...]:
    """The triples of the workspace, its ontology saying which version it is, in an order that nothing changes."""
    made = workspace.settings.vocabulary
    ontology = NamedNode(made.ontology)
    replaced = {OWL + "versionIRI", OWL + "versionInfo", OWL + "priorVersion", DCT + "issued", DCT + "modified"}
    kept = (
        quad.triple
        for quad in parse(workspace.triples(), RdfFormat.N_TRIPLES)
        if not (quad.subject == ontology and quad.predicate.value in replaced)
    )
    subject = iri(made.ontology)
    header = [
        triple(subject, iri(OWL + "versionIRI"), iri(version_iri(made, version))),
        triple(subject, iri(OWL + "versionInfo"), literal(version)),
        triple(subject, iri(DCT + "modified"), literal(day, datatype=XSD + "date")),
    ]
    if previous:
        header.append(triple(subject, iri(OWL + "priorVersion"), iri(version_iri(made, previous))))
    dataset = Dataset(parse("".join(header), RdfFormat.N_TRIPLES))
    for each in kept:
        dataset.add(Quad(each.subject, each.predicate, each.object))
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return tuple(sorted((quad.triple for quad in dataset), key=str))


def _canonical(triples: tuple[Triple, ...]) -> bytes:
    return serialize(triples, format=RdfFormat.N_TRIPLES) or b""


def _files(workspace: Workspace, planned: Planned, digest: str, by: str) -> Iterator[tuple[str, bytes]]:
    made = workspace.settings.vocabulary
    prefixes = {**PREFIXES, made.prefix: made.namespace}
    yield f"{made.name}.nt", _canonical(planned.triples)
    for ending, form in _FORMATS.items():
        yield f"{made.name}.{ending}", written(planned.triples, form, prefixes)
    graph = as_obograph(planned.content, ontology=made.ontology, version_iri=version_iri(made, planned.version))
    yield f"{made.name}.json", graph.encode("utf-8")
    yield f"{made.name}.obo", as_obo(planned.content, version=planned.version, vocabulary=made).encode("utf-8")
    for path in workspace.mappings():
        yield f"{MAPPINGS}/{path.name}", path.read_bytes()
    heading = f"{planned.version} ({planned.date})"
    changes = as_markdown(planned.difference, title=heading, level=2)
    yield CHANGES, changes.encode("utf-8")
    yield "changes.kgcl", as_commands(planned.difference).encode("utf-8")
    yield "changes.tsv", as_tsv(planned.difference).encode("utf-8")
    yield CHANGELOG, (f"# Changelog of {made.title}\n\n{changes}\n{_earlier(workspace, planned)}").encode()
    yield "provenance.ttl", provenance(workspace, planned, digest, by)
    site = Site(
        planned.content,
        title=made.title,
        description=_description(planned.content, made),
        version=planned.version,
        date=planned.date,
        licence=made.licence,
        namespace=made.namespace,
        foreign=foreign_names(workspace, planned.content),
        short=shortener(planned.difference),
    )
    words = as_lines(planned.difference, most=_WORDS_ON_INDEX)
    downloads = [f"{made.name}.{ending}" for ending in ("owl", "ttl", "nt", "jsonld", "json", "obo")]
    mappings = [f"{MAPPINGS}/{path.name}" for path in workspace.mappings()]
    for name, text in site.pages(
        changes=[line.strip() for line in words], downloads=[*downloads, *mappings, CHANGELOG, RECORD]
    ):
        yield f"{PAGES}/{name}", text.encode("utf-8")


def _earlier(workspace: Workspace, planned: Planned) -> str:
    """The entries of the changelog of the release before."""
    if planned.previous is None:
        return ""
    text = (release_folder(workspace, planned.previous) / CHANGELOG).read_text(encoding="utf-8")
    return text[text.index("\n## ") + 1 :] if "\n## " in text else ""


def _description(content: Content, made: Vocabulary) -> str:
    said = content.by_subject.get(made.ontology, {})
    return next((text_of(value) for value in said.get(DCT + "description", ())), made.title)
