"""A SPARQL 1.1 query as values, in the words of the Recommendation's grammar (section 19.8).

A group keeps its elements in the order in which they were written, because their order means something (section
18.2.2): ``OPTIONAL``, ``MINUS`` and ``BIND`` apply to what stands before them. Only braces nest, so the depth of a tree
is bounded by the depth of the text, however many elements a group has. Prefixed names are expanded; a blank node of a
query is a variable whose name begins with ``_:``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from node.sparql.terms import Term


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable, without ``?``; a blank node of the query when the name begins with ``_:``."""

    name: str


VarOrTerm: TypeAlias = Variable | Term

# --- property paths (section 9) ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Link:
    """A path of one predicate."""

    iri: str


@dataclass(frozen=True, slots=True)
class InversePath:
    """``^path``."""

    path: Path


@dataclass(frozen=True, slots=True)
class SequencePath:
    """``path / path / …``."""

    parts: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class AlternativePath:
    """``path | path | …``."""

    parts: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class RepeatedPath:
    """``path?`` (0 to 1 times), ``path*`` (0 to many, ``many`` true), ``path+`` (1 to many)."""

    path: Path
    minimum: int
    many: bool


@dataclass(frozen=True, slots=True)
class NegatedPropertySet:
    """``!(iri | ^iri | …)``."""

    forward: tuple[str, ...]
    inverse: tuple[str, ...]


Path: TypeAlias = Link | InversePath | SequencePath | AlternativePath | RepeatedPath | NegatedPropertySet

# --- expressions (section 17) --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or function: ``name`` is the operator's sign, the keyword in capitals, or a function's IRI."""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Exists:
    """``EXISTS { }`` and ``NOT EXISTS { }``."""

    pattern: Group
    negated: bool


@dataclass(frozen=True, slots=True)
class Aggregate:
    """``COUNT(DISTINCT ?x)``; ``argument`` is None for ``COUNT(*)``."""

    name: str
    argument: Expression | None
    distinct: bool
    separator: str | None = None


Expression: TypeAlias = Variable | Term | Call | Exists | Aggregate

# --- graph patterns (section 5 to 8, 10 to 13) -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TriplePattern:
    """``subject predicate object``, where the predicate may be a path that is more than one IRI."""

    subject: VarOrTerm
    predicate: VarOrTerm | Path
    object: VarOrTerm


@dataclass(frozen=True, slots=True)
class BasicGraphPattern:
    """Adjacent triple patterns."""

    triples: tuple[TriplePattern, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """``{ … }``: elements in order; the filters apply to the whole group wherever they stand."""

    elements: tuple[Element, ...]
    filters: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Optional:
    """``OPTIONAL { }``."""

    pattern: Group


@dataclass(frozen=True, slots=True)
class Minus:
    """``MINUS { }``."""

    pattern: Group


@dataclass(frozen=True, slots=True)
class Union:
    """``{ } UNION { } …``."""

    arms: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """``GRAPH name { }``."""

    name: VarOrTerm
    pattern: Group


@dataclass(frozen=True, slots=True)
class Service:
    """``SERVICE name { }``."""

    name: VarOrTerm
    pattern: Group
    silent: bool


@dataclass(frozen=True, slots=True)
class Bind:
    """``BIND (expression AS ?variable)``."""

    expression: Expression
    variable: str


@dataclass(frozen=True, slots=True)
class InlineData:
    """``VALUES``: None stands for UNDEF."""

    variables: tuple[str, ...]
    rows: tuple[tuple[Term | None, ...], ...]


@dataclass(frozen=True, slots=True)
class SubSelect:
    """``{ SELECT … }``."""

    select: Select


Element: TypeAlias = (
    BasicGraphPattern | Group | Optional | Minus | Union | Graph | Service | Bind | InlineData | SubSelect
)

# --- queries -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Projection:
    """One column: a variable, or ``(expression AS ?variable)``."""

    variable: str
    expression: Expression | None = None


@dataclass(frozen=True, slots=True)
class GroupKey:
    """One condition of ``GROUP BY``: a plain variable, an expression, or an expression with a name."""

    expression: Expression
    variable: str | None = None


@dataclass(frozen=True, slots=True)
class OrderCondition:
    """One condition of ``ORDER BY``."""

    expression: Expression
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Select:
    """A pattern with its solution modifiers (section 15); ``projection`` is None for ``*``."""

    pattern: Group
    projection: tuple[Projection, ...] | None = None
    distinct: bool = False
    reduced: bool = False
    group: tuple[GroupKey, ...] = ()
    having: tuple[Expression, ...] = ()
    order: tuple[OrderCondition, ...] = ()
    limit: int | None = None
    offset: int | None = None
    values: InlineData | None = None

    @property
    def is_cut(self) -> bool:
        """Whether it takes some of its solutions only."""
        return self.limit is not None or self.offset is not None

    @property
    def aggregates(self) -> bool:
        """Whether solutions are grouped, by ``GROUP BY`` or because an aggregate asks for it."""
        written = [p.expression for p in self.projection or () if p.expression is not None]
        written += [o.expression for o in self.order]
        return bool(self.group) or any(has_aggregate(e) for e in (*written, *self.having))


class Form(StrEnum):
    """The four query forms (section 16)."""

    SELECT = "SELECT"
    ASK = "ASK"
    CONSTRUCT = "CONSTRUCT"
    DESCRIBE = "DESCRIBE"


@dataclass(frozen=True, slots=True)
class DatasetClause:
    """``FROM`` and ``FROM NAMED`` (section 13.2): graph IRIs, and where in the text each clause stands."""

    default: tuple[str, ...]
    named: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Query:
    """One query. ``text`` is what was parsed: the spans point into it.

    ``template`` is CONSTRUCT's; ``described`` what DESCRIBE names (empty with ``described_all``, that is ``*``), and
    ``described_span`` where that list stands, the keyword included. ``dataset`` is None without a clause. ``base`` is
    what relative IRIs were resolved against beyond what the text itself says; None when there was no need.
    """

    form: Form
    select: Select
    text: str
    template: tuple[TriplePattern, ...] = ()
    described: tuple[VarOrTerm, ...] = ()
    described_all: bool = False
    described_span: tuple[int, int] = (0, 0)
    dataset: DatasetClause | None = None
    services: bool = False
    base: str | None = None

    def self_contained(self) -> str:
        """The text as it can be sent elsewhere, where relative IRIs would mean something else."""
        return self.text if self.base is None else f"BASE <{self.base}>\n{self.text}"

    def without_dataset_clause(self) -> str:
        """The text with ``FROM`` and ``FROM NAMED`` overwritten by spaces; every position stays as it was."""
        return blank_out(self.text, self.dataset.spans) if self.dataset else self.text


def blank_out(text: str, spans: tuple[tuple[int, int], ...]) -> str:
    """The text with these parts (start, end) overwritten by spaces, line breaks kept."""
    for start, end in spans:
        text = text[:start] + "".join(c if c in "\r\n" else " " for c in text[start:end]) + text[end:]
    return text


def sub_expressions(expression: Expression) -> Iterator[Expression]:
    """The expression and every expression within it, but not those inside the pattern of an ``EXISTS``."""
    waiting = [expression]
    while waiting:
        current = waiting.pop()
        yield current
        if isinstance(current, Call):
            waiting.extend(current.arguments)
        elif isinstance(current, Aggregate) and current.argument is not None:
            waiting.append(current.argument)


def exists_within(expression: Expression) -> Iterator[Exists]:
    """Every ``EXISTS`` of an expression, those nested in the patterns of others not included."""
    return (e for e in sub_expressions(expression) if isinstance(e, Exists))


def has_aggregate(expression: Expression) -> bool:
    """Whether an aggregate occurs in the expression."""
    return any(isinstance(e, Aggregate) for e in sub_expressions(expression))
