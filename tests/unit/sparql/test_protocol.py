"""The SPARQL 1.1 Protocol, from the strings of a request."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest

from node.errors import MediaTypeNotSupported, ProtocolError
from node.rdf.dataset import GraphScope
from node.sparql.protocol import FORM, QUERY, QueryRequest, read_request, within

ASK = "ASK {}"


def test_get() -> None:
    """Section 2.1.1: the query is the parameter ``query``, percent-decoded."""
    assert read_request("GET", urlencode({"query": 'SELECT "é+ &"'}), None, b"").query == 'SELECT "é+ &"'


def test_get_without_query_asks_for_the_description() -> None:
    """No query in a GET is no error: the service describes itself."""
    assert read_request("GET", "", None, b"").query is None


@pytest.mark.parametrize("content_type", [FORM, f"{FORM}; charset=UTF-8", f"{FORM.upper()};charset=utf-8"])
def test_post_form(content_type: str) -> None:
    """Section 2.1.2: the query is a field of the form."""
    asked = read_request("POST", "", content_type, urlencode({"query": ASK, "default-graph-uri": "urn:g"}).encode())
    assert asked == QueryRequest(ASK, default_graphs=("urn:g",))


def test_post_direct_with_parameters() -> None:
    """Section 2.1.3: the body is the query, the RDF dataset stands in the address."""
    asked = read_request("POST", "named-graph-uri=urn:a&named-graph-uri=urn:b&format=csv", QUERY, "ASK {} #é".encode())
    assert asked == QueryRequest("ASK {} #é", named_graphs=("urn:a", "urn:b"), format="csv")


def test_post_with_the_query_in_the_address() -> None:
    """What Blazegraph's clients send: a POST without a body."""
    assert read_request("POST", urlencode({"query": ASK}), None, b"").query == ASK


@pytest.mark.parametrize(
    ("method", "query_string", "content_type", "body"),
    [
        ("GET", "query=ASK%20%7B%7D&query=ASK%20%7B%7D", None, b""),
        ("POST", "query=ASK%20%7B%7D", QUERY, b"ASK {}"),
        ("POST", "query=a", FORM, b"query=b"),
        ("POST", "", FORM, b""),
        ("POST", "", FORM, b"q=ASK"),
        ("POST", "", None, b""),
        ("GET", "query=%zz", None, b""),
        ("GET", "query=%", None, b""),
        ("GET", "query=%ff", None, b""),
        ("GET", "query=ASK%00", None, b""),
        ("POST", "", QUERY, b"ASK {} \x00"),
        ("POST", "", QUERY, b"\xff\xfe"),
        ("POST", "", FORM, b"query=%E9"),
        ("POST", "", FORM, b"query=\xe9"),
        ("GET", "query=ASK&default-graph-uri=relative", None, b""),
        ("GET", "query=ASK&named-graph-uri=" + quote("http://a/<b>"), None, b""),
        ("GET", "update=CLEAR%20ALL", None, b""),
        ("POST", "", FORM, b"update=CLEAR+ALL"),
        ("POST", "", FORM, b"query=ASK&using-graph-uri=urn:g"),
        ("GET", "&".join(f"a{i}=1" for i in range(2_000)), None, b""),
    ],
)
def test_what_the_protocol_does_not_allow(
    method: str, query_string: str, content_type: str | None, body: bytes
) -> None:
    """Each is refused with a sentence on what to do."""
    with pytest.raises(ProtocolError) as caught:
        read_request(method, query_string, content_type, body)
    assert caught.value.remedy


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "text/plain",
        "application/sparql-update",
        "application/json",
        f"{QUERY}; charset=iso-8859-1",
        f'{FORM}; charset="utf-16"',
    ],
)
def test_other_bodies_are_refused(content_type: str | None) -> None:
    """Only forms and queries in UTF-8 are read."""
    with pytest.raises(MediaTypeNotSupported):
        read_request("POST", "", content_type, b"ASK {}")


def test_a_request_narrows_its_scope_and_never_widens_it() -> None:
    """Section 2.1.4 within what the caller may see: other graphs are as if they were empty."""
    scope = GraphScope(default=("urn:tier",), named=("urn:a", "urn:b"))
    assert within(scope, QueryRequest("q")) == scope
    asked = QueryRequest("q", default_graphs=("urn:a", "urn:secret", "urn:a"), named_graphs=("urn:b", "urn:secret"))
    assert within(scope, asked) == GraphScope(default=("urn:a",), named=("urn:b",))
    assert within(scope, QueryRequest("q", named_graphs=("urn:b",))) == GraphScope(default=(), named=("urn:b",))
