"""Hierarchies: paths such as ``?dx rdfs:subClassOf* <neoplasm>``, said by naming everything that they lead from. Pure.

A store follows a path step by step: forwards from every solution of what stands beside it, or backwards from its end
through ten thousand classes. Where the closure is known, a query is written anew with the terms themselves, in a
sub-select that the engine (Oxigraph 0.5) leaves where it stands: joined with the pattern that the variable comes from
(``?s onco:diagnosis ?dx``), and with only those terms that occur there. A path ``p*`` or ``p+`` with one constant end
has each term once as a solution (SPARQL 1.1 Query, section 18.4, ALP), as ``VALUES`` has; a sequence is the join of its
parts over a new variable (section 18.2.2.4); and joins may be taken in any order. So the solutions stay the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from node.sparql.algebra import (
    BasicGraphPattern,
    Element,
    Form,
    Group,
    InlineData,
    InversePath,
    Link,
    Minus,
    Optional,
    Path,
    Projection,
    Query,
    RepeatedPath,
    Select,
    SequencePath,
    SubSelect,
    TriplePattern,
    Union,
    Variable,
)
from node.sparql.terms import Term, iri_term

#: A longer text costs more to read than is won.
_CHARACTERS = 20_000
#: Naming more terms than this takes the engine longer than it takes to follow the path.
_TERMS = 250_000
#: Following a path from one solution takes as long as reading so many triples, or so many names.
_FOLLOW, _NAME = 60, 4
#: So many terms are counted one by one, each up to so many triples.
_SINGLY, _COUNTED = 64, 64_000
#: Patterns of a subject with at most so many times as many triples are read through, not looked up.
_LOOKUP = 4


class Known(Protocol):
    """What is known of the graph that a query's patterns are matched in.

    ``always``: a path is written out even where it would be sooner followed.
    """

    @property
    def always(self) -> bool: ...

    def reached(self, predicate: str, end: str, *, forward: bool, itself: bool) -> Sequence[str] | None:
        """The IRIs that ``predicate*`` (``itself``) or ``predicate+`` leads from to the IRI ``end``, each once.

        With ``forward`` false those that it leads to. None when that has to be found out by following it.
        """
        ...

    def objects(self, predicate: str) -> Mapping[str, int] | None:
        """The IRIs that are objects of this predicate, and of how many triples; None for too many to say."""
        ...

    def count(self, predicate: str, value: Term, most: int) -> int:
        """How many triples have this predicate and object, at most ``most``."""
        ...


def may_hold_hierarchy(text: str, predicates: Iterable[str]) -> bool:
    """Whether ``expanded`` might have something to do for a query with this text; only parsing it tells."""
    if len(text) > _CHARACTERS or ("*" not in text and "+" not in text):
        return False
    return any(predicate.rpartition("#")[2] in text for predicate in predicates)


def expanded(query: Query, known: Known) -> Query | None:
    """The query with its paths over known closures written out, in the default graph; None to leave it as it is.

    The columns of ``SELECT *`` may come in another order. Paths in ``GRAPH`` and ``EXISTS`` are left alone.
    """
    if query.form is Form.DESCRIBE:
        return None
    expansion = _Expansion(known, query.text)
    select = expansion.select(query.select)
    return replace(query, select=select, dataset=None) if expansion.done else None


@dataclass(frozen=True)
class _Climb:
    """A path with one constant end: everything that ``start`` can be lies below, ``end`` is the IRI above."""

    triple: TriplePattern
    variable: str
    predicate: str
    end: str
    forward: bool
    itself: bool


class _Expansion:
    def __init__(self, known: Known, text: str) -> None:
        self._known = known
        self._text = text
        self._names = 0
        self.done = False

    def select(self, select: Select) -> Select:
        return replace(select, pattern=self._group(select.pattern))

    def _group(self, group: Group) -> Group:
        """The group; what stands between two elements whose order matters is joined, in whatever order."""
        made: list[Element] = []
        run: list[Element] = []
        for element in group.elements:
            match element:
                case BasicGraphPattern() | SubSelect() | Union() | Group() | InlineData():
                    run.append(element)
                    continue
                case Optional(pattern):
                    other: Element = Optional(self._group(pattern))
                case Minus(pattern):
                    other = Minus(self._group(pattern))
                case _:
                    other = element
            made += self._joined(run)
            made.append(other)
            run = []
        made += self._joined(run)
        return replace(group, elements=tuple(made))

    def _joined(self, run: list[Element]) -> list[Element]:
        """Elements that are joined: each basic graph pattern gets the paths that sub-selects beside it hold alone."""
        run = [_unwrapped(element) for element in run]
        lone = {id(e): triple for e in run if isinstance(e, SubSelect) and (triple := _lone_path(e)) is not None}
        made: list[Element] = []
        taken: set[int] = set()
        for element in run:
            if not isinstance(element, BasicGraphPattern):
                continue
            objects = {t.object.name for t in element.triples if isinstance(t.object, Variable)}
            beside = [key for key, triple in lone.items() if key not in taken and not objects.isdisjoint(_ends(triple))]
            parts = self._basic((*element.triples, *(lone[key] for key in beside)))
            if parts is not None:
                taken.update(beside)
                made += parts
            elif (parts := self._basic(element.triples)) is not None:
                made += parts
            else:
                made.append(element)
        rest = [e for e in run if not isinstance(e, BasicGraphPattern) and id(e) not in taken]
        return [*map(self._inner, rest), *made]

    def _inner(self, element: Element) -> Element:
        match element:
            case SubSelect(select):
                return SubSelect(self.select(select))
            case Union(arms):
                return Union(tuple(map(self._group, arms)))
            case Group():
                return self._group(element)
            case _:
                return element

    def _basic(self, triples: tuple[TriplePattern, ...]) -> list[Element] | None:
        """What to say instead of a basic graph pattern; None when nothing is known or would be won."""
        left = list(self._split(triples))
        climbs: dict[str, list[_Climb]] = {}
        for triple in left:
            if (climb := _climb(triple)) is not None:
                climbs.setdefault(climb.variable, []).append(climb)
        made: list[tuple[int, SubSelect]] = []
        for variable, all_of in climbs.items():
            part = self._written_out(variable, all_of, left)
            if part is not None:
                number, gone, element = part
                left = [triple for triple in left if triple not in gone]
                made.append((number, element))
        if not made:
            return None
        self.done = True
        least = min(number for number, _ in made)
        subjects = {column.variable for _, part in made for column in part.select.projection or ()}
        starred = [t for t in left if isinstance(t.subject, Variable) and t.subject.name in subjects]
        starred = [t for t in starred if self._as_many(t, least)]
        rest = tuple(self._mended([t for t in left if t not in starred]))
        made.sort(key=lambda part: part[0])
        parts: list[Element] = [element for _, element in made]
        parts += [_selected((t.subject.name,), t) for t in starred if isinstance(t.subject, Variable)]
        return [*parts, BasicGraphPattern(rest)] if rest else parts

    def _split(self, triples: tuple[TriplePattern, ...]) -> Iterable[TriplePattern]:
        """The patterns, with ``?s p/q* <end>`` as ``?s p ?new . ?new q* <end>``."""
        for triple in triples:
            path = triple.predicate
            if isinstance(path, SequencePath) and isinstance(triple.object, Term):
                between = Variable(self._new_name())
                last = TriplePattern(between, path.parts[-1], triple.object)
                if _climb(last) is not None:
                    first: Path = path.parts[0] if len(path.parts) == 2 else SequencePath(path.parts[:-1])
                    yield TriplePattern(triple.subject, first, between)
                    yield last
                    continue
            yield triple

    def _mended(self, left: list[TriplePattern]) -> Iterable[TriplePattern]:
        """Puts together again what was split in vain."""
        climbing = {t.subject: t for t in left if isinstance(t.subject, Variable) and self._is_new(t.subject)}
        for triple in left:
            if isinstance(triple.object, Variable) and triple.object in climbing:
                first, last = triple.predicate, climbing[triple.object]
                assert not isinstance(first, Variable | Term)  # a part of a path
                assert not isinstance(last.predicate, Variable | Term)
                parts = first.parts if isinstance(first, SequencePath) else (first,)
                yield TriplePattern(triple.subject, SequencePath((*parts, last.predicate)), last.object)
            elif triple.subject not in climbing:
                yield triple

    def _written_out(
        self, variable: str, climbs: list[_Climb], left: list[TriplePattern]
    ) -> tuple[int, list[TriplePattern], SubSelect] | None:
        """How many solutions the sub-select has at most, what it stands for, and the sub-select."""
        found: list[str] | None = None
        for climb in climbs:
            terms = self._known.reached(climb.predicate, climb.end, forward=climb.forward, itself=climb.itself)
            if terms is None:
                return None
            common = set(terms) if found is not None else None
            found = list(terms) if found is None else [term for term in found if term in (common or ())]
        assert found is not None
        gone = [climb.triple for climb in climbs]
        carried = _carrier(variable, [t for t in left if t not in gone])
        if carried is not None and isinstance(carried[0].subject, Term):
            if not self._known.always:
                return None
            carried = None
        hidden = variable.startswith("_:") or self._is_new(Variable(variable))
        if carried is None:
            if hidden or len(found) > _TERMS or self._sooner(variable, left, len(found) * _NAME):
                return None
            return len(found), gone, _selected((variable,), data=_values(variable, found))
        carrier, predicate = carried
        assert isinstance(carrier.subject, Variable)
        subject = carrier.subject.name
        elsewhere = [name for t in left if t is not carrier and t not in gone for name in _names(t)]
        if (subject.startswith("_:") and subject in elsewhere) or (hidden and variable in elsewhere):
            return None
        counts = self._counts(predicate, found)
        if counts is not None:
            found = [term for term in found if term in counts]
        number = len(found) if counts is None else sum(counts[term] for term in found)
        work = len(found) * _NAME + (0 if counts is None else number)
        if len(found) > _TERMS or self._sooner(subject, left, work) or self._sooner(variable, left, work):
            return None
        name = self._new_name() if variable.startswith("_:") else variable
        inner = replace(carrier, object=Variable(name))
        visible = [n for n in (subject, *(() if hidden else (name,))) if not n.startswith("_:")]
        if not visible:
            return None
        return number, [*gone, carrier], _selected(tuple(visible), inner, data=_values(name, found))

    def _counts(self, predicate: str, terms: list[str]) -> Mapping[str, int] | None:
        """How many triples with this predicate have each of the terms as object, those without any left out."""
        if len(terms) > _SINGLY:
            return self._known.objects(predicate)
        counted = ((term, self._known.count(predicate, iri_term(term), _COUNTED)) for term in terms)
        return {term: count for term, count in counted if count}

    def _sooner(self, variable: str, left: list[TriplePattern], work: int) -> bool:
        """Whether a pattern leaves so few solutions that the path is sooner followed from each of them."""
        most = work // _FOLLOW + 1
        return any(
            constant is not None and triple.subject == Variable(variable) and self._known.count(*constant, most) < most
            for triple in left
            if (constant := _constant(triple)) is not None
        )

    def _as_many(self, triple: TriplePattern, least: int) -> bool:
        """Whether a pattern of a constant object is better read through than looked up once for each solution."""
        constant = _constant(triple)
        most = least * _LOOKUP
        return constant is not None and least > _FOLLOW and self._known.count(*constant, most) < most

    def _new_name(self) -> str:
        self._names += 1
        name = f"_h{self._names}"
        return name if name not in self._text else self._new_name()

    def _is_new(self, variable: Variable) -> bool:
        return variable.name.startswith("_h") and variable.name not in self._text


def _unwrapped(element: Element) -> Element:
    match element:
        case Group((SubSelect() as only,), ()):
            return only
        case _:
            return element


def _lone_path(element: SubSelect) -> TriplePattern | None:
    """The path of ``{ SELECT ?x { ?x p* <end> } }``, which means what the path alone means."""
    select = element.select
    plain = not (select.group or select.having or select.order or select.aggregates or select.pattern.filters)
    if not plain or select.limit is not None or select.offset is not None or select.values is not None:
        return None
    match select.pattern.elements:
        case (BasicGraphPattern((triple,)),):
            climb = _climb(triple)
            if climb is not None and not climb.variable.startswith("_:"):
                projection = select.projection
                if projection is None or projection == (Projection(climb.variable),):
                    return triple
    return None


def _climb(triple: TriplePattern) -> _Climb | None:
    path, start, end = triple.predicate, triple.subject, triple.object
    turned = False
    while isinstance(path, InversePath):
        path, turned = path.path, not turned
    if not isinstance(path, RepeatedPath) or not path.many:
        return None
    itself, path = path.minimum == 0, path.path
    while isinstance(path, InversePath):
        path, turned = path.path, not turned
    if not isinstance(path, Link):
        return None
    if turned:
        start, end = end, start
    if isinstance(start, Variable) and isinstance(end, Term) and end.kind == "iri":
        return _Climb(triple, start.name, path.iri, end.value, True, itself)
    if isinstance(end, Variable) and isinstance(start, Term) and start.kind == "iri":
        return _Climb(triple, end.name, path.iri, start.value, False, itself)
    return None


def _carrier(variable: str, triples: list[TriplePattern]) -> tuple[TriplePattern, str] | None:
    """A pattern from whose objects a variable comes, and the predicate that these are objects of."""
    for triple in triples:
        if triple.object == Variable(variable) != triple.subject:
            match triple.predicate:
                case Link(iri) | Term("iri", iri) | SequencePath((*_, Link(iri))):
                    return triple, iri
    return None


def _constant(triple: TriplePattern) -> tuple[str, Term] | None:
    """Predicate and object where both are constant."""
    if isinstance(triple.object, Term):
        match triple.predicate:
            case Link(iri) | Term("iri", iri):
                return iri, triple.object
    return None


def _ends(triple: TriplePattern) -> set[str]:
    return {end.name for end in (triple.subject, triple.object) if isinstance(end, Variable)}


def _names(triple: TriplePattern) -> set[str]:
    return _ends(triple) | ({triple.predicate.name} if isinstance(triple.predicate, Variable) else set())


def _values(variable: str, terms: Iterable[str]) -> InlineData:
    return InlineData((variable,), tuple((iri_term(term),) for term in terms))


def _selected(names: tuple[str, ...], *triples: TriplePattern, data: InlineData | None = None) -> SubSelect:
    elements: list[Element] = [] if data is None else [data]
    elements += [BasicGraphPattern(triples)] if triples else []
    return SubSelect(Select(Group(tuple(elements)), projection=tuple(map(Projection, names))))
