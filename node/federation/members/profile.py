"""What an endpoint of another kind holds, found out by asking it.

It says nothing of itself, and not when it changes. So this is for members of which the operator declares a version
(``[[members]] version``): while that stays, so does the data.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from node.errors import LimitExceeded
from node.federation.calling.rows import Table
from node.federation.members.summaries import PredicateSummary, Summary
from node.rdf.namespaces import RDF_TYPE
from node.rdf.spaces import BLANK, LITERAL

#: A member with more names and namespaces of predicates, or of classes, is not profiled: whoever fills a store may give
#: each triple a predicate of its own. It may hold anything then, and is asked for each pattern.
MOST_ROWS = 20_000
#: Gives the rows of a SELECT of these variables.
Ask = Callable[[str, tuple[str, ...]], Table]

_OF_SUBJECTS, _OF_OBJECTS = (
    f'BIND(IF(ISIRI(?{v}), REPLACE(STR(?{v}), "[^/#:]*$", ""), IF(ISBLANK(?{v}), "{BLANK}", "\\"")) AS ?g)'
    for v in "sx"
)
# To look an IRI's text up is most of the work. So each is looked up once: of subjects, which have many triples, before
# these are counted; of objects, which are in many, once for each predicate.
_SUBJECTS = (
    "SELECT ?p ?g (COUNT(*) AS ?o) (COUNT(DISTINCT ?s) AS ?d) WHERE { "
    f"{{ SELECT ?s ?g WHERE {{ {{ SELECT DISTINCT ?s WHERE {{ ?s ?q ?y }} }} {_OF_SUBJECTS} }} }} "
    "?s ?p ?x } GROUP BY ?p ?g"
)
_OBJECTS = (
    "SELECT ?p ?g (SUM(?n) AS ?o) (COUNT(*) AS ?d) WHERE { "
    f"{{ SELECT ?p ?x (COUNT(*) AS ?n) WHERE {{ ?s ?p ?x }} GROUP BY ?p ?x }} {_OF_OBJECTS} "
    "} GROUP BY ?p ?g"
)
_CLASSES = f"SELECT ?p ?g (COUNT(*) AS ?o) WHERE {{ ?s <{RDF_TYPE}> ?p {_OF_SUBJECTS} }} GROUP BY ?p ?g"


@dataclass(frozen=True)
class Profile(Summary):
    """A summary of the default graph alone, with the namespaces of the instances of each class."""

    instances: Mapping[str, frozenset[str]] = field(default_factory=dict)

    covers_graphs = False

    def subject_namespaces(self, predicate: str | None, type_of: str | None = None) -> frozenset[str] | None:
        if predicate == RDF_TYPE and type_of is not None:
            return self.instances.get(type_of, frozenset())
        return super().subject_namespaces(predicate)


def profile(ask: Ask, version: str) -> Profile:
    """Ask for it: three queries that look at every triple, some seconds for each million.

    Raises LimitExceeded for more than ``MOST_ROWS`` of predicates or classes in their namespaces.
    """
    subjects = _counted(_few(ask, _SUBJECTS, ("p", "g", "o", "d")))
    objects = _counted(_few(ask, _OBJECTS, ("p", "g", "o", "d")))
    classes = _counted(_few(ask, _CLASSES, ("p", "g", "o")))
    predicates = {name: sum(counts[0] for counts in spaces.values()) for name, spaces in subjects.items()}
    details = {
        name: PredicateSummary(
            subjects=sum(counts[1] for counts in spaces.values()),
            objects=sum(counts[1] for counts in objects[name].values()),
            literals=objects[name].get(LITERAL, (0,))[0],
            subject_spaces=frozenset(spaces),
            object_spaces=frozenset(objects[name].keys() - {LITERAL}),
        )
        for name, spaces in subjects.items()
    }
    return Profile(
        sum(predicates.values()),
        predicates,
        {name: sum(counts[0] for counts in spaces.values()) for name, spaces in classes.items()},
        version,
        details,
        instances={name: frozenset(spaces) for name, spaces in classes.items()},
    )


def _few(ask: Ask, text: str, columns: tuple[str, ...]) -> Table:
    """The rows, of which no more than one too many come."""
    table = ask(f"{text} LIMIT {MOST_ROWS + 1}", columns)
    if len(table) > MOST_ROWS:
        what = "names and namespaces of predicates or classes"
        raise LimitExceeded(f"it has more than {MOST_ROWS:,} {what}, and is asked for each pattern instead.")
    return table


def _counted(table: Table) -> dict[str, dict[str, tuple[int, ...]]]:
    """By predicate or class and namespace, the numbers of a row."""
    counts: defaultdict[str, dict[str, tuple[int, ...]]] = defaultdict(dict)
    for iri, space, *numbers in table.rows():
        # A literal that somebody gave as a type is no class.
        if iri.startswith(b"<"):
            counts[iri[1:-1].decode()][_text(space)] = tuple(int(_text(number)) for number in numbers)
    return dict(counts)


def _text(cell: bytes) -> str:
    """The lexical form of a literal's cell."""
    quoted = cell[1 : cell.rindex(b'"')].decode()
    return quoted.replace('\\"', '"').replace("\\\\", "\\")
