"""``/concepts/reconcile``: the Reconciliation Service API 0.2, by which OpenRefine and its like code a whole column.

W3C Community Group report "Reconciliation Service API", version 0.2: the manifest (section 3), queries in a batch
(section 4), and suggesting entities while somebody types (section 6.1).
"""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, current_app, request

from node.errors import LimitExceeded, NotFound, ProtocolError
from node.ontology.codes import curie
from node.ontology.search import Hit, Wanted
from node.rdf.namespaces import OBO, OWL
from node.sparql.protocol import read_parameters
from node.web.bodies import read_body
from node.web.call import Call, read_call
from node.web.concept_views import PLAIN_JSON, as_json, entry_points, languages_of, whole_number
from node.web.responses import data

blueprint = Blueprint("reconcile", __name__)

#: The most queries of one batch; OpenRefine sends ten.
MOST_QUERIES = 50
_LONGEST_BODY = 100_000
_LIMIT, _MOST_LIMIT = 5, 50
#: From this score on, and this far above the next, a candidate is said to be the match.
_CERTAIN, _AHEAD = 0.95, 0.02


@blueprint.route("/concepts/reconcile", methods=["GET", "POST"])
def reconcile() -> Response:
    """The manifest, or the answers to a batch of queries."""
    call = read_call(current_app, request)
    texts = dict(call.parameters)
    if request.method == "POST":
        texts |= dict(read_parameters(_form()))
    queries = texts.get("queries")
    document = _manifest(call) if queries is None else _answers(call, queries)
    return data(call, as_json(document), PLAIN_JSON.content_type)


@blueprint.get("/concepts/reconcile/suggest")
def suggest() -> Response:
    """Concepts that begin as ``prefix`` does."""
    call = read_call(current_app, request)
    wanted = Wanted(
        call.parameter("prefix") or "",
        begun=True,
        languages=languages_of(call),
        offset=whole_number(call, "cursor", 0, _MOST_LIMIT),
        limit=10,
    )
    found = call.node.concepts().find(wanted).hits
    result = [{"id": curie(hit.iri), "name": hit.label, "description": _definition(call, hit)} for hit in found]
    return data(call, as_json({"result": result}), PLAIN_JSON.content_type)


def _form() -> str:
    try:
        return read_body(request, _LONGEST_BODY).decode("utf-8")
    except UnicodeDecodeError:
        raise ProtocolError("the body is not UTF-8.", remedy="Send an HTML form, encoded as UTF-8.") from None


def _manifest(call: Call) -> dict[str, Any]:
    base = call.node.identifiers.base
    return {
        "versions": ["0.2"],
        "name": f"Concepts of {call.node.settings.node.title}",
        "identifierSpace": OBO,
        "schemaSpace": OWL,
        "documentation": f"{base}concepts",
        "view": {"url": f"{base}concepts/{{{{id}}}}"},
        "defaultTypes": [_type(call, iri) for iri, _property in entry_points(call.node)],
        "suggest": {"entity": {"service_url": f"{base}concepts/reconcile", "service_path": "/suggest"}},
        "batchSize": MOST_QUERIES,
    }


def _answers(call: Call, text: str) -> dict[str, Any]:
    try:
        queries = json.loads(text)
    except (ValueError, RecursionError):
        queries = None
    if not isinstance(queries, dict) or not all(isinstance(query, dict) for query in queries.values()):
        raise ProtocolError(
            "the parameter queries is not a JSON object of queries.",
            remedy='Write for example {"q0": {"query": "glioblastoma"}}.',
        )
    if len(queries) > MOST_QUERIES:
        raise LimitExceeded(f"a batch has at most {MOST_QUERIES} queries.", remedy="Send several batches.")
    return {key: {"result": _candidates(call, key, query)} for key, query in queries.items()}


def _candidates(call: Call, key: str, query: dict[str, Any]) -> list[dict[str, Any]]:
    text, limit, types = query.get("query"), query.get("limit", _LIMIT), query.get("type") or []
    types = types if isinstance(types, list) else [types]
    said = [one.get("id") if isinstance(one, dict) else one for one in types]
    named = [one for one in said if isinstance(one, str)]
    if not isinstance(text, str) or not isinstance(limit, int) or len(named) != len(said):
        raise ProtocolError(
            f"the query {key[:40]!r} needs a text as query, a number as limit and codes as type.",
            remedy='Write for example {"query": "glioblastoma", "limit": 3, "type": "NCIT:C3262"}.',
        )
    concepts = call.node.concepts()
    below = tuple(concepts.codes.iri(code) or code for code in named)
    try:
        wanted = Wanted(text, below=below, languages=languages_of(call), limit=min(max(limit, 1), _MOST_LIMIT))
        hits = concepts.find(wanted).hits
    except NotFound as error:
        raise ProtocolError(error.detail, remedy=error.remedy) from error
    roots = [iri for iri, _property in entry_points(call.node)]
    return [
        {
            "id": curie(hit.iri),
            "name": hit.label,
            "description": _definition(call, hit),
            "score": round(100 * hit.score, 1),
            "match": _is_match(hits, place),
            "type": [_type(call, root) for root in roots if concepts.vocabulary.is_a(hit.iri, root)],
        }
        for place, hit in enumerate(hits)
    ]


def _is_match(hits: tuple[Hit, ...], place: int) -> bool:
    """Whether a candidate can be taken without looking: it is first, and no other is as like by a name of that kind."""
    first = hits[0]
    rivals = (hit for hit in hits[1:] if hit.kind == first.kind and hit.score > first.score - _AHEAD)
    return place == 0 and first.score >= _CERTAIN and next(rivals, None) is None


def _definition(call: Call, hit: Hit) -> str:
    concept = call.node.vocabulary().get(hit.iri)
    return concept.definition if concept else ""


def _type(call: Call, iri: str) -> dict[str, str]:
    concept = call.node.vocabulary().get(iri)
    return {"id": curie(iri), "name": concept.label if concept else curie(iri)}
