"""What requests to the SPARQL endpoints ask: whom, what, and in which formats. Remembered, for it is asked again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from node.errors import ProtocolError
from node.ontology.asking import Mapped, Reach
from node.policy.decide import ANONYMOUS, Principal
from node.rdf.formats import GRAPH_FORMATS, JSON, RESULT_FORMATS, TURTLE, Format
from node.sparql.protocol import QueryRequest, read_request
from node.web.bodies import check_body
from node.web.coding import require_coding
from node.web.negotiation import HTML, Choice, Codings, choose_among, prefers_page, read_accept
from node.web.questions import Question, beyond_store, read_question
from node.web.reply import WebRequest
from node.web.validators import Validators

if TYPE_CHECKING:
    from node.assembly import Node

#: What was read of requests is kept up to so many characters of their texts, and of no text longer than a part of it.
_READ_CHARACTERS = 4_000_000
_READ_PART = 256


@dataclass(frozen=True)
class Endpoint:
    """One of the two endpoints: its path, what people call it, and whom it asks."""

    path: str
    title: str
    explanation: str
    federated: bool


NODE = Endpoint("sparql", "Query this node", "Answers from what this node itself holds.", False)
FEDERATION = Endpoint(
    "federation/sparql",
    "Query the federation",
    "Answers from all members of the federation together, as if one store held everything they publish.",
    True,
)


class Reading(NamedTuple):
    """What a request asks, of whom, and in which formats it takes the answer.

    ``page``: it wants the answer as a page; ``for_people``: it wants a page or the service's description, or would
    want a page of an error. ``question`` and ``tag`` (the ETag of its answer over the question's generation, for what
    can have one) are of a query over this node alone. ``mapped`` says of a query with codes of other systems by which
    mappings it was taken; ``asked`` then holds what is evaluated.
    """

    asked: QueryRequest
    principal: Principal
    codings: Codings
    page: bool
    for_people: bool
    results: Choice | None
    graphs: Choice | None
    question: Question | None
    tag: str | None
    mapped: Mapped | None = None

    @property
    def sent(self) -> str:
        """The query as it was sent."""
        return self.mapped.asked if self.mapped is not None else self.asked.query or ""

    @property
    def formats(self) -> tuple[Format, Format]:
        """What to write solutions and booleans in, and graphs."""
        return _written_in(self.results, self.graphs)


class Readings:
    """Reads requests to the endpoints of a node. ``identify`` gives who sends a value of ``Authorization``.

    Safe to use from several threads.
    """

    def __init__(self, node: Node, *, validators: Validators, identify: Callable[[str | None], Principal]) -> None:
        self._node = node
        self._validators = validators
        self._identify = identify
        self._lock = threading.Lock()
        self._readings: dict[tuple[object, ...], Reading] = {}
        self._characters = 0

    def read(self, endpoint: Endpoint, request: WebRequest) -> Reading:
        """What the request asks. Raises what reading it raises, Unauthenticated among it."""
        if request.method == "POST":
            self.check_body(request)
        principal = self._identify(request.headers.get("authorization"))
        raw = _raw(endpoint, request, principal)
        reading = self._readings.get(raw)
        if reading is not None:
            question = reading.question
            if question is None or question.generation == self._node.store.generation().number:
                return reading
        reading = self._read(endpoint, request, principal)
        chosen = bool(reading.asked.releases) and reading.question is None
        if not chosen and (reading.mapped is None or reading.question is not None):  # else nobody would notice changes
            self._keep(raw, reading, len(request.query_string) + len(request.body))
        return reading

    def remembered(self, endpoint: Endpoint, request: WebRequest) -> Reading | None:
        """What was read of the same request of a stranger, of whatever generation; None when there is nothing."""
        return self._readings.get(_raw(endpoint, request, ANONYMOUS))

    def _read(self, endpoint: Endpoint, request: WebRequest, principal: Principal) -> Reading:
        headers = request.headers
        codings = require_coding(headers.get("accept-encoding"))
        asked = read_request(request.method, request.query_string, headers.get("content-type"), request.body)
        page, for_people, results, graphs = _formats(headers.get("accept"), asked.format)
        mapped = self._mapped(asked, in_rdf=results is None and graphs is not None)
        if mapped is not None:
            asked = asked._replace(query=mapped.text)
        if asked.releases and asked.query is not None:
            asked = asked._replace(query=self._node.by_release(asked.query, asked.releases))
        question = tag = None
        is_ours = not endpoint.federated and not page and asked.query is not None and (results or graphs)
        if is_ours and beyond_store(self._node, asked, principal) is None:
            question = read_question(self._node, asked, principal, _written_in(results, graphs))
            if question.repeatable and request.method != "POST":
                tag = self.tag(question, results, graphs)
        for_people = for_people or asked.query is None
        return Reading(asked, principal, codings, page, for_people, results, graphs, question, tag, mapped)

    def _mapped(self, asked: QueryRequest, *, in_rdf: bool) -> Mapped | None:
        """The query taken by mappings if the request asks for it. Raises ProtocolError, and what reading it raises."""
        if asked.mappings is None or not (asked.query or "").strip():
            return None
        if asked.mappings not in list(Reach):
            raise ProtocolError(
                f"the parameter 'mappings' has no value {asked.mappings[:40]!r}.",
                remedy=f"Say how far codes of other systems may be taken: {', '.join(Reach)}.",
            )
        return self._node.mapped(asked.query or "", Reach(asked.mappings), in_rdf=in_rdf)

    def _keep(self, raw: tuple[object, ...], reading: Reading, characters: int) -> None:
        if characters > _READ_CHARACTERS // _READ_PART:
            return
        with self._lock:
            self._characters += characters + 500
            if self._characters > _READ_CHARACTERS:
                # What is still asked comes back by itself.
                self._readings.clear()
                self._characters = characters + 500
            self._readings[raw] = reading

    def tag(self, question: Question, results: Choice | None, graphs: Choice | None) -> str:
        """The ETag of an answer, known before it is: which of the formats is written shows only by evaluation."""
        types = (choice.content_type if choice else "" for choice in (results, graphs))
        return self._validators.tag(question.generation, question.key.hex(), *types)

    def check_body(self, request: WebRequest) -> None:
        """Raises what is wrong with the body of a POST before it is read: see ``bodies.check_body``."""
        check_body(
            len(request.body),
            announced=_length(request),
            encoding=request.headers.get("content-encoding"),
            limit=self._node.settings.server.max_request_bytes,
        )


def _written_in(results: Choice | None, graphs: Choice | None) -> tuple[Format, Format]:
    return results.format if results else JSON, graphs.format if graphs else TURTLE


def _length(request: WebRequest) -> int | None:
    given = request.headers.get("content-length")
    return int(given) if given is not None and given.isascii() and given.isdigit() else None


@lru_cache(maxsize=1024)
def _formats(accept: str | None, name: str | None) -> tuple[bool, bool, Choice | None, Choice | None]:
    """Whether a page is the best answer, whether one would be of an error, and the formats of solutions and graphs.

    The form of the query decides between the two formats, and only evaluation knows it.
    """
    ranges = read_accept(accept)
    best = choose_among(ranges, (*RESULT_FORMATS, *GRAPH_FORMATS, HTML), name)
    page = best is not None and best.format is HTML
    results, graphs = choose_among(ranges, RESULT_FORMATS, name), choose_among(ranges, GRAPH_FORMATS, name)
    return page, page or prefers_page(ranges, name), results, graphs


def _raw(endpoint: Endpoint, request: WebRequest, principal: Principal) -> tuple[object, ...]:
    """All of a request that what is read of it depends on."""
    headers = request.headers
    return (
        endpoint.federated,
        principal.operator,
        request.method,
        request.query_string,
        headers.get("accept"),
        headers.get("accept-encoding"),
        headers.get("content-type"),
        request.body,
    )
