"""FAIR Signposting: typed links that lead a program from a page to what is behind it (signposting.org/FAIR).

Level 1 is the header ``Link`` (RFC 8288), level 2 a link set of all links (RFC 9264). Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urljoin

from node.publishing.export.formats import LINKSET
from node.rdf.formats import Format

ABOUT_PAGE = "https://schema.org/AboutPage"
#: So many links of one relation stand in the header; all of them are in the link set.
_IN_HEADER = 10
_SAFE = "%/:=&?~#+!$,;'@()*[]"


@dataclass(frozen=True)
class Link:
    """A link from a page. ``target`` is an address, absolute or a path of this host; ``type`` a media type."""

    relation: str
    target: str
    type: str = ""

    @property
    def header(self) -> str:
        """A value of the header ``Link``. A profile is a parameter of its own there, as Signposting has it."""
        media_type, _, profile = self.type.partition(";profile=")
        kind = f'; type="{media_type}"' if media_type else ""
        profile = f"; profile={profile}" if profile else ""
        return f'<{quote(self.target, safe=_SAFE)}>; rel="{self.relation}"{kind}{profile}'

    @property
    def value(self) -> dict[str, str]:
        """A target object of a link set (RFC 9264, section 4.2.3)."""
        media_type, _, profile = self.type.partition(";profile=")
        found = {"href": quote(self.target, safe=_SAFE), "type": media_type, "profile": profile.strip('"')}
        return {name: text for name, text in found.items() if text}


def to(relation: str, targets: Iterable[str], media_type: str = "") -> tuple[Link, ...]:
    """Links of one relation to those of the targets that have an address on the web."""
    return tuple(Link(relation, t, media_type) for t in targets if t.startswith(("http://", "https://")))


def formats(address: str, offered: Iterable[Format], relation: str) -> tuple[Link, ...]:
    """Links to the other formats of what is at the address."""
    return tuple(Link(relation, f"{address}?format={offer.name}", offer.media_type) for offer in offered)


def in_header(links: Sequence[Link]) -> list[str]:
    """The values of the header ``Link``, of each relation the first ones."""
    counts: dict[str, int] = {}
    kept = []
    for link in links:
        counts[link.relation] = counts.get(link.relation, 0) + 1
        if counts[link.relation] <= _IN_HEADER or link.relation in ("describedby", "alternate"):
            kept.append(link.header)
    return kept


def linkset(page: str, links: Sequence[Link]) -> bytes:
    """The link set of a page (RFC 9264, section 4.2): its links, and those of its parts back to it."""
    contexts: dict[str, dict[str, list[dict[str, str]]]] = {page: {}}
    for link in links:
        target = {**link.value, "href": urljoin(page, link.value["href"])}
        contexts[page].setdefault(link.relation, []).append(target)
        back = {"describedby": "describes", "item": "collection"}.get(link.relation)
        if back is not None:
            contexts.setdefault(target["href"], {})[back] = [{"href": page, "type": "text/html"}]
    document = {"linkset": [{"anchor": anchor, **relations} for anchor, relations in contexts.items()]}
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"


def linkset_link(address: str) -> Link:
    """The link to the link set itself."""
    return Link("linkset", address, LINKSET.media_type)
