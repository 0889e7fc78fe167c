"""Reads one ontology release: its concepts for the table, its triples for the graph, in one pass over the file."""

from __future__ import annotations

import gzip
import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, parse

from node.errors import DocumentSyntaxError, MediaTypeNotSupported, Place
from node.ontology.concepts import Concept, Translation
from node.rdf.formats import DOCUMENT_FORMATS, JSONLD, format_of_file
from node.rdf.namespaces import OBO, OBOINOWL, OWL, RDF_TYPE, RDFS_LABEL, RDFS_SUBCLASS_OF, SKOS

_CLASSES = frozenset({OWL + "Class", SKOS + "Concept"})
_VERSION_IRI = OWL + "versionIRI"
_VERSION_INFO = OWL + "versionInfo"
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
    """What one file said: its concepts by IRI, the ontology's own version, and how many triples it has."""

    concepts: dict[str, Concept]
    version_iri: str | None
    version_info: str | None
    triples: int


def file_digest(path: Path) -> str:
    """SHA-256 of a file as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_release(
    path: Path, *, skolem: Callable[[str], str], digest: str, triples: IO[bytes] | None = None
) -> ReleaseContent:
    """Read an ontology (Turtle, N-Triples, RDF/XML, N-Quads, TriG; ``.gz`` or not) without holding it in memory.

    Its triples go to ``triples`` as N-Triples, when given. Blank nodes become ``skolem(token)``, where the token is
    made of the file's digest and of the place in the order in which blank nodes first occur: the same file gives the
    same IRIs, whatever labels the parser chose. Raises MediaTypeNotSupported, DocumentSyntaxError (with the line).
    """
    table = _Table()
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
    return ReleaseContent(table.concepts(), table.version_iri, table.version_info, count)


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


def _quads(path: Path) -> Iterator[Quad]:
    document_format = format_of_file(path.name)
    if document_format is None or document_format is JSONLD:
        endings = ", ".join(e for f in DOCUMENT_FORMATS if f is not JSONLD for e in f.endings)
        raise MediaTypeNotSupported(
            "an ontology release is not read from such a file.",
            where=Place(source=path.name),
            remedy=f"Give one that ends in {endings}, optionally with .gz.",
        )
    try:
        with _opened(path) as file:
            yield from parse(file, format=document_format.rdf, base_iri="https://w3id.org/onconode/")
    except SyntaxError as error:
        # pyoxigraph counts lines from 1 and says the column in ``offset``
        place = Place(source=path.name, line=error.lineno, column=error.offset)
        raise DocumentSyntaxError(f"{error.msg}.", where=place) from error
    except (OSError, EOFError, ValueError) as error:
        raise DocumentSyntaxError(f"cannot be read: {error}.", where=Place(source=path.name)) from error


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as raw:
        if path.name.lower().endswith(".gz"):
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield io.BufferedReader(unpacked, _CHUNK)
        else:
            yield raw
