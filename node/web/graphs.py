"""The named graphs of what is published, whole."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, Response, current_app, request

from node.errors import AccessDenied, NotFound
from node.model.access import Tier
from node.rdf.formats import GRAPH_FORMATS
from node.web.answers import whole_graph
from node.web.call import read_call
from node.web.responses import described

blueprint = Blueprint("graphs", __name__)


@blueprint.get("/graph/")
def catalog_graph() -> Response:
    call = read_call(current_app, request)
    node = call.node
    return described(
        call,
        iri=node.identifiers.catalog,
        ntriples=node.catalog.catalog_description(),
        formats=GRAPH_FORMATS,
    )


@blueprint.get("/graph/<dataset>")
def graph(dataset: str) -> Response:
    call = read_call(current_app, request)
    return whole_graph(call, partial(call.node.catalog.dataset_graph, dataset))


@blueprint.get("/graph/<dataset>/provenance")
def provenance(dataset: str) -> Response:
    call = read_call(current_app, request)
    return whole_graph(call, partial(call.node.catalog.provenance, dataset))


@blueprint.get("/graph/<dataset>/records")
def records(dataset: str) -> Response:
    """The samples of a dataset that is not open: there, but for nobody who comes this way."""
    call = read_call(current_app, request)
    node = call.node
    node.catalog.dataset(dataset)
    if node.identifiers.records_graph(dataset) in node.store.graphs((Tier.CONTROLLED,)):
        raise AccessDenied(
            "the samples of this dataset are not open to everybody.",
            remedy=f"Ask the contact that {node.identifiers.dataset(dataset)} names.",
        )
    raise NotFound("this dataset has no graph of its own for samples.", remedy="They are in the graph of the dataset.")
