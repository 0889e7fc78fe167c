"""Reads the RDF files of a workspace, and says where in the text a term is stated."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, parse, serialize

from node.errors import DocumentSyntaxError, MediaTypeNotSupported, Place
from node.rdf.formats import NTRIPLES, RDFXML, TURTLE, format_of_file

#: What an ontology of a workspace may be written in.
FORMATS = (TURTLE, RDFXML, NTRIPLES)
_SUBJECT = re.compile(r"(<[^<>\s]*>|[A-Za-z][\w.-]*:[\w.-]*|:[\w.-]*)\s")


def read_triples(path: Path, *, blank: str = "", name: str = "") -> Iterator[Triple]:
    """The triples of a Turtle, RDF/XML or N-Triples file, ``.gz`` or not; blank nodes are labelled anew with ``blank``.

    ``name`` is what errors call the file. Raises MediaTypeNotSupported, DocumentSyntaxError with line and column.
    """
    name = name or path.name
    form = format_of_file(path.name)
    if form not in FORMATS or form.rdf is None:
        raise MediaTypeNotSupported(
            "an ontology is not read from such a file.",
            where=Place(source=name),
            remedy="Write it as Turtle (.ttl), RDF/XML (.owl, .rdf) or N-Triples (.nt).",
        )
    try:
        data = path.read_bytes()
        if path.name.endswith(".gz"):
            data = gzip.decompress(data)
        # the base never shows: an ontology that needs one names its terms by relative IRIs
        for quad in parse(data, format=form.rdf, base_iri="https://w3id.org/onconode/"):
            yield _relabelled(quad, blank)
    except SyntaxError as error:
        # pyoxigraph counts lines from 1 and says the column in ``offset``
        place = Place(source=name, line=error.lineno, column=error.offset)
        raise DocumentSyntaxError(f"{error.msg}.", where=place) from error
    except (OSError, EOFError, ValueError) as error:
        raise DocumentSyntaxError(f"cannot be read: {error}.", where=Place(source=name)) from error


def _relabelled(quad: Quad, blank: str) -> Triple:
    def one(term: NamedNode | BlankNode) -> NamedNode | BlankNode:
        return BlankNode(blank + term.value) if isinstance(term, BlankNode) and blank else term

    subject, obj = quad.subject, quad.object
    if isinstance(subject, Triple) or isinstance(obj, Triple):
        raise ValueError("a triple about a triple is not RDF 1.1")
    return Triple(one(subject), quad.predicate, obj if isinstance(obj, Literal) else one(obj))


def to_ntriples(triples: Iterator[Triple] | list[Triple]) -> bytes:
    """The triples as N-Triples."""
    return serialize(triples, format=RdfFormat.N_TRIPLES) or b""


def subject_lines(text: str, prefixes: dict[str, str]) -> dict[str, int]:
    """The line on which each subject of a Turtle or N-Triples document begins: a statement starts in column one.

    ``prefixes`` are used where the document declares none of the name. A subject that is indented is not found.
    """
    known = dict(prefixes)
    known.update(re.findall(r"^\s*@?prefix\s+([\w.-]*):\s*<([^<>\s]*)>", text, re.IGNORECASE | re.MULTILINE))
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = _SUBJECT.match(line)
        if match:
            word = match.group(1)
            prefix, _, local = word.partition(":")
            iri = word[1:-1] if word.startswith("<") else known.get(prefix, prefix + ":") + local
            found.setdefault(iri, number)
    return found
