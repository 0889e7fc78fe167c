"""Rows of an answer counted from its bytes: exactly, in every format, however the bytes are cut."""

from __future__ import annotations

from typing import Any

import pytest
from pyoxigraph import Literal, NamedNode, Quad, QueryResultsFormat, QuerySolutions, RdfFormat, Store, serialize

from node.store.counting import LineRows, Refusal, Rows, SolutionRows, counted

#: What might be taken for the end of a row, in every notation.
TEXTS = ("plain", "two\nlines", '"', '""\n""', ',{"', '},{"a"', "<result>", "\r\n", ",{}", '\\"\n', "]]>", "\t")
FORMATS = (QueryResultsFormat.JSON, QueryResultsFormat.XML, QueryResultsFormat.CSV, QueryResultsFormat.TSV)


def solutions(written: QueryResultsFormat) -> bytes:
    store = Store()
    for number, text in enumerate(TEXTS):
        store.add(Quad(NamedNode(f"http://x/{number}"), NamedNode("http://x/p"), Literal(text)))
    answer = store.query("SELECT * { ?s ?p ?o OPTIONAL { ?s <http://x/none> ?q } }")
    assert isinstance(answer, QuerySolutions)
    body = answer.serialize(format=written)
    assert body is not None
    return body


def passes(rows: Rows, body: bytes, size: int) -> bool:
    try:
        for start in range(0, len(body), size):
            rows.count(body[start : start + size])
    except Refusal:
        return False
    return True


@pytest.mark.parametrize("written", FORMATS, ids=str)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 10_000])
def test_rows_are_counted_exactly(written: QueryResultsFormat, size: int) -> None:
    """As many rows as allowed pass, one more does not, whatever the texts hold and wherever the pieces end."""
    body = solutions(written)
    assert passes(SolutionRows(written, len(TEXTS)), body, size)
    assert not passes(SolutionRows(written, len(TEXTS) - 1), body, size)


@pytest.mark.parametrize("size", [1, 5, 10_000])
def test_triples_are_counted_by_their_lines(size: int) -> None:
    """A line end in a literal is written as an escape."""
    triples: list[Any] = [Quad(NamedNode("http://x/s"), NamedNode("http://x/p"), Literal(text)) for text in TEXTS]
    body = serialize(triples, format=RdfFormat.N_QUADS)
    assert body is not None
    assert passes(LineRows(len(TEXTS)), body, size)
    assert not passes(LineRows(len(TEXTS) - 1), body, size)


def test_triples_of_other_formats_are_counted_before_they_are_written() -> None:
    """As many as allowed, and an error in the place of one more."""
    triples: list[Any] = [object()] * 5
    assert len(list(counted(triples, 5))) == 5
    with pytest.raises(Refusal):
        list(counted(triples, 4))
