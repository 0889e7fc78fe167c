"""Reads one ontology release: its concepts for the table, its triples for the graph, in one pass over the file.

RDF in Turtle, N-Triples, RDF/XML, N-Quads and TriG, OBO, and OBO Graphs JSON, each packed by gzip or not; what a file
is, its first bytes say where its name does not.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import itertools
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, parse

from node.errors import DocumentSyntaxError, MediaTypeNotSupported, Place
from node.ontology.concepts import Concept, Translation
from node.ontology.inference import RELEVANT, Axioms
from node.ontology.obo_format import read_obo
from node.ontology.obo_graph import read_obo_graph
from node.rdf.formats import JSONLD, NTRIPLES, RDFXML, TURTLE, Format, format_of_file
from node.rdf.namespaces import DCT, OBO, OBOINOWL, OWL, RDF_TYPE, RDFS_LABEL, RDFS_SUBCLASS_OF, SKOS

_CLASSES = frozenset({OWL + "Class", SKOS + "Concept"})
_VERSION_IRI = OWL + "versionIRI"
_VERSION_INFO = OWL + "versionInfo"
_LICENCE = (DCT + "license", "http://creativecommons.org/ns#license")
_DEPRECATED = OWL + "deprecated"
_REPLACED_BY = OBO + "IAO_0100001"
_LABELS = frozenset({RDFS_LABEL, SKOS + "prefLabel"})
_DEFINITIONS = frozenset({OBO + "IAO_0000115", SKOS + "definition"})
#: Properties that name a class otherwise, by how its meaning is to that name. Only exact synonyms are coded by.
_SYNONYMS = {
    OBOINOWL + "hasExactSynonym": "exact",
    SKOS + "altLabel": "exact",
    OBOINOWL + "hasBroadSynonym": "broad",
    OBOINOWL + "hasNarrowSynonym": "narrow",
    OBOINOWL + "hasRelatedSynonym": "related",
    OBO + "IAO_0000118": "related",
    SKOS + "hiddenLabel": "related",
}
_CHUNK = 1 << 20


@dataclass
class ReleaseContent:
    """What one file said: its concepts by IRI, the ontology's own name, version and licence, how many triples it has,
    and the axioms about its classes, with blank nodes by the parser's labels."""

    concepts: dict[str, Concept]
    version_iri: str | None
    version_info: str | None
    triples: int
    ontology: str | None
    licence: str | None
    axioms: Axioms


def file_digest(path: Path) -> str:
    """SHA-256 of a file as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_release(
    path: Path, *, skolem: Callable[[str], str], digest: str, triples: IO[bytes] | None = None
) -> ReleaseContent:
    """Read an ontology without holding it in memory.

    Its triples go to ``triples`` as N-Triples, when given. Blank nodes become ``skolem(token)``, where the token is
    made of the file's digest and of the place in the order in which blank nodes first occur: the same file gives the
    same IRIs, whatever labels the parser chose. Raises MediaTypeNotSupported, DocumentSyntaxError (with the line).
    """
    table, axioms = _Table(), Axioms()
    names: dict[str, str] = {}

    def term(node: NamedNode | BlankNode) -> str:
        if isinstance(node, NamedNode):
            return str(node)
        name = names.get(node.value)
        if name is None:
            token = hashlib.sha256(f"{digest} {len(names)}".encode()).hexdigest()[:24]
            name = names[node.value] = f"<{skolem(token)}>"
        return name

    count = 0
    lines: list[str] = []
    for quad in _quads(path):
        count += 1
        table.add(quad)
        _add_axiom(axioms, quad)
        if triples is not None:
            value = quad.object
            if isinstance(value, NamedNode | BlankNode):
                written = term(value)
            elif isinstance(value, Literal):
                written = str(value)
            else:
                raise _not_rdf11(path)
            if not isinstance(quad.subject, NamedNode | BlankNode):
                raise _not_rdf11(path)
            lines.append(f"{term(quad.subject)} {quad.predicate} {written} .\n")
            if len(lines) == 10_000:
                triples.write("".join(lines).encode("utf-8"))
                lines.clear()
    if triples is not None:
        triples.write("".join(lines).encode("utf-8"))
    return ReleaseContent(
        concepts=table.concepts(),
        version_iri=table.version_iri,
        version_info=table.version_info,
        triples=count,
        ontology=table.ontology,
        licence=table.licence,
        axioms=axioms,
    )


def _add_axiom(axioms: Axioms, quad: Quad) -> None:
    if quad.predicate.value not in RELEVANT:
        return
    subject, value = quad.subject, quad.object
    if isinstance(subject, NamedNode | BlankNode) and isinstance(value, NamedNode | BlankNode):
        axioms.add(
            subject.value,
            quad.predicate.value,
            value.value,
            subject_blank=isinstance(subject, BlankNode),
            value_blank=isinstance(value, BlankNode),
        )


def _not_rdf11(path: Path) -> DocumentSyntaxError:
    return DocumentSyntaxError("a triple about a triple is not RDF 1.1.", where=Place(source=path.name))


@dataclass
class _Table:
    classes: set[str] = field(default_factory=set)
    labels: dict[str, tuple[int, str]] = field(default_factory=dict)
    parents: dict[str, list[str]] = field(default_factory=dict)
    synonyms: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    translations: dict[str, list[Translation]] = field(default_factory=dict)
    definitions: dict[str, tuple[int, str]] = field(default_factory=dict)
    typed: set[str] = field(default_factory=set)
    obsolete: set[str] = field(default_factory=set)
    successors: dict[str, str] = field(default_factory=dict)
    version_iri: str | None = None
    version_info: str | None = None
    ontology: str | None = None
    licence: str | None = None

    def add(self, quad: Quad) -> None:
        if not isinstance(quad.subject, NamedNode):
            return
        if isinstance(quad.object, NamedNode):
            self._add_link(quad.subject.value, quad.predicate.value, quad.object.value)
        elif isinstance(quad.object, Literal):
            self._add_text(quad.subject.value, quad.predicate.value, quad.object)

    def _add_link(self, subject: str, predicate: str, value: str) -> None:
        if predicate == RDF_TYPE:
            self.typed.add(subject)
            if value == OWL + "Ontology":
                self.ontology = subject
            if value in _CLASSES:
                self.classes.add(subject)
        elif predicate == RDFS_SUBCLASS_OF:
            self.classes.add(subject)
            if value not in self.parents.setdefault(subject, []):
                self.parents[subject].append(value)
        elif predicate == _REPLACED_BY:
            self.successors[subject] = value
        elif predicate == _VERSION_IRI:
            self.version_iri = value
        elif predicate in _LICENCE and subject == self.ontology:
            self.licence = value

    def _add_text(self, subject: str, predicate: str, value: Literal) -> None:
        if predicate in _LABELS:
            self._add_name(subject, "label", value)
        elif (scope := _SYNONYMS.get(predicate)) is not None:
            self._add_name(subject, scope, value)
        elif predicate in _DEFINITIONS:
            _keep(self.definitions, subject, value)
        elif predicate == _DEPRECATED and value.value in ("true", "1"):
            self.obsolete.add(subject)
        elif predicate == _VERSION_INFO:
            self.version_info = value.value

    def _add_name(self, subject: str, kind: str, value: Literal) -> None:
        if kind == "label":
            _keep(self.labels, subject, value)
        if not _is_english(value):
            assert value.language is not None
            translation = Translation(value.language.lower(), kind, value.value)
            self.translations.setdefault(subject, []).append(translation)
        elif kind != "label":
            self.synonyms.setdefault(subject, []).append((kind, value.value))

    def concepts(self) -> dict[str, Concept]:
        """The classes; and, without a label, what the file adds to classes that it does not itself declare."""
        named = {*self.synonyms, *self.translations, *self.definitions}
        made = {iri: self._concept(iri, self._label(iri)) for iri in self.classes}
        made.update((iri, self._concept(iri, "")) for iri in named - self.classes - self.typed)
        return made

    def _label(self, iri: str) -> str:
        return self.labels[iri][1] if iri in self.labels else iri.rsplit("/", 1)[-1].rsplit("#", 1)[-1]

    def _concept(self, iri: str, label: str) -> Concept:
        scopes: dict[str, dict[str, None]] = {}
        for scope, text in self.synonyms.get(iri, ()):
            if text != label:
                scopes.setdefault(scope, {})[text] = None
        return Concept(
            iri,
            label,
            tuple(self.parents.get(iri, ())),
            iri in self.obsolete,
            self.successors.get(iri),
            tuple(scopes.get("exact", ())),
            self.definitions.get(iri, (0, ""))[1],
            tuple(scopes.get("broad", ())),
            tuple(scopes.get("narrow", ())),
            tuple(scopes.get("related", ())),
            tuple(dict.fromkeys(self.translations.get(iri, ()))),
        )


def _is_english(value: Literal) -> bool:
    return value.language is None or value.language.lower().split("-")[0] == "en"


def _keep(texts: dict[str, tuple[int, str]], subject: str, value: Literal) -> None:
    """The text in English or in no language is the one to show; of several the first in the file."""
    rank = 0 if _is_english(value) else 1
    if subject not in texts or rank < texts[subject][0]:
        texts[subject] = (rank, value.value)


#: What the beginning of a file says of its format, where its name says nothing.
_BEGINNINGS: tuple[tuple[bytes, Format | str], ...] = (
    (b"format-version:", "obo"),
    (b"{", "graph"),
    (b"<?xml", RDFXML),
    (b"<rdf:RDF", RDFXML),
    (b"<!DOCTYPE rdf:RDF", RDFXML),
    (b"@prefix", TURTLE),
    (b"@base", TURTLE),
    (b"PREFIX", TURTLE),
    (b"<http", NTRIPLES),
    (b"_:", NTRIPLES),
)
#: Beginnings of what is not RDF at all, and what it is.
_OTHERS = (
    (b"Ontology(", "OWL in functional syntax"),
    (b"Prefix(", "OWL in functional syntax"),
    (b"<Ontology", "OWL/XML, not RDF/XML"),
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"version https://git-lfs", "a pointer to a file in Git LFS, not the file"),
    (b"PK\x03\x04", "a zip archive"),
)
_LOOKED_AT = 4_096


def _quads(path: Path) -> Iterator[Quad]:
    place = Place(source=path.name)
    try:
        with _opened(path) as file:
            found = _format(path, file.peek(_LOOKED_AT)[:_LOOKED_AT])
            if found == "obo":
                lines = (line.decode("utf-8") for line in file)
                yield from _parsed_lines(read_obo(lines, source=path.name))
            elif found == "graph":
                yield from _parsed_lines(read_obo_graph(file.read(), source=path.name))
            else:
                assert isinstance(found, Format)
                yield from parse(file, format=found.rdf, base_iri="https://w3id.org/onconode/")
    except SyntaxError as error:
        # pyoxigraph counts lines from 1 and says the column in ``offset``
        place = Place(source=path.name, line=error.lineno, column=error.offset)
        raise DocumentSyntaxError(
            f"{error.msg}.", where=place, remedy="If it was downloaded or copied, get it again: it may be damaged."
        ) from error
    except UnicodeDecodeError as error:
        raise DocumentSyntaxError("is not UTF-8.", where=place) from error
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DocumentSyntaxError(
            f"cannot be read: {error}.", where=place, remedy="Get it again: it is damaged or not whole."
        ) from error


def _parsed_lines(lines: Iterator[str]) -> Iterator[Quad]:
    while some := "".join(itertools.islice(lines, 10_000)):
        yield from parse(some, format=RdfFormat.N_TRIPLES)


def _format(path: Path, beginning: bytes) -> Format | str:
    """The format of a file from its name and its first bytes, unpacked. Raises DocumentSyntaxError,
    MediaTypeNotSupported."""
    start = beginning.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise DocumentSyntaxError("is empty.", where=Place(source=path.name), remedy="Get it again.")
    for sign, what in _OTHERS:
        declared = start[:5].lower() == b"<?xml" and sign.startswith(b"<") and sign in start
        if declared or start[: len(sign)].lower() == sign.lower():
            raise DocumentSyntaxError(
                f"is {what}.",
                where=Place(source=path.name),
                remedy="Give a release in RDF/XML, Turtle, N-Triples, OBO or OBO Graphs JSON; ROBOT converts others.",
            )
    lower = path.name.lower().removesuffix(".gz")
    if lower.endswith(".obo"):
        return "obo"
    named = format_of_file(lower)
    if named is JSONLD:
        return "graph"
    if named is not None and not (named is RDFXML and not start.startswith(b"<")):
        return named
    for sign, found in _BEGINNINGS:
        if start.startswith(sign):
            return found
    raise MediaTypeNotSupported(
        "an ontology release is not read from such a file.",
        where=Place(source=path.name),
        remedy="Give one that ends in .owl, .rdf, .ttl, .nt, .obo or .json, optionally with .gz.",
    )


@contextmanager
def _opened(path: Path) -> Iterator[io.BufferedReader]:
    with path.open("rb") as raw:
        packed = raw.peek(2)[:2] == b"\x1f\x8b"
        if packed or path.name.lower().endswith(".gz"):
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield io.BufferedReader(unpacked, _CHUNK)
        else:
            yield raw
