"""What other nodes look at is answered from memory while it is true, with the node's word for how long it stays so."""

from __future__ import annotations

import asyncio
from typing import Any

from test_gateway import FakeHeaders, FakeProtocol, FakeScope, make_gateway
from web_fakes import FakeNode, FakeStore, make_node

from node.sparql.protocol import DATA_VERSION_HEADER, LEASE_HEADER
from node.web.gateway import Gateway

VERSION, LEASE = DATA_VERSION_HEADER.lower(), LEASE_HEADER.lower()


class Counted:
    """The node's application, which counts how often it is asked."""

    asked = 0
    application: Any = None

    def around(self, application: Any) -> Counted:
        self.application = application
        return self

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.asked += 1
        return self.application(environ, start_response)


def look(gateway: Gateway, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one look at the description."""
    protocol = FakeProtocol()
    pairs = {"accept": "application/n-triples", **{k.replace("_", "-"): v for k, v in headers.items()}}
    scope = FakeScope(path="/.well-known/void", headers=FakeHeaders(list(pairs.items())))
    asyncio.run(gateway.__rsgi__(scope, protocol))
    return protocol.status, dict(protocol.headers), protocol.sent


def made(node: FakeNode) -> tuple[Gateway, Counted]:
    """A gateway, and the application under it."""
    counted = Counted()
    return make_gateway(node, around=counted.around), counted


def test_the_application_is_asked_once_for_each_generation() -> None:
    node = make_node()
    gateway, application = made(node)
    status, headers, body = look(gateway)
    assert (status, application.asked) == (200, 1)
    assert look(gateway)[2] == body
    unchanged = look(gateway, if_none_match=headers["etag"])
    assert (unchanged[0], unchanged[2]) == (304, b"")
    assert unchanged[1]["etag"] == headers["etag"]
    assert unchanged[1][VERSION] == headers[VERSION]
    assert "content-type" not in unchanged[1]
    assert application.asked == 1
    node.store.number += 1
    status, after, _ = look(gateway, if_none_match=headers["etag"])
    assert (status, application.asked) == (200, 2)
    assert after[VERSION] != headers[VERSION]


def test_a_look_that_the_application_found_unchanged_is_kept_too() -> None:
    """A node that was restarted is looked at by those who know it, and is never asked for the whole."""
    node = make_node()
    first, _ = made(node)
    tag = look(first)[1]["etag"]
    gateway, application = made(node)
    for _ in range(3):
        assert look(gateway, if_none_match=tag)[0] == 304
    assert application.asked == 1
    assert look(gateway)[0] == 200


def test_representations_do_not_stand_for_one_another() -> None:
    gateway, application = made(make_node())
    ntriples, turtle = look(gateway), look(gateway, accept="text/turtle")
    assert ntriples[1]["content-type"] != turtle[1]["content-type"]
    assert look(gateway, accept="text/turtle")[2] == turtle[2]
    assert application.asked == 2
    assert look(gateway, accept="text/turtle", if_none_match=ntriples[1]["etag"])[0] == 200


class PromisingFakeStore(FakeStore):
    """One that promises."""

    left = 0.75

    def promised(self, wanted: float = 1.0) -> float:
        return self.left * wanted


def test_leases_go_to_those_who_ask_and_name_the_current_version() -> None:
    node = make_node()
    node.store.__class__ = PromisingFakeStore
    gateway, _ = made(node)
    assert LEASE not in look(gateway)[1]
    for headers in ({}, {"if_none_match": look(gateway)[1]["etag"]}):
        assert look(gateway, onconode_lease="a-1", **headers)[1][LEASE] == "a-1;ms=750"
    # As long a one as is asked for.
    assert look(gateway, onconode_lease="a-1;ms=4000")[1][LEASE] == "a-1;ms=3000"
    # What is kept does not keep the lease.
    assert LEASE not in look(gateway)[1]
    assert LEASE not in look(gateway, onconode_lease="a 1; ms=99999")[1]
    PromisingFakeStore.left = 0.0
    try:
        assert LEASE not in look(gateway, onconode_lease="a-2")[1]
    finally:
        PromisingFakeStore.left = 0.75


def test_a_store_that_cannot_say_gives_none() -> None:
    gateway, _ = made(make_node())
    assert LEASE not in look(gateway, onconode_lease="a-1")[1]
