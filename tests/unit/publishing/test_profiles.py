"""Profiles: what they ask for, by name, by access and from a file; what is missing is asked for once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from descriptions import BASE, description, sample, write_json
from pyoxigraph import RdfFormat, parse
from rdflib import Graph, URIRef
from test_exports import FULL, summary

from node.config import Identity
from node.errors import ConfigurationError, ProtocolError
from node.publishing.asked import together
from node.publishing.drafts import Outcome, Report, Severity
from node.publishing.export import schemaorg
from node.publishing.profiles import AUTO, BY_ACCESS, HUB_ONLY, NAMES, NONE, facts, profile
from node.publishing.publish import NodeParts, publish
from node.publishing.report import ReportFile
from node.publishing.shacl import read_shapes, run
from node.rdf.namespaces import SH
from node.resources import resource

ACCESS = "http://publications.europa.eu/resource/authority/access-right/"
OWN = "datasets/gliomas"


def published(parts: NodeParts, tmp_path: Path, *names: str, **changes: object) -> Report:
    path = write_json(tmp_path, description(**changes))
    return publish([path], node=parts, profile=profile(names))


@pytest.mark.parametrize("name", NAMES)
def test_each_profile_has_messages_and_is_looked_into(name: str) -> None:
    """Every property shape of ours says what to do; what is asked for has an example, and records can look alike."""
    shapes = profile([name]).shapes([])
    messages = set(shapes.graph.subjects(URIRef(SH + "message"), None))
    stated = set(shapes.graph.subjects(URIRef(SH + "path"), None))
    nested = {o for p in ("or", "not", "xone", "and") for o in shapes.graph.objects(None, URIRef(SH + p))}
    members = {m for list_ in nested for m in shapes.graph.items(list_)}
    assert stated - messages - members == set()
    assert not shapes.pathless
    assert not shapes.sight.classes & {"<http://purl.obolibrary.org/obo/OBI_0001479>"}
    assert not shapes.sight.everything


def test_by_default_nothing_of_a_profile_stops_a_publication(parts: NodeParts, tmp_path: Path) -> None:
    """The access rights choose the level; what is missing is in the list, not among the findings."""
    path = write_json(tmp_path, description())
    report = publish([path], node=parts, profile=BY_ACCESS)
    (dataset,) = report.datasets
    assert dataset.outcome is Outcome.PUBLISHED
    assert dataset.findings == ()
    assert {level.profile: level.reached for level in dataset.levels} == {
        "dcat-ap": True,
        "healthdcat-ap-open": False,
        "miabis": False,
    }
    asked = {one.field: one for one in dataset.asked}
    assert asked["dcat:distribution"].mandatory
    assert not asked["dct:temporal"].mandatory
    assert asked["onco:sampleType"].places == 2
    assert asked["onco:sampleType"].example == "onco:sampleType obo:NCIT_C8509"


@pytest.mark.parametrize(
    ("right", "level"), [("PUBLIC", "open"), ("RESTRICTED", "protected"), ("NON_PUBLIC", "sensitive")]
)
def test_access_rights_choose_the_level(right: str, level: str) -> None:
    """HealthDCAT-AP asks for more the less open the data are."""
    assert f"healthdcat-ap-{level}" in set(BY_ACCESS.shapes([ACCESS + right]).origin.values())


def test_a_profile_that_is_named_binds(parts: NodeParts, tmp_path: Path) -> None:
    """What is mandatory and missing stops the dataset with one finding, which names the properties."""
    report = published(parts, tmp_path, "healthdcat-ap-open")
    (dataset,) = report.datasets
    assert dataset.outcome is Outcome.REJECTED
    (finding,) = dataset.findings
    assert finding.value is not None
    assert finding.severity is Severity.VIOLATION
    assert set(finding.value.split(", ")) == {"dcat:distribution", "dcat:keyword", "dcat:theme"}


def test_a_description_that_has_all_conforms(parts: NodeParts, tmp_path: Path) -> None:
    """With what was asked for, the same dataset passes."""
    more = {
        "theme": "http://publications.europa.eu/resource/authority/data-theme/HEAL",
        "keyword": ["glioma"],
        "distribution": {"type": "Distribution", "accessURL": "https://www.example.org/data"},
    }
    (dataset,) = published(parts, tmp_path, "healthdcat-ap-open", **more).datasets
    assert dataset.outcome is Outcome.PUBLISHED, dataset.findings
    assert all(level.reached for level in dataset.levels)


def test_a_wrong_value_is_a_finding_with_its_place(parts: NodeParts, tmp_path: Path) -> None:
    """Of the default profile it is a warning, of a named one an error."""
    for names, outcome in (((AUTO,), Outcome.PUBLISHED), (("dcat-ap",), Outcome.REJECTED)):
        changes = {"modified": "last spring"}
        (dataset,) = published(parts, tmp_path, *names, **changes).datasets
        assert dataset.outcome is outcome
        finding = next(f for f in dataset.findings if f.where.field == "dct:modified")
        assert finding.value == "last spring"
        assert "as a date" in (finding.remedy or "")
        assert finding.where.line is not None


def test_what_several_profiles_and_datasets_lack_is_asked_for_once(parts: NodeParts, tmp_path: Path) -> None:
    """The contact that MIABIS and HealthDCAT-AP ask for is one entry, whatever the number of datasets."""
    paths = [
        write_json(tmp_path, description(name, contactPoint=None), f"{name}.jsonld") for name in ("one", "two", "three")
    ]
    report = publish(paths, node=parts, profile=BY_ACCESS)
    contacts = [a for a in together(d.asked for d in report.datasets) if a.field == "dcat:contactPoint"]
    (contact,) = contacts
    assert contact.datasets == 3
    assert set(contact.profile.split(", ")) == {"dcat-ap", "healthdcat-ap-open", "miabis"}
    listed = together(d.asked for d in report.datasets)
    assert [a.mandatory for a in listed] == sorted((a.mandatory for a in listed), reverse=True)


def test_a_file_of_shapes_is_a_profile(parts: NodeParts, tmp_path: Path) -> None:
    """Shapes of others work as they are: a property shape without a path is left out, code lists are known."""
    path = tmp_path / "official.ttl"
    path.write_text(
        """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix dcat: <http://www.w3.org/ns/dcat#> .
        @prefix dct: <http://purl.org/dc/terms/> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
        <urn:s> a sh:NodeShape ; sh:targetClass dcat:Dataset ; sh:property [ sh:minCount 1 ] ,
          [ sh:path dct:accessRights ; sh:class skos:Concept ; sh:node [ sh:property [ sh:path skos:inScheme ;
            sh:hasValue <http://publications.europa.eu/resource/authority/access-right> ] ] ] ,
          [ sh:path dct:spatial ; sh:minCount 1 ] .""",
        encoding="utf-8",
    )
    (dataset,) = published(parts, tmp_path, str(path)).datasets
    assert [a.field for a in dataset.asked] == ["dct:spatial"]
    assert [f.value for f in dataset.findings] == ["dct:spatial"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("this is not Turtle", "not Turtle"),
        ("", "no shape in this file has a target"),
        ("\xff", "cannot be read"),
        (
            "@prefix sh: <http://www.w3.org/ns/shacl#> . <urn:s> a sh:NodeShape ; sh:targetClass <urn:c> ;"
            ' sh:property [ sh:path <urn:p> ; sh:minCount "many" ] , [ sh:path <urn:p> ; sh:in 5 ] .',
            "the shapes cannot be used",
        ),
    ],
)
def test_a_file_without_shapes_is_an_error(text: str, said: str, tmp_path: Path) -> None:
    """A profile that would check nothing must not look like one that is met."""
    path = tmp_path / "shapes.ttl"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigurationError) as raised:
        profile([str(path)])
    assert said in raised.value.detail
    assert raised.value.where is not None


def test_an_unknown_name_is_an_error_that_lists_the_known_ones() -> None:
    """A typing mistake is no profile."""
    with pytest.raises(ProtocolError) as raised:
        profile(["dcat-app"])
    assert "healthdcat-ap-open" in (raised.value.remedy or "")
    assert profile([NONE]) == HUB_ONLY


def test_the_report_file_is_a_validation_report(parts: NodeParts, tmp_path: Path) -> None:
    """Each result with focus, path, value, severity, component and message, and where in the partner's file it is."""
    samples = [sample(OWN, f"S{i}", "D1", ageAtDiagnosis=400) for i in range(30)]
    path = write_json(tmp_path, description(samples=samples))
    with ReportFile(tmp_path / "report.ttl") as results:
        publish([path], node=parts, record=results.add)
    graph = Graph().parse(tmp_path / "report.ttl")
    (report,) = graph.subjects(URIRef(SH + "conforms"), None)
    assert str(graph.value(report, URIRef(SH + "conforms"))) == "false"
    found = list(graph.objects(report, URIRef(SH + "result")))
    assert len(found) == 30
    for name in ("focusNode", "resultPath", "value", "resultSeverity", "sourceConstraintComponent", "resultMessage"):
        assert all(graph.value(result, URIRef(SH + name)) is not None for result in found)
    focus = {str(graph.value(result, URIRef(SH + "focusNode"))) for result in found}
    assert focus == {f"{BASE}{OWN}/samples/S{i}" for i in range(30)}
    assert all("line" in str(o) for o in graph.objects(None, URIRef("http://www.w3.org/ns/prov#atLocation")))


def test_a_report_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """Before anything is published."""
    with pytest.raises(ConfigurationError, match="report cannot be written"):
        ReportFile(tmp_path / "nowhere" / "report.ttl")


def test_the_code_lists_have_a_class_a_scheme_and_a_name() -> None:
    """What official shapes look for is there for a term that is listed, and nothing for others."""
    said = "\n".join(facts([ACCESS + "PUBLIC", "https://www.iana.org/assignments/media-types/text/csv", "urn:other"]))
    assert "RightsStatement" in said
    assert f"<{ACCESS.rstrip('/')}>" in said
    assert "MediaType" in said
    assert "urn:other" not in said


def test_bioschemas_names_what_a_page_lacks() -> None:
    """The shapes that pages are checked with: with all minimum properties nothing is violated, without one it is."""
    shapes = read_shapes(("bioschemas", resource("ontologies/profiles/bioschemas.ttl").read_text(encoding="utf-8")))
    lines = ["<urn:d> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://schema.org/Dataset> ."]
    lines += [f'<urn:d> <https://schema.org/{name}> "x" .' for name in ("description", "identifier", "keywords")]
    lines += [f'<urn:d> <http://schema.org/{name}> "x" .' for name in ("license", "name")]
    broken = [r.broken for r in run(lines, {"urn:d"}, shapes) if r.broken.severity is Severity.VIOLATION]
    assert [b.remedy for b in broken] == ["Bioschemas asks for schema:url."]


def test_what_pages_say_in_schema_org_has_the_minimum_of_bioschemas() -> None:
    """Dataset and catalogue as they stand in the pages, by our shapes."""
    identity = Identity(base_iri=BASE, title="A node", publisher="A clinic")
    dataset = schemaorg.dataset(FULL)
    catalogue = schemaorg.catalog(identity, BASE, [(summary(), FULL.iri)])
    shapes = read_shapes(("bioschemas", resource("ontologies/profiles/bioschemas.ttl").read_text(encoding="utf-8")))
    for document in (dataset, catalogue):
        own = {**document, "@context": {"@vocab": "https://schema.org/"}}
        read = (quad.triple for quad in parse(json.dumps(own).encode(), RdfFormat.JSON_LD))
        lines = [f"{triple} ." for triple in read if "_:" not in f"{triple.subject} {triple.object}"]
        broken = [result.broken for result in run(lines, {str(document["@id"])}, shapes)]
        assert [b.remedy for b in broken if b.severity is Severity.VIOLATION] == []


def test_what_the_validator_keeps_of_shapes_changes_no_result() -> None:
    """One data graph after the other by the same prepared shapes: what shapes read anew say of each."""
    text = resource("ontologies/profiles/dcat-ap.ttl").read_text(encoding="utf-8")
    kept = read_shapes(("dcat-ap", text))
    type_ = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
    dataset, catalogue = (f"<urn:d> {type_} <http://www.w3.org/ns/dcat#{name}> ." for name in ("Dataset", "Catalog"))
    titled = '<urn:d> <http://purl.org/dc/terms/title> "A title" .'
    for lines in ([dataset], [catalogue], [dataset, titled], [titled], [dataset, catalogue], [dataset]):
        anew = read_shapes.__wrapped__(("dcat-ap", text))
        assert not anew.prepared
        found, expected = (
            sorted(str(result.broken) for result in run(lines, {"urn:d"}, shapes)) for shapes in (kept, anew)
        )
        assert found == expected
        assert bool(found) == (lines != [titled])
