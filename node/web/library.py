"""The stored queries: a list and a page each for people, SHACL executables for query editors, JSON for programs."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

from flask import Blueprint, Response, current_app, request

from node.rdf.formats import GRAPH_FORMATS, Format
from node.rdf.namespaces import DCT, OWL, PREFIXES, RDF_TYPE, RDFS, RDFS_LABEL, SH, XSD
from node.rdf.terms import iri, literal, triple
from node.sparql.stored import StoredQuery, stored_queries, stored_query
from node.web.call import Call, read_call
from node.web.negotiation import HTML
from node.web.responses import DESCRIPTION_FORMATS, data, described, page

blueprint = Blueprint("library", __name__)

PLAIN_JSON = Format("json", ("application/json",), (".json",))
SPARQL_TEXT = Format("rq", ("application/sparql-query", "text/plain"), (".rq",))
_SCHEMA = "https://schema.org/"
_PREFIX = re.compile(r"^\s*PREFIX\s+([\w-]*):\s*<([^>]*)>", re.IGNORECASE | re.MULTILINE)
_COMMENT_OR_PROLOGUE = re.compile(r"#[^\n]*|(?:PREFIX\s+\S*\s*|BASE\s+)<[^>]*>", re.IGNORECASE)
_FORM = re.compile(r"\b(SELECT|ASK|CONSTRUCT|DESCRIBE)\b", re.IGNORECASE)
_EXECUTABLES = {"SELECT": ("SPARQLSelectExecutable", "select"), "ASK": ("SPARQLAskExecutable", "ask")}
_EXECUTABLES["CONSTRUCT"] = ("SPARQLConstructExecutable", "construct")


@blueprint.get("/queries")
def queries() -> Response:
    call = read_call(current_app, request)
    found = stored_queries()
    offers = (PLAIN_JSON, *DESCRIPTION_FORMATS)
    if call.require(offers).format is PLAIN_JSON:
        return data(call, _as_json({"queries": [_values(call, q) for q in found]}), PLAIN_JSON.content_type)
    base = call.node.identifiers.base
    return described(
        call,
        iri=f"{base}queries",
        ntriples=b"".join(executable(base, q) for q in found),
        make_page=lambda: page(call, "queries.html", queries=found),
    )


@blueprint.get("/queries/<name>")
def query(name: str) -> Response:
    call = read_call(current_app, request)
    found = stored_query(name.removesuffix(".rq"))
    offers = (SPARQL_TEXT, PLAIN_JSON, *DESCRIPTION_FORMATS)
    choice = call.require((HTML, SPARQL_TEXT) if name.endswith(".rq") else offers)
    if choice.format is SPARQL_TEXT or name.endswith(".rq"):
        return data(call, found.text.encode(), SPARQL_TEXT.content_type)
    if choice.format is PLAIN_JSON:
        return data(call, _as_json(_values(call, found)), PLAIN_JSON.content_type)
    base = call.node.identifiers.base
    return described(
        call,
        iri=f"{base}queries/{found.name}",
        ntriples=executable(base, found),
        make_page=lambda: page(call, "query.html", query=found),
        formats=(*GRAPH_FORMATS, HTML),
    )


def executable(base: str, query: StoredQuery) -> bytes:
    """A stored query as a SHACL executable (SHACL Advanced Features, section 5), N-Triples.

    In the words of the SIB's examples, which query editors look for: ``sh:select``, ``sh:ask`` or ``sh:construct`` with
    the whole text, ``rdfs:comment``, ``schema:target`` the endpoint, ``schema:keywords``.
    """
    subject = iri(f"{base}queries/{query.name}")
    form = _FORM.search(_COMMENT_OR_PROLOGUE.sub(" ", query.text))
    lines = [
        triple(subject, iri(RDF_TYPE), iri(SH + "SPARQLExecutable")),
        triple(subject, iri(RDFS_LABEL), literal(query.title, language="en")),
        triple(subject, iri(RDFS + "comment"), literal(query.description, language="en")),
        triple(subject, iri(DCT + "identifier"), literal(query.name)),
        triple(subject, iri(_SCHEMA + "target"), iri(base + path_of(query))),
    ]
    kind = _EXECUTABLES.get(form[1].upper()) if form else None
    if kind:
        lines.append(triple(subject, iri(RDF_TYPE), iri(SH + kind[0])))
        lines.append(triple(subject, iri(SH + kind[1]), literal(query.text)))
        lines += _declarations(base, query.text)
        lines.append(triple(subject, iri(SH + "prefixes"), iri(_prefixes_of(base))))
    for word in query.keywords:
        lines.append(triple(subject, iri(_SCHEMA + "keywords"), literal(word, language="en")))
    return "".join(lines).encode()


def _declarations(base: str, text: str) -> list[str]:
    """The prefixes of a query as SHACL declares them (SHACL, section 5.2.1); the text declares them as well."""
    owner = _prefixes_of(base)
    lines = [triple(iri(owner), iri(RDF_TYPE), iri(OWL + "Ontology"))]
    for prefix, namespace in dict(_PREFIX.findall(text)).items():
        # Equal declarations of several queries are one.
        declaration = (
            f"{owner}-{prefix}"
            if PREFIXES.get(prefix) == namespace
            else f"{owner}-{prefix}-{quote(namespace, safe='')}"
        )
        lines += [
            triple(iri(owner), iri(SH + "declare"), iri(declaration)),
            triple(iri(declaration), iri(SH + "prefix"), literal(prefix)),
            triple(iri(declaration), iri(SH + "namespace"), literal(namespace, datatype=XSD + "anyURI")),
        ]
    return lines


def _prefixes_of(base: str) -> str:
    return f"{base}queries#prefixes"


def path_of(query: StoredQuery) -> str:
    """The path of the endpoint at which a stored query is to be asked."""
    return "federation/sparql" if query.endpoint == "federation" else "sparql"


def _values(call: Call, query: StoredQuery) -> dict[str, object]:
    base = call.node.identifiers.base
    return {
        "name": query.name,
        "iri": f"{base}queries/{query.name}",
        "title": query.title,
        "description": query.description,
        "keywords": list(query.keywords),
        "endpoint": base + path_of(query),
        "text": query.text,
    }


def _as_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"
