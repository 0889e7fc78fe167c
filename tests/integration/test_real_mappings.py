"""Real mapping files beside real partners: asking with codes gives the samples that asking with NCIt by hand gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.assembly import Node, build
from node.cli.nodes import create_node
from node.ontology.asking import Reach
from node.ontology.code_systems import code_iri
from node.ontology.drift import Fault, release_against
from node.policy.decide import ANONYMOUS
from node.publishing.drift import drifted
from node.rdf.formats import JSON, TURTLE
from node.rdf.namespaces import OBO
from node.sparql.results import read_json_results
from tests.command_line import onconode

pytestmark = [pytest.mark.shared]

PROLOGUE = (
    "PREFIX onco: <https://w3id.org/onconode/vocab#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "
    "PREFIX ncit: <http://purl.obolibrary.org/obo/NCIT_> "
)
UBERON = (
    *("--id", "https://example.org/uberon-ncit", "--licence", "https://creativecommons.org/licenses/by/4.0/"),
    *("--justification", "semapv:UnspecifiedMatching", "--name", "uberon-ncit"),
)


@pytest.fixture(scope="module")
def node(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node with the real releases, tables of codes and mapping sets, and the samples of two real partners."""
    ontologies, partners = shared / "data/ontologies", shared / "data/partners"
    folder = tmp_path_factory.mktemp("real") / "n"
    create_node(folder, base_iri="https://n.example/", title="N")
    for command in (
        ("ontology", "install", "ncit", "--from", ontologies / "ncit"),
        ("ontology", "install", "oncotree", "--from", ontologies / "oncotree"),
        ("ontology", "install", "icdo3", "--from", ontologies / "icd-o"),
        ("ontology", "mappings", "add", ontologies / "ncit/mondo_exactmatch_ncit.sssom.tsv", "--name", "mondo"),
        ("ontology", "mappings", "add", ontologies / "ncit/uberon-ncit.sssom.tsv", *UBERON),
        ("publish", partners / "glass-consortium", partners / "us-cell-lines", "--no-proposals"),
    ):
        done = onconode(*command, "--node", folder)
        assert done.returncode == 0, done.stdout + done.stderr
    made = build(folder)
    yield made
    made.close()


def samples(node: Node, text: str, reach: Reach | None, *, federated: bool = False) -> list[str]:
    text = PROLOGUE + text
    if reach is not None:
        text = node.mapped(text, reach).text
    formats = (JSON, TURTLE)
    asking = node.federation.query(text, formats) if federated else node.query(text, ANONYMOUS, formats)
    with asking as answer:
        return sorted(row["s"].value for row in read_json_results(b"".join(answer)).rows)


@pytest.mark.parametrize("federated", [False, True], ids=["node", "federation"])
@pytest.mark.parametrize(
    ("coded", "by_hand"),
    [
        ("onco:diagnosis oncotree:GBM", "onco:diagnosis ncit:C3058"),
        ("onco:diagnosis icdo3:9440\\/3", "onco:diagnosis ncit:C3058"),
        ("onco:diagnosis mondo:0018177", "onco:diagnosis ncit:C3058"),
        ("onco:anatomicalSite uberon:0000955", "onco:anatomicalSite ncit:C12439"),
        ("onco:anatomicalSite icdo3:C71.9", "onco:anatomicalSite ncit:C12439"),
        ("onco:diagnosis/rdfs:subClassOf* oncotree:DIFG", "onco:diagnosis/rdfs:subClassOf* ncit:C129325"),
    ],
)
def test_the_same_samples_as_by_hand(node: Node, coded: str, by_hand: str, federated: bool) -> None:
    """With OncoTree, ICD-O-3, MONDO and UBERON codes; and as many of them as counting says."""
    expected = samples(node, f"SELECT ?s {{ ?s {by_hand} }}", None)
    assert len(expected) >= 40
    assert samples(node, f"SELECT ?s {{ ?s {coded} }}", Reach.NARROW, federated=federated) == expected


def test_what_the_tables_cover(node: Node) -> None:
    """At least what was measured when this was written."""
    covered = {system: sum(counts.values()) for system, counts in node.mappings().coverage().items()}
    assert covered["oncotree"] >= 848
    assert covered["icdo3"] >= 1_181
    assert covered["mondo"] >= 7_259
    assert covered["uberon"] >= 2_178
    (gbm,) = node.mappings().of_code(code_iri("ONCOTREE:GBM") or "")
    assert gbm.concept == OBO + "NCIT_C3058"


def test_what_an_older_release_lacks_would_drift(node: Node, shared: Path) -> None:
    """Sites of the body are in the merged release, and not in the extract of neoplasms alone."""
    path = shared / "data/ontologies/ncit/ncit-neoplasm-2020.nt.gz"
    parts = node.parts()
    assert drifted(parts) == []
    vocabulary, successors, name = release_against(path, parts.vocabulary)
    assert name == "ncit"
    found = {one.code: one for one in drifted(parts, vocabulary, successors)}
    assert found[OBO + "NCIT_C41168"].verdict.fault is Fault.MISSING
    assert found[OBO + "NCIT_C41168"].samples >= 100


def test_what_obi_has_made_obsolete_is_told_with_its_successor(node: Node, shared: Path) -> None:
    """The deprecated terms of the real OBI release, those of them that are replaced by one in force."""
    path = shared / "data/ontologies/obi/obi-edit-merged.nt.gz"
    vocabulary, successors, name = release_against(path, node.vocabulary())
    assert name == "obi"
    assert successors.replaced
    obsolete = [iri for iri in successors.replaced if (c := vocabulary.get(iri)) is not None and c.obsolete]
    assert obsolete


def test_the_command_says_by_which_mapping(node: Node) -> None:
    """A row for each sample, with the mapping; the head has it too."""
    folder = node.settings.folder
    done = onconode("query", "--code", "ICDO3:9440/3", "--node", folder, "--json")
    document = json.loads(done.stdout)
    rows = document["results"]["bindings"]
    assert len(rows) >= 500
    assert {row["mapping_set"]["value"].split()[0] for row in rows} == {"icdo3"}
    assert document["head"]["mappings"]["used"][0]["object"] == OBO + "NCIT_C3058"
