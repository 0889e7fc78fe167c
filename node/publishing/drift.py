"""How far published data have drifted from a release: which codes are affected, in how many samples and datasets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from node.model.access import Tier
from node.ontology.branches import BRANCHES
from node.ontology.code_systems import HUB
from node.ontology.concepts import Vocabulary
from node.ontology.drift import CONSIDER, REPLACED_BY, WATCHED, Successors, Verdict, verdict
from node.publishing.publish import NodeParts
from node.publishing.registry import FILE, State, read_registry
from node.rdf.dataset import GraphScope
from node.rdf.formats import JSON, NTRIPLES
from node.rdf.namespaces import RDF_TYPE
from node.sparql.results import Results, read_json_results
from node.store.quads import Budget

_BUDGET = Budget(seconds=300.0, memory_bytes=2_000_000_000, result_bytes=500_000_000)


@dataclass(frozen=True)
class Drifted:
    """One code at one property: what has become of it, and how many samples (or donors) of which datasets have it."""

    property_iri: str
    code: str
    verdict: Verdict
    datasets: dict[str, int]

    @property
    def samples(self) -> int:
        """How many samples or donors carry it, of all datasets."""
        return sum(self.datasets.values())


def drifted(
    node: NodeParts, vocabulary: Vocabulary | None = None, successors: Successors | None = None
) -> list[Drifted]:
    """The codes of published data, of every tier, that are no longer in force, those of most samples first.

    Beside the installed releases, or beside another ``vocabulary`` and what its files say of ``successors``. Raises
    StoreError, QueryTimeout and other limits.
    """
    vocabulary = vocabulary or node.vocabulary
    used = _used(node)
    known = successors if successors is not None else _successors(node, {code for _, code in used})
    found = []
    for (property_iri, code), datasets in used.items():
        what = verdict(property_iri, code, vocabulary, known)
        if what is not None:
            found.append(Drifted(property_iri, code, what, datasets))
    return sorted(found, key=lambda one: (-one.samples, one.property_iri, one.code))


def _used(node: NodeParts) -> dict[tuple[str, str], dict[str, int]]:
    """Property and code to dataset to how many subjects have it there."""
    graphs: dict[str, str] = {}
    for entry in read_registry(node.store.file(FILE)).values():
        if entry.state is State.PUBLISHED:
            graphs[node.identifiers.graph(entry.dataset)] = entry.dataset
            if entry.restricted:
                graphs[node.identifiers.records_graph(entry.dataset)] = entry.dataset
    properties = " ".join(f"<{iri}>" for iri in WATCHED if iri in BRANCHES)
    queries = [f"VALUES ?p {{ {properties} }} GRAPH ?g {{ ?s ?p ?code }}"]
    # the types of samples alone: a dataset has others
    queries += [f"GRAPH ?g {{ ?s ?p ?code }} VALUES ?p {{ <{iri}> }}" for iri in WATCHED if iri not in BRANCHES]
    used: dict[tuple[str, str], dict[str, int]] = {}
    if not graphs:
        return used
    for pattern in queries:
        text = f"SELECT ?g ?p ?code (COUNT(?s) AS ?n) WHERE {{ {pattern} }} GROUP BY ?g ?p ?code"
        for row in _ask(node, text, GraphScope(default=(), named=tuple(sorted(graphs)))).rows:
            property_iri, code = row["p"].value, row["code"].value
            if row["code"].kind == "iri" and (property_iri != RDF_TYPE or code.startswith(HUB)):
                counts = used.setdefault((property_iri, code), {})
                dataset = graphs[row["g"].value]
                counts[dataset] = counts.get(dataset, 0) + int(row["n"].value)
    return used


def _successors(node: NodeParts, codes: set[str]) -> Successors:
    """What the releases that this node serves say follows these codes, and what follows that."""
    scope = GraphScope(default=(node.identifiers.tier_graph(Tier.PUBLIC),))
    statements: list[tuple[str, str, str]] = []
    waiting = {code for code in codes if (known := node.vocabulary.get(code)) is None or known.obsolete}
    seen: set[str] = set()
    while waiting:
        seen |= waiting
        new = list(_following(node, sorted(waiting), scope))
        statements += new
        waiting = {value for _, _, value in new if "://" in value} - seen
    return Successors.of(statements)


def _following(node: NodeParts, codes: list[str], scope: GraphScope) -> Iterator[tuple[str, str, str]]:
    at_once = 1_000
    for start in range(0, len(codes), at_once):
        listed = " ".join(f"<{code}>" for code in codes[start : start + at_once])
        both = f"VALUES ?p {{ <{REPLACED_BY}> <{CONSIDER}> }}"
        text = f"SELECT ?c ?p ?x WHERE {{ VALUES ?c {{ {listed} }} {both} ?c ?p ?x }}"
        for row in _ask(node, text, scope).rows:
            yield row["c"].value, row["p"].value, row["x"].value


def _ask(node: NodeParts, text: str, scope: GraphScope) -> Results:
    with node.store.query(text, scope=scope, formats=(JSON, NTRIPLES), budget=_BUDGET) as answer:
        return read_json_results(b"".join(answer))
