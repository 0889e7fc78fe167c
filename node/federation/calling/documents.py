"""Documents from the web, for ``LOAD`` and for harvesting: through the same door as ``SERVICE``, with other lists."""

from __future__ import annotations

from dataclasses import dataclass

from node.config import Services
from node.errors import MemberError, MemberTimeout, ResultTooLarge
from node.federation.calling.addresses import AllowList, Resolve, look_up
from node.federation.calling.calls import visit
from node.federation.calling.http import HttpClient
from node.federation.calling.meter import Meter, Turn
from node.rdf.formats import JSONLD, NQUADS, NTRIPLES, RDFXML, TRIG, TURTLE

_ACCEPT = ", ".join(
    [f"{f.media_type}" for f in (TURTLE, NTRIPLES)]
    + [f"{f.media_type};q=0.8" for f in (RDFXML, NQUADS, TRIG)]
    + [f"{JSONLD.media_type};q=0.5"]
)


@dataclass(frozen=True)
class Validators:
    """By what a server knows whether a document has changed (RFC 9110, section 8.8); '' for what it does not give."""

    etag: str = ""
    last_modified: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a request for the document if it has changed."""
        if self.etag:
            return {"If-None-Match": self.etag}
        return {"If-Modified-Since": self.last_modified} if self.last_modified else {}


@dataclass(frozen=True)
class Fetched:
    """A document from the web. ``address`` is where it was in the end, ``content`` None for one that has not changed,
    ``media_type`` in lower case, without parameters, perhaps empty."""

    address: str
    content: bytes | None
    media_type: str
    validators: Validators


def fetch_document(
    url: str, *, services: Services, max_bytes: int, seconds: float, resolve: Resolve = look_up
) -> tuple[bytes, str]:
    """The document at this address, whole, and its media type (lower case, without parameters, perhaps empty).

    Raises TargetRefused unless ``services.load`` lists the address, and every address it redirects to, and their hosts
    are public; MemberError (unavailable, timeout, protocol) and ResultTooLarge.
    """
    allow = AllowList(services.load, "services.load", private_addresses=services.private_addresses, resolve=resolve)
    fetched = fetch(url, allow, max_bytes=max_bytes, seconds=seconds)
    assert fetched.content is not None  # there was no condition
    return fetched.content, fetched.media_type


def fetch(
    url: str,
    allow: AllowList,
    *,
    max_bytes: int,
    seconds: float,
    validators: Validators = Validators(),
) -> Fetched:
    """The RDF document at this address, if it is not the one that ``validators`` name.

    Raises TargetRefused for an address, or one it redirects to, that ``allow`` does not permit; MemberError
    (unavailable, timeout, protocol) and ResultTooLarge.
    """
    address = allow.permit(url)
    name = f"<{address}>"
    client = HttpClient(name, 1)
    late = MemberTimeout(f"{name} did not come within {seconds:g} s.", member=str(address), remedy="Try again later.")
    meter = Turn(Meter(seconds + 1, 100, 1 << 62), seconds, lambda: late)
    headers = {"Accept": _ACCEPT, **validators.headers}
    try:
        with visit(client, address, allow, body=None, headers=headers, meter=meter) as reply:
            given = Validators(reply.header("ETag") or "", reply.header("Last-Modified") or "")
            if reply.status == 304 and validators.headers:
                return Fetched(reply.address, None, "", given)
            reply.require()
            pieces: list[bytes] = []
            size = 0
            for piece in reply.chunks():
                size += len(piece)
                if size > max_bytes:
                    raise ResultTooLarge(
                        f"the document at {name} has more than {max_bytes:,} bytes.", remedy="Load it in parts."
                    )
                pieces.append(piece)
            return Fetched(reply.address, b"".join(pieces), reply.media_type, given)
    except MemberError as error:
        remedy = "Look at what that address serves, or try again later."
        raise type(error)(error.detail, member=str(address), remedy=remedy) from error
    finally:
        client.close()
