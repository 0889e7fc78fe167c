"""Query answers as HTTP responses, and as tables for a page."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from flask import Response

from node.rdf.formats import GRAPH_FORMATS, Format
from node.rdf.statements import Value
from node.sparql.results import read_json_results
from node.sparql.terms import Term
from node.store.quads import Answer
from node.web.call import Call
from node.web.negotiation import Choice
from node.web.pages import Shower, ShownValue
from node.web.streaming import OpenAnswer
from node.web.validators import REVALIDATE, matches, not_modified

#: What a page shows of an answer at most; the whole is to be had as a file.
PAGE_BYTES = 4_000_000
PAGE_ROWS = 1_000
PAGE_TEXT = 200_000


def stream(call: Call, answer: OpenAnswer, choice: Choice, *, tag: str | None = None) -> Response:
    """The answer as a response: whole and with its length when it is short, else as it comes.

    ``tag`` is its ETag, without which no cache may keep it; ``304`` when the client has it already. A failure after
    the first bytes is raised by the body's iterator; the server breaks the connection then.
    """
    if tag is not None and matches(call.if_none_match, tag):
        answer.close()
        return not_modified(tag)
    body = answer.head if answer.complete else answer
    response = Response(body, content_type=choice.content_type)
    if tag is None:
        response.headers["Cache-Control"] = "no-store"
    else:
        response.set_etag(tag, weak=True)
        response.headers["Cache-Control"] = REVALIDATE
    return response


def whole_graph(call: Call, opening: Callable[[Format], AbstractContextManager[Answer]]) -> Response:
    """A whole named graph, which ``opening`` gives in a format; ``304`` without it when the client has it already."""
    choice = call.require_data(GRAPH_FORMATS)
    parts = (call.path, choice.content_type)
    tag = call.validators.tag(call.node.store.generation().number, *parts)
    if matches(call.if_none_match, tag, exists=False):
        return not_modified(tag)
    answer = OpenAnswer(opening(choice.format))
    return stream(call, answer, choice, tag=call.validators.tag(answer.answer.generation.number, *parts))


@dataclass(frozen=True)
class Table:
    """What a page shows of an answer. ``text`` for graphs, ``boolean`` for ASK, else columns and rows.

    ``left_out``: there is more than is shown; ``total`` is the number of rows where it is known.
    """

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[ShownValue | None, ...], ...] = ()
    boolean: bool | None = None
    text: str | None = None
    total: int | None = None
    left_out: bool = False


def tabulate(answer: OpenAnswer, show: Shower) -> Table:
    """Read an answer in JSON results or in a text format of graphs into what a page shows. Closes the answer."""
    is_graph = _is_graph(answer.answer.format)
    if is_graph:
        with answer:
            text = b""
            for chunk in answer:
                text += chunk
                if len(text) > PAGE_TEXT:
                    break
        return Table(text=text[:PAGE_TEXT].decode("utf-8", "ignore"), left_out=len(text) > PAGE_TEXT)
    whole = answer.read(PAGE_BYTES)
    if whole is None:
        return Table(left_out=True)
    results = read_json_results(whole)
    if results.boolean is not None:
        return Table(boolean=results.boolean)
    rows = tuple(
        tuple(_cell(row.get(variable), show) for variable in results.variables) for row in results.rows[:PAGE_ROWS]
    )
    return Table(
        columns=tuple(results.variables),
        rows=rows,
        total=len(results.rows),
        left_out=len(results.rows) > PAGE_ROWS,
    )


def _is_graph(format_: Format) -> bool:
    return format_.rdf is not None


def _cell(term: Term | None, show: Shower) -> ShownValue | None:
    return None if term is None else show.value(Value(term.kind, term.value, term.language, term.datatype))
