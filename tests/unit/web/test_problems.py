"""Errors become statuses and problem documents by one table."""

from __future__ import annotations

from pathlib import Path

import pytest

from node import errors
from node.errors import NodeError, Place
from node.web.problems import EXPLANATIONS, headers_of, kind_status, kinds, problem, reference_page, status_of

BASE = "https://node.example/hub/"
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "problems.md"


def test_every_kind_has_a_status_a_slug_of_its_own_and_an_explanation() -> None:
    """No error of the tree is forgotten, and nothing is explained that does not exist."""
    every = kinds()
    assert set(every) == set(EXPLANATIONS)
    assert all(400 <= kind_status(cls) <= 599 for cls in every.values())


def test_the_reference_page_is_the_tree() -> None:
    """docs/reference/problems.md is what ``python -m node.web.problems`` prints."""
    assert PAGE.read_text(encoding="utf-8") == reference_page()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.QuerySyntaxError("x"), 400),
        (errors.Unsupported("x"), 400),
        (errors.AccessDenied("x"), 403),
        (errors.NotFound("x"), 404),
        (errors.MethodNotAllowed("x"), 405),
        (errors.NotAcceptable("x"), 406),
        (errors.Conflict("x"), 409),
        (errors.Withdrawn("x"), 410),
        (errors.RequestTooLarge("x"), 413),
        (errors.MediaTypeNotSupported("x"), 415),
        (errors.QueryTimeout("x"), 422),
        (errors.ResultTooLarge("x"), 422),
        (errors.StoreError("x"), 500),
        (errors.MemberUnavailable("x", member="m"), 502),
        (errors.MemberTimeout("x", member="m"), 504),
        (errors.TooBusy("x"), 503),
    ],
)
def test_statuses(error: NodeError, status: int) -> None:
    """The nearest class in the table decides."""
    assert status_of(error) == status


def test_a_problem_says_what_where_and_what_to_do() -> None:
    """RFC 9457 members and ours."""
    error = errors.QuerySyntaxError("expected }.", where=Place(line=3, column=7), remedy="Close the group.")
    assert problem(error, base=BASE, request_id="r1") == {
        "type": "https://node.example/hub/problems/query-syntax",
        "title": "The query is not valid SPARQL 1.1",
        "status": 400,
        "detail": "expected }.",
        "instance": "urn:onconode:request:r1",
        "request": "r1",
        "where": {"line": 3, "column": 7},
        "remedy": "Close the group.",
    }


def test_a_fault_of_ours_tells_nothing_of_the_inside() -> None:
    """No path, no query, no cause in a 500."""
    error = errors.StoreError("/srv/data/quads is broken.", where=Place(source="/srv/data"), remedy="Mend /srv/data.")
    document = problem(error, base=BASE, request_id="r1")
    assert "/srv" not in str(document)


def test_members_and_tombstones() -> None:
    """The member that failed is named; a withdrawal tells reason and moment."""
    assert problem(errors.MemberTimeout("slow.", member="B"), base=BASE, request_id="r")["member"] == "B"
    gone = problem(errors.Withdrawn("gone.", reason="consent", when="2026-03-01"), base=BASE, request_id="r")
    assert (gone["reason"], gone["withdrawn"]) == ("consent", "2026-03-01")


def test_busy_says_when_to_come_back() -> None:
    """Retry-After only where a retry makes sense."""
    assert "Retry-After" in headers_of(errors.TooBusy("x"))
    assert headers_of(errors.QueryTimeout("x")) == {}
