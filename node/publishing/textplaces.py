"""Where a Turtle, N-Triples, TriG or RDF/XML document speaks of an IRI: the first line that holds its name."""

from __future__ import annotations

import mmap
import re
from pathlib import Path

from node.errors import Place


class TextPlaces:
    """Finds IRIs in a text, by their full form, the form relative to the node's base, or their last part."""

    def __init__(self, text: Path, source: str, base: str) -> None:
        """``text`` is the unpacked file, ``source`` what the partner called it."""
        self._text = text
        self._source = source
        self._base = base

    def __call__(self, iri: str) -> Place:
        """The line of the IRI, as a subject where there is such a line; just the IRI when it is not found."""
        local = re.split(r"[/#]", iri)[-1]
        patterns = [
            rf'(?m)^[ \t]*(?:<|.*rdf:about="){re.escape(iri)}[>"]',
            *([rf"(?m)^[ \t]*<{re.escape(iri.removeprefix(self._base))}>"] if iri.startswith(self._base) else []),
            *([rf"(?m)^[ \t]*[\w.-]*:{re.escape(local)}(?![\w-])"] if local else []),
            rf'[<"]{re.escape(iri)}[>"]',
            *([rf'[/#:"<]{re.escape(local)}(?![\w-])'] if local else []),
        ]
        with self._text.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as text:
            for pattern in patterns:
                match = re.search(pattern.encode("utf-8"), text)
                if match is not None:
                    line = text[: match.start()].count(b"\n") + 1
                    return Place(source=self._source, line=line, record=iri)
        return Place(source=self._source, record=iri)
