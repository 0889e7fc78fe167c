"""The query operation of the SPARQL 1.1 Protocol (section 2.1): strings of a request in, a dataclass out. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from node.errors import MediaTypeNotSupported, ProtocolError
from node.rdf.dataset import GraphScope
from node.rdf.terms import is_absolute_iri

FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"
_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)
_MOST_PARAMETERS = 1_000
_UPDATE_PARAMETERS = ("update", "using-graph-uri", "using-named-graph-uri")


@dataclass(frozen=True)
class QueryRequest:
    """What a request asks. ``query`` None: nothing is asked, the service is to describe itself.

    ``default_graphs`` and ``named_graphs``: the RDF dataset the request names (section 2.1.4), None when it names
    none. ``format`` is the value of the customary parameter ``format``, which overrides ``Accept``.
    """

    query: str | None
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    format: str | None = None

    @property
    def names_dataset(self) -> bool:
        return bool(self.default_graphs or self.named_graphs)


def read_request(method: str, query_string: str, content_type: str | None, body: bytes) -> QueryRequest:
    """Read a query operation: GET, POST of a form, or POST of a query as it is, each also with URL parameters.

    ``query_string`` is the part of the address after ``?`` as it was sent, ``body`` is ignored for GET.
    Raises ProtocolError for whatever the protocol does not allow, MediaTypeNotSupported for another kind of body.
    """
    parameters = _parameters(query_string, "the address")
    direct: str | None = None
    if method == "POST":
        kind = (content_type or "").split(";", 1)[0].strip().lower()
        if kind == FORM:
            _require_utf8(content_type)
            parameters += _parameters(_text(body, "the form"), "the form")
        elif kind == QUERY:
            _require_utf8(content_type)
            direct = _text(body, "the query")
        elif body or kind:
            raise MediaTypeNotSupported(
                f"a body of type {kind or 'unknown'} is not a SPARQL query.",
                remedy=f"Send the query as {QUERY}, or as the field 'query' of a form ({FORM}).",
            )
    return _request(parameters, direct, required=method == "POST")


def _request(parameters: list[tuple[str, str]], direct: str | None, *, required: bool) -> QueryRequest:
    for name in _UPDATE_PARAMETERS:
        if _values(parameters, name):
            raise ProtocolError(
                f"the parameter '{name}' belongs to SPARQL Update, which this address does not do.",
                remedy="Send a query in the parameter 'query'.",
            )
    queries = _values(parameters, "query") + ([direct] if direct is not None else [])
    if len(queries) > 1:
        raise ProtocolError(f"the request holds {len(queries)} queries.", remedy="Send exactly one.")
    if required and not queries:
        raise ProtocolError("the request holds no query.", remedy="Send it as the field 'query' of the form.")
    defaults, named = _values(parameters, "default-graph-uri"), _values(parameters, "named-graph-uri")
    for iri in (*defaults, *named):
        if not is_absolute_iri(iri):
            raise ProtocolError(
                f"{iri[:200]!r} is not an absolute IRI.",
                remedy="default-graph-uri and named-graph-uri each name a graph by its whole IRI.",
            )
    if queries and "\0" in queries[0]:
        raise ProtocolError("the query holds a NUL character.", remedy="Remove it.")
    formats = _values(parameters, "format")
    return QueryRequest(
        query=queries[0] if queries else None,
        default_graphs=tuple(defaults),
        named_graphs=tuple(named),
        format=formats[0] if formats else None,
    )


def within(scope: GraphScope, request: QueryRequest) -> GraphScope:
    """The part of the scope that the request's own RDF dataset names. Graphs outside of it are as if empty."""
    if not request.names_dataset:
        return scope
    visible = {*scope.default, *scope.named}
    return GraphScope(default=_kept(request.default_graphs, visible), named=_kept(request.named_graphs, visible))


def read_parameters(query_string: str) -> list[tuple[str, str]]:
    """The parameters of an address, strictly decoded. Raises ProtocolError."""
    return _parameters(query_string, "the address")


def _parameters(text: str, where: str) -> list[tuple[str, str]]:
    broken = _PERCENT.search(text)
    if broken:
        raise ProtocolError(
            f"{where} holds a percent sign without two hexadecimal digits, at position {broken.start() + 1}.",
            remedy="Write a percent sign as %25.",
        )
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
    except UnicodeDecodeError:
        raise ProtocolError(f"{where} does not decode to UTF-8.", remedy="Percent-encode UTF-8.") from None
    except ValueError:
        raise ProtocolError(
            f"{where} has more than {_MOST_PARAMETERS} parameters.", remedy="Send the query alone."
        ) from None


def _text(body: bytes, what: str) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ProtocolError(f"{what} is not UTF-8 (byte {error.start + 1}).", remedy="Send it as UTF-8.") from None


def _require_utf8(content_type: str | None) -> None:
    charset = _CHARSET.search(content_type or "")
    if charset and charset[1].lower() not in ("utf-8", "utf8", "us-ascii"):
        raise MediaTypeNotSupported(
            f"the body is declared as {charset[1][:40]}.", remedy="Send UTF-8, the only charset of the SPARQL Protocol."
        )


def _values(parameters: Sequence[tuple[str, str]], name: str) -> list[str]:
    return [value for key, value in parameters if key == name]


def _kept(wanted: Iterable[str], visible: set[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(iri for iri in wanted if iri in visible))
