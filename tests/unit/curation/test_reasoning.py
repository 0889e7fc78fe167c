"""The reasoner behind its limits: what it says, and what becomes of one that is missing or too slow."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.curation.owl import DATA_PROPERTY, Axiom, Term
from node.curation.reasoning import Reasoner
from node.errors import ConfigurationError, DescriptionRejected, LimitExceeded
from node.rdf.namespaces import XSD


def sub(*parts: str | Term) -> Axiom:
    return Axiom(Term("SubClassOf", parts))


def test_what_follows_is_said_with_the_names_that_were_asked_about() -> None:
    """Names of two kinds, with characters of all sorts, and data properties: one run."""
    odd = "https://example.org/a b<c>'ü"
    axioms = [
        sub("x:A", odd),
        sub(odd, "x:C"),
        Axiom(Term("EquivalentClasses", ("x:D", Term("UnionOf", ("x:A", odd))))),
        Axiom(Term("PropertyDomain", ("x:d", "x:C"))),
        Axiom(Term("EquivalentClasses", ("x:E", Term("SomeValuesFrom", ("x:d", XSD + "integer"))))),
        sub("x:N", "x:C"),
        sub("x:N", Term("ComplementOf", ("x:C",))),
        Axiom(Term("ClassAssertion", ("x:A", "x:A"))),
    ]
    answer = Reasoner(memory=500).classify(axioms, {"x:d": {DATA_PROPERTY}})
    assert answer.consistent
    assert answer.unsatisfiable == {"x:N"}
    assert answer.parents["x:E"] == {"x:C"}
    assert frozenset({"x:D", odd}) in answer.equivalent


def test_a_reasoner_that_takes_too_long_is_ended() -> None:
    """With its Java, and an error that says which limit."""
    with pytest.raises(LimitExceeded, match=r"did not end within 0\.01 s"):
        Reasoner(seconds=0.01).classify([sub("x:A", "x:B")], {})


def test_axioms_beyond_owl_2_dl_are_refused() -> None:
    """A transitive property must not be counted (OWL 2, section 11.2)."""
    axioms = [Axiom(Term("TransitiveProperty", ("x:p",))), sub("x:A", Term("MaxCardinality", (1, "x:p", "x:B")))]
    with pytest.raises(DescriptionRejected, match="cannot read the axioms"):
        Reasoner(memory=500).classify(axioms, {})


def test_a_java_that_is_not_there_is_named() -> None:
    """Before anything is started."""
    with pytest.raises(ConfigurationError, match="there is no Java at"):
        Reasoner(java=Path("/nowhere/java")).classify([], {})


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence and the command, not an ImportError."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match=r"onconode\[curation\]"):
        Reasoner().classify([], {})
