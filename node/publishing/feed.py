"""The change feed: every publication and withdrawal of a node in order, as a Linked Data Event Stream (LDES 1.0.0).

The feed says *that* something changed, not what it is now: which dataset, which version, its digest, when. What a
description holds is read at its own address, so that what was withdrawn, or is no longer open, is nowhere in the feed.
That is why its pages can stay as they are for ever.

A generation keeps ``feed/state.json`` and the pages ``feed/1.nt``, ``feed/2.nt``, …, each with its members and nothing
else. A change writes the last page and perhaps further ones; full pages are shared with the generations before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from node.errors import NotFound, StoreError
from node.model.identifiers import Identifiers
from node.publishing.provenance import described_version, version_iri, withdrawal_iri
from node.publishing.registry import Entry, Registry, State
from node.rdf.namespaces import AS, DCT, LDES, PROV, RDF_TYPE, RDFS, SCHEMA, TREE, XSD
from node.rdf.terms import iri, literal, triple

#: How many changes a page holds. It never changes: pages that were called immutable would not be.
PAGE = 100
_STATE = "feed/state.json"
_POSITION = SCHEMA + "position"

#: Reads a file of the current generation: ``QuadStore.file``.
ReadFile = Callable[[str], bytes | None]


class Kind(StrEnum):
    """What happened to a dataset description, by the name of the class of ActivityStreams 2.0 that says so."""

    CREATED = "Create"
    UPDATED = "Update"
    DELETED = "Delete"


@dataclass(frozen=True)
class Happening:
    """One change; ``entry`` is the dataset's entry in the register after it."""

    kind: Kind
    entry: Entry

    @property
    def time(self) -> str:
        """When it happened, as ``xsd:dateTime``."""
        return (self.entry.withdrawn if self.kind is Kind.DELETED else self.entry.modified) or self.entry.modified


@dataclass(frozen=True)
class FeedPage:
    """One page, as N-Triples with its hypermedia. ``last`` is the last page's number; a full page never changes."""

    number: int
    last: int
    ntriples: bytes

    @property
    def full(self) -> bool:
        return self.number < self.last


@dataclass(frozen=True)
class _State:
    """How many members there are, and the time of the latest, which no later one comes before."""

    members: int = 0
    latest: str = ""

    @property
    def last(self) -> int:
        """The number of the page that the next member goes to; it may still be empty."""
        return self.members // PAGE + 1


def extended(
    happenings: Iterable[Happening], before: Registry, read: ReadFile, identifiers: Identifiers
) -> dict[str, bytes]:
    """The files of the feed that these happenings change, with their new content.

    ``before`` is the register before them: on a node that has published without a feed, what is in it comes first.
    Raises StoreError for a feed that is damaged.
    """
    state = _read_state(read)
    new = list(happenings)
    if state is None:
        state = _State()
        new = [*sorted(map(_as_it_is, before.values()), key=lambda h: (h.time, h.entry.dataset)), *new]
    files: dict[str, bytes] = {}
    for happening in new:
        page = _page_file(state.last)
        # LDES, section 3.1: the time of a member is never before that of one that was there before it.
        latest = max(state.latest, happening.time)
        member = _member(happening, latest, state.members + 1, identifiers)
        files[page] = (files.get(page) or read(page) or b"" if state.members % PAGE else b"") + member
        state = _State(state.members + 1, latest)
    files[_STATE] = json.dumps({"members": state.members, "latest": state.latest}).encode()
    return files


def read_page(number: int, read: ReadFile, identifiers: Identifiers) -> FeedPage:
    """A page of the feed; the last one may be empty. Raises NotFound for a page that is not there yet, StoreError."""
    state = _read_state(read) or _State()
    if not 1 <= number <= state.last:
        raise NotFound(
            f"the change feed has no page {number} yet; its last page is {state.last}.",
            remedy=f"Begin at {identifiers.feed}.",
        )
    members = read(_page_file(number)) or b""
    page = iri(identifiers.feed_page(number))
    lines = [*_stream(identifiers), triple(page, iri(RDF_TYPE), iri(TREE + "Node"))]
    if number < state.last:
        following = iri(f"{identifiers.feed_page(number)}#next")
        lines += [
            triple(page, iri(LDES + "immutable"), literal("true", datatype=XSD + "boolean")),
            triple(page, iri(TREE + "relation"), following),
            triple(following, iri(RDF_TYPE), iri(TREE + "GreaterThanOrEqualToRelation")),
            triple(following, iri(TREE + "node"), iri(identifiers.feed_page(number + 1))),
            triple(following, iri(TREE + "path"), iri(AS + "published")),
            triple(following, iri(TREE + "value"), _last_time(members)),
        ]
    return FeedPage(number, state.last, "".join(lines).encode() + members)


def describe_feed(title: str, read: ReadFile, identifiers: Identifiers) -> bytes:
    """The event stream itself, as N-Triples: its title, how its members are to be read, and where they begin."""
    state = _read_state(read) or _State()
    feed = iri(identifiers.feed)
    lines = [*_stream(identifiers), triple(feed, iri(DCT + "title"), literal(title))]
    if state.latest:
        lines.append(triple(feed, iri(DCT + "modified"), literal(state.latest, datatype=XSD + "dateTime")))
    return "".join(lines).encode()


def last_page(read: ReadFile) -> int:
    """The number of the last page."""
    return (_read_state(read) or _State()).last


def _stream(identifiers: Identifiers) -> list[str]:
    """What LDES 1.0.0, section 3 asks a root node to say of the stream; the same on every page."""
    feed = iri(identifiers.feed)
    return [
        triple(feed, iri(RDF_TYPE), iri(LDES + "EventStream")),
        triple(feed, iri(TREE + "view"), iri(identifiers.feed_page(1))),
        triple(feed, iri(LDES + "timestampPath"), iri(AS + "published")),
        triple(feed, iri(LDES + "sequencePath"), iri(_POSITION)),
        triple(feed, iri(LDES + "versionOfPath"), iri(DCT + "isVersionOf")),
        triple(feed, iri(LDES + "versionCreateObject"), iri(AS + Kind.CREATED)),
        triple(feed, iri(LDES + "versionUpdateObject"), iri(AS + Kind.UPDATED)),
        triple(feed, iri(LDES + "versionDeleteObject"), iri(AS + Kind.DELETED)),
    ]


def _member(happening: Happening, time: str, position: int, identifiers: Identifiers) -> bytes:
    entry = happening.entry
    deleted = happening.kind is Kind.DELETED
    member = iri(withdrawal_iri(entry, identifiers) if deleted else version_iri(entry, identifiers))
    lines = [
        triple(iri(identifiers.feed), iri(TREE + "member"), member),
        triple(member, iri(RDF_TYPE), iri(AS + happening.kind)),
        triple(member, iri(AS + "published"), literal(time, datatype=XSD + "dateTime")),
        triple(member, iri(_POSITION), literal(str(position), datatype=XSD + "integer")),
    ]
    if deleted:
        lines += [
            triple(member, iri(DCT + "isVersionOf"), iri(entry.iri)),
            triple(member, iri(RDFS + "comment"), literal(entry.reason or "")),
        ]
    else:
        lines += [
            triple(member, iri(PROV + "specializationOf"), iri(identifiers.graph(entry.dataset))),
            *described_version(entry, identifiers),
        ]
    return "".join(lines).encode()


def _as_it_is(entry: Entry) -> Happening:
    return Happening(Kind.CREATED if entry.state is State.PUBLISHED else Kind.DELETED, entry)


def _page_file(number: int) -> str:
    return f"feed/{number}.nt"


def _last_time(members: bytes) -> str:
    """The time of the last member of a page, as a term."""
    published = f" {iri(AS + 'published')} ".encode()
    *_, last = (line for line in members.splitlines() if published in line)
    return last.split(published)[1].removesuffix(b" .").decode()


def _read_state(read: ReadFile) -> _State | None:
    data = read(_STATE)
    if data is None:
        return None
    try:
        document = json.loads(data)
        return _State(int(document["members"]), str(document["latest"]))
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"the state of the change feed ({_STATE}) is damaged.", remedy="Restore a backup.") from error
