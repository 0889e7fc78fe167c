"""The query operation of the SPARQL 1.1 Protocol at both endpoints: from a request's values to a reply's. No framework.

``kept`` gives at once what is in memory already, ``reply`` whatever there is, waiting for it. What people read in a
browser (``readings.Reading.for_people``) is made by the views in ``sparql_endpoints``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

from node.assembly import query_budget
from node.errors import NodeError, NotAcceptable, ProtocolError
from node.federation.engine import FederatedAnswer, MemberReport
from node.policy.decide import Principal
from node.rdf.dataset import GraphScope
from node.rdf.formats import GRAPH_FORMATS, JSON, RESULT_FORMATS, Format
from node.sparql.head import with_head_member
from node.sparql.protocol import DATA_VERSION_HEADER, within
from node.store.quads import Answer, BegunQuery, PromptAnswer, PromptStore
from node.web.cache import AnswerCache, KeptAnswer
from node.web.coding import Packed, coding_of, encode_reply, packed
from node.web.completeness import completeness_headers, release_headers
from node.web.negotiation import HTML, Choice, read_accept_encoding
from node.web.questions import Question, beyond_store, open_answer, read_question
from node.web.readings import Endpoint, Reading, Readings
from node.web.reply import COMMON_HEADERS, VARY_BY_CALLER, Reply, WebRequest, problem_reply
from node.web.streaming import HOLD_BYTES, OpenAnswer
from node.web.validators import REVALIDATE, REVALIDATE_PRIVATE, Validators, matches

if TYPE_CHECKING:
    from node.assembly import Node

#: A longer text may take long to read, and has to be given to a worker piece by piece.
_SMALL_CHARACTERS = 4_000
#: So many members at most are in the header Server-Timing.
_TIMED = 20
#: How many mapping sets the header of an answer names.
_MOST_SETS = 10
_COMMON = (("vary", VARY_BY_CALLER), *COMMON_HEADERS)


@dataclass(frozen=True, slots=True)
class Begun:
    """A query under way without a thread. ``query`` tells when there is something to take.

    ``question`` is None for a query over all members.
    """

    request: WebRequest
    reading: Reading
    question: Question | None
    query: BegunQuery


class SparqlService:
    """Both endpoints of a node. ``identify`` gives who sends a value of the header ``Authorization``."""

    def __init__(
        self,
        node: Node,
        *,
        answers: AnswerCache,
        validators: Validators,
        identify: Callable[[str | None], Principal],
    ) -> None:
        self._node = node
        self._answers = answers
        self._readings = Readings(node, validators=validators, identify=identify)
        self._validators = validators
        self._prompt = node.store if isinstance(node.store, PromptStore) else None

    def read(self, endpoint: Endpoint, request: WebRequest) -> Reading:
        """What the request asks. Raises what reading it raises, Unauthenticated among it."""
        return self._readings.read(endpoint, request)

    def kept(self, endpoint: Endpoint, request: WebRequest) -> Reply | None:
        """The reply if it is in memory, so that there is nothing to wait for and little to do; else None."""
        if endpoint.federated or "authorization" in request.headers:
            return None
        reading = self._readings.remembered(endpoint, request)
        if reading is None or reading.question is None or reading.for_people or not reading.question.repeatable:
            return None
        question = reading.question
        try:
            if request.method == "POST":
                self._readings.check_body(request)
            current = self._node.store.generation()
        except NodeError:
            return None
        if current.number != question.generation:
            return None
        if (unchanged := self._unchanged(request, reading)) is not None:
            return unchanged
        answer = self._answers.get(current, question.key)
        if answer is None or len(answer.body) > HOLD_BYTES:
            return None
        choice = reading.graphs if answer.format.rdf is not None else reading.results
        if choice is None:
            return None
        reply = self._start(request, reading, choice, answer, reading.tag)
        return reply if reply.status == 304 else self._whole(reply, reading, choice, answer.body)

    def reply(self, endpoint: Endpoint, request: WebRequest, reading: Reading) -> Reply:
        """The answer to a query. Raises what evaluating it raises before its first bytes, and NotAcceptable."""
        assert reading.asked.query is not None  # the caller has looked
        if reading.results is None and reading.graphs is None:
            raise _not_acceptable((*RESULT_FORMATS, *GRAPH_FORMATS, HTML), "an answer")
        if (unchanged := self._unchanged(request, reading)) is not None:
            return unchanged
        question, answer = self.open(endpoint, reading, reading.formats)
        return self._answered(request, reading, question, answer)

    def small(self, endpoint: Endpoint, request: WebRequest) -> Reading | None:
        """What a request asks if ``begin`` can start it, once a worker is free; None if ``reply`` has to answer it."""
        if not _is_small(request) or (self._prompt is None and not endpoint.federated):
            return None
        try:
            reading = self.read(endpoint, request)
            if endpoint.federated:
                return reading if _is_plain(reading) else None
            beginning = reading.question is not None and not reading.for_people
            return reading if beginning and self._unchanged(request, reading) is None else None
        except NodeError:
            return None  # whoever asks again hears of it

    def begin(self, request: WebRequest, reading: Reading) -> Begun | None:
        """Start a small query if that needs no waiting, None otherwise. Follow with ``receive`` and ``finish``.

        Raises NotReady where waiting for other queries to end would not help.
        """
        store, question = self._prompt, reading.question
        assert store is not None  # small has looked
        assert question is not None
        try:
            budget = query_budget(self._node.settings.limits)
            query = store.begin(question.text, scope=question.scope, formats=question.formats, budget=budget)
        except NodeError:
            return None  # whoever asks again hears of it
        return Begun(request, reading, question, query) if query is not None else None

    def begin_federated(self, request: WebRequest, reading: Reading) -> Begun | None:
        """Start a query over all members that needs nobody to be asked, as ``begin`` does; None for any other."""
        query = self._node.federation.begin(reading.asked.query or "", reading.formats)
        return None if query is None else Begun(request, reading, None, query)

    def receive(self, begun: Begun) -> PromptAnswer | None:
        """The answer to a begun query that is ready; None when it has to be asked again. Raises what it raises."""
        answer = begun.query.answer()
        question = begun.question
        if answer is not None and question is not None and answer.generation.number != question.generation:
            answer.close()
            return None
        return answer

    def finish(self, begun: Begun, answer: PromptAnswer) -> Reply:
        """The reply with this answer. Waits only for one that is not whole. Raises as ``reply`` does."""
        question, reading = begun.question, begun.reading
        if question is None or not question.repeatable:
            return self._answered(begun.request, reading, question, OpenAnswer(answer))
        # The cache takes nothing of a generation that nobody has asked it for.
        self._answers.get(answer.generation, question.key)
        choice = reading.graphs if answer.format.rdf is not None else reading.results
        if not answer.whole or choice is None:
            return self._answered(
                begun.request, reading, question, OpenAnswer(self._answers.keeping(question.key, answer))
            )
        body = b"".join(answer)
        self._answers.put(question.key, KeptAnswer(answer.format, answer.generation, body))
        reply = self._start(begun.request, reading, choice, answer, reading.tag)
        return reply if reply.status == 304 else self._whole(reply, reading, choice, body)

    def _answered(self, request: WebRequest, reading: Reading, question: Question | None, answer: OpenAnswer) -> Reply:
        try:
            is_graph = answer.answer.format.rdf is not None
            choice = reading.graphs if is_graph else reading.results
            if choice is None:
                offers, what = (GRAPH_FORMATS, "a graph") if is_graph else (RESULT_FORMATS, "solutions or a boolean")
                raise _not_acceptable(offers, what)
            tag = reading.tag
            if tag is not None and question is not None and question is not reading.question:
                tag = self._readings.tag(question, reading.results, reading.graphs)
            reply = self._start(request, reading, choice, answer.answer, tag)
            if reply.status == 304:
                answer.close()
                return reply
        except BaseException:
            answer.close()
            raise
        if answer.complete:
            return self._whole(reply, reading, choice, answer.head, question)
        return _streamed(reply, reading, choice, answer, head=request.method == "HEAD")

    def open(
        self, endpoint: Endpoint, reading: Reading, formats: tuple[Format, Format]
    ) -> tuple[Question | None, OpenAnswer]:
        """The answer in one of these formats, and the question it answers, None for one of others too.

        The federation's is never from memory, nor that of a query with ``SERVICE``: what others hold may change at any
        moment.
        """
        asked = reading.asked
        if endpoint.federated:
            if asked.sources:
                if formats[0] is not JSON or asked.names_dataset:
                    raise ProtocolError(
                        "sources come with JSON results, over the whole of what the members hold.",
                        remedy=f"Send Accept: {JSON.media_type} or format=json, and no graphs.",
                    )
                return None, OpenAnswer(
                    self._node.federation.traced(asked.query or "", principal=reading.principal, partial=asked.partial)
                )
            dataset = GraphScope(asked.default_graphs, asked.named_graphs) if asked.names_dataset else None
            return None, OpenAnswer(
                self._node.federation.query(
                    asked.query or "", formats, principal=reading.principal, partial=asked.partial, dataset=dataset
                )
            )
        text = asked.query or ""
        question = reading.question
        if question is None and beyond_store(self._node, asked, reading.principal) is not None:
            dataset = within(self._node.scope(reading.principal), asked) if asked.names_dataset else None
            return None, OpenAnswer(self._node.query(text, reading.principal, formats, dataset=dataset))
        if question is None or question.formats != formats:
            question = read_question(self._node, asked, reading.principal, formats)
        return open_answer(self._node, self._answers, asked, reading.principal, question)

    def problem(self, error: NodeError, request: WebRequest) -> Reply:
        """The reply that says what is wrong."""
        base = self._node.identifiers.base
        reply = problem_reply(error, base=base, request_id=request.request_id, vary=VARY_BY_CALLER)
        return encode_reply(reply, read_accept_encoding(request.headers.get("accept-encoding")))

    def _unchanged(self, request: WebRequest, reading: Reading) -> Reply | None:
        """``304`` for a client that has the answer over the current generation, which is why nothing is evaluated."""
        known = request.headers.get("if-none-match")
        if not known or reading.tag is None or reading.question is None:
            return None
        if not matches(known, reading.tag, exists=False):
            return None
        if reading.question.generation != self._node.store.generation().number:
            return None
        return self._not_modified(reading, reading.tag, reading.question.generation)

    def _start(
        self,
        request: WebRequest,
        reading: Reading,
        choice: Choice,
        answer: Answer | FederatedAnswer,
        tag: str | None,
    ) -> Reply:
        """The reply without its body."""
        number = answer.generation.number
        known = request.headers.get("if-none-match")
        if tag is not None and known and matches(known, tag):
            return self._not_modified(reading, tag, number)
        headers = [("content-type", choice.content_type), *_caching(reading, tag), *_COMMON, *_mapping_sets(reading)]
        if isinstance(answer, FederatedAnswer):
            if answer.annotated:
                headers += completeness_headers(answer.completeness)
            headers += release_headers(answer.release_differences)
            headers.append(("server-timing", _server_timing(answer.report)))
        else:
            headers.append((DATA_VERSION_HEADER.lower(), self._validators.data(number)))
        return Reply(200, headers, notes={"generation": number, "cached": isinstance(answer, KeptAnswer)})

    def _not_modified(self, reading: Reading, tag: str, generation: int) -> Reply:
        """``304`` (RFC 9110, section 15.4.5), with what a ``200`` would say of caching."""
        headers = [*_caching(reading, tag), (DATA_VERSION_HEADER.lower(), self._validators.data(generation)), *_COMMON]
        return Reply(304, headers, notes={"generation": generation})

    def _whole(
        self, reply: Reply, reading: Reading, choice: Choice, body: bytes, question: Question | None = None
    ) -> Reply:
        body = _with_mappings(reading, choice, body)
        coding = coding_of(reading.codings, choice.content_type, len(body))
        if coding is not None:
            body = self._packed(body, coding, reply, None if reading.mapped else question or reading.question)
            reply.headers.append(("content-encoding", coding))
        reply.headers.append(("content-length", str(len(body))))
        reply.head = body
        return reply

    def _packed(self, body: bytes, coding: str, reply: Reply, question: Question | None) -> bytes:
        """The body in a coding, which is kept as the answer itself is."""
        if question is None or not question.repeatable:
            return packed(body, coding)
        key = question.key + coding.encode()
        current = self._node.store.generation()
        kept = self._answers.get(current, key) if current.number == reply.notes["generation"] else None
        if kept is None:
            kept = KeptAnswer(JSON, current, packed(body, coding))
            if current.number == reply.notes["generation"]:
                self._answers.put(key, kept)
        return kept.body


def _is_small(request: WebRequest) -> bool:
    """Whether reading a request takes no time worth speaking of, and nobody need be looked up for it."""
    return len(request.query_string) + len(request.body) <= _SMALL_CHARACTERS and "authorization" not in request.headers


def _is_plain(reading: Reading) -> bool:
    """Whether a query over all members is asked by a program, for the whole answer and nothing else."""
    asked = reading.asked
    return not (reading.for_people or asked.sources or asked.partial or asked.names_dataset)


def _caching(reading: Reading, tag: str | None) -> tuple[tuple[str, str], ...]:
    if tag is None:
        return (("cache-control", "no-store"),)
    control = REVALIDATE_PRIVATE if reading.principal.operator else REVALIDATE
    return (("etag", f'W/"{tag}"'), ("cache-control", control))


def _streamed(reply: Reply, reading: Reading, choice: Choice, answer: OpenAnswer, *, head: bool) -> Reply:
    coding = coding_of(reading.codings, choice.content_type, None)
    if coding is not None:
        reply.headers.append(("content-encoding", coding))
    if head:
        answer.close()
        return reply
    start, body = _with_mappings(reading, choice, answer.head), answer.rest
    if coding is not None:
        body = iter(Packed(chain((start,), body), coding))
        start = next(body)
    reply.head = start
    reply.rest, reply.close = body, answer.close
    return reply


def _with_mappings(reading: Reading, choice: Choice, start: bytes) -> bytes:
    """The beginning of an answer, in whose head, if it is JSON, stands by which mappings the query was taken."""
    if reading.mapped is None or choice.format is not JSON:
        return start
    return b"".join(with_head_member((start,), "mappings", reading.mapped.document))


def _mapping_sets(reading: Reading) -> list[tuple[str, str]]:
    """The header ``Link`` (RFC 8288) to the mapping sets that a query was taken by, whatever the format."""
    if reading.mapped is None:
        return []
    sets = dict.fromkeys(lead.set.graph or lead.set.identifier for lead in reading.mapped.used)
    return [("link", f'<{address}>; rel="describedby"') for address in list(sets)[:_MOST_SETS] if address.isascii()]


def _not_acceptable(offers: tuple[Format, ...], what: str) -> NotAcceptable:
    return NotAcceptable(
        f"{what} cannot be had in a format that the header Accept allows.",
        remedy=f"There are: {', '.join(o.media_type for o in offers)}.",
    )


@lru_cache(maxsize=64)
def _server_timing(reports: tuple[MemberReport, ...]) -> str:
    """What each member that was asked took, for the header of that name (W3C Server Timing)."""
    entries = []
    for i, report in enumerate(reports):
        if report.requests or i < _TIMED:
            entries.append(f'member{i};desc="{_plain(report.name)}";dur={report.milliseconds:.0f}')
    return ", ".join(entries[:_TIMED])


@lru_cache(maxsize=1_000)
def _plain(name: str) -> str:
    """As much of a member's name as can stand between quotes in a header."""
    return "".join(c for c in name if c.isascii() and c.isprintable() and c not in '"\\')[:60]
