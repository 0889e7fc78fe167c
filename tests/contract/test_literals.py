"""What is kept of a literal: all of it, in every store that can."""

from __future__ import annotations

import pytest
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Triple, parse, serialize

from node.model.access import Tier
from node.rdf.dataset import GraphScope
from node.rdf.formats import JSON, NTRIPLES
from node.rdf.namespaces import XSD
from node.store.quads import Budget, Change, GraphContent, QuadStore

GRAPH = "http://x/g"
BUDGET = Budget(seconds=20, memory_bytes=1_000_000_000, result_bytes=100_000_000)
LITERALS = {
    "plain": Literal("plain"),
    "empty": Literal(""),
    "escapes": Literal('a "quoted" \\ line\nand\ttab'),
    "unicode": Literal("déjà vu 😀 漢"),
    "long": Literal("long " * 5_000),
    "language": Literal("colour", language="en-GB"),
    "boolean": Literal("true", datatype=NamedNode(XSD + "boolean")),
    "integer": Literal("-7", datatype=NamedNode(XSD + "integer")),
    "large-integer": Literal("123456789012345678", datatype=NamedNode(XSD + "integer")),
    "derived-integer": Literal("7", datatype=NamedNode(XSD + "nonNegativeInteger")),
    "decimal": Literal("1.5", datatype=NamedNode(XSD + "decimal")),
    "double": Literal("1.5E0", datatype=NamedNode(XSD + "double")),
    "date": Literal("2020-02-29", datatype=NamedNode(XSD + "date")),
    "date-time": Literal("2020-02-29T12:00:00Z", datatype=NamedNode(XSD + "dateTime")),
    "year": Literal("2020", datatype=NamedNode(XSD + "gYear")),
    "duration": Literal("P1Y", datatype=NamedNode(XSD + "duration")),
    "other-datatype": Literal("x", datatype=NamedNode("http://x/datatype")),
}


@pytest.mark.parametrize("literal", LITERALS.values(), ids=LITERALS)
def test_a_literal_comes_back_as_it_was(literal: Literal, store: QuadStore) -> None:
    """Value, datatype and language; by SELECT and by CONSTRUCT. The values chosen are written canonically."""
    triple = Triple(NamedNode("http://x/s"), NamedNode("http://x/p"), literal)
    content = serialize([triple], format=RdfFormat.N_TRIPLES) or b""
    store.apply(Change(put=(GraphContent(GRAPH, Tier.PUBLIC, content),)))
    with store.query(
        "CONSTRUCT WHERE { ?s ?p ?o }", scope=GraphScope((GRAPH,)), formats=(JSON, NTRIPLES), budget=BUDGET
    ) as answer:
        found = list(parse(b"".join(answer), format=RdfFormat.N_TRIPLES))
    assert [quad.object for quad in found] == [literal]
    assert found == [Quad(*triple)]


def test_equal_values_of_different_datatypes_are_two_literals(store: QuadStore) -> None:
    """RDF 1.1 Concepts, section 3.3: a literal is its datatype and lexical form."""
    content = b"".join(
        b'<http://x/s> <http://x/p> "%b"^^<%b> .\n' % (value, (XSD + datatype).encode())
        for value, datatype in ((b"1", "integer"), (b"true", "boolean"), (b"1", "string"), (b"1", "byte"))
    )
    store.apply(Change(put=(GraphContent(GRAPH, Tier.PUBLIC, content),)))
    state = store.graph(GRAPH)
    assert state is not None
    assert state.triples == 4
