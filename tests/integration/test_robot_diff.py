"""ROBOT's ``diff`` and ours find the same axioms in two versions of the hub vocabulary.

Two differences are meant: ROBOT lists the annotations of the ontology's header, which ours leaves out because each
release has another version; and an annotated axiom that is new is one axiom for ROBOT, while ours tells the statement.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from node.curation.content import read_content
from node.curation.differences import Change, compare
from node.rdf.namespaces import OWL
from tests.integration.test_robot import asked

CHANGED = """
onco:Registry a owl:Class ; rdfs:label "registry"@en ; rdfs:subClassOf onco:ResearchInfrastructure ;
  skos:definition "A list that is kept."@en ;
  owl:equivalentClass [ a owl:Class ; owl:intersectionOf ( onco:ResearchInfrastructure
    [ a owl:Restriction ; owl:onProperty dct:isPartOf ; owl:someValuesFrom onco:ResearchService ] ) ] .
onco:ResearchService owl:deprecated true ; <http://purl.obolibrary.org/obo/IAO_0100001> onco:Registry ;
  owl:disjointWith onco:Donor .
[] a owl:AllDisjointClasses ; owl:members ( onco:Registry onco:Donor onco:Coding ) .
[] a owl:Axiom ; owl:annotatedSource onco:Registry ; owl:annotatedProperty skos:definition ;
  owl:annotatedTarget "A list that is kept."@en ; dct:source "made up" .
"""
#: How many axioms of which kind each change is, added (``+``) and removed (``-``).
_AXIOMS = {
    "ClassCreation": ("+Declaration", "+AnnotationAssertion"),
    "NodeRename": ("-AnnotationAssertion", "+AnnotationAssertion"),
    "NewTextDefinition": ("+AnnotationAssertion",),
    "NodeObsoletionWithDirectReplacement": ("+AnnotationAssertion", "+AnnotationAssertion"),
    "PlaceUnder": ("+SubClassOf",),
    "RemoveUnder": ("-SubClassOf",),
    "LogicalAxiomChange": ("+DisjointClasses",),
}
_EDGES = {OWL + "equivalentClass": "EquivalentClasses", OWL + "disjointWith": "DisjointClasses"}


def axioms_of(change: Change) -> tuple[str, ...]:
    if change.type == "EdgeCreation":
        return (f"+{_EDGES[change.predicate]}",)
    return _AXIOMS[change.type]


@pytest.mark.slow
def test_robot_finds_the_same_axioms(tmp_path: Path, repository: Path) -> None:
    """A class new, one renamed, one obsolete, axioms of three kinds: as many of each for both."""
    text = (repository / "ontologies/onconode.ttl").read_text(encoding="utf-8")
    old, new = tmp_path / "old.ttl", tmp_path / "new.ttl"
    old.write_text(text)
    changed = text.replace('rdfs:label "research service"@en', 'rdfs:label "service for research"@en')
    assert changed != text
    new.write_text(changed + CHANGED)
    asked("diff", "--left", old, "--right", new, "--output", "said.txt", folder=tmp_path)
    said = (tmp_path / "said.txt").read_text(encoding="utf-8")
    theirs = Counter("".join(found) for found in re.findall(r"^([+-]) (\w+)\(", said, re.MULTILINE))
    theirs = Counter({kind: count for kind, count in theirs.items() if not kind.endswith("Annotation")})
    difference = compare(read_content(old), read_content(new))
    assert theirs == Counter(axiom for change in difference.changes for axiom in axioms_of(change))
    assert sum(theirs.values()) == 11
