"""What the views know of one request, as a value: nothing below a view reaches for Flask's globals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from flask import Flask, Request

from node.errors import NotAcceptable, ProtocolError
from node.rdf.formats import Format
from node.sparql.protocol import read_parameters
from node.web.cache import AnswerCache
from node.web.middleware import REQUEST_ID
from node.web.negotiation import Choice, Range, choose, named, prefers_page, read_accept
from node.web.validators import Validators

if TYPE_CHECKING:
    from node.assembly import Node

EXTENSION = "onconode"
ANSWERS = "onconode.answers"
VALIDATORS = "onconode.validators"
SERVICE = "onconode.sparql"


@dataclass(frozen=True)
class Call:
    """One request to this node. ``parameters`` are those of the address, decoded.

    ``answers`` and ``validators`` are the application's: answers kept in memory, and what makes ETags.
    """

    node: Node
    answers: AnswerCache
    validators: Validators
    method: str
    path: str
    accept: tuple[Range, ...]
    parameters: tuple[tuple[str, str], ...]
    if_none_match: str
    request_id: str

    def parameter(self, name: str) -> str | None:
        """The first value of a parameter of the address."""
        return next((value for key, value in self.parameters if key == name), None)

    def require(self, offers: Sequence[Format], wanted: str | None = None) -> Choice:
        """The format of a resource: what the parameter ``format`` names, else what ``Accept`` prefers.

        ``wanted`` is that parameter where it came in the body. Raises NotAcceptable when that is none of the offers.
        """
        wanted = wanted or self.parameter("format")
        choice = named(wanted, offers) if wanted is not None else choose(self.accept, tuple(offers))
        if choice is None:
            raise NotAcceptable(
                f"this resource cannot be had as {wanted[:60]!r}."
                if wanted is not None
                else "this resource cannot be had in a format that the header Accept allows.",
                remedy=f"There are: {', '.join(o.media_type for o in offers)} "
                f"(format={', format='.join(o.name for o in offers)}).",
            )
        return choice

    def require_data(self, offers: Sequence[Format]) -> Choice:
        """The same for a resource without a page: whoever would rather have one gets the first of the offers.

        Without this a browser would get RDF/XML, because it names ``application/xml``. Raises NotAcceptable.
        """
        if self.parameter("format") is None and self.wants_page:
            return Choice(offers[0], offers[0].media_type)
        return self.require(offers)

    @property
    def wants_page(self) -> bool:
        """Whether whoever asks prefers a page to a data format: a browser does."""
        return prefers_page(self.accept, self.parameter("format"))

    @property
    def root(self) -> str:
        """The path under which the world sees the node, with a slash at its end: the path of the base IRI."""
        return root_of(self.node)

    @property
    def host(self) -> str:
        """The base IRI without its path: what a path of this host is to be put behind."""
        return self.node.identifiers.base.removesuffix(self.root)

    def url(self, path: str, **parameters: str) -> str:
        """The address of a route of this node, relative to the host. ``path`` without a slash at the front."""
        return f"{self.root}{path}" + (f"?{urlencode(parameters)}" if parameters else "")


def root_of(node: Node) -> str:
    """The path of the node's base IRI, with a slash at its end."""
    return urlsplit(node.identifiers.base).path


def read_call(app: Flask, request: Request) -> Call:
    """The request as a value. Raises ProtocolError when its address does not decode."""
    return Call(
        node=app.extensions[EXTENSION],
        answers=app.extensions[ANSWERS],
        validators=app.extensions[VALIDATORS],
        method=request.method,
        path=request.path,
        accept=read_accept(request.headers.get("Accept")),
        parameters=tuple(read_parameters(query_string(request))),
        if_none_match=request.headers.get("If-None-Match", ""),
        request_id=request.environ.get(REQUEST_ID, "none"),
    )


def query_string(request: Request) -> str:
    """What stands after ``?`` in the address, still percent-encoded. Raises ProtocolError when it is not UTF-8."""
    try:
        # PEP 3333: one character of the environment is one byte of the request.
        return str(request.environ.get("QUERY_STRING", "")).encode("latin-1").decode("utf-8")
    except UnicodeError:
        raise ProtocolError("the address is not UTF-8.", remedy="Percent-encode what is not ASCII.") from None
