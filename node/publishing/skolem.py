"""Blank nodes become IRIs of the node, the same ones each time (RDF 1.1 Concepts, section 3.5).

The IRI of a blank node follows from what is said of it and from what refers to it. RDFC-1.0 would name blank nodes too,
but takes time that grows without bound on long lists of equal members and on tangled graphs (20 s for a list of 1,000);
descriptions hold trees of blank nodes, and trees are named here in one pass down and one pass up.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyoxigraph import BlankNode, Literal, NamedNode

from node.model.identifiers import Identifiers

Term = NamedNode | BlankNode | Literal
BlankTriple = tuple[NamedNode | BlankNode, NamedNode, Term]


class CyclicBlankNodes(Exception):
    """Blank nodes that refer to each other in a circle. ``predicates`` are the IRIs on such circles."""

    def __init__(self, predicates: Sequence[str]) -> None:
        super().__init__(", ".join(predicates))
        self.predicates = tuple(predicates)


@dataclass(frozen=True)
class Skolemised:
    """``lines``: the triples with IRIs for blank nodes. ``referrers``: skolem IRI to a subject and predicate that
    refer to it, by which a person can find it."""

    lines: list[str]
    referrers: dict[str, tuple[str, str]]


def skolemise(triples: Iterable[BlankTriple], identifiers: Identifiers, *, within: str = "") -> Skolemised:
    """Name the blank nodes of these triples, of which each has at least one, and write the triples as N-Triples lines.

    All triples of a blank node must be among them. Two blank nodes get different IRIs even if nothing tells them apart.
    ``within`` names what they belong to: the same blank nodes elsewhere are others. Raises CyclicBlankNodes.
    """
    kept = list(triples)
    said: dict[str, list[tuple[str, Term]]] = defaultdict(list)
    referred: dict[str, list[tuple[Term, str]]] = defaultdict(list)
    for subject, predicate, value in kept:
        if isinstance(subject, BlankNode):
            said[subject.value].append((predicate.value, value))
            referred.setdefault(subject.value, [])
        if isinstance(value, BlankNode):
            referred[value.value].append((subject, predicate.value))
            said.setdefault(value.value, [])
    order = _parents_first(said)
    content: dict[str, str] = {}
    for node in reversed(order):
        content[node] = _digest(
            f"{p} _:{content[o.value]}" if isinstance(o, BlankNode) else f"{p} {o}" for p, o in said[node]
        )
    names: dict[str, str] = {}
    referrers: dict[str, tuple[str, str]] = {}
    twins: Counter[str] = Counter()
    for node in order:
        above = [(names[s.value] if isinstance(s, BlankNode) else s.value, p) for s, p in referred[node]]
        key = _digest([content[node], *(f"{s} {p}" for s, p in above), *([within] if within else [])])
        twins[key] += 1
        names[node] = identifiers.skolem(_digest([key, str(twins[key])])[:24])
        if above:
            referrers[names[node]] = min(above)
    return Skolemised([_line(triple, names) for triple in kept], referrers)


def _parents_first(said: dict[str, list[tuple[str, Term]]]) -> list[str]:
    """The blank nodes, each after all that refer to it."""
    waiting_for = Counter(o.value for values in said.values() for _, o in values if isinstance(o, BlankNode))
    ready = deque(node for node in said if not waiting_for[node])
    order: list[str] = []
    while ready:
        node = ready.popleft()
        order.append(node)
        for _, value in said[node]:
            if isinstance(value, BlankNode):
                waiting_for[value.value] -= 1
                if not waiting_for[value.value]:
                    ready.append(value.value)
    if len(order) < len(said):
        tangled = set(said) - set(order)
        found = {p for node in tangled for p, o in said[node] if isinstance(o, BlankNode) and o.value in tangled}
        raise CyclicBlankNodes(sorted(found))
    return order


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(parts)).encode("utf-8")).hexdigest()


def _line(triple: BlankTriple, names: dict[str, str]) -> str:
    subject, predicate, value = triple
    left = f"<{names[subject.value]}>" if isinstance(subject, BlankNode) else str(subject)
    right = f"<{names[value.value]}>" if isinstance(value, BlankNode) else str(value)
    return f"{left} {predicate} {right} ."
