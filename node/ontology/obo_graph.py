"""OBO Graphs JSON as N-Triples: what geneontology/obographs writes of an ontology, as far as releases need it.

Nodes with labels, definitions, synonyms by scope and status; edges as superclasses (``is_a``) or existential
restrictions; logical definitions as equivalent classes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from node.errors import DocumentSyntaxError, Place
from node.rdf.namespaces import OBO, OBOINOWL, OWL, RDF, RDF_TYPE, RDFS, RDFS_LABEL, RDFS_SUBCLASS_OF, XSD
from node.rdf.terms import iri, is_absolute_iri, literal, triple

_KINDS = {"CLASS": "Class", "PROPERTY": "ObjectProperty"}
_SYNONYMS = {f"has{scope}Synonym" for scope in ("Exact", "Broad", "Narrow", "Related")}


def read_obo_graph(data: bytes, *, source: str) -> Iterator[str]:
    """The triples of an OBO Graphs document, one line of N-Triples each. Raises DocumentSyntaxError."""
    try:
        document = json.loads(data)
        graphs = document["graphs"]
        for graph in graphs:
            yield from _graph(graph)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DocumentSyntaxError("is not an OBO Graphs document.", where=Place(source=source)) from error


def _graph(graph: dict[str, Any]) -> Iterator[str]:
    blanks = (f"_:g{number}" for number in range(1 << 62))
    if is_absolute_iri(graph.get("id") or ""):
        yield triple(iri(graph["id"]), iri(RDF_TYPE), iri(OWL + "Ontology"))
        version = (graph.get("meta") or {}).get("version")
        if version:
            yield (
                triple(iri(graph["id"]), iri(OWL + "versionIRI"), iri(version))
                if is_absolute_iri(version)
                else triple(iri(graph["id"]), iri(OWL + "versionInfo"), literal(version))
            )
    for node in graph.get("nodes", ()):
        yield from _node(node)
    for edge in graph.get("edges", ()):
        if edge["pred"] == "is_a":
            yield triple(iri(edge["sub"]), iri(RDFS_SUBCLASS_OF), iri(edge["obj"]))
        elif edge["pred"] == "subPropertyOf":
            yield triple(iri(edge["sub"]), iri(RDFS + "subPropertyOf"), iri(edge["obj"]))
        elif is_absolute_iri(edge["pred"]):
            blank = next(blanks)
            yield triple(iri(edge["sub"]), iri(RDFS_SUBCLASS_OF), blank)
            yield from _restriction(blank, edge["pred"], edge["obj"])
    for axiom in graph.get("logicalDefinitionAxioms", ()):
        yield from _definition(axiom, blanks)


def _node(node: dict[str, Any]) -> Iterator[str]:
    if not is_absolute_iri(node["id"]):
        return
    subject, meta = iri(node["id"]), node.get("meta") or {}
    if kind := _KINDS.get(node.get("type", "")):
        yield triple(subject, iri(RDF_TYPE), iri(OWL + kind))
    if node.get("lbl"):
        yield triple(subject, iri(RDFS_LABEL), literal(node["lbl"]))
    if meta.get("definition"):
        yield triple(subject, iri(OBO + "IAO_0000115"), literal(meta["definition"]["val"]))
    for synonym in meta.get("synonyms", ()):
        scope = synonym["pred"] if synonym["pred"] in _SYNONYMS else "hasRelatedSynonym"
        yield triple(subject, iri(OBOINOWL + scope), literal(synonym["val"]))
    for xref in meta.get("xrefs", ()):
        yield triple(subject, iri(OBOINOWL + "hasDbXref"), literal(xref["val"]))
    if meta.get("deprecated"):
        yield triple(subject, iri(OWL + "deprecated"), literal("true", datatype=XSD + "boolean"))
    for said in meta.get("basicPropertyValues", ()):
        if said["pred"] == OBO + "IAO_0100001" and is_absolute_iri(said["val"]):
            yield triple(subject, iri(said["pred"]), iri(said["val"]))


def _restriction(blank: str, relation: str, filler: str) -> Iterator[str]:
    yield triple(blank, iri(RDF_TYPE), iri(OWL + "Restriction"))
    yield triple(blank, iri(OWL + "onProperty"), iri(relation))
    yield triple(blank, iri(OWL + "someValuesFrom"), iri(filler))


def _definition(axiom: dict[str, Any], blanks: Iterator[str]) -> Iterator[str]:
    members = [iri(genus) for genus in axiom.get("genusIds", ())]
    for restriction in axiom.get("restrictions", ()):
        if restriction:
            members.append(next(blanks))
            yield from _restriction(members[-1], restriction["propertyId"], restriction["fillerId"])
    if len(members) < 2:
        return
    whole = next(blanks)
    yield triple(iri(axiom["definedClassId"]), iri(OWL + "equivalentClass"), whole)
    yield triple(whole, iri(RDF_TYPE), iri(OWL + "Class"))
    links = [next(blanks) for _ in members]
    yield triple(whole, iri(OWL + "intersectionOf"), links[0])
    for link, member, rest in zip(links, members, [*links[1:], iri(RDF + "nil")], strict=True):
        yield triple(link, iri(RDF + "first"), member)
        yield triple(link, iri(RDF + "rest"), rest)
