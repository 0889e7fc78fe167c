"""A node made of hand-written fakes over an in-memory Oxigraph store."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph

from node.config import Identity, Limits, Member, Server, Settings
from node.errors import NodeError, NotFound, QuerySyntaxError, Withdrawn
from node.federation.calling.circuits import Circuits
from node.federation.execution import FederatedAnswer
from node.federation.members.completeness import MemberReport, judged
from node.federation.reporting.counters import Counters
from node.federation.reporting.explaining import Explanation, Part, Share
from node.federation.reporting.forecast import Way
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.model.kinds import Kind
from node.ontology.codes import Codes
from node.ontology.concepts import Concept, Vocabulary
from node.ontology.mapping_sets import Mappings
from node.ontology.mappings import CodeMap
from node.ontology.search import ConceptSearch
from node.ontology.search_index import open_index
from node.policy.decide import ANONYMOUS, Principal, decide
from node.publishing.catalog import DatasetSummary
from node.rdf.dataset import GraphScope
from node.rdf.formats import NTRIPLES, Format
from node.sparql.evaluable import evaluable
from node.store.quads import Budget, Change, Generation

BASE = "http://node.example/"
SECRET = "/srv/secret/place"
VOCABULARY = Vocabulary.of([Concept("http://purl.obolibrary.org/obo/NCIT_C3058", "Glioblastoma")])
TRIPLES = """
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix onco: <https://w3id.org/onconode/vocab#> . @prefix obo: <http://purl.obolibrary.org/obo/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix foaf: <http://xmlns.com/foaf/0.1/> .
@base <{base}> .
<datasets/glioma> a dcat:Dataset ; dct:title "Glioma <script>alert(1)</script>"@en ; dct:description "Brain tumours." ;
  dct:license <https://creativecommons.org/licenses/by/4.0/> ; dcat:contactPoint <.well-known/genid/c0ffee> ;
  dcat:landingPage <javascript:alert(1)> .
<.well-known/genid/c0ffee> foaf:name "The registry's desk" .
<organisation> a foaf:Organization ; foaf:name "An institute" .
"""


def _samples(base: str, count: int) -> str:
    lines = []
    for i in range(count):
        lines.append(
            f"<{base}datasets/glioma/samples/S{i:03}> a obo:OBI_0001479 ; dct:isPartOf <{base}datasets/glioma> ;"
            f' rdfs:label "Sample {i}" ; onco:diagnosis obo:NCIT_C3058 .\n'
        )
    lines.append(f'<{base}datasets/glioma/samples/a%2Fb> a obo:OBI_0001479 ; rdfs:label "with a slash" .\n')
    lines.append(f'<{base}datasets/glioma/samples/c:d> a obo:OBI_0001479 ; rdfs:label "with a colon" .\n')
    lines.append(f"<{base}datasets/glioma/donors/D1> a onco:Donor .\n")
    return "".join(lines)


@dataclass
class FakeAnswer:
    """Chunks that are there, then, if asked for, an error."""

    format: Format
    chunks: list[bytes]
    generation: Generation = field(default_factory=lambda: Generation(7, Path()))
    failure: Exception | None = None
    closed: bool = False
    report: tuple[object, ...] = ()

    def __iter__(self) -> Iterator[bytes]:
        yield from self.chunks
        if self.failure is not None:
            raise self.failure

    def close(self) -> None:
        self.closed = True


class FakeTokens:
    """One token, ``secret``."""

    def accepts(self, secret: str) -> bool:
        return secret == "secret"


@dataclass
class FakeStore:
    """An in-memory store. ``failures`` maps a word in a query to the error that evaluating it raises, ``broken`` one
    to the error that comes after the first bytes."""

    base: str
    store: pyoxigraph.Store = field(default_factory=pyoxigraph.Store)
    failures: dict[str, Exception] = field(default_factory=dict)
    broken: dict[str, Exception] = field(default_factory=dict)
    answers: list[FakeAnswer] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    number: int = 7
    changes_before_next_query: bool = False
    waits: dict[str, threading.Event] = field(default_factory=dict)

    def generation(self) -> Generation:
        return Generation(self.number, Path())

    def graphs(self, tiers: tuple[Tier, ...]) -> tuple[str, ...]:
        found = [f"{self.base}graph/glioma"] if Tier.PUBLIC in tiers else []
        return tuple(found + ([f"{self.base}graph/closed/records"] if Tier.CONTROLLED in tiers else []))

    def graph(self, name: str) -> None:
        return None

    @contextmanager
    def query(
        self, text: str, *, scope: GraphScope, formats: tuple[Format, Format], budget: Budget
    ) -> Iterator[FakeAnswer]:
        if self.changes_before_next_query:
            self.changes_before_next_query = False
            self.number += 1
        for word, event in self.waits.items():
            if word in text:
                event.wait(10)
        for word, error in self.failures.items():
            if word in text:
                raise error
        chunks = []
        with self.lock:
            try:
                results = self.store.query(
                    text,
                    default_graph=[pyoxigraph.NamedNode(g) for g in scope.default],
                    named_graphs=[pyoxigraph.NamedNode(g) for g in scope.named],
                )
            except SyntaxError as error:
                raise QuerySyntaxError(str(error)) from error
            graph = isinstance(results, pyoxigraph.QueryTriples)
            chosen = formats[1] if graph else formats[0]
            data = results.serialize(format=chosen.rdf if graph else chosen.results) or b""
            del results  # its owner is this thread
            chunks = [data[i : i + 50_000] for i in range(0, len(data), 50_000)]
        failure = next((e for word, e in self.broken.items() if word in text), None)
        if failure is not None:
            chunks = [b"x" * 50_000, b"x" * 50_000]
        answer = FakeAnswer(chosen, chunks, self.generation(), failure=failure)
        self.answers.append(answer)
        try:
            yield answer
        finally:
            answer.close()

    def file(self, name: str) -> bytes | None:
        return b'{"triples": 3, "predicates": {}, "classes": {}}' if name == "summary.json" else None

    def apply(self, change: Change) -> Generation:
        raise NotImplementedError

    def close(self) -> None:
        pass


@dataclass
class FakeCatalog:
    """The catalogue of the fake node: one dataset, one withdrawn."""

    store: FakeStore
    identifiers: Identifiers
    count: int

    def datasets(self) -> tuple[DatasetSummary, ...]:
        return (self.dataset("glioma"),)

    def descriptions(self, kind: Kind) -> tuple[DatasetSummary, ...]:
        return self.datasets() if kind is Kind.DATASET else ()

    def dataset(self, dataset_id: str) -> DatasetSummary:
        if dataset_id == "gone":
            raise Withdrawn(
                "the dataset gone was withdrawn.", reason="consent <b>ended</b>", when="2026-03-01T10:00:00Z"
            )
        if dataset_id not in ("glioma", "closed"):
            raise NotFound(f"nothing is known here about {dataset_id}.")
        return DatasetSummary(
            id=dataset_id,
            iri=self.identifiers.dataset(dataset_id),
            title="Glioma <script>alert(1)</script>",
            description="Brain tumours.",
            publisher="An institute",
            license="https://creativecommons.org/licenses/by/4.0/",
            access_rights="http://publications.europa.eu/resource/authority/access-right/PUBLIC",
            issued="2026-01-01",
            modified="2026-01-01",
            keywords=("glioma",),
            samples=self.count,
            donors=1,
        )

    def catalog_description(self) -> bytes:
        return self._construct(self.identifiers.dataset("glioma"))

    def describe(self, iri: str) -> bytes:
        if iri == self.identifiers.dataset("gone"):
            self.dataset("gone")
        found = self._construct(iri)
        if not found:
            raise NotFound(f"nothing is known here about {iri}.")
        if iri.endswith("glioma"):
            found += self._construct(self.identifiers.skolem("c0ffee"))
        return found

    def samples(self, dataset_id: str, offset: int = 0, limit: int = 100) -> tuple[str, ...]:
        self.dataset(dataset_id)
        every = [self.identifiers.sample(dataset_id, f"S{i:03}") for i in range(self.count)]
        return tuple(every[offset : offset + limit])

    def dataset_graph(self, dataset_id: str, format_: Format = NTRIPLES) -> object:
        self.dataset(dataset_id)
        return self.store.query(
            "CONSTRUCT WHERE { ?s ?p ?o }",
            scope=GraphScope((self.identifiers.graph(dataset_id),)),
            formats=(format_, format_),
            budget=Budget(1, 1, 1),
        )

    provenance = dataset_graph

    def resolve(self, path: str) -> str:
        parts = path.split("/", 3)
        if len(parts) == 4 and parts[2] == "samples":
            return self.identifiers.sample(parts[1], parts[3])
        return self.identifiers.base + path.replace(" ", "%20")

    def _construct(self, iri: str) -> bytes:
        text = f"CONSTRUCT {{ <{iri}> ?p ?o }} WHERE {{ <{iri}> ?p ?o }}"
        try:
            results = self.store.store.query(text, default_graph=pyoxigraph.NamedNode(self.identifiers.graph("glioma")))
        except SyntaxError:
            return b""
        return results.serialize(format=pyoxigraph.RdfFormat.N_TRIPLES) or b""


#: What the one member did.
REPORT = MemberReport('Other "node"', "https://other.example/sparql", "answered", 2, 3, 400, 12.5)


@dataclass
class FakeFederation:
    """Asks the fake store, with a report of one member; or fails as told."""

    node: FakeNode
    failure: NodeError | None = None

    datasets: list[GraphScope] = field(default_factory=list)
    counters: Counters = field(default_factory=Counters)
    circuits: Circuits = field(default_factory=lambda: Circuits(None))

    def explain(self, text: str, *, principal: Principal = ANONYMOUS, run: bool = False) -> Explanation:
        part = Part("?s ?p ?o", 0, "must match", (Share("Other node", 7),), ("<x>",), 1, 7, 5 if run else None)
        completeness = judged((REPORT,)) if run else None
        took = 4.0 if run else None
        return Explanation((part,), ("Other node",), Way.HERE, (), 1, 1, 7, 3.0, completeness, (), took)

    def begin(self, text: str, formats: tuple[Format, Format]) -> None:
        """Every query takes a thread."""

    @contextmanager
    def query(
        self,
        text: str,
        formats: tuple[Format, Format],
        *,
        principal: Principal = ANONYMOUS,
        partial: bool = False,
        dataset: GraphScope | None = None,
    ) -> Iterator[FederatedAnswer]:
        self.datasets += [dataset] if dataset else []
        if self.failure is not None:
            raise self.failure
        lost = MemberReport("Lost \u00e9", "https://lost.example/sparql", "timeout", 1, 0, 0, 10.0, "too late")
        with self.node.query(text, ANONYMOUS, formats) as answer:
            made = FederatedAnswer(answer, answer.generation, lambda: (REPORT, lost) if partial else (REPORT,))
            made.annotated = True
            yield made

    def members(self) -> tuple[Member, ...]:
        return (Member("https://other.example/sparql", "Other node"),)


@dataclass
class FakeNode:
    """Stands for node.assembly.Node."""

    settings: Settings
    identifiers: Identifiers
    store: FakeStore
    catalog: FakeCatalog
    federation: FakeFederation = field(init=False)
    tokens: FakeTokens = field(default_factory=FakeTokens)
    called_out: list[GraphScope | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.federation = FakeFederation(self)

    def scope(self, principal: Principal) -> GraphScope:
        tiers = decide(principal).tiers
        return GraphScope((f"{self.identifiers.base}tier/public",), self.store.graphs(tiers))

    @contextmanager
    def query(
        self,
        text: str,
        principal: Principal,
        formats: tuple[Format, Format],
        *,
        dataset: GraphScope | None = None,
    ) -> Iterator[FakeAnswer]:
        if "SERVICE" in text:
            self.called_out.append(dataset)
            yield FakeAnswer(formats[0], [b'{"head": {}, "boolean": true}'])
            return
        scope = dataset or evaluable(text, self.scope(principal)).scope
        with self.store.query(text, scope=scope, formats=formats, budget=Budget(1, 1, 1)) as answer:
            yield answer

    def beyond_store(self, text: str, principal: Principal, dataset: GraphScope | None = None) -> object | None:
        return text if "SERVICE" in text else None

    def vocabulary(self) -> Vocabulary:
        return VOCABULARY

    def concepts(self) -> ConceptSearch:
        with tempfile.TemporaryDirectory() as folder:
            index = open_index(Path(folder), VOCABULARY)
        return ConceptSearch(VOCABULARY, index, Codes(VOCABULARY, CodeMap({}), Mappings()))

    def close(self) -> None:
        pass


def make_node(base: str = BASE, samples: int = 120, max_request_bytes: int = 10_000) -> FakeNode:
    """A fake node with this base IRI and this many samples."""
    store = FakeStore(base)
    data = TRIPLES.replace("{base}", base) + _samples(base, samples)
    for graph in ("graph/glioma", "tier/public"):
        store.store.load(data.encode(), format=pyoxigraph.RdfFormat.TURTLE, to_graph=pyoxigraph.NamedNode(base + graph))
    settings = Settings(
        folder=Path(SECRET),
        node=Identity(base_iri=base, title="A <node> of tests", publisher="An institute"),
        server=Server(max_request_bytes=max_request_bytes),
        limits=Limits(),
    )
    identifiers = Identifiers(base)
    return FakeNode(settings, identifiers, store, FakeCatalog(store, identifiers, samples))
