"""What an endpoint of another kind holds, found out by asking it.

It says nothing of itself, and not when it changes. So this is for members of which the operator declares a version
(``[[members]] version``): while that stays, so does the data.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from node.federation.rows import Table
from node.federation.spaces import BLANK, LITERAL, Spaces
from node.federation.summaries import Summary
from node.rdf.namespaces import RDF_TYPE

#: Gives the rows of a SELECT of these variables.
Ask = Callable[[str, tuple[str, ...]], Table]

_SPACE = (
    f'BIND(IF(ISIRI({{0}}), REPLACE(STR({{0}}), "[^/#:]*$", ""), IF(ISBLANK({{0}}), "{BLANK}", '
    f'"{LITERAL.replace(chr(34), chr(92) + chr(34))}")) AS ?g)'
)
_SUBJECTS = f"SELECT ?p ?g (COUNT(*) AS ?o) WHERE {{ ?s ?p ?x {_SPACE.format('?s')} }} GROUP BY ?p ?g"
_OBJECTS = f"SELECT DISTINCT ?p ?g WHERE {{ ?s ?p ?x {_SPACE.format('?x')} }}"
_CLASSES = f"SELECT ?p ?g (COUNT(*) AS ?o) WHERE {{ ?s <{RDF_TYPE}> ?p {_SPACE.format('?s')} }} GROUP BY ?p ?g"


@dataclass(frozen=True)
class Profile(Summary):
    """A summary with namespaces, of the default graph alone."""

    subjects: Mapping[str, Spaces] = field(default_factory=dict)
    objects: Mapping[str, Spaces] = field(default_factory=dict)
    instances: Mapping[str, Spaces] = field(default_factory=dict)

    covers_graphs = False

    def subject_namespaces(self, predicate: str | None, type_of: str | None = None) -> Spaces | None:
        if predicate is None:
            return frozenset().union(*self.subjects.values())
        if predicate == RDF_TYPE and type_of is not None:
            return self.instances.get(type_of, frozenset())
        return self.subjects.get(predicate, frozenset())

    def object_namespaces(self, predicate: str | None) -> Spaces | None:
        if predicate is None:
            return frozenset().union(*self.objects.values())
        return self.objects.get(predicate, frozenset())


def profile(ask: Ask, version: str) -> Profile:
    """Ask for it: three queries that look at every triple, about two seconds for each million."""
    predicates, subjects = _counted(ask(_SUBJECTS, ("p", "g", "o")))
    classes, instances = _counted(ask(_CLASSES, ("p", "g", "o")))
    objects: defaultdict[str, set[str]] = defaultdict(set)
    for predicate, space in ask(_OBJECTS, ("p", "g")).rows():
        objects[predicate[1:-1].decode()].add(_text(space))
    return Profile(
        sum(predicates.values()),
        predicates,
        classes,
        version,
        subjects,
        {name: frozenset(spaces) for name, spaces in objects.items()},
        instances,
    )


def _counted(table: Table) -> tuple[dict[str, int], dict[str, Spaces]]:
    counts: Counter[str] = Counter()
    spaces: defaultdict[str, set[str]] = defaultdict(set)
    for iri, space, number in table.rows():
        if not iri.startswith(b"<"):
            continue
        name = iri[1:-1].decode()
        counts[name] += int(_text(number))
        spaces[name].add(_text(space))
    return dict(counts), {name: frozenset(found) for name, found in spaces.items()}


def _text(cell: bytes) -> str:
    """The lexical form of a literal's cell."""
    quoted = cell[1 : cell.rindex(b'"')].decode()
    return quoted.replace('\\"', '"').replace("\\\\", "\\")
