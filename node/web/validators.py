"""ETags and conditional requests: RFC 9110, sections 8.8 (validators) and 13 (conditional requests).

All ETags here are weak. One stands for a representation whatever its content coding, which section 8.8.1 calls weak;
and two evaluations of one query may order their rows and name their blank nodes differently, which is the same answer
but not the same bytes.
"""

from __future__ import annotations

import hashlib
import secrets

from flask import Response

#: RFC 9111, section 5.2.2: any cache may keep it (``public``), and asks each time before it uses it (``no-cache``).
REVALIDATE = "public, no-cache"
#: The same for what only the caller may see: no cache that others use may keep it.
REVALIDATE_PRIVATE = "private, no-cache"


def digest(*parts: str) -> bytes:
    """A digest of some texts, different when any of them is."""
    # Written so that where one text ends and the next begins cannot be mistaken.
    return hashlib.sha256(repr(parts).encode()).digest()


class Validators:
    """ETags of what follows from a generation and can be known before it is worked out.

    They hold for the life of the process: after a restart, numbers of generations may mean something else (a backup
    may have been brought back) and the software may write otherwise.
    """

    def __init__(self) -> None:
        self._life = secrets.token_hex(16)

    def data(self, generation: int) -> str:
        """What names the generation in the header ``Onconode-Data-Version``: the same as long as the data is."""
        return self.tag(generation, "data")

    def tag(self, generation: int, *parts: str) -> str:
        """The opaque part of the ETag of what these texts and the generation determine."""
        return digest(self._life, str(generation), *parts).hex()[:32]


def matches(if_none_match: str, tag: str, *, exists: bool = True) -> bool:
    """Whether ``If-None-Match`` names this ETag: weak comparison, RFC 9110, section 13.1.2.

    ``*`` is for whatever there is, so it matches only when the representation is known to exist.
    """
    tags = [each.strip().removeprefix("W/").strip('"') for each in if_none_match.split(",")]
    return tag in tags or (exists and tags == ["*"])


def not_modified(tag: str) -> Response:
    """``304`` (RFC 9110, section 15.4.5), with what a ``200`` would say of caching."""
    response = Response(status=304)
    response.headers.pop("Content-Type", None)
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = REVALIDATE
    return response
