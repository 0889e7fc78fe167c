"""Tables after ROBOT's templates: what each template string makes, and where a fault is."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import CanonicalizationAlgorithm, Dataset, Quad, RdfFormat, parse

from node.curation.beginning import begin_local
from node.curation.workspace import Workspace
from node.errors import DocumentSyntaxError
from tests.unit.curation.workspaces import NAMESPACE, write

PREFIXES = f"""
@prefix rare: <{NAMESPACE}> . @prefix obo: <http://purl.obolibrary.org/obo/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix oio: <http://www.geneontology.org/formats/oboInOwl#> .
@prefix p: <http://purl.obolibrary.org/obo/RO_> .
"""
GIVEN = """
obo:RO_0000057 a owl:ObjectProperty ; rdfs:label "has participant" .
obo:RO_0000052 a owl:ObjectProperty ; rdfs:label "inheres" .
rare:size a owl:DatatypeProperty ; rdfs:label "size" .
"""


def opened(folder: Path, rows: list[tuple[str, ...]]) -> Workspace:
    made = begin_local(folder, name="rare", base_iri="https://example.org/node", under=["NCIT:C3262"])
    with made.ontology_file.open("a", encoding="utf-8") as file:
        file.write(GIVEN)
    write(folder / "templates/t.tsv", rows)
    return Workspace.open(folder)


def canonical(quads: Dataset) -> set[str]:
    quads.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return {str(quad) for quad in quads}


def made(workspace: Workspace) -> set[str]:
    return canonical(Dataset(Quad(t.subject, t.predicate, t.object) for t in workspace.expansion.triples))


def turtle(text: str) -> set[str]:
    return canonical(Dataset(parse((PREFIXES + text).encode(), format=RdfFormat.TURTLE)))


@pytest.mark.parametrize(
    ("string", "cell", "expected"),
    [
        ("LABEL", "wing", 'rare:1 rdfs:label "wing" .'),
        ("A label", "wing", 'rare:1 rdfs:label "wing" .'),
        ("AL rdfs:label@de", "Flügel", 'rare:1 rdfs:label "Flügel"@de .'),
        ("AT rdfs:comment^^xsd:integer", "4", 'rare:1 rdfs:comment "4"^^xsd:integer .'),
        ("AI rdfs:seeAlso", "NCIT:C3262", "rare:1 rdfs:seeAlso obo:NCIT_C3262 ."),
        ("A oio:hasExactSynonym SPLIT=|", "a| b |", 'rare:1 oio:hasExactSynonym "a", "b" .'),
        ("SC %", "Neoplasm", "rare:1 rdfs:subClassOf obo:NCIT_C3262 ."),
        ("SC % SPLIT=|", "Neoplasm|NCIT:C3059", "rare:1 rdfs:subClassOf obo:NCIT_C3262, obo:NCIT_C3059 ."),
        ("DC %", "Glioma", "rare:1 owl:disjointWith obo:NCIT_C3059 ."),
        ("C %", "Glioma", "rare:1 rdfs:subClassOf obo:NCIT_C3059 ."),
        (
            "EC 'has participant' some %",
            "Neoplasm",
            "rare:1 owl:equivalentClass [ a owl:Restriction ; owl:onProperty obo:RO_0000057 ; "
            "owl:someValuesFrom obo:NCIT_C3262 ] .",
        ),
        (
            "SC %",
            "Glioma and not (inheres only 'Brain')",
            "rare:1 rdfs:subClassOf [ a owl:Class ; owl:intersectionOf ( obo:NCIT_C3059 [ a owl:Class ; "
            "owl:complementOf [ a owl:Restriction ; owl:onProperty obo:RO_0000052 ; owl:allValuesFrom obo:NCIT_C12439 "
            "] ] ) ] .",
        ),
        (
            "SC %",
            "inheres exactly 2 Neoplasm",
            "rare:1 rdfs:subClassOf [ a owl:Restriction ; owl:onProperty obo:RO_0000052 ; "
            'owl:qualifiedCardinality "2"^^xsd:nonNegativeInteger ; owl:onClass obo:NCIT_C3262 ] .',
        ),
        (
            "SC %",
            "inheres max 1",
            "rare:1 rdfs:subClassOf [ a owl:Restriction ; owl:onProperty obo:RO_0000052 ; "
            'owl:maxCardinality "1"^^xsd:nonNegativeInteger ] .',
        ),
        (
            "SC %",
            "inverse inheres some (Neoplasm or Glioma)",
            "rare:1 rdfs:subClassOf [ a owl:Restriction ; owl:onProperty [ owl:inverseOf obo:RO_0000052 ] ; "
            "owl:someValuesFrom [ a owl:Class ; owl:unionOf ( obo:NCIT_C3262 obo:NCIT_C3059 ) ] ] .",
        ),
        (
            "SC %",
            "size some xsd:integer[>= 5]",
            "rare:1 rdfs:subClassOf [ a owl:Restriction ; owl:onProperty rare:size ; owl:someValuesFrom [ "
            'a rdfs:Datatype ; owl:onDatatype xsd:integer ; owl:withRestrictions ( [ xsd:minInclusive "5"^^xsd:integer'
            " ] ) ] ] .",
        ),
        ("not a template string, and no column", "", ""),
    ],
)
def test_each_template_string_makes_what_robot_makes_of_it(
    tmp_path: Path, string: str, cell: str, expected: str
) -> None:
    """A class with one more column."""
    if not expected:
        with pytest.raises(DocumentSyntaxError, match="is no template string") as caught:
            opened(tmp_path, [("id", "x"), ("ID", string), ("rare:1", "y")]).triples()
        assert caught.value.where is not None
        assert (caught.value.where.line, caught.value.where.column) == (2, 2)
        return
    workspace = opened(tmp_path, [("id", "x"), ("ID", string), ("rare:1", cell)])
    assert workspace.expansion.problems == []
    assert made(workspace) == turtle(f"rare:1 a owl:Class . {expected}")


def test_axioms_are_annotated(tmp_path: Path) -> None:
    """A column with ``>`` is about the axioms of the column to its left, also when a cell makes several."""
    head = [("id", "parent", "why"), ("ID", "SC % SPLIT=|", ">A rdfs:comment")]
    workspace = opened(tmp_path, [*head, ("rare:1", "Glioma|Neoplasm", "it is so")])
    axiom = 'a owl:Axiom ; owl:annotatedSource rare:1 ; owl:annotatedProperty rdfs:subClassOf ; rdfs:comment "it is so"'
    assert made(workspace) == turtle(
        "rare:1 a owl:Class ; rdfs:subClassOf obo:NCIT_C3059, obo:NCIT_C3262 . "
        f"[ {axiom} ; owl:annotatedTarget obo:NCIT_C3059 ] . [ {axiom} ; owl:annotatedTarget obo:NCIT_C3262 ] ."
    )


def test_columns_of_one_definition_are_joined(tmp_path: Path) -> None:
    """All EC columns, or all C columns of the type equivalent, are one equivalent class."""
    head = [("id", "type", "kind", "part"), ("ID", "CLASS_TYPE", "C %", "C inheres some %")]
    workspace = opened(tmp_path, [*head, ("rare:1", "equivalent", "Glioma", "Brain")])
    assert made(workspace) == turtle(
        "rare:1 a owl:Class ; owl:equivalentClass [ a owl:Class ; owl:intersectionOf ( obo:NCIT_C3059 [ "
        "a owl:Restriction ; owl:onProperty obo:RO_0000052 ; owl:someValuesFrom obo:NCIT_C12439 ] ) ] ."
    )


def test_properties_and_individuals(tmp_path: Path) -> None:
    """Types other than class, what only properties have, and facts about individuals."""
    head = [
        ("id", "label", "type", "above", "domain", "range", "is", "kind", "fact"),
        (
            *("ID", "LABEL", "TYPE", "SP %", "DOMAIN", "RANGE", "CHARACTERISTIC SPLIT=|", "TI inheres some %"),
            "I has participant",
        ),
    ]
    rows = [
        ("rare:1", "bears", "object property", "inheres", "Glioma", "Brain", "transitive|inverse functional", "", ""),
        ("rare:2", "weight", "owl:DataProperty", "size", "Glioma", "xsd:integer", "functional", "", ""),
        ("rare:3", "this one", "Glioma", "", "", "", "", "Brain", "rare:4"),
        ("rare:4", "that one", "named individual", "", "", "", "", "", ""),
    ]
    workspace = opened(tmp_path, [*head, *rows])
    assert workspace.expansion.problems == []
    assert made(workspace) == turtle(
        'rare:1 a owl:ObjectProperty, owl:TransitiveProperty, owl:InverseFunctionalProperty ; rdfs:label "bears" ; '
        "rdfs:subPropertyOf obo:RO_0000052 ; rdfs:domain obo:NCIT_C3059 ; rdfs:range obo:NCIT_C12439 . "
        'rare:2 a owl:DatatypeProperty, owl:FunctionalProperty ; rdfs:label "weight" ; '
        "rdfs:subPropertyOf rare:size ; rdfs:domain obo:NCIT_C3059 ; rdfs:range xsd:integer . "
        "rare:3 a owl:NamedIndividual, obo:NCIT_C3059, [ a owl:Restriction ; owl:onProperty obo:RO_0000052 ; "
        'owl:someValuesFrom obo:NCIT_C12439 ] ; rdfs:label "this one" ; obo:RO_0000057 rare:4 . '
        'rare:4 a owl:NamedIndividual ; rdfs:label "that one" .'
    )


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("(Glioma and Neoplasm", "')' is missing here (character 21"),
        ("'Glioma", "a quotation mark is not closed here (character 1"),
        ("Glioma Neoplasm", "'Neoplasm' is not expected here: put a name with spaces between single quotes"),
        ("inheres some", "the name of a class is missing here"),
        ("no such thing", "no class is called 'no'"),
        ("inheres min many Glioma", "a whole number must follow 'min'"),
        ("Glioma and", "the name of a class is missing here (character 11"),
        ("not " * 80 + "Glioma", "the expression nests too deep"),
        ("(" * 80 + "Glioma" + ")" * 80, "the expression nests too deep"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(tmp_path: Path, cell: str, message: str) -> None:
    """By row, column, header and character; the other cells are read."""
    rows = [("id", "label", "parent"), ("ID", "LABEL", "SC %"), ("rare:1", "one", "Glioma"), ("rare:2", "two", cell)]
    workspace = opened(tmp_path, rows)
    (problem,) = workspace.expansion.problems
    assert message in problem.detail
    place = problem.where
    assert place is not None
    assert (place.source, place.line, place.column, place.field) == ("templates/t.tsv", 4, 3, "parent")
    assert len(workspace.expansion.triples) == 5
    with pytest.raises(DocumentSyntaxError):
        workspace.triples()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id\n", "begins with a row of headers"),
        ("", "begins with a row of headers"),
        ("a\nSC %\nx\n", "no column is ID or LABEL"),
        ("a\tb\nID\tID\n", "there are two columns ID"),
        ("a\tb\nID\tA nothing that is known\n", "no property is called 'nothing that is known'"),
        ("a\tb\nID\tAL rdfs:label\n", "lacks a language"),
        ("a\tb\nID\tA rdfs:label SPLIT=\n", "SPLIT= is followed by"),
        ("a\tb\nID\tSC\n", None),
        ("a\tb\nID\tSC some\n", "has no '%'"),
        ("a\tb\n>A rdfs:label\tID\n", "there is none"),
        ('a\tb\nID\t"SC %\n', "the row cannot be read"),
        ("<<<<<<< ours\na\nID\n", "a merge was left unfinished"),
    ],
)
def test_a_table_that_is_no_template_is_refused(tmp_path: Path, text: str, message: str | None) -> None:
    """With the line, whatever it is that is wrong."""
    made_here = begin_local(tmp_path, name="rare", base_iri="https://example.org/node", under=["NCIT:C3262"])
    (tmp_path / "templates/t.tsv").write_text(text, encoding="utf-8")
    if message is None:
        made_here.triples()
        return
    with pytest.raises(DocumentSyntaxError, match=message.replace("(", r"\(")) as caught:
        made_here.triples()
    assert caught.value.where is not None
    assert caught.value.where.line is not None
