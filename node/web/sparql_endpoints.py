"""``/sparql`` and ``/federation/sparql``: SPARQL 1.1 Protocol for programs, a form and a table for browsers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, Request, Response, current_app, request

from node.errors import MediaTypeNotSupported, NodeError, NotAcceptable, ProtocolError, RequestTooLarge, Unsupported
from node.policy.decide import ANONYMOUS
from node.rdf.formats import GRAPH_FORMATS, JSON, RESULT_FORMATS, TURTLE, Format
from node.sparql.protocol import QueryRequest, read_request
from node.sparql.service_description import service_description
from node.store.quads import Answer
from node.web.answers import stream, tabulate
from node.web.cache import KeptAnswer
from node.web.call import Call, query_string, read_call
from node.web.middleware import CACHED, GENERATION
from node.web.negotiation import HTML, Choice
from node.web.pages import shower
from node.web.problems import problem, status_of
from node.web.questions import Question, open_answer, read_question
from node.web.responses import described, page
from node.web.streaming import OpenAnswer
from node.web.validators import matches, not_modified

if TYPE_CHECKING:
    from node.assembly import Node
    from node.federation.engine import FederatedAnswer

blueprint = Blueprint("sparql", __name__)


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


@blueprint.route("/sparql", methods=["GET", "POST"])
def sparql() -> Response:
    call = read_call(current_app, request)
    return _respond(call, NODE, _read(request, call))


@blueprint.route("/federation/sparql", methods=["GET", "POST"])
def federation_sparql() -> Response:
    call = read_call(current_app, request)
    return _respond(call, FEDERATION, _read(request, call))


def _read(request: Request, call: Call) -> QueryRequest:
    """The query operation in a request, with its body read up to the limit. Raises what reading it raises."""
    body = b""
    if request.method == "POST":
        limit = call.node.settings.server.max_request_bytes
        encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in ("", "identity"):
            raise MediaTypeNotSupported(f"a body encoded as {encoding[:40]} is not taken.", remedy="Send it as it is.")
        if (request.content_length or 0) <= limit:
            body = request.stream.read(limit + 1)
        if (request.content_length or 0) > limit or len(body) > limit:
            raise RequestTooLarge(f"the body has more than the {limit} bytes that are taken.", remedy="Send less.")
        if request.content_length is not None and len(body) != request.content_length:
            raise ProtocolError(
                f"the body ends after {len(body)} of the {request.content_length} bytes announced.",
                remedy="Send it all.",
            )
    return read_request(request.method, query_string(request), request.headers.get("Content-Type"), body)


def _respond(call: Call, endpoint: Endpoint, asked: QueryRequest) -> Response:
    if asked.query is None:
        return _description(call, endpoint)
    best = call.choose((*RESULT_FORMATS, *GRAPH_FORMATS, HTML), override=asked.format)
    if best is not None and best.format is HTML:
        return _result_page(call, endpoint, asked)
    # The form of the query decides between the two, and only evaluation knows it.
    results = call.choose(RESULT_FORMATS, override=asked.format)
    graphs = call.choose(GRAPH_FORMATS, override=asked.format)
    if results is None and graphs is None:
        raise _not_acceptable((*RESULT_FORMATS, *GRAPH_FORMATS, HTML), "an answer")
    formats = (results.format if results else JSON, graphs.format if graphs else TURTLE)
    if endpoint.federated:
        answer, tags = _ask_federation(call, asked, formats), None
    else:
        question = read_question(call.node, asked, formats)
        tags = _Tags(call, question, results, graphs) if question.repeatable and call.method != "POST" else None
        known = tags.before() if tags is not None else None
        if known is not None:
            return not_modified(known)
        answer = open_answer(call.node, call.answers, question)
    is_graph = answer.answer.format.rdf is not None
    choice = graphs if is_graph else results
    if choice is None:
        answer.close()
        offers, what = (GRAPH_FORMATS, "a graph") if is_graph else (RESULT_FORMATS, "solutions or a boolean")
        raise _not_acceptable(offers, what)
    request.environ[GENERATION] = answer.answer.generation.number
    request.environ[CACHED] = isinstance(answer.answer, KeptAnswer)
    response = stream(call, answer, choice, tag=tags.of(answer.answer.generation.number) if tags is not None else None)
    timing = _server_timing(answer.answer)
    if timing:
        response.headers["Server-Timing"] = timing
    return response


@dataclass(frozen=True)
class _Tags:
    """The ETags of the answers to a question: known before they are, because they follow from it and the generation.

    Which of the two formats is written shows only by evaluation, so an ETag stands for both.
    """

    call: Call
    question: Question
    results: Choice | None
    graphs: Choice | None

    def of(self, generation: int) -> str:
        types = (choice.content_type if choice else "" for choice in (self.results, self.graphs))
        return self.call.validators.tag(generation, self.question.key.hex(), *types)

    def before(self) -> str | None:
        """The ETag of the answer over the current generation if the client has it, None if it has not.

        It can only have it from a ``200``, so that nothing need be evaluated to know that there would be another.
        """
        if not self.call.if_none_match:
            return None
        generation = self.call.node.store.generation().number
        tag = self.of(generation)
        if not matches(self.call.if_none_match, tag, exists=False):
            return None
        request.environ[GENERATION] = generation
        return tag


def _ask_federation(call: Call, asked: QueryRequest, formats: tuple[Format, Format]) -> OpenAnswer:
    """The federation's answer. Never from memory: what members hold may change at any moment."""
    if asked.names_dataset:
        raise Unsupported(
            "the federation does not take default-graph-uri or named-graph-uri.",
            remedy="Ask without them, or ask one member at its own endpoint.",
        )
    return OpenAnswer(call.node.federation.query(asked.query or "", ANONYMOUS, formats))


def _description(call: Call, endpoint: Endpoint) -> Response:
    node = call.node
    iri = node.identifiers.base + endpoint.path
    ntriples = service_description(
        iri,
        formats=(*RESULT_FORMATS, *GRAPH_FORMATS),
        named_graphs=() if endpoint.federated else node.scope(ANONYMOUS).named,
        triples=None if endpoint.federated else _triples(node),
    )
    return described(
        call, iri=iri, ntriples=ntriples, make_page=lambda: _form(call, endpoint, ""), address=call.url(endpoint.path)
    )


def _result_page(call: Call, endpoint: Endpoint, asked: QueryRequest) -> Response:
    node = call.node
    assert asked.query is not None  # the caller has looked
    if not asked.query.strip():
        return _form(call, endpoint, "")
    try:
        if endpoint.federated:
            answer = _ask_federation(call, asked, (JSON, TURTLE))
        else:
            answer = open_answer(node, call.answers, read_question(node, asked, (JSON, TURTLE)))
        table = tabulate(answer, shower(node.identifiers.base, node.vocabulary()))
    except NodeError as error:
        status = status_of(error)
        if status >= 500:
            raise  # the page of a fault of ours repeats nothing of what was asked
        document = problem(error, base=node.identifiers.base, request_id=call.request_id)
        return page(call, "sparql.html", status=status, endpoint=endpoint, query=asked.query, problem=document)
    request.environ[GENERATION] = answer.answer.generation.number
    response = page(
        call,
        "sparql.html",
        endpoint=endpoint,
        query=asked.query,
        table=table,
        downloads=RESULT_FORMATS if table.text is None else GRAPH_FORMATS,
        report=getattr(answer.answer, "report", ()),
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _form(call: Call, endpoint: Endpoint, query: str) -> Response:
    return page(call, "sparql.html", endpoint=endpoint, query=query)


def _not_acceptable(offers: tuple[Format, ...], what: str) -> NotAcceptable:
    return NotAcceptable(
        f"{what} cannot be had in a format that the header Accept allows.",
        remedy=f"There are: {', '.join(o.media_type for o in offers)}.",
    )


def _triples(node: Node) -> int | None:
    summary = node.store.file("summary.json")
    try:
        return int(json.loads(summary)["triples"]) if summary else None
    except (ValueError, KeyError, TypeError):
        return None


def _server_timing(answer: Answer | FederatedAnswer) -> str:
    """What each member took, for the header of that name (W3C Server Timing)."""
    entries = []
    for i, report in enumerate(getattr(answer, "report", ())):
        name = "".join(c for c in report.name if c.isascii() and c.isprintable() and c not in '"\\')
        entries.append(f'member{i};desc="{name}";dur={report.milliseconds:.0f}')
    return ", ".join(entries)
