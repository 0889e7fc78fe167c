"""The change feed as files of a generation: what a page holds, when it is full, what it never holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from descriptions import BASE
from pyoxigraph import Literal, NamedNode, RdfFormat, Store, parse

from node.errors import NotFound, StoreError
from node.model.identifiers import Identifiers
from node.publishing import feed
from node.publishing.feed import Happening, Kind, describe_feed, extended, read_page
from node.publishing.registry import Entry, State
from node.rdf.namespaces import AS, LDES, TREE

IDENTIFIERS = Identifiers(BASE)


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "PAGE", 3)


class Files(dict[str, bytes]):
    """The files of a node's feed, and how a change adds to them."""

    def add(self, *happenings: Happening, before: dict[str, Entry] | None = None) -> dict[str, bytes]:
        changed = extended(happenings, before or {}, self.get, IDENTIFIERS)
        self.update(changed)
        return changed

    def page(self, number: int) -> Store:
        store = Store()
        store.extend(parse(read_page(number, self.get, IDENTIFIERS).ntriples, RdfFormat.N_TRIPLES))
        return store

    def times(self, number: int) -> list[str]:
        published = self.page(number).quads_for_pattern(None, NamedNode(AS + "published"), None)
        return sorted(q.object.value for q in published if isinstance(q.object, Literal))


def entry(name: str = "gliomas", revision: int = 1, time: str = "2026-01-01T00:00:00Z", **changes: object) -> Entry:
    made = Entry(
        dataset=name,
        iri=f"{BASE}datasets/{name}",
        title=f"Secret title of {name}",
        content="c",
        state=State.PUBLISHED,
        issued=time,
        modified=time,
        samples=1,
        donors=1,
        version=str(revision),
        revision=revision,
        digest="ab" * 32,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def created(name: str, time: str = "2026-01-01T00:00:00Z") -> Happening:
    return Happening(Kind.CREATED, entry(name, time=time))


def members(store: Store) -> set[str]:
    return {str(q.object.value) for q in store.quads_for_pattern(None, NamedNode(TREE + "member"), None)}  # type: ignore[union-attr]


def test_a_full_page_leads_on_and_never_changes() -> None:
    """The third member fills a page of three; what comes later does not touch it, and it says that it is immutable."""
    files = Files()
    files.add(created("a"), created("b"))
    assert not read_page(1, files.get, IDENTIFIERS).full
    assert NamedNode(LDES + "immutable") not in {q.predicate for q in files.page(1)}
    files.add(created("c"))
    full = read_page(1, files.get, IDENTIFIERS)
    assert full.full
    assert len(members(files.page(1))) == 3
    assert members(files.page(2)) == set()
    changed = files.add(*(created(name) for name in "defgh"))
    assert set(changed) == {"feed/2.nt", "feed/3.nt", "feed/state.json"}
    assert read_page(1, files.get, IDENTIFIERS).ntriples == full.ntriples
    assert [len(members(files.page(n))) for n in (1, 2, 3)] == [3, 3, 2]


def test_a_publication_costs_one_page_however_long_the_feed_is() -> None:
    """Only the last page and the state are written."""
    files = Files()
    files.add(*(created(f"d{i}") for i in range(200)))
    assert set(files.add(created("one-more"))) == {"feed/67.nt", "feed/state.json"}


def test_times_never_go_back() -> None:
    """A clock that was set back does not: a follower may ask for what came after the time that it knows."""
    files = Files()
    files.add(created("a", "2026-05-01T00:00:00Z"), created("b", "2026-04-01T00:00:00Z"))
    files.add(created("c", "2026-06-01T00:00:00Z"), created("d", "2026-03-01T00:00:00Z"))
    assert files.times(1) == ["2026-05-01T00:00:00Z"] * 2 + ["2026-06-01T00:00:00Z"]
    assert files.times(2) == ["2026-06-01T00:00:00Z"]
    bound = {str(q.object.value) for q in files.page(1).quads_for_pattern(None, NamedNode(TREE + "value"), None)}  # type: ignore[union-attr]
    assert bound == {"2026-06-01T00:00:00Z"}


def test_what_was_published_before_there_was_a_feed_comes_first() -> None:
    """Once each, in the order of their times; what was withdrawn as a withdrawal."""
    files = Files()
    gone = entry("gone", state=State.WITHDRAWN, withdrawn="2026-02-01T00:00:00Z", reason="over")
    before = {"gone": gone, "old": entry("old", revision=4, time="2026-01-05T00:00:00Z")}
    files.add(created("new", "2026-03-01T00:00:00Z"), before=before)
    text = files["feed/1.nt"].decode()
    order = [text.index(name) for name in ("old/provenance#version-4", "gone/provenance#withdrawal", "new/provenance")]
    assert order == sorted(order)
    files.add(created("newer"), before=before)
    assert "graph/old" not in files["feed/2.nt"].decode()


def test_no_description_is_in_the_feed() -> None:
    """Neither a title nor anything of the content: it may be withdrawn, and the page stays."""
    files = Files()
    files.add(created("a"), Happening(Kind.DELETED, entry("a", withdrawn="2026-02-01T00:00:00Z", reason='a "mistake"')))
    text = files["feed/1.nt"].decode()
    assert "Secret" not in text
    assert r'"a \"mistake\""' in text
    assert f"<{AS}Delete>" in text


def test_pages_that_are_not_there() -> None:
    """The first is there from the beginning, empty; others are when they are."""
    files = Files()
    assert members(files.page(1)) == set()
    for number in (0, 2):
        with pytest.raises(NotFound):
            read_page(number, files.get, IDENTIFIERS)
    assert b"EventStream" in describe_feed("Changes", files.get, IDENTIFIERS)


@pytest.mark.parametrize("data", [b"", b"{}", b'{"members": "x", "latest": ""}', b"[]"])
def test_a_damaged_state_is_told(data: bytes) -> None:
    """Not taken for an empty feed, which the next publication would write over."""
    read: Callable[[str], bytes | None] = {"feed/state.json": data}.get
    with pytest.raises(StoreError):
        extended([created("a")], {}, read, IDENTIFIERS)
