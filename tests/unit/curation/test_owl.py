"""Axioms as values: read from RDF and written again, cut into modules, explained."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from pyoxigraph import RdfFormat, parse

from node.curation.justification import smallest
from node.curation.locality import BOTTOM, STAR, TOP, module
from node.curation.owl import CLASS, DATA_PROPERTY, INDIVIDUAL, OBJECT_PROPERTY, Axiom, Part, Term
from node.curation.owl_reading import read_ontology
from node.curation.owl_writing import Writer
from node.curation.reasoning import Reasoner

REASONER = Reasoner(memory=500, seconds=120)
KINDS = {
    **{f"x:{name}": {CLASS} for name in "ABCDEF"},
    **{f"x:{name}": {OBJECT_PROPERTY} for name in "pqr"},
    "x:d": {DATA_PROPERTY},
    **{f"x:{name}": {INDIVIDUAL} for name in "ij"},
}


def expression(pick: random.Random, depth: int = 0) -> Part:
    kind = (
        pick.choice(["name"] * 4 + ["and", "or", "not", "some", "only", "min", "max", "value"]) if depth < 2 else "name"
    )
    if kind == "name":
        return f"x:{pick.choice('ABCDEF')}"
    if kind in ("and", "or"):
        parts = tuple(dict.fromkeys(expression(pick, depth + 1) for _ in range(2)))
        return Term("IntersectionOf" if kind == "and" else "UnionOf", parts) if len(parts) > 1 else parts[0]
    if kind == "not":
        return Term("ComplementOf", (expression(pick, depth + 1),))
    role = f"x:{pick.choice('pq')}"
    if kind == "value":
        return Term("HasValue", (role, f"x:{pick.choice('ij')}"))
    filler = expression(pick, depth + 1)
    if kind in ("min", "max"):
        return Term(f"{kind.capitalize()}Cardinality", (pick.randint(0, 2), role, filler))
    return Term("SomeValuesFrom" if kind == "some" else "AllValuesFrom", (role, filler))


def axiom(pick: random.Random) -> Term:
    kind = pick.choice(["SubClassOf"] * 6 + ["EquivalentClasses", "DisjointClasses", "Domain", "Range", "SubProperty"])
    if kind in ("Domain", "Range"):
        return Term(f"Property{kind}", (f"x:{pick.choice('pq')}", expression(pick)))
    if kind == "SubProperty":
        return Term("SubPropertyOf", ("x:p", "x:q"))
    return Term(kind, (f"x:{pick.choice('ABCDEF')}", expression(pick)))


def test_axioms_survive_being_written_and_read() -> None:
    """Of 400 random axioms and one of each other kind, each comes back as it was."""
    pick = random.Random(5)
    terms = [axiom(pick) for _ in range(400)]
    terms += [
        Term("TransitiveProperty", ("x:p",)),
        Term("InverseProperties", ("x:p", "x:q")),
        Term("SubPropertyOf", (Term("PropertyChain", ("x:p", "x:q")), "x:r")),
        Term("DisjointClasses", ("x:A", "x:B", "x:C")),
        Term("DisjointUnion", ("x:A", "x:B", "x:C")),
        Term("HasKey", ("x:A", "x:p")),
        Term("ClassAssertion", (Term("SomeValuesFrom", (Term("InverseOf", ("x:p",)), "x:A")), "x:i")),
        Term("PropertyAssertion", ("x:p", "x:i", "x:j")),
        Term("NegativePropertyAssertion", ("x:p", "x:i", "x:j")),
        Term("SameIndividual", ("x:i", "x:j")),
        Term("SubClassOf", ("x:A", Term("OneOf", ("x:i", "x:j")))),
        Term("SubClassOf", ("x:A", Term("HasSelf", ("x:p",)))),
        Term("SubClassOf", ("x:A", Term("ExactCardinality", (2, "x:p")))),
    ]
    writer = Writer("b", lambda name: KINDS.get(name, set()))
    triples = [triple for term in terms for triple in writer.axiom(term)]
    back = read_ontology(triples, kinds=KINDS)
    assert back.malformed == []
    assert {one.term for one in back.axioms} == set(terms)


@pytest.mark.parametrize(
    ("turtle", "why"),
    [
        ("x:A rdfs:subClassOf [] .", "none of the forms of OWL 2"),
        ("x:A rdfs:subClassOf [ a owl:Restriction ; owl:onProperty x:p ] .", "says nothing of its property"),
        ("x:A rdfs:subClassOf 'text' .", None),
        ("x:A owl:equivalentClass [ owl:intersectionOf [ rdf:first x:B ] ] .", "a list is broken"),
        ("x:A rdfs:subClassOf _:a . _:a owl:complementOf _:a .", "in a circle"),
    ],
)
def test_what_is_not_well_formed_is_reported(turtle: str, why: str | None) -> None:
    """By subject, and counts for nothing."""
    text = (
        "@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix x: <x:> . "
        "@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . "
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . x:A a owl:Class . " + turtle
    )
    read = read_ontology([quad.triple for quad in parse(text.encode(), format=RdfFormat.TURTLE)])
    assert read.axioms == []
    assert [(name, why in reason) for name, reason in read.malformed] == ([("x:A", True)] if why else [])


def test_modules_keep_what_follows_for_their_names() -> None:
    """On random ontologies: what is empty, and what is below what among the names, is the same from the module.

    Twelve ontologies, one run of the reasoner for all of them whole and one for their modules: their names are apart.
    """
    pick = random.Random(11)
    wholes, cuts, asked, smaller = [], {kind: [] for kind in (BOTTOM, TOP, STAR)}, [], 0
    for number in range(12):

        def apart(name: str, number: int = number) -> str:
            return name.replace("x:", f"x:{number}")

        whole = [Axiom(rename(axiom(pick), apart)) for _ in range(8)]
        names = [apart(f"x:{name}") for name in pick.sample("ABCDEF", 3)]
        wholes.append(whole)
        asked.append(names)
        for kind, made in cuts.items():
            made.append(module(whole, names, kind))
        assert set(cuts[STAR][-1]) <= set(cuts[BOTTOM][-1])
        smaller += len(cuts[STAR][-1]) < len(whole)
    assert smaller > 6, "most modules leave something out"
    expected = answers(wholes, asked)
    for kind, made in cuts.items():
        assert answers(made, asked) == expected, kind


def rename(term: Term, name: object) -> Term:
    parts = tuple(
        rename(part, name) if isinstance(part, Term) else name(part) if isinstance(part, str) else part  # type: ignore[operator]
        for part in term.parts
    )
    return Term(term.kind, parts)


def answers(ontologies: Sequence[Sequence[Axiom]], asked: Sequence[Sequence[str]]) -> list[list[bool]]:
    """For each ontology, whether each conjunction of one name, or of a name and what is not another, is empty."""
    axioms = [one for ontology in ontologies for one in ontology]
    kinds = {name: {OBJECT_PROPERTY} for one in axioms for name in one.signature if name[-1] in "pqr"}
    probes: list[list[str]] = []
    for number, names in enumerate(asked):
        mine = []
        for a in names:
            for b in names:
                probe = f"x:{number}probe{len(mine)}"
                parts: tuple[Part, ...] = (a, Term("ComplementOf", (b,))) if a != b else (a, a)
                axioms.append(Axiom(Term("EquivalentClasses", (probe, Term("IntersectionOf", parts)))))
                mine.append(probe)
        probes.append(mine)
    answer = REASONER.classify(axioms, kinds)
    assert answer.consistent
    return [[probe in answer.unsatisfiable for probe in mine] for mine in probes]


@pytest.mark.parametrize("at_once", [1, 3, 24])
def test_the_smallest_set_is_minimal(at_once: int) -> None:
    """For random monotone properties of 40 things: enough, and not without any one of them."""
    pick = random.Random(3)
    things = [Axiom(Term("SubClassOf", (f"x:{n}", "x:A"))) for n in range(40)]
    for _ in range(60):
        enough = [frozenset(pick.sample(things, pick.randint(0, 4))) for _ in range(3)]

        def holds(subsets: Sequence[Sequence[Axiom]], enough: Sequence[frozenset[Axiom]] = enough) -> list[bool]:
            return [any(one <= set(subset) for one in enough) for subset in subsets]

        found = smallest(things, holds, at_once=at_once)
        assert set(found) in enough
        assert not any(holds([[one for one in found if one != left] for left in found]) if found else ())
    assert smallest(things, lambda subsets: [False] * len(subsets), at_once=at_once) == []
