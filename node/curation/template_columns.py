"""The template strings of ROBOT's templates (https://robot.obolibrary.org/template): what a column says of a term."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from node.curation.tables import Row
from node.errors import DocumentSyntaxError, Place

#: Template strings that stand alone.
_ALONE = ("ID", "LABEL", "TYPE", "CLASS_TYPE", "PROPERTY_TYPE", "INDIVIDUAL_TYPE", "DOMAIN", "RANGE", "CHARACTERISTIC")
_ANNOTATIONS = ("A", "AL", "AT", "AI")
#: Template strings that hold an expression with ``%`` where the cell goes.
_EXPRESSIONS = ("C", "SC", "EC", "DC", "P", "SP", "EP", "DP", "IP", "TI", "SI", "DI", "CI")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its place (from 0), header and kind. ``property`` is set where the kind names one.

    ``pattern`` is an expression with ``%``, ``extra`` a language tag or the IRI of a datatype, ``split`` what divides
    a cell into several values, ``annotates`` the place of the column whose axioms this one annotates.
    """

    at: int
    header: str
    kind: str
    property: str = ""
    pattern: str = "%"
    extra: str = ""
    split: str = ""
    annotates: int | None = None

    def values(self, cell: str) -> list[str]:
        """The values in a cell."""
        if not self.split:
            return [cell] if cell else []
        return [part.strip() for part in cell.split(self.split) if part.strip()]


def read_columns(rows: list[Row], name: str, expand: Callable[[str, str], str | None]) -> list[Column]:
    """The columns of a template from its first two rows. ``expand`` gives the IRI of a property or datatype.

    Raises DocumentSyntaxError with line and column. Columns without a template string are for people.
    """
    if len(rows) < 2:
        raise DocumentSyntaxError(
            "a template begins with a row of headers and a row of template strings.",
            where=Place(source=name, line=rows[0].line if rows else 1),
            remedy="See docs/how-to/extend-the-vocabulary.md.",
        )
    columns: list[Column] = []
    for at, text in enumerate(rows[1].cells):
        if not text:
            continue
        header = rows[0][at] or f"column {at + 1}"
        where = Place(source=name, line=rows[1].line, column=at + 1, field=header)
        try:
            columns.append(_column(at, header, text, columns, expand))
        except ValueError as error:
            raise DocumentSyntaxError(f"{error}.", where=where) from error
    for kind in ("ID", "LABEL"):
        twice = [column for column in columns if column.kind == kind]
        if len(twice) > 1:
            where = Place(source=name, line=rows[1].line, column=twice[1].at + 1)
            raise DocumentSyntaxError(f"there are two columns {kind}.", where=where)
    if not any(column.kind in ("ID", "LABEL") for column in columns):
        raise DocumentSyntaxError("no column is ID or LABEL.", where=Place(source=name, line=rows[1].line))
    return columns


def _column(at: int, header: str, text: str, before: list[Column], expand: Callable[[str, str], str | None]) -> Column:
    annotates = None
    if text.startswith(">>"):
        raise ValueError("annotations of annotations ('>>') are not read")
    if text.startswith(">"):
        text = text[1:].strip()
        target = next((c for c in reversed(before) if c.annotates is None), None)
        if target is None:
            raise ValueError("'>' annotates the column to its left, and there is none")
        annotates = target.at
    text, split = _split(text)
    word, _, rest = text.partition(" ")
    rest = rest.strip()
    if word in _ALONE and not rest and annotates is None:
        return Column(at, header, word, split=split)
    if word in _ANNOTATIONS:
        return _annotation(Column(at, header, word, split=split, annotates=annotates), rest, expand)
    if annotates is not None:
        raise ValueError(f"only annotations annotate axioms: '>A …', not '>{text}'")
    if word in _EXPRESSIONS:
        if "%" not in rest and rest:
            raise ValueError(f"the expression {rest!r} has no '%', where the cell goes")
        return Column(at, header, word, pattern=rest or "%", split=split)
    if word == "I" and rest:
        return Column(at, header, word, property=_iri(rest, "property", expand), split=split)
    raise ValueError(f"{text!r} is no template string")


def _annotation(column: Column, rest: str, expand: Callable[[str, str], str | None]) -> Column:
    name, extra = rest, ""
    if column.kind == "AL":
        name, mark, extra = rest.rpartition("@")
        if not (mark and name and extra):
            raise ValueError(f"'AL {rest}' lacks a language: write for example 'AL rdfs:label@en'")
    elif column.kind == "AT":
        name, mark, datatype = rest.rpartition("^^")
        if not (mark and name and datatype):
            raise ValueError(f"'AT {rest}' lacks a datatype: write for example 'AT rdfs:comment^^xsd:string'")
        extra = _iri(datatype.strip(), "datatype", expand)
    return Column(
        column.at,
        column.header,
        column.kind,
        property=_iri(name.strip(), "property", expand),
        extra=extra.strip(),
        split=column.split,
        annotates=column.annotates,
    )


def _iri(written: str, what: str, expand: Callable[[str, str], str | None]) -> str:
    iri = expand(written.strip("'"), what)
    if iri is None:
        raise ValueError(f"no {what} is called {written!r}")
    return iri


def _split(text: str) -> tuple[str, str]:
    head, mark, tail = text.partition("SPLIT=")
    if not mark:
        return text.strip(), ""
    if not tail.strip():
        raise ValueError("SPLIT= is followed by what divides the values, such as SPLIT=|")
    return head.strip(), tail.strip()
