"""The error tree is drawn in its module, and each error explains itself."""

from __future__ import annotations

import re

import node.errors
from node.errors import MemberTimeout, NodeError, NotFound, Place


def classes(base: type[NodeError] = NodeError) -> list[type[NodeError]]:
    return [base, *(c for direct in base.__subclasses__() for c in classes(direct))]


def test_the_drawing_is_the_tree() -> None:
    """The docstring names every class, in the order of the tree, and no other."""
    drawn = re.findall(r"^[│├└─ ]*([A-Z]\w+)", node.errors.__doc__ or "", re.MULTILINE)
    assert [c.__name__ for c in classes()] == [name for name in drawn if hasattr(node.errors, name)]


def test_slugs_and_titles_are_unique() -> None:
    """Each kind of error has an explanation page of its own."""
    every = classes()
    assert len({c.slug for c in every}) == len(every)
    assert len({c.title for c in every}) == len(every)


def test_an_error_reads_as_one_sentence_with_place_and_remedy() -> None:
    """Place first, then what, then what to do."""
    error = NotFound("no such column.", where=Place(source="a.tsv", line=3, field="SEX"), remedy="Add it.")
    assert str(error) == "a.tsv, line 3, field SEX: no such column. Add it."


def test_a_member_error_names_the_member() -> None:
    """Whoever asks must know which node failed."""
    assert MemberTimeout("no answer in 3 s.", member="nordwald").member == "nordwald"
