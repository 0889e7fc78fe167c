"""One line a request, and nothing in it that is nobody's business."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from web_fakes import SECRET, FakeNode

from node.errors import QueryTimeout


class Lines(logging.Handler):
    """Keeps the fields of what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, object]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append({"event": record.getMessage(), **getattr(record, "fields", {})})


@pytest.fixture
def lines() -> Iterator[list[dict[str, object]]]:
    handler = Lines()
    logger = logging.getLogger("onconode")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler.lines
    logger.removeHandler(handler)
    logger.setLevel(level)


def test_one_line_without_the_query(client: FlaskClient, lines: list[dict[str, object]]) -> None:
    """Method, path, status, time, bytes, number, generation: no query text, no address."""
    response = client.get("/sparql?query=ASK%20%7B%7D%23SENSITIVE", headers={"X-Request-Id": "abc-1"}, buffered=True)
    (line,) = lines
    assert {k: line[k] for k in ("event", "method", "path", "status", "request", "generation")} == {
        "event": "request",
        "method": "GET",
        "path": "/sparql",
        "status": 200,
        "request": "abc-1",
        "generation": 7,
    }
    assert line["bytes"] == len(response.data)
    assert "SENSITIVE" not in json.dumps(line)
    assert response.headers["X-Request-Id"] == "abc-1"


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "évil", 'a"b'])
def test_a_number_is_made_where_none_makes_sense(client: FlaskClient, given: str) -> None:
    """What could break a log is not taken over."""
    response = client.get("/health/live", headers={"X-Request-Id": given})
    assert response.headers["X-Request-Id"] not in ("", given)


def test_a_broken_answer_is_logged_as_such(
    client: FlaskClient, fake_node: FakeNode, lines: list[dict[str, object]]
) -> None:
    """The line says what broke it, once."""
    fake_node.store.broken["breaks"] = QueryTimeout("too long.")
    answer = client.get("/sparql?query=ASK%20%7B%7D%23breaks", buffered=False)
    with pytest.raises(QueryTimeout):
        answer.get_data()
    answer.close()
    assert [line["broken"] for line in lines] == ["query-timeout"]


def test_a_fault_is_logged_for_the_operator(
    client: FlaskClient, fake_node: FakeNode, lines: list[dict[str, object]]
) -> None:
    """An exception nobody foresaw: 500 without a word of it for the caller, the trace in the log."""
    fake_node.store.failures["#fault"] = ZeroDivisionError(SECRET)
    response = client.get("/sparql?query=ASK%20%7B%7D%23fault", buffered=True)
    assert response.status_code == 500
    assert SECRET not in response.text
    assert "ZeroDivision" not in response.text
    assert [line["event"] for line in lines] == ["error", "request"]
