"""Concepts: the ontology classes that descriptions use as codes, and the hierarchy between them.

A vocabulary is a table, one concept a line, so that a server reads 22,000 concepts in well under 150 ms: a line is
only taken apart when its concept is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from node.errors import DocumentSyntaxError, Place

#: The columns of a concept table, in this order. ``parents`` and ``synonyms`` hold several values separated by ``|``.
COLUMNS = ("iri", "label", "parents", "obsolete", "replaced_by", "synonyms")
_HEADER = "\t".join(COLUMNS)
_SEPARATOR = re.compile(r"(?<!\\)\|")
_BREAKS = re.compile(r"[\t\r\n]+")


@dataclass(frozen=True)
class Concept:
    """One ontology class.

    ``parents`` are its direct named superclasses, ``replaced_by`` is the successor of an obsolete one.
    ``synonyms`` are exact synonyms only: another name for the same thing, good enough to code by.
    """

    iri: str
    label: str
    parents: tuple[str, ...] = ()
    obsolete: bool = False
    replaced_by: str | None = None
    synonyms: tuple[str, ...] = ()


class Vocabulary:
    """Concepts by IRI and by name. Several tables lie over each other; for one IRI the last table's line counts.

    Immutable as seen from outside; the caches inside only ever gain entries, so threads may share one.
    """

    def __init__(self, tables: Iterable[tuple[str, Mapping[str, str]]] = ()) -> None:
        """``tables``: pairs of a source's name and its lines by IRI, as ``read_concepts`` makes them."""
        self._tables = tuple(tables)
        self._lines: dict[str, str] = {}
        for _source, lines in self._tables:
            self._lines.update(lines)
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
            concept = self._concepts[iri] = _concept(line)
        return concept

    def source_of(self, iri: str) -> str | None:
        """The name of the table that this concept comes from (``ncit``, ``obi``, ``core``, …), None if not known."""
        return next((source for source, lines in reversed(self._tables) if iri in lines), None)

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
            self._names[below] = self._index(self._descendants(below) if below else self._lines)
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
        for iri in self._descendants(below) if below else self._lines:
            concept = self.get(iri)
            if concept is not None and not concept.obsolete:
                for name in dict.fromkeys(map(_normal, (concept.label, *concept.synonyms))):
                    yield name, iri

    def search(self, text: str, *, limit: int = 20) -> tuple[Concept, ...]:
        """Concepts whose label or synonym holds the text: exact labels first, then beginnings, then the rest."""
        wanted = _normal(text)
        if not wanted:
            return ()
        ranked = []
        for iri, line in self._lines.items():
            if wanted not in line.casefold():
                continue
            concept = self.get(iri)
            assert concept is not None
            label = _normal(concept.label)
            names = [_normal(s) for s in concept.synonyms]
            if wanted == label:
                rank = 0
            elif wanted in names:
                rank = 1
            elif label.startswith(wanted):
                rank = 2
            elif wanted in label:
                rank = 3
            elif any(wanted in name for name in names):
                rank = 4
            else:
                continue
            ranked.append((concept.obsolete, rank, len(label), label, iri, concept))
        return tuple(entry[-1] for entry in sorted(ranked, key=lambda entry: entry[:-1])[:limit])

    def _descendants(self, roots: tuple[str, ...]) -> set[str]:
        """The classes themselves and all their subclasses at any depth."""
        children: dict[str, list[str]] = {}
        for iri in self._lines:
            concept = self.get(iri)
            for parent in concept.parents if concept else ():
                children.setdefault(parent, []).append(iri)
        seen = set(roots)
        waiting = list(roots)
        while waiting:
            for child in children.get(waiting.pop(), ()):
                if child not in seen:
                    seen.add(child)
                    waiting.append(child)
        return seen

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
    header_seen = False
    for number, line in enumerate(text.split("\n"), 1):
        if not line or line[0] == "#":
            continue
        if not header_seen:
            if line != _HEADER:
                raise DocumentSyntaxError(
                    f"a concept table starts with the columns {', '.join(COLUMNS)}.",
                    where=Place(source=source, line=number),
                )
            header_seen = True
            continue
        if line.count("\t") != len(COLUMNS) - 1:
            raise DocumentSyntaxError(
                f"a line of a concept table has {len(COLUMNS)} columns, this one {line.count(chr(9)) + 1}.",
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
    return "\t".join(
        (
            concept.iri,
            _BREAKS.sub(" ", concept.label),
            "|".join(concept.parents),
            "true" if concept.obsolete else "",
            concept.replaced_by or "",
            "|".join(_BREAKS.sub(" ", s).replace("|", "\\|") for s in concept.synonyms),
        )
    )


def _concept(line: str) -> Concept:
    iri, label, parents, obsolete, replaced_by, synonyms = line.split("\t")
    return Concept(
        iri,
        label,
        tuple(parents.split("|")) if parents else (),
        obsolete == "true",
        replaced_by or None,
        tuple(s.replace("\\|", "|") for s in _SEPARATOR.split(synonyms)) if synonyms else (),
    )


def _normal(text: str) -> str:
    return " ".join(text.casefold().split())
