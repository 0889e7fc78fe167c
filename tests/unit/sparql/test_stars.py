"""That a star begins with the fewest triples, and that the solutions stay what they were."""

from __future__ import annotations

from collections import Counter
from random import Random

import pyoxigraph as ox
import pytest

from node.sparql import stars
from node.sparql.parser import parse_query
from node.sparql.stars import may_hold_star, reordered
from node.sparql.terms import Term

EX = "http://ex.org/"
PREFIX = f"PREFIX : <{EX}> "


def better(text: str, counts: dict[str, int]) -> str | None:
    """What is said instead, the prefix left out. ``counts``: of the triples with an object of this name."""

    def count(predicate: str, value: Term, most: int) -> int:
        assert predicate.startswith(EX)
        return min(counts[value.value.removeprefix(EX)], most)

    assert may_hold_star(text)
    found = reordered(parse_query(PREFIX + text), count)
    return None if found is None else " ".join(found.replace(f"<{EX}", ":").replace(">", "").split())


def only(name: str, value: str) -> str:
    return f"{{ SELECT ?s WHERE {{ ?s :{name} :{value} . }} }}"


@pytest.mark.parametrize(
    ("text", "counts", "said"),
    [
        # the fewest first, which is looked up in the others
        ("SELECT ?s { ?s :sex :f ; :dx :rare . }", {"f": 30_000, "rare": 12}, f"{only('dx', 'rare')} ?s :sex :f ."),
        # about as many: all are read
        ("SELECT ?s { ?s :dx :a ; :site :b . }", {"a": 500, "b": 900}, only("dx", "a") + " " + only("site", "b")),
        ("SELECT ?s { ?s :dx :a ; :site :b . }", {"a": 900, "b": 500}, only("site", "b") + " " + only("dx", "a")),
        # the same with a third that is looked up, and what has no constant
        ("SELECT ?s ?x { ?s :sex :f ; :dx :a ; :x ?x ; :site :b . }", {"f": 9_000, "a": 500, "b": 900},
         f"{only('dx', 'a')} {only('site', 'b')} ?s :sex :f . ?s :x ?x ."),
        # more than the first count goes to
        ("SELECT ?s { ?s :dx :a ; :site :b . }", {"a": 9_000, "b": 8_500}, only("site", "b") + " " + only("dx", "a")),
        # another subject is looked up
        ("SELECT ?s { ?t :dx :a . ?t :of ?s . ?s :site :b . }", {"a": 700, "b": 500},
         f"{only('site', 'b')} ?t :dx :a . ?t :of ?s ."),
        # with LIMIT not too much is read before the first solution
        ("SELECT ?s { ?s :site :b ; :dx :a . } LIMIT 9", {"a": 900, "b": 3_500}, f"{only('dx', 'a')} ?s :site :b ."),
    ],
)  # fmt: skip
def test_the_fewest_come_first(text: str, counts: dict[str, int], said: str) -> None:
    """A star is begun with its smallest pattern, and read through where another one is not much larger."""
    found = better(text, counts)
    assert found is not None
    assert found.partition(" WHERE ")[2].removesuffix(" LIMIT 9") == f"{{ {said} }}"


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("SELECT ?s { ?s :dx :rare ; :sex :f . }", {"rare": 12, "f": 30_000}),  # in order already
        ("SELECT ?s { ?s :dx :a ; :site :b . }", {"a": 10, "b": 10}),  # hardly anything to look up
        ("SELECT ?s { ?s :dx :a ; :site :b . }", {"a": 90_000, "b": 80_000}),  # too many to be counted
        ("SELECT ?s { ?s :dx :a ; :site :b . } LIMIT 9", {"a": 9_000, "b": 8_000}),  # nine are soon found
        ("ASK { ?s :dx :a ; :site :b . }", {"a": 9_000, "b": 8_000}),
        ("SELECT * { ?s :sex :f ; :dx :rare . }", {"f": 30_000, "rare": 12}),  # its columns would change places
        ("SELECT ?s { VALUES ?s { :x } ?s :sex :f ; :dx :a . }", {"f": 30_000, "a": 500}),  # other things decide
        ("SELECT ?s { ?s :sex :f ; :dx :a . } VALUES ?s { :x }", {"f": 30_000, "a": 500}),
        ("SELECT ?s { ?s :sex :f ; :dx :a . { ?s :x ?y } }", {"f": 30_000, "a": 500}),
        ("SELECT ?s { :x :of ?s . ?s :sex :f ; :dx :a . }", {"f": 30_000, "a": 500}),
        ("SELECT ?s { ?s :sex :f ; :dx :a ; :in+ :x . }", {"f": 30_000, "a": 500, "x": 1}),
        ("SELECT ?s { [] :sex :f ; :dx :a ; :x ?s . }", {"f": 30_000, "a": 500}),
        ("DESCRIBE ?s { ?s :sex :f ; :dx :a . }", {"f": 30_000, "a": 500}),
    ],
)  # fmt: skip
def test_what_is_left_alone(text: str, counts: dict[str, int]) -> None:
    """A query is kept as it is where nothing is sure to be won."""
    assert better(text, counts) is None


def test_texts_without_stars_are_not_read() -> None:
    """The cheap look finds that there are not two constant objects."""
    for text in ("SELECT * { ?s ?p ?o }", "SELECT ?s { ?s a <x> ; :label ?l }", "ASK { <x> :dx :y }"):
        assert not may_hold_star(text)
    assert not may_hold_star("SELECT ?s { ?s :a :b ; :c :d . }" + " " * 4_000)


_OBJECTS = [f":o{i}" for i in range(3)] + ['"text"', '"text"@en']


def made_query(random: Random) -> str:
    """A star of two to four patterns, now and then two stars, with what may stand beside them."""

    def star(subject: str) -> str:
        pairs = [
            f":p{random.randrange(3)} {random.choice([*_OBJECTS, *_OBJECTS, f'?v{random.randrange(3)}'])}"
            for _ in range(random.randint(2, 4))
        ]
        return f"{subject} {' ; '.join(pairs)} . "

    body = star("?s")
    if random.random() < 0.4:
        body += star("?t") + f"?s :p{random.randrange(3)} ?t . "
    beside = [
        "OPTIONAL { ?s :p0 ?extra } ",
        "MINUS { ?s :p1 :o1 } ",
        "FILTER (?s != :n1) ",
        "FILTER EXISTS { ?s :p2 ?any } ",
        "BIND (STR(?s) AS ?text) ",
    ]
    random.shuffle(beside)
    parts = [body, *beside[: random.randrange(4)]]
    if random.random() < 0.3:
        parts = [*parts[1:], parts[0]] if not any(part.startswith("BIND") for part in parts) else parts
    head = random.choice(["SELECT ?s", "SELECT DISTINCT ?s ?v0", "SELECT ?s ?v0 ?v1 ?t ?extra ?text",
                          "SELECT (COUNT(*) AS ?n)", "ASK", "CONSTRUCT { ?s :found ?v0 }"])  # fmt: skip
    return f"{PREFIX}{head} {{ {' '.join(parts)} }}"


def solutions(store: ox.Store, text: str) -> object:
    """The answer as a value in which order does not matter."""
    found = store.query(text)
    if isinstance(found, ox.QueryBoolean):
        return bool(found)
    if isinstance(found, ox.QuerySolutions):
        names = [v.value for v in found.variables]
        return names, Counter(tuple(str(row[name]) for name in names) for row in found)
    return {str(triple) for triple in found}


def test_the_solutions_stay_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the counts say, right or wrong, random queries over random data have the solutions that they had."""
    monkeypatch.setattr(stars, "_FEW", 0)
    monkeypatch.setattr(stars, "_STEPS", (5, 20))
    changed = 0
    for seed in range(1_500):
        random = Random(seed)
        store = ox.Store()
        subjects, objects = [f":n{i}" for i in range(6)], [*_OBJECTS, ":n0", ":n1", ":n2"]
        data = (f"{random.choice(subjects)} :p{random.randrange(3)} {random.choice(objects)} ." for _ in range(40))
        store.load(f"@prefix : <{EX}> . {' '.join(data)}", format=ox.RdfFormat.TURTLE)
        text = made_query(random)
        found = reordered(parse_query(text), lambda _p, _o, most, random=random: random.randint(0, most))
        if found is not None:
            changed += 1
            assert solutions(store, found) == solutions(store, text), (seed, text, found)
    assert changed > 500
