"""Migrating: codes that are no longer in force become those in their place, in new versions of published descriptions.

Whole descriptions or none of each; what was written before is kept: as ``onco:sourceCode`` where a sample has none, in
the comments of the mappings it was coded by, and as the replacements that the provenance of the new version names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import groupby
from pathlib import Path

from node.errors import Conflict, DocumentSyntaxError, Place
from node.model.identifiers import Identifiers
from node.ontology.branches import BRANCHES, DIAGNOSIS
from node.ontology.code_systems import code_name
from node.ontology.concepts import Vocabulary
from node.ontology.correspondences import PREDICATES, Correspondence
from node.ontology.drift import REPLACED_BY
from node.ontology.releases import releases
from node.ontology.sssom import MANUAL
from node.publishing.candidates import Candidate, judged
from node.publishing.drafts import DatasetReport, Draft, Finding, Outcome
from node.publishing.drift import Drifted, drifted
from node.publishing.excerpt import sorted_lines
from node.publishing.ntriples import bare, split_line
from node.publishing.provenance import version_iri
from node.publishing.publish import ATTEMPTS, Making, NodeParts, change_for, checked, entry_of, now, withdrawn
from node.publishing.registry import FILE, Entry, State, read_registry
from node.publishing.sources import Reading, Source
from node.publishing.spool import spool_folder
from node.publishing.statements import spool_file
from node.rdf.dataset import GraphScope
from node.rdf.formats import JSON, NTRIPLES
from node.rdf.namespaces import ONCO, OWL, PROV, RDF_TYPE, RDFS, SEMAPV, SSSOM, shorten
from node.rdf.terms import iri, literal, triple
from node.store.quads import Budget, Generation, GraphContent
from node.store.temporary import from_writing, unwritable

_READING = Budget(seconds=600.0, memory_bytes=2_000_000_000, result_bytes=1 << 40)
#: Up to so many triples a description is held in memory to be judged.
_WHOLE = 200_000
_SOURCE = "migration"
_TYPE = f"<{RDF_TYPE}>"
_SOURCE_CODE = f"<{ONCO}sourceCode>"
_CODED_PROPERTY, _TARGET = f"<{ONCO}codedProperty>", f"<{OWL}annotatedTarget>"
_LABEL, _COMMENT = f"<{SSSOM}object_label>", f"<{SSSOM}comment>"


@dataclass(frozen=True)
class Replacement:
    """One code in the place of another: by which relation, on what grounds, and where that is said."""

    old: str
    new: str
    predicate: str = REPLACED_BY
    justification: str = SEMAPV + "LogicalReasoning"
    source: str = ""


@dataclass(frozen=True)
class Migrated:
    """What became of one dataset: ``replaced`` counts by property and replacement, ``unresolved`` are codes without
    a replacement for certain, which keep all of it as it was."""

    report: DatasetReport | None
    dataset: str
    replaced: Mapping[tuple[str, Replacement], int]
    unresolved: tuple[Drifted, ...] = ()


@dataclass(frozen=True)
class Migration:
    """What became of all of them. ``unused`` are old codes of the given map that no affected dataset has."""

    datasets: tuple[Migrated, ...]
    generation: int
    unused: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing that had to be done was left undone."""
        return not any(d.unresolved or (d.report and d.report.outcome is Outcome.REJECTED) for d in self.datasets)


def chosen(rows: Iterable[Correspondence], vocabulary: Vocabulary, *, source: str) -> dict[str, Replacement]:
    """Replacements that somebody has chosen, from the rows of a mapping file: from old code to new.

    Raises DocumentSyntaxError for two of one code, and for one that is not in force.
    """
    found: dict[str, Replacement] = {}
    for row in rows:
        if row.negated or PREDICATES.get(row.predicate) is None:
            continue
        concept = vocabulary.get(row.object)
        where = Place(source=source, line=row.line, field="object_id")
        if concept is None or concept.obsolete:
            state = "is obsolete" if concept is not None else "is not in the installed release"
            raise DocumentSyntaxError(f"{code_name(row.object)} {state}.", where=where, remedy="Choose another class.")
        before = found.get(row.subject)
        if before is not None and before.new != row.object:
            raise DocumentSyntaxError(
                f"two classes take the place of {code_name(row.subject)}: {code_name(before.new)} and "
                f"{code_name(row.object)}.",
                where=where,
                remedy="Keep one row for each code.",
            )
        found[row.subject] = Replacement(row.subject, row.object, row.predicate, row.justification or MANUAL, source)
    return found


def migrate(
    node: NodeParts,
    *,
    dataset: str = "",
    given: Mapping[str, Replacement] | None = None,
    dry_run: bool = False,
    by: str = "",
    progress: Callable[[str], None] = lambda _: None,
) -> Migration:
    """Give every published description whose codes have drifted the codes in their place, as its next version.

    ``dataset`` (IRI or identifier) is the only one, ``given`` counts more than what the releases say; ``by`` is as for
    ``publish``. One change of the store for all; a description with a code whose place nobody is known to take is left
    as it is. Giving the command again finds nothing to do. Raises NotFound, Withdrawn, Conflict, StoreError.
    """
    started = now()
    with spool_folder() as folder:
        try:
            for attempt in range(ATTEMPTS):
                work = _Work(node, given or {}, folder / str(attempt), progress)
                work.folder.mkdir()
                done = work.run(dataset, Making(started, node.agent(by)), dry_run=dry_run)
                if done is not None:
                    return done
                if attempt == ATTEMPTS - 1:
                    break
        except OSError as error:
            raise unwritable(error) if from_writing(error) or error.filename is None else error from error
    raise Conflict("the node was changed by others at the same moment, again and again.", remedy="Try again.")


class _Work:
    """One attempt, over one generation."""

    def __init__(
        self, node: NodeParts, given: Mapping[str, Replacement], folder: Path, progress: Callable[[str], None]
    ) -> None:
        self._node = node
        self._given = given
        self._progress = progress
        self._installed = {release.name: f"{release.name} {release.version}" for release in releases(node.store)}
        self.folder = folder

    def run(self, dataset: str, making: Making, *, dry_run: bool) -> Migration | None:
        """What became of the datasets; None when another process has changed the node meanwhile."""
        node = self._node
        generation = node.store.generation()
        registry = read_registry(node.store.file(FILE))
        only = self._only(registry, dataset)
        codes = drifted(node)
        used = {code.code for code in codes}
        by_dataset: dict[str, list[Drifted]] = {}
        for code in codes:
            for name in code.datasets:
                if only in (None, name):
                    by_dataset.setdefault(name, []).append(code)
        done: list[Migrated] = []
        candidates: list[Candidate] = []
        counts: dict[str, Counter[tuple[str, Replacement]]] = {}
        for name, affected in sorted(by_dataset.items()):
            plan = {(c.property_iri, c.code): self._replacement(c) for c in affected}
            unresolved = tuple(c for c in affected if plan[c.property_iri, c.code] is None)
            if unresolved:
                done.append(Migrated(None, name, {}, unresolved))
                continue
            self._progress(f"migrating {name}")
            entry = registry[name]
            certain = {key: one for key, one in plan.items() if one is not None}
            counts[name] = Counter()
            draft = self._draft(entry, certain, counts[name])
            if node.store.generation().number != generation.number:
                return None
            reading = Reading(Source(Path(_SOURCE), _SOURCE), (draft,), ())
            candidates += judged(reading, node.vocabulary, self._progress)
        reports, generation_after = self._applied(candidates, registry, counts, making, generation, dry_run=dry_run)
        if generation_after is None:
            return None
        done += [Migrated(report, report.dataset, counts[report.dataset]) for report in reports]
        unused = tuple(sorted(set(self._given) - used))
        return Migration(tuple(sorted(done, key=lambda d: d.dataset)), generation_after, unused)

    def _only(self, registry: dict[str, Entry], dataset: str) -> str | None:
        if not dataset:
            return None
        entry = entry_of(registry, dataset, self._node)
        if entry.state is State.WITHDRAWN:
            raise withdrawn(entry)
        return entry.dataset

    def _replacement(self, code: Drifted) -> Replacement | None:
        given = self._given.get(code.code)
        if given is not None:
            return given
        if code.verdict.replacement is None:
            return None
        vocabulary = self._node.vocabulary
        name = vocabulary.source_of(code.code) or vocabulary.source_of(code.verdict.replacement) or ""
        return Replacement(code.code, code.verdict.replacement, source=self._installed.get(name, name))

    # --- rewriting ---

    def _draft(
        self, entry: Entry, plan: Mapping[tuple[str, str], Replacement], counts: Counter[tuple[str, Replacement]]
    ) -> Draft:
        identifiers = self._node.identifiers
        public, length = self._rewritten(identifiers.graph(entry.dataset), f"{entry.dataset}-public", plan, counts)
        records = None
        if entry.restricted:
            graph = identifiers.records_graph(entry.dataset)
            records, more = self._rewritten(graph, f"{entry.dataset}-records", plan, counts)
            length += more
        return Draft(
            dataset=entry.dataset,
            iri=entry.iri,
            title=entry.title,
            source=_SOURCE,
            public=public,
            records=records,
            samples=entry.samples,
            donors=entry.donors,
            locate=lambda about: Place(source=entry.dataset, record=about),
            watched=True,  # samples were looked at, and decided on, when they were published
            origin=entry.origin,
            by_record=length > _WHOLE,
        )

    def _rewritten(
        self,
        graph: str,
        name: str,
        plan: Mapping[tuple[str, str], Replacement],
        counts: Counter[tuple[str, Replacement]],
    ) -> tuple[Path, int]:
        """The graph with its codes replaced, as a file in which the triples of each subject stand together, and how
        many there are."""
        stored = spool_file(self.folder, f"{name}-stored")
        with (
            self._node.store.query(
                "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }",
                scope=GraphScope(default=(graph,)),
                formats=(JSON, NTRIPLES),
                budget=_READING,
            ) as answer,
            stored.open("wb") as out,
        ):
            out.writelines(answer)
        target = spool_file(self.folder, name)
        lines = (line for line in sorted_lines(stored) if line)
        length = 0
        with target.open("w", encoding="utf-8", newline="\n") as file:
            for _, record in groupby(lines, key=lambda line: line[: line.index(" ")]):
                made = self._record(list(record), plan, counts)
                length += len(made)
                file.writelines(f"{line}\n" for line in made)
        stored.unlink()
        return target, length

    def _record(
        self,
        lines: Sequence[str],
        plan: Mapping[tuple[str, str], Replacement],
        counts: Counter[tuple[str, Replacement]],
    ) -> list[str]:
        """The lines of one subject, its types first, with the codes in the place of those that have drifted."""
        about = next((bare(split_line(line)[2]) for line in lines if f" {_CODED_PROPERTY} " in line), None)
        made: dict[str, None] = {}
        written: list[str] = []
        for line in lines:
            subject, predicate, value = split_line(line)
            if about is not None and predicate == _TARGET:
                one = plan.get((about, bare(value)))
                if one is not None:
                    made.update(dict.fromkeys(self._mapping(subject, one)))
                    continue
            one = plan.get((bare(predicate), bare(value))) if value.startswith("<") else None
            if one is None:
                made[line] = None
                continue
            counts[bare(predicate), one] += 1
            made[f"{subject} {predicate} <{one.new}> ."] = None
            if bare(predicate) == DIAGNOSIS:
                written.append(f"{subject} {_SOURCE_CODE} {literal(code_name(one.old))} .")
        if written and not any(f" {_SOURCE_CODE} " in line for line in lines):
            made.update(dict.fromkeys(written))
        if any(f" {_TARGET} " in line for line in made) and len(made) != len(lines):
            made = self._relabelled(made)
        return sorted(made, key=lambda line: (split_line(line)[1] != _TYPE, line))

    def _mapping(self, subject: str, one: Replacement) -> Iterator[str]:
        """What the mapping of a partner's words says now, and of what it said before."""
        said = f"{code_name(one.old)} replaced by {code_name(one.new)} ({shorten(one.predicate)}, {one.source})"
        yield f"{subject} {_TARGET} <{one.new}> ."
        yield f"{subject} {_COMMENT} {literal(said)} ."

    def _relabelled(self, lines: Mapping[str, None]) -> dict[str, None]:
        """The lines of a mapping with the label of its class now."""
        (target,) = (split_line(line)[2] for line in lines if f" {_TARGET} " in line)
        concept = self._node.vocabulary.get(bare(target))
        kept = {line: None for line in lines if f" {_LABEL} " not in line}
        if concept is not None:
            subject = next(iter(lines)).split(" ", 1)[0]
            kept[f"{subject} {_LABEL} {literal(concept.label)} ."] = None
        return kept

    # --- storing ---

    def _applied(
        self,
        candidates: list[Candidate],
        registry: dict[str, Entry],
        counts: Mapping[str, Counter[tuple[str, Replacement]]],
        making: Making,
        generation: Generation,
        *,
        dry_run: bool,
    ) -> tuple[Sequence[DatasetReport], int | None]:
        node = self._node
        if not candidates:
            return (), generation.number
        if dry_run:
            findings: list[Finding] = []
            return checked(candidates, findings, node).datasets, generation.number
        told = replace(making, amended="codes that are no longer in force")
        reports, change = change_for(candidates, registry, told, releases(node.store), node)
        if change is None:
            return reports, generation.number
        put = tuple(self._with_replacements(content, registry, counts) for content in change.put)
        try:
            return reports, node.store.apply(replace(change, put=put, base=generation.number)).number
        except Conflict:
            if node.store.generation().number == generation.number:
                raise
            return (), None

    def _with_replacements(
        self,
        content: GraphContent,
        registry: Mapping[str, Entry],
        counts: Mapping[str, Counter[tuple[str, Replacement]]],
    ) -> GraphContent:
        """The provenance of a migrated dataset with the replacements its new version was made by."""
        name = next((n for n in counts if self._node.identifiers.provenance_graph(n) == content.graph), None)
        if name is None or not isinstance(content.triples, bytes):
            return content
        added = replacement_triples(registry[name], counts[name], self._node.identifiers)
        return replace(content, triples=content.triples + "".join(added).encode("utf-8"))


def replacement_triples(
    entry: Entry, counts: Mapping[tuple[str, Replacement], int], identifiers: Identifiers
) -> Iterator[str]:
    """The replacements of one migration as mappings (SSSOM 1.1, RDF serialisation) that its activity has used."""
    graph = identifiers.provenance_graph(entry.dataset)
    activity = iri(f"{graph}#publication-{entry.revision}")
    for (property_iri, one), count in sorted(counts.items(), key=lambda item: (item[0][0], item[0][1].old)):
        parts = (str(entry.revision), property_iri, one.old, one.new)
        subject = iri(f"{graph}#replacement-{sha256(chr(10).join(parts).encode()).hexdigest()[:16]}")
        yield triple(activity, iri(PROV + "used"), subject)
        yield triple(iri(version_iri(entry, identifiers)), iri(PROV + "wasInfluencedBy"), subject)
        yield triple(subject, iri(RDF_TYPE), iri(PROV + "Entity"))
        yield triple(subject, iri(RDF_TYPE), iri(OWL + "Axiom"))
        if property_iri in BRANCHES:
            yield triple(subject, iri(ONCO + "codedProperty"), iri(property_iri))
        yield triple(subject, iri(OWL + "annotatedSource"), iri(one.old))
        yield triple(subject, iri(OWL + "annotatedProperty"), iri(one.predicate))
        yield triple(subject, iri(OWL + "annotatedTarget"), iri(one.new))
        yield triple(subject, iri(SSSOM + "mapping_justification"), iri(one.justification))
        if one.source:
            yield triple(subject, iri(SSSOM + "mapping_source"), literal(one.source))
        said = f"{count} values of {shorten(property_iri)}"
        yield triple(subject, iri(RDFS + "comment"), literal(said, language="en"))
