"""How complete a federated answer is, in headers: one item and one list of structured fields (RFC 9651)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from node.federation.members.completeness import MISSING, Completeness, MemberReport
from node.federation.members.releases import ReleaseDifference

#: Proxies often take no more than 8 kB of headers together.
_MOST_BYTES = 3_000
_MOST_TEXT = 300
_ORDER = {verdict: at for at, verdict in enumerate((*MISSING, "answered", "empty", "pruned"))}


@lru_cache(maxsize=64)
def completeness_headers(completeness: Completeness) -> tuple[tuple[str, str], ...]:
    """``Onconode-Completeness``, the verdict with sums over all members, and ``Onconode-Members``, one entry each.

    Those that are missing come first, then those that gave something. ``listed`` says how many entries there are when
    not all members fit in.
    """
    members = sorted(completeness.members, key=lambda m: _ORDER[m.verdict])
    entries: list[str] = []
    size = 0
    for member in members:
        entry = _entry(member)
        size += len(entry) + 2
        if size > _MOST_BYTES:
            break
        entries.append(entry)
    counts = Counter(member.verdict for member in members)
    sums = {
        "members": len(members),
        **{verdict: counts[verdict] for verdict in _ORDER if counts[verdict]},
        "requests": sum(m.requests for m in members),
        "rows": sum(m.rows for m in members),
        "bytes": sum(m.bytes for m in members),
    }
    if len(entries) < len(members):
        sums["listed"] = len(entries)
    verdict = completeness.verdict.value.replace(" ", "-")
    item = "".join([verdict, *(f";{name}={count}" for name, count in sums.items())])
    return (("onconode-completeness", item), ("onconode-members", ", ".join(entries)))


def release_headers(differences: Sequence[ReleaseDifference]) -> list[tuple[str, str]]:
    """``Onconode-Releases``: a text for each vocabulary of which members have different releases; none without any."""
    texts = [_text(str(difference)[:_MOST_TEXT]) for difference in differences]
    return [("onconode-releases", ", ".join(texts))] if texts else []


def _entry(member: MemberReport) -> str:
    numbers = {
        "requests": member.requests,
        "rows": member.rows,
        "bytes": member.bytes,
        "ms": round(member.milliseconds),
    }
    shown = "".join(f";{name}={number}" for name, number in numbers.items() if number)
    return f"{_text(member.name[:100])};verdict={member.verdict}{shown}"


def _text(value: str) -> str:
    """A string, or a display string (RFC 9651, section 4.1.11) where it is not ASCII."""
    if value.isascii() and value.isprintable():
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    encoded = (chr(byte) if 0x20 <= byte < 0x7F and byte not in b'%"' else f"%{byte:02x}" for byte in value.encode())
    return f'%"{"".join(encoded)}"'
