"""SHACL by pySHACL: shapes, data and results, from and to N-Triples lines. The one place that knows pySHACL.

Importing pySHACL and rdflib takes half a second, which only a publication should pay: they are imported when used.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from node.errors import ConfigurationError
from node.publishing.drafts import Severity
from node.publishing.sight import TARGETS, Sight, sight
from node.rdf.namespaces import SH, SKOS, XSD, shorten

if TYPE_CHECKING:
    from pyoxigraph import Triple
    from rdflib import Graph
    from rdflib.term import Node

# rdflib tells of each value that is none of its datatype, with a traceback; here that is a finding
logging.getLogger("rdflib.term").setLevel(logging.ERROR)

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

    ``component`` is the local name of the constraint component, ``origin`` the name of the shapes file, ``example``
    what could be written instead. ``path`` is the property's IRI, ``term`` the value as a term in Turtle.
    """

    focus: str
    field: str | None
    value: str | None
    severity: Severity
    what: str
    remedy: str
    component: str = ""
    origin: str = ""
    example: str | None = None
    path: str | None = None
    term: str | None = None


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
    """Shapes that descriptions are judged by, and what they see.

    ``origin`` names the file of each shape. ``pathless`` counts property shapes that had no path and were left out.
    ``prepared`` keeps what the validator makes of the graph.
    """

    graph: Graph
    sight: Sight
    origin: Mapping[Any, str]
    pathless: int
    prepared: dict[str, Any] = field(default_factory=dict)

    @property
    def target_classes(self) -> list[str]:
        """The classes that shapes are aimed at, as N-Triples terms."""
        from rdflib import URIRef  # noqa: PLC0415

        found = set(self.graph.objects(None, URIRef(SH + "targetClass")))
        return sorted(class_.n3() for class_ in found if isinstance(class_, URIRef))

    @property
    def aimed(self) -> bool:
        """Whether any shape has a target."""
        from rdflib import URIRef  # noqa: PLC0415

        return any((None, URIRef(SH + name), None) in self.graph for name in TARGETS)


@lru_cache(maxsize=16)
def read_shapes(*files: tuple[str, str]) -> Shapes:
    """Shapes graphs in Turtle, each with its name, as one. Raises ConfigurationError for one that is no Turtle.

    A property shape without a path (ill-formed by SHACL, section 2.3; official files have some) is left out.
    """
    from rdflib import Graph, URIRef  # noqa: PLC0415

    graph = Graph()
    origin: dict[Any, str] = {}
    for name, text in files:
        part = Graph()
        try:
            part.parse(data=text, format="turtle")
        except Exception as error:  # noqa: BLE001 - rdflib raises whatever its parser trips over
            raise ConfigurationError(f"this is not Turtle: {' '.join(str(error).split())}") from None
        origin |= dict.fromkeys(part.subjects(), name)
        graph += part
    stated = {(s, o) for s, o in graph.subject_objects(URIRef(SH + "property"))}
    pathless = {o for _, o in stated if (o, URIRef(SH + "path"), None) not in graph}
    for subject, shape in stated:
        if shape in pathless:
            graph.remove((subject, URIRef(SH + "property"), shape))
    for shape in pathless:
        graph.remove((shape, None, None))
    return Shapes(graph, sight(graph), origin, len(pathless))


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
    from pyshacl import Validator  # noqa: PLC0415
    from pyshacl.graph_abstraction import DataGraph  # noqa: PLC0415
    from rdflib import BNode, Graph, URIRef  # noqa: PLC0415

    options = {"inference": "none", "inplace": True, "advanced": False}
    validator = Validator(DataGraph.from_rdflib(to_graph(lines)), shacl_graph=shapes.graph, options=options)
    # what pySHACL makes of a shapes graph is a third of its work, and the same for all data
    validator.shacl_graph = shapes.prepared.setdefault("shapes", validator.shacl_graph)
    try:
        conforms, report, text = validator.run()  # type: ignore[no-untyped-call]
    except RuntimeError as error:  # what all of pySHACL's errors are
        raise ConfigurationError(f"the shapes cannot be used: {' '.join(str(error).split())}") from error
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
            what=_BROKEN.get(component, "a rule of the shapes is broken"),
            remedy=str(one(result, "resultMessage") or ""),
            component=component,
            origin=shapes.origin.get(shape, ""),
            example=None if (given := shapes.graph.value(shape, URIRef(SKOS + "example"))) is None else str(given),
            path=str(path) if isinstance(path, URIRef) else None,
            term=None if value is None else value.n3(),
        )
        yield Result(broken, path, value, (shape, URIRef(SH + "message"), None) in shapes.graph)
