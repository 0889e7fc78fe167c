"""The names of all concepts of a vocabulary, laid out for searching: one SQLite file for each installed set.

The file is made once, under a name that says which vocabulary it is of, and only read afterwards. Opened, it keeps in
memory the words and two numbers a name; the names themselves stay on disk. Words are found by themselves, by their
beginning and by what is like them; what a search makes of them is in ``search``.
"""

from __future__ import annotations

import math
import os
import re
import sqlite3
import tempfile
import threading
import unicodedata
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rapidfuzz import process
from rapidfuzz.distance import OSA

from node.errors import Place, StoreError
from node.ontology.concepts import Concept, Vocabulary
from node.ontology.lexical import american, singular

#: Goes up when what is in the file changes.
FORM = 1
#: Kinds of names, the best first; the number of one is its place.
KINDS = ("label", "exact", "narrow", "broad", "related")
_WORD = re.compile(r"[^\W_]+")
_ENDING = ".sqlite"
#: Of words with the same beginning, the most frequent so many are looked at; the same for words that are alike.
_BEGINNINGS, _ALIKE = 40, 6
#: Beginnings of one and two letters have their names worked out beforehand.
_SHORT, _SHORT_NAMES = 2, 60


@dataclass(frozen=True, slots=True)
class Name:
    """One name: ``concept`` is the place of its concept in the vocabulary, ``plain`` what is compared."""

    id: int
    concept: int
    text: str
    plain: str
    kind: str
    language: str


def plain_words(text: str) -> list[str]:
    """The words of a name without case, accents, punctuation and British spelling."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return _WORD.findall(american(bare))


def stem(word: str) -> str:
    """A word in the singular."""
    return singular(word) if len(word) > 4 else word


class SearchIndex:
    """An index of one vocabulary, open for reading. Safe to use from several threads."""

    def __init__(self, path: Path, vocabulary: Vocabulary) -> None:
        """``vocabulary`` is the one it was made of: names refer to the places of its concepts.

        Raises StoreError for a file that is none.
        """
        self._lock = threading.Lock()
        self.digest = vocabulary.digest
        self.iris: Sequence[str] = tuple(vocabulary.iris())
        self.place = {iri: place for place, iri in enumerate(self.iris)}
        try:
            self._file = sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True, check_same_thread=False)
            form, concepts = self._file.execute("SELECT form, concepts FROM made").fetchone()
            if (form, concepts) != (FORM, len(self.iris)):
                raise sqlite3.DatabaseError("another vocabulary")
            blobs = dict(self._file.execute("SELECT what, content FROM numbers"))
            self.frequency: dict[str, int] = dict(self._file.execute("SELECT word, length(names) / 4 FROM posting"))
        except (sqlite3.Error, TypeError) as error:
            raise StoreError("the search index cannot be read.", where=Place(path.name), remedy="Delete it.") from error
        #: By the number of a name: the place of its concept, and the weight of all its words.
        self.concept_of = array("I", blobs["concepts"])
        self.weight_of = array("f", blobs["weights"])
        self.obsolete = blobs["obsolete"]
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for word in self.frequency:
            if word.isalpha():
                self._by_length[len(word)].append(word)

    def __len__(self) -> int:
        return len(self.concept_of)

    def weight(self, word: str) -> float:
        """How much a word says: the rarer the more. An unknown one is as rare as can be."""
        return math.log(1 + len(self) / max(1, self.frequency.get(word, 1)))

    def names_with(self, word: str) -> array[int]:
        """The numbers of the names that hold this word, in order."""
        rows = self._ask("SELECT names FROM posting WHERE word = ?", (word,))
        return array("I", rows[0][0]) if rows else array("I")

    def names(self, numbers: Iterable[int]) -> list[Name]:
        """The names of these numbers."""
        listed = ",".join(map(str, numbers))
        rows = self._ask(f"SELECT id, concept, text, plain, kind, language FROM name WHERE id IN ({listed})")  # noqa: S608
        return [
            Name(i, concept, text, plain, KINDS[kind], language) for i, concept, text, plain, kind, language in rows
        ]

    def names_that_are(self, plain: str, *, most: int) -> list[int]:
        """The numbers of the names that read so and no further."""
        return [n for (n,) in self._ask("SELECT id FROM name WHERE plain = ? LIMIT ?", (plain, most))]

    def names_beginning(self, plain: str, *, most: int) -> list[int]:
        """The numbers of names that begin so, shorter ones first."""
        if len(plain) <= _SHORT:
            rows = self._ask("SELECT names FROM beginning WHERE letters = ?", (plain,))
            return array("I", rows[0][0]).tolist()[:most] if rows else []
        rows = self._ask(
            "SELECT id FROM name WHERE plain >= ? AND plain < ? ORDER BY length(plain), kind LIMIT ?",
            (plain, plain + "\U0010ffff", most),
        )
        return [n for (n,) in rows]

    def words_beginning(self, letters: str) -> list[str]:
        """The most frequent words that begin so."""
        rows = self._ask(
            "SELECT word FROM posting WHERE word >= ? AND word < ? ORDER BY length(names) DESC LIMIT ?",
            (letters, letters + "\U0010ffff", _BEGINNINGS),
        )
        return [word for (word,) in rows]

    def words_like(self, word: str, *, beginning: bool = False) -> list[tuple[str, int]]:
        """Known words that differ in one letter, or two in a long word, with by how many; the nearest first.

        Letters that changed places count as one (optimal string alignment distance). With ``beginning`` only as much
        of the known words counts as has been written yet.
        """
        far = 0 if len(word) < 4 else 1 if len(word) < 7 else 2
        if not far:
            return []
        longest = max(self._by_length, default=0) if beginning else len(word) + far
        known = [one for size in range(max(3, len(word) - far), longest + 1) for one in self._by_length.get(size, ())]
        compared = [one[: len(word)] for one in known] if beginning else known
        found = process.extract(word, compared, scorer=OSA.distance, score_cutoff=far, limit=40)
        near = [(known[place], int(distance)) for _text, distance, place in found]
        near.sort(key=lambda each: (each[1], each[0][0] != word[0], -self.frequency[each[0]]))
        return near[:_ALIKE]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()

    def _ask(self, text: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._file.execute(text, values).fetchall()


def open_index(folder: Path, vocabulary: Vocabulary) -> SearchIndex:
    """The index of this vocabulary in this folder, made now if it is not there; those of others are removed.

    Raises StoreError when the folder cannot be written.
    """
    path = folder / f"{vocabulary.digest}-{FORM}{_ENDING}"
    if path.exists():
        try:
            return SearchIndex(path, vocabulary)
        except StoreError:
            path.unlink(missing_ok=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, made = tempfile.mkstemp(dir=folder, suffix=".part")
        os.close(handle)
        try:
            write_index(Path(made), vocabulary)
            Path(made).replace(path)
        finally:
            Path(made).unlink(missing_ok=True)
        for other in folder.glob(f"*{_ENDING}"):
            # Who has it open goes on reading it.
            if other != path:
                other.unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        raise StoreError("the search index cannot be written.", where=Place(str(folder))) from error
    return SearchIndex(path, vocabulary)


def write_index(path: Path, vocabulary: Vocabulary) -> None:
    """Make the index of a vocabulary as a file. Raises sqlite3.Error, OSError."""
    rows: list[tuple[int, int, str, str, int, str]] = []
    posting: dict[str, array[int]] = defaultdict(lambda: array("I"))
    words_of: list[tuple[str, ...]] = []
    obsolete = bytearray()
    for place, iri in enumerate(vocabulary.iris()):
        concept = vocabulary.get(iri)
        assert concept is not None
        obsolete.append(concept.obsolete)
        for text, kind, language in _names(concept):
            words = plain_words(text)
            stems = tuple(dict.fromkeys(map(stem, words)))
            number = len(rows)
            rows.append((number, place, text, " ".join(words), KINDS.index(kind), language))
            words_of.append(stems)
            for word in stems:
                posting[word].append(number)
    total = len(rows)
    weight = {word: math.log(1 + total / len(numbers)) for word, numbers in posting.items()}
    weights = array("f", (sum(map(weight.__getitem__, words)) for words in words_of))
    file = sqlite3.connect(path)
    try:
        file.executescript(
            """PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
            CREATE TABLE made (form INTEGER, concepts INTEGER);
            CREATE TABLE numbers (what TEXT, content BLOB);
            CREATE TABLE name (id INTEGER PRIMARY KEY, concept INTEGER, text TEXT, plain TEXT, kind INTEGER,
              language TEXT);
            CREATE TABLE posting (word TEXT PRIMARY KEY, names BLOB) WITHOUT ROWID;
            CREATE TABLE beginning (letters TEXT PRIMARY KEY, names BLOB) WITHOUT ROWID;"""
        )
        file.execute("BEGIN")
        file.executemany("INSERT INTO name VALUES (?, ?, ?, ?, ?, ?)", rows)
        file.executemany("INSERT INTO posting VALUES (?, ?)", ((w, n.tobytes()) for w, n in sorted(posting.items())))
        file.executemany("INSERT INTO beginning VALUES (?, ?)", _beginnings(rows, bytes(obsolete)))
        concepts = array("I", (row[1] for row in rows))
        numbers = {"concepts": concepts.tobytes(), "weights": weights.tobytes(), "obsolete": bytes(obsolete)}
        file.executemany("INSERT INTO numbers VALUES (?, ?)", numbers.items())
        file.execute("INSERT INTO made VALUES (?, ?)", (FORM, len(obsolete)))
        file.execute("COMMIT")
        file.execute("CREATE INDEX by_plain ON name (plain, kind)")
    finally:
        file.close()


def _names(concept: Concept) -> Iterator[tuple[str, str, str]]:
    """Text, kind and language of every name, each text once at its best kind."""
    seen: set[tuple[str, str]] = set()
    lists = (("label", (concept.label,)), *((kind, getattr(concept, _FIELDS[kind])) for kind in KINDS[1:]))
    for kind, texts in lists:
        for text in texts:
            if ("", key := text.casefold()) not in seen:
                seen.add(("", key))
                yield text, kind, ""
    for name in concept.translations:
        if (name.language, key := name.text.casefold()) not in seen:
            seen.add((name.language, key))
            yield name.text, name.kind, name.language


_FIELDS = {"exact": "synonyms", "narrow": "narrow", "broad": "broad", "related": "related"}


def _beginnings(rows: Sequence[tuple[int, int, str, str, int, str]], obsolete: bytes) -> Iterator[tuple[str, bytes]]:
    """For each beginning of one or two letters the shortest names in force with it, labels first."""
    kept: dict[str, array[int]] = defaultdict(lambda: array("I"))
    for number, place, _text, plain, _kind, _language in sorted(rows, key=lambda row: (row[4], len(row[3]), row[3])):
        if not obsolete[place]:
            for size in range(1, _SHORT + 1):
                numbers = kept[plain[:size]]
                if len(plain) >= size and len(numbers) < _SHORT_NAMES:
                    numbers.append(number)
    for letters in sorted(kept):
        yield letters, kept[letters].tobytes()
