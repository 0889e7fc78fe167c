"""OWL 2 axioms as values, after the structural specification (https://www.w3.org/TR/owl2-syntax/).

A name is its IRI as text; everything else is a ``Term``: its kind, a keyword of the functional-style syntax without
"Object" and "Data" (``SomeValuesFrom``, ``SubClassOf``), and its parts in the order of that syntax. A literal is
pyoxigraph's, a number of a cardinality an ``int``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from pyoxigraph import Literal

from node.errors import Place
from node.rdf.namespaces import OWL, RDFS, XSD

THING = OWL + "Thing"
NOTHING = OWL + "Nothing"
TOP_PROPERTIES = frozenset({OWL + "topObjectProperty", OWL + "topDataProperty"})
BOTTOM_PROPERTIES = frozenset({OWL + "bottomObjectProperty", OWL + "bottomDataProperty"})
BUILT_IN = frozenset({THING, NOTHING, *TOP_PROPERTIES, *BOTTOM_PROPERTIES})

CLASS = OWL + "Class"
OBJECT_PROPERTY = OWL + "ObjectProperty"
DATA_PROPERTY = OWL + "DatatypeProperty"
ANNOTATION_PROPERTY = OWL + "AnnotationProperty"
INDIVIDUAL = OWL + "NamedIndividual"
DATATYPE = RDFS + "Datatype"
#: What an entity can be declared to be.
ENTITY_KINDS = (CLASS, OBJECT_PROPERTY, DATA_PROPERTY, ANNOTATION_PROPERTY, INDIVIDUAL, DATATYPE)

#: Property axioms that are classes in RDF: ``p rdf:type owl:TransitiveProperty``.
CHARACTERISTICS = {
    f"{OWL}{name}Property": f"{name}Property"
    for name in (
        *("Functional", "InverseFunctional", "Transitive", "Symmetric", "Asymmetric", "Reflexive", "Irreflexive"),
    )
}


@dataclass(frozen=True, slots=True)
class Term:
    """An axiom, or a class expression, data range or property expression."""

    kind: str
    parts: tuple[Part, ...]


Part: TypeAlias = "Term | str | int | Literal"
#: A class expression: the IRI of a class, or a ``Term``.
Expression: TypeAlias = "Term | str"


@dataclass(frozen=True, slots=True)
class Axiom:
    """A logical axiom and where it is stated."""

    term: Term
    place: Place = field(default_factory=Place, compare=False)
    #: The vocabulary or release that states it.
    origin: str = field(default="", compare=False)

    @property
    def signature(self) -> frozenset[str]:
        """The names that the axiom uses, without those of OWL itself and of XSD datatypes."""
        return frozenset(names(self.term))


def names(part: Part) -> Iterator[str]:
    """The IRIs in an axiom or expression, without those that are built in."""
    stack: list[Part] = [part]
    while stack:
        one = stack.pop()
        if isinstance(one, Term):
            stack.extend(one.parts)
        elif isinstance(one, str) and one not in BUILT_IN and not one.startswith((XSD, RDFS)):
            yield one


def renamed(term: Term, rename: Callable[[str], str]) -> Term:
    """The same axiom about other names; built-in ones stay."""

    def one(part: Part) -> Part:
        if isinstance(part, Term):
            return renamed(part, rename)
        if isinstance(part, str) and part not in BUILT_IN and not part.startswith((XSD, RDFS)):
            return rename(part)
        return part

    return Term(term.kind, tuple(one(part) for part in term.parts))
