"""A query in which codes are taken for others that stand for them, where they are values of known properties. Pure.

A code stands for itself and for what ``stands_for`` gives. It is looked at where it can only mean a code: as an end of
a property or path that has codes there, and beside a variable that is one (``VALUES``, ``BIND``, ``=``, ``IN``). What
is asked then is the query over the data with the same statements made of the code as of each of its stand-ins: a
solution is counted once where solutions are counted, and where they are shown each says by which stand-in it was found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from enum import Enum

from node.errors import Unsupported
from node.sparql.algebra import (
    Aggregate,
    BasicGraphPattern,
    Bind,
    Call,
    Element,
    Exists,
    Expression,
    Form,
    Graph,
    Group,
    InlineData,
    Link,
    Minus,
    Optional,
    Path,
    Projection,
    Query,
    Select,
    SequencePath,
    SubSelect,
    TriplePattern,
    Union,
    Variable,
    VarOrTerm,
)
from node.sparql.codeplaces import CodePlaces, conjuncts, passing
from node.sparql.cursor import beyond_the_stack
from node.sparql.terms import Term
from node.sparql.writer import write_query, written

_EQUAL = {"=": "IN", "sameTerm": "IN", "SAMETERM": "IN", "!=": "NOT IN"}


@dataclass(frozen=True, slots=True)
class StandIn:
    """A term that is looked for in the place of a code, and what to show beside it, by name of column."""

    term: Term
    shown: Mapping[str, Term | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Standing:
    """A rewritten query. ``columns``: for each place with columns their variables, by name of column (in the order
    given). ``taken``: the codes that were taken for others, ``left`` those in places where nothing is known of them."""

    query: Query
    columns: tuple[Mapping[str, str], ...]
    taken: tuple[str, ...]
    left: tuple[str, ...]


class _Show(Enum):
    """What becomes of the stand-in that a solution was found by."""

    COLUMNS = "it is shown"
    HIDDEN = "solutions that differ in it alone are one"
    NOTHING = "it makes no difference how many solutions there are"


def with_stand_ins(
    query: Query,
    *,
    properties: AbstractSet[str],
    columns: tuple[str, ...],
    own: str,
    stands_for: Callable[[str], tuple[StandIn, ...]],
) -> Standing:
    """The query with the stand-ins of its codes, its text included.

    ``properties`` have codes as values; so has ``rdfs:subClassOf`` at both ends, and paths that begin or end with one
    of them. ``stands_for`` gives for the IRI of a code its stand-ins, itself not included, none for any other IRI.
    ``columns`` are the names of what is shown, ``own`` the one for the stand-in itself. They become columns of a
    SELECT that does not group, variables of a CONSTRUCT. What a service is asked is left alone. Raises Unsupported for
    ``DESCRIBE *``, which would describe what is added, and QueryTooDeep.
    """
    if query.described_all:
        raise Unsupported(
            "DESCRIBE * cannot be asked with codes of other systems.", remedy="Name the variables to be described."
        )
    try:
        return _standing(query, _Work(query, properties, columns, own, stands_for))
    except RecursionError as error:
        raise beyond_the_stack() from error


def _standing(query: Query, work: _Work) -> Standing:
    select = query.select
    if query.form in (Form.ASK, Form.DESCRIBE):
        show = _Show.NOTHING
    elif query.form is Form.CONSTRUCT:
        show = _Show.COLUMNS
    else:
        show = _Show.HIDDEN if select.aggregates else _Show.COLUMNS
    changed = work.select(select, frozenset(), show)
    if query.form is Form.SELECT and changed.projection is not None and work.shown:
        added = (Projection(variable) for place in work.shown for variable in place.values())
        held = {column.variable for column in changed.projection}
        changed = replace(changed, projection=(*changed.projection, *(p for p in added if p.variable not in held)))
    if not work.taken:
        return Standing(query, (), (), tuple(work.left))
    return Standing(written(replace(query, select=changed)), tuple(work.shown), tuple(work.taken), tuple(work.left))


class _Work:
    def __init__(
        self,
        query: Query,
        properties: AbstractSet[str],
        columns: tuple[str, ...],
        own: str,
        stands_for: Callable[[str], tuple[StandIn, ...]],
    ) -> None:
        self._text = write_query(query)
        self._codes = CodePlaces(properties)
        self._columns = columns
        self._own = own
        self._stands_for = stands_for
        self._places = 0
        self.shown: list[Mapping[str, str]] = []
        self.taken: dict[str, None] = {}
        self.left: dict[str, None] = {}

    # --- selects and groups ---

    def select(self, select: Select, outside: AbstractSet[str], show: _Show) -> Select:
        """``outside``: variables that are codes where this select stands."""
        codes = self._codes.variables(select) | outside
        pattern = self._group(select.pattern, codes, show)
        joined = codes
        if select.aggregates:  # it is joined with groups, which have no other variables
            joined = codes & {k.expression.name for k in select.group if isinstance(k.expression, Variable)}
        values = None if select.values is None else self._data(select.values, joined, show)

        def change(expression: Expression) -> Expression:
            return self._expression(expression, codes)

        columns = select.projection
        return replace(
            select,
            pattern=pattern,
            values=values,
            projection=columns
            and tuple(c if c.expression is None else replace(c, expression=change(c.expression)) for c in columns),
            group=tuple(replace(key, expression=change(key.expression)) for key in select.group),
            having=tuple(map(change, select.having)),
            order=tuple(replace(o, expression=change(o.expression)) for o in select.order),
        )

    def _group(self, group: Group, codes: AbstractSet[str], show: _Show, *, condition: bool = False) -> Group:
        """``condition``: filters of this group may speak of what is outside of it (``OPTIONAL``, ``EXISTS``)."""
        elements: list[Element] = []
        filters: list[Expression] = []
        for element in group.elements:
            made, must = self._element(element, codes, show)
            elements += made
            filters += must
        told: list[Element] = []
        for one in group.filters:
            if show is _Show.COLUMNS and not condition:
                told += self._told(one, codes)
            filters.append(self._expression(one, codes))
        whole = Group(tuple(elements), tuple(filters))
        return Group((whole, *told)) if told else whole

    def _element(
        self, element: Element, codes: AbstractSet[str], show: _Show
    ) -> tuple[Iterable[Element], Iterable[Expression]]:
        match element:
            case BasicGraphPattern(triples):
                return self._triples(triples, show)
            case Group():
                return (self._group(element, codes, show),), ()
            case Optional(pattern):
                return (Optional(self._group(pattern, codes, show, condition=True)),), ()
            case Minus(pattern):
                return (Minus(self._group(pattern, codes, _Show.NOTHING)),), ()
            case Graph(_, pattern):
                return (replace(element, pattern=self._group(pattern, codes, show)),), ()
            case Union(arms):
                return (Union(tuple(self._group(arm, codes, show) for arm in arms)),), ()
            case InlineData():
                return (self._data(element, codes, show),), ()
            case Bind(Term() as value, variable) if variable in codes and self._choices(value):
                return (self._data(InlineData((variable,), ((value,),)), codes, show),), ()
            case Bind(expression):
                return (replace(element, expression=self._expression(expression, codes)),), ()
            case SubSelect(select):
                names = None if select.projection is None else {p.variable for p in select.projection}
                inner = codes if names is None else codes & names
                return (SubSelect(self.select(select, inner, _Show.HIDDEN)),), ()
            case _:
                return (element,), ()

    # --- triples ---

    def _triples(
        self, triples: tuple[TriplePattern, ...], show: _Show
    ) -> tuple[Iterable[Element], Iterable[Expression]]:
        plain: list[TriplePattern] = []
        data: list[Element] = []
        filters: list[Expression] = []
        blanks: dict[str, str] = {}
        for whole in triples:
            triple, more = self._taken_apart(whole) if show is _Show.HIDDEN else (whole, ())
            ends = self._code_ends(triple)
            if not ends:
                plain += (triple, *more)
                continue
            inside: list[Element] = []
            for end in ends:
                term = getattr(triple, end)
                variable, values = self._values(term, show)
                triple = replace(triple, **{end: Variable(variable)})
                inside.append(values)
            plain += more
            if show is not _Show.HIDDEN:
                data += inside
                plain.append(triple)
                continue
            hidden = {v.variables[0] for v in inside if isinstance(v, InlineData)}
            triple = self._named_blanks(triple, blanks)
            group = Group((*inside, BasicGraphPattern((triple,))))
            seen = [v.name for v in _variables(triple) if v.name not in hidden]
            if seen:
                columns = tuple(Projection(name) for name in dict.fromkeys(seen))
                data.append(SubSelect(Select(group, projection=columns, distinct=True)))
            else:
                filters.append(Exists(group, negated=False))
        plain = [self._named_blanks(triple, blanks, only_known=True) for triple in plain]
        return ([*data, *([BasicGraphPattern(tuple(plain))] if plain else [])]), filters

    def _taken_apart(self, triple: TriplePattern) -> tuple[TriplePattern, tuple[TriplePattern, ...]]:
        """The last step of a path, and the rest: how many solutions a sequence has depends on what is in between."""
        path = triple.predicate
        if not isinstance(path, SequencePath) or not self._choices(triple.object):
            return triple, ()
        between = Variable(self._fresh("between"))
        rest = path.parts[:-1]
        first = _as_predicate(rest[0] if len(rest) == 1 else SequencePath(rest))
        last = TriplePattern(between, _as_predicate(path.parts[-1]), triple.object)
        if not self._code_ends(last):
            return triple, ()
        return last, (TriplePattern(triple.subject, first, between),)

    def _code_ends(self, triple: TriplePattern) -> list[str]:
        """Which of ``subject`` and ``object`` are codes that have stand-ins. Notes codes anywhere else."""
        left, right = self._codes.ends(triple.predicate)
        found = []
        for name, is_code in (("subject", left), ("object", right)):
            term = getattr(triple, name)
            if self._choices(term):
                if is_code:
                    found.append(name)
                else:
                    self.left.setdefault(term.value)
        return found

    def _values(self, term: Term, show: _Show) -> tuple[str, InlineData]:
        """A variable in the place of a code, and the values it takes."""
        choices = self._choices(term)
        self.taken.setdefault(term.value)
        if show is not _Show.COLUMNS:
            variable = self._fresh("standin")
            return variable, InlineData((variable,), tuple((choice.term,) for choice in choices))
        place = self._place()
        rows = tuple(tuple(self._cells(choice)) for choice in choices)
        return place[self._own], InlineData(tuple(place.values()), rows)

    def _cells(self, choice: StandIn) -> Iterator[Term | None]:
        for name in self._columns:
            yield choice.term if name == self._own else choice.shown.get(name)

    # --- variables that are codes ---

    def _data(self, data: InlineData, codes: AbstractSet[str], show: _Show) -> InlineData:
        variables = data.variables
        rows = list(data.rows)
        for i, name in enumerate(data.variables):
            met = [row[i] for row in data.rows if self._choices(row[i])]
            if not met:
                continue
            if name not in codes:
                self.left.update((term.value, None) for term in met if term is not None)
                continue
            self.taken.update((term.value, None) for term in met if term is not None)
            place = self._place() if show is _Show.COLUMNS else {}
            variables = (*variables, *place.values())
            rows = [made for row in rows for made in self._row(row, i, shown=bool(place))]
        if rows != list(data.rows):
            rows = list(dict.fromkeys(rows))
        return InlineData(variables, tuple(rows))

    def _row(self, row: tuple[Term | None, ...], i: int, *, shown: bool) -> Iterator[tuple[Term | None, ...]]:
        choices = self._choices(row[i])
        if not choices:
            yield (*row, *(None for _ in self._columns)) if shown else row
        for choice in choices:
            made = (*row[:i], choice.term, *row[i + 1 :])
            yield (*made, *self._cells(choice)) if shown else made

    def _told(self, condition: Expression, codes: AbstractSet[str]) -> Iterator[InlineData]:
        """Columns for a filter that lets only certain codes of a variable pass."""
        for part in conjuncts(condition):
            found = passing(part)
            if found is None or found[0] not in codes or not any(map(self._choices, found[1])):
                continue
            place = self._place()
            rows: list[tuple[Term | None, ...]] = []
            for term in found[1]:
                choices = self._choices(term) or (StandIn(term),)
                rows += ((choice.term, *self._cells(choice)) for choice in choices)
            yield InlineData((found[0], *place.values()), tuple(dict.fromkeys(rows)))

    def _expression(self, expression: Expression, codes: AbstractSet[str]) -> Expression:
        match expression:
            case Call(name, (first, second)) if name in _EQUAL:
                for one, other in ((first, second), (second, first)):
                    if isinstance(one, Variable) and isinstance(other, Term) and self._choices(other):
                        if one.name not in codes:
                            self.left.setdefault(other.value)
                            return expression
                        return Call(_EQUAL[name], (one, *self._listed((other,))))
                return replace(expression, arguments=(self._expression(first, codes), self._expression(second, codes)))
            case Call(name, (Variable(variable) as first, *others)) if name in ("IN", "NOT IN"):
                if variable in codes:
                    return Call(name, (first, *self._listed(others)))
                self.left.update((o.value, None) for o in others if isinstance(o, Term) and self._choices(o))
                return expression
            case Call(_, arguments):
                return replace(expression, arguments=tuple(self._expression(a, codes) for a in arguments))
            case Exists(pattern):
                return replace(expression, pattern=self._group(pattern, codes, _Show.NOTHING, condition=True))
            case Aggregate(_, argument) if argument is not None:
                return replace(expression, argument=self._expression(argument, codes))
            case _:
                return expression

    def _listed(self, arguments: Iterable[Expression]) -> tuple[Expression, ...]:
        found: dict[Expression, None] = {}
        for argument in arguments:
            choices = self._choices(argument)
            if choices and isinstance(argument, Term):
                self.taken.setdefault(argument.value)
            found.update((choice.term, None) for choice in choices)
            if not choices:
                found.setdefault(argument)
        return tuple(found)

    # --- names ---

    def _choices(self, term: object) -> tuple[StandIn, ...]:
        """What is looked for where a code stands, the code itself first; nothing for what has no stand-ins."""
        if not isinstance(term, Term) or term.kind != "iri":
            return ()
        found = self._stands_for(term.value)
        return (StandIn(term), *found) if found else ()

    def _place(self) -> Mapping[str, str]:
        self._places += 1
        suffix = "" if self._places == 1 else str(self._places)
        while any(f"?{name}{suffix} " in f"{self._text} " for name in self._columns):
            suffix += "_"
        place = {name: f"{name}{suffix}" for name in self._columns}
        self.shown.append(place)
        return place

    def _fresh(self, name: str) -> str:
        self._places += 1
        made = f"{name}{self._places}"
        while f"?{made}" in self._text:
            made += "_"
        return made

    def _named_blanks(
        self, triple: TriplePattern, blanks: dict[str, str], *, only_known: bool = False
    ) -> TriplePattern:
        """The triple with variables for its blank nodes, which cannot leave a sub-select."""

        def named(node: VarOrTerm) -> VarOrTerm:
            if not isinstance(node, Variable) or not node.name.startswith("_:"):
                return node
            if only_known and node.name not in blanks:
                return node
            return Variable(blanks.setdefault(node.name, self._fresh("node")))

        return replace(triple, subject=named(triple.subject), object=named(triple.object))


def _variables(triple: TriplePattern) -> Iterator[Variable]:
    for node in (triple.subject, triple.predicate, triple.object):
        if isinstance(node, Variable):
            yield node


def _as_predicate(path: Path) -> VarOrTerm | Path:
    return Term("iri", path.iri) if isinstance(path, Link) else path
