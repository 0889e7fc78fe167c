"""RDF as bytes that are the same each time: the library names prefixes in an order of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from pyoxigraph import RdfFormat, Triple, serialize

_ATTRIBUTE = re.compile(r' xmlns:[\w.-]+="[^"]*"')


def written(triples: Iterable[Triple], form: RdfFormat, prefixes: Mapping[str, str]) -> bytes:
    """The triples in Turtle, RDF/XML, JSON-LD or N-Triples, with those prefixes that are used, in their order.

    Blank nodes and triples stand as they come: give them canonical names and sort them before.
    """
    known = list(triples)
    names = "\n".join(f"{t.subject} {t.predicate} {t.object}" for t in known)
    used = {prefix: namespace for prefix, namespace in sorted(prefixes.items()) if f"<{namespace}" in names}
    data = serialize(known, format=form, prefixes=used) or b""
    if form == RdfFormat.TURTLE:
        lines = data.decode("utf-8").splitlines(keepends=True)
        count = next((i for i, line in enumerate(lines) if not line.startswith("@prefix ")), len(lines))
        return "".join([*sorted(lines[:count]), "\n", *lines[count:]]).encode("utf-8")
    if form == RdfFormat.RDF_XML:
        head, line, rest = data.decode("utf-8").partition("<rdf:RDF")
        attributes, end, body = rest.partition(">")
        return f"{head}{line}{''.join(sorted(_ATTRIBUTE.findall(attributes)))}{end}{body}".encode()
    if form == RdfFormat.JSON_LD:
        return (json.dumps(json.loads(data), ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode("utf-8")
    return data
