"""A catalogue as it is fetched, within limits: its pages (Hydra, TREE), and the descriptions that it only lists.

A FAIR Data Point and a node like this one serve a catalogue that names its datasets, and each of these at its own
address. Where the descriptions stand in the catalogue itself, nothing else is fetched.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from node.config import Services
from node.errors import (
    InvalidRequest,
    MediaTypeNotSupported,
    MemberError,
    Place,
    ProtocolError,
    QueryTimeout,
    ResultTooLarge,
    TargetRefused,
)
from node.federation.calling.addresses import AllowList, Resolve, look_up, read_address
from node.federation.calling.documents import Validators, fetch
from node.publishing.ntriples import bare, split_line
from node.publishing.triples import Triples
from node.rdf.formats import DOCUMENT_FORMATS, document_format, format_of_file
from node.rdf.namespaces import DCAT, TREE

HYDRA = "http://www.w3.org/ns/hydra/core#"
#: By which properties a page leads to the next one (Hydra Core; its name in earlier drafts; TREE, section 3).
_NEXT = (f"<{HYDRA}next>", f"<{HYDRA}nextPage>", f"<{TREE}node>")
#: By which properties a catalogue leads to what it only lists (DCAT 3, section 6.3; the FAIR Data Point's ontology).
_LISTED = (
    *(f"<{DCAT}{name}>" for name in ("dataset", "catalog", "service", "resource")),
    "<https://w3id.org/fdp/fdp-o#metadataCatalog>",
)
#: What a file's relative IRIs would be relative to; there is no such place.
_NOWHERE = "https://relative.invalid/"


@dataclass(frozen=True)
class Limits:
    """What one catalogue may cost. ``page_bytes`` are those of one page, ``bytes`` those of all pages together."""

    pages: int = 1_000
    page_bytes: int = 50_000_000
    bytes: int = 200_000_000
    seconds: float = 600.0


@dataclass(frozen=True)
class Catalogue:
    """A catalogue, read: its triples, and each page's file as it came. ``validators`` are those of its only page.

    ``left`` are the addresses of what it only lists and what could not be fetched, each with the reason.
    """

    triples: Triples
    files: tuple[Path, ...]
    validators: Validators
    left: tuple[tuple[str, str], ...] = ()


def read_file(path: Path, *, pinned: str, limits: Limits) -> Catalogue:
    """The catalogue in a file. ``pinned`` is the node's base. Raises what ``Triples.read`` does, and ProtocolError for
    a file whose ending names no RDF format or whose IRIs are relative."""
    form = format_of_file(path.name)
    if form is None:
        raise MediaTypeNotSupported(
            "the file's ending names no RDF format.",
            where=Place(source=str(path)),
            remedy=f"Known endings: {', '.join(ending for f in DOCUMENT_FORMATS for ending in f.endings)}.",
        )
    if path.stat().st_size > limits.page_bytes:
        raise ResultTooLarge(f"{path} has more than {limits.page_bytes:,} bytes.", remedy="Split it into several.")
    triples = Triples()
    with path.open("rb") as stream:
        triples.read(stream, form, base=_NOWHERE, source=str(path), pinned=pinned)
    for line in triples.ground:
        if f"<{_NOWHERE}" in line:
            relative = line.partition(f"<{_NOWHERE}")[2].partition(">")[0]
            raise ProtocolError(
                f"the file has the relative IRI <{relative}>, and no address that it could be relative to.",
                where=Place(source=str(path), record=relative),
                remedy="Harvest it from its address, or publish it if the descriptions are your own.",
            )
    return Catalogue(triples, (path,), Validators())


def fetch_catalogue(
    address: str,
    *,
    services: Services,
    pinned: str,
    folder: Path,
    validators: Validators = Validators(),  # noqa: B008
    limits: Limits = Limits(),
    resolve: Resolve = look_up,
    progress: Callable[[str], None] = lambda _: None,
) -> Catalogue | None:
    """The catalogue at an address with all its pages; None when it has not changed since ``validators`` were given.

    Pages and redirects may lead to the address' own host and to what ``services.load`` lists; what is only listed and
    cannot be had is left out. Hosts have to be public unless ``services.private_addresses``. Pages are kept in
    ``folder`` as they come. Raises TargetRefused, MemberError, LimitExceeded and what ``Triples.read`` does.
    """
    crawl = _Crawl(address, folder, services=services, pinned=pinned, limits=limits, resolve=resolve)
    waiting = {str(read_address(address)): True}
    seen = set(waiting)
    while waiting:
        page, needed = next(iter(waiting.items()))
        del waiting[page]
        progress(f"fetching {page}")
        try:
            own = crawl.page(page, validators if not crawl.files else Validators())
        except (MemberError, InvalidRequest, TargetRefused) as error:
            if needed:
                raise
            crawl.left.append((page, error.detail.rstrip(".")))
            continue
        if own is None:
            return None
        further = dict.fromkeys(_listed(own), False) | dict.fromkeys(_following(own), True)
        waiting |= {address: needed for address, needed in further.items() if address not in seen}
        seen |= further.keys()
    validators = crawl.validators if len(crawl.files) == 1 and not crawl.left else Validators()
    return Catalogue(crawl.triples, tuple(crawl.files), validators, tuple(crawl.left))


class _Crawl:
    """What has been fetched of one catalogue so far, and what more may be."""

    def __init__(
        self, address: str, folder: Path, *, services: Services, pinned: str, limits: Limits, resolve: Resolve
    ) -> None:
        first = read_address(address)
        self._allow = AllowList(
            (f"{first.scheme}://{first.authority}/", *services.load),
            "services.load",
            private_addresses=services.private_addresses,
            resolve=resolve,
        )
        self._address, self._pinned, self._folder = address, pinned, folder
        self._seconds, self._limits = services.seconds, limits
        self._ends = time.monotonic() + limits.seconds
        self._size = 0
        self.triples = Triples()
        self.files: list[Path] = []
        self.left: list[tuple[str, str]] = []
        self.validators = Validators()

    def page(self, page: str, validators: Validators) -> Triples | None:
        """Fetch and keep one page; None when it has not changed."""
        remaining = self._ends - time.monotonic()
        if remaining <= 0:
            raise QueryTimeout(f"the catalogue at {self._address} did not come within {self._limits.seconds:g} s.")
        if len(self.files) >= self._limits.pages:
            raise ResultTooLarge(f"the catalogue at {self._address} has more than {self._limits.pages:,} pages.")
        fetched = fetch(
            page,
            self._allow,
            max_bytes=min(self._limits.page_bytes, self._limits.bytes - self._size),
            seconds=min(remaining, self._seconds),
            validators=validators,
        )
        if fetched.content is None:
            return None
        self._size += len(fetched.content)
        form = document_format(fetched.media_type, urlsplit(page).path)
        if form is None:
            raise MediaTypeNotSupported(
                f"{page} comes as {fetched.media_type[:80] or 'a document of no type'}, which is not an RDF format.",
                remedy="Give the address of the catalogue as RDF, not that of its page.",
            )
        own = Triples()
        own.read(fetched.content, form, base=fetched.address, source=page, pinned=self._pinned)
        file = self._folder / f"page-{len(self.files) + 1}"
        file.write_bytes(fetched.content)
        self.files.append(file)
        self.validators = fetched.validators
        self.triples.ground |= own.ground
        self.triples.blank += own.blank
        return own


def _following(page: Triples) -> Iterator[str]:
    """The addresses of further pages that a page names, in order, without fragments."""
    yield from sorted({bare(link).partition("#")[0] for link in _links(page, _NEXT)})


def _listed(page: Triples) -> Iterator[str]:
    """The addresses of what a page lists without describing it."""
    described = {line[: line.index(" ")] for line in page.ground} | {str(subject) for subject, _, _ in page.blank}
    yield from sorted({bare(link).partition("#")[0] for link in _links(page, _LISTED) if link not in described})


def _links(page: Triples, properties: Collection[str]) -> set[str]:
    named = [split_line(line) for line in page.ground]
    links = {value for _, predicate, value in named if predicate in properties}
    links |= {str(value) for _, predicate, value in page.blank if str(predicate) in properties}
    return {link for link in links if link.startswith(("<http://", "<https://"))}
