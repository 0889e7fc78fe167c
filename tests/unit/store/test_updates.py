"""Updates on an open database, against the engine's own update and against what is counted anew."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import DefaultGraph, NamedNode, RdfFormat, Store

from node.errors import NodeError
from node.model.access import Tier
from node.sparql.update import parse_update
from node.store.graphs import Graphs
from node.store.merge import Merge
from node.store.quads import Budget, GraphContent, GraphState, Update
from node.store.summary import Summary
from node.store.updates import Updates

TIER_GRAPHS = {tier: f"http://node.example/tier/{tier}" for tier in Tier}
DEFAULT = "http://node.example/default-graph"
PUBLISHED = "http://node.example/graph/published"
HIDDEN = "http://node.example/graph/hidden"
BUDGET = Budget(seconds=20, memory_bytes=1_000_000_000, result_bytes=100_000_000)


@dataclass
class Node:
    """A database in memory that is changed again and again."""

    spool: Path
    store: Store = field(default_factory=Store)
    registry: dict[str, GraphState] = field(default_factory=dict)
    summary: Summary = field(default_factory=lambda: Summary({}, {}))
    #: What the engine's own update makes of all graphs; its unnamed graph is our default graph.
    oracle: Store = field(default_factory=Store)

    def update(self, text: str, few: int = 5_000) -> bool | None:
        """Returns whether anything changed, None for an update that fails."""
        request = Update(text, "http://x/", DEFAULT, "http://node.example/genid/")
        graphs = self.graphs(copied(self.store))
        try:
            Updates(graphs, Merge(graphs, fresh=Store, few=few).run, request, BUDGET, few).run(
                parse_update(text, "http://x/")
            )
        except NodeError:
            return None
        return self.keep(graphs)

    def publish(self, *contents: GraphContent) -> None:
        graphs = self.graphs(self.store)
        Merge(graphs, fresh=Store).run(contents, ())
        self.keep(graphs)
        for content in contents:
            name = NamedNode(content.graph)
            self.oracle.remove_graph(name)
            self.oracle.add_graph(name)
            assert isinstance(content.triples, bytes)
            self.oracle.load(content.triples, RdfFormat.N_TRIPLES, to_graph=name)

    def graphs(self, store: Store) -> Graphs:
        summary = Summary.read(self.summary.write())
        return Graphs(store, registry=self.registry, tier_graphs=TIER_GRAPHS, summary=summary, spool=self.spool)

    def keep(self, graphs: Graphs) -> bool:
        changed = graphs.versioned()
        self.store, self.registry, self.summary = graphs.store, graphs.registry, graphs.summary()
        return changed

    def expect(self, text: str) -> bool:
        """Have the oracle carry out the update. Returns False, and leaves it as it was, when it fails."""
        after = copied(self.oracle)
        for operation in text.split(" ;\n"):
            transfer = re.fullmatch(r"(?:ADD|COPY|MOVE) SILENT (.*) TO (.*)", operation)
            source, destination = (name.removeprefix("GRAPH ") for name in transfer.groups()) if transfer else ("", "")
            there = {f"<{graph.value}>" for graph in after.named_graphs()} | {"DEFAULT"}
            if transfer and (source not in there or source == destination):
                # The engine would empty the destination.
                continue
            try:
                after.update(operation, base_iri="http://x/")
            except (OSError, RuntimeError):
                return False
            if transfer and destination != "DEFAULT":
                # The engine makes no graph of nothing.
                after.add_graph(NamedNode(destination[1:-1]))
        self.oracle = after
        return True

    def check(self) -> None:
        """Every graph is as the oracle has it, and everything said about the graphs is true."""
        store, registry = self.store, self.registry
        held = {name: in_graph(store, NamedNode(name)) for name in registry}
        named = {graph.value for graph in self.oracle.named_graphs()}
        assert {*registry} - {DEFAULT} == named
        for name in named:
            assert held[name] == in_graph(self.oracle, NamedNode(name)), name
        assert held.get(DEFAULT, set()) == in_graph(self.oracle, DefaultGraph())
        assert {name: state.triples for name, state in registry.items()} == {n: len(h) for n, h in held.items()}
        public = set[str]().union(*(held[n] for n, s in registry.items() if s.tier is Tier.PUBLIC))
        controlled = set[str]().union(*(held[n] for n, s in registry.items() if s.tier is Tier.CONTROLLED))
        assert in_graph(store, NamedNode(TIER_GRAPHS[Tier.PUBLIC])) == public
        assert in_graph(store, NamedNode(TIER_GRAPHS[Tier.CONTROLLED])) == controlled - public
        anew = Summary.of(store, TIER_GRAPHS[Tier.PUBLIC])
        assert json.loads(self.summary.write()) == json.loads(anew.write())
        assert {g.value for g in store.named_graphs()} <= {*registry, *TIER_GRAPHS.values()}
        assert list(self.spool.iterdir()) in ([], [self.spool / "transferred.nt"])


def in_graph(store: Store, graph: NamedNode | DefaultGraph) -> set[str]:
    return {f"{q.subject} {q.predicate} {q.object}" for q in store.quads_for_pattern(None, None, None, graph)}


def copied(store: Store) -> Store:
    copy = Store()
    for graph in store.named_graphs():
        copy.add_graph(graph)
    copy.extend(store)
    return copy


def new_node(spool: Path) -> Node:
    node = Node(spool)
    node.publish(
        GraphContent(PUBLISHED, Tier.PUBLIC, b"<http://x/a> <http://x/p> <http://x/b> .\n"),
        GraphContent(HIDDEN, Tier.CONTROLLED, b"<http://x/a> <http://x/q> <http://x/b> .\n"),
    )
    return node


terms = st.sampled_from(("<http://x/a>", "<http://x/b>"))
predicates = st.sampled_from(("<http://x/p>", "<http://x/q>", "a"))
objects = st.sampled_from(("<http://x/a>", "<http://x/b>", '"1"', "1", "01", '"a .\\n <b> ."@en'))
graphs = st.sampled_from(("", "GRAPH <http://x/g1>", "GRAPH <http://x/g2>"))
places = st.sampled_from(("DEFAULT", "GRAPH <http://x/g1>", "GRAPH <http://x/g2>"))
triples = st.builds("{} {} {} . ".format, terms, predicates, objects)
patterns = st.sampled_from(
    ("?s ?p ?o", "?s <http://x/p> ?o", "?s ?p <http://x/b>", "?s ?p ?o . ?o ?q ?r", "<http://x/a> ?p ?o")
)
results = st.sampled_from(("?s ?p ?o", "?o ?p ?s", "?s a ?o", "?s <http://x/q> ?r", "?r ?p <http://x/a>"))


def within(graph: str, text: str) -> str:
    return f"{graph} {{ {text} }}" if graph else text


data = st.lists(st.builds(within, graphs, triples), max_size=5).map(" ".join)
wheres = st.builds(within, st.one_of(graphs, st.just(f"GRAPH <{HIDDEN}>")), patterns)
templates = st.builds(within, graphs, results)
datasets = st.sampled_from(
    ("", "", "USING <http://x/g1>", f"USING <{PUBLISHED}> USING NAMED <http://x/g1>", "USING NAMED <http://x/g2>")
)
withs = st.sampled_from(("", "", "WITH <http://x/g1>", "WITH <http://x/g2>"))
operations = st.one_of(
    st.builds("INSERT DATA {{ {} }}".format, data),
    st.builds("DELETE DATA {{ {} }}".format, data),
    st.builds("DELETE WHERE {{ {} }}".format, st.builds(within, graphs, patterns)),
    st.builds("{} INSERT {{ {} }} {} WHERE {{ {} }}".format, withs, templates, datasets, wheres),
    st.builds("{} DELETE {{ {} }} {} WHERE {{ {} }}".format, withs, templates, datasets, wheres),
    st.builds(
        "{} DELETE {{ {} }} INSERT {{ {} }} {} WHERE {{ {} }}".format, withs, templates, templates, datasets, wheres
    ),
    st.builds("{} {} {}".format, st.sampled_from(("CLEAR", "DROP")), st.sampled_from(("", "SILENT")), places),
    st.builds("CREATE {} {}".format, st.sampled_from(("", "SILENT")), st.just("GRAPH <http://x/g1>")),
    st.builds("{} SILENT {} TO {}".format, st.sampled_from(("ADD", "COPY", "MOVE")), places, places),
)
requests = st.lists(operations, min_size=1, max_size=4).map(" ;\n".join)
publications = st.builds(
    lambda graph, tier, content: GraphContent(graph, tier, "\n".join(content).encode()),
    st.sampled_from((PUBLISHED, HIDDEN)),
    st.sampled_from((Tier.PUBLIC, Tier.CONTROLLED)),
    st.lists(st.builds("<http://x/{}> <http://x/p> <http://x/{}> .".format, *[st.sampled_from("ab")] * 2), max_size=3),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(requests, requests, publications), min_size=1, max_size=5), st.sampled_from((0, 2, 5_000)))
def test_updates_do_what_the_engines_own_would(steps: list[str | GraphContent], few: int) -> None:
    """After any updates and publications each graph holds what the engine's own update leaves in it, tier graphs,
    counts and summary are true, exactly the changed graphs have new versions, and a failed update changes nothing."""
    with tempfile.TemporaryDirectory() as spool:
        node = new_node(Path(spool))
        for step in steps:
            before = snapshot(node)
            if isinstance(step, GraphContent):
                node.publish(step)
            else:
                expected = node.expect(step)
                outcome = node.update(step, few)
                assert (outcome is not None) == expected
                assert outcome or snapshot(node) == before
            node.check()
            for name, (state, lines) in snapshot(node).items():
                if name in before and lines != before[name][1]:
                    assert state.version != before[name][0].version


def snapshot(node: Node) -> dict[str, tuple[GraphState, set[str]]]:
    return {name: (state, in_graph(node.store, NamedNode(name))) for name, state in node.registry.items()}


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("<http://x/new> <http://x/p>* ?o", "new"),
        ("<http://x/new> <http://x/p>*/<http://x/q>? ?o", "new"),
        ("GRAPH <http://x/g1> { <http://x/new> <http://x/p>? ?o }", "new"),
        ("VALUES ?o { <http://x/b> } FILTER EXISTS { <http://x/new> <http://x/p>* ?any }", "b"),
        # Another graph is meant within the sub-select: there ?g is any variable.
        ("GRAPH ?g { { SELECT ?o { ?g <http://x/p> ?o } } }", "b"),
    ],
)
def test_what_the_engine_gets_wrong_is_mended_in_where(where: str, found: str) -> None:
    """The pattern of an update means what the same pattern means in a query."""
    with tempfile.TemporaryDirectory() as spool:
        node = new_node(Path(spool))
        assert (
            node.update("INSERT DATA { GRAPH <http://x/g1> { <http://x/a> <http://x/p> <http://x/b> } }", 0) is not None
        )
        assert (
            node.update(f"INSERT {{ GRAPH <http://x/g2> {{ ?o a <http://x/T> }} }} WHERE {{ {where} }}", 0) is not None
        )
        rdf_type = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
        assert in_graph(node.store, NamedNode("http://x/g2")) == {f"<http://x/{found}> {rdf_type} <http://x/T>"}
