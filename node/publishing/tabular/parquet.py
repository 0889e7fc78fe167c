"""Parquet files by pyarrow (the extra ``onconode[parquet]``), a batch at a time. The one place that knows pyarrow."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from node.errors import DocumentSyntaxError, Place, Unsupported
from node.publishing.drafts import Severity
from node.publishing.findings import Findings
from node.publishing.tabular.sheets import Cells, Sheet, checked_header

ENDINGS = (".parquet", ".pq")
_ROWS_AT_ONCE = 2_000


def open_parquet(path: Path, source: str) -> Sheet:
    """The table in a Parquet file; its rows count from 1. Lists, structures and bytes are left out with a finding.

    Raises Unsupported when pyarrow is not installed, DocumentSyntaxError when the file cannot be read.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415
        from pyarrow import parquet, types  # noqa: PLC0415
    except ImportError as error:
        raise Unsupported(
            "reading Parquet needs a library that is not installed here.",
            where=Place(source=source),
            remedy="Install it (pip install 'onconode[parquet]'), or save the table as CSV.",
        ) from error
    findings = Findings(source)
    try:
        file = parquet.ParquetFile(path, memory_map=False)
        fields = list(file.schema_arrow)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(source, error) from error
    plain = []
    for field in fields:
        kind = field.type.value_type if types.is_dictionary(field.type) else field.type
        if types.is_nested(kind) or types.is_binary(kind) or types.is_large_binary(kind):
            findings.add(
                Severity.WARNING,
                "the column holds lists, structures or bytes and is not read",
                column=field.name,
                value=str(field.type)[:80],
                remedy="Store texts, numbers or dates in it.",
            )
        else:
            plain.append(field.name)
    columns = checked_header(plain, source=source, line=1)

    def rows() -> Iterator[Cells]:
        line = 0
        try:
            for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=plain, use_threads=False):
                values = [column.to_pylist() for column in batch.columns]
                for cells in zip(*values, strict=True):
                    line += 1
                    yield line, [_text(value) for value in cells]
        except (pa.ArrowException, OSError, ValueError) as error:
            raise _unreadable(source, error) from error

    return Sheet(source, columns, 1, findings, rows())


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return "" if math.isnan(value) else str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value).strip()


def _unreadable(source: str, error: Exception) -> DocumentSyntaxError:
    return DocumentSyntaxError(
        f"this is not a Parquet file that can be read ({' '.join(str(error).split())[:200]}).",
        where=Place(source=source),
        remedy="Was it written or transferred completely? Write it again.",
    )
