"""Answers of several members as one document, in every syntax of results."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from node.federation.planning.splice import can_be_spliced, spliced
from node.rdf.formats import CSV, JSON, RESULT_FORMATS, Format

ROWS = ["1 <http://a>", "2 <http://b>", "3 '},{'", '4 "\\"]}}"', "5 UNDEF"]


def _answer(rows: list[str], wanted: Format) -> bytes:
    values = "".join(f"({row})" for row in rows)
    result = ox.Store().query(f"SELECT * {{ VALUES (?x ?y) {{ {values} }} }}")
    assert isinstance(result, ox.QuerySolutions)
    return result.serialize(format=wanted.results) or b""


@pytest.mark.parametrize("wanted", RESULT_FORMATS)
@pytest.mark.parametrize("cuts", [(0, 5), (2, 2), (0, 0), (1, 4), (5, 5)])
def test_they_are_what_one_would_have_given(wanted: Format, cuts: tuple[int, int]) -> None:
    first, last = cuts
    bodies = [_answer(rows, wanted) for rows in (ROWS[:first], ROWS[first:last], ROWS[last:])]
    assert can_be_spliced(wanted)
    pieces = spliced([bytearray(body) for body in bodies], wanted)
    assert pieces is not None
    assert b"".join(pieces) == _answer(ROWS, wanted)


def test_what_looks_otherwise_is_not_put_together() -> None:
    whole = _answer(ROWS, JSON)
    assert spliced([], JSON) is None
    assert spliced([whole, whole[:-1]], JSON) is None
    assert spliced([whole, whole.replace(b'"x","y"', b'"y","x"')], JSON) is None
    assert spliced([whole, b""], JSON) is None
    assert spliced([b"x,y"], CSV) is None
