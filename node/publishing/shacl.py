"""SHACL by pySHACL: shapes, data and results, from and to N-Triples lines. The one place that knows pySHACL.

Importing pySHACL and rdflib takes half a second, which only a publication should pay: they are imported when used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from node.errors import ConfigurationError
from node.publishing.drafts import Severity
from node.publishing.sight import Sight, sight
from node.rdf.namespaces import SH, XSD, shorten

if TYPE_CHECKING:
    from pyoxigraph import Triple
    from rdflib import Graph
    from rdflib.term import Node

_SEVERITIES = {SH + "Violation": Severity.VIOLATION, SH + "Warning": Severity.WARNING, SH + "Info": Severity.INFO}

#: What each kind of constraint says when it is broken (SHACL, section 4); the shape's message says what to do.
_BROKEN = {
    "MinCountConstraintComponent": "a value is missing",
    "MaxCountConstraintComponent": "there are too many values",
    "NodeKindConstraintComponent": "a value is of the wrong kind (IRI or text)",
    "InConstraintComponent": "a value is not one of those allowed",
    "HasValueConstraintComponent": "a value that has to be there is missing",
    "ClassConstraintComponent": "a value is not of the right type",
    "DatatypeConstraintComponent": "a value has the wrong datatype",
    "MinLengthConstraintComponent": "a text is too short",
    "MaxLengthConstraintComponent": "a text is too long",
    "MinInclusiveConstraintComponent": "a number is too small, or no number",
    "MaxInclusiveConstraintComponent": "a number is too large, or no number",
    "PatternConstraintComponent": "a text is not of the right form",
    "UniqueLangConstraintComponent": "there are several values for one language",
    "NotConstraintComponent": "something is here that must not be",
    "OrConstraintComponent": "a value is of none of the kinds allowed",
    "NodeConstraintComponent": "a value is not described as it has to be",
}


@dataclass(frozen=True)
class Broken:
    """One validation result (SHACL, section 3.6.2), without blank nodes. ``focus`` and ``value`` are plain text.

    ``component`` is the local name of the constraint component, ``shape`` the IRI of the shape that stated it, None
    where it has none.
    """

    focus: str
    field: str | None
    value: str | None
    severity: Severity
    what: str
    remedy: str
    component: str = ""
    shape: str | None = None


@dataclass(frozen=True)
class Result:
    """What is broken, and what of it belongs to the node: property and value (as rdflib terms); None for no value.

    ``general``: the message is the shape's own, and says the same of every node.
    """

    broken: Broken
    path: Any
    value: Any
    general: bool


@dataclass(frozen=True, eq=False)
class Shapes:
    """Shapes that descriptions are judged by, and what they see."""

    graph: Graph
    sight: Sight


@lru_cache(maxsize=16)
def read_shapes(*texts: str) -> Shapes:
    """Shapes graphs in Turtle as one. Raises ConfigurationError for one that is no Turtle."""
    from rdflib import Graph  # noqa: PLC0415

    graph = Graph()
    for text in texts:
        try:
            graph.parse(data=text, format="turtle")
        except Exception as error:  # noqa: BLE001 - rdflib raises whatever its parser trips over
            raise ConfigurationError(f"the shapes are not Turtle: {error}".strip()) from None
    return Shapes(graph, sight(graph))


def term_of(value: Any) -> Node:
    """The rdflib term for a NamedNode or Literal of pyoxigraph."""
    from pyoxigraph import NamedNode  # noqa: PLC0415
    from rdflib import Literal, URIRef  # noqa: PLC0415

    if isinstance(value, NamedNode):
        return URIRef(value.value)
    if value.language or value.datatype.value == XSD + "string":
        return Literal(value.value, lang=value.language)
    return Literal(value.value, datatype=URIRef(value.datatype.value))


def triples_of(lines: Iterable[str]) -> Iterator[Triple]:
    """N-Triples lines as triples of pyoxigraph, which reads them twice as fast as rdflib does."""
    from pyoxigraph import RdfFormat, parse  # noqa: PLC0415

    return (quad.triple for quad in parse("\n".join(lines).encode("utf-8"), RdfFormat.N_TRIPLES))


def to_graph(lines: Iterable[str]) -> Graph:
    """The lines as an rdflib graph."""
    from rdflib import Graph, URIRef  # noqa: PLC0415

    graph = Graph()
    terms: dict[str, URIRef] = {}

    def iri(value: str) -> URIRef:
        known = terms.get(value)
        if known is None:
            known = terms[value] = URIRef(value)
        return known

    for subject, predicate, value in triples_of(lines):
        graph.add((iri(subject.value), iri(predicate.value), term_of(value)))
    return graph


def run(lines: Iterable[str], judged: set[str], shapes: Shapes) -> Iterator[Result]:
    """What of the nodes ``judged`` (IRIs) breaks the shapes. Raises ConfigurationError for shapes that are none."""
    from pyshacl import validate  # noqa: PLC0415
    from rdflib import BNode, Graph, URIRef  # noqa: PLC0415

    data = to_graph(lines)
    conforms, report, text = validate(data, shacl_graph=shapes.graph, inference="none", inplace=True, advanced=False)
    if not isinstance(report, Graph):
        raise ConfigurationError(f"the shapes cannot be used: {text}")
    if conforms:
        return

    def one(node: Any, name: str) -> Any:
        return report.value(node, URIRef(SH + name))

    for result in report.objects(None, URIRef(SH + "result")):
        focus = str(one(result, "focusNode"))
        if focus not in judged:
            continue
        path, value, shape = one(result, "resultPath"), one(result, "value"), one(result, "sourceShape")
        component = str(one(result, "sourceConstraintComponent")).removeprefix(SH)
        if isinstance(value, BNode) or str(value) == focus:
            value = None
        broken = Broken(
            focus=focus,
            field=shorten(str(path)) if isinstance(path, URIRef) else None,
            value=None if value is None else str(value),
            severity=_SEVERITIES.get(str(one(result, "resultSeverity")), Severity.VIOLATION),
            what=_BROKEN.get(component, "a rule of the hub is broken"),
            remedy=str(one(result, "resultMessage") or ""),
            component=component,
            shape=str(shape) if isinstance(shape, URIRef) else None,
        )
        yield Result(broken, path, value, (shape, URIRef(SH + "message"), None) in shapes.graph)
