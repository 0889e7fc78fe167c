"""Triple patterns with the stand-ins of their codes, and what the whole of a query has in common for that. Pure.

One stand-in takes the place of its code, so that what is asked is just what somebody would write who knows it. Of
several each is asked for: by ``VALUES`` beside a property, by ``UNION`` at the end of a path, whose end is then still a
constant for those who know its closure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from node.sparql.algebra import (
    BasicGraphPattern,
    Element,
    Exists,
    Expression,
    Group,
    InlineData,
    Link,
    Path,
    Projection,
    Select,
    SequencePath,
    SubSelect,
    TriplePattern,
    Union,
    Variable,
    VarOrTerm,
)
from node.sparql.codeplaces import CodePlaces
from node.sparql.terms import Term

#: Up to so many stand-ins at the end of a path are asked for one by one.
_ARMS = 16


@dataclass(frozen=True, slots=True)
class StandIn:
    """A term that is looked for in the place of a code, and what to show beside it, by name of column."""

    term: Term
    shown: Mapping[str, Term | None] = field(default_factory=dict)


class Show(Enum):
    """What becomes of the stand-in that a solution was found by."""

    COLUMNS = "it is shown"
    HIDDEN = "solutions that differ in it alone are one"
    NOTHING = "it makes no difference how many solutions there are"


class Choices:
    """The stand-ins of codes, and names for what is added to a query; ``text`` is the query's, in its canonical form.

    ``shown`` are the variables of each place by name of column, ``taken`` the codes that were taken for others,
    ``left`` those in places where nothing is known of them.
    """

    def __init__(
        self, text: str, columns: tuple[str, ...], own: str, stands_for: Callable[[str], tuple[StandIn, ...]]
    ) -> None:
        self._text = text
        self._stands_for = stands_for
        self._places = 0
        self.columns = columns
        self.own = own
        self.shown: list[Mapping[str, str]] = []
        self.taken: dict[str, None] = {}
        self.left: dict[str, None] = {}

    def of(self, term: object) -> tuple[StandIn, ...]:
        """What is looked for where a term stands; nothing for what is no code with stand-ins."""
        return self._stands_for(term.value) if isinstance(term, Term) and term.kind == "iri" else ()

    def cells(self, choice: StandIn) -> Iterator[Term | None]:
        """What is shown of a stand-in, in the order of the columns."""
        for name in self.columns:
            yield choice.term if name == self.own else choice.shown.get(name)

    def place(self) -> Mapping[str, str]:
        """Variables for the columns of another place, by name of column."""
        self._places += 1
        suffix = "" if self._places == 1 else str(self._places)
        while any(f"?{name}{suffix} " in f"{self._text} " for name in self.columns):
            suffix += "_"
        made = {name: f"{name}{suffix}" for name in self.columns}
        self.shown.append(made)
        return made

    def fresh(self, name: str) -> str:
        """A variable that the query does not have."""
        self._places += 1
        made = f"{name}{self._places}"
        while f"?{made}" in self._text:
            made += "_"
        return made


class Triples:
    """Rewrites basic graph patterns."""

    def __init__(self, codes: CodePlaces, choices: Choices) -> None:
        self._codes = codes
        self._choices = choices

    def rewritten(
        self, triples: tuple[TriplePattern, ...], show: Show
    ) -> tuple[Iterable[Element], Iterable[Expression]]:
        """The elements in the place of these adjacent triples, and filters for the group they stand in."""
        plain: list[TriplePattern] = []
        made: list[Element] = []
        filters: list[Expression] = []
        blanks: dict[str, str] = {}
        for whole in triples:
            several = show is Show.HIDDEN and len(self._choices.of(whole.object)) > 1
            triple, more = self._taken_apart(whole) if several else (whole, ())
            plain += more
            hidden, groups = self._chosen(triple, show)
            if len(groups) == 1 and (not hidden or show is not Show.HIDDEN):
                *data, pattern = groups[0].elements
                assert isinstance(pattern, BasicGraphPattern)
                made += data
                plain += pattern.triples
                continue
            inner: Element = groups[0] if len(groups) == 1 else Union(groups)
            if show is not Show.HIDDEN:
                made.append(inner)
                continue
            named = {v: Variable(blanks.setdefault(v, self._choices.fresh("node"))) for v in _blanks(triple)}
            inner = _renamed(inner, named)
            seen = [n.name for n in _variables(_renamed_triple(triple, named))]
            group = inner if isinstance(inner, Group) else Group((inner,))
            if seen:
                columns = tuple(Projection(name) for name in dict.fromkeys(seen))
                made.append(SubSelect(Select(group, projection=columns, distinct=True)))
            else:
                filters.append(Exists(group, negated=False))
        known = {label: Variable(name) for label, name in blanks.items()}
        plain = [_renamed_triple(triple, known) for triple in plain]
        return ([*made, *([BasicGraphPattern(tuple(plain))] if plain else [])]), filters

    def _chosen(self, triple: TriplePattern, show: Show) -> tuple[bool, tuple[Group, ...]]:
        """The triple with stand-ins in the place of its codes: groups of which one has to match, each of data and the
        triple; and whether solutions may differ in the stand-in alone."""
        groups = [Group((BasicGraphPattern((triple,)),))]
        hidden = False
        # a blank node cannot stand in several groups, and a variable in its place would show
        plain = isinstance(triple.predicate, Term | Link) or (show is not Show.HIDDEN and any(_blanks(triple)))
        for end in self._code_ends(triple):
            term: Term = getattr(triple, end)
            choices = self._choices.of(term)
            self._choices.taken.setdefault(term.value)
            place = self._choices.place() if show is Show.COLUMNS else {}
            hidden = hidden or len(choices) > 1
            if len(choices) == 1 or (not plain and len(choices) <= _ARMS):
                groups = [self._with_constant(group, end, c, place) for group in groups for c in choices]
            else:
                groups = [self._with_values(group, end, choices, place) for group in groups]
        return hidden, tuple(groups)

    def _with_constant(self, group: Group, end: str, choice: StandIn, place: Mapping[str, str]) -> Group:
        *data, pattern = group.elements
        assert isinstance(pattern, BasicGraphPattern)
        (triple,) = pattern.triples
        if place:
            data.append(InlineData(tuple(place.values()), (tuple(self._choices.cells(choice)),)))
        return Group((*data, BasicGraphPattern((replace(triple, **{end: choice.term}),))))

    def _with_values(self, group: Group, end: str, choices: tuple[StandIn, ...], place: Mapping[str, str]) -> Group:
        *data, pattern = group.elements
        assert isinstance(pattern, BasicGraphPattern)
        (triple,) = pattern.triples
        if place:
            variable = place[self._choices.own]
            rows = tuple(tuple(self._choices.cells(choice)) for choice in choices)
            data.append(InlineData(tuple(place.values()), rows))
        else:
            variable = self._choices.fresh("standin")
            data.append(InlineData((variable,), tuple((choice.term,) for choice in choices)))
        return Group((*data, BasicGraphPattern((replace(triple, **{end: Variable(variable)}),))))

    def _taken_apart(self, triple: TriplePattern) -> tuple[TriplePattern, tuple[TriplePattern, ...]]:
        """The last step of a path, and the rest: how many solutions a sequence has depends on what is in between."""
        path = triple.predicate
        if not isinstance(path, SequencePath):
            return triple, ()
        between = Variable(self._choices.fresh("between"))
        rest = path.parts[:-1]
        first = _as_predicate(rest[0] if len(rest) == 1 else SequencePath(rest))
        last = TriplePattern(between, _as_predicate(path.parts[-1]), triple.object)
        if not self._codes.ends(last.predicate)[1]:
            return triple, ()
        return last, (TriplePattern(triple.subject, first, between),)

    def _code_ends(self, triple: TriplePattern) -> list[str]:
        """Which of ``subject`` and ``object`` are codes that have stand-ins. Notes codes anywhere else."""
        found = []
        for name, is_code in zip(("subject", "object"), self._codes.ends(triple.predicate), strict=True):
            term = getattr(triple, name)
            if self._choices.of(term):
                if is_code:
                    found.append(name)
                else:
                    self._choices.left.setdefault(term.value)
        return found


def _renamed(element: Element, named: Mapping[str, Variable]) -> Element:
    """The same with variables for blank nodes, which cannot leave a sub-select."""
    match element:
        case BasicGraphPattern(triples):
            return BasicGraphPattern(tuple(_renamed_triple(triple, named) for triple in triples))
        case Group(elements):
            return Group(tuple(_renamed(inner, named) for inner in elements))
        case Union(arms):
            return Union(tuple(Group(tuple(_renamed(e, named) for e in arm.elements)) for arm in arms))
        case _:
            return element


def _renamed_triple(triple: TriplePattern, named: Mapping[str, Variable]) -> TriplePattern:
    def name(node: VarOrTerm) -> VarOrTerm:
        return named.get(node.name, node) if isinstance(node, Variable) else node

    return replace(triple, subject=name(triple.subject), object=name(triple.object))


def _blanks(triple: TriplePattern) -> Iterator[str]:
    return (v.name for v in _variables(triple) if v.name.startswith("_:"))


def _variables(triple: TriplePattern) -> Iterator[Variable]:
    for node in (triple.subject, triple.predicate, triple.object):
        if isinstance(node, Variable):
            yield node


def _as_predicate(path: Path) -> VarOrTerm | Path:
    return Term("iri", path.iri) if isinstance(path, Link) else path
