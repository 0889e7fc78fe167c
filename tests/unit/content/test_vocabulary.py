"""The hub vocabulary: complete, in OWL 2 DL's manner, and the same as what context and shapes speak of."""

from __future__ import annotations

import re

import rdflib
from content_examples import context
from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, URIRef

from node.rdf.namespaces import ONCO
from node.resources import resource

ONTOLOGY = URIRef("https://w3id.org/onconode/vocab")


def graph() -> rdflib.Graph:
    return rdflib.Graph().parse(resource("ontologies/onconode.ttl"))


def test_every_term_is_labelled_defined_and_placed() -> None:
    """Each class and property has an English label, a definition, one kind, and says which ontology it is of."""
    vocabulary = graph()
    ours = {s for s in vocabulary.subjects(RDF.type) if str(s).startswith(ONCO)}
    assert len(ours) >= 10
    kinds = {OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty}
    for term in ours:
        assert [label.language for label in vocabulary.objects(term, RDFS.label)] == ["en"], term
        assert len(list(vocabulary.objects(term, SKOS.definition))) == 1, term
        assert len(kinds & set(vocabulary.objects(term, RDF.type))) == 1, term
        assert (term, RDFS.isDefinedBy, ONTOLOGY) in vocabulary, term


def test_the_ontology_describes_itself() -> None:
    """Version, version IRI, licence, title and description are stated."""
    vocabulary = graph()
    for predicate in (OWL.versionIRI, OWL.versionInfo, DCTERMS.license, DCTERMS.title, DCTERMS.description):
        assert vocabulary.value(ONTOLOGY, predicate) is not None, predicate


def test_every_property_used_is_declared() -> None:
    """No predicate, and nothing in the hub's namespace, is used without a declaration: OWL 2 DL asks for it."""
    vocabulary = graph()
    declared = set(vocabulary.subjects(RDF.type))
    built_in = ("http://www.w3.org/2002/07/owl#", "http://www.w3.org/1999/02/22-rdf", "http://www.w3.org/2000/01/rdf-")
    for predicate in set(vocabulary.predicates()):
        assert predicate in declared or str(predicate).startswith(built_in), predicate


def test_context_and_shapes_use_declared_terms() -> None:
    """What the JSON-LD context and the shapes call onco:… is in the vocabulary."""
    declared = {str(s).removeprefix(ONCO) for s in graph().subjects(RDF.type) if str(s).startswith(ONCO)}
    in_context = set(re.findall(r'"onco:(\w+)"', str(context()).replace("'", '"')))
    in_shapes = set(re.findall(r"\bonco:(\w+)", resource("ontologies/shapes.ttl").read_text(encoding="utf-8")))
    assert in_context
    assert in_context <= declared
    assert in_shapes <= declared
