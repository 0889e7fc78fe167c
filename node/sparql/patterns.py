"""The grammar of graph patterns: groups, triples and property paths (SPARQL 1.1 Query, rules 53 to 105)."""

from __future__ import annotations

from collections.abc import Callable

from node.rdf.namespaces import RDF, RDF_TYPE
from node.sparql.algebra import (
    AlternativePath,
    BasicGraphPattern,
    Bind,
    Element,
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
    RepeatedPath,
    Select,
    SequencePath,
    Service,
    SubSelect,
    TriplePattern,
    Union,
    Variable,
    VarOrTerm,
)
from node.sparql.cursor import RDF_NIL, Cursor
from node.sparql.expressions import ExpressionParser
from node.sparql.terms import Term, iri_term


class PatternParser:
    """Reads graph patterns; ``sub_select`` reads a SELECT within a group."""

    def __init__(self, cursor: Cursor, sub_select: Callable[[], Select]) -> None:
        self._cursor = cursor
        self._sub_select = sub_select
        self.expressions = ExpressionParser(cursor, self.group)
        self.services = False

    # --- groups ---

    def group(self) -> Group:
        """``{ … }``, a sub-select included."""
        cursor = self._cursor
        cursor.expect("{")
        with cursor.nested():
            made = Group((SubSelect(self._sub_select()),)) if cursor.at("SELECT") else self._elements()
        cursor.expect("}")
        return made

    def _elements(self) -> Group:
        cursor = self._cursor
        elements: list[Element] = []
        filters: list[Expression] = []
        while not cursor.at("}"):
            if cursor.take("FILTER"):
                filters.append(self.expressions.constraint())
                cursor.take(".")
            elif (element := self._element()) is not None:
                elements.append(element)
                cursor.step()
                cursor.take(".")
            else:
                triples: list[TriplePattern] = []
                self.triples(triples, paths=True)
                cursor.step(len(triples))
                # Filters between two blocks do not part them (section 5.2.2).
                if elements and isinstance(elements[-1], BasicGraphPattern):
                    triples[:0] = elements.pop().triples  # type: ignore[union-attr]
                elements.append(BasicGraphPattern(tuple(triples)))
                if cursor.at_var_or_term() or cursor.at("(", "["):
                    raise cursor.unexpected("'.' or '}'")
        return Group(tuple(elements), tuple(filters))

    def _element(self) -> Element | None:
        cursor = self._cursor
        if cursor.at("{"):
            arms = [self.group()]
            while cursor.take("UNION"):
                cursor.step()
                arms.append(self.group())
            return arms[0] if len(arms) == 1 else Union(tuple(arms))
        if cursor.take("OPTIONAL"):
            return Optional(self.group())
        if cursor.take("MINUS"):
            return Minus(self.group())
        if cursor.take("GRAPH"):
            return Graph(self.var_or_iri(), self.group())
        if cursor.take("SERVICE"):
            self.services = True
            silent = cursor.take("SILENT")
            return Service(self.var_or_iri(), self.group(), silent)
        if cursor.take("BIND"):
            cursor.expect("(")
            with cursor.nested():
                expression = self.expressions.expression()
            cursor.expect("AS")
            variable = cursor.variable()
            cursor.expect(")")
            return Bind(expression, variable)
        if cursor.take("VALUES"):
            return self.inline_data()
        return None

    def inline_data(self) -> InlineData:
        """What follows ``VALUES``."""
        cursor = self._cursor
        if cursor.token.kind == "variable":
            name = cursor.variable()
            cursor.expect("{")
            column: list[tuple[Term | None, ...]] = []
            while not cursor.take("}"):
                column.append((self._data_value(),))
            return InlineData((name,), tuple(column))
        cursor.expect("(")
        names: list[str] = []
        while not cursor.take(")"):
            names.append(cursor.variable())
        cursor.expect("{")
        rows: list[tuple[Term | None, ...]] = []
        while not cursor.take("}"):
            start = cursor.expect("(")
            row: list[Term | None] = []
            while not cursor.take(")"):
                row.append(self._data_value())
            if len(row) != len(names):
                raise cursor.error(f"this row has {len(row)} values for {len(names)} variables", start)
            rows.append(tuple(row))
        return InlineData(tuple(names), tuple(rows))

    def _data_value(self) -> Term | None:
        cursor = self._cursor
        if cursor.take("UNDEF"):
            return None
        if cursor.at_iri():
            return iri_term(cursor.iri())
        if cursor.at_literal():
            return cursor.literal()
        raise cursor.unexpected("an IRI, a literal or UNDEF")

    def var_or_iri(self) -> VarOrTerm:
        """A variable or an IRI."""
        cursor = self._cursor
        return Variable(cursor.variable()) if cursor.token.kind == "variable" else iri_term(cursor.iri())

    # --- triples ---

    def template(self) -> tuple[TriplePattern, ...]:
        """The triples of a CONSTRUCT template, in braces."""
        cursor = self._cursor
        cursor.expect("{")
        triples: list[TriplePattern] = []
        if not cursor.at("}"):
            self.triples(triples, paths=False)
        cursor.expect("}")
        return tuple(triples)

    def triples(self, into: list[TriplePattern], *, paths: bool) -> None:
        """Triples with the same subject, and those after a full stop."""
        cursor = self._cursor
        while True:
            self._same_subject(into, paths=paths)
            if not cursor.take(".") or not (cursor.at_var_or_term() or cursor.at("(", "[")):
                return

    def _same_subject(self, into: list[TriplePattern], *, paths: bool) -> None:
        cursor = self._cursor
        if cursor.at_var_or_term():
            self._property_list(cursor.var_or_term(), into, paths=paths, required=True)
        elif cursor.at("(", "["):
            bracket = cursor.at("[")
            subject = self._graph_node(into, paths=paths)
            self._property_list(subject, into, paths=paths, required=not bracket)
        else:
            raise cursor.unexpected("a graph pattern or '}'")

    def _property_list(self, subject: VarOrTerm, into: list[TriplePattern], *, paths: bool, required: bool) -> None:
        cursor = self._cursor
        if not self._at_verb(paths=paths):
            if required:
                raise cursor.unexpected("a predicate")
            return
        while True:
            predicate = self._verb(paths=paths)
            while True:
                into.append(TriplePattern(subject, predicate, self._graph_node(into, paths=paths)))
                if not cursor.take(","):
                    break
            if not cursor.at(";"):
                return
            while cursor.take(";"):
                pass
            if not self._at_verb(paths=paths):
                return

    def _graph_node(self, into: list[TriplePattern], *, paths: bool) -> VarOrTerm:
        """A term, a collection or a blank node with properties; the triples of the latter two go ``into``."""
        cursor = self._cursor
        if cursor.at_var_or_term():
            return cursor.var_or_term()
        if cursor.take("["):
            node = cursor.fresh_blank()
            with cursor.nested():
                self._property_list(node, into, paths=paths, required=True)
            cursor.expect("]")
            return node
        if cursor.take("("):
            items: list[VarOrTerm] = []
            with cursor.nested():
                while not cursor.at(")"):
                    items.append(self._graph_node(into, paths=paths))
            cursor.expect(")")
            cells: list[VarOrTerm] = [*(cursor.fresh_blank() for _ in items), iri_term(RDF_NIL)]
            for i, item in enumerate(items):
                into.append(TriplePattern(cells[i], iri_term(RDF + "first"), item))
                into.append(TriplePattern(cells[i], iri_term(RDF + "rest"), cells[i + 1]))
            return cells[0]
        raise cursor.unexpected("a variable or a term")

    def _at_verb(self, *, paths: bool) -> bool:
        cursor = self._cursor
        plain = cursor.token.kind == "variable" or cursor.at_iri() or cursor.token.text == "a"
        return plain or (paths and cursor.at("^", "!", "("))

    def _verb(self, *, paths: bool) -> VarOrTerm | Path:
        cursor = self._cursor
        if cursor.token.kind == "variable":
            return Variable(cursor.variable())
        if paths:
            path = self._path()
            return iri_term(path.iri) if isinstance(path, Link) else path
        return iri_term(RDF_TYPE if cursor.verb_a() else cursor.iri())

    # --- paths ---

    def _path(self) -> Path:
        cursor = self._cursor
        arms = [self._sequence()]
        while cursor.take("|"):
            cursor.step()
            arms.append(self._sequence())
        return arms[0] if len(arms) == 1 else AlternativePath(tuple(arms))

    def _sequence(self) -> Path:
        cursor = self._cursor
        parts = [self._path_element()]
        while cursor.take("/"):
            cursor.step()
            parts.append(self._path_element())
        return parts[0] if len(parts) == 1 else SequencePath(tuple(parts))

    def _path_element(self) -> Path:
        cursor = self._cursor
        inverse = cursor.take("^")
        path = self._path_primary()
        if cursor.take("?"):
            path = RepeatedPath(path, 0, many=False)
        elif cursor.take("*"):
            path = RepeatedPath(path, 0, many=True)
        elif cursor.take("+"):
            path = RepeatedPath(path, 1, many=True)
        return InversePath(path) if inverse else path

    def _path_primary(self) -> Path:
        cursor = self._cursor
        if cursor.take("("):
            with cursor.nested():
                path = self._path()
            cursor.expect(")")
            return path
        if cursor.take("!"):
            return self._negated()
        return Link(self._path_iri())

    def _path_iri(self) -> str:
        return RDF_TYPE if self._cursor.verb_a() else self._cursor.iri()

    def _negated(self) -> NegatedPropertySet:
        cursor = self._cursor
        forward: list[str] = []
        inverse: list[str] = []

        def one() -> None:
            into = inverse if cursor.take("^") else forward
            into.append(self._path_iri())

        if cursor.take("("):
            if not cursor.take(")"):
                one()
                while cursor.take("|"):
                    one()
                cursor.expect(")")
        else:
            one()
        return NegatedPropertySet(tuple(forward), tuple(inverse))
