"""Relative IRIs resolved (RFC 3986, section 5.2, which RFC 3987 keeps). ``urllib.parse.urljoin`` drops an empty
fragment and knows only some schemes; an IRI that a query names must come out letter for letter as in the store, which
leaves the dots in the paths of references that bring their own scheme or authority."""

from __future__ import annotations

import re

_PARTS = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)


def has_scheme(iri: str) -> bool:
    """Whether the IRI is absolute."""
    match = _PARTS.match(iri)
    return match is not None and match[1] is not None


def resolve(base: str, reference: str) -> str:
    """The IRI that ``reference`` means under the absolute IRI ``base``."""
    scheme, authority, path, query, fragment = _parts(reference)
    base_scheme, base_authority, base_path, base_query, _ = _parts(base)
    if scheme is not None:
        return reference
    if authority is not None:
        return f"{base_scheme}:{reference}"
    if not path:
        path = base_path
        query = base_query if query is None else query
    elif path.startswith("/"):
        path = _without_dots(path)
    elif base_authority is not None and not base_path:
        path = _without_dots("/" + path)
    else:
        path = _without_dots(base_path[: base_path.rfind("/") + 1] + path)
    made = f"{base_scheme}:"
    made += f"//{base_authority}" if base_authority is not None else ""
    made += path
    made += f"?{query}" if query is not None else ""
    return made + (f"#{fragment}" if fragment is not None else "")


def _parts(iri: str) -> tuple[str | None, str | None, str, str | None, str | None]:
    match = _PARTS.fullmatch(iri)
    assert match is not None  # every text matches: all parts are optional
    return match[1], match[2], match[3], match[4], match[5]


def _without_dots(path: str) -> str:
    """Section 5.2.4: ``.`` and ``..`` carried out."""
    kept: list[str] = []
    segments = path.split("/")
    for i, segment in enumerate(segments):
        last = i == len(segments) - 1
        if segment == "..":
            if len(kept) > 1 or (kept and kept[0]):
                kept.pop()
            if last:
                kept.append("")
        elif segment == ".":
            if last:
                kept.append("")
        else:
            kept.append(segment)
    return "/".join(kept)
