"""A release: whole or not at all, the same bytes each time, never over another, with a version that fits."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from pyoxigraph import Dataset, RdfFormat, parse

from node.curation.beginning import begin_hub, begin_local
from node.curation.content import read_content
from node.curation.differences import Change, compare
from node.curation.release import Made, checked, last_release, make, plan, release_content
from node.curation.release_record import Verdict
from node.curation.versions import check_version, latest, next_version
from node.curation.workspace import Workspace
from node.errors import Conflict, CurationError, NotFound, ProtocolError

FINE = Verdict()
TERMS = """
rare:0000001 a owl:Class ; rdfs:label "Oddoma"@en ; rdfs:subClassOf obo:NCIT_C3262 ;
  obo:IAO_0000115 "Odd & <rare>."@en ;
  <http://www.geneontology.org/formats/oboInOwl#hasExactSynonym> "Odd \\"tumour\\""@en ;
  <http://www.geneontology.org/formats/oboInOwl#hasDbXref> "X:1" .
rare:0000002 a owl:Class ; rdfs:label "Seltsamer Tumor"@de, "Stranger"@en ; owl:deprecated true ;
  obo:IAO_0100001 rare:0000001 ;
  owl:equivalentClass [ a owl:Class ; owl:intersectionOf ( obo:NCIT_C3262
    [ a owl:Restriction ; owl:onProperty obo:RO_0001000 ; owl:someValuesFrom rare:0000001 ] ) ] .
obo:RO_0001000 a owl:ObjectProperty ; rdfs:label "derives from" .
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = begin_local(tmp_path / "ws", name="rare", base_iri="https://hub.example/", under=["NCIT:C3262"])
    with made.ontology_file.open("a") as file:
        file.write(TERMS)
    return Workspace.open(tmp_path / "ws")


def release(workspace: Workspace, version: str | None = None, day: str = "2026-12-01") -> Made:
    opened = Workspace.open(workspace.folder)
    return make(opened, plan(opened, version=version, day=day, judge=lambda _: FINE))


def test_all_formats_say_the_same(workspace: Workspace) -> None:
    """RDF/XML, Turtle, JSON-LD and N-Triples are one graph, with the version in its header."""
    folder = release(workspace).folder
    graphs = []
    for ending, form in (("nt", None), ("ttl", None), ("owl", RdfFormat.RDF_XML), ("jsonld", RdfFormat.JSON_LD)):
        graph = read_content(folder / f"rare.{ending}")
        graphs.append(graph)
        if form is not None:
            assert len(Dataset(parse((folder / f"rare.{ending}").read_bytes(), form))) == graphs[0].triples
    assert all(not compare(graphs[0], other) for other in graphs[1:])
    header = graphs[0].by_subject["https://hub.example/vocab/rare"]
    assert header["http://www.w3.org/2002/07/owl#versionInfo"] == ('"1.0.0"',)
    assert header["http://www.w3.org/2002/07/owl#versionIRI"] == ("<https://hub.example/vocab/rare/1.0.0>",)


def test_graph_and_obo(workspace: Workspace) -> None:
    """Nodes, edges, definitions by genus and differentia; stanzas with what OBO has tags for."""
    folder = release(workspace).folder
    (graph,) = json.loads((folder / "rare.json").read_text())["graphs"]
    nodes = {node["id"]: node for node in graph["nodes"]}
    odd = nodes["https://hub.example/vocab/rare/0000001"]
    assert (odd["lbl"], odd["type"]) == ("Oddoma", "CLASS")
    assert odd["meta"]["synonyms"] == [{"pred": "hasExactSynonym", "val": 'Odd "tumour"'}]
    assert nodes["https://hub.example/vocab/rare/0000002"]["meta"]["deprecated"] is True
    assert graph["edges"] == [{"sub": odd["id"], "pred": "is_a", "obj": "http://purl.obolibrary.org/obo/NCIT_C3262"}]
    (defined,) = graph["logicalDefinitionAxioms"]
    assert defined["genusIds"] == ["http://purl.obolibrary.org/obo/NCIT_C3262"]
    assert defined["restrictions"][0]["fillerId"] == odd["id"]
    obo = (folder / "rare.obo").read_text()
    assert 'id: rare:0000001\nname: Oddoma\ndef: "Odd & <rare>." []\nsynonym: "Odd \\"tumour\\"" EXACT []' in obo
    assert "is_obsolete: true\nreplaced_by: rare:0000001" in obo


def test_pages_are_safe_and_lead_to_each_other(workspace: Workspace) -> None:
    """Text is escaped, each term has a page, the obsolete one says what to use."""
    folder = release(workspace).folder / "docs"
    index = (folder / "index.html").read_text()
    assert 'href="0000001.html"' in index
    assert "Odd &amp; &lt;rare&gt;." in index
    gone = (folder / "0000002.html").read_text()
    assert '<strong>Obsolete.</strong> Use <a href="0000001.html">Oddoma</a>.' in gone
    assert '<span lang="de">Seltsamer Tumor</span>' in gone
    for page in folder.glob("*.html"):
        text = page.read_text()
        assert text.count("<h1>") == 1
        assert '<html lang="en">' in text
        assert "<script" not in text


def test_the_same_again_is_the_same_bytes(workspace: Workspace, tmp_path: Path) -> None:
    """Two copies of a workspace make equal folders; the digests in the record are those of the files."""
    shutil.copytree(workspace.folder, tmp_path / "copy")
    first, second = release(workspace), release(Workspace.open(tmp_path / "copy"))
    assert first.files == second.files
    assert (first.folder / "release.json").read_bytes() == (second.folder / "release.json").read_bytes()
    assert first.files["rare.nt"] == first.digest


def test_changelog_and_versions_go_on(workspace: Workspace) -> None:
    """A new synonym asks for the third number, a term that is gone for the first; the changelog keeps both entries."""
    release(workspace)
    path = workspace.ontology_file
    text = path.read_text()
    path.write_text(text.replace('"Oddoma"@en', '"Oddoma"@en, "Oddome"@fr'))
    assert release(workspace).version == "1.0.1"
    path.write_text(text.split("rare:0000002 a owl:Class")[0] + "obo:RO_0001000 a owl:ObjectProperty .\n")
    opened = Workspace.open(workspace.folder)
    with pytest.raises(Conflict, match=r"asks for 2\.0\.0"):
        plan(opened, version="1.1.0", day=None, judge=lambda _: FINE)
    made = release(workspace)
    assert made.version == "2.0.0"
    changelog = (made.folder / "CHANGELOG.md").read_text()
    assert [line for line in changelog.splitlines() if line.startswith("## ")] == [
        "## 2.0.0 (2026-12-01)",
        "## 1.0.1 (2026-12-01)",
        "## 1.0.0 (2026-12-01)",
    ]
    assert "wasRevisionOf <https://hub.example/vocab/rare/1.0.1>" in (made.folder / "provenance.ttl").read_text()
    assert last_release(opened) == "2.0.0"
    with pytest.raises(NotFound, match="no release '3'"):
        release_content(opened, "3")


def test_what_keeps_a_release_from_being_made(workspace: Workspace) -> None:
    """Errors of the checks, nothing new, a version that is taken; nothing is left of it."""
    opened = Workspace.open(workspace.folder)
    with pytest.raises(CurationError, match="the checks found 1 error:\n  bad"):
        plan(opened, version=None, day=None, judge=lambda _: Verdict(errors=("bad",)))
    with pytest.raises(ProtocolError, match="no version"):
        plan(opened, version="one", day=None, judge=lambda _: FINE)
    with pytest.raises(Conflict, match="no date"):
        plan(opened, version=None, day="tomorrow", judge=lambda _: FINE)
    planned = plan(opened, version="1.0.0", day="2026-12-01", judge=lambda _: FINE)
    assert list((opened.folder / "releases").iterdir()) == []
    first = make(opened, planned)
    before = {path: path.read_bytes() for path in first.folder.rglob("*") if path.is_file()}
    with pytest.raises(Conflict, match="released meanwhile"):
        make(opened, planned)
    with pytest.raises(Conflict, match=r"nothing has changed since 1\.0\.0"):
        plan(opened, version="1.0.1", day=None, judge=lambda _: FINE)
    assert {path: path.read_bytes() for path in first.folder.rglob("*") if path.is_file()} == before
    assert [p.name for p in (opened.folder / "releases").iterdir()] == ["1.0.0"]


def test_a_crash_leaves_nothing(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """When writing fails half way, there is no folder, and the next attempt works."""
    opened = Workspace.open(workspace.folder)
    planned = plan(opened, version="1.0.0", day="2026-12-01", judge=lambda _: FINE)
    with monkeypatch.context() as patch:
        patch.setattr("node.curation.release.as_tsv", lambda _: (_ for _ in ()).throw(OSError(28, "no space left")))
        with pytest.raises(Conflict, match="no space left"):
            make(opened, planned)
    assert list((opened.folder / "releases").iterdir()) == []
    assert make(opened, planned).version == "1.0.0"


def test_the_hub_vocabulary_is_releasable(tmp_path: Path) -> None:
    """The vocabulary that comes with the package goes out whole, with what the checks said of it."""
    opened = begin_hub(tmp_path / "hub")

    def warned(workspace: Workspace) -> Verdict:
        return replace(checked(workspace, None), errors=())

    made = make(opened, plan(opened, version="1.1.0", day="2026-12-01", judge=warned))
    assert json.loads((made.folder / "release.json").read_text())["checks"]["reasoner"] == ""
    assert not compare(read_content(opened.ontology_file), read_content(made.folder / "onconode.owl"))


@pytest.mark.parametrize(
    ("last", "types", "version"),
    [
        (None, [], "1.0.0"),
        ("1.2.3", ["NewSynonym"], "1.2.4"),
        ("1.2.3", ["NewSynonym", "ClassCreation"], "1.3.0"),
        ("1.2.3", ["NodeDeletion", "ClassCreation"], "2.0.0"),
    ],
)
def test_the_next_version(last: str | None, types: list[str], version: str) -> None:
    """By the weightiest change."""
    assert next_version(last, [Change(t, "urn:x") for t in types]) == version


def test_versions_that_will_not_do() -> None:
    """Earlier ones, and those of another kind."""
    with pytest.raises(Conflict, match="not later"):
        check_version("1.0.0", "1.0.0", [])
    with pytest.raises(Conflict, match="another kind"):
        check_version("2026-12-01", "1.0.0", [])
    check_version("2026-12-02", "2026-12-01", [Change("NodeDeletion", "urn:x")])
    assert latest(["1.9.0", "1.10.0", "notes"]) == "1.10.0"
