"""That a worker counts what its query sees, once."""

from __future__ import annotations

import pyoxigraph as ox

from node.store.statistics import Statistics

EX = "http://ex.org/"
SEEN, HIDDEN = ox.NamedNode(EX + "seen"), ox.NamedNode(EX + "hidden")
QUERY = f"PREFIX : <{EX}> SELECT ?s {{ ?s :sex :f ; :dx :rare . }}"


def store() -> ox.Store:
    """A hundred women of whom one is ill; in the hidden graph a thousand are."""
    made = ox.Store()
    sex, dx = ox.NamedNode(EX + "sex"), ox.NamedNode(EX + "dx")
    women, rare = ox.NamedNode(EX + "f"), ox.NamedNode(EX + "rare")
    made.extend(ox.Quad(ox.NamedNode(f"{EX}p{i}"), sex, women, SEEN) for i in range(100))
    made.add(ox.Quad(ox.NamedNode(EX + "p1"), dx, rare, SEEN))
    made.extend(ox.Quad(ox.NamedNode(f"{EX}p{i}"), dx, rare, HIDDEN) for i in range(1_000))
    return made


def test_the_rare_comes_first() -> None:
    """Asked the wrong way round, the query is said the other way round, and means the same."""
    options = {"default_graph": [SEEN]}
    made = store()
    better = Statistics(made).better(QUERY, options)
    assert better is not None
    assert better.index("rare") < better.index("sex")
    assert [str(s["s"]) for s in made.query(better, **options)] == [f"<{EX}p1>"]  # type: ignore[union-attr, index]


def test_what_is_not_seen_is_not_counted() -> None:
    """Over the hidden graph there are no women at all, so that these come first already."""
    assert Statistics(store()).better(QUERY, {"default_graph": [HIDDEN]}) is None


def test_counts_are_kept() -> None:
    """A pattern is counted once for each default graph."""
    made = store()
    statistics = Statistics(made)
    assert statistics.better(QUERY, {"default_graph": [SEEN]}) is not None
    made.remove_graph(SEEN)
    assert statistics.better(QUERY, {"default_graph": [SEEN]}) is not None
    assert Statistics(made).better(QUERY, {"default_graph": [SEEN]}) is None


def test_mistakes_are_left_to_the_engine() -> None:
    """What cannot be read is asked as it is."""
    text = QUERY.replace("SELECT", "SELEKT")
    assert Statistics(store()).better(text, {"default_graph": [SEEN]}) is None
