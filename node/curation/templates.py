"""Expands tables after ROBOT's templates into triples, cell by cell, with the place of whatever is wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from node.curation.manchester import ExpressionError, parse_expression
from node.curation.owl import (
    ANNOTATION_PROPERTY,
    CLASS,
    DATA_PROPERTY,
    DATATYPE,
    INDIVIDUAL,
    OBJECT_PROPERTY,
    Expression,
    Part,
    Term,
)
from node.curation.owl_writing import Writer
from node.curation.tables import Row, read_table
from node.curation.template_columns import Column, read_columns
from node.errors import DocumentSyntaxError, Place
from node.rdf.namespaces import OWL, RDF_TYPE, RDFS_LABEL

#: The IRIs of a name (a label, CURIE or IRI), of those that can be a "class", "property", "individual", "datatype".
Find = Callable[[str, str], list[str]]
_TYPES = {
    "class": CLASS,
    "owl:class": CLASS,
    "object property": OBJECT_PROPERTY,
    "owl:objectproperty": OBJECT_PROPERTY,
    "data property": DATA_PROPERTY,
    "datatype property": DATA_PROPERTY,
    "owl:dataproperty": DATA_PROPERTY,
    "owl:datatypeproperty": DATA_PROPERTY,
    "annotation property": ANNOTATION_PROPERTY,
    "owl:annotationproperty": ANNOTATION_PROPERTY,
    "datatype": DATATYPE,
    "owl:datatype": DATATYPE,
    "individual": INDIVIDUAL,
    "named individual": INDIVIDUAL,
    "owl:individual": INDIVIDUAL,
    "owl:namedindividual": INDIVIDUAL,
}
_CLASS_AXIOMS = {"subclass": "SubClassOf", "equivalent": "EquivalentClasses", "disjoint": "DisjointClasses"}
_PROPERTY_AXIOMS = {
    "subproperty": "SubPropertyOf",
    "equivalent": "EquivalentProperties",
    "disjoint": "DisjointProperties",
    "inverse": "InverseProperties",
}
_BY_COLUMN = {
    "SC": "SubClassOf",
    "EC": "EquivalentClasses",
    "DC": "DisjointClasses",
    "SP": "SubPropertyOf",
    "EP": "EquivalentProperties",
    "DP": "DisjointProperties",
    "IP": "InverseProperties",
    "SI": "SameIndividual",
    "DI": "DifferentIndividuals",
}


@dataclass(frozen=True)
class Entry:
    """One term of a template: the row that makes it, its IRI, label and kinds."""

    file: str
    line: int
    iri: str
    label: str
    kind: str
    types: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        return Place(source=self.file, line=self.line)


@dataclass
class Template:
    """One table, read: its columns and rows, the terms of its rows, and what is wrong with cells."""

    file: str
    columns: list[Column]
    rows: list[Row]
    entries: dict[int, Entry] = field(default_factory=dict)
    problems: list[DocumentSyntaxError] = field(default_factory=list)

    def cell(self, row: Row, kind: str) -> str:
        """The cell of the one column of this kind, "" without it."""
        return next((row[column.at] for column in self.columns if column.kind == kind), "")


def read_template(path: Path, name: str, expand: Callable[[str, str], str | None], text: str | None = None) -> Template:
    """A template's columns and rows; ``find_entries`` finds their terms. ``text`` is read in place of the file.

    Raises DocumentSyntaxError.
    """
    rows = read_table(path, name=name, text=text)
    return Template(name, read_columns(rows, name, expand), rows[2:])


def find_entries(template: Template, expand: Callable[[str, str], str | None], find: Find) -> None:
    """Find the term of each row: by its ID, else by a label that is known. What is wrong goes to ``problems``.

    Rows with neither ID nor label make nothing, as ROBOT has it.
    """
    for row in template.rows:
        written, label = template.cell(row, "ID"), _label(template, row)
        if not written and not label:
            continue
        where = Place(source=template.file, line=row.line)
        if written:
            iri = expand(written, "id")
            if iri is None:
                template.problems.append(_wrong(f"{written!r} is neither an IRI nor a CURIE of a known prefix", where))
                continue
        else:
            found = find(label, "")
            if len(found) != 1:
                what = "more than one term is" if found else "no term is"
                remedy = "Give the row an ID, or let one be minted: onconode curate mint"
                template.problems.append(_wrong(f"{what} called {label!r}", where, remedy))
                continue
            iri = found[0]
        template.entries[row.line] = Entry(template.file, row.line, iri, label, CLASS)


def _label(template: Template, row: Row) -> str:
    label = template.cell(row, "LABEL")
    if label:
        return label
    columns = [c for c in template.columns if c.property == RDFS_LABEL and c.annotates is None and row[c.at]]
    english = [c for c in columns if c.extra in ("", "en")]
    return row[(english or columns)[0].at] if columns else ""


def find_types(template: Template, find: Find) -> None:
    """Read the TYPE of each row; a class named there makes the term an individual of it."""
    column = next((c for c in template.columns if c.kind == "TYPE"), None)
    for row in template.rows:
        entry = template.entries.get(row.line)
        if entry is None or column is None or not row[column.at]:
            continue
        kind, types = CLASS, []
        for written in column.values(row[column.at]):
            known = _TYPES.get(written.lower())
            if known:
                kind = known
                continue
            found = find(written, "class")
            if len(found) == 1:
                kind = INDIVIDUAL
                types.append(found[0])
            else:
                where = _at(template, row, column)
                template.problems.append(_wrong(f"{written!r} is no type and no class that is known", where))
        template.entries[row.line] = replace(entry, kind=kind, types=tuple(types))


def expand_template(template: Template, find: Find, kinds_of: Callable[[str], set[str]], blank: str) -> list[Triple]:
    """The triples of all rows; ``find_entries`` and ``find_types`` have run. Problems go to ``template.problems``."""
    made: list[Triple] = []
    writer = Writer(blank, kinds_of)
    for row in template.rows:
        entry = template.entries.get(row.line)
        if entry is not None:
            made += _Expansion(template, row, entry, find, writer).triples()
    return made


class _Expansion:
    def __init__(self, template: Template, row: Row, entry: Entry, find: Find, writer: Writer) -> None:
        self._template = template
        self._row = row
        self._entry = entry
        self._find = find
        self._writer = writer
        #: main triples by the column that made them, for the annotations of axioms
        self._mains: dict[int, list[Triple]] = defaultdict(list)

    def triples(self) -> list[Triple]:
        me = NamedNode(self._entry.iri)
        out = [Triple(me, NamedNode(RDF_TYPE), NamedNode(self._entry.kind))]
        out += [Triple(me, NamedNode(RDF_TYPE), NamedNode(one)) for one in self._entry.types]
        whole = self._conjoined()
        for column in self._template.columns:
            cell = self._row[column.at]
            if not cell or column.annotates is not None:
                continue
            try:
                out += self._cell(column, cell)
            except (ExpressionError, ValueError) as error:
                self._wrong(column, str(error), getattr(error, "column", None))
        for column, parts in whole.items():
            out += self._axiom(column, self._equivalent(parts))
        return [*out, *self._annotations()]

    def _conjoined(self) -> dict[Column, list[Expression]]:
        """The expressions of all columns that together are one definition: EC, or C of type equivalent."""
        equivalent = self._type("CLASS_TYPE", "subclass") == "equivalent"
        kinds = ("EC", "C", "CI") if equivalent else ("EC",)
        parts: list[Expression] = []
        first: Column | None = None
        for column in self._template.columns:
            if column.kind not in kinds:
                continue
            for value in column.values(self._row[column.at]):
                try:
                    parts.append(self._expression(column, value))
                    first = first or column
                except (ExpressionError, ValueError) as error:
                    self._wrong(column, str(error), getattr(error, "column", None))
        return {first: parts} if first is not None else {}

    def _equivalent(self, parts: list[Expression]) -> Term:
        whole: Expression = parts[0] if len(parts) == 1 else Term("IntersectionOf", tuple(parts))
        return Term("EquivalentClasses", (self._entry.iri, whole))

    def _cell(self, column: Column, cell: str) -> list[Triple]:
        kind, me = column.kind, self._entry.iri
        if kind == "LABEL":
            return self._keep(column, Triple(NamedNode(me), NamedNode(RDFS_LABEL), Literal(cell)))
        if kind in ("A", "AL", "AT", "AI"):
            out = []
            for value in column.values(cell):
                out += self._keep(column, Triple(NamedNode(me), NamedNode(column.property), self._value(column, value)))
            return out
        out = []
        for value in column.values(cell):
            for term in self._terms(column, value):
                out += self._axiom(column, term)
        return out

    def _terms(self, column: Column, value: str) -> Iterator[Term]:
        kind, me = column.kind, self._entry.iri
        if kind in ("C", "CI"):
            how = self._type("CLASS_TYPE", "subclass")
            if how != "equivalent":
                yield Term(_CLASS_AXIOMS[how], (me, self._expression(column, value)))
        elif kind in ("SC", "DC"):
            yield Term(_BY_COLUMN[kind], (me, self._expression(column, value)))
        elif kind in ("P", "SP", "EP", "DP", "IP"):
            how = _PROPERTY_AXIOMS[self._type("PROPERTY_TYPE", "subproperty")] if kind == "P" else _BY_COLUMN[kind]
            yield Term(how, (me, self._property(column.pattern.replace("%", value))))
        elif kind == "TI":
            yield Term("ClassAssertion", (self._expression(column, value), me))
        elif kind in ("SI", "DI"):
            yield Term(_BY_COLUMN[kind], (me, self._one(value, "individual")))
        elif kind == "I":
            yield Term("PropertyAssertion", (column.property, me, self._individual_or_literal(value)))
        elif kind in ("DOMAIN", "RANGE"):
            data = kind == "RANGE" and self._entry.kind in (DATA_PROPERTY, ANNOTATION_PROPERTY)
            what: Part = self._one(value, "datatype") if data else self._expression(column, value)
            yield Term("PropertyDomain" if kind == "DOMAIN" else "PropertyRange", (me, what))
        elif kind == "CHARACTERISTIC":
            word = value.lower().replace("inversefunctional", "inverse functional")
            name = "".join(part.capitalize() for part in word.split()) + "Property"
            if name.removesuffix("Property") not in _CHARACTERISTICS:
                raise ValueError(f"{value!r} is none of the characteristics of a property")
            yield Term(name, (me,))

    def _individual_or_literal(self, value: str) -> Part:
        found = self._find(value, "individual")
        return found[0] if len(found) == 1 else Literal(value)

    def _type(self, kind: str, default: str) -> str:
        column = next((c for c in self._template.columns if c.kind == kind), None)
        written = self._row[column.at].lower() if column is not None else ""
        table = _CLASS_AXIOMS if kind == "CLASS_TYPE" else _PROPERTY_AXIOMS
        if written and written not in table and column is not None:
            self._wrong(column, f"{written!r} is none of {', '.join(table)}", None)
        return written if written in table else default

    def _expression(self, column: Column, value: str) -> Expression:
        whole = self._find(value, "class")
        if column.pattern == "%" and len(whole) == 1:
            return whole[0]
        written = f"'{value}'" if " " in value and len(whole) == 1 else value
        return parse_expression(column.pattern.replace("%", written), self._one_or_none)

    def _property(self, text: str) -> Part:
        inverse = text.removeprefix("inverse ").strip("() ") if text.startswith("inverse ") else ""
        return Term("InverseOf", (self._one(inverse, "property"),)) if inverse else self._one(text, "property")

    def _one_or_none(self, name: str, what: str) -> str | None:
        found = self._find(name, what)
        if len(found) > 1:
            raise ValueError(f"several terms are called {name!r}: {', '.join(sorted(found)[:3])}; name one by its IRI")
        return found[0] if found else None

    def _one(self, name: str, what: str) -> str:
        found = self._one_or_none(name.strip("'"), what)
        if found is None:
            raise ValueError(f"no {what} is called {name!r}")
        return found

    def _value(self, column: Column, value: str) -> Literal | NamedNode:
        if column.kind == "AL":
            return Literal(value, language=column.extra)
        if column.kind == "AT":
            return Literal(value, datatype=NamedNode(column.extra))
        if column.kind == "AI":
            return NamedNode(self._one(value, "iri"))
        return Literal(value)

    def _axiom(self, column: Column, term: Term) -> list[Triple]:
        triples = self._writer.axiom(term)
        self._mains[column.at].append(triples[0])
        return triples

    def _keep(self, column: Column, triple: Triple) -> list[Triple]:
        self._mains[column.at].append(triple)
        return [triple]

    def _annotations(self) -> list[Triple]:
        """The annotations of axioms (owl:Axiom, OWL 2 mapping to RDF, section 2.3.1), one node an axiom."""
        said: dict[Triple, list[tuple[str, Literal | NamedNode]]] = defaultdict(list)
        for column in self._template.columns:
            if column.annotates is None:
                continue
            for value in column.values(self._row[column.at]):
                try:
                    annotation = (column.property, self._value(column, value))
                except ValueError as error:
                    self._wrong(column, str(error), None)
                    continue
                for main in self._mains.get(column.annotates, ()):
                    said[main].append(annotation)
        out = []
        for number, (main, notes) in enumerate(said.items()):
            node = BlankNode(f"x{self._writer.prefix}{self._row.line}n{number}")
            out.append(Triple(node, NamedNode(RDF_TYPE), NamedNode(OWL + "Axiom")))
            out.append(Triple(node, NamedNode(OWL + "annotatedSource"), main.subject))
            out.append(Triple(node, NamedNode(OWL + "annotatedProperty"), main.predicate))
            out.append(Triple(node, NamedNode(OWL + "annotatedTarget"), main.object))
            out += [Triple(node, NamedNode(name), value) for name, value in notes]
        return out

    def _wrong(self, column: Column, what: str, character: int | None) -> None:
        inside = f" (character {character} of the expression)" if character else ""
        self._template.problems.append(_wrong(f"{what}{inside}", _at(self._template, self._row, column)))


_CHARACTERISTICS = (
    *("Functional", "InverseFunctional", "Transitive", "Symmetric", "Asymmetric", "Reflexive", "Irreflexive"),
)


def _at(template: Template, row: Row, column: Column) -> Place:
    return Place(source=template.file, line=row.line, column=column.at + 1, field=column.header)


def _wrong(what: str, where: Place, remedy: str | None = None) -> DocumentSyntaxError:
    return DocumentSyntaxError(f"{what}.", where=where, remedy=remedy)
