"""Results of several queries of the same columns as one, in the syntax in which they came. Pure.

For results as Oxigraph writes them; None for what looks otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

from node.rdf.formats import CSV, JSON, TSV, XML, Format

#: What stands before the first solution and after the last one.
_AROUND = {
    JSON.name: (b'"bindings":[', b"]}}", b","),
    XML.name: (b"<results>", b"</results></sparql>", b""),
    CSV.name: (b"\n", b"", b""),
    TSV.name: (b"\n", b"", b""),
}


def can_be_spliced(results: Format) -> bool:
    """Whether results in this syntax can be put together without reading them."""
    return results.name in _AROUND


def spliced(bodies: Sequence[bytes], results: Format) -> list[bytes] | None:
    """The solutions of all of them, as pieces of one document."""
    if not bodies:
        return None
    before, after, between = _AROUND[results.name]
    heads: set[bytes] = set()
    solutions: list[bytes] = []
    for body in bodies:
        head, found, rest = body.partition(before)
        if not found or not rest.endswith(after):
            return None
        heads.add(head)
        if inner := rest[: len(rest) - len(after)]:
            solutions += [between, inner] if solutions and between else [inner]
    if len(heads) > 1:
        return None
    return [heads.pop() + before, *solutions, after]
