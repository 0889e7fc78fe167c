"""The shapes: the examples conform, and each mistake is found and answered with what to do."""

from __future__ import annotations

import pyshacl
import pytest
import rdflib
from content_examples import documents, load_document
from pyoxigraph import Store

from node.resources import resource

SH = rdflib.Namespace("http://www.w3.org/ns/shacl#")
PREFIXES = """
@prefix onco: <https://w3id.org/onconode/vocab#> . @prefix obo: <http://purl.obolibrary.org/obo/> .
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
@prefix schema: <https://schema.org/> . @prefix : <http://node.example/> .
@prefix access: <http://publications.europa.eu/resource/authority/access-right/> .
"""
DATASET = """:d a dcat:Dataset ; dct:title "T"@en ; dct:description "D" ; dct:identifier "d" ; dct:publisher :p ;
  dct:license :l ; dct:accessRights access:PUBLIC . :p foaf:name "P" .
"""
SAMPLE = """:s a obo:OBI_0001479 ; dct:identifier "s" ; dct:isPartOf :d ; obo:RO_0001000 :o ;
  onco:diagnosis obo:NCIT_C3058 ; onco:ageAtDiagnosis 54 ;
  onco:assay obo:OBI_0002117 , obo:OBI_0001271 ; onco:sampleType obo:NCIT_C8509 .
"""
DONOR = ':o a onco:Donor ; dct:identifier "o" ; onco:sex obo:NCIT_C16576 ; onco:vitalStatus obo:NCIT_C37987 .\n'


def shapes() -> rdflib.Graph:
    return rdflib.Graph().parse(resource("ontologies/shapes.ttl"))


def results(data: rdflib.Graph) -> list[tuple[str, str, str]]:
    """Severity, focus node's local name and message of every result."""
    _conforms, report, _text = pyshacl.validate(data, shacl_graph=shapes(), inference="none")
    assert isinstance(report, rdflib.Graph)
    return sorted(
        (
            str(report.value(r, SH.resultSeverity)).rsplit("#", 1)[-1],
            str(report.value(r, SH.focusNode)).rsplit("/", 1)[-1],
            str(report.value(r, SH.resultMessage)),
        )
        for r in report.subjects(rdflib.RDF.type, SH.ValidationResult)
    )


def of(text: str) -> list[tuple[str, str, str]]:
    return results(rdflib.Graph().parse(data=PREFIXES + text, format="turtle"))


def test_a_good_description_conforms() -> None:
    """Dataset, sample, donor, a contact with a name, and a sample that is of a subclass only: nothing to say."""
    contact = ':d dcat:contactPoint [ a vcard:Kind ; vcard:fn "Desk" ; vcard:hasEmail <mailto:a@b.example> ] .\n'
    blood = ':b a obo:OBI_0000655 ; dct:identifier "b" ; dct:isPartOf :d ; onco:sourceCode "GBM" .\n'
    assert of(DATASET + contact + SAMPLE + DONOR + blood) == []


@pytest.mark.parametrize("path", documents(), ids=lambda p: p.stem)
def test_the_examples_conform(path: object) -> None:
    """What we show to partners passes, without even a warning."""
    store = Store()
    load_document(store, path)  # type: ignore[arg-type]
    data = rdflib.Graph().parse(data="".join(f"{q.triple} .\n" for q in store), format="nt")
    assert results(data) == []


@pytest.mark.parametrize(
    ("part", "old", "new", "focus", "words"),
    [
        (DATASET, 'dct:title "T"@en ; ', "", "d", "title"),
        (DATASET, '"T"@en', '""', "d", "not empty"),
        (DATASET, 'dct:description "D" ; ', "", "d", "Describe the dataset"),
        (DATASET, 'dct:identifier "d" ; ', "", "d", "identifier"),
        (DATASET, "dct:publisher :p ;", "", "d", "who publishes"),
        (DATASET, "dct:publisher :p ;", 'dct:publisher "P" ;', "d", "an IRI (not a name)"),
        (DATASET, "dct:license :l", 'dct:license "CC BY"', "d", "licence by its IRI"),
        (DATASET, "access:PUBLIC", '"public"', "d", "PUBLIC, RESTRICTED, NON_PUBLIC"),
        (DATASET, "access:PUBLIC", "access:CONFIDENTIAL", "d", "PUBLIC, RESTRICTED, NON_PUBLIC"),
        (SAMPLE, "dct:isPartOf :d ;", "", "s", "which dataset"),
        (SAMPLE, "dct:isPartOf :d ;", "dct:isPartOf :d , :e ;", "s", "exactly one dct:isPartOf"),
        (SAMPLE, "dct:isPartOf :d ;", 'dct:isPartOf "d" ;', "s", "the dataset's IRI"),
        (SAMPLE, "a obo:OBI_0001479 ; ", "", "s", "type of the sample"),
        (SAMPLE, 'dct:identifier "s" ; ', "", "s", "exactly one identifier"),
        (SAMPLE, '"s"', '"s" , "t"', "s", "exactly one identifier"),
        (SAMPLE, "obo:NCIT_C3058", "obo:NCIT_C3058 , obo:NCIT_C3059", "s", "at most one diagnosis"),
        (SAMPLE, "obo:NCIT_C3058", '"Glioblastoma"', "s", "NCIt class IRI"),
        (SAMPLE, "obo:OBI_0001271", '"RNA-seq"', "s", "OBI class IRIs"),
        (SAMPLE, "obo:NCIT_C8509", '"Primary"', "s", "kind of sample"),
        (SAMPLE, "54", "154", "s", "0 to 120"),
        (SAMPLE, "54", "-1", "s", "0 to 120"),
        (SAMPLE, "54", '"54 years"', "s", "number of years"),
        (SAMPLE, "54", "54 , 55", "s", "at most once"),
        (SAMPLE, ":o", '"P1"', "s", "IRI of a donor"),
        (SAMPLE, "onco:ageAtDiagnosis 54", "onco:sex obo:NCIT_C16576", "s", "at the donor, not at the sample"),
        (SAMPLE, "onco:ageAtDiagnosis 54", 'schema:birthDate "1970-01-01"', "s", "place of birth"),
        (DONOR, 'dct:identifier "o" ; ', "", "o", "pseudonym"),
        (DONOR, "a onco:Donor ; ", "", "o", "onco:Donor"),
        (DONOR, "obo:NCIT_C16576", "obo:NCIT_C16576 , obo:NCIT_C20197", "o", "at most one sex"),
        (DONOR, "obo:NCIT_C16576", '"female"', "o", "at most one sex"),
        (DONOR, "obo:NCIT_C37987", "obo:NCIT_C3058", "o", "at most one vital status"),
        (DONOR, "onco:vitalStatus", 'foaf:name "N" ; onco:vitalStatus', "o", "Remove the name"),
        (DONOR, "onco:vitalStatus", 'foaf:familyName "N" ; onco:vitalStatus', "o", "Remove the name"),
        (DONOR, "onco:vitalStatus", 'vcard:fn "N" ; onco:vitalStatus', "o", "Remove the name"),
        (DONOR, "onco:vitalStatus", 'vcard:bday "1970-01-01" ; onco:vitalStatus', "o", "birth"),
        (DONOR, "onco:vitalStatus", "vcard:hasEmail <mailto:a@b.example> ; onco:vitalStatus", "o", "address"),
    ],
)
def test_a_mistake_is_found_and_answered(part: str, old: str, new: str, focus: str, words: str) -> None:
    """Each mistake is a violation at the thing that has it, with a message that says what to do."""
    assert old in part
    whole = (DATASET + SAMPLE + DONOR).replace(part, part.replace(old, new))
    found = of(whole)
    assert any(s == "Violation" and f == focus and words in message for s, f, message in found), found


def test_things_worth_a_warning() -> None:
    """No licence, two licences, a nameless publisher, no access rights, an IRI as identifier: said, not stopped."""
    for old, new, words in (
        ("; dct:accessRights access:PUBLIC", "", "who may see"),
        ('dct:identifier "d"', "dct:identifier :d", "as text"),
        ("dct:license :l ;", "", "Without a licence"),
        ("dct:license :l ;", "dct:license :l , :m ;", "one licence"),
        ('foaf:name "P"', 'foaf:mbox "x"', "publisher's name"),
    ):
        found = of(DATASET.replace(old, new))
        assert [severity for severity, _, _ in found] == ["Warning"], found
        assert words in found[0][2]


def test_every_constraint_says_what_to_do() -> None:
    """Each shape that can fail has exactly one message, and no SPARQL constraints are used."""
    graph = shapes()
    constraining = {SH.minCount, SH.maxCount, SH.nodeKind, SH["in"], SH["not"], SH.minInclusive, SH.minLength}
    helpers = {b for lst in graph.objects(None, SH["or"]) for b in rdflib.collection.Collection(graph, lst)}
    for shape in {s for p in constraining for s in graph.subjects(p)} - helpers:
        assert len(list(graph.objects(shape, SH.message))) == 1, shape
    assert (None, SH.sparql, None) not in graph
