"""The triples of any RDF graph: from a document to lines that the store takes, and from there to a document again.

The store has no blank nodes; IRIs of the node stand for them (RDF 1.1 Concepts, section 3.5). What is read here gets
such IRIs, and what is written has blank nodes again, so that a graph comes back isomorphic to how it was sent.
"""

from __future__ import annotations

import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import IO, Any

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Triple, parse, serialize

from node.errors import DocumentSyntaxError, Place, RequestTooLarge, Unsupported
from node.model.identifiers import Identifiers
from node.publishing.contexts import PinnedContexts
from node.publishing.documents import MOST_TRIPLES, check_xml
from node.publishing.jsonld import refuse_not_xml
from node.publishing.jsonldreading import jsonld_quads, open_jsonld
from node.publishing.skolem import BlankTriple, CyclicBlankNodes, Term, skolemise
from node.rdf.formats import JSONLD, NTRIPLES, RDFXML, Format

_POSITION = re.compile(r"^Parser error at [^:]*: ")
#: What can stand in the label of a blank node in every format.
_TOKEN = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
#: How often what is known of blank nodes in circles is passed on along the circles.
_ROUNDS = 16


@dataclass
class Triples:
    """The triples of documents: ``ground`` as N-Triples lines without their newline, ``blank`` those with blank nodes.

    The blank nodes of two documents are never the same.
    """

    ground: set[str] = field(default_factory=set)
    blank: list[BlankTriple] = field(default_factory=list)

    def read(self, document: bytes | IO[bytes], format_: Format, *, base: str, source: str, pinned: str) -> None:
        """Add the triples of a document. ``base``: what its relative IRIs are relative to; ``source``: what to call it.

        ``pinned`` is the node's base, under which it has the JSON-LD context that a document may name; nothing is
        fetched. Raises DocumentSyntaxError with the line, ContextNotPinned, Unsupported (a named graph, RDF 1.2) and
        RequestTooLarge.
        """
        assert format_.rdf is not None
        quads: Iterator[Quad]
        if format_ is JSONLD:
            quads = jsonld_quads(_opened(document, source, pinned), base=base, source=source)
        else:
            if format_ is RDFXML:
                document = document if isinstance(document, bytes) else document.read()
                check_xml(io.BytesIO(document), source)
            quads = parse(document, format_.rdf, base_iri=base, rename_blank_nodes=True)
        try:
            for quad in quads:
                if not isinstance(quad.graph_name, DefaultGraph):
                    raise Unsupported(
                        f"the document has a named graph, {quad.graph_name}.",
                        where=Place(source=source, record=str(quad.graph_name)),
                        remedy="Send the triples of one graph; the address of the request names it.",
                    )
                subject, value = _rdf11(quad.subject, source), _rdf11(quad.object, source)
                if isinstance(subject, BlankNode) or isinstance(value, BlankNode):
                    assert not isinstance(subject, Literal)
                    self.blank.append((subject, quad.predicate, value))
                else:
                    self.ground.add(f"{subject} {quad.predicate} {value} .")
                if len(self.ground) + len(self.blank) > MOST_TRIPLES:
                    raise RequestTooLarge(
                        f"the document has more than {MOST_TRIPLES:,} triples.",
                        where=Place(source=source),
                        remedy="Send it in parts.",
                    )
        except (SyntaxError, ValueError, OSError) as error:
            message = error.msg if isinstance(error, SyntaxError) else str(error)
            raise DocumentSyntaxError(
                f"this is not {format_.rdf.name}: {_POSITION.sub('', str(message)).rstrip('.')}.",
                where=Place(
                    source=source,
                    line=getattr(error, "lineno", None),
                    column=getattr(error, "offset", None),
                ),
                remedy="Correct it there; nothing was changed.",
            ) from error

    def named(self, identifiers: Identifiers, within: str) -> set[str]:
        """All triples as N-Triples lines, with IRIs of the node for blank nodes.

        The IRIs follow from what is said of the blank nodes and from ``within``, which names what they belong to.
        """
        if not self.blank:
            return self.ground
        distinct = dict.fromkeys(self.blank)
        try:
            lines = skolemise(distinct, identifiers, within=within).lines
        except CyclicBlankNodes:
            lines = _skolemise_circles(list(distinct), identifiers, within)
        return self.ground.union(lines)


def same_graph(lines: Iterable[str], others: Triples, identifiers: Identifiers, within: str) -> bool:
    """Whether these lines of the store and those triples are isomorphic graphs (RDF 1.1 Concepts, section 3.6).

    May say no of blank nodes in circles that only a search over all ways to pair them would show to be the same.
    """
    found = Triples()
    nameless = "".join(f"{line}\n" for line in without_names((f"{line}\n".encode() for line in lines), identifiers))
    found.read(nameless.encode(), NTRIPLES, base=identifiers.base, source="", pinned=identifiers.base)
    return found.named(identifiers, within) == others.named(identifiers, within)


def without_names(lines: Iterable[bytes], identifiers: Identifiers) -> Iterator[str]:
    """N-Triples lines of the store with blank nodes for the IRIs that stand for them, without their newline."""
    genid = f"<{identifiers.skolem('')}"
    for raw in lines:
        line = raw.decode("utf-8").rstrip("\n")
        # An IRI holds no space, so that these are the three terms; the same text inside a literal stays as it is.
        if genid in line:
            subject, predicate, value = line.removesuffix(" .").split(" ", 2)
            line = f"{_nameless(subject, genid)} {predicate} {_nameless(value, genid)} ."
        yield line


def write_triples(lines: Iterable[str], format_: Format, out: IO[bytes]) -> None:
    """Write N-Triples lines, which may have blank nodes, to a file in a format.

    The same lines are always the same bytes; hence no prefixes, which pyoxigraph writes in any order. Raises
    Unsupported for what RDF/XML cannot hold.
    """
    assert format_.rdf is not None
    if format_.rdf == RdfFormat.N_TRIPLES:
        out.writelines(f"{line}\n".encode() for line in lines)
        return
    quads = parse(_Lines(lines), RdfFormat.N_TRIPLES)  # type: ignore[arg-type]
    triples: Iterable[Triple] = (quad.triple for quad in quads)
    if format_ is RDFXML:
        triples = refuse_not_xml(triples)
    serialize(triples, out, format=format_.rdf)


class _Lines(io.RawIOBase):
    """Lines as a file to read from, so that a graph is never held whole."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        pieces, length = [self._rest], len(self._rest)
        while size < 0 or length < size:
            line = next(self._lines, None)
            if line is None:
                break
            pieces.append(f"{line}\n".encode())
            length += len(pieces[-1])
        whole = b"".join(pieces)
        end = len(whole) if size < 0 else size
        self._rest = whole[end:]
        return whole[:end]


def _nameless(term: str, genid: str) -> str:
    if not (term.startswith(genid) and term.endswith(">")):
        return term
    token = term[len(genid) : -1]
    # Two first letters keep labels apart that were written in the two ways.
    return f"_:g{token}" if _TOKEN.fullmatch(token) else f"_:x{token.encode().hex()}"


def _opened(document: bytes | IO[bytes], source: str, base: str) -> dict[str, Any] | list[Any]:
    raw = document if isinstance(document, bytes) else document.read()
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DocumentSyntaxError(f"this is not UTF-8: {error.reason}.", where=Place(source=source)) from error
    return open_jsonld(text, source, PinnedContexts(base))


def _rdf11(term: object, source: str) -> Term:
    if isinstance(term, NamedNode | BlankNode) or (isinstance(term, Literal) and term.direction is None):
        return term
    raise Unsupported(
        f"the document uses RDF 1.2, which is not RDF 1.1: {term}.",
        where=Place(source=source, record=str(term)),
        remedy="Leave out triple terms and base directions.",
    )


def _skolemise_circles(triples: list[BlankTriple], identifiers: Identifiers, within: str) -> list[str]:
    """The same as ``skolemise`` for blank nodes that refer to each other in circles.

    What is said of a blank node and what refers to it is passed on some times. Blank nodes that look alike then are
    told apart by their order in the document; that keeps the graph what it is, only its names may differ the next time.
    """
    names: dict[str, str] = {}
    for subject, _, value in triples:
        names |= {term.value: "" for term in (subject, value) if isinstance(term, BlankNode)}
    known = len(set(names.values()))
    for _ in range(_ROUNDS):
        said: dict[str, list[str]] = defaultdict(list)
        for subject, predicate, value in triples:
            left = names[subject.value] if isinstance(subject, BlankNode) else str(subject)
            right = names[value.value] if isinstance(value, BlankNode) else str(value)
            if isinstance(subject, BlankNode):
                said[subject.value].append(f"> {predicate} {right}")
            if isinstance(value, BlankNode):
                said[value.value].append(f"< {predicate} {left}")
        names = {node: _digest([name, *sorted(said[node])]) for node, name in names.items()}
        before, known = known, len(set(names.values()))
        if known == before:
            break
    twins: Counter[str] = Counter()
    iris: dict[str, str] = {}
    for node, name in names.items():
        twins[name] += 1
        iris[node] = f"<{identifiers.skolem(_digest([within, name, str(twins[name])])[:24])}>"
    lines = []
    for subject, predicate, value in triples:
        left = iris[subject.value] if isinstance(subject, BlankNode) else str(subject)
        right = iris[value.value] if isinstance(value, BlankNode) else str(value)
        lines.append(f"{left} {predicate} {right} .")
    return lines


def _digest(parts: Iterable[str]) -> str:
    return sha256("\n".join(parts).encode("utf-8")).hexdigest()
