"""Members walk repeated paths by themselves as far as they can: few rounds, few rows, and the merge's answer."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from merged_store import StoreSource, evaluate_in_memory, expected, federated_by, merge, same

from node.federation.execution import Execution

EX = "http://ex.org/"
#: What the members say they hold more than they do, so that not all of it is asked for at once.
MUCH = 1000


def iri(name: str) -> ox.NamedNode:
    """One of the tests' IRIs; names are of a member's namespace by what stands before the slash."""
    return ox.NamedNode(EX + name)


def member(name: str, *triples: str, much: int = MUCH) -> StoreSource:
    """A member with these triples of local names."""
    store = ox.Store()
    store.extend(ox.Quad(*map(iri, triple.split())) for triple in triples)
    return StoreSource(name, store, exaggerate=much)


def asked(members: list[StoreSource], text: str) -> list[list[str]]:
    """What each member was asked; the answer is that of the merge."""
    execution = Execution(evaluate_in_memory, cache_bytes=0)
    try:
        rows = federated_by(execution, members, text)[0]
    finally:
        execution.close()
    assert same(rows, expected(merge([m.store for m in members]), text))
    return [m.requests for m in members]


def test_a_chain_at_one_member_takes_one_request() -> None:
    """However long it is."""
    chain = member("chain", *(f"c/{n} of c/{n + 1}" for n in range(50)))
    other = member("other", "o/1 at c/9", "o/2 at c/20", "o/3 at c/nowhere")
    text = f"SELECT * {{ <{EX}o/1> <{EX}at> ?x . ?x <{EX}of>* ?y }}"
    walked, _ = asked([chain, other], text)
    assert len(walked) == 1
    assert "*" in walked[0]


def test_a_chain_takes_as_many_rounds_as_it_changes_members() -> None:
    """A stretch of ten at one, the next ten at another, and so on: asked for by stretches."""
    stretches = [[f"c/{n} of c/{n + 1}" for n in range(at, at + 10)] for at in range(0, 60, 10)]
    one = member("one", *(edge for stretch in stretches[::2] for edge in stretch))
    two = member("two", *(edge for stretch in stretches[1::2] for edge in stretch))
    requests = asked([one, two], f"SELECT * {{ <{EX}c/0> <{EX}of>+ ?y }}")
    assert sum(map(len, requests)) <= 2 + len(stretches)


@pytest.mark.parametrize("much", [MUCH, 1])
def test_the_cheaper_end(much: int) -> None:
    """From the one thing that is known up, and not from the class down to all that is below it."""
    classes = [f"c/{n} sub c/{n // 8}" for n in range(1, 3000)]
    holder = member("holder", *classes, much=much)
    things = member("things", "t/1 is c/2999", "t/1 at t/place", *(f"t/{n} is c/{n}" for n in range(2, 400)), much=much)
    text = f"SELECT ?t {{ ?t <{EX}at> <{EX}t/place> ; <{EX}is> ?c . ?c <{EX}sub>* <{EX}c/0> }}"
    execution = Execution(evaluate_in_memory, cache_bytes=0)
    try:
        rows, answer = federated_by(execution, [holder, things], text)
    finally:
        execution.close()
    assert len(rows) == 1
    (told,) = (report for report in answer.report if report.name == "holder")
    assert told.rows <= 1010


def test_zero_steps_and_rings() -> None:
    """A path of no step leads to what is there, and one round a ring back to where it began."""
    one = member("one", *(f"r/{n} next r/{n + 1}" for n in range(0, 20, 2)), "r/20 next r/0")
    two = member("two", *(f"r/{n} next r/{n + 1}" for n in range(1, 20, 2)), "r/7 next r/3")
    for path in ("*", "+", "?"):
        for pattern in ("<{0}r/5> <{0}next>{1} ?y", "?y <{0}next>{1} <{0}r/5>", "?x <{0}next>{1} ?x"):
            asked([one, two], f"SELECT * {{ {pattern.format(EX, path)} }}")
    asked([one, two], f"SELECT * {{ <{EX}r/5> <{EX}next>+ <{EX}r/5> . <{EX}r/2> <{EX}next>* <{EX}r/19> }}")


def test_literals_on_the_way() -> None:
    """A path that turns round at a value: what is called the same, step after step."""
    stores = [ox.Store(), ox.Store()]
    for n in range(20):
        for name in (n, n + 1):
            stores[(n + name) % 2].add(ox.Quad(iri(f"n/{n}"), iri("called"), ox.Literal(f"name {name}")))
    sources = [StoreSource(f"m{at}", store, exaggerate=MUCH) for at, store in enumerate(stores)]
    asked(sources, f"SELECT * {{ <{EX}n/0> (<{EX}called>/^<{EX}called>)+ ?y }}")
    asked(sources, f'SELECT * {{ "name 3" (^<{EX}called>|<{EX}called>)* ?y }}')


def test_any_predicate() -> None:
    """A negated set that is repeated."""
    one = member("one", *(f"c/{n} p{n % 3} c/{n + 1}" for n in range(0, 30, 2)))
    two = member("two", *(f"c/{n} p{n % 3} c/{n + 1}" for n in range(1, 30, 2)), "c/3 a c/4")
    asked([one, two], f"SELECT * {{ <{EX}c/0> (!<{EX}p5>)+ ?y }}")
    asked([one, two], f"SELECT * {{ <{EX}c/9> (!(<{EX}p5>|^<{EX}p1>))* ?y }}")
