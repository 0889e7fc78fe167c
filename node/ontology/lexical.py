"""Names that mean the same though they are spelt otherwise, and names that are only alike.

``Spellings`` undoes what changes no meaning: punctuation, a plural, British spelling, "NOS". What it finds may be used
as a match. ``Likeness`` finds what looks alike; that is for a person to decide on.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches

_NOT_SPECIFIED = re.compile(r",?\s*\(?\b(?:nos|not otherwise specified)\)?\s*$")
_PUNCTUATION = re.compile(r"[\s_/,()\[\]-]+")
_WORD = re.compile(r"[a-z0-9]+")
_BRITISH = (
    (re.compile(r"tumour"), "tumor"),
    (re.compile(r"leukaemi"), "leukemi"),
    (re.compile(r"\bhaem"), "hem"),
    (re.compile(r"anaemi"), "anemi"),
    (re.compile(r"oesoph"), "esoph"),
    (re.compile(r"oedema"), "edema"),
    (re.compile(r"\bpaed"), "ped"),
    (re.compile(r"gynaec"), "gynec"),
    (re.compile(r"(?<=r)rhoea\b"), "rhea"),
    (re.compile(r"(?<=ib)re\b"), "er"),
)
_PLURALS = (
    (re.compile(r"tases$"), "tasis"),
    (re.compile(r"(?<=[^aeious])s$|(?<=[aeo])s$"), ""),
    (re.compile(r"omata$"), "oma"),
    (re.compile(r"ies$"), "y"),
    (re.compile(r"ae$"), "a"),
)
#: Words that tell a side of the body apart; a site without them is wider, and still true.
_SIDES = re.compile(r"\b(?:left|right|bilateral|ipsilateral|contralateral)\b|(?:^|(?<=\s))[lr](?:\.|(?=\s))")

#: Below this score nothing is proposed; a word that more names than this have finds no candidates by itself.
_ALIKE_AT_LEAST = 0.45
_POSTINGS = 4_000


class Spellings:
    """Names by what stays of them without punctuation, plural and British spelling."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        """``names``: pairs of a name and what it names."""
        self._things: dict[str, str | None] = {}
        for name, thing in names:
            plain = _plain(name)
            self._things[plain] = None if self._things.get(plain, thing) != thing else thing

    def find(self, text: str) -> str | None:
        """The one thing that has this name in some spelling, "NOS" at its end aside; None for none or several."""
        name = " ".join(text.casefold().replace("_", " ").split())
        for form in (name, _NOT_SPECIFIED.sub("", name)):
            thing = self._things.get(_plain(form))
            if thing is not None:
                return thing
        return None


def without_side(text: str) -> str | None:
    """The name of a place in the body without left, right and their like; None when it has none or nothing else."""
    name = " ".join(text.casefold().replace("_", " ").split())
    if _SIDES.search(name) is None:
        return None
    rest = " ".join(_SIDES.sub(" ", name).split()).strip(" ,;-")
    return rest or None


def _plain(name: str) -> str:
    return singular(american(_PUNCTUATION.sub(" ", name).strip()))


def american(text: str) -> str:
    """A text in lower case with the British spellings of medicine made American."""
    for pattern, spelling in _BRITISH:
        text = pattern.sub(spelling, text)
    return text


def singular(text: str) -> str:
    """A name in lower case with its last word in the singular."""
    head, _, last = text.rpartition(" ")
    for pattern, ending in _PLURALS:
        short, found = pattern.subn(ending, last)
        if found and len(short) > 3:
            return f"{head} {short}".strip()
    return text


class Likeness:
    """Names by how much they are like a text: their words weighted by how rare they are, misspellings forgiven."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        """``names``: pairs of a name and what it names."""
        self._names: list[tuple[str, str, frozenset[str]]] = []
        self._by_word: dict[str, list[int]] = defaultdict(list)
        for place, (name, thing) in enumerate(names):
            words = frozenset(map(_stem, _WORD.findall(american(name))))
            self._names.append((name, thing, words))
            for word in words:
                self._by_word[word].append(place)
        total = len(self._names) or 1
        self._weight = {word: math.log(1 + total / len(places)) for word, places in self._by_word.items()}
        self._rarest = math.log(1 + total)
        self._by_letter: dict[str, list[str]] = defaultdict(list)
        for word in self._by_word:
            if len(word) > 4:
                self._by_letter[word[0]].append(word)

    def alike(self, text: str, *, most: int) -> list[tuple[float, str]]:
        """The things whose names are most like the text, each once, with a score from 0 to 1, best first."""
        plain = " ".join(_WORD.findall(american(text.casefold())))
        words = {known for word in plain.split() if (known := self._known(_stem(word)))}
        unknown = len(set(plain.split())) - len(words)
        shared: Counter[int] = Counter()
        for word in words:
            places = self._by_word[word]
            if len(places) <= _POSTINGS or len(words) == 1:
                for place in places[:_POSTINGS]:
                    shared[place] += 1
        whole = sum(self._weight[word] for word in words) + max(unknown, 0) * self._rarest / 2
        scored = []
        for place in shared:
            name, thing, own = self._names[place]
            common = sum(self._weight[word] for word in own & words)
            score = 2 * common / (whole + sum(self._weight[word] for word in own))
            scored.append((score, name, thing))
        scored.sort(key=lambda entry: (-entry[0], len(entry[1]), entry[1]))
        best: dict[str, float] = {}
        for score, name, thing in scored[: 8 * most]:
            refined = 0.7 * score + 0.3 * SequenceMatcher(None, plain, name).ratio()
            best[thing] = max(best.get(thing, 0.0), refined)
        ranked = sorted(best.items(), key=lambda item: (-item[1], item[0]))
        return [(round(score, 2), thing) for thing, score in ranked[:most] if score >= _ALIKE_AT_LEAST]

    def _known(self, word: str) -> str | None:
        if word in self._by_word:
            return word
        if len(word) < 5:
            return None
        near = get_close_matches(word, self._by_letter.get(word[0], ()), n=1, cutoff=0.8)
        return near[0] if near else None


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 4 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
