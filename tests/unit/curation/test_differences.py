"""Two releases compared: each kind of change is found and named, and how a file is written makes no difference."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse, serialize

from node.curation.content import content_of, read_content
from node.curation.differences import Difference, compare
from node.curation.kgcl import as_commands, as_document, as_lines, as_markdown, as_tsv
from node.errors import DocumentSyntaxError, MediaTypeNotSupported

PREFIXES = """
@prefix : <https://example.org/v/> .
@prefix obo: <http://purl.obolibrary.org/obo/> .
@prefix oio: <http://www.geneontology.org/formats/oboInOwl#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
"""
TREE = ":a a owl:Class ; rdfs:label 'A'@en . :b a owl:Class ; rdfs:label 'B' ; rdfs:subClassOf :a .\n"
SOME = "[ a owl:Restriction ; owl:onProperty obo:BFO_0000050 ; owl:someValuesFrom :a ]"
BOTH = f"[ a owl:Class ; owl:intersectionOf ( :a {SOME} ) ]"


def ntriples(turtle: str) -> bytes:
    quads = parse(PREFIXES + turtle, RdfFormat.TURTLE)
    return serialize((quad.triple for quad in quads), format=RdfFormat.N_TRIPLES) or b""


def difference(old: str, new: str) -> Difference:
    return compare(content_of(ntriples(TREE + old)), content_of(ntriples(TREE + new)))


@pytest.mark.parametrize(
    ("old", "new", "types", "command"),
    [
        ("", ":c a owl:Class ; rdfs:label 'C' .", ["ClassCreation"], "create node <https://example.org/v/c> 'C'"),
        (":c a owl:Class .", "", ["NodeDeletion"], "delete <https://example.org/v/c>"),
        (
            ":c a owl:Class ; rdfs:label 'C' .",
            ":c a owl:Class ; rdfs:label 'It''s C' .".replace("''", "’"),
            ["NodeRename"],
            "rename <https://example.org/v/c> from 'C' to 'It’s C'",
        ),
        (
            ":c a owl:Class .",
            ":c a owl:Class ; owl:deprecated true ; obo:IAO_0100001 obo:NCIT_C3262 .",
            ["NodeObsoletionWithDirectReplacement"],
            "obsolete <https://example.org/v/c> with replacement NCIT:C3262",
        ),
        (":c a owl:Class .", ":c a owl:Class ; owl:deprecated true .", ["NodeObsoletion"], "obsolete"),
        (":c a owl:Class ; owl:deprecated true .", ":c a owl:Class .", ["NodeUnobsoletion"], "unobsolete"),
        (":a rdfs:comment 'x' .", "", ["RemoveMetadataAssertion"], "# remove"),
        (":a rdfs:comment 'x' .", ":a rdfs:comment 'y' .", ["NodeAnnotationChange"], 'from "x" to "y"'),
        ("", ":a oio:hasExactSynonym 'Alpha' .", ["NewSynonym"], "create exact synonym 'Alpha' for"),
        (
            ":a oio:hasExactSynonym 'Alpha' .",
            ":a oio:hasBroadSynonym 'Alpha' .",
            ["SynonymPredicateChange"],
            "create broad synonym 'Alpha'",
        ),
        (":a oio:hasExactSynonym 'Alpha' .", "", ["RemoveSynonym"], "remove synonym 'Alpha' for"),
        ("", ":a obo:IAO_0000115 'First.' .", ["NewTextDefinition"], "add definition 'First.' to"),
        (":a skos:definition 'One' .", ":a skos:definition 'Two' .", ["TextDefinitionReplacement"], "change"),
        (":c a owl:Class ; rdfs:subClassOf :a .", ":c a owl:Class ; rdfs:subClassOf :b .", ["NodeDeepening"], "deepen"),
        (":b rdfs:subClassOf :a . :c a owl:Class ; rdfs:subClassOf :b .", ":c a owl:Class ; rdfs:subClassOf :a .",
         ["NodeShallowing"], "shallow"),
        (
            ":c a owl:Class ; rdfs:subClassOf :b . :d a owl:Class .",
            ":c a owl:Class ; rdfs:subClassOf :d . :d a owl:Class .",
            ["NodeMove"],
            "move <https://example.org/v/c> rdfs:subClassOf",
        ),
        (":c a owl:Class .", ":c a owl:Class ; rdfs:subClassOf :a, :b .", ["PlaceUnder", "PlaceUnder"], "create edge"),
        (":c a owl:Class ; rdfs:subClassOf :a .", ":c a owl:Class .", ["RemoveUnder"], "delete edge"),
        ("", ":a skos:exactMatch obo:NCIT_C1 .", ["MappingCreation"], "# add"),
        ("", f":a owl:equivalentClass {BOTH} .", ["EdgeCreation"], "# create edge"),
        (f":a rdfs:subClassOf {SOME} .", "", ["EdgeDeletion"], "BFO:0000050 some"),
        ("", "[] a owl:AllDisjointClasses ; owl:members ( :a :b ) .", ["LogicalAxiomChange"], "# add"),
        (
            ":a oio:hasExactSynonym 'Alpha' .",
            ":a oio:hasExactSynonym 'Alpha' . [] a owl:Axiom ; owl:annotatedSource :a ; "
            "owl:annotatedProperty oio:hasExactSynonym ; owl:annotatedTarget 'Alpha' ; oio:hasDbXref 'PMID:1' .",
            ["NewMetadataAssertion"],
            "# add",
        ),
    ],
)  # fmt: skip
def test_each_kind_of_change(old: str, new: str, types: list[str], command: str) -> None:
    """One change is one change, of KGCL's own name, with a command and a sentence."""
    found = difference(old, new)
    assert [change.type for change in found.changes if not change.part] == types
    assert command in as_commands(found)
    assert len(as_lines(found)) > 1
    assert len(as_tsv(found).splitlines()) == 1 + len(found.changes)
    assert sum(as_document(found)["counts"].values()) == len(types)
    assert "| Change | Number |" in as_markdown(found, title="Changes")
    assert bool(difference(new, old)) is bool(types)


def test_what_belongs_to_a_new_term_is_part_of_its_creation() -> None:
    """A new class counts once, but its parent, definition and synonym are commands of their own."""
    found = difference("", ":c a owl:Class ; rdfs:label 'C' ; rdfs:subClassOf :a ; obo:IAO_0000115 'D' .")
    assert found.counts() == {"ClassCreation": 1}
    assert [change.type for change in found.changes] == ["ClassCreation", "NewTextDefinition", "PlaceUnder"]


@pytest.mark.parametrize("seed", range(5))
def test_order_and_labels_of_blank_nodes_do_not_matter(seed: int) -> None:
    """The same axioms in another order, with other blank nodes, are the same; one other filler is a change."""
    text = f":a rdfs:subClassOf {SOME}, {BOTH} . :b owl:disjointWith {SOME} . [] owl:members ( :b {BOTH} ) ."
    shared = ":a rdfs:seeAlso _:s . :b rdfs:seeAlso _:s . _:s rdfs:label 'shared' ; rdfs:seeAlso _:r . "
    shared += "_:r rdfs:seeAlso _:s ."
    lines = ntriples(TREE + text + shared).decode().splitlines()
    names = sorted({word for line in lines for word in line.split() if word.startswith("_:")})
    mixed = random.Random(seed).sample(range(10_000), len(names))
    swapped = dict(zip(names, (f"_:x{number}" for number in mixed), strict=True))
    again = [" ".join(swapped.get(word, word) for word in line.split(" ")) for line in lines]
    random.Random(seed).shuffle(again)
    old = content_of("".join(f"{line}\n" for line in lines).encode())
    new = content_of("".join(f"{line}\n" for line in again).encode())
    assert not compare(old, new)
    assert old.annotations == new.annotations
    changed = "\n".join(again).replace("'shared'", "'other'").replace('"shared"', '"other"') + "\n"
    assert compare(old, content_of(changed.encode()))


def test_sets_have_no_order_and_chains_have() -> None:
    """The members of a disjointness or an intersection may stand in any order, those of a property chain may not."""
    sets = "[] a owl:AllDisjointClasses ; owl:members ( {} ) . :a owl:equivalentClass [ owl:unionOf ( {} ) ] ."
    assert not difference(sets.format(":a :b", ":b :a"), sets.format(":b :a", ":a :b"))
    chain = ":p owl:propertyChainAxiom ( {} ) ."
    assert difference(chain.format(":p :q"), chain.format(":q :p"))


def test_a_circle_nobody_names_is_compared() -> None:
    """Blank nodes that only name each other are part of the ontology all the same."""
    circle = "_:a rdfs:seeAlso _:b . _:b rdfs:seeAlso _:a . _:a rdfs:label '{}' ."
    assert difference(circle.format("x"), circle.format("y"))
    assert not difference(circle.format("x"), circle.format("x"))


def test_files_of_other_formats_have_no_differences(tmp_path: Path) -> None:
    """Turtle and RDF/XML of one graph are the same; what is no ontology is refused with its place."""
    quads = list(parse(PREFIXES + TREE + f":a rdfs:subClassOf {BOTH} .", RdfFormat.TURTLE))
    (tmp_path / "a.ttl").write_text(PREFIXES + TREE + f":a rdfs:subClassOf {BOTH} .")
    (tmp_path / "a.owl").write_bytes(serialize((q.triple for q in quads), format=RdfFormat.RDF_XML) or b"")
    assert not compare(read_content(tmp_path / "a.ttl"), read_content(tmp_path / "a.owl"))
    (tmp_path / "b.ttl").write_text("<urn:a> <urn:b>\n .")
    with pytest.raises(DocumentSyntaxError, match=r"b\.ttl, line 2"):
        read_content(tmp_path / "b.ttl")
    with pytest.raises(MediaTypeNotSupported):
        read_content(tmp_path / "b.docx")


def test_entangled_beyond_reason_is_refused() -> None:
    """A thousand triples around shared blank nodes are not canonicalised for hours."""
    text = "".join(f"_:n{i} rdfs:seeAlso _:n{(i * 7) % 400}, _:n{(i + 1) % 400} .\n" for i in range(400))
    with pytest.raises(DocumentSyntaxError, match="hang together"):
        content_of(ntriples(text))
