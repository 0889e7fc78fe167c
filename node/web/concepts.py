"""``/concepts``: finding concepts, the page of each, and how many samples of it there are here and in the network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Blueprint, Response, current_app, request

from node.errors import ProtocolError
from node.ontology.about import About
from node.ontology.codes import curie
from node.ontology.core import concept_triples
from node.ontology.releases import release_of
from node.ontology.search import LONGEST, MOST, Hit, Wanted
from node.ontology.usage import SAMPLE_PROPERTIES
from node.publishing.export.formats import LINKSET
from node.rdf import terms
from node.rdf.formats import GRAPH_FORMATS
from node.rdf.namespaces import DCT, FOAF, RDF_TYPE, SKOS, VOID, XSD, shorten
from node.rdf.statements import read_ntriples
from node.web.call import Call, query_string, read_call
from node.web.concept_views import (
    PLAIN_JSON,
    VARY_BY_LANGUAGE,
    Samples,
    address_of,
    as_json,
    caller,
    datasets_of,
    entry,
    entry_points,
    for_caller,
    languages_of,
    own_name,
    property_wanted,
    samples_of,
    values_of,
    whole_number,
)
from node.web.facts import facts
from node.web.negotiation import HTML
from node.web.pages import LABELS, TITLES, title_of
from node.web.responses import data, described, page
from node.web.signposting import ABOUT_PAGE, Link, to

if TYPE_CHECKING:
    from node.assembly import Node

blueprint = Blueprint("concepts", __name__)

PAGE_SIZE = 20
_LARGEST_PAGE = 100
#: Of the terms of one document, the most that are described at its address.
_MOST_TERMS = 1_000
#: What stays as it is in an IRI made of a decoded path (RFC 3987, ``isegment``).
_IN_IRI = "/!$&'()*+,;=:@-._~"
_SCOPES = (("exact", "synonyms"), ("narrow", "narrow"), ("broad", "broad"), ("related", "related"))


@blueprint.get("/concepts")
def search() -> Response:
    """Concepts by what they are called; without a text, where to begin looking around."""
    call = read_call(current_app, request)
    choice = call.require((PLAIN_JSON, HTML))
    wanted = _wanted(call, begun=False)
    if choice.format is PLAIN_JSON:
        return _hits(call, wanted)
    found = call.node.concepts().find(wanted)

    def at(offset: int) -> str:
        kept = {name: value for name, value in call.parameters if name != "offset" and value}
        return call.url("concepts", **kept, offset=str(offset))

    response = page(
        call,
        "concepts.html",
        wanted=wanted,
        below=", ".join(values_of(call, "below")),
        lang=", ".join(values_of(call, "lang")),
        hits=[_hit(call, hit) for hit in found.hits],
        next=at(wanted.offset + wanted.limit) if found.more else None,
        previous=at(max(0, wanted.offset - wanted.limit)) if wanted.offset else None,
        longest=LONGEST,
        sources=_sources(call.node),
        roots=[] if wanted.text else [entry(call, iri) for iri, _property in entry_points(call.node)],
        size=len(call.node.vocabulary()),
    )
    response.headers["Vary"] = VARY_BY_LANGUAGE
    return response


@blueprint.get("/concepts/suggest")
def suggest() -> Response:
    """The same as JSON while somebody types: the last word may be only begun."""
    call = read_call(current_app, request)
    call.require((PLAIN_JSON,))
    return _hits(call, _wanted(call, begun=True))


@blueprint.get("/concepts/<path:code>")
def concept(code: str) -> Response:
    """The page of a concept, its RDF and its JSON; other spellings of its code lead there."""
    call = read_call(current_app, request)
    code = code.rstrip("/")
    iri = call.node.concepts().named(code)
    if code != curie(iri):
        own = call.node.concepts().codes.iri(code) is not None
        rest = f"?{query_string(request)}" if request.query_string else ""
        return Response(status=301 if own else 303, headers={"Location": address_of(call, iri) + rest})
    return concept_response(call, iri)


@blueprint.get("/concepts/<path:code>/network")
def network(code: str) -> Response:
    """How many samples of a concept or one below it each member of the network has."""
    call = read_call(current_app, request)
    node = call.node
    iri = node.concepts().named(code.rstrip("/"))
    choice = call.require((PLAIN_JSON, HTML))
    principal = caller(node)
    property_iri = property_wanted(call, iri)
    here = samples_of(node, iri, property_iri, principal)
    asked = node.network_usage.of(property_iri, node.vocabulary())
    counts = [here.below, *(one.usage.below(iri) if one.usage else None for one in asked)]
    document = {
        **entry(call, iri),
        "property": shorten(property_iri),
        "here": here.below,
        "members": [
            {"name": one.name, "endpoint": one.endpoint, "samples": samples, "problem": one.problem}
            for one, samples in zip(asked, counts[1:], strict=True)
        ],
        "total": sum(count for count in counts if count is not None),
        "complete": None not in counts,
    }
    if choice.format is PLAIN_JSON:
        return for_caller(data(call, as_json(document), choice.content_type), principal)
    return for_caller(page(call, "concept_network.html", found=document, property=LABELS[property_iri]), principal)


def term_response(call: Call) -> Response | None:
    """What a node says at the IRIs of concepts that were minted under its base, as an extension's are.

    At the address before the ``#`` of such IRIs all concepts that have it before theirs are described. None for an
    address that no concept has.
    """
    vocabulary = call.node.vocabulary()
    iri = call.node.identifiers.base + quote(call.path.lstrip("/"), safe=_IN_IRI)
    if iri in vocabulary:
        return concept_response(call, iri)
    named = [one for one in vocabulary.iris() if one.startswith(f"{iri}#")][:_MOST_TERMS]
    if not named:
        return None
    found = [concept for one in named if (concept := vocabulary.get(one))]
    return described(
        call,
        iri=iri,
        ntriples=b"".join(map(concept_triples, found)),
        make_page=lambda: page(
            call,
            "document.html",
            title=iri.rsplit("/", 1)[-1],
            terms=[{"iri": curie(c.iri), "label": c.label, "text": c.definition} for c in found],
            formats=GRAPH_FORMATS,
        ),
    )


def concept_response(call: Call, iri: str) -> Response:
    """A concept as the call wants it."""
    node = call.node
    concepts = node.concepts()
    principal = caller(node)
    about = About.of(iri, concepts, release_of(node.store, concepts.vocabulary.source_of(iri) or ""))
    address = address_of(call, iri)
    main = property_wanted(call, iri)
    counted = (samples_of(node, iri, property_iri, principal) for property_iri in SAMPLE_PROPERTIES)
    used = [samples for samples in counted if samples.below or samples.problem]
    datasets, problem = datasets_of(node, iri, main, principal)
    # Turtle comes first, as for every description, and JSON before JSON-LD, which goes by its name too.
    turtle, *others = GRAPH_FORMATS
    if call.require((turtle, PLAIN_JSON, *others, HTML, LINKSET)).format is PLAIN_JSON:
        document = {
            **entry(call, iri),
            "definition": about.concept.definition,
            "synonyms": {kind: list(getattr(about.concept, field)) for kind, field in _SCOPES},
            "translations": [
                {"language": t.language, "kind": t.kind, "name": t.text} for t in about.concept.translations
            ],
            **about.context(),
            "replaced_by": curie(about.concept.replaced_by) if about.concept.replaced_by else None,
            "samples": [
                {"property": shorten(s.property_iri), "below": s.below, "exactly": s.exactly, "problem": s.problem}
                for s in used
            ],
            "datasets": [{"iri": dataset, "samples": count} for dataset, count in datasets],
            "network": f"{address}/network",
        }
        return for_caller(data(call, as_json(document), PLAIN_JSON.content_type), principal)

    def make_page() -> Response:
        below = [(entry(call, i), samples_of(node, i, main, principal).below) for i, _label in about.children]
        return page(
            call,
            "concept.html",
            about=about,
            code=curie(iri),
            iri=iri,
            address=address,
            translated=own_name(about.concept, languages_of(call)),
            scopes=[(kind, _distinct(getattr(about.concept, field), about.concept.label)) for kind, field in _SCOPES],
            parents=[entry(call, i) for i, _label in about.parents],
            children=sorted(below, key=lambda pair: -(pair[1] or 0)),
            successor=entry(call, about.successor[0]) if about.successor else None,
            mappings=[(m, shorten(m.predicate).partition(":")[2]) for m in about.mappings],
            used=used,
            main=LABELS[main],
            datasets=_titled(node, datasets),
            problem=problem,
            members=len(node.federation.members()),
            tree=call.url("concepts/tree", root=curie(iri)),
            formats=(PLAIN_JSON, *GRAPH_FORMATS),
        )

    triples = about.triples() + "".join(_usage(call, iri, used, main, datasets)).encode()
    links = (
        *to("cite-as", [iri]),
        *to("type", [ABOUT_PAGE, SKOS + "Concept"]),
        Link("describedby", f"{address}?format=json", PLAIN_JSON.media_type),
    )
    response = described(call, iri=iri, ntriples=triples, make_page=make_page, address=address, links=links)
    return for_caller(response, principal)


def _distinct(names: Sequence[str], label: str) -> list[str]:
    """The names without those that differ from another, or from the label, in case only."""
    found = {name.casefold(): name for name in reversed(names)}
    found.pop(label.casefold(), None)
    return list(reversed(found.values()))


def _wanted(call: Call, *, begun: bool) -> Wanted:
    codes = call.node.concepts().codes
    source = call.parameter("vocabulary") or None
    if source is not None and source not in (known := _sources(call.node)):
        raise ProtocolError(f"no release is called {source[:60]!r} here.", remedy=f"There are: {', '.join(known)}.")
    return Wanted(
        (call.parameter("q") or "").strip(),
        below=tuple(codes.iri(root) or root for root in values_of(call, "below")),
        vocabulary=source,
        obsolete=call.parameter("obsolete") in ("true", "1", "on"),
        languages=languages_of(call),
        begun=begun,
        offset=whole_number(call, "offset", 0, MOST),
        limit=whole_number(call, "limit", PAGE_SIZE, _LARGEST_PAGE, least=1),
    )


def _sources(node: Node) -> list[str]:
    return list(node.vocabulary().sources())


def _hits(call: Call, wanted: Wanted) -> Response:
    found = call.node.concepts().find(wanted)
    document = {
        "query": wanted.text,
        "offset": wanted.offset,
        "limit": wanted.limit,
        "more": found.more,
        "hits": [_hit(call, hit) for hit in found.hits],
    }
    response = data(call, as_json(document), PLAIN_JSON.content_type)
    response.headers["Vary"] = VARY_BY_LANGUAGE
    return response


def _hit(call: Call, hit: Hit) -> dict[str, Any]:
    matched: dict[str, Any] = {"name": hit.name, "kind": hit.kind}
    if hit.language:
        matched["language"] = hit.language
    if hit.relation:
        matched |= {"relation": shorten(hit.relation), "note": hit.note}
    vocabulary = call.node.vocabulary()
    concept = vocabulary.get(hit.iri)
    return {
        **entry(call, hit.iri),
        "score": hit.score,
        "matched": matched,
        "obsolete": hit.obsolete,
        "definition": concept.definition if concept else "",
        "source": vocabulary.source_of(hit.iri),
    }


def _titled(node: Node, datasets: Sequence[tuple[str, int]]) -> list[tuple[str, str, int]]:
    """The datasets with their titles."""
    statements = read_ntriples(facts(node, [dataset for dataset, _count in datasets], TITLES))
    return [(dataset, title_of(dataset, statements, dataset), count) for dataset, count in datasets]


def _usage(
    call: Call, iri: str, used: Sequence[Samples], main: str, datasets: Sequence[tuple[str, int]]
) -> Iterator[str]:
    """What the page says of samples, in VoID: for each property a dataset of those that carry the concept there."""
    address = call.host + address_of(call, iri)
    yield terms.triple(terms.iri(address), terms.iri(FOAF + "primaryTopic"), terms.iri(iri))
    for samples in used:
        if samples.below:
            part = terms.iri(f"{address}#{samples.property_iri.rpartition('#')[2]}")
            number = terms.literal(str(samples.below), datatype=XSD + "integer")
            yield terms.triple(part, terms.iri(RDF_TYPE), terms.iri(VOID + "Dataset"))
            yield terms.triple(part, terms.iri(DCT + "subject"), terms.iri(iri))
            yield terms.triple(part, terms.iri(VOID + "property"), terms.iri(samples.property_iri))
            yield terms.triple(part, terms.iri(VOID + "entities"), number)
            if samples.property_iri == main:
                for dataset, _count in datasets:
                    yield terms.triple(part, terms.iri(DCT + "source"), terms.iri(dataset))
