"""Reads SPARQL 1.1 Query Results JSON (W3C Recommendation of 21 March 2013)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from node.sparql.terms import Term, iri_term, literal_term

__all__ = ["MalformedResults", "Results", "Term", "read_json_results"]


class MalformedResults(ValueError):
    """The text is not a SPARQL result. Whoever asked knows whose answer it was, and says so in a NodeError."""


@dataclass(frozen=True)
class Results:
    """The answer of a SELECT (``variables`` and ``rows``; an unbound variable is absent from its row) or of an ASK
    (``boolean``; None for a SELECT)."""

    variables: tuple[str, ...]
    rows: tuple[dict[str, Term], ...]
    boolean: bool | None = None


def read_json_results(data: bytes | bytearray, *, max_bytes: int | None = None) -> Results:
    """Read one whole answer. Strict: whatever the Recommendation does not allow raises MalformedResults, and so does
    an answer of more than ``max_bytes``."""
    if max_bytes is not None and len(data) > max_bytes:
        raise MalformedResults(f"the answer has {len(data):,} bytes, more than the {max_bytes:,} that are read")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MalformedResults(f"not JSON: {error}") from error
    head = _object(document, "the answer").get("head")
    if not isinstance(head, dict):
        raise MalformedResults('no "head"')
    if "boolean" in document:
        if not isinstance(document["boolean"], bool):
            raise MalformedResults('"boolean" is neither true nor false')
        return Results((), (), document["boolean"])
    variables = head.get("vars")
    if not isinstance(variables, list) or not all(isinstance(v, str) for v in variables):
        raise MalformedResults('"head" has no list "vars"')
    bindings = _object(document.get("results"), '"results"').get("bindings")
    if not isinstance(bindings, list):
        raise MalformedResults('"results" has no list "bindings"')
    known = set(variables)
    rows: list[dict[str, Term]] = []
    for binding in bindings:
        row = {name: _term(value) for name, value in _object(binding, "a binding").items()}
        if not row.keys() <= known:
            raise MalformedResults(f"a binding has variables that are not in the head: {sorted(row.keys() - known)}")
        rows.append(row)
    return Results(tuple(variables), tuple(rows))


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedResults(f"{what} is not an object")
    return value


def _term(given: Any) -> Term:
    term = _object(given, "a term")
    kind, value = term.get("type"), term.get("value")
    if not isinstance(value, str):
        raise MalformedResults("a term has no text as its value")
    if kind == "uri":
        return iri_term(value)
    if kind == "bnode":
        return Term("bnode", value)
    if kind in ("literal", "typed-literal"):  # the second is what endpoints wrote before 2013
        language, datatype = term.get("xml:lang"), term.get("datatype")
        if not isinstance(language, str | None) or not isinstance(datatype, str | None):
            raise MalformedResults("a literal's language or datatype is not a text")
        return literal_term(value, language=language, datatype=datatype)
    raise MalformedResults(f"{kind!r} is not a type of term")
