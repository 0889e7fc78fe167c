"""Every error this node raises on purpose, as one tree.

NodeError
├── ConfigurationError            the node's own settings or folder are wrong
├── InvalidRequest                what the caller sent cannot be served as it is
│   ├── ProtocolError             a parameter, header or command-line argument is wrong
│   │   └── MethodNotAllowed      the resource is there, but not for this HTTP method
│   ├── QuerySyntaxError          the SPARQL text does not parse (line and column)
│   ├── Unsupported               well-formed, but this node does not do it
│   ├── DocumentSyntaxError       an RDF document or a table does not parse
│   ├── ContextNotPinned          a JSON-LD document names a remote context that is not pinned here
│   ├── DescriptionRejected       the document parses, but breaks shapes or uses wrong codes
│   └── MediaTypeNotSupported     the format of what was sent is not one this node reads
│       └── NotAcceptable         the resource is there, but in none of the formats asked for
├── AccessDenied                  the caller may not do this
│   ├── Unauthenticated           no token, or one that this node does not know
│   └── TargetRefused             an address that this node does not call: not listed, or not public
├── ResourceError
│   ├── NotFound                  nothing has this name
│   ├── Withdrawn                 it was published and has been taken back
│   └── Conflict                  the state of the node does not allow it now
│       └── PreconditionFailed    it is not what If-Match or If-None-Match says
├── LimitExceeded
│   ├── QueryTimeout              the query ran past its deadline
│   ├── QueryMemoryExceeded       the query needed more memory than a query may have
│   ├── ResultTooLarge            the answer has more bytes than an answer may have
│   ├── QueryTooLarge             the query is too large once it is written out
│   ├── QueryTooDeep              the query or update nests deeper than it may
│   ├── RequestTooLarge           the request body is too long
│   │   ├── AddressTooLong        the request's address is too long
│   │   └── HeadersTooLarge       the request's headers are too large
│   ├── RequestTimeout            the request body did not come in time
│   ├── TooBusy                   all query workers are taken
│   │   └── TooManyQueries        this client has too many queries running
│   └── ClientGone                nobody waits for the answer any more
├── MemberError                   another node of the federation
│   ├── MemberUnavailable         cannot be reached, or refuses
│   ├── MemberTimeout             did not answer in time
│   ├── MemberTruncated           gave a part of its answer as if it were the whole
│   └── MemberProtocolError       answered something that is not SPARQL
├── StoreError                    the quads on disk cannot be read or written
└── CurationError                 a vocabulary in the making cannot go out as it is

An error says *what* was wrong, *where*, and *what to do*. The web layer turns the tree into
RFC 9457 problem documents, the command line into exit codes; each has one table for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Place:
    """Where in what the caller gave us something is wrong. Every part may be absent.

    ``source`` is a file name as the caller wrote it or the name of a member; ``line`` and ``column`` count
    from 1; ``record`` is a JSON pointer, an IRI or a sample identifier; ``field`` a column or property.
    """

    source: str | None = None
    line: int | None = None
    column: int | None = None
    record: str | None = None
    field: str | None = None

    def __str__(self) -> str:
        parts = []
        if self.source:
            parts.append(self.source)
        if self.line is not None:
            parts.append(f"line {self.line}")
        if self.column is not None:
            parts.append(f"column {self.column}")
        if self.record:
            parts.append(self.record)
        if self.field:
            parts.append(f"field {self.field}")
        return ", ".join(parts)


class NodeError(Exception):
    """Base of the tree. ``slug`` names the explanation page ``/problems/<slug>``.

    ``problem`` is the document (RFC 9457) that the error came as, when another node sent it.
    """

    slug: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong in this node"
    problem: Mapping[str, Any] | None = None

    def __init__(self, detail: str, *, where: Place | None = None, remedy: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where and str(self.where) else ""
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{place}{self.detail}{remedy}"


class ConfigurationError(NodeError):
    slug = "configuration"
    title = "The node is not set up correctly"


class InvalidRequest(NodeError):
    slug = "invalid-request"
    title = "The request is not valid"


class ProtocolError(InvalidRequest):
    slug = "protocol"
    title = "The request does not follow the protocol"


class MethodNotAllowed(ProtocolError):
    slug = "method-not-allowed"
    title = "The resource does not take this method"


class QuerySyntaxError(InvalidRequest):
    slug = "query-syntax"
    title = "The query is not valid SPARQL 1.1"


class Unsupported(InvalidRequest):
    slug = "unsupported"
    title = "This node does not support that"


class DocumentSyntaxError(InvalidRequest):
    slug = "document-syntax"
    title = "The document cannot be read"


class ContextNotPinned(InvalidRequest):
    slug = "context-not-pinned"
    title = "The JSON-LD context is not one this node knows"


class DescriptionRejected(InvalidRequest):
    slug = "description-rejected"
    title = "The description breaks the rules of the hub"


class MediaTypeNotSupported(InvalidRequest):
    slug = "media-type"
    title = "No such format here"


class NotAcceptable(MediaTypeNotSupported):
    slug = "not-acceptable"
    title = "Not to be had in any of the formats asked for"


class AccessDenied(NodeError):
    slug = "access-denied"
    title = "Not allowed"


class Unauthenticated(AccessDenied):
    slug = "unauthenticated"
    title = "A token is needed"


class TargetRefused(AccessDenied):
    slug = "target-refused"
    title = "This node does not call that address"


class ResourceError(NodeError):
    slug = "resource"
    title = "The resource is not there"


class NotFound(ResourceError):
    slug = "not-found"
    title = "Nothing has this name"


class Withdrawn(ResourceError):
    """``reason`` is what the provider gave, ``when`` the moment as ``xsd:dateTime`` text; None where not known."""

    slug = "withdrawn"
    title = "The description was withdrawn"

    def __init__(
        self,
        detail: str,
        *,
        reason: str | None = None,
        when: str | None = None,
        where: Place | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(detail, where=where, remedy=remedy)
        self.reason = reason
        self.when = when


class Conflict(ResourceError):
    slug = "conflict"
    title = "Not possible in the present state"


class PreconditionFailed(Conflict):
    slug = "precondition-failed"
    title = "It is no longer what the request takes it for"


class LimitExceeded(NodeError):
    slug = "limit"
    title = "A limit was reached"


class QueryTimeout(LimitExceeded):
    slug = "query-timeout"
    title = "The query took too long"


class QueryMemoryExceeded(LimitExceeded):
    slug = "query-memory"
    title = "The query needed too much memory"


class ResultTooLarge(LimitExceeded):
    slug = "result-too-large"
    title = "The answer is too large"


class QueryTooLarge(LimitExceeded):
    slug = "query-too-large"
    title = "The query is too large"


class QueryTooDeep(LimitExceeded):
    slug = "query-too-deep"
    title = "The query nests too deep"


class RequestTooLarge(LimitExceeded):
    slug = "request-too-large"
    title = "The request is too large"


class AddressTooLong(RequestTooLarge):
    slug = "address-too-long"
    title = "The address of the request is too long"


class HeadersTooLarge(RequestTooLarge):
    slug = "headers-too-large"
    title = "The headers of the request are too large"


class RequestTimeout(LimitExceeded):
    slug = "request-timeout"
    title = "The request did not arrive in time"


class TooBusy(LimitExceeded):
    """``retry_seconds``: when it is worth trying again."""

    slug = "too-busy"
    title = "All query workers are busy"

    def __init__(
        self, detail: str, *, where: Place | None = None, remedy: str | None = None, retry_seconds: int = 2
    ) -> None:
        super().__init__(detail, where=where, remedy=remedy)
        self.retry_seconds = retry_seconds


class TooManyQueries(TooBusy):
    slug = "too-many-queries"
    title = "Too many queries of one client are running"


class ClientGone(LimitExceeded):
    slug = "client-gone"
    title = "The client left before its answer was there"


class MemberError(NodeError):
    """``outcome`` is what completeness reports call it. ``passing``: the same request may well succeed in a moment,
    after ``wait`` seconds if the member said so."""

    slug = "member"
    title = "Another node of the federation failed"
    usual_outcome: ClassVar[str] = "unreachable"

    def __init__(
        self,
        detail: str,
        *,
        member: str,
        where: Place | None = None,
        remedy: str | None = None,
        outcome: str | None = None,
        passing: bool = False,
        wait: float | None = None,
    ) -> None:
        super().__init__(detail, where=where, remedy=remedy)
        self.member = member
        self.outcome = outcome or self.usual_outcome
        self.passing = passing
        self.wait = wait


class MemberUnavailable(MemberError):
    slug = "member-unavailable"
    title = "A member of the federation cannot be reached"


class MemberTimeout(MemberError):
    slug = "member-timeout"
    title = "A member of the federation did not answer in time"
    usual_outcome = "timeout"


class MemberTruncated(MemberError):
    slug = "member-truncated"
    title = "A member of the federation cut its answer short"
    usual_outcome = "truncated"


class MemberProtocolError(MemberError):
    slug = "member-protocol"
    title = "A member of the federation gave an answer that is not SPARQL"
    usual_outcome = "refused"


class StoreError(NodeError):
    slug = "store"
    title = "The store cannot be read or written"


class CurationError(NodeError):
    slug = "curation"
    title = "The vocabulary cannot go out as it is"
