"""Publishing and withdrawing: from paths to one atomic change of the store. Nothing half, nothing unjudged.

Each source (a document, a study) stands or falls as a whole; whatever passes goes into one change. Between reading and
changing, drafts lie in a temporary folder that is removed whatever happens.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from node.config import Identity
from node.errors import Conflict, DocumentSyntaxError, NotFound, Place, ProtocolError, Withdrawn
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.ontology.concepts import Vocabulary
from node.ontology.mappings import CodeMap
from node.ontology.releases import Release, releases
from node.publishing.candidates import (
    Candidate,
    against_register,
    report,
    with_version_checked,
    without_clashes,
)
from node.publishing.coder import Coder
from node.publishing.decisions import FILE as DECISIONS
from node.publishing.decisions import DecidingCoders, add_proposals, folder_of
from node.publishing.drafts import DatasetReport, Finding, Outcome, Report, Severity
from node.publishing.feed import Happening, Kind, extended
from node.publishing.profiles import HUB_ONLY, Profile
from node.publishing.provenance import Agent, catalogue, publication, withdrawal
from node.publishing.reading import Reader
from node.publishing.registry import FILE, Entry, Registry, State, find, read_registry, write_registry
from node.publishing.shacl import Broken
from node.publishing.sources import Source, find_sources
from node.publishing.spool import spool_folder
from node.publishing.statements import Organisation
from node.publishing.tally import CodingReport, Drafted, merged
from node.publishing.uncoded import uncoded_file, write_uncoded
from node.rdf.dataset import GraphScope
from node.rdf.formats import JSON, NTRIPLES
from node.sparql.executables import executables
from node.store.quads import Budget, Change, Generation, GraphContent, QuadStore

#: What reading back the provenance of one dataset may cost.
_PROVENANCE_BUDGET = Budget(seconds=20.0, memory_bytes=1_000_000_000, result_bytes=50_000_000)
#: How often a change is worked out anew because another process changed the node meanwhile.
ATTEMPTS = 5


@dataclass(frozen=True)
class NodeParts:
    """What publishing needs of a node. Without ``identity`` the catalogue gets the default title."""

    store: QuadStore
    identifiers: Identifiers
    vocabulary: Vocabulary
    codes: CodeMap
    identity: Identity | None = None

    @property
    def known_as(self) -> Identity:
        return self.identity or Identity(base_iri=self.identifiers.base)

    def agent(self, name: str) -> Agent:
        """Who changes this node: the organisation it names, and whoever was named with the command."""
        return Agent(organisation=bool(self.known_as.publisher), name=name.strip())

    def coder(self, *, proposing: bool = True) -> Coder:
        """What codes values with the releases installed here; ``proposing`` is as ``Coder`` has it."""
        installed = {release.name: release.version for release in releases(self.store)}
        return Coder(self.vocabulary, self.codes, releases=installed, proposing=proposing)


@dataclass(frozen=True)
class Making:
    """What provenance says of one command: when it began (``xsd:dateTime``), who gave it, and of an amendment what it
    amended."""

    started: str
    agent: Agent
    amended: str = ""


def publish(
    paths: Sequence[Path],
    *,
    node: NodeParts,
    mapping: Path | None = None,
    dry_run: bool = False,
    by: str = "",
    propose: bool = False,
    profile: Profile = HUB_ONLY,
    record: Callable[[Broken, Place], None] = lambda _broken, _place: None,
    progress: Callable[[str], None] = lambda _: None,
) -> Report:
    """Read, judge and publish what lies at these paths; ``dry_run`` leaves out the last step.

    ``mapping`` is the mapping file of all paths, which are then tables of one dataset. ``by`` is who publishes, for the
    provenance that everybody may read; '' names only the node's organisation. ``propose`` adds what is not coded with
    certainty to the tables of decisions beside the data. ``profile`` is what the descriptions are held to beside the
    hub's shapes; ``record`` takes each validation result.

    What is wrong with a partner's files is in the report, not raised. Raises StoreError and Conflict; the node is
    then as it was.
    """
    sources = find_sources(paths, mapping)
    return publish_sources(
        sources,
        node=node,
        dry_run=dry_run,
        by=by,
        propose=propose,
        profile=profile,
        record=record,
        progress=progress,
    )


def publish_sources(
    sources: Iterable[Source],
    *,
    node: NodeParts,
    dry_run: bool,
    by: str,
    propose: bool = False,
    profile: Profile = HUB_ONLY,
    record: Callable[[Broken, Place], None] = lambda _broken, _place: None,
    progress: Callable[[str], None],
) -> Report:
    """As ``publish`` does, for sources that have been found already."""
    started = now()
    with spool_folder() as folder:
        candidates: list[Candidate] = []
        findings: list[Finding] = []
        codings: dict[Path, list[CodingReport]] = {}
        reader = Reader(
            coders=DecidingCoders(node.coder()),
            identifiers=node.identifiers,
            vocabulary=node.vocabulary,
            publisher=Organisation.of(node.known_as),
            profile=profile,
            folder=folder,
            progress=progress,
        )
        for source, found in reader.each(list(sources)):
            candidates.extend(found.candidates)
            findings.extend(found.findings)
            for broken, place in found.broken:
                record(broken, place)
            coded = (candidate.draft.coding for candidate in found.candidates)
            beside = codings.setdefault(folder_of(source.named or source.path), [])
            beside.extend(report for report in coded if report is not None)
        candidates = without_clashes(candidates)
        if dry_run:
            return checked(candidates, findings, node)
        drafted = list(_proposed(codings, findings)) if propose else []
        done = _apply(candidates, findings, Making(started, node.agent(by)), node, progress)
        return replace(done, decisions=tuple(drafted))


def _proposed(codings: Mapping[Path, list[CodingReport]], findings: list[Finding]) -> Iterator[Drafted]:
    """Add proposals to the tables of decisions in these folders. What keeps one from being written is a finding."""
    for folder, reports in codings.items():
        try:
            drafted = add_proposals(folder, merged(reports))
        except DocumentSyntaxError:
            continue  # it has been said of the sources beside it
        except OSError as error:
            message = f"the table of decisions cannot be written: {error.strerror}; the report lists what it would hold"
            findings.append(Finding(Severity.WARNING, message, Place(source=str(folder / DECISIONS))))
        else:
            if drafted is not None:
                yield drafted


def withdraw(iri_or_slug: str, reason: str, node: NodeParts, *, by: str = "") -> Generation:
    """Take a dataset description back: its graphs go, a tombstone with the reason stays.

    ``iri_or_slug`` is the dataset's IRI or its identifier here, ``by`` as for ``publish``. When it has been done
    already for the same reason, nothing changes: the command can be given again after it was cut off. Raises NotFound,
    Withdrawn if that was for another reason, ProtocolError for an empty reason, Conflict and StoreError.
    """
    if not reason.strip():
        raise ProtocolError("a withdrawal needs a reason.", remedy="Say why, for those who look for the description.")
    for attempt in range(ATTEMPTS):
        generation = node.store.generation()
        registry = read_registry(node.store.file(FILE))
        entry = entry_of(registry, iri_or_slug, node)
        if entry.state is State.WITHDRAWN:
            if entry.reason == reason.strip():
                return generation
            raise withdrawn(entry)
        gone = replace(entry, state=State.WITHDRAWN, withdrawn=now(), reason=reason.strip())
        before = dict(registry)
        registry[entry.dataset] = gone
        history = _history(entry.dataset, node) + withdrawal(gone, node.agent(by), node.identifiers).encode("utf-8")
        graphs = [node.identifiers.graph(entry.dataset)]
        if entry.restricted:
            graphs.append(node.identifiers.records_graph(entry.dataset))
        change = Change(
            put=(_provenance(entry.dataset, history, node), _catalogue(registry, node)),
            remove=tuple(graphs),
            files={
                FILE: write_registry(registry),
                uncoded_file(entry.dataset): None,
                **_feed([Happening(Kind.DELETED, gone)], before, node),
            },
            base=generation.number,
        )
        try:
            return node.store.apply(change)
        except Conflict:
            if attempt == ATTEMPTS - 1 or node.store.generation().number == generation.number:
                raise
    raise AssertionError("unreachable")


def entry_of(registry: Registry, iri_or_slug: str, node: NodeParts) -> Entry:
    """The entry with this IRI, address here or identifier; also of what was withdrawn. Raises NotFound."""
    entry = find(registry, iri_or_slug) or _addressed(registry, iri_or_slug, node)
    if entry is None:
        raise NotFound(
            f"nothing called {iri_or_slug!r} is published here.", remedy="Give its IRI, as the catalogue lists it."
        )
    return entry


def _addressed(registry: Registry, iri: str, node: NodeParts) -> Entry | None:
    """The entry with this address here, which of a foreign dataset is not its IRI."""
    name = node.identifiers.name(iri)
    return registry.get(name) if name is not None and node.identifiers.description(name) == iri else None


def withdrawn(entry: Entry) -> Withdrawn:
    """The error that a withdrawn description answers with."""
    return Withdrawn(
        f"the description of {entry.iri} was withdrawn on {(entry.withdrawn or '')[:10]}: {entry.reason}",
        reason=entry.reason,
        when=entry.withdrawn,
    )


def checked(candidates: Iterable[Candidate], findings: list[Finding], node: NodeParts) -> Report:
    registry = read_registry(node.store.file(FILE))
    reports = []
    for candidate in candidates:
        against = against_register(registry, candidate)
        told = candidate if against is None else replace(candidate, findings=(*candidate.findings, against))
        reports.append(report(told, Outcome.REJECTED if told.fell else Outcome.CHECKED))
    return Report(tuple(reports), tuple(findings), node.store.generation().number)


def _apply(
    candidates: list[Candidate],
    findings: list[Finding],
    making: Making,
    node: NodeParts,
    progress: Callable[[str], None],
) -> Report:
    used = releases(node.store)
    for attempt in range(ATTEMPTS):
        generation = node.store.generation()
        registry = read_registry(node.store.file(FILE))
        reports, change = change_for(candidates, registry, making, used, node)
        if change is not None:
            progress(f"storing {len([r for r in reports if r.outcome is Outcome.PUBLISHED])} datasets")
            try:
                generation = node.store.apply(replace(change, base=generation.number))
            except Conflict:
                if attempt == ATTEMPTS - 1 or node.store.generation().number == generation.number:
                    raise
                continue
        return Report(tuple(reports), tuple(findings), generation.number)
    raise AssertionError("unreachable")


def change_for(
    candidates: list[Candidate],
    registry: dict[str, Entry],
    making: Making,
    used: list[Release],
    node: NodeParts,
) -> tuple[list[DatasetReport], Change | None]:
    """What becomes of each candidate, and the one change that makes it so; None when there is nothing to change."""
    before = dict(registry)
    moment = now()
    put: list[GraphContent] = []
    remove: list[str] = []
    waiting: dict[str, bytes | Path | None] = {}
    happenings: list[Happening] = []
    reports: list[DatasetReport] = []
    for candidate in candidates:
        draft = candidate.draft
        against = against_register(before, candidate)
        if against is not None or candidate.fell:
            findings = (*candidate.findings, *([against] if against else []))
            reports.append(report(replace(candidate, findings=findings), Outcome.REJECTED))
            continue
        old = before.get(draft.dataset)
        if not making.amended:  # what was read back was coded before; the partner's words are not in it
            waiting |= _uncoded(draft.dataset, draft.coding, node)
        if old is not None and old.content == candidate.content:
            reports.append(report(candidate, Outcome.UNCHANGED, old))
            continue
        entry = Entry(
            dataset=draft.dataset,
            iri=draft.iri,
            title=draft.title,
            content=candidate.content,
            state=State.PUBLISHED,
            issued=old.issued if old else moment,
            modified=moment,
            samples=draft.samples,
            donors=draft.donors,
            restricted=draft.records is not None,
            version=candidate.version or str(old.revision + 1 if old else 1),
            revision=old.revision + 1 if old else 1,
            digest=candidate.digest,
            origin=draft.origin,
        )
        registry[draft.dataset] = entry
        happenings.append(Happening(Kind.UPDATED if old else Kind.CREATED, entry))
        put.append(GraphContent(node.identifiers.graph(draft.dataset), Tier.PUBLIC, draft.public))
        records = node.identifiers.records_graph(draft.dataset)
        if draft.records is not None:
            put.append(GraphContent(records, Tier.CONTROLLED, draft.records))
        elif old is not None and old.restricted:
            remove.append(records)
        said = publication(
            entry,
            old,
            inputs=candidate.inputs,
            started=making.started,
            releases=used,
            agent=making.agent,
            amended=making.amended,
            identifiers=node.identifiers,
            decisions=draft.decisions.statements(),
        )
        history = _history(draft.dataset, node) if old is not None else b""
        put.append(_provenance(draft.dataset, history + said.encode("utf-8"), node))
        reports.append(report(with_version_checked(candidate, old), Outcome.PUBLISHED, entry))
    if not put:
        return reports, Change(files=waiting) if waiting else None
    put.append(_catalogue(registry, node))
    queries = executables(node.identifiers.base)
    put.append(GraphContent(node.identifiers.queries_graph, Tier.PUBLIC, queries))
    files = {FILE: write_registry(registry), **waiting, **_feed(happenings, before, node)}
    return reports, Change(put=tuple(put), remove=tuple(remove), files=files)


def _uncoded(dataset: str, coding: CodingReport | None, node: NodeParts) -> dict[str, bytes | Path | None]:
    """What no release could code in a dataset, as a file to write; nothing if the node has kept just that."""
    name = uncoded_file(dataset)
    content = write_uncoded(coding) if coding is not None else None
    return {} if node.store.file(name) == content else {name: content}


def _feed(happenings: list[Happening], before: Registry, node: NodeParts) -> dict[str, bytes]:
    return extended(happenings, before, node.store.file, node.identifiers)


def _history(dataset: str, node: NodeParts) -> bytes:
    """The provenance of a dataset so far, as N-Triples."""
    with node.store.query(
        "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }",
        scope=GraphScope(default=(node.identifiers.provenance_graph(dataset),)),
        formats=(JSON, NTRIPLES),
        budget=_PROVENANCE_BUDGET,
    ) as answer:
        return b"".join(answer)


def _provenance(dataset: str, content: bytes, node: NodeParts) -> GraphContent:
    distinct = b"".join(sorted(set(content.splitlines(keepends=True))))
    return GraphContent(node.identifiers.provenance_graph(dataset), Tier.PUBLIC, distinct)


def _catalogue(registry: Registry, node: NodeParts) -> GraphContent:
    content = catalogue(registry, node.known_as, node.identifiers)
    return GraphContent(node.identifiers.catalog_graph, Tier.PUBLIC, content)


def now() -> str:
    return dt.datetime.now(dt.UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
