"""Nodes that look alike to the shapes are judged once; the results are those of judging every one."""

from __future__ import annotations

from dataclasses import astuple

import pytest
from descriptions import BASE
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node.ontology.concepts import Concept, Vocabulary
from node.publishing.ntriples import Description
from node.publishing.shapes import Broken, read_shapes, shapes_text, validate
from node.rdf.namespaces import DCT, DERIVES_FROM, FOAF, OBO, ONCO, RDF_TYPE, RDFS_SUBCLASS_OF, SPECIMEN, XSD

DATASET = f"{BASE}datasets/gliomas"
BIOPSY = f"{OBO}OBI_0009999"

# Constraints of every kind that values are told apart by, and some that see more than a node's own values.
SHAPES = """
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix onco: <https://w3id.org/onconode/vocab#> .
@prefix obo: <http://purl.obolibrary.org/obo/> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix s: <urn:shape:> .
s:Age a sh:PropertyShape ; sh:targetSubjectsOf onco:ageAtDiagnosis ; sh:path onco:ageAtDiagnosis ;
  sh:minExclusive 3 ; sh:maxExclusive 58.5 ; sh:maxCount 2 ; sh:message "age" .
s:AgeType a sh:PropertyShape ; sh:targetClass obo:OBI_0001479 ; sh:path onco:ageAtDiagnosis ;
  sh:or ( [ sh:datatype xsd:integer ] [ sh:datatype xsd:decimal ; sh:minInclusive 5 ] [ sh:nodeKind sh:IRI ] ) ;
  sh:message "age type" .
s:Code a sh:NodeShape ; sh:targetObjectsOf obo:RO_0001000 ;
  sh:property [ sh:path onco:sourceCode ; sh:minLength 2 ; sh:maxLength 3 ; sh:message "code" ] ,
    [ sh:path onco:sourceCode ; sh:uniqueLang true ; sh:message "once" ] ,
    [ sh:path onco:sourceCode ; sh:languageIn ( "en" "de" ) ; sh:severity sh:Info ; sh:message "language" ] ,
    [ sh:path onco:sourceCode ; sh:minCount 3 ; sh:severity sh:Warning ; sh:message "three" ] .
s:Form a sh:PropertyShape ; sh:targetSubjectsOf onco:sex ; sh:path dct:identifier ;
  sh:pattern "^S" ; sh:message "form" .
s:Site a sh:PropertyShape ; sh:targetClass obo:OBI_0001479 ; sh:path onco:anatomicalSite ;
  sh:hasValue obo:NCIT_C12439 ; sh:in ( obo:NCIT_C12439 obo:NCIT_C12468 "brain" 7 ) .
s:NotBoth a sh:NodeShape ; sh:targetClass onco:Donor ; sh:message "not both" ;
  sh:xone ( [ sh:path onco:sex ; sh:minCount 1 ] [ sh:path onco:vitalStatus ; sh:minCount 1 ] ) .
"""
DEEPER = (
    SHAPES
    + """
s:Deep a sh:PropertyShape ; sh:targetSubjectsOf foaf:name ; sh:path ( obo:RO_0001000 dct:identifier ) ; sh:minCount 1 .
s:Class a sh:PropertyShape ; sh:targetSubjectsOf onco:vitalStatus ; sh:path obo:RO_0001000 ; sh:class onco:Donor .
s:Equal a sh:NodeShape ; sh:targetObjectsOf onco:assay ; sh:property [ sh:path dct:identifier ; sh:equals onco:sex ] .
s:Iri a sh:NodeShape ; sh:targetSubjectsOf onco:assay ; sh:pattern "S1$" .
"""
)

NAMES = [f"<{DATASET}/samples/S{i}>" for i in range(6)] + [f"<{DATASET}/donors/D{i}>" for i in range(3)]
TYPES = [f"<{iri}>" for iri in (SPECIMEN, f"{ONCO}Donor", BIOPSY, f"{OBO}NCIT_C12439")]
NUMBERS = [f'"{n}"^^<{XSD}integer>' for n in ("7", "007", "3", "-1", "121", "x")]
NUMBERS += [f'"{n}"^^<{XSD}decimal>' for n in ("58.5", "58.50", "4.5")] + [f'"7"^^<{XSD}int>']
TEXTS = ['"S"', '"GBM"', '"GBM"@en', '"Hirn"@en', '"Hirn"@de', '"a\\"b"', '""', f'"GBM"^^<{XSD}string>', '"brain"']
IRIS = [f"<{OBO}{code}>" for code in ("NCIT_C12439", "NCIT_C12468", "NCIT_C16576", "NCIT_C17998", "OBI_0002117")]
PROPERTIES = [f"<{ONCO}{p}>" for p in ("ageAtDiagnosis", "sourceCode", "sex", "vitalStatus", "anatomicalSite", "assay")]
PROPERTIES += [f"<{ONCO}diagnosis>", f"<{DCT}identifier>", f"<{FOAF}name>", f"<{DERIVES_FROM}>", "<urn:other>"]

subjects = st.sampled_from(NAMES)
statements = st.one_of(
    st.tuples(subjects, st.just(f"<{RDF_TYPE}>"), st.sampled_from(TYPES)),
    st.tuples(subjects, st.just(f"<{DCT}isPartOf>"), st.just(f"<{DATASET}>")),
    st.tuples(subjects, st.sampled_from(PROPERTIES), st.sampled_from([*NUMBERS, *TEXTS, *IRIS, *NAMES])),
    st.tuples(subjects, st.just(f"<{DERIVES_FROM}>"), subjects),
)


@pytest.mark.parametrize("text", [shapes_text(), SHAPES, DEEPER], ids=["hub", "values", "deeper"])
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    drawn=st.lists(statements, min_size=1, max_size=30),
    other=st.sampled_from(TEXTS + NUMBERS),
    further=st.sampled_from(PROPERTIES),
    values=st.lists(st.sampled_from(TEXTS + NUMBERS + IRIS), min_size=1, max_size=3),
)
def test_the_results_are_those_of_judging_every_node(
    text: str, drawn: list[tuple[str, str, str]], other: str, further: str, values: list[str], vocabulary: Vocabulary
) -> None:
    """Random records, each with a twin that has another value and one that has more: the results are the same."""
    known = vocabulary.overlaid_by(Vocabulary.of([Concept(BIOPSY, "biopsy", (SPECIMEN,))]))
    lines = [f"{s} {p} {o} ." for s, p, o in drawn]
    twins = [line.replace("/samples/S", "/samples/T").replace(other, '"GBM"') for line in lines]
    triplets = [line.replace("/samples/S", "/samples/U") for line in lines]
    more = [f"{s.replace('/samples/S', '/samples/U')} {further} {value} ." for s, _, _ in drawn for value in values]
    lines += twins + triplets + more
    lines.append(f'<{DATASET}> <{DCT}title> "Gliomas" .')
    description = Description(lines)
    shapes = read_shapes(("tried", text))
    fast = list(validate(description, DATASET, known, shapes=shapes))
    alone = list(validate(description, DATASET, known, shapes=shapes, each=True))
    assert sorted(map(_key, fast)) == sorted(map(_key, alone))


def _key(broken: Broken) -> tuple[str, ...]:
    return tuple(map(str, astuple(broken)))


def test_most_nodes_are_not_judged_themselves(vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five hundred samples of the same kind cost as much as one."""
    judged: list[str] = []
    from node.publishing import shapes as module  # noqa: PLC0415

    def watched(lines: list[str], nodes: set[str], shapes: object) -> list[object]:
        judged.extend(nodes)
        return []

    monkeypatch.setattr(module, "run", watched)
    lines = []
    for i in range(500):
        own = f"<{DATASET}/samples/S{i}>"
        lines += [f"{own} <{RDF_TYPE}> <{SPECIMEN}> .", f'{own} <{DCT}identifier> "S{i}" .']
        lines.append(f'{own} <{ONCO}ageAtDiagnosis> "{i % 100}"^^<{XSD}integer> .')
    list(validate(Description(lines), DATASET, vocabulary))
    assert len(judged) == 2  # an age of 0 stands on the border that the shapes name


def test_a_description_with_classes_of_its_own_is_judged_node_by_node(vocabulary: Vocabulary) -> None:
    """What a description says of classes can put its nodes under any shape."""
    lines = [
        f"<{DATASET}/samples/S1> <{RDF_TYPE}> <urn:mine> .",
        f"<{DATASET}/samples/S1> <{DCT}isPartOf> <{DATASET}> .",
        f"<urn:mine> <{RDFS_SUBCLASS_OF}> <{SPECIMEN}> .",
        f"<{DATASET}> <{DCT}hasPart> <urn:mine> .",
    ]
    fast = list(validate(Description(lines), DATASET, vocabulary))
    assert sorted(map(_key, fast)) == sorted(map(_key, validate(Description(lines), DATASET, vocabulary, each=True)))


def test_one_number_in_two_spellings_is_one_value(vocabulary: Vocabulary) -> None:
    """7 and 007 are one age, 8 and 007 are two: the samples do not look alike."""
    own = [f"<{DATASET}/samples/S{i}>" for i in (1, 2)]
    lines = [f'{s} <{ONCO}ageAtDiagnosis> "{n}"^^<{XSD}integer> .' for s, n in zip(own, (7, 8), strict=True)]
    lines += [f'{s} <{ONCO}ageAtDiagnosis> "007"^^<{XSD}integer> .' for s in own]
    found = validate(Description(lines), DATASET, vocabulary)
    many = [b.focus for b in found if b.what.startswith("there are too many")]
    assert many == [f"{DATASET}/samples/S2"]
