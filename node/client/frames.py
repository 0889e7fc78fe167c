"""Rows as data frames. pandas and polars are extras (``onconode[pandas]``, ``onconode[polars]``), imported on use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from node.errors import ConfigurationError
from node.rdf.namespaces import XSD
from node.sparql.terms import Term

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

Value: TypeAlias = str | int | float | bool | Decimal | dt.date | dt.datetime

_INTEGERS = (
    *("integer", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger", "nonPositiveInteger"),
    *("negativeInteger", "unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte"),
)
_READERS: Mapping[str, Callable[[str], Value]] = {
    **{XSD + name: int for name in _INTEGERS},
    XSD + "decimal": Decimal,
    XSD + "double": float,
    XSD + "float": float,
    XSD + "boolean": {"true": True, "1": True, "false": False, "0": False}.__getitem__,
    XSD + "date": dt.date.fromisoformat,
    XSD + "dateTime": dt.datetime.fromisoformat,
}


def value_of(term: Term | None) -> Value | None:
    """A term as a plain value: numbers, booleans, dates and times as Python has them, everything else as text.

    A literal that is not in the lexical space of its type is text; so is a date with a time zone. None for unbound.
    """
    if term is None:
        return None
    read = _READERS.get(term.datatype or "")
    if read is None:
        return term.value
    try:
        return read(term.value)
    except (ValueError, KeyError, ArithmeticError):
        return term.value


def columns_of(variables: Sequence[str], rows: Sequence[Mapping[str, Term]]) -> dict[str, list[Value | None]]:
    """Each variable's values in the order of the rows. Decimals are floats in a column that has floats too."""
    columns = {variable: [value_of(row.get(variable)) for row in rows] for variable in variables}
    return {variable: _alike(values) for variable, values in columns.items()}


def to_pandas(variables: Sequence[str], rows: Sequence[Mapping[str, Term]]) -> pd.DataFrame:
    """A pandas frame, one column a variable. Raises ConfigurationError when pandas is not installed."""
    try:
        import pandas as pd  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise _missing("pandas") from error
    return pd.DataFrame(columns_of(variables, rows), columns=list(variables))


def to_polars(variables: Sequence[str], rows: Sequence[Mapping[str, Term]]) -> pl.DataFrame:
    """A polars frame, one column a variable. Raises ConfigurationError when polars is not installed."""
    try:
        import polars as pl  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise _missing("polars") from error
    return pl.DataFrame(columns_of(variables, rows))


def _alike(values: list[Value | None]) -> list[Value | None]:
    """Values of one type where that loses nothing, else their texts: a column of a frame has one type."""
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) <= 1:
        return values
    if kinds <= {int, float, Decimal}:
        wider = Decimal if float not in kinds else float
        return [None if value is None else wider(value) for value in values]  # type: ignore[arg-type]
    return [None if value is None else str(value) for value in values]


def _missing(name: str) -> ConfigurationError:
    return ConfigurationError(f"{name} is not installed.", remedy=f"Install it: pip install 'onconode[{name}]'.")
