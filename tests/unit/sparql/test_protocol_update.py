"""The update operation of the SPARQL 1.1 Protocol, section 2.2."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from node.errors import MediaTypeNotSupported, ProtocolError
from node.rdf.dataset import GraphScope
from node.sparql.protocol import FORM, UPDATE, read_update

A, B = "http://example.org/a", "http://example.org/b"


def form(*fields: tuple[str, str]) -> bytes:
    return urlencode(fields).encode()


def test_a_form() -> None:
    """Section 2.2.1: everything in the body."""
    read = read_update("", FORM, form(("update", "CLEAR ALL"), ("using-graph-uri", A), ("using-named-graph-uri", B)))
    assert (read.update, read.using) == ("CLEAR ALL", GraphScope((A,), (B,)))


def test_as_it_is() -> None:
    """Section 2.2.2: the dataset in the address."""
    address = urlencode([("using-graph-uri", A), ("using-graph-uri", B), ("using-graph-uri", A)])
    read = read_update(address, f"{UPDATE}; charset=utf-8", "CLEAR GRAPH <http://ex/é>".encode())
    assert (read.update, read.using) == ("CLEAR GRAPH <http://ex/é>", GraphScope((A, B)))


def test_no_dataset_is_none() -> None:
    """Not an empty one."""
    assert read_update("x=y", UPDATE, b"").using is None


@pytest.mark.parametrize(
    ("address", "kind", "body"),
    [
        ("", FORM, b""),
        ("", FORM, form(("update", "CLEAR ALL"), ("update", "CLEAR NAMED"))),
        ("update=CLEAR+ALL", UPDATE, b"CLEAR ALL"),
        ("update=CLEAR+ALL", FORM, form(("update", "CLEAR ALL"))),
        ("", FORM, form(("update", "CLEAR ALL"), ("query", "ASK {}"))),
        ("query=ASK+%7B%7D", UPDATE, b"CLEAR ALL"),
        ("default-graph-uri=http%3A%2F%2Fe%2F", UPDATE, b"CLEAR ALL"),
        ("using-graph-uri=relative", UPDATE, b"CLEAR ALL"),
        ("using-named-graph-uri=http%3A%2F%2F%5B", UPDATE, b"CLEAR ALL"),
        ("using-graph-uri=", UPDATE, b"CLEAR ALL"),
        ("", UPDATE, b"CLEAR \xff"),
        ("", UPDATE, b"CLEAR ALL\0"),
        ("", FORM, b"update=%zz"),
    ],
)
def test_what_the_protocol_does_not_allow(address: str, kind: str, body: bytes) -> None:
    """None or two updates, a query's parameters, graphs without a name, text that is none."""
    with pytest.raises(ProtocolError):
        read_update(address, kind, body)


@pytest.mark.parametrize(
    "kind", [None, "", "text/plain", "application/sparql-query", "application/sparql-update; charset=UTF-16"]
)
def test_other_types(kind: str | None) -> None:
    """An update says what it is, in UTF-8."""
    with pytest.raises(MediaTypeNotSupported):
        read_update("", kind, b"update=CLEAR+ALL")
