"""When the patterns of a star are joined by hashing at a member, and what it is asked then."""

from __future__ import annotations

import pytest

from node.federation.planning.hash_joins import saves
from node.federation.planning.plan import Scan, Star
from node.federation.planning.stars import star_text
from node.sparql.terms import iri_term


@pytest.mark.parametrize(
    ("looked_up", "everything", "saved"),
    [
        (502, 651, True),  # few subjects, several matches of each pattern
        (136, 27_079, False),  # few subjects, and every one of the others to be read
        (100, 10, False),  # too little to be saved
        (1e9, 2e6, False),  # too much for a hash table
    ],
)
def test_look_ups_are_weighed_against_reading(looked_up: float, everything: float, saved: bool) -> None:
    """A look-up counts as five triples read."""
    assert saves(looked_up, everything) is saved


def test_each_pattern_stands_apart() -> None:
    """Joined by hashing, each pattern is a sub-select; the columns stay what they are."""
    p, q, value = (iri_term(f"http://x.example/{name}") for name in ("p", "q", "v"))
    text = star_text(Star("x", (Scan("x", p, value), Scan("x", q, "y"))))
    assert text.whole(hashed=True) == (
        "SELECT ?s ?v1 WHERE { { SELECT * WHERE { ?s <http://x.example/p> <http://x.example/v> . } } "
        "{ SELECT * WHERE { ?s <http://x.example/q> ?v1 . } } }"
    )
    assert (
        text.whole()
        == "SELECT ?s ?v1 WHERE { ?s <http://x.example/p> <http://x.example/v> . ?s <http://x.example/q> ?v1 . }"
    )
