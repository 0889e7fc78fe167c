"""ROBOT beside the curators' workbench: its report on the hub vocabulary, and its templates."""

from __future__ import annotations

import csv
import os
import random
from pathlib import Path

import pytest
from pyoxigraph import CanonicalizationAlgorithm, Dataset, NamedNode, Quad, Triple, parse

from node.curation.beginning import begin_hub, begin_local
from node.curation.checking import check
from node.curation.documents import read_triples, to_ntriples
from node.curation.locality import BOTTOM, STAR, TOP, module
from node.curation.owl import ENTITY_KINDS, Axiom, Part, Term, renamed
from node.curation.owl_reading import read_ontology
from node.curation.owl_writing import Writer
from node.curation.rules import RULES
from node.curation.workspace import Workspace
from node.rdf.namespaces import OWL, RDF_TYPE, SKOS
from tests.servers.parts import Unobtainable
from tests.servers.robot import robot
from tests.unit.curation.test_owl import KINDS, axiom

TABLES = Path(__file__).resolve().parent.parent / "clients" / "robot"
_SYMMETRIC = [OWL + word for word in ("inverseOf", "sameAs", "differentFrom", "disjointWith", "equivalentClass")]

pytestmark = pytest.mark.slow

_ONTOLOGY = """
rare:participates a owl:ObjectProperty ; rdfs:label "participates in" .
rare:bears a owl:ObjectProperty ; rdfs:label "bears" .
rare:size a owl:DatatypeProperty ; rdfs:label "size" .
rare:tumour a owl:Class ; rdfs:label "tumour" .
rare:wing a owl:Class ; rdfs:label "wing" .
rare:leftWing a owl:Class ; rdfs:label "left wing" ; rdfs:subClassOf rare:wing .
rdfs:comment a owl:AnnotationProperty . rdfs:seeAlso a owl:AnnotationProperty .
"""


def asked(*arguments: object, folder: Path) -> None:
    try:
        robot(*arguments, folder=folder)
    except Unobtainable as reason:
        if os.environ.get("CI"):
            pytest.fail(f"ROBOT cannot be had: {reason}")
        pytest.skip(f"ROBOT cannot be had: {reason}")


def test_robot_reports_the_same_of_the_hub_vocabulary(tmp_path: Path) -> None:
    """For its rules and our terms, row by row; the differences are those of docs/reference/checks.md."""
    made = begin_hub(tmp_path / "w")
    asked("report", "--input", made.ontology_file, "--output", "report.tsv", "--fail-on", "none", folder=tmp_path)
    with (tmp_path / "report.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert len(rows) > 20, "the report is there"
    namespace = made.settings.vocabulary.namespace
    defined = {t.subject.value for t in made.stated if t.predicate.value == SKOS + "definition"}
    theirs = set()
    for row in rows:
        subject = made.settings.expand(row["Subject"]) or row["Subject"]
        foreign = not subject.startswith(namespace)
        ours_is_skos = row["Rule Name"] == "missing_definition" and subject in defined
        if not foreign and not ours_is_skos:
            theirs.add((row["Level"], row["Rule Name"], subject))
    report = check(made, None)
    ours = {(f.severity.upper(), f.rule, f.subject) for f in report.findings if RULES[f.rule].in_robot}
    assert ours == theirs


def test_robot_reports_the_same_of_seeded_faults(tmp_path: Path) -> None:
    """A term for each of ROBOT's rules that a term can break."""
    made = begin_local(tmp_path / "w", name="rare", base_iri="https://example.org/node", under=["owl:Thing"])
    faults = """
@prefix oio: <http://www.geneontology.org/formats/oboInOwl#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
obo:IAO_0000115 a owl:AnnotationProperty ; rdfs:label "definition" ; obo:IAO_0000115 "A definition." .
rare:1 a owl:Class ; rdfs:label "one"@en, "uno"@en ; obo:IAO_0000115 "One."@en ; rdfs:subClassOf rare:2 .
rare:2 a owl:Class ; rdfs:label "two "@en ; obo:IAO_0000115 "small."@en , "Twice."@en .
rare:3 a owl:Class ; rdfs:label "two"@en ; obo:IAO_0000115 "Copied."@en ; rdfs:subClassOf rare:4 .
rare:4 a owl:Class ; rdfs:label "obsolete four"@en ; obo:IAO_0000115 "Copied."@en ; owl:deprecated true .
rare:5 a owl:Class ; rdfs:label "two"@en ; rdfs:subClassOf rare:2 , rare:1 ; obo:IAO_0000115 "Copied."@en ;
    oio:hasExactSynonym "same"@en ; oio:hasBroadSynonym "same"@en ; oio:hasDbXref "see there" .
rare:6 a owl:Class ; rdfs:subClassOf rare:2 ; obo:IAO_0000115 "Nameless."@en ;
    oio:hasExactSynonym "same"@en , "one"@en .
rare:7 a owl:Class ; rdfs:label "seven"@en ; rdfs:subClassOf rare:2 ; obo:IAO_0100001 rare:1 .
rare:8 a owl:Class ; rdfs:label "obsolete eight"@en ; rdfs:subClassOf rare:2 ; obo:IAO_0000115 "Used."@en .
rare:9 a owl:Class ; rdfs:label "nine"@en ; owl:deprecated true .
rare:10 a owl:Class ; rdfs:label "ten"@en ; obo:IAO_0000115 "Ten."@en ; owl:equivalentClass rare:1 ;
    rdfs:subClassOf rare:2 .
rare:p a owl:ObjectProperty ; rdfs:label "p"@en ; obo:IAO_0000115 "P."@en .
rare:11 a owl:Class ; rdfs:label "eleven"@en ; obo:IAO_0000115 "Eleven."@en ; rdfs:subClassOf rare:2 ;
    owl:equivalentClass [ a owl:Restriction ; owl:onProperty rare:p ; owl:someValuesFrom rare:1 ] .
"""
    with made.ontology_file.open("a", encoding="utf-8") as file:
        file.write(faults)
    asked("report", "--input", made.ontology_file, "--output", "report.tsv", "--fail-on", "none", folder=tmp_path)
    with (tmp_path / "report.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    namespace = made.settings.vocabulary.namespace
    theirs = {
        (row["Rule Name"], iri)
        for row in rows
        if (iri := made.settings.expand(row["Subject"]) or row["Subject"]).startswith(namespace)
    }
    opened = Workspace.open(made.folder)
    # ROBOT names the obsolete class, this check who refers to it; of a pair either may be named
    at_value = ("deprecated_class_reference", "equivalent_pair")
    ours = {
        (f.rule, f.value if f.rule in at_value else f.subject)
        for f in check(opened, None).findings
        if RULES[f.rule].in_robot
    }
    # ROBOT's profile has no rule for several superclasses, though it has the query
    ours = {(rule, iri) for rule, iri in ours if rule != "multiple_asserted_superclasses"}
    assert ours == theirs
    assert len({rule for rule, _ in ours}) > 14


@pytest.mark.parametrize("name", ["classes", "properties", "individuals"])
def test_robot_makes_the_same_of_templates(tmp_path: Path, name: str) -> None:
    """The same triples, blank nodes aside."""
    made = begin_local(tmp_path / "w", name="rare", base_iri="https://example.org/node", under=["owl:Thing"])
    with made.ontology_file.open("a", encoding="utf-8") as file:
        file.write(_ONTOLOGY)
    tables = {path.stem: path.read_text(encoding="utf-8") for path in sorted(TABLES.glob("*.tsv"))}
    for each, text in tables.items():
        (made.folder / f"templates/{each}.tsv").write_text(text, encoding="utf-8")
    opened = Workspace.open(made.folder)
    assert opened.expansion.problems == []
    table = next(t for t in opened.expansion.templates if t.file == f"templates/{name}.tsv")
    alone = {entry.iri for entry in table.entries.values()}
    rest = made.folder / "rest.nt"
    rest.write_bytes(opened.triples())  # the labels that the table may use
    prefix = f"rare: {made.settings.vocabulary.namespace}"
    arguments = ["template", "--prefix", prefix, "--input", rest, "--template", made.folder / table.file]
    asked(*arguments, "--output", "out.ttl", folder=tmp_path)
    theirs = _canonical([q for q in parse(path=tmp_path / "out.ttl") if q.object != NamedNode(OWL + "Ontology")])
    position = sorted(tables).index(name)
    mine = [t for t in opened.expansion.triples if _of_table(t.subject, position, alone)]
    ours = _canonical([Quad(t.subject, t.predicate, t.object) for t in mine])
    assert ours == theirs


@pytest.mark.parametrize(("kind", "method"), [(BOTTOM, "BOT"), (TOP, "TOP"), (STAR, "STAR")])
def test_robot_cuts_the_same_modules(tmp_path: Path, kind: str, method: str) -> None:
    """The OWL API's modules of a random ontology of 150 axioms, for names that leave out more than half of it."""
    pick = random.Random(7)
    axioms = []
    for number in range(15):
        apart = {name: name.replace("x:", f"http://x/{number}") for name in KINDS}
        terms = [axiom(pick) for _ in range(10)]
        axioms += [Axiom(renamed(term, apart.__getitem__)) for term in terms if not _odd(term)]
    kinds = {f"http://x/{number}{name[2:]}": found for number in range(15) for name, found in KINDS.items()}
    writer = Writer("b", lambda name: kinds.get(name, set()))
    triples = [Triple(NamedNode(n), NamedNode(RDF_TYPE), NamedNode(k)) for n, found in kinds.items() for k in found]
    triples += [triple for one in axioms for triple in writer.axiom(one.term)]
    triples.append(Triple(NamedNode("http://x/o"), NamedNode(RDF_TYPE), NamedNode(OWL + "Ontology")))
    (tmp_path / "all.nt").write_bytes(to_ntriples(triples))
    names = [f"http://x/{number}{name}" for number in range(6) for name in pick.sample("ABCDEF", 2)]
    (tmp_path / "names.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
    extract = ["extract", "--method", method, "--input", "all.nt", "--term-file", "names.txt", "--output", "module.ttl"]
    asked(*extract, folder=tmp_path)
    theirs = read_ontology(read_triples(tmp_path / "module.ttl"), kinds=kinds)
    ours = {_plain(one.term) for one in module(axioms, names, kind)}
    assert ours == {_plain(one.term) for one in theirs.axioms if OWL + "topObjectProperty" not in one.term.parts}
    assert 0 < len(ours) < len(axioms)


def _odd(part: Part) -> bool:
    """What the OWL API's modules lack: a class disjoint with itself, and "at least two", which it takes for "some".

    Where there is one thing only there are no two of anything, so such an axiom says something, and belongs in.
    """
    if not isinstance(part, Term):
        return part == 2
    itself = part.kind == "DisjointClasses" and len(set(part.parts)) == 1
    return itself or any(_odd(one) for one in part.parts)


def _plain(term: Term) -> str:
    """An axiom with the parts of symmetric expressions in one order: the OWL API sorts them."""
    parts = [_plain(part) if isinstance(part, Term) else str(part) for part in term.parts]
    unordered = ("IntersectionOf", "UnionOf", "OneOf", "EquivalentClasses", "DisjointClasses")
    return f"{term.kind}({' '.join(sorted(set(parts)) if term.kind in unordered else parts)})"


def _of_table(subject: object, position: int, alone: set[str]) -> bool:
    """Whether a triple comes from the table at this place: its term, or a blank node that it numbered."""
    if isinstance(subject, NamedNode):
        return subject.value in alone
    return str(subject).startswith((f"_:t{position}n", f"_:xt{position}n"))


def _canonical(quads: list[Quad]) -> set[str]:
    """The triples without declarations, which ROBOT makes of every term that it meets; symmetric ones in one order."""
    declarations = {NamedNode(kind) for kind in ENTITY_KINDS}
    kept = [quad for quad in quads if not (quad.predicate.value == RDF_TYPE and quad.object in declarations)]
    dataset = Dataset(_ordered(quad) for quad in kept)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in dataset}


def _ordered(quad: Quad) -> Quad:
    ends = (quad.subject, quad.object)
    symmetric = quad.predicate.value in _SYMMETRIC and all(isinstance(end, NamedNode) for end in ends)
    return Quad(*sorted(ends, key=str)[:1], quad.predicate, sorted(ends, key=str)[1]) if symmetric else quad
