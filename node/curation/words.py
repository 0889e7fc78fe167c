"""Axioms in words, for curators: expressions in the Manchester syntax with labels, axioms as English sentences."""

from __future__ import annotations

from collections.abc import Callable

from pyoxigraph import Literal

from node.curation.owl import Part, Term
from node.rdf.namespaces import XSD

#: Expressions made of classes, not of a relation.
_MADE_OF = ("IntersectionOf", "UnionOf", "ComplementOf", "OneOf")
Label = Callable[[str], str]
_BETWEEN = {"SomeValuesFrom": "some", "AllValuesFrom": "only", "HasValue": "value"}
_NUMBERS = {"MinCardinality": "min", "MaxCardinality": "max", "ExactCardinality": "exactly"}
_FACETS = {"maxExclusive": "<", "maxInclusive": "<=", "minExclusive": ">", "minInclusive": ">="}
_CHARACTERISTICS = {
    "FunctionalProperty": "{} has at most one value",
    "InverseFunctionalProperty": "nothing is the value of {} for two different things",
    "TransitiveProperty": "{} is transitive",
    "SymmetricProperty": "{} holds in both directions when it holds in one",
    "AsymmetricProperty": "{} never holds in both directions",
    "ReflexiveProperty": "{} relates everything to itself",
    "IrreflexiveProperty": "{} relates nothing to itself",
}
_SENTENCES = {
    "SubClassOf": "every {} is {}",
    "EquivalentClasses": "{} is the same as {}",
    "DisjointClasses": "nothing is both {}",
    "SubPropertyOf": "whatever is related by {} is related by {}",
    "EquivalentProperties": "{} is the same property as {}",
    "DisjointProperties": "nothing is related by both {}",
    "InverseProperties": "{} is the inverse of {}",
    "PropertyDomain": "whatever has a value of {} is {}",
    "PropertyRange": "every value of {} is {}",
    "SameIndividual": "{} is the same as {}",
    "DifferentIndividuals": "{} are different",
}


def expression_text(part: Part, label: Label) -> str:
    """An expression in the Manchester syntax; ``label`` gives the label of an IRI, or a CURIE where it has none."""
    if not isinstance(part, Term):
        return (
            _name(part, label)
            if isinstance(part, str)
            else f'"{part.value}"'
            if isinstance(part, Literal)
            else str(part)
        )
    kind, parts = part.kind, part.parts
    if kind in ("IntersectionOf", "UnionOf"):
        return (" and " if kind == "IntersectionOf" else " or ").join(_inner(one, label) for one in parts)
    if kind == "ComplementOf":
        return f"not {_inner(parts[0], label)}"
    if kind == "OneOf":
        return "{" + ", ".join(expression_text(one, label) for one in parts) + "}"
    if kind == "InverseOf":
        return f"inverse {expression_text(parts[0], label)}"
    if kind == "PropertyChain":
        return " followed by ".join(expression_text(one, label) for one in parts)
    if kind in _BETWEEN:
        return f"{expression_text(parts[0], label)} {_BETWEEN[kind]} {_inner(parts[1], label)}"
    if kind == "HasSelf":
        return f"{expression_text(parts[0], label)} Self"
    if kind in _NUMBERS:
        rest = "".join(f" {_inner(one, label)}" for one in parts[2:])
        return f"{expression_text(parts[1], label)} {_NUMBERS[kind]} {parts[0]}{rest}"
    if kind == "DatatypeRestriction":
        return f"{expression_text(parts[0], label)}[{', '.join(expression_text(one, label) for one in parts[1:])}]"
    if kind == "Facet":
        facet = str(parts[0]).removeprefix(XSD)
        return f"{_FACETS.get(facet, facet)} {expression_text(parts[1], label)}"
    return f"{kind}({', '.join(expression_text(one, label) for one in parts)})"


def sentence(axiom: Term, label: Label) -> str:
    """An axiom as an English sentence without a full stop: ``every 'glioma' is a 'neoplasm'``."""
    kind = axiom.kind
    texts = [expression_text(part, label) for part in axiom.parts]
    if kind in _CHARACTERISTICS:
        return _CHARACTERISTICS[kind].format(texts[0])
    if kind in ("DisjointClasses", "DisjointProperties"):
        # of more than two, any two
        pair = " and ".join(texts) if len(texts) == 2 else f"of any two of {', '.join(texts)}"
        return _SENTENCES[kind].format(pair)
    if kind == "DifferentIndividuals":
        return _SENTENCES[kind].format(" and ".join(texts))
    if kind in ("SubClassOf", "PropertyDomain", "PropertyRange"):
        return _SENTENCES[kind].format(texts[0], _a(axiom.parts[1], texts[1]))
    if kind in _SENTENCES:
        return _SENTENCES[kind].format(texts[0], " and ".join(texts[1:]))
    if kind == "DisjointUnion":
        return f"every {texts[0]} is exactly one of {', '.join(texts[1:])}"
    if kind == "ClassAssertion":
        return f"{texts[1]} is {_a(axiom.parts[0], texts[0])}"
    if kind == "PropertyAssertion":
        return f"{texts[1]} has the {texts[0]} {texts[2]}"
    if kind == "NegativePropertyAssertion":
        return f"{texts[1]} does not have the {texts[0]} {texts[2]}"
    if kind == "HasKey":
        return f"two {texts[0]} with the same {', '.join(texts[1:])} are one"
    return f"{kind}({', '.join(texts)})"


def _a(part: Part, text: str) -> str:
    """The text with its article; an expression that is no name is something that is so."""
    if isinstance(part, Term):
        return f"something that is ({text})" if part.kind in _MADE_OF else f"something with ({text})"
    return f"{'an' if text.strip(chr(39))[:1].lower() in tuple('aeiou') else 'a'} {text}"


def _inner(part: Part, label: Label) -> str:
    text = expression_text(part, label)
    simple = not isinstance(part, Term) or part.kind in ("OneOf", "DatatypeRestriction")
    return text if simple else f"({text})"


def _name(iri: str, label: Label) -> str:
    text = label(iri)
    return f"'{text}'" if " " in text and not text.startswith("<") else text
