"""The responses that views give: RDF descriptions and pages by negotiation, with validators and links."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from flask import Response, render_template

from node import __version__
from node.publishing.contexts import PATH as CONTEXT_PATH
from node.publishing.export.formats import LINKSET
from node.publishing.jsonld import serialize
from node.rdf.formats import GRAPH_FORMATS, Format
from node.web import signposting
from node.web.call import Call
from node.web.negotiation import HTML
from node.web.signposting import Link
from node.web.validators import REVALIDATE, matches

#: What every description can be had in. Data comes first: a client that takes anything (``*/*``) gets data, one that
#: names HTML, as browsers do, gets a page.
DESCRIPTION_FORMATS: tuple[Format, ...] = (*GRAPH_FORMATS, HTML)
_NO_EXPORTS: Mapping[Format, Callable[[], bytes]] = {}


def page(call: Call, template: str, *, status: int = 200, **values: Any) -> Response:
    """An HTML page from a template. ``call`` and ``site`` (the node's identity) are there for every template."""
    text = render_template(
        template, call=call, root=call.root, site=call.node.settings.node, version=__version__, **values
    )
    return Response(text, status=status, content_type=HTML.content_type)


def described(
    call: Call,
    *,
    iri: str,
    ntriples: bytes,
    make_page: Callable[[], Response] | None = None,
    address: str | None = None,
    formats: Sequence[Format] = DESCRIPTION_FORMATS,
    exports: Mapping[Format, Callable[[], bytes]] = _NO_EXPORTS,
    links: Sequence[Link] = (),
    version: str = "",
) -> Response:
    """A resource's description in the format the client wants; its page for browsers.

    ``iri`` is what the description is of, ``address`` the path of the resource on this host (for links to its other
    formats), ``exports`` writes it in formats that are no RDF of ours, ``links`` are further links of it, ``version``
    as for ``validated``. What has a page has a link set too. Raises NotAcceptable.
    """
    address = address or quote(call.root + call.path.lstrip("/"))
    written = (*formats, *exports)
    offers = (*written, LINKSET) if make_page is not None else written
    choice = call.require_data(offers) if make_page is None else call.require(offers)
    if choice.format is HTML and make_page is not None:
        response = make_page()
    elif choice.format is LINKSET:
        absolute = call.host + address
        data_formats = (offer for offer in written if offer is not HTML)
        every = (*links, *signposting.formats(absolute, data_formats, "describedby"))
        response = Response(signposting.linkset(absolute, every), content_type=choice.content_type)
    elif choice.format in exports:
        response = Response(exports[choice.format](), content_type=choice.content_type)
    else:
        body = serialize(ntriples, choice.format, iri, context=f"{call.node.identifiers.base}{CONTEXT_PATH}")
        response = Response(body, content_type=choice.content_type)
    relation = "describedby" if choice.format is HTML else "alternate"
    others = (offer for offer in written if offer is not choice.format)
    led = [*signposting.formats(address, others, relation), *links]
    if make_page is not None:
        led.append(signposting.linkset_link(f"{address}?format={LINKSET.name}"))
        if choice.format is not HTML:
            led.append(Link("describes", address, HTML.media_type))
    for value in signposting.in_header(led):
        response.headers.add("Link", value)
    return validated(call, response, version=version)


def validated(call: Call, response: Response, *, max_age: int | None = None, version: str = "") -> Response:
    """The response with an ETag from its bytes; 304 without them when the client has them already.

    ``max_age`` in seconds lets caches keep it without asking; without it they ask each time. ``version`` is of what
    the response stands for: another version has another ETag even if it reads the same.
    """
    body = response.get_data()
    tag = hashlib.sha256(f"{response.content_type}\0{version}\0".encode() + body).hexdigest()[:32]
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = f"public, max-age={max_age}" if max_age else REVALIDATE
    if matches(call.if_none_match, tag):
        response.status_code = 304
        response.set_data(b"")
        for name in ("Content-Type", "Content-Length"):
            response.headers.pop(name, None)
    return response


def data(call: Call, body: bytes, content_type: str, *, max_age: int | None = None) -> Response:
    """Bytes as they are, with a validator."""
    return validated(call, Response(body, content_type=content_type), max_age=max_age)
