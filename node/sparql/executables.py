"""The stored queries as SHACL executables (SHACL Advanced Features, section 5): how query editors find examples."""

from __future__ import annotations

import re
from urllib.parse import quote

from node.rdf.namespaces import DCT, OWL, PREFIXES, RDF_TYPE, RDFS, RDFS_LABEL, SH, XSD
from node.rdf.terms import iri, literal, triple
from node.sparql.stored import StoredQuery, stored_queries

_SCHEMA = "https://schema.org/"
_PREFIX = re.compile(r"^\s*PREFIX\s+([\w-]*):\s*<([^>]*)>", re.IGNORECASE | re.MULTILINE)
_COMMENT_OR_PROLOGUE = re.compile(r"#[^\n]*|(?:PREFIX\s+\S*\s*|BASE\s+)<[^>]*>", re.IGNORECASE)
_FORM = re.compile(r"\b(SELECT|ASK|CONSTRUCT|DESCRIBE)\b", re.IGNORECASE)
_EXECUTABLES = {"SELECT": ("SPARQLSelectExecutable", "select"), "ASK": ("SPARQLAskExecutable", "ask")}
_EXECUTABLES["CONSTRUCT"] = ("SPARQLConstructExecutable", "construct")


def executables(base: str) -> bytes:
    """All stored queries of the node at ``base``, N-Triples: the graph ``<base>queries`` that its endpoint holds.

    Editors such as the SIB's ask the endpoint itself for ``sh:SPARQLExecutable``.
    """
    lines = {line for query in stored_queries() for line in executable(base, query).splitlines(keepends=True)}
    return b"".join(sorted(lines))


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
