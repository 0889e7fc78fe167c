"""The stored queries and their headers."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import Store

from node.errors import ConfigurationError, NotFound
from node.sparql.stored import read_query, stored_queries, stored_query

HEADER = "# title: T\n# description: D one\n#   two\n# keywords: a, b c\n# endpoint: node\n\nASK {}\n"


def test_there_are_enough() -> None:
    """At least ten questions, six of them to the whole federation, each with words to find it by."""
    queries = stored_queries()
    assert len(queries) >= 12
    assert sum(q.endpoint == "federation" for q in queries) >= 6
    assert len({q.title for q in queries}) == len(queries)
    for query in queries:
        assert query.description.endswith(".")
        assert len(query.keywords) >= 2


@pytest.mark.parametrize("query", stored_queries(), ids=lambda q: q.name)
def test_each_is_sparql_with_a_stable_order(query: object) -> None:
    """Each parses, calls no other endpoint, and orders its rows, so that two runs can be compared."""
    text = query.text  # type: ignore[attr-defined]
    Store().query(text)
    assert "SERVICE" not in text
    assert "ORDER BY" in text


def test_one_by_name() -> None:
    """A query is found by its file's name; an unknown name says which there are."""
    name = stored_queries()[0].name
    assert stored_query(name).name == name
    with pytest.raises(NotFound, match=name):
        stored_query("no-such-query")


def test_a_header_is_read(tmp_path: Path) -> None:
    """Keys, lines that go on, and keywords come out as they were meant; the text is the whole file."""
    path = tmp_path / "some-question.rq"
    path.write_text(HEADER)
    query = read_query(path)
    assert (query.name, query.title, query.description) == ("some-question", "T", "D one two")
    assert (query.keywords, query.endpoint, query.text) == (("a", "b c"), "node", HEADER)


@pytest.mark.parametrize(
    "text",
    [
        HEADER.replace("# title: T\n", ""),
        HEADER.replace("endpoint: node", "endpoint: everywhere"),
        HEADER.replace("# keywords", "# keyword"),
        HEADER.replace("# title: T\n", "# title: T\n# title: U\n"),
        "ASK {}\n",
    ],
)
def test_an_incomplete_header_is_refused(tmp_path: Path, text: str) -> None:
    """A key that lacks, is unknown, stands twice or has a wrong value names the file."""
    path = tmp_path / "q.rq"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_query(path)
    assert caught.value.where is not None
    assert caught.value.where.source == "q.rq"
