"""The description of a SPARQL endpoint: SPARQL 1.1 Service Description, as N-Triples without blank nodes. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from node.rdf.formats import Format
from node.rdf.namespaces import RDF_TYPE, RDFS, SD, VOID, XSD
from node.rdf.terms import iri, literal, triple

#: More named graphs make the description slower to write and to read than any client has use for.
MOST_GRAPHS = 500
#: The W3C's names of the formats (https://www.w3.org/ns/formats/), by our own.
FORMAT_IRIS = {
    name: f"http://www.w3.org/ns/formats/{local}"
    for name, local in {
        "ttl": "Turtle",
        "nt": "N-Triples",
        "nq": "N-Quads",
        "trig": "TriG",
        "rdf": "RDF_XML",
        "jsonld": "JSON-LD",
        "json": "SPARQL_Results_JSON",
        "xml": "SPARQL_Results_XML",
        "csv": "SPARQL_Results_CSV",
        "tsv": "SPARQL_Results_TSV",
    }.items()
}


def service_description(
    endpoint: str,
    *,
    formats: Iterable[Format],
    named_graphs: Iterable[str] = (),
    triples: int | None = None,
    see_also: str | None = None,
    union: bool = False,
) -> bytes:
    """What this endpoint is: its language, the formats of its answers, and its default RDF dataset.

    ``endpoint``: its absolute IRI, which also names the service; ``triples``: how many the default graph has, where
    known; ``see_also``: the IRI of a VoID description; ``union``: the default graph is the merge of the named graphs.
    ``SERVICE`` is evaluated, hence ``sd:BasicFederatedQuery``; no IRI of ``FROM`` is ever fetched, hence no
    ``sd:DereferencesURIs``. At most ``MOST_GRAPHS`` named graphs are listed: a query lists them all.
    """
    dataset, default = f"{endpoint}#dataset", f"{endpoint}#default-graph"
    lines = [
        _link(endpoint, RDF_TYPE, SD + "Service"),
        _link(endpoint, SD + "endpoint", endpoint),
        _link(endpoint, SD + "supportedLanguage", SD + "SPARQL11Query"),
        _link(endpoint, SD + "defaultDataset", dataset),
        _link(dataset, RDF_TYPE, SD + "Dataset"),
        _link(dataset, SD + "defaultGraph", default),
        _link(default, RDF_TYPE, SD + "Graph"),
        _link(endpoint, SD + "feature", SD + "BasicFederatedQuery"),
    ]
    if union:
        lines.append(_link(endpoint, SD + "feature", SD + "UnionDefaultGraph"))
    if see_also is not None:
        lines.append(_link(endpoint, RDFS + "seeAlso", see_also))
    lines += [_link(endpoint, SD + "resultFormat", FORMAT_IRIS[f.name]) for f in formats]
    if triples is not None:
        lines.append(triple(iri(default), iri(VOID + "triples"), literal(str(triples), datatype=XSD + "integer")))
    for number, graph in enumerate(islice(named_graphs, MOST_GRAPHS), 1):
        named = f"{endpoint}#graph-{number}"
        lines += [
            _link(dataset, SD + "namedGraph", named),
            _link(named, RDF_TYPE, SD + "NamedGraph"),
            _link(named, SD + "name", graph),
        ]
    return "".join(lines).encode()


def _link(subject: str, predicate: str, obj: str) -> str:
    return triple(iri(subject), iri(predicate), iri(obj))
