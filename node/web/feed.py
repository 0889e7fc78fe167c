"""The change feed ``/feed`` and its pages: LDES over TREE hypermedia, and the same for people."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, current_app, request

from node.errors import NotFound
from node.publishing.export.formats import LINKSET
from node.publishing.feed import FeedPage, describe_feed, last_page, read_page
from node.rdf.formats import GRAPH_FORMATS
from node.rdf.namespaces import AS, DCAT, DCT, RDF_TYPE, RDFS
from node.rdf.statements import Statement, read_ntriples
from node.web.call import Call, read_call
from node.web.negotiation import HTML
from node.web.pages import Shower, shower
from node.web.responses import DESCRIPTION_FORMATS, described, page
from node.web.signposting import Link

blueprint = Blueprint("feed", __name__)

#: A year, and no asking before (RFC 8246, section 2).
_FOR_EVER = "public, max-age=31536000, immutable"
_WORDS = {AS + "Create": "Published", AS + "Update": "New version", AS + "Delete": "Withdrawn"}


@dataclass(frozen=True)
class Row:
    """One change as the page shows it. ``note`` is the version, or the reason of a withdrawal."""

    time: str
    what: str
    dataset: str
    href: str | None
    note: str


@blueprint.get("/feed")
def feed() -> Response:
    """The event stream; for people, what has changed last."""
    call = read_call(current_app, request)
    node = call.node
    last = last_page(node.store.file)
    return described(
        call,
        iri=node.identifiers.feed,
        ntriples=describe_feed(f"Changes: {node.settings.node.title}", node.store.file, node.identifiers),
        make_page=lambda: _newest(call, last),
        links=_links(call, first=1, last=last),
    )


@blueprint.get("/feed/<number>")
def feed_page(number: str) -> Response:
    """One page of it. A full one may be kept for ever as data; as HTML it may look otherwise one day."""
    call = read_call(current_app, request)
    node = call.node
    if not (number.isascii() and number.isdigit() and number[0] != "0" and len(number) < 10):
        raise NotFound("there is no such page of the change feed.", remedy=f"Begin at {node.identifiers.feed}.")
    found = read_page(int(number), node.store.file, node.identifiers)
    neighbours = {"next": found.number + 1} if found.full else {}
    if found.number > 1:
        neighbours["prev"] = found.number - 1
    response = described(
        call,
        iri=node.identifiers.feed,
        ntriples=found.ntriples,
        make_page=lambda: _page(call, f"Changes, page {found.number}", found),
        links=_links(call, first=1, last=found.last, **neighbours),
    )
    if found.full and call.require((*DESCRIPTION_FORMATS, LINKSET)).format is not HTML:
        response.headers["Cache-Control"] = _FOR_EVER
    return response


def _newest(call: Call, last: int) -> Response:
    """The newest changes: the last page, and the one before it while the last has few."""
    pages = [read_page(n, call.node.store.file, call.node.identifiers) for n in range(max(1, last - 1), last + 1)]
    return _page(call, "What has changed", *reversed(pages))


def _page(call: Call, title: str, *pages: FeedPage) -> Response:
    show = shower(call.node.identifiers.base, call.node.vocabulary(), {})
    oldest = pages[-1].number
    return page(
        call,
        "feed.html",
        title=title,
        rows=[row for each in pages for row in _rows(each, show)],
        address=call.root + call.path.lstrip("/"),
        older=oldest - 1 if oldest > 1 else None,
        newer=pages[0].number + 1 if pages[0].full else None,
        formats=GRAPH_FORMATS,
    )


def _rows(found: FeedPage, show: Shower) -> list[Row]:
    """The changes of a page, the newest first."""
    members: dict[str, dict[str, Statement]] = {}
    for statement in read_ntriples(found.ntriples):
        members.setdefault(statement.subject, {})[statement.predicate] = statement
    rows = []
    for said in members.values():
        if AS + "published" not in said:
            continue  # a checksum, a relation
        dataset = said[DCT + "isVersionOf"].object.text
        note = said.get(DCAT + "version") or said.get(RDFS + "comment")
        rows.append(
            Row(
                time=said[AS + "published"].object.text,
                what=_WORDS[said[RDF_TYPE].object.text],
                dataset=show.short(dataset),
                href=show.href(dataset),
                note=note.object.text if note else "",
            )
        )
    return rows[::-1]


def _links(call: Call, **pages: int) -> tuple[Link, ...]:
    """The links that lead through the feed (RFC 8288; relations of the IANA registry)."""
    return tuple(Link(relation, call.url(f"feed/{number}")) for relation, number in pages.items())
