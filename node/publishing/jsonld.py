"""RDF out: JSON-LD that reads like JSON (framed with the node's context), and every other syntax."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from pyld import jsonld
from pyoxigraph import BlankNode, CanonicalizationAlgorithm, Dataset, Literal, Quad, RdfFormat, Triple, parse
from pyoxigraph import serialize as write_rdf

from node.errors import DocumentSyntaxError, MediaTypeNotSupported, NodeError, Unsupported
from node.publishing.contexts import PERMANENT, PinnedContexts, context_v1
from node.publishing.jsonldreading import jsonld_quads, open_jsonld
from node.rdf.formats import JSONLD, RDFXML, Format
from node.rdf.namespaces import PREFIXES, RDF_TYPE, XSD

#: Up to this many bytes of N-Triples are framed; more is written as flat, expanded JSON-LD, without loss.
FRAMED_BYTES = 500_000

#: XML 1.0, section 2.2: characters that no document may hold.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_XML_NAME = re.compile(r"[^\W\d][\w.-]*$")
# in canonical form, and exact in the floating-point numbers that JSON readers use
_SAFE_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,14}")


def frame(ntriples: bytes, iri: str, *, context: str = PERMANENT) -> dict[str, Any]:
    """The triples as one JSON-LD object about ``iri``, what it leads to inside it, with the terms of our context.

    ``@context`` of the result is the address ``context``: give that of the node that serves it. What cannot be reached
    from ``iri`` stands beside it in ``@graph``. Each form is read back as a node reads documents before it is given
    out, and one that is not the same graph is not; the last has no context. Raises DocumentSyntaxError.
    """
    triples = _triples(ntriples)
    expanded = _expanded(triples)
    expected = _canonical(triples)
    for write in (_framed, _side_by_side):
        try:
            document = {"@context": PERMANENT, **write(expanded, iri)}
            if _read_back(document) == expected:
                return {**document, "@context": context}
        # A chain of resources longer than Python's stack or deeper than a document may be, an IRI that looks like a
        # CURIE, a fault of the processor: the next form is plainer.
        except (RecursionError, jsonld.JsonLdError, NodeError, TypeError, ValueError, LookupError, AttributeError):
            continue
    return {"@graph": expanded}


def serialize(ntriples: bytes, format_: Format, iri: str, *, context: str = PERMANENT) -> bytes:
    """The triples in a format, about ``iri`` where the format has a place for that; for ``context`` see ``frame``.

    Raises MediaTypeNotSupported for a format that holds no RDF, Unsupported for RDF/XML where a property cannot be the
    name of an XML element, DocumentSyntaxError.
    """
    if format_.rdf is None:
        raise MediaTypeNotSupported(f"{format_.name} is not a format for descriptions.")
    if format_ is JSONLD and len(ntriples) <= FRAMED_BYTES:
        document = frame(ntriples, iri, context=context)
        return json.dumps(document, ensure_ascii=False, indent=2).encode("utf-8") + b"\n"
    used = {prefix: namespace for prefix, namespace in PREFIXES.items() if f"<{namespace}".encode() in ntriples}
    triples = _triples(ntriples)
    if format_ is RDFXML:
        triples = list(refuse_not_xml(triples))
    return write_rdf(triples, format=format_.rdf, prefixes=used) or b""


def refuse_not_xml(triples: Iterable[Triple]) -> Iterator[Triple]:
    """The triples, if RDF/XML can hold them: where it cannot, pyoxigraph writes what is no XML. Raises Unsupported.

    A property is written as an element, whose name is the end of its IRI (RDF 1.1 XML Syntax, section 2.2), and some
    characters can be in no document, however they are written (XML 1.0, section 2.2).
    """
    seen: set[str] = set()
    for triple in triples:
        predicate, value = triple.predicate.value, triple.object
        if predicate not in seen and not _XML_NAME.search(predicate):
            raise Unsupported(
                f"this description cannot be written as RDF/XML: its property {predicate} does not end in a name.",
                remedy="Ask for Turtle or JSON-LD.",
            )
        if isinstance(value, Literal) and (found := NOT_XML.search(value.value)):
            raise Unsupported(
                f"this description cannot be written as RDF/XML: a value of {predicate} has the character "
                f"U+{ord(found[0]):04X}.",
                remedy="Ask for Turtle or JSON-LD.",
            )
        seen.add(predicate)
        yield triple


@lru_cache(maxsize=1)
def _options() -> Mapping[str, Any]:
    return {"documentLoader": _only_pinned(), "processingMode": "json-ld-1.1"}


def _only_pinned() -> Callable[[str, Mapping[str, Any]], dict[str, Any]]:
    def load(url: str, _options: Mapping[str, Any]) -> dict[str, Any]:
        if url != PERMANENT:
            raise jsonld.JsonLdError("no context is fetched here", "jsonld.LoadDocumentError", {"url": url})
        return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": context_v1()}

    return load


def _triples(ntriples: bytes) -> list[Triple]:
    """Sorted, so that what stands together is written together. Raises DocumentSyntaxError."""
    try:
        return sorted((quad.triple for quad in parse(ntriples, RdfFormat.N_TRIPLES)), key=str)
    except SyntaxError as error:
        raise DocumentSyntaxError(f"this is not N-Triples: {error.msg}.") from error


def _expanded(triples: list[Triple]) -> list[dict[str, Any]]:
    """One object a subject, with ``@type``, and JSON numbers and truth values where they mean the same literal."""
    expanded: list[dict[str, Any]] = json.loads(write_rdf(triples, format=RdfFormat.JSON_LD) or b"[]")
    for node in expanded:
        # A literal can be said to be a type, but not by @type.
        types: list[dict[str, Any]] = []
        others: list[dict[str, Any]] = []
        for value in node.pop(RDF_TYPE, ()):
            (types if "@id" in value else others).append(value)
        if types:
            node["@type"] = [value["@id"] for value in types]
        if others:
            node[RDF_TYPE] = others
        for values in node.values():
            for value in values if isinstance(values, list) else ():
                if isinstance(value, dict):
                    _to_native(value)
    return expanded


def _read_back(document: dict[str, Any]) -> set[str]:
    """What a node reads in the document, in canonical form. Raises NodeError for what it does not read."""
    opened = open_jsonld(json.dumps(document, ensure_ascii=False), "", PinnedContexts(""))
    return _canonical([quad.triple for quad in jsonld_quads(opened, base="urn:relative:", source="")])


def _canonical(triples: list[Triple]) -> set[str]:
    """The triples; blank nodes by their canonical names (RDFC-1.0)."""
    if not any(isinstance(term, BlankNode) for triple in triples for term in (triple.subject, triple.object)):
        return {str(triple) for triple in triples}
    dataset = Dataset(Quad(*triple) for triple in triples)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad.triple) for quad in dataset}


def _to_native(value: dict[str, Any]) -> None:
    """A typed value whose JSON form reads back as the same literal (JSON-LD 1.1 API, section 8.2.2), in that form."""
    text = value.get("@value")
    if value.get("@type") == XSD + "boolean" and text in ("true", "false"):
        value["@value"] = text == "true"
        del value["@type"]
    elif value.get("@type") == XSD + "integer" and _SAFE_INTEGER.fullmatch(text or ""):
        value["@value"] = int(str(text))
        del value["@type"]


def _framed(expanded: list[dict[str, Any]], iri: str) -> dict[str, Any]:
    options = {**_options(), "embed": "@once", "omitGraph": True}
    framed: dict[str, Any] = jsonld.frame(expanded, {"@context": context_v1(), "@id": iri}, options)
    return _without_context(framed)


def _side_by_side(expanded: list[dict[str, Any]], _iri: str) -> dict[str, Any]:
    return _without_context(jsonld.compact(expanded, context_v1(), {**_options(), "graph": True}))


def _without_context(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in _ordered(document).items() if key != "@context"}


@lru_cache(maxsize=1)
def _places() -> Mapping[str, int]:
    return {term: place for place, term in enumerate(context_v1())}


def _ordered(value: Any) -> Any:
    """The same JSON with the keys of objects in the order of the context's terms, others behind them by name."""
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    if not isinstance(value, dict):
        return value
    places = _places()
    keys = sorted(value, key=lambda key: (places.get(key, len(places)), key))
    return {key: _ordered(value[key]) for key in keys}
