"""Results of several queries of the same columns as one, in the syntax in which they came. Pure.

For results as Oxigraph writes them; None for what looks otherwise.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence

from node.rdf.formats import CSV, JSON, TSV, XML, Format

#: What stands before the first solution and after the last one.
_AROUND = {
    JSON.name: (b'"bindings":[', b"]}}", b","),
    XML.name: (b"<results>", b"</results></sparql>", b""),
    CSV.name: (b"\n", b"", b""),
    TSV.name: (b"\n", b"", b""),
}


#: Where in JSON one solution ends and the next begins.
_NEXT = re.compile(rb'\}\},\{"[^"\\]+":\{')


def can_be_spliced(results: Format) -> bool:
    """Whether results in this syntax can be put together without reading them."""
    return results.name in _AROUND


def solutions_in(body: bytes | bytearray, results: Format) -> int:
    """How many solutions are in results as Oxigraph writes them, most of which need not be read or copied for that."""
    before, after, _ = _AROUND[results.name]
    start, end = body.find(before) + len(before), len(body) - len(after)
    if start < len(before) or start >= end:
        return 0
    if results.name == XML.name:
        return body.count(b"<result>", start)
    if results.name == TSV.name or (results.name == CSV.name and body.find(b'"', start) < 0):
        return body.count(b"\n", start)
    if results.name == CSV.name:
        return sum(1 for _ in csv.reader(io.StringIO(body[start:].decode(), newline="")))
    if body.find(b"{}", start) >= 0:
        return len(json.loads(body)["results"]["bindings"])
    # Within a string a quotation mark has a backslash before it, so that no string looks like this.
    return 1 + sum(1 for _ in _NEXT.finditer(body, start))


def spliced(bodies: Sequence[bytes | bytearray], results: Format) -> list[bytes | memoryview] | None:
    """The solutions of all of them, as pieces of one document, which are not copied."""
    if not bodies:
        return None
    before, after, between = _AROUND[results.name]
    heads: set[bytes] = set()
    solutions: list[bytes | memoryview] = []
    for body in bodies:
        begin, end = body.find(before) + len(before), len(body) - len(after)
        if begin < len(before) or begin > end or not body.endswith(after):
            return None
        heads.add(bytes(body[:begin]))
        if begin < end:
            inner = memoryview(body)[begin:end]
            solutions += [between, inner] if solutions and between else [inner]
    if len(heads) > 1:
        return None
    return [heads.pop(), *solutions, after]
