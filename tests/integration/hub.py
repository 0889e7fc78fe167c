"""An engine over a real store with real workers, members in memory behind HTTP, and the store that is their merge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pyoxigraph as ox

from node.config import Identity, Limits, Member, Settings
from node.federation.engine import FederationEngine
from node.federation.members.completeness import Completeness
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.policy.decide import ANONYMOUS, Principal
from node.rdf.formats import JSON, NTRIPLES, Format
from node.sparql.results import Results, read_json_results
from node.sparql.terms import iri_term
from node.store.oxigraph import OxigraphStore
from node.store.quads import GraphContent
from tests.integration.sparql_server import SparqlServer

BASE = "http://local.example/"
EX = "http://ex.org/"
LOCAL = f"<{EX}s0> <{EX}dx> <{EX}glioma> .\n<{EX}s0> <{EX}in> <{EX}d1> .\n"


def graph(dataset: str, triples: str, tier: Tier = Tier.PUBLIC) -> GraphContent:
    return GraphContent(f"{BASE}graph/{dataset}", tier, triples.encode())


def fill(members: list[SparqlServer]) -> None:
    """Samples at each member; the datasets they are in are described by the next one."""
    for at, member in enumerate(members):
        following = (at + 1) % len(members)
        member.store.update(
            "PREFIX : <http://ex.org/> INSERT DATA { "
            + " ".join(f":s{at}{i} :dx :glioma ; :in :d{at} ; a :Sample ." for i in range(20))
            + f' :d{following} :title "d{following}" . :s00 :dx :glioma }}'
        )


class Hub:
    """An engine over a real store with real workers, which holds ``LOCAL``, and members over HTTP.

    ``replicas`` gives for the number of a member the name of the one that it is a replica of, ``mirrors`` the names of
    those that it mirrors.
    """

    def __init__(
        self,
        folder: Path,
        store: OxigraphStore,
        members: list[SparqlServer],
        replicas: Mapping[int, str] | None = None,
        mirrors: Mapping[int, tuple[str, ...]] | None = None,
        **limits: float,
    ) -> None:
        identifiers, of, holding = Identifiers(BASE), replicas or {}, mirrors or {}
        listed = tuple(
            Member(m.endpoint, f"m{i}", replica_of=of.get(i, ""), mirror_of=holding.get(i, ()))
            for i, m in enumerate(members)
        )
        chosen = Limits(**{"federation_seconds": 10.0, "queue_seconds": 5.0, **limits})  # type: ignore[arg-type]
        settings = Settings(folder=folder, node=Identity(BASE), limits=chosen, members=listed)
        self.engine = FederationEngine(store, identifiers, settings)
        self.members = members

    def ask(self, text: str) -> Results:
        return self.judged(text)[0]

    def judged(
        self, text: str, *, partial: bool = False, principal: Principal = ANONYMOUS
    ) -> tuple[Results, Completeness]:
        """An answer and what it is worth. The triples of a graph are its rows."""
        with self.engine.query(text, (JSON, NTRIPLES), partial=partial, principal=principal) as answer:
            body = b"".join(answer)
            return _read(body, answer.format), answer.completeness

    def merged(self, text: str) -> Results:
        store = ox.Store()
        store.load(LOCAL.encode(), format=ox.RdfFormat.N_TRIPLES)
        for member in self.members:
            store.extend(member.store)
        result = store.query(text)
        if isinstance(result, ox.QueryTriples):
            return _read(result.serialize(format=ox.RdfFormat.N_TRIPLES) or b"", NTRIPLES)
        return _read(result.serialize(format=ox.QueryResultsFormat.JSON) or b"", JSON)

    def close(self) -> None:
        self.engine.close()


def _read(body: bytes, written: Format) -> Results:
    if written is JSON:
        return read_json_results(body)
    triples = sorted(str(quad.triple) for quad in ox.parse(body, format=ox.RdfFormat.N_TRIPLES))
    return Results(("t",), tuple({"t": iri_term(triple)} for triple in triples))


def rows(results: Results) -> list[str]:
    return sorted(str(sorted((k, t.n3) for k, t in row.items())) for row in results.rows)


MakeHub = Callable[..., Hub]
