"""Where in a query codes stand: at which ends of properties and paths, and which variables are codes there. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from node.rdf.namespaces import RDFS_SUBCLASS_OF
from node.sparql.algebra import (
    AlternativePath,
    BasicGraphPattern,
    Call,
    Element,
    Expression,
    Graph,
    Group,
    InversePath,
    Link,
    Minus,
    Optional,
    Path,
    RepeatedPath,
    Select,
    SequencePath,
    SubSelect,
    Union,
    Variable,
    VarOrTerm,
    exists_within,
)
from node.sparql.terms import Term


class CodePlaces:
    """Tells where codes stand. ``properties`` have codes as values; ``rdfs:subClassOf`` has them at both ends."""

    def __init__(self, properties: AbstractSet[str]) -> None:
        self._properties = properties

    def ends(self, predicate: VarOrTerm | Path) -> tuple[bool, bool]:
        """Whether what stands at the beginning, and at the end, of a predicate or path can only be a code."""
        match predicate:
            case Term(kind="iri", value=iri) | Link(iri):
                return iri == RDFS_SUBCLASS_OF, iri == RDFS_SUBCLASS_OF or iri in self._properties
            case InversePath(path):
                left, right = self.ends(path)
                return right, left
            case RepeatedPath(path):
                return self.ends(path)
            case AlternativePath(parts):
                ends = [self.ends(part) for part in parts]
                return all(left for left, _ in ends), all(right for _, right in ends)
            case SequencePath(parts):
                return self._outermost(parts, 0), self._outermost(tuple(reversed(parts)), 1)
            case _:
                return False, False

    def _outermost(self, parts: tuple[Path, ...], side: int) -> bool:
        """An end of a sequence: that of its outermost part, and of the next one too where that may be empty."""
        for part in parts:
            if not self.ends(part)[side]:
                return False
            if not _may_be_empty(part):
                return True
        return True

    def variables(self, select: Select) -> frozenset[str]:
        """The variables of a select that stand where codes stand, in its patterns and what it takes of sub-selects."""
        return frozenset(self._in_group(select.pattern))

    def _in_group(self, group: Group) -> Iterator[str]:
        for element in group.elements:
            yield from self._in_element(element)
        for condition in group.filters:
            for exists in exists_within(condition):
                yield from self._in_group(exists.pattern)

    def _in_element(self, element: Element) -> Iterator[str]:
        match element:
            case BasicGraphPattern(triples):
                for triple in triples:
                    for end, is_code in zip((triple.subject, triple.object), self.ends(triple.predicate), strict=True):
                        if is_code and isinstance(end, Variable):
                            yield end.name
            case Group():
                yield from self._in_group(element)
            case Optional(pattern) | Graph(_, pattern) | Minus(pattern):
                yield from self._in_group(pattern)
            case Union(arms):
                for arm in arms:
                    yield from self._in_group(arm)
            case SubSelect(select):
                inner = self.variables(select)
                columns = select.projection
                yield from inner if columns is None else inner & {p.variable for p in columns if p.expression is None}


def _may_be_empty(path: Path) -> bool:
    match path:
        case RepeatedPath(_, minimum):
            return minimum == 0
        case InversePath(inner):
            return _may_be_empty(inner)
        case SequencePath(parts):
            return all(map(_may_be_empty, parts))
        case AlternativePath(parts):
            return any(map(_may_be_empty, parts))
        case _:
            return False


def conjuncts(condition: Expression) -> Iterator[Expression]:
    """The conditions that all have to hold where this one has to."""
    while isinstance(condition, Call) and condition.name == "&&":
        yield from conjuncts(condition.arguments[1])
        condition = condition.arguments[0]
    yield condition


def passing(condition: Expression) -> tuple[str, tuple[Term, ...]] | None:
    """The variable of a condition and all terms that it lets pass; None for a condition of another kind."""
    match condition:
        case Call("||", (left, right)):
            one, other = passing(left), passing(right)
            return (one[0], one[1] + other[1]) if one and other and one[0] == other[0] else None
        case Call("=" | "sameTerm" | "SAMETERM", (Variable(name), Term() as term)):
            return name, (term,)
        case Call("=" | "sameTerm" | "SAMETERM", (Term() as term, Variable(name))):
            return name, (term,)
        case Call("IN", (Variable(name), *others)) if others and all(isinstance(o, Term) for o in others):
            return name, tuple(o for o in others if isinstance(o, Term))
        case _:
            return None
