"""Solutions are counted without being read, whatever they hold."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from random_queries import LITERALS

from node.federation.planning.splice import can_be_spliced, solutions_in, spliced
from node.rdf.formats import RESULT_FORMATS, Format

ODD = [
    *LITERALS,
    *(ox.Literal(text) for text in ('}},{"x":{', '"}},{"', "{}", "},{}", "a\nb\r\nc", '"', "", "<result>", ",", "\\")),
]


@pytest.mark.parametrize("results", [f for f in RESULT_FORMATS if can_be_spliced(f)], ids=lambda f: f.name)
@pytest.mark.parametrize("columns", ["?x", "?x ?y", "?y", "?never"])
@pytest.mark.parametrize("rows", [0, 1, len(ODD)])
def test_counts(results: Format, columns: str, rows: int) -> None:
    """Odd characters, unbound variables, no rows, and documents put together."""
    listed = " ".join(f"({term} {ODD[at - 1] if at % 3 else 'UNDEF'})" for at, term in enumerate(ODD[:rows]))
    text = f"SELECT {columns} {{ VALUES (?x ?y) {{ {listed} }} }}"
    body = ox.Store().query(text).serialize(format=results.results) or b""
    assert solutions_in(body, results) == rows
    both = spliced([body, body], results)
    assert both is not None
    assert solutions_in(b"".join(both), results) == 2 * rows
