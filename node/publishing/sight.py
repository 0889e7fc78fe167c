"""What shapes can see of a node: worked out from the shapes graph, so that nodes that look alike are judged once.

Most constraints of SHACL Core (section 4) tell few values apart: ``sh:nodeKind`` sees an IRI or a literal,
``sh:maxInclusive 120`` sees whether a number is above it. A shape that has only such constraints, on the node itself
or on its values, cannot tell two nodes apart that have as many values of each class. A shape with any other constraint
(one that follows a path, compares properties, counts qualified values, is SPARQL, or is not known here) sees more than
that: every node it is aimed at has to be judged itself. So has every node that the shapes graph names.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from node.rdf.namespaces import OWL, RDF_TYPE, RDFS, SH, XSD

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node

# Literals in the one way in which they can be written: no other term is the same value.
_TEXT = re.compile(r'"([^"\\]*)"(?:@([a-z0-9-]+))?')
_INTEGER = re.compile(rf'"(0|-?[1-9]\d{{0,15}})"\^\^<{re.escape(XSD)}integer>')
_DECIMAL = re.compile(rf'"(-?(?:0|[1-9]\d{{0,8}})\.\d{{0,8}}[1-9])"\^\^<{re.escape(XSD)}decimal>')
#: Endings of literals that can be the same value as one of those above.
_DOUBTFUL = tuple(f'"^^<{XSD}{name}>' for name in ("integer", "decimal", "string"))

#: The properties that aim a shape (SHACL, section 2.1.3).
TARGETS = ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")
#: Parts of a shape that decide nothing (SHACL, sections 2.1 and 2.3.2), or are looked at elsewhere.
_SILENT = {*TARGETS, "path", "name", "description", "order", "group", "message", "severity", "deactivated"}
_COUNTS = {"minCount", "maxCount"}
_LENGTHS = {"minLength", "maxLength"}
_BOUNDS = {"minInclusive", "maxInclusive", "minExclusive", "maxExclusive"}
_LANGUAGES = {"uniqueLang", "languageIn"}
_LISTS = {"and", "or", "xone"}


@dataclass
class Interest:
    """What the shapes want to know of the values of one property. A value's class is all they see of it."""

    #: As many values of one class as this are as good as any more.
    cap: int = 1
    exact: bool = False
    language: bool = False
    datatype: bool = False
    length: int = 0
    listed: set[str] = field(default_factory=set)
    bounds: list[Decimal] = field(default_factory=list)

    def class_of(self, term: str) -> str | None:
        """The class of a value, given as a term in N-Triples; None when it can only be told by judging the node."""
        if "\\" in term:
            return None
        if term[0] == "<":
            return term if self.exact or self.length or term in self.listed else "I"
        sees = self.exact or self.language or self.datatype or self.length or self.bounds
        if not sees and self.cap == 1:
            return "L"
        if (text := _TEXT.fullmatch(term)) is not None:
            if self.exact:
                return term
            language = (text[2] or "") if self.language else bool(text[2])
            return f"T{min(len(text[1]), self.length)}@{language}"
        number = _INTEGER.fullmatch(term) or _DECIMAL.fullmatch(term)
        if number is None:
            return None if term.endswith(_DOUBTFUL) or "@" in term[term.rindex('"') :] else term
        if self.exact or self.length:
            return term
        value = Decimal(number[1])
        return f"{number.re is _INTEGER} {bisect_left(self.bounds, value)} {bisect_right(self.bounds, value)}"


@dataclass
class Sight:
    """What the shapes of a graph see. Properties are in angle brackets, as in N-Triples.

    ``interests``: of which properties of a node they look at the values. ``incoming``: of which properties they see
    that a node is a value. ``classes``, ``subjects_of``, ``objects_of`` and ``nodes`` mark what has to be judged
    itself; ``everything``: all has.
    """

    interests: dict[str, Interest] = field(default_factory=dict)
    incoming: set[str] = field(default_factory=set)
    classes: set[str] = field(default_factory=set)
    subjects_of: set[str] = field(default_factory=set)
    objects_of: set[str] = field(default_factory=set)
    nodes: set[str] = field(default_factory=set)
    everything: bool = False

    def interest(self, property_: str) -> Interest:
        """The interest in a property, a new one if there was none."""
        return self.interests.setdefault(property_, Interest())


class _TooDeep(Exception):
    """A shape sees more than classes of values."""


def sight(graph: Graph) -> Sight:
    """Work out what the shapes of this graph see (SHACL Core, sections 2 to 4)."""
    from rdflib import URIRef  # noqa: PLC0415

    seen = Sight()
    # the type of a node decides which classes' targets it is
    seen.interest(f"<{RDF_TYPE}>").exact = True
    seen.nodes = {term.n3() for triple in graph for term in triple if isinstance(term, URIRef)}
    targets = [URIRef(SH + name) for name in TARGETS]
    aimed = {s for p in targets for s in graph.subjects(p)}
    for class_ in (URIRef(RDFS + "Class"), URIRef(OWL + "Class")):
        aimed |= {s for s in graph.subjects(URIRef(RDF_TYPE), class_) if (s, None, None) in graph}
    for shape in aimed:
        _aim(graph, shape, seen)
    if any((None, URIRef(SH + name), None) in graph for name in ("parameter", "target", "rule")):
        # constraints and targets that are written in the shapes graph itself can see anything
        seen.everything = True
    for interest in seen.interests.values():
        interest.bounds = sorted(set(interest.bounds))
    return seen


def _aim(graph: Graph, shape: Node, seen: Sight) -> None:
    """Note whom a shape is aimed at and what it sees of them."""
    from rdflib import URIRef  # noqa: PLC0415

    def targets(name: str) -> set[str]:
        return {value.n3() for value in graph.objects(shape, URIRef(SH + name))}

    for property_ in targets("targetSubjectsOf"):
        seen.interest(property_)
    seen.incoming |= targets("targetObjectsOf")
    try:
        _walk(graph, shape, seen, about=None, above=())
    except _TooDeep:
        seen.classes |= targets("targetClass") | {shape.n3()}
        seen.subjects_of |= targets("targetSubjectsOf")
        seen.objects_of |= targets("targetObjectsOf")


def _walk(graph: Graph, shape: Node, seen: Sight, *, about: Interest | None, above: tuple[Node, ...]) -> None:
    """What a shape sees of a node; ``about``: of a value of a property, in which there is this interest.

    Raises _TooDeep when that is more than classes of values.
    """
    from rdflib import URIRef  # noqa: PLC0415

    if shape in above:
        raise _TooDeep
    above = (*above, shape)
    path = graph.value(shape, URIRef(SH + "path"))
    if path is not None:
        if about is not None:
            raise _TooDeep
        about = _followed(graph, shape, path, seen)
    for predicate, value in graph.predicate_objects(shape):
        name = str(predicate).removeprefix(SH)
        if not str(predicate).startswith(SH) or name in _SILENT or (name in _COUNTS and path is not None):
            continue
        if name in _LISTS:
            for member in graph.items(value):
                _walk(graph, member, seen, about=about, above=above)
        elif name in ("node", "not") or (name == "property" and path is None):
            _walk(graph, value, seen, about=about, above=above)
        elif about is not None:
            _note(graph, name, value, about)
        elif name not in ("nodeKind", "class"):
            # of the node itself only its types are seen; its IRI differs from node to node
            raise _TooDeep


def _followed(graph: Graph, shape: Node, path: Node, seen: Sight) -> Interest:
    """The interest in what a property shape's path leads to; counts are noted."""
    from rdflib import URIRef  # noqa: PLC0415

    counts = [_whole(v) for name in _COUNTS for v in graph.objects(shape, URIRef(SH + name))]
    if isinstance(path, URIRef):
        interest = seen.interest(path.n3())
        interest.cap = max(interest.cap, *(count + 1 for count in counts), 1)
        return interest
    inverse = graph.value(path, URIRef(SH + "inversePath"))
    constraints = {str(p).removeprefix(SH) for p in graph.predicates(shape) if str(p).startswith(SH)}
    if isinstance(inverse, URIRef) and max(counts, default=0) <= 1 and constraints <= {*_SILENT, "minCount"}:
        seen.incoming.add(inverse.n3())
        return Interest()
    raise _TooDeep


def _whole(value: Node) -> int:
    """A whole number. Raises _TooDeep for anything else, which the validator will not like."""
    try:
        return int(str(value))
    except ValueError:
        raise _TooDeep from None


def _note(graph: Graph, name: str, value: Node, interest: Interest) -> None:
    """Note what one constraint on values wants to know of them. Raises _TooDeep for one that is not known."""
    if name == "nodeKind":
        return
    if name == "datatype":
        interest.datatype = True
    elif name in _LENGTHS:
        interest.length = max(interest.length, _whole(value) + 1)
    elif name in _BOUNDS:
        try:
            interest.bounds.append(Decimal(str(value)))
        except InvalidOperation:
            interest.exact = True
    elif name in ("in", "hasValue"):
        for member in graph.items(value) if name == "in" else (value,):
            interest.listed.add(member.n3())
            # literals can be written in several ways that are one value
            interest.exact |= not member.n3().startswith("<")
    elif name in _LANGUAGES:
        interest.language = True
        interest.cap = max(interest.cap, 2)
    elif name in ("pattern", "flags"):
        interest.exact = True
    else:
        raise _TooDeep
