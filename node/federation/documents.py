"""Documents from the web, for ``LOAD``: through the same door as ``SERVICE``, with a list of its own."""

from __future__ import annotations

from node.config import Services
from node.errors import MemberError, MemberTimeout, ResultTooLarge
from node.federation.addresses import AllowList, Resolve, look_up
from node.federation.calls import visit
from node.federation.http import HttpClient
from node.federation.meter import Meter, Turn
from node.rdf.formats import JSONLD, NQUADS, NTRIPLES, RDFXML, TRIG, TURTLE

_ACCEPT = ", ".join(
    [f"{f.media_type}" for f in (TURTLE, NTRIPLES)]
    + [f"{f.media_type};q=0.8" for f in (RDFXML, NQUADS, TRIG)]
    + [f"{JSONLD.media_type};q=0.5"]
)


def fetch_document(
    url: str, *, services: Services, max_bytes: int, seconds: float, resolve: Resolve = look_up
) -> tuple[bytes, str]:
    """The document at this address, whole, and its media type (lower case, without parameters, perhaps empty).

    Raises TargetRefused unless ``services.load`` lists the address, and every address it redirects to, and their hosts
    are public; MemberError (unavailable, timeout, protocol) and ResultTooLarge.
    """
    allow = AllowList(services.load, "services.load", private_addresses=services.private_addresses, resolve=resolve)
    address = allow.permit(url)
    name = f"<{address}>"
    client = HttpClient(name, 1)
    late = MemberTimeout(f"{name} did not come within {seconds:g} s.", member=str(address), remedy="Try again later.")
    meter = Turn(Meter(seconds + 1, 100, 1 << 62), seconds, lambda: late)
    try:
        with visit(client, address, allow, body=None, headers={"Accept": _ACCEPT}, meter=meter) as reply:
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
            return b"".join(pieces), reply.media_type
    except MemberError as error:
        remedy = "Look at what that address serves, or try again later."
        raise type(error)(error.detail, member=str(address), remedy=remedy) from error
    finally:
        client.close()
