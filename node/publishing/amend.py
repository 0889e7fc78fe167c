"""Amending: some properties of a published description change, everything else of it stays, its samples included.

For a partner who wants another title, contact, licence or access, and does not want to send, or no longer has, the
rest. The result is judged and published like any description, as the next version.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from node.errors import Conflict, DocumentSyntaxError, Place, ProtocolError, Unsupported
from node.ontology.releases import releases
from node.publishing.candidates import judged
from node.publishing.contexts import PERMANENT
from node.publishing.documents import Statements, draft, read_statements
from node.publishing.drafts import Report, Severity
from node.publishing.ntriples import Description, bare, split_line
from node.publishing.publish import (
    ATTEMPTS,
    Making,
    NodeParts,
    change_for,
    checked,
    entry_of,
    now,
    withdrawn,
)
from node.publishing.registry import FILE, Entry, State, read_registry
from node.publishing.safety.decisions import NO_DECISIONS
from node.publishing.screening import screened
from node.publishing.sources import Reading, Source
from node.publishing.spool import spool_folder
from node.rdf.dataset import GraphScope
from node.rdf.formats import JSON, NTRIPLES
from node.rdf.namespaces import DCT, ONCO, RDF_TYPE, shorten
from node.store.quads import Budget
from node.store.temporary import from_writing, unwritable

#: What reading back a whole description may cost.
_READING = Budget(seconds=120.0, memory_bytes=2_000_000_000, result_bytes=2_000_000_000)
_SOURCE = "--set"
_WITH_LANGUAGE = re.compile(r"(.+)@([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)")
_PART_OF, _TYPE = f"<{DCT}isPartOf>", f"<{RDF_TYPE}>"
_DONOR = f"<{ONCO}Donor>"


@dataclass(frozen=True)
class Amendment:
    """What is to change: values by term of the JSON-LD context (``title``, ``title@en``), or a document with values;
    and terms whose values go. Values take the place of all values that the same resource has of the same property."""

    values: Sequence[tuple[str, str]] = ()
    remove: Sequence[str] = ()
    document: Path | None = None


@dataclass(frozen=True)
class _Wanted:
    """An amendment in triples: new statements, and the properties of the description itself that lose theirs."""

    said: Statements
    removed: frozenset[str]
    inputs: tuple[Path, ...]

    @property
    def replaced(self) -> set[tuple[str, str]]:
        """The subjects and predicates whose values are replaced. Types are only added."""
        pairs = {split_line(line)[:2] for line in self.said.document.lines}
        return {pair for pair in pairs if pair[1] != _TYPE}


def amend(
    iri_or_slug: str,
    amendment: Amendment,
    *,
    node: NodeParts,
    dry_run: bool = False,
    by: str = "",
    progress: Callable[[str], None] = lambda _: None,
) -> Report:
    """Change some of a description that is published here, as a new version of it.

    ``iri_or_slug``, ``dry_run`` and ``by`` are as for ``withdraw`` and ``publish``. What is wrong with the result is in
    the report. Raises NotFound, Withdrawn, ProtocolError when there is nothing to amend or a term is unknown,
    Unsupported for samples and donors, what reading a document raises, Conflict and StoreError. The node is then as
    it was.
    """
    started = now()
    with spool_folder() as folder:
        try:
            making = Making(started, node.agent(by))
            return _amend(iri_or_slug, amendment, making, node, dry_run=dry_run, folder=folder, progress=progress)
        except OSError as error:
            raise unwritable(error) if from_writing(error) or error.filename is None else error from error


def _amend(
    iri_or_slug: str,
    amendment: Amendment,
    making: Making,
    node: NodeParts,
    *,
    dry_run: bool,
    folder: Path,
    progress: Callable[[str], None],
) -> Report:
    for attempt in range(ATTEMPTS):
        # Everything is worked out from one generation, or again: what another has published meanwhile is not undone.
        generation = node.store.generation()
        registry = read_registry(node.store.file(FILE))
        entry = entry_of(registry, iri_or_slug, node)
        if entry.state is State.WITHDRAWN:
            raise withdrawn(entry)
        wanted = _read(amendment, entry, node, folder)
        published, number = _published(entry, node)
        if number != generation.number:
            continue
        said = _amended(published, wanted, entry)
        reading = draft(
            said,
            node.identifiers,
            folder,
            source=_name(amendment),
            inputs=wanted.inputs,
            decisions=NO_DECISIONS,
            foreign=bool(entry.origin),
        )
        others = [part.iri for part in reading.drafts if part.iri != entry.iri]
        if others:
            raise Unsupported(
                f"the amendment describes {others[0]}, which is something else.",
                where=wanted.said.locate(others[0]),
                remedy="Publish it by itself.",
            )
        for part in reading.drafts:
            part.origin = entry.origin
            # Samples were looked at, and decided on, when they were published.
            part.findings.extend(screened(part, wanted.said.document))
            part.watched = True
        source = Source(amendment.document or Path(_SOURCE), "amendment")
        whole = Reading(source, reading.drafts, (*wanted.said.findings, *reading.findings))
        candidates = judged(whole, node.vocabulary, progress)
        if dry_run:
            return checked(candidates, list(whole.findings), node)
        told = ", ".join(sorted({shorten(bare(p)) for _, p in wanted.replaced} | {shorten(p) for p in wanted.removed}))
        reports, change = change_for(candidates, registry, replace(making, amended=told), releases(node.store), node)
        if change is not None:
            try:
                generation = node.store.apply(replace(change, base=generation.number))
            except Conflict:
                if attempt == ATTEMPTS - 1 or node.store.generation().number == generation.number:
                    raise
                continue
        return Report(tuple(reports), whole.findings, generation.number)
    raise Conflict("the node was changed by others at the same moment, again and again.", remedy="Try again.")


def _read(amendment: Amendment, entry: Entry, node: NodeParts, folder: Path) -> _Wanted:
    """The amendment in triples. Raises ProtocolError, and what reading a document raises."""
    removed = frozenset(_property(term, entry, node, folder) for term in amendment.remove)
    if amendment.document is not None:
        said = read_statements(amendment.document, node.identifiers, folder)
        inputs: tuple[Path, ...] = (amendment.document,)
    else:
        said = _statements(amendment.values, entry, node, folder)
        inputs = ()
    if not said.document.lines and not removed and not said.findings:
        raise ProtocolError(
            "there is nothing to amend.", remedy="Name a property with --set or --remove, or a document."
        )
    return _Wanted(said, removed, inputs)


def _statements(values: Sequence[tuple[str, str]], entry: Entry, node: NodeParts, folder: Path) -> Statements:
    """Values by term as the triples that JSON-LD makes of them, so that both ways of writing mean the same."""
    document: dict[str, object] = {"@context": PERMANENT, "@id": entry.iri}
    for term, text in values:
        match = _WITH_LANGUAGE.fullmatch(term)
        name = match[1] if match else term
        value = {"@value": text, "@language": match[2]} if match else text
        given = document.setdefault(name, [])
        if name.startswith("@") or not isinstance(given, list):
            raise ProtocolError(
                f"{name!r} is not a property.", remedy="Name a property of the description, such as title."
            )
        given.append(value)
    path = folder / "set.jsonld"
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")
    return read_statements(path, node.identifiers, folder, called=_SOURCE)


def _property(term: str, entry: Entry, node: NodeParts, folder: Path) -> str:
    """The property that a term of the context stands for."""
    wrong = ProtocolError(
        f"{term!r} is not a property of a description.",
        remedy="Name it as the JSON-LD context does: title, keyword, …",
    )
    try:
        said = _statements([(term, "urn:x-onconode:any")], entry, node, folder)
    except DocumentSyntaxError as error:  # one that can have no text, such as samples
        raise wrong from error
    found = [bare(split_line(line)[1]) for line in said.document.about(f"<{entry.iri}>")]
    if len(found) != 1 or any(f.severity is Severity.VIOLATION for f in said.findings):
        raise wrong
    return found[0]


def _published(entry: Entry, node: NodeParts) -> tuple[Description, int]:
    """Everything that is published of a description, hidden records too, and the generation it was read from."""
    graphs = [node.identifiers.graph(entry.dataset)]
    if entry.restricted:
        graphs.append(node.identifiers.records_graph(entry.dataset))
    with node.store.query(
        "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }",
        scope=GraphScope(default=tuple(graphs)),
        formats=(JSON, NTRIPLES),
        budget=_READING,
    ) as answer:
        text = b"".join(answer).decode("utf-8")
        return Description(line for line in text.split("\n") if line), answer.generation.number


def _amended(published: Description, wanted: _Wanted, entry: Entry) -> Statements:
    """The description with the amendment in it, without what only the replaced values led to. Raises Unsupported."""
    own = f"<{entry.iri}>"
    new = wanted.said.document
    records = {s for s, d in published.with_predicate(_PART_OF) if d == own}
    records |= {s for s, kind in published.with_predicate(_TYPE) if kind == _DONOR}
    for line in new.lines:
        subject, predicate, value = split_line(line)
        if subject in records or (predicate, value) in ((_PART_OF, own), (_TYPE, _DONOR)):
            raise Unsupported(
                "an amendment changes a description, not its samples and donors.",
                where=wanted.said.locate(bare(subject)),
                remedy="Publish the dataset with all its samples again.",
            )
    going = wanted.replaced | {(own, f"<{p}>") for p in wanted.removed}
    touched = {subject for subject, _ in going}
    kept: list[str] = []
    gone: list[str] = []
    for line in published.lines:
        subject = line[: line.index(" ")]
        dropped = subject in touched and split_line(line)[:2] in going
        (gone if dropped else kept).append(line)
    lines = _without_orphans([*kept, *new.lines], {split_line(line)[2] for line in gone}, published, new)

    def place(iri: str) -> Place:
        return wanted.said.locate(iri) if f"<{iri}>" in new else Place(source=entry.dataset, record=iri)

    return Statements(Description(lines), place, ())


def _without_orphans(lines: list[str], candidates: set[str], published: Description, new: Description) -> list[str]:
    """The lines without those about resources that nothing refers to any more because of the amendment."""
    doubtful = {c for c in candidates if c in published and c not in new}
    while doubtful:
        referred = {value for line in lines if (value := split_line(line)[2]) in doubtful}
        orphans = doubtful - referred
        if not orphans:
            break
        gone = [line for line in lines if line[: line.index(" ")] in orphans]
        lines = [line for line in lines if line[: line.index(" ")] not in orphans]
        doubtful = {v for line in gone if (v := split_line(line)[2]) in published and v not in new} | (
            doubtful & referred
        )
    return lines


def _name(amendment: Amendment) -> str:
    return str(amendment.document or _SOURCE)
