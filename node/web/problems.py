"""From an error to its HTTP status and its RFC 9457 problem document: the one table for it, with explanations."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from node import errors

MEDIA_TYPE = "application/problem+json"

#: The status of an error is that of its nearest class in here.
STATUSES: dict[type[errors.NodeError], int] = {
    errors.NodeError: 500,
    errors.ConfigurationError: 500,
    errors.InvalidRequest: 400,
    errors.MethodNotAllowed: 405,
    errors.MediaTypeNotSupported: 415,
    errors.NotAcceptable: 406,
    errors.DescriptionRejected: 422,
    errors.AccessDenied: 403,
    errors.Unauthenticated: 401,
    errors.ResourceError: 404,
    errors.Withdrawn: 410,
    errors.Conflict: 409,
    errors.PreconditionFailed: 412,
    # A query that needs more than a query may have is refused for what it is: asking again changes nothing, so it is
    # the caller's error (422) and not the server's (503, which clients and proxies repeat by themselves).
    errors.LimitExceeded: 422,
    errors.RequestTooLarge: 413,
    errors.AddressTooLong: 414,
    errors.HeadersTooLarge: 431,
    errors.RequestTimeout: 408,
    errors.TooBusy: 503,
    errors.TooManyQueries: 429,
    # For the log alone; 499 is what logs of other servers have for it.
    errors.ClientGone: 499,
    errors.MemberError: 502,
    errors.MemberTimeout: 504,
    errors.StoreError: 500,
    errors.CurationError: 409,
}

#: Slug to what happened and what to do, in sentences for whoever meets it.
EXPLANATIONS: dict[str, str] = {
    "internal": "The node met a fault in itself. It is in the node's log under the request's number (X-Request-Id). "
    "Tell the operator that number; the same request may work later.",
    "configuration": "The node's settings are wrong or something that belongs to it is missing, so it cannot answer. "
    "Only its operator can mend that.",
    "invalid-request": "What was sent cannot be served as it is. The detail says which part and how to mend it.",
    "protocol": "A parameter, a header or the encoding of the request is wrong: two queries in one request, a percent "
    "sign that encodes nothing, text that is not UTF-8. The detail names it.",
    "method-not-allowed": "The address exists, but not for this HTTP method. The header Allow lists those it takes.",
    "query-syntax": "The query is not SPARQL 1.1. Line and column say where reading stopped; the mistake is there or "
    "just before. A prefix that is used but not declared is the commonest.",
    "unsupported": "The request is well-formed, but this node does not do what it asks. The detail says what, and what "
    "to ask instead.",
    "document-syntax": "An RDF document or a table cannot be read. Source, line and column say where.",
    "context-not-pinned": "A JSON-LD document names a remote context. This node never fetches one: use the context it "
    "serves at /context/v1.jsonld, or write the terms out.",
    "description-rejected": "The description can be read, but breaks the shapes at /shapes or uses codes that are "
    "unknown, obsolete or of the wrong kind. Nothing of it was published. Mend every finding and send it again.",
    "media-type": "The body has a Content-Type, charset or encoding that is not taken here. The detail lists what is.",
    "not-acceptable": "The resource exists, but in none of the formats that the header Accept or the parameter format "
    "asks for. The member 'available' lists those it can be had in.",
    "access-denied": "The data exist, but not for this caller. Open data are at /datasets/; for the rest, ask the "
    "contact that the dataset's description names.",
    "unauthenticated": "The address is for the node's operators: send a token in the header Authorization, as "
    "'Bearer TOKEN' or as the password of Basic. The operator makes one with: onconode token create. A token that is "
    "sent must be a valid one, also where none is needed.",
    "target-refused": "A query (SERVICE) or an update (LOAD) names an address that this node does not call: it is "
    "neither a member nor in the setting services.allow, or its host is a private, loopback or link-local address. The "
    "operator may list it.",
    "resource": "The resource cannot be used as asked.",
    "not-found": "Nothing has this name here. Every description is listed at /datasets/.",
    "withdrawn": "The description was published here once and has been taken back by its provider; its name will not "
    "be used for anything else. The members 'reason' and 'withdrawn' say why and when, where the provider said so.",
    "conflict": "Somebody else changed the node at the same moment. Look at the present state and try again.",
    "precondition-failed": "The header If-Match or If-None-Match describes a state of the graph that it is not in: "
    "somebody changed it meanwhile. Fetch it again, with its new ETag, and repeat the change on that.",
    "limit": "The request needs more than one request may have.",
    "client-gone": "The client closed its connection while the query ran, so the query was ended.",
    "query-timeout": "The query ran longer than a query may. Make it more selective, ask for less at a time (LIMIT), "
    "or bind a subject or a class early. Asking the same again will not help.",
    "query-memory": "The query needed more memory than a query may have, mostly for a cross product, a large sort or a "
    "large DISTINCT, or because members of the federation have to send much for it. Join its parts by a variable, or "
    "ask for less at a time.",
    "result-too-large": "The answer has more bytes than an answer may have. Ask for fewer columns or rows, or take a "
    "dataset's whole graph from /graph/.",
    "query-too-large": "The query is short, and what it stands for is not: patterns within GRAPH ?g are asked of every "
    "named graph by name, and GRAPH within GRAPH multiplies them. Name the graphs, or nest fewer.",
    "query-too-deep": "The query or update has more groups, parentheses or lists inside one another than this node "
    "reads (limits.query_depth). Generated queries often can be written flat.",
    "request-too-large": "The body of the request is larger than this node takes. The detail gives the limit.",
    "address-too-long": "The address of the request has more bytes than this node reads. Send the query in the body of "
    "a POST.",
    "headers-too-large": "The headers of the request have more bytes than this node reads.",
    "request-timeout": "The body of the request did not come: nothing was received for longer than this node waits. "
    "Send it whole and without pauses.",
    "too-busy": "All query workers are taken by other queries. Try again after the seconds that Retry-After gives.",
    "too-many-queries": "As many queries of this client are running as one client may have. Try again after the "
    "seconds that Retry-After gives, with fewer at a time.",
    "member": "Another node of the federation failed, and an answer without it could be wrong. The member 'member' "
    "names it.",
    "member-unavailable": "A member of the federation cannot be reached or refuses to answer, and an answer without it "
    "could be wrong. The member 'member' names it; this node's own data are at /sparql.",
    "member-timeout": "A member of the federation did not answer in time, and an answer without it could be wrong. The "
    "member 'member' names it. A more selective query may be answered in time.",
    "member-truncated": "A member of the federation gave only the first rows of its answer, because it has a limit of "
    "its own, and an answer made of them could be wrong. The member 'member' names it. Ask for less at a time, or ask "
    "its operator for a higher limit.",
    "member-protocol": "A member of the federation answered something that is not SPARQL results. The member 'member' "
    "names it; its operator or this node's should look at it.",
    "store": "The data on disk cannot be read or written. What went wrong is in the node's log, for its operator.",
    "curation": "The checks of a curators' workspace found errors, so no release was made of it. This happens on the "
    "command line only; onconode curate check explains each finding.",
}

_INTERNAL = "The cause is in this node's log."


def status_of(error: errors.NodeError) -> int:
    """The HTTP status of an error."""
    return next(STATUSES[cls] for cls in type(error).__mro__ if cls in STATUSES)


def headers_of(error: errors.NodeError) -> dict[str, str]:
    """The headers that an error adds to its response."""
    if isinstance(error, errors.TooBusy):
        return {"Retry-After": str(error.retry_seconds)}
    if isinstance(error, errors.RequestTimeout):
        return {"Connection": "close"}  # RFC 9110, section 15.5.9
    if isinstance(error, errors.Unauthenticated):
        # RFC 9110, section 11.6.1; Basic because many clients know nothing else.
        return {"WWW-Authenticate": 'Bearer realm="onconode", Basic realm="onconode", charset="UTF-8"'}
    return {}


def problem(error: errors.NodeError, *, base: str, request_id: str, available: tuple[str, ...] = ()) -> dict[str, Any]:
    """The problem document of an error (RFC 9457, section 3) as JSON values.

    ``base`` is the node's base IRI. Extension members: ``where`` (source, line, column, record, field), ``remedy``,
    ``member``, ``reason`` and ``withdrawn``, ``available`` (media types), ``request``. Nothing of the inside of the
    node is told: an error of its own (500) carries no detail.
    """
    status = status_of(error)
    document: dict[str, Any] = {
        "type": f"{base}problems/{error.slug}",
        "title": error.title,
        "status": status,
        "detail": _INTERNAL if status == 500 else error.detail,
        "instance": f"urn:onconode:request:{request_id}",
        "request": request_id,
    }
    if status != 500:
        if error.remedy:
            document["remedy"] = error.remedy
        where = {k: v for k, v in dataclasses.asdict(error.where).items() if v is not None} if error.where else {}
        if where:
            document["where"] = where
    if isinstance(error, errors.MemberError):
        document["member"] = error.member
    if isinstance(error, errors.Withdrawn):
        document |= {k: v for k, v in (("reason", error.reason), ("withdrawn", error.when)) if v}
    if available:
        document["available"] = list(available)
    return document


def kinds() -> dict[str, type[errors.NodeError]]:
    """Every kind of problem by its slug, in the order of the tree."""
    return {cls.slug: cls for cls in _tree(errors.NodeError)}


def kind_status(cls: type[errors.NodeError]) -> int:
    """The HTTP status of a kind of problem."""
    return next(STATUSES[c] for c in cls.__mro__ if c in STATUSES)


def reference_page() -> str:
    """The page docs/reference/problems.md, from the tree: a test holds the file to it."""
    lines = [
        "# Problems",
        "",
        "Every error of the HTTP service is an [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) document of type",
        f"`{MEDIA_TYPE}` whose `type` is one of the addresses below under the node's base; browsers get a page.",
        "Each address serves its explanation. This page is made from `node/errors.py` and `node/web/problems.py`",
        "(`python -m node.web.problems`), and a test compares it with them.",
        "",
    ]
    for slug, cls in kinds().items():
        lines += [f"## `/problems/{slug}`", "", f"**{kind_status(cls)}**, {cls.title}.", "", EXPLANATIONS[slug], ""]
    return "\n".join(lines)


def _tree(cls: type[errors.NodeError]) -> Iterator[type[errors.NodeError]]:
    yield cls
    for below in cls.__subclasses__():
        yield from _tree(below)


if __name__ == "__main__":
    print(reference_page(), end="")
