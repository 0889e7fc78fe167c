"""Random graphs there and back as JSON-LD: what a node gives out reads back as the same RDF (RDFC-1.0)."""

from __future__ import annotations

import io

from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, CanonicalizationAlgorithm, Dataset, Literal, NamedNode, Quad, RdfFormat, Triple, parse

from node.errors import Unsupported
from node.model.identifiers import Identifiers
from node.publishing.contexts import PATH, PERMANENT
from node.publishing.jsonld import serialize
from node.publishing.triples import Triples, without_names, write_triples
from node.rdf.formats import GRAPH_FORMATS, JSONLD, NTRIPLES, RDFXML, Format
from node.rdf.namespaces import DCAT, DCT, ONCO, RDF, RDF_TYPE, XSD

BASE = "http://node.example/"
IDS = Identifiers(BASE)
E = "http://e.example/"

#: Terms of the context, of other vocabularies, and those that JSON-LD has its own way of writing.
predicates = st.sampled_from(
    [
        *(RDF_TYPE, RDF + "first", RDF + "rest", RDF + "value", DCT + "title", DCT + "isPartOf", DCT + "issued"),
        *(DCAT + "keyword", DCAT + "theme", ONCO + "diagnosis", ONCO + "ageAtDiagnosis", DCT + "accessRights"),
        *(E + "p", E + "q#r", "urn:p:é"),
    ]
).map(NamedNode)
iris = st.sampled_from(
    [
        *(f"{E}a", f"{E}b?c=d#e", f"{E}ä", "urn:x:y", "mailto:a@b.example", BASE, f"{BASE}datasets/d", RDF + "nil"),
        *(
            "http://publications.europa.eu/resource/authority/access-right/PUBLIC",
            "tag:x,2020:Dataset",
            DCAT + "Dataset",
        ),
        *("http://purl.obolibrary.org/obo/NCIT_C3058", "id:x", "dct:title"),
    ]
).map(NamedNode)
blanks = st.integers(0, 4).map(lambda number: BlankNode(f"b{number}"))
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6) | st.sampled_from(
    ["1", "01", "-0", "true", "1.0E0", "1.0", "INF", "2024-01-01", "{}", '{"a":1}', "null", "@id", "http://e.example/a"]
)
datatypes = st.sampled_from(
    [
        *(
            XSD + n
            for n in ("string", "integer", "boolean", "double", "decimal", "date", "nonNegativeInteger", "float")
        ),
        *(RDF + "HTML", RDF + "XMLLiteral", E + "type"),
    ]
).map(NamedNode)
literals = (
    st.builds(Literal, texts)
    | st.builds(lambda text, kind: Literal(text, datatype=kind), texts, datatypes)
    | st.builds(
        lambda text, tag: Literal(text, language=tag), texts, st.sampled_from(["en", "de-ch", "zh-hant", "x-y"])
    )
)
triples = st.lists(st.builds(Triple, iris | blanks, predicates, iris | blanks | literals), max_size=12)


def canonical(quads: object) -> set[str]:
    """The quads with canonical names of blank nodes."""
    dataset = Dataset(quads)  # type: ignore[arg-type]
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in dataset}


def lines_of(document: bytes, format_: Format) -> set[str]:
    """A document as a node keeps it."""
    read = Triples()
    read.read(document, format_, base=BASE, source="the document", pinned=BASE)
    return read.named(IDS, "test")


def nameless(lines: set[str]) -> list[str]:
    return list(without_names((f"{line}\n".encode() for line in sorted(lines)), IDS))


LIST = [
    Triple(NamedNode(E + "a"), NamedNode(E + "p"), BlankNode("l1")),
    Triple(BlankNode("l1"), NamedNode(RDF + "first"), Literal("x")),
    Triple(BlankNode("l1"), NamedNode(RDF + "rest"), BlankNode("l2")),
    Triple(BlankNode("l2"), NamedNode(RDF + "first"), BlankNode("l1")),
    Triple(BlankNode("l2"), NamedNode(RDF + "rest"), NamedNode(RDF + "nil")),
]
JSON_TEXT = [Triple(NamedNode(E + "a"), NamedNode(E + "p"), Literal('{"b": 1.0}', datatype=NamedNode(RDF + "JSON")))]


@given(triples)
@example(LIST)
@settings(max_examples=150, deadline=None)
def test_graphs_with_blank_nodes(graph: list[Triple]) -> None:
    """As the Graph Store Protocol gives them: into the node and out in every format is the same graph."""
    given_ = canonical(Quad(*triple) for triple in graph)
    text = "".join(f"{triple} .\n" for triple in graph).encode()
    kept = lines_of(text, NTRIPLES)
    for format_ in GRAPH_FORMATS:
        if format_ is RDFXML:  # cannot say every graph; tests of its own
            continue
        out = io.BytesIO()
        write_triples(nameless(kept), format_, out)
        again = "".join(f"{line}\n" for line in nameless(lines_of(out.getvalue(), format_))).encode()
        assert canonical(parse(again, RdfFormat.N_TRIPLES)) == given_, format_.name


@given(triples.filter(bool), st.sampled_from([PERMANENT, BASE + PATH]))
@example(LIST, PERMANENT)
@example(JSON_TEXT, PERMANENT)
@settings(max_examples=150, deadline=None)
def test_descriptions(graph: list[Triple], context: str) -> None:
    """As pages give them: framed about any of their subjects, and read back line by line the same."""
    kept = lines_of("".join(f"{triple} .\n" for triple in graph).encode(), NTRIPLES)
    about = min(kept).split(" ", 1)[0].strip("<>")
    document = serialize("".join(f"{line}\n" for line in sorted(kept)).encode(), JSONLD, about, context=context)
    assert lines_of(document, JSONLD) == kept


@given(triples.filter(bool), st.sampled_from([format_ for format_ in GRAPH_FORMATS if format_ is not JSONLD]))
@example(LIST, RDFXML)
@example([Triple(NamedNode(E + "a"), NamedNode(E + "p"), Literal(" \r\n\t<&\"'\u2028"))], RDFXML)
@settings(max_examples=150, deadline=None)
def test_every_format_says_the_same(graph: list[Triple], format_: Format) -> None:
    """A description in any other format; RDF/XML refuses the properties and characters that XML cannot have."""
    kept = lines_of("".join(f"{triple} .\n" for triple in graph).encode(), NTRIPLES)
    try:
        document = serialize("".join(f"{line}\n" for line in sorted(kept)).encode(), format_, BASE)
    except Unsupported:
        assert format_ is RDFXML
        return
    assert lines_of(document, format_) == kept
