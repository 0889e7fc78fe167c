"""What stands at a fixed address on every node."""

from __future__ import annotations

import json

from flask.testing import FlaskClient
from web_fakes import FakeNode

from node.errors import StoreError, TooBusy
from node.resources import resource
from node.web.problems import kinds


def test_context_vocabulary_and_shapes_are_the_files(client: FlaskClient) -> None:
    """Served byte by byte in their own syntax, cacheable."""
    for path, name in (
        ("/context/v1.jsonld", "ontologies/context/v1.jsonld"),
        ("/vocab", "ontologies/onconode.ttl"),
        ("/shapes", "ontologies/shapes.ttl"),
    ):
        response = client.get(path)
        assert response.data == resource(name).read_bytes()
        assert "max-age" in response.headers["Cache-Control"]


def test_every_problem_is_explained(client: FlaskClient) -> None:
    """The address that a problem's type names answers, for people and for programs."""
    for slug in kinds():
        assert client.get(f"/problems/{slug}", headers={"Accept": "text/html"}).status_code == 200
        assert json.loads(client.get(f"/problems/{slug}").data)["slug"] == slug
    assert client.get("/problems/none").status_code == 404
    assert client.get("/problems/").status_code == 200


def test_health(client: FlaskClient, fake_node: FakeNode) -> None:
    """Live is the process, ready is the store; busy workers are no illness."""
    assert client.get("/health/live").get_json() == {"status": "live"}
    assert client.get("/health/ready").get_json() == {"status": "ready", "generation": 7}
    fake_node.store.failures["ASK"] = TooBusy("busy.")
    assert client.get("/health/ready").status_code == 200
    fake_node.store.failures["ASK"] = StoreError("broken.")
    assert client.get("/health/ready").status_code == 500
    assert client.get("/health/live").status_code == 200
