"""Nodes that look alike to the shapes: one of them is judged, and what it breaks, all of them break.

``node.publishing.sight`` works out what the shapes see; here nodes get a signature of just that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from node.ontology.concepts import Vocabulary
from node.publishing.ntriples import Description, bare, split_line
from node.publishing.shacl import Broken, Result, term_of, triples_of
from node.publishing.sight import Sight
from node.rdf.namespaces import RDF_TYPE, RDFS_SUBCLASS_OF, SPECIMEN

if TYPE_CHECKING:
    from rdflib.term import Node

#: What is seen of a node: of each property and class of values how many, and of which properties it is a value.
Signature = tuple[frozenset[tuple[tuple[str, str], int]], frozenset[str]]

_TYPE = f"<{RDF_TYPE}>"
_SPECIMEN = f"<{SPECIMEN}>"
_NONE: frozenset[str] = frozenset()


@dataclass
class Groups:
    """Nodes by what the shapes see of them. ``single``: those of which they may see more; each is judged itself."""

    alike: list[list[str]] = field(default_factory=list)
    single: list[str] = field(default_factory=list)


def group(
    nodes: Sequence[str],
    description: Description,
    sight: Sight,
    incoming: Mapping[str, frozenset[str]],
    vocabulary: Vocabulary,
) -> Groups:
    """Group nodes (in angle brackets) by signature. ``incoming``: which nodes are values of which properties."""
    if sight.everything or any(f" <{RDFS_SUBCLASS_OF}> " in line for line in description.lines):
        # a description that says what its classes are below decides itself whom the shapes are aimed at
        return Groups(single=list(nodes))
    groups = Groups()
    apart: dict[str, bool] = {}

    def is_apart(type_: str) -> bool:
        if type_ not in apart:
            below = _SPECIMEN in sight.classes and vocabulary.is_a(bare(type_), SPECIMEN)
            apart[type_] = type_ in sight.classes or below
        return apart[type_]

    found: dict[Signature, list[str]] = {}
    for node in nodes:
        coming = incoming.get(node, _NONE)
        seen = None
        if node not in sight.nodes and coming.isdisjoint(sight.objects_of):
            seen = _seen(description.about(node), sight, is_apart)
        if seen is None:
            groups.single.append(node)
        else:
            found.setdefault((seen, coming), []).append(node)
    groups.alike.extend(found.values())
    return groups


def _seen(
    lines: Iterable[str], sight: Sight, is_apart: Callable[[str], bool]
) -> frozenset[tuple[tuple[str, str], int]] | None:
    """What is seen in the lines of one node; None when that is more than classes of values."""
    counts: dict[tuple[str, str], int] = {}
    for line in lines:
        subject, predicate, rest = line.split(" ", 2)
        # a value that is the node itself is told from others when it breaks something
        if predicate in sight.subjects_of or subject[1:-1] in rest:
            return None
        interest = sight.interests.get(predicate)
        if interest is None:
            continue
        term = rest[:-2]
        if predicate == _TYPE and is_apart(term):
            return None
        class_ = interest.class_of(term)
        if class_ is None:
            return None
        key = (predicate, class_)
        count = counts.get(key, 0)
        if count < interest.cap:
            counts[key] = count + 1
    return frozenset(counts.items())


class Template:
    """What one node breaks, so that it can be said of another with the same signature."""

    def __init__(self, results: Iterable[Result], node: str, description: Description, sight: Sight) -> None:
        """``results`` of judging ``node``. Raises ValueError when they cannot be said of another node."""
        self._sight = sight
        self._plain: list[Broken] = []
        self._valued: dict[tuple[str, str], list[Broken]] = {}
        classes = {(predicate, value): key for key, predicate, value in _values(description.about(node), sight)}
        first: dict[tuple[str, str], object] = {}
        for result in results:
            if not result.general:
                raise ValueError("a message of the validator names the node")
            if result.value is None:
                self._plain.append(result.broken)
                continue
            key = classes.get((str(result.path), result.value))
            if key is None:
                raise ValueError("a value is not the node's own")
            # of one class, all values break the same
            if first.setdefault(key, result.value) == result.value:
                self._valued.setdefault(key, []).append(result.broken)

    def of(self, node: str, description: Description) -> Iterator[Broken]:
        """What a node with the same signature breaks."""
        focus = bare(node)
        for broken in self._plain:
            yield replace(broken, focus=focus)
        if self._valued:
            values = {(key, value): None for key, _, value in _values(description.about(node), self._sight)}
            for key, value in values:
                for broken in self._valued.get(key, ()):
                    yield replace(broken, focus=focus, value=str(value), term=value.n3())


def _values(lines: Iterable[str], sight: Sight) -> Iterator[tuple[tuple[str, str], str, Node]]:
    """Of each line that is seen: property and class, the property's IRI, and the value as an rdflib term."""
    for line in lines:
        _, predicate, term = split_line(line)
        interest = sight.interests.get(predicate)
        if interest is not None and (class_ := interest.class_of(term)) is not None:
            (triple,) = triples_of([line])
            yield (predicate, class_), bare(predicate), term_of(triple.object)
