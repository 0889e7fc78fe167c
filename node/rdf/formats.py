"""RDF and SPARQL-result formats: media types, file endings, and what pyoxigraph calls them."""

from __future__ import annotations

from dataclasses import dataclass

from pyoxigraph import QueryResultsFormat, RdfFormat


@dataclass(frozen=True)
class Format:
    """One concrete syntax. ``media_types[0]`` is what we send; the others are what we also accept."""

    name: str
    media_types: tuple[str, ...]
    endings: tuple[str, ...]
    rdf: RdfFormat | None = None
    results: QueryResultsFormat | None = None

    @property
    def media_type(self) -> str:
        return self.media_types[0]

    @property
    def content_type(self) -> str:
        """The media type with the charset where the format is text without one of its own."""
        text = self.media_type.startswith("text/") or self.name in ("nt", "nq", "trig")
        return f"{self.media_type}; charset=utf-8" if text else self.media_type


TURTLE = Format("ttl", ("text/turtle", "application/x-turtle"), (".ttl",), rdf=RdfFormat.TURTLE)
NTRIPLES = Format("nt", ("application/n-triples", "text/plain"), (".nt",), rdf=RdfFormat.N_TRIPLES)
NQUADS = Format("nq", ("application/n-quads",), (".nq",), rdf=RdfFormat.N_QUADS)
TRIG = Format("trig", ("application/trig",), (".trig",), rdf=RdfFormat.TRIG)
RDFXML = Format(
    "rdf", ("application/rdf+xml", "application/xml", "text/xml"), (".rdf", ".owl", ".xml"), rdf=RdfFormat.RDF_XML
)
#: Endings of files with a JSON-LD document on each line.
JSON_LINES = (".ndjsonld", ".ndjson", ".jsonl")
JSONLD = Format(
    "jsonld",
    ("application/ld+json", "application/json"),
    (".jsonld", ".json", *JSON_LINES),
    rdf=RdfFormat.JSON_LD,
)

JSON = Format(
    "json",
    ("application/sparql-results+json", "application/json"),
    (".srj", ".json"),
    results=QueryResultsFormat.JSON,
)
XML = Format(
    "xml",
    ("application/sparql-results+xml", "application/xml", "text/xml"),
    (".srx", ".xml"),
    results=QueryResultsFormat.XML,
)
CSV = Format("csv", ("text/csv",), (".csv",), results=QueryResultsFormat.CSV)
TSV = Format("tsv", ("text/tab-separated-values",), (".tsv",), results=QueryResultsFormat.TSV)

#: What a graph (CONSTRUCT, DESCRIBE, a description) can be written in; the first is the default.
GRAPH_FORMATS: tuple[Format, ...] = (TURTLE, NTRIPLES, JSONLD, RDFXML, NQUADS, TRIG)
#: What solutions and booleans can be written in; the first is the default.
RESULT_FORMATS: tuple[Format, ...] = (JSON, XML, CSV, TSV)
#: What a document that is published may be written in.
DOCUMENT_FORMATS: tuple[Format, ...] = (TURTLE, NTRIPLES, NQUADS, TRIG, RDFXML, JSONLD)


def format_of_file(name: str) -> Format | None:
    """The document format that a file's ending names; a trailing ``.gz`` does not count. None if unknown."""
    lower = name.lower().removesuffix(".gz")
    return next((f for f in DOCUMENT_FORMATS if lower.endswith(f.endings)), None)


def document_format(media_type: str, path: str) -> Format | None:
    """The format of a document that came with this media type from an address with this path; None if unknown."""
    kind = media_type.partition(";")[0].strip().lower()
    chosen = next((f for f in DOCUMENT_FORMATS if kind in f.media_types), None)
    # These types say no more than that there are characters or bytes.
    vague = kind in ("", "text/plain", "application/octet-stream")
    return (format_of_file(path) or chosen) if vague else chosen


def has_json_lines(name: str) -> bool:
    """Whether a file's ending says that each of its lines is a JSON document; a trailing ``.gz`` does not count."""
    return name.lower().removesuffix(".gz").endswith(JSON_LINES)


def format_by_name(name: str, among: tuple[Format, ...]) -> Format | None:
    """The format of this short name (``json``, ``ttl``, …), or None."""
    return next((f for f in among if f.name == name), None)
