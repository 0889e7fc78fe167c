"""The contract of errors: whatever goes wrong, wherever, is an RFC 9457 document of one shape, or a page."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from web_fakes import SECRET

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
BAD_ADDRESS = "?x=%zz"


def paths(app: Flask) -> list[str]:
    """An address of every route, with names of nothing in it."""
    found = []
    for rule in app.url_map.iter_rules():
        path = str(rule)
        for argument in rule.arguments:
            for spelling in (f"<{argument}>", f"<path:{argument}>"):
                path = path.replace(spelling, "nothing-of-this-name")
        found.append(path)
    return sorted(set(found))


def check(response: object, status: int | None = None) -> None:
    """The shape."""
    document = response.get_json(force=True)  # type: ignore[attr-defined]
    assert response.content_type == "application/problem+json"  # type: ignore[attr-defined]
    assert {"type", "title", "status", "detail", "instance", "request"} <= set(document)
    assert document["type"].startswith("http://node.example/problems/")
    assert document["status"] == response.status_code  # type: ignore[attr-defined]
    assert document["request"] == response.headers["X-Request-Id"]  # type: ignore[attr-defined]
    assert response.headers["Access-Control-Allow-Origin"] == "*"  # type: ignore[attr-defined]
    assert "Accept" in response.headers["Vary"]  # type: ignore[attr-defined]
    assert SECRET not in str(document)
    assert status is None or document["status"] == status


def test_wrong_methods_everywhere(app: Flask, client: FlaskClient) -> None:
    """405 with Allow on every route but those that take these methods."""
    writable = {str(rule) for rule in app.url_map.iter_rules() if "PUT" in (rule.methods or ())}
    assert all(rule.startswith("/rdf-graph-store") for rule in writable)
    for path in paths(app):
        for method in ("DELETE", "PATCH", "PUT"):
            if path.startswith("/rdf-graph-store"):
                continue
            response = client.open(path, method=method)
            check(response, 405)
            assert response.headers["Allow"]


def test_undecodable_addresses_everywhere(app: Flask, client: FlaskClient) -> None:
    """A percent sign that encodes nothing is the caller's mistake on every route that looks at it."""
    for path in paths(app):
        response = client.get(path + BAD_ADDRESS)
        if response.status_code != 200:
            check(response)
            assert response.status_code in (400, 404, 405)


def test_names_of_nothing_everywhere(app: Flask, client: FlaskClient) -> None:
    """404 on every route that has a name in it, for programs and for people."""
    named = [p for p in paths(app) if "nothing-of-this-name" in p]
    assert len(named) >= 8
    for path in named:
        check(client.get(path), 404)
        page = client.get(path, headers=BROWSER)
        assert page.status_code == 404
        assert "<h1>" in page.text
        assert "What this means" in page.text


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/datasets/glioma/other", "/%00", "/..%2f..%2fetc/passwd", "/static/../app.py", "/" + "a" * 9_000],
)
def test_addresses_of_nothing(client: FlaskClient, path: str) -> None:
    """404 in the same shape."""
    check(client.get(path), 404)


def test_every_route_is_documented(app: Flask, repository: Path) -> None:
    """docs/reference/http.md has a row for every route."""
    text = (repository / "docs" / "reference" / "http.md").read_text(encoding="utf-8")
    for rule in app.url_map.iter_rules():
        written = str(rule) if rule.endpoint == "static" else str(rule).replace("<path:", "<")
        assert f"| `{written}` |" in text, written
