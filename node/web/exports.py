"""Exports of datasets: at fixed addresses below the dataset's, and what negotiation and pages need of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Blueprint, Response, current_app, request

from node.errors import NotFound
from node.model.kinds import Kind, kind_of
from node.publishing.catalog import DatasetSummary
from node.publishing.export import citations, datacite, rocrate, schemaorg
from node.publishing.export.dataset import NAMES, Dataset, agents_of, read_dataset
from node.publishing.export.formats import (
    BIBTEX,
    CSL,
    DATACITE_JSON,
    DATACITE_XML,
    DATASET_EXPORTS,
    RIS,
    RO_CRATE,
    SCHEMA_ORG,
)
from node.rdf.formats import Format
from node.rdf.namespaces import RDF_TYPE
from node.rdf.statements import read_ntriples
from node.web.call import read_call
from node.web.facts import facts
from node.web.responses import data
from node.web.signposting import ABOUT_PAGE, Link, to

if TYPE_CHECKING:
    from node.assembly import Node

blueprint = Blueprint("exports", __name__)

_SCHEMA_DATASET = "https://schema.org/Dataset"


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"


_WRITERS: dict[Format, Callable[[Dataset], bytes]] = {
    SCHEMA_ORG: lambda given: _json(schemaorg.dataset(given)),
    RO_CRATE: lambda given: _json(rocrate.crate(given)),
    DATACITE_JSON: lambda given: _json(datacite.to_json(given)),
    DATACITE_XML: datacite.to_xml,
    BIBTEX: lambda given: citations.bibtex(given).encode(),
    CSL: lambda given: _json(citations.csl(given)),
    RIS: lambda given: citations.ris(given).encode(),
}


@blueprint.get("/datasets/<dataset>/schema.jsonld")
def schema_org(dataset: str) -> Response:
    return _at(dataset, SCHEMA_ORG)


@blueprint.get("/datasets/<dataset>/ro-crate-metadata.json")
def ro_crate(dataset: str) -> Response:
    return _at(dataset, RO_CRATE)


@blueprint.get("/datasets/<dataset>/datacite.json")
def datacite_json(dataset: str) -> Response:
    return _at(dataset, DATACITE_JSON)


@blueprint.get("/datasets/<dataset>/datacite.xml")
def datacite_xml(dataset: str) -> Response:
    return _at(dataset, DATACITE_XML)


@blueprint.get("/datasets/<dataset>/citation.bib")
def bibtex(dataset: str) -> Response:
    return _at(dataset, BIBTEX)


@blueprint.get("/datasets/<dataset>/citation.json")
def csl(dataset: str) -> Response:
    return _at(dataset, CSL)


@blueprint.get("/datasets/<dataset>/citation.ris")
def ris(dataset: str) -> Response:
    return _at(dataset, RIS)


def _at(dataset: str, format_: Format) -> Response:
    """One export, whatever the header ``Accept`` says: who asks here wants this."""
    call = read_call(current_app, request)
    if kind_of(dataset)[0] is not Kind.DATASET:
        raise NotFound(f"there is no dataset {dataset}.", remedy="The datasets are listed at /datasets/.")
    summary = call.node.catalog.dataset(dataset)
    given = dataset_of(call.node, summary, call.node.catalog.describe(summary.iri))
    response = data(call, _WRITERS[format_](given), format_.content_type)
    page = f"{call.root}datasets/{quote(dataset)}"
    response.headers.add("Link", Link("describes", page, "text/html").header)
    return response


def dataset_of(node: Node, summary: DatasetSummary, description: bytes) -> Dataset:
    """A dataset as plain values, with the names of the persons and organisations that its description leads to."""
    statements = read_ntriples(description)
    names = facts(node, agents_of(summary.iri, statements), (*NAMES, RDF_TYPE))
    return read_dataset(summary, (*statements, *read_ntriples(names)), node.settings.node, node.identifiers)


def writers(given: Callable[[], Dataset]) -> Mapping[Format, Callable[[], bytes]]:
    """What writes each export; the dataset is read when one is asked for."""
    return {format_: partial(_written, format_, given) for format_ in DATASET_EXPORTS}


def _written(format_: Format, given: Callable[[], Dataset]) -> bytes:
    return _WRITERS[format_](given())


def dataset_links(summary: DatasetSummary, description: bytes, node: Node) -> tuple[Link, ...]:
    """What Signposting has a dataset's page lead to, without its formats. Asks the store nothing."""
    given = read_dataset(summary, read_ntriples(description), node.settings.node, node.identifiers)
    downloads = tuple(Link("item", d.address, d.media_type) for d in given.distributions if d.download)
    return (
        *to("cite-as", [given.cite_as]),
        *to("type", [ABOUT_PAGE, _SCHEMA_DATASET]),
        *to("license", [given.license]),
        *to("author", [creator.iri for creator in given.creators]),
        *(to("item", [given.graph], "text/turtle") if given.open else ()),
        *(link for link in downloads if link.target.startswith(("http://", "https://"))),
        *to("collection", [given.catalog], "text/html"),
    )
