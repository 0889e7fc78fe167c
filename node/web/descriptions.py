"""The IRIs that the node mints: catalogue, datasets, samples, donors, organisation, unnamed parts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Blueprint, Response, current_app, request

from node.errors import NotFound, ProtocolError
from node.model.kinds import Kind, name_of
from node.publishing.export import schemaorg
from node.publishing.export.dataset import Dataset
from node.publishing.export.formats import DATASET_EXPORTS, LINKSET
from node.rdf.formats import GRAPH_FORMATS
from node.rdf.namespaces import DCT, ONCO, SCHEMA, SPECIMEN
from node.rdf.statements import Statement, read_ntriples
from node.web.call import Call, read_call
from node.web.exports import dataset_links, dataset_of, writers
from node.web.facts import facts
from node.web.pages import TITLES, Shower, nameless, shower, title_of
from node.web.responses import described, page
from node.web.signposting import ABOUT_PAGE, Link, to

if TYPE_CHECKING:
    from node.assembly import Node

blueprint = Blueprint("descriptions", __name__)

PAGE_SIZE = 50
_SAMPLE_COLUMNS = (
    (ONCO + "diagnosis", "Diagnosis"),
    (ONCO + "anatomicalSite", "Anatomical site"),
    (ONCO + "sampleType", "Sample type"),
    (ONCO + "assay", "Assay"),
)
_SHOWN_ABOVE = (DCT + "title", DCT + "description", SCHEMA + "name", SCHEMA + "description")
# RFC 3987: what a path segment of an IRI may hold besides letters and digits (isegment of ipchar).
_SEGMENT = "!$&'()*+,;=:@"
_NOT_IN_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\%/?#]')


@blueprint.get("/")
def catalog() -> Response:
    call = read_call(current_app, request)
    node = call.node

    def make_page() -> Response:
        return page(
            call,
            "catalog.html",
            formats=GRAPH_FORMATS,
            datasets=datasets,
            others={kind: node.catalog.descriptions(kind) for kind in Kind if kind is not Kind.DATASET},
            members=node.federation.members(),
            show=_shower(node),
            structured=schemaorg.catalog(node.settings.node, node.identifiers.catalog, pages),
        )

    datasets = node.catalog.datasets()
    pages = [(summary, node.identifiers.dataset(summary.id)) for summary in datasets]
    links = (
        *to("cite-as", [node.identifiers.catalog]),
        *to("type", [ABOUT_PAGE, "https://schema.org/DataCatalog"]),
        *to("item", [address for _, address in pages], "text/html"),
        Link("describedby", f"{call.root}.well-known/void", "text/turtle"),
    )
    return described(
        call,
        iri=node.identifiers.catalog,
        ntriples=node.catalog.catalog_description(),
        make_page=make_page,
        links=(*links, Link("https://w3id.org/ldes#EventStream", call.url("feed"))),
    )


@blueprint.get("/datasets/")
def datasets() -> Response:
    call = read_call(current_app, request)
    node = call.node
    return described(
        call,
        iri=node.identifiers.catalog,
        ntriples=node.catalog.catalog_description(),
        make_page=lambda: page(call, "datasets.html", datasets=node.catalog.datasets(), show=_shower(node)),
    )


@blueprint.get("/datasets/<dataset>")
def dataset(dataset: str) -> Response:
    return dataset_response(read_call(current_app, request), dataset)


def dataset_response(call: Call, dataset: str) -> Response:
    """A dataset as the call wants it."""
    node = call.node
    iri = _dataset_iri(node, dataset)
    ntriples = node.catalog.describe(iri)
    summary = node.catalog.dataset(dataset)

    @cache
    def given() -> Dataset:
        return dataset_of(node, summary, ntriples)

    def make_page() -> Response:
        statements = read_ntriples(ntriples)
        show = _shower(node, statements)
        return page(
            call,
            "dataset.html",
            given=given(),
            structured=schemaorg.dataset(given()),
            exports=DATASET_EXPORTS,
            iri=iri,
            dataset=dataset,
            title=title_of(iri, statements, dataset),
            summary=summary,
            properties=show.properties(iri, statements, leave_out=(DCT + "title", DCT + "description")),
            formats=GRAPH_FORMATS,
            show=show,
        )

    own = f"{call.root}datasets/{quote(dataset)}"
    return described(
        call,
        iri=iri,
        ntriples=ntriples,
        make_page=make_page,
        address=own,
        exports=writers(given),
        links=(
            *dataset_links(summary, ntriples, node),
            Link("item", f"{own}/samples/", "text/html"),
            Link("describedby", f"{call.root}graph/{quote(dataset)}", "text/turtle"),
            Link("version-history", f"{call.root}graph/{quote(dataset)}/provenance"),
        ),
    )


@blueprint.get("/datasets/<dataset>/linkset")
def linkset(dataset: str) -> Response:
    """The link set of a dataset's page at an address of its own."""
    call = read_call(current_app, request)
    return dataset_response(replace(call, parameters=(("format", LINKSET.name),)), dataset)


@blueprint.get("/software/", defaults={"kind": "software"})
@blueprint.get("/infrastructures/", defaults={"kind": "infrastructures"})
@blueprint.get("/services/", defaults={"kind": "services"})
def others(kind: str) -> Response:
    """The list of one kind of description that is no dataset."""
    call = read_call(current_app, request)
    node = call.node
    found = node.catalog.descriptions(Kind(kind))
    return described(
        call,
        iri=node.identifiers.catalog,
        ntriples=node.catalog.catalog_description(),
        make_page=lambda: page(call, "descriptions.html", title=kind.capitalize(), found=found, show=_shower(node)),
        address=f"{call.root}{kind}/",
    )


@blueprint.get("/software/<slug>", defaults={"kind": "software"})
@blueprint.get("/infrastructures/<slug>", defaults={"kind": "infrastructures"})
@blueprint.get("/services/<slug>", defaults={"kind": "services"})
def other(kind: str, slug: str) -> Response:
    """Software, an infrastructure or a service."""
    call = read_call(current_app, request)
    node = call.node
    name = name_of(Kind(kind), slug)
    iri = node.catalog.resolve(f"{kind}/{slug}")
    ntriples = node.catalog.describe(iri)
    summary = node.catalog.dataset(name)
    own = f"{call.root}{kind}/{quote(slug)}"

    def make_page() -> Response:
        statements = read_ntriples(ntriples)
        show = _shower(node, statements)
        return page(
            call,
            "description.html",
            iri=iri,
            kind=kind,
            name=name,
            address=own,
            summary=summary,
            properties=show.properties(iri, statements, leave_out=_SHOWN_ABOVE),
            formats=GRAPH_FORMATS,
        )

    links = (
        *to("cite-as", [iri]),
        *to("type", [ABOUT_PAGE]),
        *to("license", [summary.license]),
        Link("describedby", f"{call.root}graph/{quote(name, safe=':')}", "text/turtle"),
    )
    return described(call, iri=iri, ntriples=ntriples, make_page=make_page, address=own, links=links)


@blueprint.get("/datasets/<dataset>/samples/")
def samples(dataset: str) -> Response:
    call = read_call(current_app, request)
    node = call.node
    dataset_iri = _dataset_iri(node, dataset)
    description = node.catalog.describe(dataset_iri)
    offset = _offset(call)
    found = node.catalog.samples(dataset, offset, PAGE_SIZE + 1)
    more, shown = len(found) > PAGE_SIZE, found[:PAGE_SIZE]
    ntriples = facts(node, shown, (*TITLES, DCT + "isPartOf", *(p for p, _ in _SAMPLE_COLUMNS)))
    own = f"{call.root}datasets/{quote(dataset)}/samples/"

    def make_page() -> Response:
        show = _shower(node)
        statements = read_ntriples(ntriples)
        return page(
            call,
            "samples.html",
            dataset=dataset,
            title=title_of(dataset_iri, read_ntriples(description), dataset),
            total=node.catalog.dataset(dataset).samples,
            columns=[label for _, label in _SAMPLE_COLUMNS],
            rows=[_sample_row(show, sample, statements) for sample in shown],
            offset=offset,
            page_size=PAGE_SIZE,
            more=more,
            own=own,
        )

    links = [Link("collection", f"{call.root}datasets/{quote(dataset)}", "text/html")]
    if more:
        links.append(Link("next", f"{own}?offset={offset + PAGE_SIZE}"))
    if offset:
        links.append(Link("prev", f"{own}?offset={max(0, offset - PAGE_SIZE)}"))
    return described(call, iri=dataset_iri, ntriples=ntriples, make_page=make_page, address=own, links=links)


@blueprint.get("/datasets/<dataset>/samples/<path:sample>")
def sample(dataset: str, sample: str) -> Response:
    call = read_call(current_app, request)
    return _record(call, "Sample", dataset, "samples", sample)


@blueprint.get("/datasets/<dataset>/donors/<path:donor>")
def donor(dataset: str, donor: str) -> Response:
    call = read_call(current_app, request)
    return _record(call, "Donor", dataset, "donors", donor)


@blueprint.get("/organisation")
def organisation() -> Response:
    call = read_call(current_app, request)
    return _resource(call, "Organisation", f"{call.node.identifiers.base}organisation")


@blueprint.get("/.well-known/genid/<token>")
def unnamed(token: str) -> Response:
    call = read_call(current_app, request)
    return _resource(call, "Part of a description", call.node.identifiers.skolem(quote(token, safe="")))


def _record(call: Call, kind: str, dataset: str, collection: str, name: str) -> Response:
    """A sample or donor. Its IRI was minted with every special character encoded, or written by the partner."""
    node = call.node
    base = f"{node.identifiers.dataset(quote(dataset, safe=_SEGMENT))}/{collection}/"
    minted = node.catalog.resolve(f"datasets/{dataset}/{collection}/{name}")
    missing: NotFound | None = None
    for iri in dict.fromkeys((minted, *(base + spelling for spelling in _spellings(name)))):
        try:
            return _resource(call, kind, iri, parent=dataset)
        except NotFound as error:
            missing = missing or error
    assert missing is not None  # there is at least one spelling
    raise missing


def _spellings(name: str) -> tuple[str, ...]:
    """The ways a name can stand in an IRI. The address arrives decoded, so they cannot be told apart by it."""
    ways = [
        quote(name, safe=""),
        quote(name, safe=_SEGMENT),
        _NOT_IN_IRI.sub(lambda m: quote(m.group(), safe=""), name),
        quote(name, safe=_SEGMENT + "/"),
    ]
    if name.endswith("/"):
        ways.append(quote(name.rstrip("/"), safe=""))
    return tuple(dict.fromkeys(ways))


def _resource(call: Call, kind: str, iri: str, *, parent: str | None = None) -> Response:
    node = call.node
    ntriples = node.catalog.describe(iri)
    # The name without the base is the path below the root, already percent-encoded where it must be.
    address = quote(call.root + iri.removeprefix(node.identifiers.base), safe="/%:@!$'()*+,=")

    def make_page() -> Response:
        statements = read_ntriples(ntriples)
        show = _shower(node, statements)
        return page(
            call,
            "resource.html",
            address=address,
            iri=iri,
            kind=kind,
            title=title_of(iri, statements, show.short(iri)),
            properties=show.properties(iri, statements),
            parent=parent,
            formats=GRAPH_FORMATS,
            structured=_structured(node, kind, iri, statements, parent),
        )

    links = (
        *to("cite-as", [iri]),
        *to("type", [ABOUT_PAGE, *_types(kind)]),
        *([Link("collection", f"{call.root}datasets/{quote(parent)}", "text/html")] if parent else []),
    )
    return described(call, iri=iri, ntriples=ntriples, make_page=make_page, address=address, links=links)


def _types(kind: str) -> tuple[str, ...]:
    """Classes that everybody knows what is on a page of this kind by."""
    return {
        "Sample": (SPECIMEN,),
        "Donor": (ONCO + "Donor",),
        "Organisation": ("https://schema.org/Organization",),
    }.get(kind, ())


def _structured(
    node: Node, kind: str, iri: str, statements: Sequence[Statement], parent: str | None
) -> dict[str, Any] | None:
    """What is said in schema.org in the page of a sample."""
    if kind != "Sample" or parent is None:
        return None
    concepts = node.vocabulary()

    def label_of(code: str) -> str | None:
        concept = concepts.get(code)
        return concept.label if concept else None

    return schemaorg.sample(iri, statements, label_of, iri, _dataset_iri(node, parent))


def _dataset_iri(node: Node, dataset: str) -> str:
    return node.catalog.resolve(f"datasets/{dataset}")


def _shower(node: Node, statements: Sequence[Statement] = ()) -> Shower:
    """What shows RDF on a page, knowing the names of the things on this node that the statements lead to."""
    wanted = nameless(node.identifiers.base, statements)
    names: dict[str, str] = {}
    if wanted:
        found = read_ntriples(facts(node, wanted, TITLES))
        names = {iri: name for iri in wanted if (name := title_of(iri, found, ""))}
    return shower(node.identifiers.base, node.vocabulary(), names)


def _offset(call: Call) -> int:
    text = call.parameter("offset") or "0"
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ProtocolError(
            f"the parameter offset is {text[:40]!r}, not a whole number.", remedy="Start with offset=0."
        )
    return int(text)


def _sample_row(show: Shower, sample: str, statements: tuple[Statement, ...]) -> dict[str, object]:
    own = [s for s in statements if s.subject == sample]
    cells = [[show.value(s.object) for s in own if s.predicate == predicate] for predicate, _ in _SAMPLE_COLUMNS]
    return {"title": title_of(sample, own, show.short(sample)), "href": show.href(sample), "cells": cells}
