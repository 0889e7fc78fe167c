"""The operations of the SPARQL 1.1 Protocol (section 2): strings of a request in, a dataclass out. No I/O."""

from __future__ import annotations

import re
from binascii import a2b_qp
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from node.errors import MediaTypeNotSupported, ProtocolError
from node.rdf.dataset import GraphScope
from node.rdf.terms import is_absolute_iri, is_iri

FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"
UPDATE = "application/sparql-update"
#: Names, with an answer over a node's own data, what was asked: the same value as long as the data is the same.
DATA_VERSION_HEADER = "Onconode-Data-Version"
#: In a request: a token, to be told for how long the data stays as it is. In the answer: the token, and ``ms``.
LEASE_HEADER = "Onconode-Lease"
_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)
_MOST_PARAMETERS = 1_000
_UPDATE_PARAMETERS = ("update", "using-graph-uri", "using-named-graph-uri")
_QUERY_PARAMETERS = ("query", "default-graph-uri", "named-graph-uri")


class QueryRequest(NamedTuple):
    """What a request asks. ``query`` None: nothing is asked, the service is to describe itself.

    ``default_graphs`` and ``named_graphs``: the RDF dataset the request names (section 2.1.4), None when it names
    none. ``format`` is the value of the customary parameter ``format``, which overrides ``Accept``. ``partial`` and
    ``sources`` are parameters of federated queries: whether an answer without some members will do, and whether each
    row is to come with the members it is from. ``run``: whether a query that is to be explained is carried out too.
    ``mappings`` is how far codes of other systems are taken for the classes used here; None: to the letter.
    ``releases``: by which releases of vocabularies paths over superclasses are answered (``ncit=2020``).
    """

    query: str | None
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    format: str | None = None
    partial: bool = False
    sources: bool = False
    run: bool = False
    mappings: str | None = None
    releases: tuple[str, ...] = ()

    @property
    def names_dataset(self) -> bool:
        return bool(self.default_graphs or self.named_graphs)


@dataclass(frozen=True)
class UpdateRequest:
    """An update. ``using``: the RDF dataset that the request names (section 2.2.3), None when it names none."""

    update: str
    using: GraphScope | None = None


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


def read_update(query_string: str, content_type: str | None, body: bytes) -> UpdateRequest:
    """Read an update operation (section 2.2): POST of a form, or of an update as it is, each also with URL parameters.

    ``query_string`` is the part of the address after ``?`` as it was sent. Raises ProtocolError for whatever the
    protocol does not allow, MediaTypeNotSupported for another kind of body.
    """
    parameters = _parameters(query_string, "the address")
    kind = (content_type or "").split(";", 1)[0].strip().lower()
    direct: list[str] = []
    if kind == FORM:
        _require_utf8(content_type)
        parameters += _parameters(_text(body, "the form"), "the form")
    elif kind == UPDATE:
        _require_utf8(content_type)
        direct.append(_text(body, "the update"))
    else:
        raise MediaTypeNotSupported(
            f"a body of type {kind[:80] or 'unknown'} is not a SPARQL update.",
            remedy=f"Send the update as {UPDATE}, or as the field 'update' of a form ({FORM}).",
        )
    for name in _QUERY_PARAMETERS:
        if _values(parameters, name):
            raise ProtocolError(
                f"the parameter '{name}' belongs to a query, which this address does not do.",
                remedy="Send an update in the field 'update', and its dataset in 'using-graph-uri' and "
                "'using-named-graph-uri'.",
            )
    updates = _values(parameters, "update") + direct
    if len(updates) != 1:
        raise ProtocolError(f"the request holds {len(updates) or 'no'} updates.", remedy="Send exactly one.")
    if "\0" in updates[0]:
        raise ProtocolError("the update holds a NUL character.", remedy="Remove it.")
    defaults, named = _values(parameters, "using-graph-uri"), _values(parameters, "using-named-graph-uri")
    for iri in (*defaults, *named):
        if not is_iri(iri):
            raise ProtocolError(
                f"{iri[:200]!r} is not an absolute IRI.",
                remedy="using-graph-uri and using-named-graph-uri each name a graph by its whole IRI.",
            )
    using = GraphScope(tuple(dict.fromkeys(defaults)), tuple(dict.fromkeys(named))) if defaults or named else None
    return UpdateRequest(updates[0], using)


def _request(parameters: list[tuple[str, str]], direct: str | None, *, required: bool) -> QueryRequest:
    given: dict[str, list[str]] = {}
    for name, value in parameters:
        given.setdefault(name, []).append(value)
    for name in _UPDATE_PARAMETERS:
        if name in given:
            raise ProtocolError(
                f"the parameter '{name}' belongs to SPARQL Update, which this address does not do.",
                remedy="Send a query in the parameter 'query'.",
            )
    queries = given.get("query", [])
    if direct is not None:
        queries.append(direct)
    if len(queries) > 1:
        raise ProtocolError(f"the request holds {len(queries)} queries.", remedy="Send exactly one.")
    if required and not queries:
        raise ProtocolError("the request holds no query.", remedy="Send it as the field 'query' of the form.")
    defaults, named = given.get("default-graph-uri", ()), given.get("named-graph-uri", ())
    for iri in (*defaults, *named):
        if not is_absolute_iri(iri):
            raise ProtocolError(
                f"{iri[:200]!r} is not an absolute IRI.",
                remedy="default-graph-uri and named-graph-uri each name a graph by its whole IRI.",
            )
    if queries and "\0" in queries[0]:
        raise ProtocolError("the query holds a NUL character.", remedy="Remove it.")
    return QueryRequest(
        query=queries[0] if queries else None,
        default_graphs=tuple(defaults),
        named_graphs=tuple(named),
        format=given.get("format", (None,))[0],
        partial=_flag(given, "partial"),
        sources=_flag(given, "sources"),
        run=_flag(given, "run"),
        mappings=given.get("mappings", (None,))[0],
        releases=tuple(given.get("release", ())),
    )


def _flag(given: Mapping[str, Sequence[str]], name: str) -> bool:
    values = set(given.get(name, ("false",)))
    if values == {"true"}:
        return True
    if values != {"false"}:
        raise ProtocolError(f"the parameter '{name}' is neither 'true' nor 'false'.", remedy="Give one of them, once.")
    return False


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
    if text.count("&") >= _MOST_PARAMETERS:
        raise ProtocolError(f"{where} has more than {_MOST_PARAMETERS} parameters.", remedy="Send the query alone.")
    try:
        pairs = (part.partition("=") for part in text.split("&") if part)
        return [(_decoded(name), _decoded(value)) for name, _, value in pairs]
    except UnicodeError:
        raise ProtocolError(f"{where} does not decode to UTF-8.", remedy="Percent-encode UTF-8.") from None


def _decoded(text: str) -> str:
    """The text that a percent-encoded one stands for; each percent sign is known to be followed by two digits.

    The encoding is that of quoted-printable (RFC 2045, section 6.7) with another sign, which the standard library
    decodes fifty times as fast as ``urllib.parse`` does: that takes longer than evaluating a small query.
    """
    if "%" not in text:
        return text.replace("+", " ")
    quoted = text.replace("+", " ").replace("=", "=3D").replace("%", "=")
    return a2b_qp(quoted.encode("utf-8")).decode("utf-8")


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
