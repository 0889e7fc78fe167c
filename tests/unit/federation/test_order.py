"""What is fetched together, and what waits for values."""

from __future__ import annotations

from collections.abc import Mapping

import pyoxigraph as ox
from merged_store import summary_of

from node.federation.members.pace import Pace
from node.federation.planning.order import Order
from node.federation.planning.plan import Attachment, Body, Candidates, Scan
from node.federation.planning.requests import Scope
from node.federation.planning.rounds import Answer, Outcome, Rounds, alongside
from node.federation.planning.selection import Catalogue
from node.sparql.terms import iri_term


def catalogue(**counts: int) -> Catalogue:
    """One member with so many triples of each predicate, of as many subjects, with five different objects."""
    store = ox.Store()
    for predicate, count in counts.items():
        store.extend(
            ox.Quad(ox.NamedNode(f"s:{n}"), ox.NamedNode(f"p:{predicate}"), ox.NamedNode(f"o:{n % 5}"))
            for n in range(count)
        )
    return Catalogue({"a": summary_of(store)}, Scope())


def network(counts: Mapping[str, Mapping[str, int]]) -> Catalogue:
    """Members by name, each with so many triples of predicates, about subjects under a namespace of its own."""
    told = {}
    for name, its in counts.items():
        store = ox.Store()
        for predicate, count in its.items():
            store.extend(
                ox.Quad(ox.NamedNode(f"http://{name}.ex/s/{n}"), ox.NamedNode(f"p:{predicate}"), ox.Literal(n))
                for n in range(count)
            )
        told[name] = summary_of(store)
    return Catalogue(told, Scope())


def scan(subject: str, predicate: str, target: str) -> Scan:
    return Scan(subject, iri_term(f"p:{predicate}"), target)


def test_what_is_little_is_fetched_at_once() -> None:
    """A round costs as much as a thousand triples, or more where members are far."""
    elements = [scan("x", "few", "y"), scan("x", "some", "z")]
    assert len(Order(catalogue(few=10, some=500), 0.0).next_round(elements, [], {}).now) == 2
    many = catalogue(few=10, some=2000)
    assert Order(many, 0.0).next_round(elements, [], {}).now == elements[:1]
    assert Order(many, 0.030).next_round(elements, [], {}).now == elements


def test_what_others_hardly_narrow_does_not_wait() -> None:
    """Values of a variable that come with as many triples as are known already are not worth a round."""
    held = catalogue(few=10, some=2000, more=3000)
    known = {"x": Candidates(frozenset(b"<s:%d>" % n for n in range(800)))}
    elements = [scan("x", "some", "y"), scan("x", "more", "z")]
    assert Order(held, 0.0).next_round(elements, [], known).now == elements
    assert Order(held, 0.0).next_round([scan("x", "few", "y"), elements[1]], [], known).now == [scan("x", "few", "y")]


def test_a_round_costs_a_request_to_each_member() -> None:
    """The same triples wait at one member, and not at fifty who would all be asked once more."""
    elements = [scan("x", "few", "y"), scan("x", "some", "z")]
    attachment = Attachment(Body((scan("x", "more", "w"),), (), (), frozenset("xw")), frozenset("x"))
    for members, at_once in ((1, False), (50, True)):
        each = {"few": 100 // members, "some": 3000 // members, "more": 3000 // members}
        held = network({f"m{n}": each for n in range(members)})
        order = Order(held, 0.0)
        assert order.next_round(elements, [], {}).now == (elements if at_once else elements[:1])
        begun = order.next_round(elements[:1], [attachment], {})
        assert begun.attachments == ([attachment] if at_once else [])


def test_what_few_members_hold_keeps_the_others_from_being_asked() -> None:
    """Values that one of fifty members has are looked for at that one: the other 49 requests are not sent ahead."""
    each = {"some": 60, "more": 60}
    held = network({"m0": {"few": 40, **each}, **{f"m{n}": each for n in range(1, 50)}})
    elements = [scan("x", "few", "y"), scan("x", "some", "z")]
    attachment = Attachment(Body((scan("x", "more", "w"),), (), (), frozenset("xw")), frozenset("x"))
    begun = Order(held, 0.0).next_round(elements, [attachment], {})
    assert (begun.now, begun.attachments) == (elements[:1], [])
    assert Order(held, 0.0).next_round(elements[:1], [attachment], {}).attachments == []


def test_attachments_begin_when_nothing_narrows_them_any_more() -> None:
    """An OPTIONAL of ?x is fetched beside what does not bind ?x, or when it is little."""
    held = catalogue(few=10, some=2000, more=3000)
    body = Body((scan("x", "more", "w"),), (), (), frozenset("xw"))
    attachment = Attachment(body, frozenset("x"))
    order = Order(held, 0.0)
    begun = order.next_round([scan("x", "few", "y"), scan("x", "some", "z")], [attachment], {})
    assert (begun.attachments, begun.waiting) == ([], [attachment])
    known = {"x": Candidates(frozenset(b"<s:%d>" % n for n in range(900)))}
    begun = order.next_round([scan("x", "some", "z")], [attachment], known)
    assert (begun.attachments, begun.waiting) == ([], [attachment])
    assert order.next_round([scan("v", "some", "z")], [attachment], known).attachments == [attachment]
    few = {"x": Candidates(frozenset((b"<s:1>",)))}
    assert order.next_round([scan("x", "some", "z")], [attachment], few).attachments == [attachment]
    assert order.next_round([], [attachment], {}).attachments == [attachment]


def test_attachments_that_values_would_not_narrow_do_not_wait() -> None:
    """For most of its subjects all of an OPTIONAL is asked for anyway: then it is at once."""
    held = catalogue(some=700, more=1100, much=4000)
    elements, order = [scan("x", "some", "z")], Order(held, 0.0)
    for predicate, begins in (("more", True), ("much", False)):
        attachment = Attachment(Body((scan("x", predicate, "w"),), (), (), frozenset("xw")), frozenset("x"))
        begun = order.next_round(elements, [attachment], {})
        assert (begun.attachments, begun.waiting) == (([attachment], []) if begins else ([], [attachment]))
    few = Attachment(Body((scan("x", "more", "w"),), (), (), frozenset("xw")), frozenset("x"))
    assert order.next_round([Scan("x", iri_term("p:some"), iri_term("s:1"))], [few], {}).waiting == [few]


def test_the_quickest_of_the_last_requests_counts() -> None:
    """A large answer says nothing of the way to a member, and a way that has become longer is noticed."""
    pace = Pace()
    assert pace.round_trip(["a", "b"]) == 0.0
    for seconds in (0.02, 5.0, 0.03):
        pace.took("a", seconds)
    pace.took("b", 0.01)
    assert (pace.round_trip(["a", "b"]), pace.round_trip(["b", "c"])) == (0.02, 0.01)
    for _ in range(16):
        pace.took("a", 0.5)
    assert pace.round_trip(["a"]) == 0.5


def test_walks_beside_one_another() -> None:
    """What is begun on the way shares the rounds that are left, and is given up when the walk finds nothing."""
    ended: list[str] = []

    def other(name: str, rounds: int) -> Rounds:
        for _ in range(rounds):
            yield []
        ended.append(name)
        return {}

    def walk(others: list[Rounds], outcome: Outcome) -> Rounds:
        yield []
        others.append(other("long", 3))
        others.append(other("short", 1))
        yield []
        return outcome

    def rounds(outcome: Outcome) -> tuple[int, Outcome]:
        others: list[Rounds] = []
        whole, count = alongside(walk(others, outcome), others), 1
        next(whole)
        try:
            while True:
                answers: list[Answer] = []
                whole.send(answers)
                count += 1
        except StopIteration as end:
            return count, end.value

    assert (rounds({}), ended) == ((4, {}), ["short", "long"])
    ended.clear()
    assert (rounds(None), ended) == ((2, None), ["short"])
