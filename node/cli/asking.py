"""How far datasets come in the profiles, and what their partner still has to supply, for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from node.publishing.asked import together
from node.publishing.drafts import Asked, DatasetReport

_ASKED_SHOWN = 30


def level_lines(datasets: Iterable[DatasetReport]) -> list[str]:
    """For each profile how many datasets conform, and how many values keep the others from it."""
    counts: dict[str, list[int]] = {}
    for dataset in datasets:
        for level in dataset.levels:
            count = counts.setdefault(level.profile, [0, 0, 0, 0])
            for i, number in enumerate((1, level.reached, level.missing, level.wrong)):
                count[i] += number
    lines = []
    for name, (all_, reached, missing, wrong) in counts.items():
        rest = f"; {missing:,} mandatory values are missing, {wrong:,} are wrong" if missing or wrong else ""
        lines.append(f"Profile {name}: {reached:,} of {all_:,} datasets conform{rest}.")
    return lines


def asked_lines(datasets: Sequence[DatasetReport]) -> list[str]:
    """What is missing, each value once: mandatory ones first, those that most datasets lack before others."""
    asked = together(dataset.asked for dataset in datasets)
    if not asked:
        return []
    lines = ["Still to supply, each once for all datasets that lack it:"]
    for one in asked[:_ASKED_SHOWN]:
        lines.append(f"  {'mandatory' if one.mandatory else 'useful':>9}  {one.what} {_reach(one)}")
        if one.example:
            lines.append(f"             {one.example}")
    if len(asked) > _ASKED_SHOWN:
        lines.append(f"  … and {len(asked) - _ASKED_SHOWN} more; --json lists all")
    return lines


def _reach(asked: Asked) -> str:
    places = f", {asked.places:,} places" if asked.places > asked.datasets else ""
    datasets = "1 dataset" if asked.datasets == 1 else f"{asked.datasets:,} datasets"
    return f"({asked.profile}; {datasets}{places}; first {asked.first})"
