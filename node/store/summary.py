"""What a generation says of its public tier, in the file ``summary.json``: enough to know what to ask the node for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeAlias

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, QuerySolution, QuerySolutions, Store

from node.rdf.namespaces import RDF_TYPE
from node.rdf.spaces import BLANK, NAMESPACE, Spaces, namespace

#: Namespaces of the subjects, and of the objects, of one predicate.
SPACES = 24
#: What has more predicates or classes is not described to others, who would not keep it.
NAMES = 20_000
#: IRIs that one predicate has as objects are counted one by one as long as they are no more than this.
VALUES = 500

#: Finds triples of the graph: subject, predicate and object, None for any.
Look: TypeAlias = Callable[[NamedNode | BlankNode | None, NamedNode | None, Any], Iterator[Quad]]

_TYPE = NamedNode(RDF_TYPE)
_SPACE = f'REPLACE(STR({{}}), "{NAMESPACE}", "$1", "s")'


class PredicateCounts:
    """The triples with one predicate: how many, their different subjects and objects, and where these are named.

    ``values``: how many triples have each IRI as object, None where there are too many to tell (more than ``VALUES``;
    up to twice as many are followed, so that one more and one less do not have to be counted anew each time).
    """

    def __init__(self) -> None:
        self.triples = self.subjects = self.objects = self.literals = 0
        self.subject_spaces = Spaces(SPACES)
        self.object_spaces = Spaces(SPACES)
        self.values: Counter[str] | None = Counter()

    def adjust(self, triple: Quad, by: int, look: Look) -> None:
        """The graph has got (1) or lost (-1) this triple, and is now as ``look`` finds it."""
        alone = 1 if by > 0 else 0
        subject, predicate, value = triple.subject, triple.predicate, triple.object
        self.triples += by
        if len(list(islice(look(subject, predicate, None), 2))) == alone:  # type: ignore[arg-type]
            self.subjects += by
        # Looking is slow where many triples with this object have just gone, so not where they are counted anyway.
        if self.values is not None and isinstance(value, NamedNode):
            number = self.values[value.value] + by
        else:
            number = len(list(islice(look(None, predicate, value), 2)))
        if number == alone:
            self.objects += by
        self.subject_spaces.adjust(_space(subject), by)
        if isinstance(value, Literal):
            self.literals += by
        else:
            self.object_spaces.adjust(_space(value), by)
        if self.values is not None and isinstance(value, NamedNode):
            self.values[value.value] += by
            if not self.values[value.value]:
                del self.values[value.value]
            if len(self.values) > 2 * VALUES:
                self.values = None

    @property
    def listed(self) -> Mapping[str, int] | None:
        """``values`` if they are few enough to be published."""
        return self.values if self.values is not None and len(self.values) <= VALUES else None

    def read(self, given: Mapping[str, Any], triples: int, classes: Mapping[str, int] | None) -> PredicateCounts:
        """From its JSON; ``classes`` are the values of ``rdf:type``."""
        self.triples = triples
        self.subjects, self.objects, self.literals = (given[name] for name in ("subjects", "objects", "literals"))
        self.subject_spaces, self.object_spaces = (
            Spaces(SPACES, given[name]["counts"], given[name]["depth"]) for name in ("subjectSpaces", "objectSpaces")
        )
        values = classes if classes is not None and given["values"] is not None else given["values"]
        self.values = None if values is None else Counter(values)
        return self

    def write(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "subjects": self.subjects,
            "objects": self.objects,
            "literals": self.literals,
            "subjectSpaces": {"counts": self.subject_spaces.counts, "depth": self.subject_spaces.depth},
            "objectSpaces": {"counts": self.object_spaces.counts, "depth": self.object_spaces.depth},
            "values": self.values,
        }


class Summary:
    """What a graph holds: triples in all, what there is to say of each predicate and each class.

    A class is an IRI: literals that somebody gave as a type are not counted. ``detailed`` is False where only the
    triples of each predicate and the instances of each class are known. ``digest`` is that of all that everybody may
    query, None where it is not kept, and ``graphs`` has that of each of its graphs (``node.store.digests``).
    """

    digest: str | None = None
    graphs: Mapping[str, str] | None = None

    def __init__(self, predicates: dict[str, int], classes: dict[str, int]) -> None:
        self._predicates = Counter(predicates)
        self._classes = Counter(classes)
        # Of nothing, everything is known.
        self._details: dict[str, PredicateCounts] | None = None if predicates else {}
        # Of each class, how many triples with each predicate its instances are subjects of.
        self._used: dict[str, Counter[str]] | None = None if predicates else {}

    @classmethod
    def of(cls, store: Store, graph: str) -> Summary:
        """Counted anew, four seconds or so for a million triples."""
        numbers = "(COUNT(*) AS ?n) (COUNT(DISTINCT ?o) AS ?m)"
        counted = f"SELECT ?x {numbers} {{ GRAPH <{graph}> {{ ?s ?x ?o }} }} GROUP BY ?x"
        classes = f"SELECT ?x (COUNT(*) AS ?n) {{ GRAPH <{graph}> {{ ?s <{RDF_TYPE}> ?x }} }} GROUP BY ?x"
        made = cls({}, _counts(store, classes))
        assert made._details is not None
        for solution in _solutions(store, counted):
            details = made._details[solution["x"].value] = PredicateCounts()
            details.triples, details.objects = (int(solution[name].value) for name in "nm")
            made._predicates[solution["x"].value] = details.triples
        made._count_subjects(store, graph)
        for predicate, details in made._details.items():
            _count_objects(store, graph, predicate, details)
        made._used = None
        made.complete(store, graph)
        return made

    def _count_subjects(self, store: Store, graph: str) -> None:
        assert self._details is not None
        text = (
            f"SELECT ?x ?y (COUNT(*) AS ?n) (COUNT(DISTINCT ?s) AS ?m) {{ GRAPH <{graph}> {{ ?s ?x ?o }} "
            f'BIND(IF(isIRI(?s), {_SPACE.format("?s")}, "{BLANK}") AS ?y) }} GROUP BY ?x ?y'
        )
        for solution in _solutions(store, text):
            details = self._details[solution["x"].value]
            details.subject_spaces.adjust(solution["y"].value, int(solution["n"].value))
            details.subjects += int(solution["m"].value)

    def _count_used(self, store: Store, graph: str) -> None:
        self._used = {}
        used = f"SELECT ?x ?y (COUNT(*) AS ?n) {{ GRAPH <{graph}> {{ ?s <{RDF_TYPE}> ?x . ?s ?y ?o }} }} GROUP BY ?x ?y"
        for solution in _solutions(store, used):
            if isinstance(solution["x"], NamedNode):
                of_class = self._used.setdefault(solution["x"].value, Counter())
                of_class[solution["y"].value] = int(solution["n"].value)

    @classmethod
    def read(cls, text: bytes) -> Summary:
        """From its JSON. Raises ValueError (KeyError, TypeError, AttributeError) when it is damaged."""
        read = json.loads(text)
        made = cls(read["predicates"], read["classes"])
        made._details = made._used = None
        made.digest, made.graphs = read.get("digest"), read.get("graphs")
        if (details := read.get("details")) is not None:
            made._details = {
                name: PredicateCounts().read(
                    given, read["predicates"][name], read["classes"] if name == RDF_TYPE else None
                )
                for name, given in details.items()
            }
            used = read["used"]
            made._used = None if used is None else {name: Counter(counts) for name, counts in used.items()}
        return made

    @property
    def detailed(self) -> bool:
        """Whether more than numbers of triples and instances is known."""
        return self._details is not None

    @property
    def details(self) -> Mapping[str, PredicateCounts]:
        """What is known of each predicate; empty if there are only numbers."""
        return self._details or {}

    @property
    def used(self) -> Mapping[str, Mapping[str, int]] | None:
        """Of each class, the triples with each predicate whose subjects are instances; None where it is not known."""
        return self._used

    @property
    def predicates(self) -> Mapping[str, int]:
        """The triples with each predicate."""
        return {name: count for name, count in sorted(self._predicates.items()) if count}

    @property
    def classes(self) -> Mapping[str, int]:
        """The instances of each class."""
        return {name: count for name, count in sorted(self._classes.items()) if count}

    def adjust(self, triple: Quad, by: int, look: Look) -> None:
        """The graph has got (1) or lost (-1) this triple, and is now as ``look`` finds it."""
        predicate = triple.predicate.value
        typed = predicate == RDF_TYPE and isinstance(triple.object, NamedNode)
        self._predicates[predicate] += by
        if typed:
            self._classes[triple.object.value] += by  # type: ignore[union-attr]
        if self._details is None:
            return
        details = self._details.get(predicate)
        if details is None:
            details = self._details[predicate] = PredicateCounts()
        details.adjust(triple, by, look)
        if not details.triples:
            del self._details[predicate]
        if self._used is not None:
            self._adjust_used(triple, by, look, typed=typed)

    def _adjust_used(self, triple: Quad, by: int, look: Look, *, typed: bool) -> None:
        assert self._used is not None
        subject = triple.subject
        for other in look(subject, _TYPE, None):  # type: ignore[arg-type]
            if isinstance(other.object, NamedNode) and not (typed and other.object == triple.object):
                _add(self._used, other.object.value, triple.predicate.value, by)
        if typed:
            # The instance comes into the class, or leaves it, with everything that is said about it.
            class_ = triple.object.value  # type: ignore[union-attr]
            for said in look(subject, None, None):  # type: ignore[arg-type]
                _add(self._used, class_, said.predicate.value, by)
            if by < 0:
                _add(self._used, class_, RDF_TYPE, by)
            if len(self._used) > 2 * VALUES:
                self._used = None

    def complete(self, store: Store, graph: str) -> None:
        """List again what had become too much to list and no longer is."""
        for predicate, details in (self._details or {}).items():
            if details.values is None and details.objects <= VALUES:
                _count_values(store, graph, predicate, details)
        if self._details is not None and self._used is None and len(self.classes) <= VALUES:
            self._count_used(store, graph)

    def values(self) -> dict[str, Any]:
        """The counts, by name."""
        predicates, classes = self.predicates, self.classes
        return {"triples": sum(predicates.values()), "predicates": predicates, "classes": classes}

    def write(self) -> bytes:
        """As JSON."""
        values = self.values()
        if self._details is not None:
            values["details"] = {name: details.write() for name, details in self._details.items()}
            if (typed := values["details"].get(RDF_TYPE)) is not None and typed["values"] is not None:
                typed["values"] = {}  # they are the classes
            values["used"] = self._used
        if self.digest is not None:
            values["digest"], values["graphs"] = self.digest, self.graphs
        return json.dumps(values, indent=1, sort_keys=True).encode()


def count(store: Store, graph: str) -> int:
    """How many triples a graph holds."""
    (solution,) = _solutions(store, f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}")
    return int(solution["n"].value)


def _count_objects(store: Store, graph: str, predicate: str, details: PredicateCounts) -> None:
    if details.objects <= 2 * VALUES:
        _count_values(store, graph, predicate, details)
        return
    details.values = None
    details.object_spaces = Spaces(SPACES)
    text = (
        f"SELECT ?y (COUNT(*) AS ?n) {{ GRAPH <{graph}> {{ ?s <{predicate}> ?o }} "
        f'BIND(IF(isIRI(?o), {_SPACE.format("?o")}, IF(isBlank(?o), "{BLANK}", 0)) AS ?y) }} GROUP BY ?y'
    )
    for solution in _solutions(store, text):
        number = int(solution["n"].value)
        if solution["y"].datatype.value.endswith("#integer"):
            details.literals = number
        else:
            details.object_spaces.adjust(solution["y"].value, number)


def _count_values(store: Store, graph: str, predicate: str, details: PredicateCounts) -> None:
    """Count the objects one by one."""
    details.values = Counter()
    details.literals = 0
    details.object_spaces = Spaces(SPACES)
    text = f"SELECT ?x (COUNT(*) AS ?n) {{ GRAPH <{graph}> {{ ?s <{predicate}> ?x }} }} GROUP BY ?x"
    for solution in _solutions(store, text):
        number = int(solution["n"].value)
        if isinstance(solution["x"], Literal):
            details.literals += number
            continue
        details.object_spaces.adjust(_space(solution["x"]), number)
        if isinstance(solution["x"], NamedNode):
            details.values[solution["x"].value] = number


def _add(used: dict[str, Counter[str]], class_: str, predicate: str, by: int) -> None:
    of_class = used.setdefault(class_, Counter())
    of_class[predicate] += by
    if not of_class[predicate]:
        del of_class[predicate]
        if not of_class:
            del used[class_]


def _space(term: Any) -> str:
    return namespace(term.value) if isinstance(term, NamedNode) else BLANK


def _counts(store: Store, query: str) -> dict[str, int]:
    """From a query that gives IRIs ?x and their counts ?n."""
    return {s["x"].value: int(s["n"].value) for s in _solutions(store, query) if isinstance(s["x"], NamedNode)}


def _solutions(store: Store, query: str) -> Iterator[QuerySolution]:
    solutions = store.query(query)
    assert isinstance(solutions, QuerySolutions)
    return iter(solutions)
