"""Which format and content coding a client wants: content negotiation of RFC 9110, section 12. Pure.

Werkzeug's own matching gives up on a missing header and on ``application/ld+json;profile="…"``, which linked-data
clients send; hence these functions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from node.rdf.formats import Format

HTML = Format("html", ("text/html", "application/xhtml+xml"), (".html",))
_PROBLEM = Format("problem", ("application/problem+json", "application/json"), ())

#: Other names that clients give to formats in the parameter ``format``; ours are the formats' own names.
_FORMAT_NAMES = {
    "turtle": ("ttl",),
    "n3": ("ttl",),
    "ntriples": ("nt",),
    "n-triples": ("nt",),
    "nquads": ("nq",),
    "n-quads": ("nq",),
    "json-ld": ("jsonld",),
    "rdfxml": ("rdf",),
    "rdf+xml": ("rdf",),
    "json": ("json", "jsonld"),
    "xml": ("xml", "rdf"),
}

_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_RANGE = re.compile(rf"({_NAME})/({_NAME})")
# Commas and semicolons inside a quoted parameter value do not separate anything (RFC 9110, section 5.6.4).
_ELEMENT = re.compile(r'(?:[^,"]|"[^"]*"?)+')
_PART = re.compile(r'(?:[^;"]|"[^"]*"?)+')
_PROFILE, _EXACT, _TYPE, _ANY = 3, 2, 1, 0
#: A header longer than this is not a list of preferences.
_LONGEST = 8_000


@dataclass(frozen=True)
class Range:
    """One media range of an ``Accept`` header with its quality, 0 to 1.

    ``profile`` is its parameter of that name, addresses with spaces between them (JSON-LD 1.1, appendix C); other
    parameters are left out.
    """

    type: str
    subtype: str
    quality: float
    profile: str = ""

    def specificity(self, media_type: str) -> int | None:
        """How closely this range names the media type (higher is closer), None when it does not match it.

        A media type with a profile is only for those who ask for it, or for a version of it.
        """
        media_type, _, parameter = media_type.partition(";profile=")
        if parameter:
            profile = parameter.strip('"')
            asked = any(f"{each}/".startswith(f"{profile}/") for each in self.profile.split())
            return _PROFILE if asked and f"{self.type}/{self.subtype}" == media_type else None
        if (self.type, self.subtype) == ("*", "*"):
            return _ANY
        type_, _, subtype = media_type.partition("/")
        if self.type != type_:
            return None
        if self.subtype == "*":
            return _TYPE
        return _EXACT if self.subtype == subtype else None


@dataclass(frozen=True)
class Choice:
    """The format to write, under the media type the client knows it by."""

    format: Format
    media_type: str

    @property
    def content_type(self) -> str:
        """The value of ``Content-Type``: with the charset where the format has none of its own."""
        if self.media_type == self.format.media_type:
            return self.format.content_type
        return f"{self.media_type}; charset=utf-8" if self.media_type.startswith("text/") else self.media_type


@lru_cache(maxsize=256)
def read_accept(header: str | None) -> tuple[Range, ...]:
    """The media ranges of an ``Accept`` header. What cannot be read is skipped; nothing left means anything goes."""
    ranges = []
    for element in _ELEMENT.findall((header or "")[:_LONGEST]):
        name, *parameters = (part.strip() for part in _PART.findall(element) or [""])
        # Java's HttpURLConnection sends "*; q=.2".
        match = _RANGE.fullmatch("*/*" if name == "*" else name)
        quality = _quality(parameters)
        if match is not None and quality is not None:
            ranges.append(Range(match[1].lower(), match[2].lower(), quality, _profile(parameters)))
    return tuple(ranges) or (Range("*", "*", 1.0),)


@lru_cache(maxsize=1024)
def choose(ranges: tuple[Range, ...], offers: tuple[Format, ...]) -> Choice | None:
    """The best of the offers for these ranges, None when none will do.

    The highest quality wins, then the closest match, then the order of the offers. A format's other media types
    (``application/json`` for JSON-LD) count only for a client that names them.
    """
    best: tuple[tuple[float, int, int, int], Choice] | None = None
    for position, offer in enumerate(offers):
        for alias, media_type in enumerate(offer.media_types):
            judged = _judge(ranges, media_type)
            if judged is None or (alias and judged[1] != _EXACT):
                continue
            rank = (*judged, -position, -alias)
            if best is None or rank > best[0]:
                best = (rank, Choice(offer, media_type))
    return best[1] if best else None


#: The content codings there are, the best first.
CODINGS = ("zstd", "gzip")


@dataclass(frozen=True)
class Codings:
    """The content codings that a client takes. ``best``: the one it likes best, and no less gladly than none at all.

    ``identity``: takes a body without any coding. With neither there is nothing that could be sent.
    """

    best: str | None
    identity: bool


@lru_cache(maxsize=256)
def read_accept_encoding(header: str | None) -> Codings:
    """What an ``Accept-Encoding`` header allows (RFC 9110, section 12.5.3). What cannot be read is skipped.

    Without the header anything would be allowed, but who does not send it mostly cannot unpack, so that is none. For
    the same reason ``*`` stands for gzip, which everybody knows, and not for zstd. Of two that are equally welcome
    it is zstd: as short in a fifth of the time.
    """
    qualities: dict[str, float] = {}
    for element in (header or "")[:_LONGEST].split(","):
        name, *parameters = (part.strip().lower() for part in element.split(";"))
        quality = _quality(parameters)
        if name and quality is not None:
            name = "gzip" if name == "x-gzip" else name  # section 8.4.1.3
            qualities[name] = max(quality, qualities.get(name, 0.0))
    anything = qualities.get("*")
    offered = {"zstd": qualities.get("zstd", 0.0), "gzip": qualities.get("gzip", anything or 0.0)}
    # Not to be mentioned is to be acceptable, and less welcome than any coding that is mentioned.
    identity = qualities.get("identity", anything)
    best = max(CODINGS, key=offered.__getitem__)
    taken = offered[best] > 0 and offered[best] >= (identity or 0.0)
    return Codings(best if taken else None, identity is None or identity > 0)


def named(name: str | None, offers: Sequence[Format]) -> Choice | None:
    """The offer that a value of the parameter ``format`` names: a short name, a customary one or a media type."""
    if not name:
        return None
    lower = name.strip().lower().replace(" ", "+")
    for wanted in _FORMAT_NAMES.get(lower, (lower,)):
        for offer in offers:
            if offer.name == wanted or wanted in offer.media_types[:1]:
                return Choice(offer, offer.media_type)
    return None


def choose_among(ranges: tuple[Range, ...], offers: tuple[Format, ...], name: str | None) -> Choice | None:
    """What the parameter ``format`` names, else what ``Accept`` prefers, else None.

    A value of ``format`` that names none of the offers is left aside: several clients send it with words of their
    own besides a proper ``Accept``.
    """
    return named(name, offers) or choose(ranges, offers)


def prefers_page(ranges: tuple[Range, ...], name: str | None) -> bool:
    """Whether whoever asks prefers a page to a data format: a browser does."""
    choice = choose_among(ranges, (_PROBLEM, HTML), name if named(name, (HTML,)) else None)
    return choice is not None and choice.format is HTML


def _judge(ranges: Sequence[Range], media_type: str) -> tuple[float, int] | None:
    """Quality and specificity of the closest range that matches; None when none does, or when it says ``q=0``."""
    matches = [(closeness, r.quality) for r in ranges if (closeness := r.specificity(media_type)) is not None]
    if not matches:
        return None
    closest, quality = max(matches)
    return (quality, closest) if quality > 0 else None


def _profile(parameters: Sequence[str]) -> str:
    values = (p.partition("=") for p in parameters)
    return next((value.strip().strip('"') for name, _, value in values if name.strip().lower() == "profile"), "")


def _quality(parameters: Sequence[str]) -> float | None:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                quality = float(value.strip())
            except ValueError:
                return None
            return quality if 0 <= quality <= 1 else None
    return 1.0
