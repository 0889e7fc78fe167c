"""What is at a fixed address on every node: VoID, context, shapes, vocabulary, explanations of problems, health."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache

from flask import Blueprint, Response, current_app, request

from node.errors import NotFound, TooBusy
from node.ontology.releases import release_of
from node.policy.decide import ANONYMOUS
from node.publishing.summary import void_description
from node.rdf.formats import GRAPH_FORMATS, JSON, JSONLD, NTRIPLES, TURTLE
from node.rdf.namespaces import ONCO, RDFS, RDFS_LABEL, SH, SKOS, shorten
from node.rdf.statements import Statement, read_ntriples, to_ntriples
from node.rdf.terms import iri as iriref
from node.resources import resource
from node.sparql.protocol import DATA_VERSION_HEADER
from node.web.call import read_call
from node.web.middleware import NOTES
from node.web.negotiation import choose_among
from node.web.problems import EXPLANATIONS, kind_status, kinds
from node.web.responses import data, described, page

blueprint = Blueprint("wellknown", __name__)

_HOUR = 3600
#: The VoID description of a generation, with its number: every node that asks this one wants it.
_VOID = "onconode.void"


@blueprint.get("/.well-known/void")
def void() -> Response:
    call = read_call(current_app, request)
    node = call.node
    # Read before the description, so that a change in between gives an ETag that does not come back.
    generation = node.store.generation().number
    request.environ[NOTES] = {"generation": generation}
    kept: tuple[int, bytes] | None = current_app.extensions.get(_VOID)
    if kept is None or kept[0] != generation:
        kept = generation, void_description(node.store, node.identifiers, node.settings.node)
        current_app.extensions[_VOID] = kept
    response = described(
        call,
        iri=f"{node.identifiers.base}.well-known/void",
        ntriples=kept[1],
        formats=GRAPH_FORMATS,
        # Other nodes keep what they fetched here for as long as this ETag stays. Equal counts are not equal data.
        version=str(generation),
    )
    response.headers[DATA_VERSION_HEADER] = call.validators.data(generation)
    return response


@blueprint.get("/context/v1.jsonld")
def context() -> Response:
    call = read_call(current_app, request)
    return data(call, _file("ontologies/context/v1.jsonld"), JSONLD.media_type, max_age=_HOUR)


@blueprint.get("/shapes")
def shapes() -> Response:
    call = read_call(current_app, request)
    return _document("ontologies/shapes.ttl", iri=f"{call.node.identifiers.base}shapes", title="Shapes")


@blueprint.get("/vocab")
def vocabulary() -> Response:
    """The hub's vocabulary: the release that is installed here, else the one that ships with the node."""
    call = read_call(current_app, request)
    release = release_of(call.node.store, "onconode")
    iri = ONCO.rstrip("#")
    if release is None or release.graph is None or release.digest == _digest("ontologies/onconode.ttl"):
        return _document("ontologies/onconode.ttl", iri=iri, title="Vocabulary")
    text = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH {iriref(release.graph)} {{ ?s ?p ?o }} }}"
    with call.node.query(text, ANONYMOUS, (JSON, NTRIPLES)) as answer:
        ntriples = b"".join(answer)
    return described(
        call,
        iri=iri,
        ntriples=ntriples,
        make_page=lambda: page(
            call, "document.html", title="Vocabulary", terms=terms(read_ntriples(ntriples)), formats=GRAPH_FORMATS
        ),
    )


def _document(name: str, *, iri: str, title: str) -> Response:
    """An RDF document that ships with the node: as it is in Turtle, else rewritten, or as a page of its terms."""
    call = read_call(current_app, request)
    turtle = _file(name)
    choice = choose_among(call.accept, GRAPH_FORMATS, call.parameter("format")) if not call.wants_page else None
    if choice is not None and choice.format is TURTLE:
        return data(call, turtle, choice.content_type, max_age=_HOUR)
    ntriples = _ntriples(name)
    return described(
        call,
        iri=iri,
        ntriples=ntriples,
        make_page=lambda: page(
            call, "document.html", title=title, terms=terms(read_ntriples(ntriples)), formats=GRAPH_FORMATS
        ),
    )


@blueprint.get("/problems/")
def problem_list() -> Response:
    call = read_call(current_app, request)
    return page(call, "problems.html", kinds=[(s, c.title, kind_status(c)) for s, c in kinds().items()])


@blueprint.get("/problems/<slug>")
def problem_page(slug: str) -> Response:
    call = read_call(current_app, request)
    kind = kinds().get(slug)
    if kind is None:
        raise NotFound("there is no kind of problem of this name.", remedy=f"There are: {', '.join(kinds())}.")
    values = {"slug": slug, "title": kind.title, "status": kind_status(kind), "explanation": EXPLANATIONS[slug]}
    if call.wants_page:
        return page(call, "problem.html", kind=values)
    return data(call, json.dumps(values, ensure_ascii=False).encode(), "application/json", max_age=_HOUR)


@blueprint.get("/health/live")
def live() -> Response:
    return _health({"status": "live"})


@blueprint.get("/health/ready")
def ready() -> Response:
    """Ready: the store's current generation can be read and a worker answers. Busy workers are ready workers."""
    call = read_call(current_app, request)
    try:
        with call.node.query("ASK {}", ANONYMOUS, (JSON, TURTLE)) as answer:
            for _chunk in answer:
                pass
    except TooBusy:
        pass
    return _health({"status": "ready", "generation": call.node.store.generation().number})


def _health(values: dict[str, object]) -> Response:
    response = Response(json.dumps(values), content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def terms(statements: Sequence[Statement]) -> list[dict[str, str]]:
    """The named terms of a document: name, label, and what is said of them; those it defines itself first."""
    found: dict[str, dict[str, str]] = {}
    for s in statements:
        if s.subject.startswith("_:"):
            continue
        entry = found.setdefault(s.subject, {"iri": shorten(s.subject), "label": "", "text": ""})
        if s.predicate in (RDFS_LABEL, SH + "name") and not entry["label"]:
            entry["label"] = s.object.text
        elif s.predicate in (SKOS + "definition", RDFS + "comment", SH + "description") and not entry["text"]:
            entry["text"] = s.object.text
    named = (entry for entry in found.values() if entry["label"] or entry["text"])
    return sorted(named, key=lambda entry: not entry["text"])


@lru_cache(maxsize=8)
def _file(name: str) -> bytes:
    return resource(name).read_bytes()


@lru_cache(maxsize=8)
def _digest(name: str) -> str:
    return hashlib.sha256(_file(name)).hexdigest()


@lru_cache(maxsize=8)
def _ntriples(name: str) -> bytes:
    return to_ntriples(_file(name), TURTLE)
