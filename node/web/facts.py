"""What the node knows of some IRIs and everybody may see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from node.policy.decide import ANONYMOUS
from node.rdf.formats import JSON, NTRIPLES
from node.rdf.terms import iri as iriref
from node.rdf.terms import is_absolute_iri

if TYPE_CHECKING:
    from node.assembly import Node


def facts(node: Node, subjects: Sequence[str], predicates: Sequence[str]) -> bytes:
    """What is said of these IRIs with these predicates, as N-Triples."""
    named = [subject for subject in subjects if is_absolute_iri(subject)]
    if not named:
        return b""
    ss, ps = " ".join(map(iriref, named)), " ".join(map(iriref, predicates))
    text = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ VALUES ?s {{ {ss} }} VALUES ?p {{ {ps} }} ?s ?p ?o }}"
    with node.query(text, ANONYMOUS, (JSON, NTRIPLES)) as answer:
        return b"".join(answer)
