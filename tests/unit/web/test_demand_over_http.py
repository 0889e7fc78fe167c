"""``/demand``: for operators, and for everybody only if the node says so."""

from __future__ import annotations

from dataclasses import replace

from flask.testing import FlaskClient
from web_fakes import FakeNode

from node.config import Demand
from node.ontology.branches import DIAGNOSIS
from node.publishing.coded import Unknown
from node.publishing.coder import NO_SUCH_NAME
from node.publishing.registry import FILE, Entry, State, write_registry
from node.publishing.tally import CodingReport
from node.publishing.uncoded import uncoded_file, write_uncoded


def entry(name: str, *, restricted: bool) -> Entry:
    return Entry(
        name, f"http://node.example/datasets/{name}", name, "", State.PUBLISHED, "", "", 20, 20, restricted=restricted
    )


def with_words(node: FakeNode, settings: Demand) -> None:
    """An open dataset with a word of twelve samples and one of two; a restricted one with a word of thirty."""
    reports = {"open": {"Oddoma": 12, "Raritoma": 2}, "closed": {"Hiddenoma": 30}}
    files = {FILE: write_registry({name: entry(name, restricted=name == "closed") for name in reports})}
    for name, words in reports.items():
        report = CodingReport()
        for word, count in words.items():
            for _ in range(count):
                report.tally(DIAGNOSIS, "CANCER_TYPE", Unknown(word, NO_SUCH_NAME))
        content = write_uncoded(report)
        assert content is not None
        files[uncoded_file(name)] = content
    node.store.file = files.get  # type: ignore[attr-defined]
    node.settings = replace(node.settings, demand=settings)


def test_operators_see_sums_of_all_datasets(client: FlaskClient, fake_node: FakeNode) -> None:
    """With a token; rare words stay here all the same, and no cache may keep the answer for others."""
    with_words(fake_node, Demand())
    response = client.get("/demand", headers={"Authorization": "Bearer secret"})
    assert response.status_code == 200
    assert [(w["text"], w["samples"]) for w in response.json["waiting"]] == [("Hiddenoma", 30), ("Oddoma", 12)]
    assert response.json["withheld"] == 1
    assert "private" in response.headers["Cache-Control"]
    assert "Authorization" in response.headers["Vary"]


def test_everybody_is_told_nothing_unless_the_node_shares(client: FlaskClient, fake_node: FakeNode) -> None:
    """401 without a token and with a wrong one; shared, words of open datasets only."""
    with_words(fake_node, Demand())
    assert client.get("/demand").status_code == 401
    assert client.get("/demand", headers={"Authorization": "Bearer wrong"}).status_code == 401
    fake_node.settings = replace(fake_node.settings, demand=Demand(shared=True, fewest_samples=2))
    told = client.get("/demand").json
    assert [w["text"] for w in told["waiting"]] == ["Oddoma", "Raritoma"]
    assert (told["withheld"], told["fewest_samples"]) == (0, 2)
    assert client.get("/demand", headers={"Accept": "text/turtle"}).status_code == 406
