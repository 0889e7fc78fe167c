"""What a query worker says, or how it ends, as the node's errors."""

from __future__ import annotations

import re
import signal
from typing import Any

from node.errors import (
    DocumentSyntaxError,
    NodeError,
    Place,
    QueryMemoryExceeded,
    QuerySyntaxError,
    QueryTimeout,
    ResultTooLarge,
    StoreError,
    TooBusy,
    Unsupported,
)
from node.rdf.namespaces import PREFIXES
from node.sparql.rows_text import NotMade
from node.store.quads import Budget

_SYNTAX = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)
#: Where a colon makes no prefixed name: IRIs, literals and comments.
_NOT_NAMES = re.compile(
    r'''<[^<>"{}|^`\\\s]*>|"""(?:\\.|[^\\])*?"""|"(?:\\.|[^"\\\n])*"'''
    r"""|'''(?:\\.|[^\\])*?'''|'(?:\\.|[^'\\\n])*'|#[^\n]*"""
)
_OUT_OF_MEMORY = re.compile(rb"memory allocation of|bad_alloc|[Oo]ut of memory|MemoryError")


class GenerationGone(Exception):
    """The generation a query was to run on was removed meanwhile; there is a newer one. Never leaves the store."""


def timeout(budget: Budget) -> QueryTimeout:
    """The error of a query that ran past its deadline."""
    return QueryTimeout(
        f"the query did not finish within {budget.seconds:.3g} s.",
        remedy="Ask for less: name more of what is looked for, or add a LIMIT.",
    )


def crowded_out(long: int) -> TooBusy:
    """The error of a query that took its time while all ``long`` places for such queries were taken."""
    return TooBusy(
        f"{long} long queries are running, and others wait; this one was taking long as well.",
        remedy="Try again in a moment, or ask for less.",
    )


def _out_of_memory(budget: Budget) -> QueryMemoryExceeded:
    return QueryMemoryExceeded(
        f"the query needed more than {budget.memory_bytes / 1e6:,.0f} MB of memory, or nests too deeply.",
        remedy="Ask for less at once: avoid sorting or grouping everything, and patterns that share no variable.",
    )


def refusal(refused: dict[str, Any], text: str, budget: Budget) -> Exception:
    """The error a worker's ERROR frame stands for, as the answer to the query ``text``."""
    kind, message = refused["kind"], refused["message"]
    if kind == "gone":
        return GenerationGone(message)
    if kind == "syntax":
        return _syntax_error(message, text)
    if kind == "document":
        return DocumentSyntaxError(f"{message}.", where=Place(line=refused.get("line")))
    if kind == "large":
        return ResultTooLarge(
            f"the answer has more than {budget.result_bytes:,} bytes.",
            remedy="Ask for fewer rows or columns, for example with LIMIT, or in several parts.",
        )
    if kind == "rows":
        return ResultTooLarge(
            f"the answer has more than {budget.result_rows:,} {message}.",
            remedy="Ask for fewer, for example with LIMIT, or in several parts.",
        )
    if kind == "unsupported":
        return Unsupported(f"{without_paths(message)}.")
    if kind == "not made":
        return NotMade(message)
    if kind == "memory":
        return _out_of_memory(budget)
    return StoreError(f"the query cannot be evaluated: {without_paths(message)}.")


def _syntax_error(message: str, text: str) -> QuerySyntaxError:
    match = _SYNTAX.fullmatch(message)
    if match is None:
        return QuerySyntaxError(f"{message}.")
    line, column, expected = match.groups()
    where = Place(line=int(line), column=int(column))
    # The commonest mistake, and the one of which the parser's own words tell least.
    if (prefix := _undeclared_prefix(text)) is not None:
        known = PREFIXES.get(prefix, "…")
        return QuerySyntaxError(
            f"the prefix {prefix}: is not declared.",
            where=where,
            remedy=f"Begin the query with: PREFIX {prefix}: <{known}>",
        )
    return QuerySyntaxError(f"{_wanted(expected)}.", where=where)


def _undeclared_prefix(text: str) -> str | None:
    bare = _NOT_NAMES.sub(" ", text)
    declared = set(re.findall(r"(?i)\bprefix\s+([\w.-]*):", bare))
    used = re.findall(r"(?<![\w:.?$@-])([A-Za-z][\w-]*(?:\.[\w-]+)*):", bare)
    return next((prefix for prefix in used if prefix not in declared), None)


def _wanted(expected: str) -> str:
    """What the parser would have accepted, made readable: "expected DISTINCT or WHERE" and the like.

    The parser lists signs, words, whole character classes, and, where it found a mistake of another kind, a sentence.
    """
    items = re.sub(r"\[(?:'(?:\\.|[^'])*'|[^\]'])*\]", "", " ".join(expected.split()))
    items = items.removeprefix("expected ").removeprefix("one of ")
    named = [item for item in items.split(", ") if item]
    sentences = [item for item in named if re.match(r"[A-Z][a-z]+ ", item)]
    if sentences:
        return sentences[0][0].lower() + sentences[0][1:]
    if not named or len(named) > 20:
        return "this cannot stand here"
    return f"expected {', '.join(named[:-1])} or {named[-1]}" if len(named) > 1 else f"expected {named[0]}"


def ended(code: int | None, words: bytes, budget: Budget) -> NodeError:
    """Why a worker that nobody killed closed its pipe too early: ``code`` as of Popen, ``words`` from its stderr."""
    if code == -signal.SIGALRM:
        return timeout(budget)
    if code in (-signal.SIGABRT, -signal.SIGSEGV) or _OUT_OF_MEMORY.search(words):
        return _out_of_memory(budget)
    how = "without a word" if code is None else f"by signal {-code}" if code < 0 else f"with code {code}"
    return StoreError(
        f"the query's worker process ended {how}.",
        remedy="Try again. If it was the system that ran out of memory, lower limits.query_memory_bytes.",
    )


def without_paths(message: str) -> str:
    """A library's message with the paths taken out: those are the operator's business, not the caller's."""
    return re.sub(r"(?<![\w<:/])/[^\s:,'\"]+", "…", message).rstrip(". ")
