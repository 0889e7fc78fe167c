"""Any SPARQL endpoint asked once, by its address alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from node.config import Member
from node.errors import NodeError
from node.federation.calling.http import HttpClient
from node.federation.calling.meter import Meter
from node.federation.members.sources import RemoteSource
from node.rdf.formats import Format
from node.store.quads import Answer


@contextmanager
def ask_endpoint(
    endpoint: str, text: str, formats: tuple[Format, Format], *, seconds: float = 300.0
) -> Iterator[Answer]:
    """Ask any SPARQL endpoint one query, for its answer in one of these formats.

    Raises MemberError, which names the endpoint, and QueryTimeout after ``seconds``.
    """
    source = RemoteSource(Member(endpoint=endpoint, name=endpoint))
    try:
        with source.answer(text, formats, Meter(seconds, requests=10, bytes=1 << 40)) as answer:
            yield answer
    finally:
        source.close()


def is_ready(url: str, *, seconds: float = 5.0) -> bool:
    """Whether a GET of this address is answered with 200."""
    client = HttpClient(url, 1)
    meter = Meter(seconds, requests=10, bytes=1 << 20)
    try:
        with client.exchange("GET", url, body=None, headers={}, meter=meter) as reply:
            return reply.status == 200
    except NodeError:
        return False
    finally:
        client.close()
