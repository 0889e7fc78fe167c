"""Why something follows: a minimal set of axioms from which it does, found by asking the reasoner about subsets.

Black-box justifications after Kalyanpur, Parsia, Horridge and Sirin, "Finding All Justifications of OWL DL Entailments"
(ISWC 2007): no axiom of the set can be left out. One run of the reasoner takes a second, most of it to start Java, so
one run answers for many subsets: each is written under names of its own, and what shares no name does not interfere.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from node.curation.locality import BOTTOM, module
from node.curation.owl import Axiom, Part, Term, names, renamed
from node.curation.reasoning import Reasoner

#: How many subsets one run is asked about.
_AT_ONCE = 24
#: How many axioms all subsets of one run may have together, beyond the first runs.
_MOST_AXIOMS = 2000
#: The longest beginning that the first run is asked about.
_NEAR = 64
#: Whether each of these subsets is enough.
_ONE_OF = "the individual "
_OF_INDIVIDUALS = ("PropertyAssertion", "NegativePropertyAssertion", "SameIndividual", "DifferentIndividuals")
Holds = Callable[[Sequence[Sequence[Axiom]]], "list[bool]"]


def why_unsatisfiable(
    name: str, axioms: Sequence[Axiom], reasoner: Reasoner, kinds: dict[str, set[str]]
) -> list[Axiom]:
    """A minimal set of the axioms because of which the class ``name`` can have no instance; the axioms are consistent.

    Empty when it can have one. Raises what the reasoner does.
    """

    def holds(subsets: Sequence[Sequence[Axiom]]) -> list[bool]:
        axioms_of_all: list[Axiom] = []
        kinds_of_all: dict[str, set[str]] = {}
        for number, subset in enumerate(subsets):
            rename = _namer(number)
            axioms_of_all += [Axiom(renamed(axiom.term, rename)) for axiom in subset]
            for axiom in subset:
                kinds_of_all |= {rename(one): kinds.get(one, set()) for one in axiom.signature}
        found = reasoner.classify(axioms_of_all, kinds_of_all).unsatisfiable
        return [_namer(number)(name) in found for number in range(len(subsets))]

    return smallest(nearest(module(axioms, [name], BOTTOM), name), holds)


def why_inconsistent(axioms: Sequence[Axiom], reasoner: Reasoner, kinds: dict[str, set[str]]) -> list[Axiom]:
    """A minimal set of the axioms that contradict each other. Empty when they do not. Raises what the reasoner does."""

    def contradict(subset: Sequence[Axiom]) -> bool:
        return not reasoner.classify(subset, kinds).consistent

    def holds(subsets: Sequence[Sequence[Axiom]]) -> list[bool]:
        # each in a run of its own: what contradicts itself says nothing else
        return [contradict(subset) for subset in subsets]

    few = _contradicting(axioms, reasoner, kinds)
    if not few:
        return smallest(axioms, holds, at_once=1)
    for axiom in list(few):
        rest = [one for one in few if one is not axiom]
        if contradict(rest):
            few = rest
    return few


def _contradicting(axioms: Sequence[Axiom], reasoner: Reasoner, kinds: dict[str, set[str]]) -> list[Axiom]:
    """A small set that contradicts itself, as far as one shows when each individual is read as a class of its own.

    Of a model of the axioms, those classes could be the sets of one: where such a class can have no instance, there is
    no model. What follows only because two names mean one individual is not found so.
    """
    read: dict[Term, Axiom] = {}
    for axiom in axioms:
        term = axiom.term
        if term.kind == "ClassAssertion":
            term = Term("SubClassOf", (_of(term.parts[1]), term.parts[0]))
        elif term.kind == "PropertyAssertion" and isinstance(term.parts[2], str):
            some = Term("SomeValuesFrom", (term.parts[0], _of(term.parts[2])))
            term = Term("SubClassOf", (_of(term.parts[1]), some))
        elif term.kind in _OF_INDIVIDUALS:
            continue
        read.setdefault(term, axiom)
    classes = [Axiom(term) for term in read]
    answer = reasoner.classify(classes, kinds)
    empty = [one for one in answer.unsatisfiable if one.startswith(_ONE_OF)]
    if not answer.consistent or not empty:
        return []
    return [read[one.term] for one in why_unsatisfiable(min(empty), classes, reasoner, kinds)]


def _of(individual: Part) -> str:
    return f"{_ONE_OF}{individual}"


def smallest(axioms: Sequence[Axiom], holds: Holds, *, at_once: int = _AT_ONCE) -> list[Axiom]:
    """A minimal subset for which ``holds``, which is true of more whenever it is true of some. Empty: not even of all.

    Round by round, the shortest beginning of the list is found that, with what is kept already, is enough; its last
    axiom is needed, and kept; whatever comes after it is not. ``at_once`` is how many subsets a round asks about.
    """
    kept: list[Axiom] = []
    rest = list(axioms)
    while True:
        size = _shortest(kept, rest, holds, at_once)
        if size is None:
            return []
        if size == 0:
            return kept
        kept.append(rest[size - 1])
        rest = rest[: size - 1]


def _shortest(kept: list[Axiom], rest: list[Axiom], holds: Holds, at_once: int) -> int | None:
    """The length of the shortest beginning of ``rest`` that is enough together with ``kept``; None when none is."""
    low = high = -1
    for cuts in _doubling(len(rest), at_once):
        low, high = _between(kept, rest, cuts, holds, low)
        if high >= 0:
            break
    else:
        return None
    while high - low > 1:
        fit = max(2, _MOST_AXIOMS // (len(kept) + high))
        parts = min(at_once, fit) + 1
        cuts = sorted({low + max(1, (high - low) * part // parts) for part in range(1, parts)} - {high})
        low, found = _between(kept, rest, cuts, holds, low)
        high = found if found >= 0 else high
    return high


def _doubling(size: int, at_once: int) -> list[list[int]]:
    """Lengths to ask about first, 0 1 2 4 … and all: what is near is short, and the whole is only asked for at need."""
    cuts = [0, *(1 << power for power in range(size.bit_length()) if 1 << power < size), size]
    cuts = list(dict.fromkeys(cuts))
    if at_once == 1:
        return [[0], [size]] if size else [[0]]
    near = [cut for cut in cuts if cut <= _NEAR]
    return [batch for batch in (near, cuts[len(near) :]) if batch]


def _between(kept: list[Axiom], rest: list[Axiom], cuts: list[int], holds: Holds, low: int) -> tuple[int, int]:
    """The longest of these lengths that is not enough (or ``low``), and the shortest that is (or -1)."""
    for cut, enough in zip(cuts, holds([[*kept, *rest[:cut]] for cut in cuts]), strict=True):
        if enough:
            return low, cut
        low = cut
    return low, -1


def nearest(axioms: Sequence[Axiom], name: str) -> list[Axiom]:
    """The axioms, those first that a reader would come to first who follows what is said of ``name``.

    A superclass is nearer than what a restriction leads to. A disjointness is there as soon as two of its sides are,
    an axiom about an expression as soon as all of its names are. What is never come to is at the end.
    """
    by_name: dict[str, list[int]] = defaultdict(list)
    for number, axiom in enumerate(axioms):
        for one in axiom.signature:
            by_name[one].append(number)
    order: list[int] = []
    placed: set[int] = set()
    reached: set[str] = set()
    waiting: list[tuple[int, str]] = [(0, name)]
    while waiting:
        cost, one = heapq.heappop(waiting)
        if one in reached:
            continue
        reached.add(one)
        for number in by_name.get(one, ()):
            axiom = axioms[number]
            if number in placed or not _is_come_to(axiom, reached):
                continue
            placed.add(number)
            order.append(number)
            plain = all(isinstance(part, str) for part in axiom.term.parts)
            for other in axiom.signature - reached:
                heapq.heappush(waiting, (cost + (1 if plain else 4), other))
    order += [number for number in range(len(axioms)) if number not in placed]
    return [axioms[number] for number in order]


def _is_come_to(axiom: Axiom, reached: set[str]) -> bool:
    kind, parts = axiom.term.kind, axiom.term.parts
    if kind.startswith("Disjoint"):
        return sum(bool(set(names(part)) & reached) for part in parts) > 1
    if kind.startswith(("Equivalent", "Inverse")):
        return any(isinstance(part, str) and part in reached for part in parts)
    if kind.endswith("Assertion"):
        return axiom.signature <= reached or str(parts[1]) in reached
    return parts[0] in reached if isinstance(parts[0], str) else axiom.signature <= reached


def _namer(number: int) -> Callable[[str], str]:
    return lambda name: f"{number} {name}"


def roots(unsatisfiable: Iterable[str], axioms: Sequence[Axiom]) -> list[str]:
    """Those classes that are not unsatisfiable only because another one is: none of its superclasses or fillers is.

    Where they are so in a circle, all of them.
    """
    empty = set(unsatisfiable)
    uses: dict[str, set[str]] = {one: set() for one in empty}
    for axiom in axioms:
        left = axiom.term.parts[0]
        if axiom.term.kind in ("SubClassOf", "EquivalentClasses") and isinstance(left, str) and left in empty:
            uses[left] |= (axiom.signature & empty) - {left}
    found = sorted(one for one in empty if not uses[one])
    return found or sorted(empty)
