"""Blank nodes of an answer told apart by where they stand, so that two answers can be compared as multisets."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence

Row = tuple[tuple[str, str], ...]


def coloured(rows: Sequence[Row]) -> list[Row]:
    """The rows with labels of blank nodes (``_:…``) that are the same for isomorphic answers.

    By colour refinement: what stands beside a node, and what stands beside that. Answers that are not isomorphic are
    told apart but for the most regular ones.
    """
    holding: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        for label in {text for _, text in row if text.startswith("_:")}:
            holding[label].append(row)
    colours: dict[str, int] = dict.fromkeys(holding, 0)
    for _ in range(min(4, len(holding))):
        signs: dict[str, Hashable] = {
            label: (
                colours[label],
                frozenset(
                    Counter(
                        tuple((k, "self" if t == label else colours.get(t, t)) for k, t in row) for row in its
                    ).items()
                ),
            )
            for label, its in holding.items()
        }
        colours = {label: hash(sign) for label, sign in signs.items()}
    # How many nodes look the same counts as well: two that are one in the other answer do not.
    alike = Counter(colours.values())
    return [
        tuple((k, f"_:{colours[t]:x}x{alike[colours[t]]}" if t.startswith("_:") else t) for k, t in row) for row in rows
    ]
