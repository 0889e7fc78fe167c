"""What is remembered of all members' summaries, and for how long."""

from __future__ import annotations

from dataclasses import replace

from node.federation.members.directory import Directories
from node.federation.members.summaries import PredicateSummary, Summary
from node.sparql.terms import iri_term

P, Q = "http://p.example.org/p", "http://p.example.org/q"


def summary(space: str, triples: int = 3) -> Summary:
    """Of one member whose subjects are all in this namespace."""
    said = PredicateSummary(subjects=triples, literals=triples, subject_spaces=frozenset((space,)))
    return Summary(2 * triples, {P: triples, Q: triples}, {}, "1", {P: said, Q: said})


def test_a_change_of_numbers_leaves_what_is_known_of_namespaces() -> None:
    """A member that has more of the same is counted anew, but what was found about all namespaces stays."""
    directories = Directories()
    told = {"a": summary("http://a.example.org/"), "b": summary("http://b.example.org/"), "silent": None}
    before = directories.of(told)
    assert directories.of(dict(told)) is before
    assert before.subjects(P, None) is before.subjects(Q, None)
    after = directories.of({**told, "b": summary("http://b.example.org/", 5)})
    assert after.subjects(P, None) is before.subjects(P, None)
    assert (before.counts(P, None, None), after.counts(P, None, None)) == ({"a": 3, "b": 3}, {"a": 3, "b": 5})
    moved = directories.of({**told, "b": summary("http://c.example.org/")})
    assert moved.subjects(P, None).held["b"] == {"http://c.example.org/"}
    assert before.subjects(P, None).held["b"] == {"http://b.example.org/"}


def test_a_part_of_the_members_takes_nothing_from_all_of_them() -> None:
    """What is asked of this node alone, as around a SERVICE, leaves the directory of all members as it is."""
    directories = Directories()
    told = {"this node": summary("http://a.example.org/"), "b": summary("http://b.example.org/")}
    every = directories.of(told)
    alone = directories.of({"this node": told["this node"]})
    assert directories.of(told) is every
    assert directories.of({"this node": told["this node"]}) is alone
    changed = {**told, "b": summary("http://b.example.org/", 5)}
    assert directories.of(changed) is not every
    assert directories.of(changed) is directories.of(changed)
    for number in range(20):
        directories.of({f"m{number}": None})
    assert directories.of(changed) is not every


def test_only_members_with_the_namespace_are_counted() -> None:
    """A subject under nobody's namespace has no triples; of a member that does not tell its namespaces it may have."""
    open_ = replace(summary("http://b.example.org/"), details={})
    directory = Directories().of({"a": summary("http://a.example.org/"), "b": open_})
    assert directory.counts(P, iri_term("http://a.example.org/1"), None) == {"a": 3, "b": 3}
    assert directory.counts(None, iri_term("http://c.example.org/1"), None) == {"b": 6}
    assert directory.subjects(P, None).unknown == {"b"}
