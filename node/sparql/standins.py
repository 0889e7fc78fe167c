"""A query in which codes are taken for others that stand for them, where they are values of known properties. Pure.

A code is looked at where it can only mean a code: as an end of a property or path that has codes there, and beside a
variable that is one (``VALUES``, ``BIND``, ``=``, ``IN``). What is asked then is the query over the data with the same
statements made of the code as of each of its stand-ins: a solution is counted once where solutions are counted, and
where they are shown each says by which stand-in it was found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

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
    Minus,
    Optional,
    Projection,
    Query,
    Select,
    SubSelect,
    Union,
    Variable,
)
from node.sparql.codeplaces import CodePlaces, conjuncts, passing
from node.sparql.cursor import beyond_the_stack
from node.sparql.standintriples import Choices, Show, StandIn, Triples
from node.sparql.terms import Term
from node.sparql.writer import write_query, written

_EQUAL = {"=": "IN", "sameTerm": "IN", "SAMETERM": "IN", "!=": "NOT IN"}


@dataclass(frozen=True)
class Standing:
    """A rewritten query. ``columns``: for each place with columns their variables, by name of column (in the order
    given). ``taken``: the codes that were taken for others, ``left`` those in places where nothing is known of them."""

    query: Query
    columns: tuple[Mapping[str, str], ...]
    taken: tuple[str, ...]
    left: tuple[str, ...]


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
    of them. ``stands_for`` gives for the IRI of a code its stand-ins, itself too where data may have it; none for any
    other IRI.
    ``columns`` are the names of what is shown, ``own`` the one for the stand-in itself. They become columns of a
    SELECT that does not group, variables of a CONSTRUCT. What a service is asked is left alone. Raises Unsupported for
    ``DESCRIBE *``, which would describe what is added, and QueryTooDeep.
    """
    if query.described_all:
        raise Unsupported(
            "DESCRIBE * cannot be asked with codes of other systems.", remedy="Name the variables to be described."
        )
    try:
        return _standing(query, CodePlaces(properties), Choices(write_query(query), columns, own, stands_for))
    except RecursionError as error:
        raise beyond_the_stack() from error


def _standing(query: Query, codes: CodePlaces, choices: Choices) -> Standing:
    select = query.select
    work = _Work(codes, choices)
    if query.form in (Form.ASK, Form.DESCRIBE):
        show = Show.NOTHING
    elif query.form is Form.CONSTRUCT:
        show = Show.COLUMNS
    else:
        show = Show.HIDDEN if select.aggregates else Show.COLUMNS
    changed = work.select(select, frozenset(), show)
    if query.form is Form.SELECT and changed.projection is not None and choices.shown:
        added = (Projection(variable) for place in choices.shown for variable in place.values())
        held = {column.variable for column in changed.projection}
        changed = replace(changed, projection=(*changed.projection, *(p for p in added if p.variable not in held)))
    if not choices.taken:
        return Standing(query, (), (), tuple(choices.left))
    return Standing(
        written(replace(query, select=changed)), tuple(choices.shown), tuple(choices.taken), tuple(choices.left)
    )


class _Work:
    def __init__(self, codes: CodePlaces, choices: Choices) -> None:
        self._codes = codes
        self._choose = choices
        self._triples = Triples(codes, choices)

    # --- selects and groups ---

    def select(self, select: Select, outside: AbstractSet[str], show: Show) -> Select:
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

    def _group(self, group: Group, codes: AbstractSet[str], show: Show, *, condition: bool = False) -> Group:
        """``condition``: filters of this group may speak of what is outside of it (``OPTIONAL``, ``EXISTS``)."""
        elements: list[Element] = []
        filters: list[Expression] = []
        for element in group.elements:
            made, must = self._element(element, codes, show)
            elements += made
            filters += must
        told: list[Element] = []
        for one in group.filters:
            if show is Show.COLUMNS and not condition:
                told += self._told(one, codes)
            filters.append(self._expression(one, codes))
        whole = Group(tuple(elements), tuple(filters))
        return Group((whole, *told)) if told else whole

    def _element(
        self, element: Element, codes: AbstractSet[str], show: Show
    ) -> tuple[Iterable[Element], Iterable[Expression]]:
        match element:
            case BasicGraphPattern(triples):
                return self._triples.rewritten(triples, show)
            case Group():
                return (self._group(element, codes, show),), ()
            case Optional(pattern):
                return (Optional(self._group(pattern, codes, show, condition=True)),), ()
            case Minus(pattern):
                return (Minus(self._group(pattern, codes, Show.NOTHING)),), ()
            case Graph(_, pattern):
                return (replace(element, pattern=self._group(pattern, codes, show)),), ()
            case Union(arms):
                return (Union(tuple(self._group(arm, codes, show) for arm in arms)),), ()
            case InlineData():
                return (self._data(element, codes, show),), ()
            case Bind(Term() as value, variable) if variable in codes and self._choose.of(value):
                return (self._data(InlineData((variable,), ((value,),)), codes, show),), ()
            case Bind(expression):
                return (replace(element, expression=self._expression(expression, codes)),), ()
            case SubSelect(select):
                names = None if select.projection is None else {p.variable for p in select.projection}
                inner = codes if names is None else codes & names
                return (SubSelect(self.select(select, inner, Show.HIDDEN)),), ()
            case _:
                return (element,), ()

    # --- variables that are codes ---

    def _data(self, data: InlineData, codes: AbstractSet[str], show: Show) -> InlineData:
        variables = data.variables
        rows = list(data.rows)
        for i, name in enumerate(data.variables):
            met = [row[i] for row in data.rows if self._choose.of(row[i])]
            if not met:
                continue
            if name not in codes:
                self._choose.left.update((term.value, None) for term in met if term is not None)
                continue
            self._choose.taken.update((term.value, None) for term in met if term is not None)
            place = self._choose.place() if show is Show.COLUMNS else {}
            variables = (*variables, *place.values())
            rows = [made for row in rows for made in self._row(row, i, shown=bool(place))]
        if rows != list(data.rows):
            rows = list(dict.fromkeys(rows))
        return InlineData(variables, tuple(rows))

    def _row(self, row: tuple[Term | None, ...], i: int, *, shown: bool) -> Iterator[tuple[Term | None, ...]]:
        choices = self._choose.of(row[i])
        if not choices:
            yield (*row, *(None for _ in self._choose.columns)) if shown else row
        for choice in choices:
            made = (*row[:i], choice.term, *row[i + 1 :])
            yield (*made, *self._choose.cells(choice)) if shown else made

    def _told(self, condition: Expression, codes: AbstractSet[str]) -> Iterator[InlineData]:
        """Columns for a filter that lets only certain codes of a variable pass."""
        for part in conjuncts(condition):
            found = passing(part)
            if found is None or found[0] not in codes or not any(map(self._choose.of, found[1])):
                continue
            place = self._choose.place()
            rows: list[tuple[Term | None, ...]] = []
            for term in found[1]:
                choices = self._choose.of(term) or (StandIn(term),)
                rows += ((choice.term, *self._choose.cells(choice)) for choice in choices)
            yield InlineData((found[0], *place.values()), tuple(dict.fromkeys(rows)))

    def _expression(self, expression: Expression, codes: AbstractSet[str]) -> Expression:
        match expression:
            case Call(name, (first, second)) if name in _EQUAL:
                for one, other in ((first, second), (second, first)):
                    if isinstance(one, Variable) and isinstance(other, Term) and self._choose.of(other):
                        if one.name not in codes:
                            self._choose.left.setdefault(other.value)
                            return expression
                        return Call(_EQUAL[name], (one, *self._listed((other,))))
                return replace(expression, arguments=(self._expression(first, codes), self._expression(second, codes)))
            case Call(name, (Variable(variable) as first, *others)) if name in ("IN", "NOT IN"):
                if variable in codes:
                    return Call(name, (first, *self._listed(others)))
                self._choose.left.update((o.value, None) for o in others if isinstance(o, Term) and self._choose.of(o))
                return expression
            case Call(_, arguments):
                return replace(expression, arguments=tuple(self._expression(a, codes) for a in arguments))
            case Exists(pattern):
                return replace(expression, pattern=self._group(pattern, codes, Show.NOTHING, condition=True))
            case Aggregate(_, argument) if argument is not None:
                return replace(expression, argument=self._expression(argument, codes))
            case _:
                return expression

    def _listed(self, arguments: Iterable[Expression]) -> tuple[Expression, ...]:
        found: dict[Expression, None] = {}
        for argument in arguments:
            choices = self._choose.of(argument)
            if choices and isinstance(argument, Term):
                self._choose.taken.setdefault(argument.value)
            found.update((choice.term, None) for choice in choices)
            if not choices:
                found.setdefault(argument)
        return tuple(found)
