"""From the algebra of a query to the tree of what it needs to see (``plan``). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from node.federation.planning.conditions import movable
from node.federation.planning.plan import (
    Attachment,
    Body,
    Choice,
    Closure,
    Element,
    GraphPlace,
    Names,
    Place,
    Rows,
    Scan,
    Step,
    seed_cells,
)
from node.sparql.algebra import (
    AlternativePath,
    BasicGraphPattern,
    Bind,
    Call,
    Expression,
    Graph,
    Group,
    InlineData,
    InversePath,
    Link,
    Minus,
    NegatedPropertySet,
    Optional,
    Path,
    Query,
    RepeatedPath,
    Select,
    SequencePath,
    SubSelect,
    TriplePattern,
    Union,
    Variable,
    VarOrTerm,
    exists_within,
)
from node.sparql.algebra import Element as Pattern
from node.sparql.graph_names import speaks_of
from node.sparql.parser import no_service
from node.sparql.terms import Term, iri_term

_NOTHING: frozenset[str] = frozenset()


def unfold(query: Query) -> Body:
    """The body of a query's pattern with everything its modifiers look at. Raises Unsupported for SERVICE."""
    named = query.dataset.named if query.dataset is not None else None
    unfolder = _Unfolder(None if named is None else tuple(iri_term(g) for g in named))
    building = _Building()
    certain = unfolder.select(query.select, _Scope(), building)
    return building.body(certain)


@dataclass(frozen=True)
class _Scope:
    """The active graph, and how variables are renamed: those of ``visible`` (None: all) as outside, others apart."""

    graph: GraphPlace = None
    outer: _Scope | None = None
    visible: frozenset[str] | None = None
    suffix: str = ""

    def name(self, variable: str) -> str:
        if self.visible is not None and variable not in self.visible:
            return variable + self.suffix
        return self.outer.name(variable) if self.outer is not None else variable


@dataclass
class _Building:
    elements: list[Element] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    seeds: list[tuple[str, frozenset[bytes]]] = field(default_factory=list)
    filters: list[Expression] = field(default_factory=list)

    def body(self, certain: Iterable[str]) -> Body:
        parts = tuple(self.elements), tuple(self.attachments), tuple(self.seeds)
        return Body(*parts, frozenset(certain), tuple(self.filters))


class _Unfolder:
    def __init__(self, named: tuple[Term, ...] | None) -> None:
        self._named = named
        self._fresh = 0

    def _new(self, prefix: str) -> str:
        self._fresh += 1
        return f"{prefix}{self._fresh}"

    # --- groups: each method adds to ``into`` and returns the variables that are now certain ---

    def _group(self, group: Group, scope: _Scope, into: _Building, outer: frozenset[str] = _NOTHING) -> set[str]:
        """``outer``: variables of the left side of an OPTIONAL, which the filters of its group can see."""
        certain: set[str] = set()
        for element in group.elements:
            certain |= self._element(element, scope, into, frozenset(certain))
        self._exists(group.filters, scope, into, frozenset(certain) | outer)
        for condition in group.filters:
            self._filter_seeds(condition, scope, certain, into)
            into.filters += movable(condition, certain, scope.name)
        return certain

    def _element(self, element: Pattern, scope: _Scope, into: _Building, before: frozenset[str]) -> set[str]:
        """``before``: what is certain where the element stands."""
        match element:
            case BasicGraphPattern(triples):
                return set().union(*(self._triple(triple, scope, into) for triple in triples))
            case Group():
                return self._group(element, scope, into)
            case Optional(pattern):
                self._attach(pattern, scope, into, before, before)
            case Minus(pattern):
                self._attach(pattern, scope, into, before)
            case Union(arms):
                return self._choice([self._arm(arm, scope) for arm in arms], into)
            case Graph(name, pattern):
                return self._graph(name, pattern, scope, into)
            case Bind(expression, variable):
                self._exists((expression,), scope, into, before)
                return self._constant(expression, scope.name(variable), into)
            case InlineData():
                return self._values(element, scope, into)
            case SubSelect(select):
                return self._sub_select(select, scope, into)
            case _:
                raise no_service()
        return set()

    def _arm(self, group: Group, scope: _Scope) -> Body:
        building = _Building()
        certain = self._group(group, scope, building)
        return building.body(certain)

    def _choice(self, arms: list[Body], into: _Building) -> set[str]:
        into.elements.append(Choice(tuple(arms)))
        return set(frozenset.intersection(*(arm.certain for arm in arms)))

    def _attach(
        self, group: Group, scope: _Scope, into: _Building, allowed: frozenset[str], outer: frozenset[str] = _NOTHING
    ) -> None:
        building = _Building()
        certain = self._group(group, scope, building, outer)
        into.attachments.append(Attachment(building.body(certain), allowed))

    def _exists(
        self, expressions: Iterable[Expression], scope: _Scope, into: _Building, allowed: frozenset[str]
    ) -> None:
        for expression in expressions:
            for exists in exists_within(expression):
                self._attach(exists.pattern, scope, into, allowed)

    def _graph(self, name: VarOrTerm, pattern: Group, scope: _Scope, into: _Building) -> set[str]:
        shown = graph = self._place(name, scope)
        if isinstance(name, Variable) and speaks_of(pattern, name.name):
            # Within the braces it is any variable; that it has the graph's name is known only after that.
            graph = name.name + self._new("#")
        before = len(into.elements)
        certain = self._group(pattern, replace(scope, graph=graph), into)
        if any(isinstance(e, Scan) and e.graph == graph for e in into.elements[before:]):
            if isinstance(shown, str):
                certain.add(shown)
                if self._named is not None:
                    names = seed_cells(list(self._named)) or frozenset()
                    into.seeds += [(variable, names) for variable in {shown, graph} if isinstance(variable, str)]
            return certain
        # That a graph of this name exists must show, but it restricts nothing: with VALUES inside, Oxigraph 0.5 gives
        # solutions for graphs that do not exist and leaves the name unbound.
        into.elements.append(Names(graph))
        return certain

    # --- sub-selects ---

    def _sub_select(self, select: Select, scope: _Scope, into: _Building) -> set[str]:
        visible = None if select.projection is None else {p.variable for p in select.projection if not p.expression}
        if select.aggregates:
            visible = (visible or set()) & _plain_keys(select)
        inner = _Scope(scope.graph, scope, None if visible is None else frozenset(visible), self._new("#"))
        if select.is_cut or (select.aggregates and not select.group):
            building = _Building()
            body = building.body(self.select(select, inner, building))
            body = building.body(body.certain)
            shared = body.certain if visible is None else {scope.name(v) for v in visible}
            if select.aggregates and not select.group:
                shared = frozenset()
            into.elements.append(Rows(body, frozenset(shared)))
            return set(body.certain & shared)
        certain = self.select(select, inner, into)
        return certain if visible is None else certain & {scope.name(v) for v in visible}

    def select(self, select: Select, scope: _Scope, into: _Building) -> set[str]:
        """The pattern of a select and what its modifiers look at; variables are named by ``scope``."""
        certain = self._group(select.pattern, scope, into)
        allowed = frozenset(certain)
        if select.aggregates:
            # After grouping only the keys have values.
            allowed &= {scope.name(v) for v in _plain_keys(select)}
        written = [p.expression for p in select.projection or () if p.expression is not None]
        keys = [k.expression for k in select.group]
        order = [o.expression for o in select.order]
        self._exists((*written, *keys, *select.having, *order), scope, into, allowed)
        if select.values is not None:
            # Joined after grouping (section 18.2.4.3): there only the keys are variables of the pattern.
            only = _plain_keys(select) if select.aggregates else None
            certain |= self._values(select.values, scope, into, only)
        return certain

    # --- candidates that the text gives ---

    def _values(self, data: InlineData, scope: _Scope, into: _Building, only: set[str] | None = None) -> set[str]:
        certain: set[str] = set()
        for at, variable in enumerate(data.variables):
            if only is not None and variable not in only:
                continue
            column = [row[at] for row in data.rows]
            bound = [term for term in column if term is not None]
            if len(bound) == len(column):
                certain.add(scope.name(variable))
                if (cells := seed_cells(bound)) is not None:
                    into.seeds.append((scope.name(variable), cells))
        return certain

    def _constant(self, expression: Expression, variable: str, into: _Building) -> set[str]:
        if not isinstance(expression, Term):
            return set()
        if (cells := seed_cells([expression])) is not None:
            into.seeds.append((variable, cells))
        return {variable}

    def _filter_seeds(self, condition: Expression, scope: _Scope, certain: set[str], into: _Building) -> None:
        if not isinstance(condition, Call):
            return
        if condition.name == "&&":
            for part in condition.arguments:
                self._filter_seeds(part, scope, certain, into)
            return
        if condition.name not in ("=", "IN", "SAMETERM"):
            return
        arguments = list(condition.arguments)
        if condition.name != "IN" and isinstance(arguments[-1], Variable):
            arguments.reverse()
        terms = [a for a in arguments[1:] if isinstance(a, Term) and a.kind == "iri"]
        if isinstance(arguments[0], Variable) and len(terms) == len(arguments) - 1:
            variable = scope.name(arguments[0].name)
            if variable in certain:
                into.seeds.append((variable, seed_cells(terms) or frozenset()))

    # --- triples and paths ---

    def _place(self, node: VarOrTerm, scope: _Scope) -> Place:
        return scope.name(node.name) if isinstance(node, Variable) else node

    def _triple(self, triple: TriplePattern, scope: _Scope, into: _Building) -> set[str]:
        subject, target = self._place(triple.subject, scope), self._place(triple.object, scope)
        certain = {v for v in (subject, target) if isinstance(v, str)}
        if isinstance(triple.predicate, Variable | Term):
            predicate = self._place(triple.predicate, scope)
            into.elements.append(Scan(subject, predicate, target, scope.graph))
            return certain | ({predicate} if isinstance(predicate, str) else set())
        self._path(subject, triple.predicate, target, scope.graph, into)
        return certain

    def _path(self, start: Place, path: Path, end: Place, graph: GraphPlace, into: _Building) -> None:
        def arm(part: Path) -> Body:
            building = _Building()
            self._path(start, part, end, graph, building)
            return building.body(v for v in (start, end) if isinstance(v, str))

        match path:
            case Link(iri):
                into.elements.append(Scan(start, iri_term(iri), end, graph))
            case InversePath(inner):
                self._path(end, inner, start, graph, into)
            case SequencePath(parts):
                places = [start, *(self._new("/") for _ in parts[1:]), end]
                for at, part in enumerate(parts):
                    self._path(places[at], part, places[at + 1], graph, into)
            case AlternativePath(parts):
                into.elements.append(Choice(tuple(arm(part) for part in parts)))
            case NegatedPropertySet(forward, inverse):
                scans = []
                if forward or not inverse:
                    scans.append(Scan(start, self._new("!"), end, graph))
                if inverse:
                    scans.append(Scan(end, self._new("!"), start, graph))
                if len(scans) == 1:
                    into.elements.append(scans[0])
                else:
                    ends = frozenset(v for v in (start, end) if isinstance(v, str))
                    into.elements.append(Choice(tuple(Body((scan,), (), (), ends) for scan in scans)))
            case RepeatedPath(inner, minimum, many):
                steps = tuple(dict.fromkeys(_steps(inner, inverse=False)))
                once = not many and isinstance(inner, Link)
                least = 0 if minimum == 0 or _may_be_empty(inner) else 1
                into.elements.append(Closure(start, end, steps, least, once, graph))


def _plain_keys(select: Select) -> set[str]:
    """The keys of GROUP BY that are variables of the pattern, and are so still after grouping."""
    return {k.variable for k in select.group if isinstance(k.expression, Variable) and k.variable == k.expression.name}


def _steps(path: Path, *, inverse: bool) -> list[Step]:
    match path:
        case Link(iri):
            return [Step(iri, inverse)]
        case InversePath(inner):
            return _steps(inner, inverse=not inverse)
        case RepeatedPath(inner):
            return _steps(inner, inverse=inverse)
        case SequencePath(parts) | AlternativePath(parts):
            return [step for part in parts for step in _steps(part, inverse=inverse)]
        case NegatedPropertySet(forward, backward):
            steps = [Step(None, inverse)] if forward or not backward else []
            return steps + ([Step(None, not inverse)] if backward else [])


def _may_be_empty(path: Path) -> bool:
    match path:
        case Link() | NegatedPropertySet():
            return False
        case InversePath(inner):
            return _may_be_empty(inner)
        case RepeatedPath(inner, minimum):
            return minimum == 0 or _may_be_empty(inner)
        case SequencePath(parts):
            return all(_may_be_empty(part) for part in parts)
        case AlternativePath(parts):
            return any(_may_be_empty(part) for part in parts)
