"""A release as an OBO graph (https://github.com/geneontology/obographs, JSON) and in OBO format 1.4."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from node.curation.content import Content, Value, pairs
from node.curation.differences import (
    DEFINITIONS,
    MAPPINGS,
    PARENTS,
    REPLACED_BY,
    SUBSET,
    SYNONYMS,
    Said,
    is_obsolete,
    kind_of,
    label_of,
    named,
    text_of,
)
from node.curation.kgcl import curie
from node.curation.settings import Vocabulary
from node.rdf.namespaces import OBOINOWL, OWL, RDF_TYPE, RDFS, RDFS_LABEL, RDFS_SUBCLASS_OF

_TYPES = {
    "class": ("CLASS", ""),
    "concept": ("CLASS", ""),
    "object property": ("PROPERTY", "OBJECT"),
    "data property": ("PROPERTY", "DATA"),
    "annotation property": ("PROPERTY", "ANNOTATION"),
    "individual": ("INDIVIDUAL", ""),
}
_PREDICATES = {RDFS_SUBCLASS_OF: "is_a", RDFS + "subPropertyOf": "subPropertyOf"}
_EQUIVALENT = OWL + "equivalentClass"
_ON, _SOME, _AND = (f"<{OWL}{name}>" for name in ("onProperty", "someValuesFrom", "intersectionOf"))
_COMMENT = RDFS + "comment"
#: What has a place of its own in a node of the graph.
_PLACED = frozenset(
    (
        *(*DEFINITIONS, *SYNONYMS, *MAPPINGS, *PARENTS, SUBSET, RDFS_LABEL, RDF_TYPE, _EQUIVALENT, _COMMENT),
        *(OWL + "deprecated", OWL + "disjointWith", RDFS + "domain", RDFS + "range"),
    )
)


def as_obograph(content: Content, *, ontology: str, version_iri: str) -> str:
    """The release as JSON: nodes and edges in the order of their IRIs."""
    about = content.by_subject
    header = about.get(ontology, {})
    described = sorted(iri for iri, said in about.items() if kind_of(said))
    graph = {
        "id": ontology,
        "meta": {"basicPropertyValues": _values(header), "version": version_iri},
        "nodes": [_node(iri, about[iri]) for iri in described],
        "edges": [edge for iri in described for edge in _edges(iri, about[iri])],
        "equivalentNodesSets": [
            {"nodeIds": sorted({iri, *same})} for iri in described if (same := named(about[iri].get(_EQUIVALENT, ())))
        ],
        "logicalDefinitionAxioms": [
            axiom for iri in described for value in about[iri].get(_EQUIVALENT, ()) if (axiom := _genus(iri, value))
        ],
        "domainRangeAxioms": [axiom for iri in described if (axiom := _domain_and_range(iri, about[iri]))],
        "propertyChainAxioms": [],
    }
    return json.dumps({"graphs": [graph]}, ensure_ascii=False, indent=1) + "\n"


def as_obo(content: Content, *, version: str, vocabulary: Vocabulary) -> str:
    """The release in OBO format: terms and relations, what the format has a tag for."""
    about = content.by_subject
    prefix, namespace = vocabulary.prefix, vocabulary.namespace

    def identifier(iri: str) -> str:
        local = iri.removeprefix(namespace)
        return f"{prefix}:{local}" if local != iri else curie(iri).strip("<>")

    lines = ["format-version: 1.4", f"data-version: {version}", f"idspace: {prefix} {namespace}"]
    lines += [f"default-namespace: {vocabulary.name}", f"ontology: {vocabulary.ontology}", ""]
    for iri in sorted(about):
        kind = kind_of(about[iri])
        if kind in ("class", "concept", "object property"):
            head = "[Typedef]" if kind == "object property" else "[Term]"
            lines += [*_stanza(iri, about[iri], head, identifier), ""]
    return "\n".join(lines)


def restriction_of(value: Value) -> tuple[str, str] | None:
    """Property and filler of an existential restriction between two IRIs, None for any other value."""
    said = pairs(value)
    on, some = said.get(_ON, ""), said.get(_SOME, "")
    if isinstance(on, str) and isinstance(some, str) and on.startswith("<") and some.startswith("<"):
        return on[1:-1], some[1:-1]
    return None


def _node(iri: str, said: Said) -> dict[str, Any]:
    kind, property_kind = _TYPES[kind_of(said)]
    node: dict[str, Any] = {"id": iri}
    if label := text_of(label_of(said)):
        node["lbl"] = label
    node["type"] = kind
    if property_kind:
        node["propertyType"] = property_kind
    meta = _meta(said)
    if meta:
        node["meta"] = meta
    return node


def _meta(said: Said) -> dict[str, Any]:
    meta: dict[str, Any] = {}
    definitions = [text_of(value) for predicate in DEFINITIONS for value in said.get(predicate, ())]
    if definitions:
        meta["definition"] = {"val": definitions[0]}
    if comments := [text_of(value) for value in said.get(_COMMENT, ())]:
        meta["comments"] = comments
    if subsets := named(said.get(SUBSET, ())):
        meta["subsets"] = subsets
    synonyms = [
        {"pred": f"has{scope.capitalize()}Synonym", "val": text_of(value)}
        for predicate, scope in SYNONYMS.items()
        for value in said.get(predicate, ())
    ]
    if synonyms:
        meta["synonyms"] = synonyms
    if xrefs := [{"val": text_of(value)} for value in said.get(OBOINOWL + "hasDbXref", ())]:
        meta["xrefs"] = xrefs
    if values := _values(said):
        meta["basicPropertyValues"] = values
    if is_obsolete(said):
        meta["deprecated"] = True
    return meta


def _values(said: Said) -> list[dict[str, str]]:
    others = sorted(
        (set(said) - _PLACED) | ({predicate for predicate in MAPPINGS if predicate in said} - {OBOINOWL + "hasDbXref"})
    )
    return [
        {"pred": predicate, "val": text_of(value)}
        for predicate in others
        for value in said[predicate]
        if isinstance(value, str)
    ]


def _edges(iri: str, said: Said) -> Iterator[dict[str, str]]:
    for predicate, name in _PREDICATES.items():
        for value in said.get(predicate, ()):
            if isinstance(value, str) and value.startswith("<"):
                yield {"sub": iri, "pred": name, "obj": value[1:-1]}
            elif restricted := restriction_of(value):
                yield {"sub": iri, "pred": restricted[0], "obj": restricted[1]}


def _genus(iri: str, value: Value) -> dict[str, Any] | None:
    """An equivalence to an intersection of named classes and restrictions, as a definition by genus and differentia."""
    members = pairs(value).get(_AND)
    if not isinstance(members, tuple):
        return None
    genus = [m[1:-1] for m in members[1:] if isinstance(m, str) and m.startswith("<")]
    restrictions = [r for m in members[1:] if (r := restriction_of(m))]
    if not genus or len(genus) + len(restrictions) != len(members) - 1:
        return None
    return {
        "definedClassId": iri,
        "genusIds": genus,
        "restrictions": [{"propertyId": on, "fillerId": some} for on, some in restrictions],
    }


def _domain_and_range(iri: str, said: Said) -> dict[str, Any] | None:
    domains, ranges = named(said.get(RDFS + "domain", ())), named(said.get(RDFS + "range", ()))
    if not (domains or ranges):
        return None
    return {"predicateId": iri, "domainClassIds": domains, "rangeClassIds": ranges}


def _stanza(iri: str, said: Said, head: str, identifier: Callable[[str], str]) -> Iterator[str]:
    yield head
    yield f"id: {identifier(iri)}"
    if label := text_of(label_of(said)):
        yield f"name: {_line(label)}"
    for predicate in DEFINITIONS:
        if predicate in said:
            yield f'def: "{_quoted(text_of(said[predicate][0]))}" []'
            break
    yield from (
        f'synonym: "{_quoted(text_of(value))}" {scope.upper()} []'
        for predicate, scope in SYNONYMS.items()
        for value in said.get(predicate, ())
    )
    yield from (f"xref: {_line(text_of(v)).replace(' ', '_')}" for v in said.get(OBOINOWL + "hasDbXref", ()))
    for predicate in PARENTS:
        for value in said.get(predicate, ()):
            if isinstance(value, str) and value.startswith("<"):
                yield f"is_a: {identifier(value[1:-1])}"
            elif restricted := restriction_of(value):
                yield f"relationship: {identifier(restricted[0])} {identifier(restricted[1])}"
    if is_obsolete(said):
        yield "is_obsolete: true"
        yield from (f"replaced_by: {identifier(successor)}" for successor in named(said.get(REPLACED_BY, ())))


def _line(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace("{", "\\{").replace("!", "\\!")


def _quoted(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
