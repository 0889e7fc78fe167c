"""The data and the queries of ``bench.endpoint``: made here, the same each time, about nobody.

60,000 samples in 20 datasets, 900,000 triples. The node keeps each in the graph of its dataset and in the tier graph
that queries see, which makes the 1.8 million quads of the generation.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from node.assembly import build
from node.model.access import Tier
from node.store.quads import Change, GraphContent

BASE = "http://127.0.0.1:9/"
DATASETS = 20
SAMPLES = 3_000
_ONCO = "https://w3id.org/onconode/vocab#"
_OBO = "http://purl.obolibrary.org/obo/"
_RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
_PART_OF = "http://purl.org/dc/terms/isPartOf"
_DECIMAL = "http://www.w3.org/2001/XMLSchema#decimal"
_PREFIXES = f"PREFIX onco: <{_ONCO}> PREFIX obo: <{_OBO}> PREFIX dct: <http://purl.org/dc/terms/> "
_DIAGNOSES = tuple(f"{_OBO}NCIT_C{3000 + 7 * i}" for i in range(400))
_SITES = tuple(f"{_OBO}NCIT_C{12000 + 3 * i}" for i in range(120))
_ASSAYS = tuple(f"{_OBO}OBI_{2100 + i:07}" for i in range(12))


def publish(folder: Path) -> None:
    """Publish the data in the empty node in ``folder``."""
    node = build(folder)
    try:
        graphs = tuple(
            GraphContent(f"{BASE}graph/d{number}", Tier.PUBLIC, "".join(_triples(number)).encode())
            for number in range(DATASETS)
        )
        node.store.apply(Change(put=graphs))
    finally:
        node.close()


def _triples(number: int) -> Iterator[str]:
    """The N-Triples of one dataset: 15 a sample."""
    chance = random.Random(number)
    dataset = f"{BASE}datasets/d{number}"
    for i in range(SAMPLES):
        sample = _sample(number, i)
        links = {
            _RDF_TYPE: f"{_OBO}OBI_0001479",
            _PART_OF: dataset,
            f"{_ONCO}diagnosis": chance.choice(_DIAGNOSES[: 40 + 18 * number]),
            f"{_ONCO}anatomicalSite": chance.choice(_SITES),
            f"{_ONCO}sampleType": f"{_OBO}NCIT_C{17600 + chance.randrange(9)}",
            f"{_ONCO}assay": chance.choice(_ASSAYS),
            f"{_OBO}RO_0001000": f"{dataset}/donors/p{chance.randrange(SAMPLES // 3)}",
            f"{_ONCO}sex": f"{_OBO}NCIT_C{chance.choice((16576, 20197))}",
            f"{_ONCO}vitalStatus": f"{_OBO}NCIT_C{chance.choice((28554, 37987))}",
        }
        yield from (f"<{sample}> <{predicate}> <{value}> .\n" for predicate, value in links.items())
        values = {
            _LABEL: f'"Sample {number}-{i}"',
            "http://purl.org/dc/terms/identifier": f'"s{i}"',
            f"{_ONCO}ageAtDiagnosis": f'"{chance.randrange(90)}.{chance.randrange(10)}"^^<{_DECIMAL}>',
            f"{_ONCO}purity": f'"0.{chance.randrange(1_000):03}"^^<{_DECIMAL}>',
            f"{_ONCO}sourceCode": f'"code {chance.randrange(5_000)}"',
            f"{_ONCO}sourceSite": f'"site {chance.randrange(500)}"',
        }
        yield from (f"<{sample}> <{predicate}> {value} .\n" for predicate, value in values.items())


def _sample(number: int, i: int) -> str:
    return f"{BASE}datasets/d{number}/samples/s{i}"


def small_queries(seed: int) -> Iterator[str]:
    """Queries as a page or a form asks them, a few dozen rows at most; no two of one seed are the same text."""
    chance = random.Random(seed)
    number = 0
    while True:
        number += 1
        sample = f"<{_sample(chance.randrange(DATASETS), chance.randrange(SAMPLES))}>"
        dataset = f"<{BASE}datasets/d{chance.randrange(DATASETS)}>"
        donor = f"<{BASE}datasets/d{chance.randrange(DATASETS)}/donors/p{chance.randrange(SAMPLES // 3)}>"
        diagnosis = f"<{chance.choice(_DIAGNOSES[:60])}>"
        site = f"<{chance.choice(_SITES)}>"
        query = (
            f"SELECT ?p ?o WHERE {{ {sample} ?p ?o }}",
            f"SELECT ?s ?d ?a WHERE {{ ?s obo:RO_0001000 {donor} ; onco:diagnosis ?d ; onco:ageAtDiagnosis ?a }}",
            f"SELECT ?s ?a WHERE {{ ?s onco:diagnosis {diagnosis} ; onco:anatomicalSite {site} ; onco:assay ?a }} "
            "LIMIT 20",
            f"SELECT ?s ?l WHERE {{ ?s dct:isPartOf {dataset} ; onco:sourceCode ?l }} "
            f"OFFSET {chance.randrange(100)} LIMIT 20",
            f"ASK {{ {sample} onco:diagnosis {diagnosis} }}",
            f"SELECT ?o ?d WHERE {{ {sample} obo:RO_0001000 ?p . ?o obo:RO_0001000 ?p ; onco:diagnosis ?d "
            f"FILTER (?o != {sample}) }}",
        )[number % 6]
        # A text nobody has asked before, whatever was drawn.
        yield f"{_PREFIXES}{query} # {seed}.{number}"


LARGE = (
    "SELECT ?d (COUNT(*) AS ?n) (AVG(?a) AS ?m) WHERE { ?s onco:diagnosis ?d ; onco:ageAtDiagnosis ?a } GROUP BY ?d",
    "SELECT ?x ?y (COUNT(*) AS ?n) WHERE { ?s onco:anatomicalSite ?x ; onco:assay ?y } GROUP BY ?x ?y "
    "ORDER BY DESC(?n) LIMIT 50",
    "SELECT ?s ?l ?a WHERE { ?s onco:sex obo:NCIT_C16576 ; onco:ageAtDiagnosis ?a ; onco:sourceCode ?l "
    "FILTER (?a > 80) }",
    "SELECT (COUNT(DISTINCT ?c) AS ?n) WHERE { ?s onco:sourceCode ?c ; onco:vitalStatus obo:NCIT_C28554 }",
)


def large_queries(seed: int) -> Iterator[str]:
    """Queries that take 100 ms and more, in turn; no two of one seed are the same text."""
    number = 0
    while True:
        number += 1
        yield f"{_PREFIXES}{LARGE[number % len(LARGE)]} # {seed}.{number}"


def request(query: str, *, graph: str | None = None) -> bytes:
    """An HTTP request for JSON results; ``graph`` is the default graph, where the server must be told."""
    path = "/query" if graph is not None else "/sparql"
    more = f"&default-graph-uri={quote(graph, safe='')}" if graph is not None else ""
    return (
        f"GET {path}?query={quote(query, safe='')}{more} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "Accept: application/sparql-results+json\r\n\r\n"
    ).encode()
