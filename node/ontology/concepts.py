"""Concepts: the ontology classes that descriptions use as codes, and the hierarchy between them.

A vocabulary is a table, one concept a line, so that a server reads 22,000 concepts in well under 150 ms: a line is
only taken apart when its concept is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b

from node.errors import DocumentSyntaxError, Place

#: The columns of a concept table, in this order. All from ``parents`` on that can hold several values have them
#: separated by ``|``; a translation is ``language:kind:name``. Tables that end after ``synonyms`` are read as well.
COLUMNS = (
    *("iri", "label", "parents", "obsolete", "replaced_by", "synonyms"),
    *("definition", "broad", "narrow", "related", "translations"),
)
_HEADER = "\t".join(COLUMNS)
_LEAST = 6
_HEADERS = {"\t".join(COLUMNS[:size]): size for size in (_LEAST, len(COLUMNS))}
_SEPARATOR = re.compile(r"(?<!\\)\|")
_BREAKS = re.compile(r"[\t\r\n]+")


@dataclass(frozen=True)
class Translation:
    """A name in a language other than English: a BCP 47 tag in lower case, and ``label`` or the scope of a synonym."""

    language: str
    kind: str
    text: str


@dataclass(frozen=True)
class Concept:
    """One ontology class.

    ``parents`` are its direct named superclasses, ``replaced_by`` is the successor of an obsolete one.
    ``synonyms`` are exact synonyms only: another name for the same thing, good enough to code by. ``broad``,
    ``narrow`` and ``related`` are names whose meaning is wider, narrower or near, good enough to find it by.
    Without a label it only adds to what another table says of the class.
    """

    iri: str
    label: str
    parents: tuple[str, ...] = ()
    obsolete: bool = False
    replaced_by: str | None = None
    synonyms: tuple[str, ...] = ()
    definition: str = ""
    broad: tuple[str, ...] = ()
    narrow: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    translations: tuple[Translation, ...] = ()

    def with_more(self, other: Concept) -> Concept:
        """This concept with the names that another description of it adds, and its definition if it has none."""

        def both(mine: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(dict.fromkeys(text for text in (*mine, *more) if text != self.label))

        return replace(
            self,
            synonyms=both(self.synonyms, other.synonyms),
            definition=self.definition or other.definition,
            broad=both(self.broad, other.broad),
            narrow=both(self.narrow, other.narrow),
            related=both(self.related, other.related),
            translations=tuple(dict.fromkeys((*self.translations, *other.translations))),
        )


class Vocabulary:
    """Concepts by IRI and by name. Several tables lie over each other; for one IRI the last table's line counts.

    A line without a label does not replace the one below it, but adds its names to it.

    Immutable as seen from outside; the caches inside only ever gain entries, so threads may share one.
    """

    def __init__(self, tables: Iterable[tuple[str, Mapping[str, str]]] = ()) -> None:
        """``tables``: pairs of a source's name and its lines by IRI, as ``read_concepts`` makes them."""
        self._tables = tuple(tables)
        self._lines: dict[str, str] = {}
        self._additions: dict[str, list[str]] = {}
        for _source, lines in self._tables:
            for iri, line in lines.items():
                if line.startswith("\t", len(iri) + 1):
                    self._additions.setdefault(iri, []).append(line)
                else:
                    self._lines[iri] = line
        self._concepts: dict[str, Concept] = {}
        self._ancestors: dict[str, frozenset[str]] = {}
        self._homonyms: dict[tuple[str, ...], dict[str, list[str]]] = {}
        self._names: dict[tuple[str, ...], tuple[dict[str, str | None], dict[str, str | None]]] = {}

    @classmethod
    def of(cls, concepts: Iterable[Concept], source: str = "given") -> Vocabulary:
        """A vocabulary of these concepts."""
        return cls([(source, {c.iri: _line(c) for c in concepts})])

    def overlaid_by(self, other: Vocabulary) -> Vocabulary:
        """This vocabulary with another on top: what the other knows, it knows better."""
        return Vocabulary((*self._tables, *other._tables))

    def with_instead(self, source: str, other: Vocabulary) -> Vocabulary:
        """This vocabulary with the tables of another in the place of those of a source; on top if it has none."""
        kept = [table for table in self._tables if table[0] != source]
        at = next((i for i, table in enumerate(self._tables) if table[0] == source), len(kept))
        return Vocabulary((*kept[:at], *other._tables, *kept[at:]))

    def __len__(self) -> int:
        return len(self._lines)

    def __contains__(self, iri: object) -> bool:
        return iri in self._lines

    def iris(self) -> Iterable[str]:
        """The IRIs of all concepts."""
        return self._lines.keys()

    def get(self, iri: str) -> Concept | None:
        """The concept with this IRI, None if it is not known."""
        concept = self._concepts.get(iri)
        if concept is None and (line := self._lines.get(iri)) is not None:
            concept = _concept(line)
            for addition in self._additions.get(iri, ()):
                concept = concept.with_more(_concept(addition))
            self._concepts[iri] = concept
        return concept

    @cached_property
    def digest(self) -> str:
        """The same for the same concepts, whatever tables they come from: what indexes of them are filed under."""
        digest = blake2b(digest_size=16)
        for lines in (self._lines.values(), *self._additions.values()):
            digest.update("\n".join(lines).encode())
        digest.update("\n".join(source for source, _lines in self._tables).encode())
        return digest.hexdigest()

    def children(self, iri: str) -> tuple[str, ...]:
        """The IRIs of the direct subclasses, in the order of the tables."""
        return tuple(self._children.get(iri, ()))

    def descendants(self, *roots: str) -> set[str]:
        """The classes themselves and all their subclasses at any depth."""
        seen = set(roots)
        waiting = list(roots)
        while waiting:
            for child in self._children.get(waiting.pop(), ()):
                if child not in seen:
                    seen.add(child)
                    waiting.append(child)
        return seen

    @cached_property
    def _children(self) -> dict[str, list[str]]:
        children: dict[str, list[str]] = {}
        for iri, line in self._lines.items():
            parents = line.split("\t", 3)[2]
            for parent in parents.split("|") if parents else ():
                children.setdefault(parent, []).append(iri)
        return children

    def source_of(self, iri: str) -> str | None:
        """The name of the table that this concept comes from (``ncit``, ``obi``, ``core``, …), None if not known."""
        line = self._lines.get(iri)
        return next((source for source, lines in reversed(self._tables) if iri in lines and lines[iri] is line), None)

    def sources(self) -> tuple[str, ...]:
        """The names of the tables that concepts come from, in order."""
        return tuple(dict.fromkeys(source for source, lines in self._tables if lines))

    def ancestors(self, iri: str) -> frozenset[str]:
        """The IRI itself and those of all its superclasses; a cycle does no harm. Just itself for an unknown IRI."""
        known = self._ancestors.get(iri)
        if known is None:
            seen = {iri}
            waiting = [iri]
            while waiting:
                concept = self.get(waiting.pop())
                for parent in concept.parents if concept else ():
                    if parent not in seen:
                        seen.add(parent)
                        waiting.append(parent)
            known = self._ancestors[iri] = frozenset(seen)
        return known

    def is_a(self, iri: str, ancestor: str) -> bool:
        """Whether ``iri`` is ``ancestor`` or one of its subclasses at any depth (``rdfs:subClassOf*``)."""
        return ancestor in self.ancestors(iri)

    def by_label(self, text: str, *, below: tuple[str, ...] = ()) -> Concept | None:
        """The concept of this name, upper or lower case and spaces aside; obsolete ones are not found.

        With ``below`` (IRIs) only these classes and what is under them count: within one branch a name is often clear
        that is not so in the whole vocabulary, as "glioma" also names a pathway. A label counts more than a synonym.
        None when nothing or more than one thing is called so.
        """
        if below not in self._names:
            self._names[below] = self._index(self.descendants(*below) if below else self._lines)
        labels, synonyms = self._names[below]
        name = _normal(text)
        iri = labels[name] if name in labels else synonyms.get(name)
        return self.get(iri) if iri else None

    def named(self, text: str, *, below: tuple[str, ...] = ()) -> tuple[Concept, ...]:
        """All concepts in force of this name, label or exact synonym; with ``below`` those of its branches only."""
        if below not in self._homonyms:
            homonyms: dict[str, list[str]] = {}
            for name, iri in self.names(below=below):
                homonyms.setdefault(name, []).append(iri)
            self._homonyms[below] = homonyms
        found = self._homonyms[below].get(_normal(text), ())
        return tuple(concept for iri in dict.fromkeys(found) if (concept := self.get(iri)))

    def names(self, *, below: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
        """Every name of a concept in force, lower case and single spaces, with the concept's IRI."""
        for iri in self.descendants(*below) if below else self._lines:
            concept = self.get(iri)
            if concept is not None and not concept.obsolete:
                for name in dict.fromkeys(map(_normal, (concept.label, *concept.synonyms))):
                    yield name, iri

    def _index(self, iris: Iterable[str]) -> tuple[dict[str, str | None], dict[str, str | None]]:
        labels: dict[str, str | None] = {}
        synonyms: dict[str, str | None] = {}
        for iri in iris:
            concept = self.get(iri)
            if concept is None or concept.obsolete:
                continue
            name = _normal(concept.label)
            labels[name] = None if name in labels else iri
            for synonym in {_normal(s) for s in concept.synonyms}:
                synonyms[synonym] = None if synonym in synonyms else iri
        return labels, synonyms


def read_concepts(data: bytes, *, source: str) -> Vocabulary:
    """Read a concept table (UTF-8, tab-separated; lines that start with ``#`` are comments; a header line).

    Raises DocumentSyntaxError with the line for anything else.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DocumentSyntaxError("a concept table must be UTF-8.", where=Place(source=source)) from error
    lines: dict[str, str] = {}
    columns = 0
    for number, line in enumerate(text.split("\n"), 1):
        if not line or line[0] == "#":
            continue
        if not columns:
            columns = _HEADERS.get(line, 0)
            if not columns:
                raise DocumentSyntaxError(
                    f"a concept table starts with the columns {', '.join(COLUMNS)}.",
                    where=Place(source=source, line=number),
                )
            continue
        if line.count("\t") != columns - 1:
            raise DocumentSyntaxError(
                f"a line of a concept table has {columns} columns, this one {line.count(chr(9)) + 1}.",
                where=Place(source=source, line=number),
            )
        lines[line[: line.index("\t")]] = line
    return Vocabulary([(source, lines)])


def write_concepts(concepts: Iterable[Concept], *, comments: Iterable[str] = ()) -> bytes:
    """A concept table, sorted by IRI, after the comments (each without its ``#``)."""
    head = [f"# {comment}".rstrip() for comment in comments]
    rows = sorted(_line(concept) for concept in concepts)
    return ("\n".join([*head, _HEADER, *rows]) + "\n").encode("utf-8")


def _line(concept: Concept) -> str:
    translations = (f"{t.language}:{t.kind}:{t.text}" for t in concept.translations)
    return "\t".join(
        (
            concept.iri,
            _flat(concept.label),
            "|".join(concept.parents),
            "true" if concept.obsolete else "",
            concept.replaced_by or "",
            _joined(concept.synonyms),
            _flat(concept.definition),
            _joined(concept.broad),
            _joined(concept.narrow),
            _joined(concept.related),
            _joined(translations),
        )
    )


def _concept(line: str) -> Concept:
    iri, label, parents, obsolete, replaced_by, synonyms, *more = line.split("\t")
    definition, broad, narrow, related, translations = more or ("", "", "", "", "")
    return Concept(
        iri,
        label,
        tuple(parents.split("|")) if parents else (),
        obsolete == "true",
        replaced_by or None,
        _several(synonyms),
        definition,
        _several(broad),
        _several(narrow),
        _several(related),
        tuple(Translation(*text.split(":", 2)) for text in _several(translations)),
    )


def _flat(text: str) -> str:
    return _BREAKS.sub(" ", text)


def _joined(texts: Iterable[str]) -> str:
    return "|".join(_flat(text).replace("|", "\\|") for text in texts)


def _several(cell: str) -> tuple[str, ...]:
    return tuple(text.replace("\\|", "|") for text in _SEPARATOR.split(cell)) if cell else ()


def _normal(text: str) -> str:
    return " ".join(text.casefold().split())
