"""Any RDF document to lines without blank nodes, and back to a graph that is isomorphic to it."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, CanonicalizationAlgorithm, Dataset, NamedNode, RdfFormat, parse, serialize

from node.errors import ContextNotPinned, DocumentSyntaxError, Unsupported
from node.model.identifiers import Identifiers
from node.publishing.triples import Triples, same_graph, without_names, write_triples
from node.rdf.formats import GRAPH_FORMATS, JSONLD, NQUADS, NTRIPLES, RDFXML, TRIG, TURTLE, Format

BASE = "http://node.example/"
IDS = Identifiers(BASE)
GRAPH = "http://example.org/g"


def read(document: str, format_: Format = TURTLE, *, base: str = GRAPH) -> Triples:
    triples = Triples()
    triples.read(document.encode(), format_, base=base, source="the body", pinned=BASE)
    return triples


def back(lines: set[str]) -> str:
    return "".join(f"{line}\n" for line in without_names((f"{line}\n".encode() for line in sorted(lines)), IDS))


def canonical(document: bytes | str, format_: RdfFormat = RdfFormat.N_TRIPLES) -> Dataset:
    found = Dataset(parse(document, format_))
    found.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return found


DOCUMENTS = {
    "tree": "<a> <p> [ <q> 1 ; <r> [ <s> 'x' ] ] .",
    "list": "<a> <p> (1 2 (3) () 4) .",
    "twins": "<a> <p> [], [], [] .",
    "circle": "_:x <p> _:y . _:y <p> _:z . _:z <p> _:x . <a> <q> _:x .",
    "two alike circles": "_:x <p> _:y . _:y <p> _:x . _:u <p> _:v . _:v <p> _:u .",
    "self": "_:x <p> _:x .",
    "literal that looks like one": f"<a> <p> '<{BASE}.well-known/genid/b0>', '<{BASE}.well-known/genid/b0> .' .",
    "ground": "<a> <p> <b>, 'é\\n\"', '1'^^<http://t>, 'x'@en .",
    "empty": "",
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_there_and_back_is_the_same_graph(name: str) -> None:
    """No blank node is in the lines, and each comes back."""
    document = DOCUMENTS[name]
    lines = read(document).named(IDS, GRAPH)
    assert not any("_:" in line for line in lines)
    base = f"@base <{GRAPH}> . " + document
    assert canonical(back(lines)) == canonical(base, RdfFormat.TURTLE)
    again = read(back(lines), NTRIPLES)
    assert same_graph(lines, again, IDS, GRAPH)


nodes = st.integers(0, 5).map(lambda i: BlankNode(f"b{i}") if i < 4 else NamedNode(f"http://e/{i}"))
graphs = st.sets(st.tuples(nodes, st.sampled_from(["http://e/p", "http://e/q"]).map(NamedNode), nodes), max_size=10)


@given(graphs)
@settings(max_examples=150, deadline=None)
def test_any_graph_comes_back(graph: set[tuple[BlankNode | NamedNode, NamedNode, BlankNode | NamedNode]]) -> None:
    """Trees, circles, twins: isomorphic by RDFC-1.0, and never two blank nodes with one name."""
    text = "".join(f"{s} {p} {o} .\n" for s, p, o in graph)
    lines = read(text, NTRIPLES).named(IDS, GRAPH)
    assert len(lines) == len(graph)
    assert canonical(back(lines)) == canonical(text)


def test_names_follow_from_content_and_graph() -> None:
    """Sent again, the same lines; in another graph, other blank nodes."""
    document = DOCUMENTS["tree"]
    assert read(document).named(IDS, GRAPH) == read(document).named(IDS, GRAPH)
    here, there = (read(document).named(IDS, graph) for graph in (GRAPH, f"{GRAPH}2"))
    assert not {line.split()[0] for line in here if "genid" in line.split()[0]} & {line.split()[0] for line in there}


def test_two_documents_share_no_blank_node() -> None:
    """One label in two parts of a form is two blank nodes."""
    both = read("_:x <p> 1 .")
    both.read(b"_:x <p> 2 .", TURTLE, base=GRAPH, source="two", pinned=BASE)
    assert len({line.split()[0] for line in both.named(IDS, GRAPH)}) == 2


def test_iris_of_the_node_that_were_no_plain_token_come_back_apart() -> None:
    """Their labels are legal and distinct."""
    genid = f"<{BASE}.well-known/genid/"
    lines = {f"{genid}{token}> <http://p> <http://o> ." for token in ("a", "a-b", "a/b", "612d62", "x612d62")}
    assert len({line.split()[0] for line in back(lines).splitlines()}) == 5
    assert len(canonical(back(lines))) == 5


@pytest.mark.parametrize("format_", GRAPH_FORMATS, ids=lambda f: f.name)
def test_every_format_is_written_and_read(format_: Format) -> None:
    """The same graph, and the same bytes each time."""
    lines = back(read(DOCUMENTS["tree"]).named(IDS, GRAPH)).splitlines()
    written = []
    for _ in range(2):
        out = io.BytesIO()
        write_triples(lines, format_, out)
        written.append(out.getvalue())
    assert written[0] == written[1]
    found = Triples()
    found.read(written[0], format_, base=GRAPH, source="x", pinned=BASE)
    assert canonical(back(found.named(IDS, GRAPH))) == canonical(back(read(DOCUMENTS["tree"]).named(IDS, GRAPH)))


def test_a_property_without_a_name_cannot_be_rdf_xml() -> None:
    """Said, instead of written as XML that is none."""
    with pytest.raises(Unsupported):
        write_triples(["<http://a> <http://p/> <http://b> ."], RDFXML, io.BytesIO())


@pytest.mark.parametrize(
    ("document", "format_", "line"),
    [
        ("<a> <b> <c> .\n<a> <b> oops", TURTLE, 2),
        ("<http://a> <http://b> .\n", NTRIPLES, 1),
        ("<rdf:RDF>\n", RDFXML, 2),
        ('{"@id": \n nonsense}', JSONLD, 2),
        ("<http://a b> <http://b> <http://c> .", NTRIPLES, 1),
    ],
)
def test_malformed_documents_say_where(document: str, format_: Format, line: int) -> None:
    """By line, and which document."""
    with pytest.raises(DocumentSyntaxError) as found:
        read(document, format_)
    assert found.value.where is not None
    assert (found.value.where.source, found.value.where.line) == ("the body", line)


@pytest.mark.parametrize(
    ("document", "format_"),
    [
        ("<http://g> { <http://a> <http://b> <http://c> }", TRIG),
        ("<http://a> <http://b> <http://c> <http://g> .", NQUADS),
        ("<a> <b> <<( <a> <b> <c> )>> .", TURTLE),
        ("<a> <b> 'x'@en--ltr .", TURTLE),
        ('<!DOCTYPE r [<!ENTITY e "x">]><r/>', RDFXML),
    ],
)
def test_what_is_no_single_rdf_1_1_graph(document: str, format_: Format) -> None:
    """Named graphs, RDF 1.2 and XML entities are refused."""
    with pytest.raises(Unsupported):
        read(document, format_)


def test_json_ld_contexts() -> None:
    """The node's own is known, any other is never fetched."""
    triples = read(f'{{"@context": "{BASE}context/v1.jsonld", "@id": "a", "title": "x"}}', JSONLD)
    assert triples.ground | {str(t) for t in triples.blank}
    with pytest.raises(ContextNotPinned):
        read('{"@context": "https://example.org/c", "@id": "a"}', JSONLD)


def test_same_graph_tells_graphs_apart() -> None:
    """Equal numbers of triples and blank nodes are not enough."""
    stored = read("<a> <p> [ <q> 1 ] .").named(IDS, "elsewhere")
    assert same_graph(stored, read("<a> <p> _:other . _:other <q> 1 ."), IDS, GRAPH)
    assert not same_graph(stored, read("<a> <p> [ <q> 2 ] ."), IDS, GRAPH)
    assert not same_graph(stored, read("<a> <p> [] . [] <q> 1 ."), IDS, GRAPH)


def test_large_documents_pass_through(tmp_path: object) -> None:
    """More lines than one read takes, read back whole."""
    lines = [f'<http://e/{i}> <http://e/p> "{i}" .' for i in range(20_000)]
    out = io.BytesIO()
    write_triples(lines, TURTLE, out)
    assert serialize((q.triple for q in parse(out.getvalue(), RdfFormat.TURTLE)), format=RdfFormat.N_TRIPLES)
    assert len(list(parse(out.getvalue(), RdfFormat.TURTLE))) == 20_000
