"""The application over a node of fakes."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from web_fakes import FakeNode, make_node

from node.web.app import create_app


@pytest.fixture
def fake_node() -> FakeNode:
    """A node of this test's own, which it may change."""
    return make_node()


@pytest.fixture(scope="session")
def shared_app() -> Flask:
    return create_app(make_node())  # type: ignore[arg-type]


@pytest.fixture
def app(request: pytest.FixtureRequest, shared_app: Flask) -> Flask:
    """The application over the test's own node where it asks for one, else over one that all tests share."""
    if "fake_node" in request.fixturenames:
        return create_app(request.getfixturevalue("fake_node"))
    return shared_app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def prefixed() -> FlaskClient:
    """A client of a node whose base IRI has a path."""
    return create_app(make_node("https://example.org/hub/")).test_client()  # type: ignore[arg-type]
