"""Finds concepts by what people call them: names in full, in part or misspelt, codes, codes of other systems.

The way of a search: what is written may be a code; each of its words is looked up, and where it is not known what is
like it; the names that share the words that say most are compared with the whole text; each concept counts by the
best of its names. ``docs/explanation/concept-search.md`` tells it at length. How many words, names and comparisons one
search may cost is bounded.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from rapidfuzz import fuzz

from node.errors import NotFound, ProtocolError
from node.ontology.codes import Codes, curie
from node.ontology.concepts import Vocabulary
from node.ontology.search_index import Name, SearchIndex, plain_words, stem

#: The longest text that is searched, and the most hits of one search.
LONGEST = 200
MOST = 200
_WORDS = 12
_SHORTEST_PART = 4
#: A word that this many names hold is frequent; this many names are enough without it, or in any case.
_FREQUENT, _ENOUGH, _MOST_CANDIDATES = 4_000, 50, 10_000
#: So many times as many names with a word as candidates, and the candidates are looked up among them.
_SPARSE = 8
#: How many names are compared letter by letter.
_COMPARED = 200
#: Branches whose concepts are remembered.
_BRANCHES = 32
#: How sure a word is that is only begun, and one that is none, one or two letters off.
_BEGUN, _OFF = 0.85, (1.0, 0.85, 0.7)
#: The part that shared words have in a score; the rest is the likeness of the letters, a little less in other order.
_SHARE, _TURNED = 0.5, 0.97
#: What the kind of a name adds.
_KIND = {"label": 0.03, "exact": 0.02, "narrow": -0.02, "broad": -0.03, "related": -0.03}
_OTHER_LANGUAGE = -0.04
#: The scores of a name that is the text itself, of one that is most like it, of a concept's code, of a mapped one.
_SAME, _LIKE, _CODE, _MAPPED, _CLOSE = 1.0, 0.96, 2.0, 0.94, 0.07
#: Below this score a second look is taken at words that are known, but of few names: they may be misspellings.
_SURE, _DOUBTFUL = 0.8, 50
_AT_LEAST = 0.3


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to search, and among which concepts.

    ``below``: IRIs, of which a hit is one or a subclass of one. ``vocabulary``: the source that the concept comes from
    (``ncit``, ``obi``, …). ``obsolete``: also concepts that are. ``languages``: tags of the languages whose names count
    as much as English ones. ``begun``: the last word may be only begun. ``offset`` and ``limit`` take a part.
    """

    text: str
    below: tuple[str, ...] = ()
    vocabulary: str | None = None
    obsolete: bool = False
    languages: tuple[str, ...] = ()
    begun: bool = False
    offset: int = 0
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Hit:
    """One concept that was found: how sure (1 is certain), by which of its names or codes, in which language.

    ``kind``: ``label``, a scope of synonyms, ``code``, or ``mapping`` for a code of another system; then ``note`` says
    of which and what it calls it, ``relation`` by what SKOS mapping property.
    """

    iri: str
    label: str
    score: float
    name: str
    kind: str
    language: str = ""
    note: str = ""
    relation: str = ""
    obsolete: bool = False


class Found(NamedTuple):
    """Some hits, the best first, and whether there are more."""

    hits: tuple[Hit, ...]
    more: bool


class ConceptSearch:
    """Searches one vocabulary. Safe to use from several threads."""

    def __init__(self, vocabulary: Vocabulary, index: SearchIndex, codes: Codes) -> None:
        self.vocabulary = vocabulary
        self.codes = codes
        self.index = index
        self._branches: dict[tuple[str, ...], frozenset[int]] = {}

    def find(self, wanted: Wanted) -> Found:
        """The concepts that are meant. Raises ProtocolError for a text that is too long, NotFound for a branch that
        is not installed."""
        if len(wanted.text) > LONGEST:
            raise ProtocolError(
                f"a search has at most {LONGEST} characters, this one {len(wanted.text)}.", remedy="Search for less."
            )
        allowed = self._allowed(wanted)
        best: dict[int, tuple[float, Hit]] = {}
        for score, hit in self._by_code(wanted.text):
            place = self.index.place[hit.iri]
            if place not in best or score > best[place][0]:
                best[place] = (score, hit)
        for score, name in self._by_name(wanted, allowed) if self.codes.iri(wanted.text) is None else ():
            if score < _AT_LEAST:
                continue
            place = name.concept
            if place not in best or score > best[place][0]:
                iri = self.index.iris[place]
                best[place] = (score, Hit(iri, "", 0.0, name.text, name.kind, name.language))
        ranked = sorted(
            (entry for place, entry in best.items() if allowed is None or place in allowed), key=self._order
        )
        end = min(wanted.offset + wanted.limit, MOST)
        hits = tuple(self._finished(score, hit) for score, hit in ranked[wanted.offset : end])
        return Found(hits, len(ranked) > end and end < MOST)

    def named(self, code: str) -> str:
        """The IRI of the concept that this names, as a code of its own or of another system.

        Raises NotFound, with what may have been meant.
        """
        iri = self.codes.iri(code) or next((m.iri for m in self.codes.mapped(code) if m.iri in self.vocabulary), None)
        if iri is not None:
            return iri
        near = self.codes.like(code)
        if not near and len(code) <= LONGEST:
            near = [curie(hit.iri) for hit in self.find(Wanted(code.replace("_", " "), limit=3)).hits]
        labels = (f"{one} ({self._label(one)})" for one in near)
        raise NotFound(
            f"{code[:100]!r} is no concept of what is installed here.",
            remedy=f"Did you mean {', '.join(labels)}?"
            if near
            else "Search by name, or install a release that has it.",
        )

    def _label(self, code: str) -> str:
        iri = self.codes.iri(code)
        concept = self.vocabulary.get(iri) if iri else None
        return concept.label if concept else ""

    def _by_code(self, text: str) -> Iterator[tuple[float, Hit]]:
        iri = self.codes.iri(text)
        if iri is not None:
            yield _CODE, Hit(iri, "", 1.0, text.strip(), "code")
        for mapped in self.codes.mapped(text):
            if mapped.iri in self.index.place:
                score = _MAPPED + (_CLOSE if mapped.exact else 0.0) - (0.0 if mapped.as_written else _CLOSE)
                note = f"{mapped.code}: {mapped.label}" if mapped.label else mapped.code
                yield score, Hit(mapped.iri, "", 1.0, mapped.code, "mapping", note=note, relation=mapped.predicate)

    def _by_name(self, wanted: Wanted, allowed: frozenset[int] | None) -> list[tuple[float, Name]]:
        words = self._known_parts(plain_words(wanted.text))[:_WORDS]
        if not words:
            return []
        found = self._compared(words, wanted, allowed, doubting=False)
        if not wanted.begun and max((score for score, _name in found), default=0.0) < _SURE:
            found += self._compared(words, wanted, allowed, doubting=True)
        return found

    def _known_parts(self, words: list[str]) -> list[str]:
        """The words with two joined that are known as one ("glio blastoma"), and one split that is known as two."""
        known = self.index.frequency
        parts: list[str] = []
        for word in words:
            joined = parts[-1] + word if parts else ""
            least = min(known.get(stem(word), 0), known.get(stem(parts[-1]), 0)) if parts else 0
            if joined and known.get(stem(joined), 0) > least:
                parts[-1] = joined
            elif stem(word) in known or len(word) < 2 * _SHORTEST_PART or word[:-1] in known:
                parts.append(word)
            else:
                cuts = range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1)
                split = [(word[:cut], word[cut:]) for cut in cuts if word[:cut] in known and stem(word[cut:]) in known]
                # Nothing like it is known, else it is rather misspelt than run together.
                parts.extend(split[0] if split and not self.index.words_like(stem(word)) else (word,))
        return parts

    def _compared(
        self, words: Sequence[str], wanted: Wanted, allowed: frozenset[int] | None, *, doubting: bool
    ) -> list[tuple[float, Name]]:
        """Names that are like the words together, with how much."""
        index = self.index
        last = len(words) - 1
        meant = [self._meant(word, wanted.begun and i == last, doubting, i == last) for i, word in enumerate(words)]
        whole = sum(max((index.weight(w) * sure for w, sure in each), default=index.weight("") / 2) for each in meant)
        shares = self._candidates(meant)
        plain = " ".join(words)
        extra = {*index.names_that_are(plain, most=_COMPARED)}
        extra.update(index.names_beginning(plain, most=_COMPARED if wanted.begun else _COMPARED // 4))
        concept, obsolete = index.concept_of, index.obsolete

        def may_be(number: int) -> bool:
            place = concept[number]
            return (wanted.obsolete or not obsolete[place]) and (allowed is None or place in allowed)

        rough = ((2 * share / (whole + index.weight_of[n]), n) for n, share in shares.items())
        if allowed is None:
            # Obsolete concepts are few: looked at afterwards, they cost nothing.
            best = [each for each in heapq.nlargest(2 * _COMPARED, rough) if may_be(each[1])][:_COMPARED]
        else:
            best = heapq.nlargest(_COMPARED, (each for each in rough if may_be(each[1])))
        scores = {number: score for score, number in best}
        numbers = {*scores, *filter(may_be, extra)}
        return [(_score(name, plain, scores.get(name.id, 0.0), wanted), name) for name in index.names(numbers)]

    def _meant(self, word: str, begun: bool, doubting: bool, last: bool) -> list[tuple[str, float]]:
        """The known words that one may stand for, with how sure that is; the surest first."""
        index = self.index
        root = stem(word)
        frequency = index.frequency.get(root, 0)
        meant = {root: 1.0} if frequency else {}
        if begun or (last and not frequency):
            for longer in index.words_beginning(word):
                meant.setdefault(longer, _BEGUN)
        if not frequency or (doubting and frequency < _DOUBTFUL):
            for like, distance in index.words_like(root):
                meant.setdefault(like, _OFF[distance])
            if begun and not meant:
                for like, distance in index.words_like(word, beginning=True):
                    meant.setdefault(like, _BEGUN * _OFF[distance])
        return list(meant.items())

    def _candidates(self, meant: Sequence[list[tuple[str, float]]]) -> dict[int, float]:
        """Names that share words with what is meant, by number, with the weight of what they share.

        The rarer words come first; a frequent one brings no names of its own where rarer ones have brought enough.
        """
        index = self.index
        shares: dict[int, float] = {}
        for each in sorted(meant, key=lambda each: sum(index.frequency[word] for word, _sure in each)):
            bringing = len(shares) < _ENOUGH or sum(index.frequency[word] for word, _sure in each) < _FREQUENT
            seen: set[int] = set()
            for word, sure in each:
                value = index.weight(word) * sure
                numbers: Sequence[int] = index.names_with(word)
                if not bringing or len(shares) > _MOST_CANDIDATES:
                    numbers = _among(numbers, shares)
                for number in numbers:
                    if number not in seen:
                        shares[number] = shares.get(number, 0.0) + value
                if len(each) > 1:
                    seen.update(numbers)
        return shares

    def _allowed(self, wanted: Wanted) -> frozenset[int] | None:
        """The places of the concepts among which to search; None for all."""
        if not wanted.below and wanted.vocabulary is None:
            return None
        key = (wanted.vocabulary or "", *wanted.below)
        allowed = self._branches.get(key)
        if allowed is None:
            allowed = self._branch(wanted)
            if len(self._branches) >= _BRANCHES:
                self._branches.clear()
            self._branches[key] = allowed
        return allowed

    def _branch(self, wanted: Wanted) -> frozenset[int]:
        for root in wanted.below:
            if root not in self.vocabulary:
                raise NotFound(
                    f"{curie(root)[:100]} is not in what is installed.", remedy="Search below a class that is."
                )
        place = self.index.place
        iris = self.vocabulary.descendants(*wanted.below) if wanted.below else place.keys()
        if wanted.vocabulary is not None:
            source_of = self.vocabulary.source_of
            iris = {iri for iri in iris if source_of(iri) == wanted.vocabulary}
        return frozenset(place[iri] for iri in iris if iri in place)

    def _finished(self, score: float, hit: Hit) -> Hit:
        concept = self.vocabulary.get(hit.iri)
        assert concept is not None
        return replace(hit, label=concept.label, score=round(min(score, 1.0), 3), obsolete=concept.obsolete)

    def _order(self, entry: tuple[float, Hit]) -> tuple[float, int, str, str]:
        score, hit = entry
        concept = self.vocabulary.get(hit.iri)
        label = concept.label if concept else ""
        return (-round(score, 3), len(label), label, hit.iri)


def _among(numbers: Sequence[int], some: Mapping[int, float]) -> list[int]:
    """Those of the numbers, which are in order, that are among some others."""
    if len(numbers) < _SPARSE * len(some):
        return [number for number in numbers if number in some]
    places = ((number, bisect_left(numbers, number)) for number in some)
    return [number for number, place in places if place < len(numbers) and numbers[place] == number]


def _score(name: Name, plain: str, share: float, wanted: Wanted) -> float:
    """How like a name is to the text: by the words they share, letter by letter, and by what kind of name it is."""
    kind = _KIND[name.kind]
    if name.language and not name.language.startswith(wanted.languages or ("-",)):
        kind += _OTHER_LANGUAGE
    if name.plain == plain:
        return _SAME + kind
    alike = max(fuzz.ratio(plain, name.plain), _TURNED * fuzz.token_sort_ratio(plain, name.plain)) / 100
    score = _SHARE * min(share, 1.0) + (1 - _SHARE) * alike
    if wanted.begun and name.plain.startswith(plain):
        score = max(score, _BEGUN + 0.1 * len(plain) / len(name.plain))
    return min(score, _LIKE) + kind
