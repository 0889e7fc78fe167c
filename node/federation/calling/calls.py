"""One call to an address that a query or an update named: redirects, busy servers, and answers read strictly."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urljoin

from node.errors import MemberProtocolError, TargetRefused
from node.federation.calling.addresses import Address, AllowList, read_address
from node.federation.calling.http import HttpClient, Reply
from node.federation.calling.meter import Meter
from node.rdf.formats import JSON, XML
from node.rdf.solutions import is_iri, json_of_xml
from node.sparql.results import MalformedResults, Results, Term, read_json_results

#: Redirects that are followed in one call.
MAX_REDIRECTS = 3
#: The largest answer of one call that is read as solutions: they take about ten times as much memory as their text.
MAX_ANSWER_BYTES = 128_000_000
_REDIRECTS = (301, 302, 303, 307, 308)
_BUSY = (429, 503)
#: A server that asks for a pause gets it this often, and if it is not longer than this.
_PAUSES = 2
_PAUSE_SECONDS = 5.0
_TICK_SECONDS = 0.1
_QUERY_HEADERS = {
    "Accept": f"{JSON.media_type}, {XML.media_type};q=0.5",
    "Content-Type": "application/sparql-query",
}

_LANGUAGE = re.compile(r"[a-z]+(?:-[a-z0-9]+)*")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@contextmanager
def visit(
    client: HttpClient,
    address: Address,
    allow: AllowList | None,
    *,
    body: bytes | None,
    headers: Mapping[str, str],
    meter: Meter,
) -> Iterator[Reply]:
    """POST ``body`` (or GET when there is none) to an address and give the answer, whatever its status.

    Redirects are followed where ``allow`` permits the next address too, with the same request; never from https to
    http, and not at all with None (a member's address is its operator's). Raises TargetRefused, MemberError and what
    the meter raises.
    """
    method = "GET" if body is None else "POST"
    for _ in range(MAX_REDIRECTS + 1):
        dial = () if allow is None else allow.locate(address).dial
        with client.exchange(method, str(address), body=body, headers=headers, meter=meter, dial=dial) as reply:
            location = reply.header("Location")
            if allow is None or reply.status not in _REDIRECTS or location is None:
                yield reply
                return
            if reply.status == 303 and body is not None:
                raise MemberProtocolError(f"{address} answers a query with a redirect to a page.", member=str(address))
        address = _next(address, location, allow)
    raise MemberProtocolError(f"{address} redirects more than {MAX_REDIRECTS} times.", member=str(address))


def _next(address: Address, location: str, allow: AllowList) -> Address:
    try:
        following = urljoin(str(address), location)
    except ValueError:
        following = location
    found = read_address(following)
    if (address.scheme, found.scheme) == ("https", "http"):
        raise TargetRefused(
            f"<{address}> redirects to an address without encryption.", remedy="Ask the operator to list the new one."
        )
    return allow.permit(following)


def ask(
    name: str, client: HttpClient, address: Address, allow: AllowList | None, *, text: str, meter: Meter
) -> Results:
    """The solutions of a SELECT at a service. ``name`` is what errors call it.

    Raises TargetRefused, MemberError, and what the meter raises. An answer that is not whole and sound is an error,
    never a shorter answer.
    """
    for attempt in range(_PAUSES + 1):
        with visit(client, address, allow, body=text.encode(), headers=_QUERY_HEADERS, meter=meter) as reply:
            wait = reply.header("Retry-After") if reply.status in _BUSY and attempt < _PAUSES else None
            if wait is None or not _may_wait(wait, meter):
                reply.require()
                return _read(name, reply, meter)
        _pause(float(wait), meter)
    raise AssertionError


def _may_wait(wait: str, meter: Meter) -> bool:
    return wait.isascii() and wait.isdigit() and int(wait) <= _PAUSE_SECONDS and int(wait) < meter.remaining()


def _pause(seconds: float, meter: Meter) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        meter.remaining()  # raises when the query is given up meanwhile
        time.sleep(min(left, _TICK_SECONDS))


def _read(name: str, reply: Reply, meter: Meter) -> Results:
    readers: list[tuple[tuple[str, ...], Callable[[bytes], bytes]]] = [
        (JSON.media_types, lambda data: data),
        (XML.media_types, json_of_xml),
    ]
    to_json = next((reader for types, reader in readers if reply.media_type in types), None)
    if to_json is None:
        raise MemberProtocolError(
            f"{name} answered with {reply.media_type[:100] or 'no media type'}, not with SPARQL results.", member=name
        )
    pieces: list[bytes] = []
    size = 0
    for piece in reply.chunks():
        size += len(piece)
        if size > MAX_ANSWER_BYTES:
            raise MemberProtocolError(
                f"{name} answered with more than {MAX_ANSWER_BYTES:,} bytes.", member=name, remedy="Ask it for less."
            )
        pieces.append(piece)
    try:
        results = read_json_results(to_json(b"".join(pieces)))
        if results.boolean is not None:
            raise MalformedResults("a boolean, where solutions were asked for")
        for row in results.rows:
            for term in row.values():
                check(term)
    except ValueError as error:
        raise MemberProtocolError(f"{name} answered what is not SPARQL results: {error}.", member=name) from error
    meter.done(name, len(results.rows), 0.0)
    return results


def check(term: Term) -> None:
    """Raise MalformedResults for what could not be written into a query as the term that it is."""
    iri = term.value if term.kind == "iri" else term.datatype
    if iri is not None and not is_iri(iri):
        raise MalformedResults(f"{iri[:100]!a} is not an IRI")
    if term.language is not None and not _LANGUAGE.fullmatch(term.language):
        raise MalformedResults(f"{term.language[:100]!a} is not a language")
    if _SURROGATE.search(term.value):
        raise MalformedResults("a text with half a character")
