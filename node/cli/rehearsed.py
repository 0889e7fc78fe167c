"""A rehearsal as lines for people and as plain values for JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from node.cli.output import table
from node.curation.kgcl import counted, curie
from node.curation.rehearsal import MOST_CLASSES, Affected, Rehearsal

_SHOWN = 20
_SAMPLES_SHOWN = 5
_WHAT = {
    "gone": "are no longer in the vocabulary",
    "obsolete": "become obsolete",
    "out of branch": "leave the branch of their property",
    "moved": "are elsewhere in the hierarchy",
    "renamed": "have another name",
}


def rehearsal_document(found: Rehearsal) -> dict[str, Any]:
    """All that was found, as plain values."""
    return {
        "gained": [asdict(each) for each in found.gained],
        "recoded": [asdict(each) for each in found.recoded],
        "affected": [asdict(each) for each in found.affected],
        "queries": [asdict(each) for each in found.queries],
        "datasets": found.datasets(),
    }


def rehearsal_lines(found: Rehearsal) -> Iterator[str]:
    """The same to read: numbers first, then the words, codes and queries that change most."""
    yield from _gained(found)
    yield from _recoded(found)
    yield from _affected(found)
    yield from _queries(found)
    changed = ((name, row) for name, row in found.datasets().items() if set(row) - {"samples"})
    rows = [[name, *(f"{row.get(key, 0):,}" for key in _COLUMNS)] for name, row in changed]
    if rows:
        yield ""
        yield table(["dataset", *_COLUMNS], rows[:_SHOWN])
        if len(rows) > _SHOWN:
            yield f"… and {len(rows) - _SHOWN:,} datasets more; --json lists all"


_COLUMNS = ("samples", "gained", "gone", "obsolete", "out of branch", "moved", "renamed")


def _gained(found: Rehearsal) -> Iterator[str]:
    samples = sum(each.samples for each in found.gained)
    yield f"Codes gained: {counted(samples, 'sample')}, by {counted(len(found.gained), 'word')}."
    for each in found.gained[:_SHOWN]:
        yield f"  {each.samples:>6,} {each.text!r} ({_short(each.property_iri)}): {each.label} ({curie(each.code)})"
        for sample in each.listed[:_SAMPLES_SHOWN]:
            yield f"           {sample}"
        if len(each.listed) > _SAMPLES_SHOWN:
            yield f"           and {each.samples - _SAMPLES_SHOWN:,} more"
    if len(found.gained) > _SHOWN:
        yield f"  … and {len(found.gained) - _SHOWN:,} words more; --json lists all"


def _recoded(found: Rehearsal) -> Iterator[str]:
    if not found.recoded:
        return
    samples = sum(each.samples for each in found.recoded)
    yield f"Coded otherwise: {counted(samples, 'sample')}, by {counted(len(found.recoded), 'word')}."
    for each in found.recoded[:_SHOWN]:
        after = curie(each.after) if each.after else f"no code ({each.reason})"
        yield f"  {each.samples:>6,} {each.text!r} ({_short(each.property_iri)}): {curie(each.before)} becomes {after}"
    if len(found.recoded) > _SHOWN:
        yield f"  … and {len(found.recoded) - _SHOWN:,} words more; --json lists all"


def _affected(found: Rehearsal) -> Iterator[str]:
    if not found.affected:
        yield "Published codes: none changes."
    kinds: dict[str, list[Affected]] = {}
    for each in found.affected:
        kinds.setdefault(each.what, []).append(each)
    for what, codes in kinds.items():
        samples = sum(each.samples for each in codes)
        yield f"Published codes that {_WHAT[what]}: {len(codes):,}, on {samples:,} samples."
        for each in codes[:_SHOWN]:
            yield f"  {each.samples:>6,} {each.label} ({curie(each.code)}){_detail(each)}"
        if len(codes) > _SHOWN:
            yield f"  … and {len(codes) - _SHOWN:,} codes more; --json lists all"


def _detail(each: Affected) -> str:
    if each.what == "obsolete":
        return f": use {curie(each.detail[0])}" if each.detail else ": nothing replaces it"
    if each.what == "renamed":
        return f": now {each.detail[0]!r}"
    if each.what != "moved":
        return ""
    shown = [f"{sign[0]}{curie(sign[1:])}" for sign in each.detail[:MOST_CLASSES]]
    more = f", {len(each.detail) - MOST_CLASSES} more" if len(each.detail) > MOST_CLASSES else ""
    return f": {', '.join(shown)}{more}"


def _queries(found: Rehearsal) -> Iterator[str]:
    changed = [each for each in found.queries if each.changed]
    failed = [each for each in found.queries if each.problem]
    yield f"Stored queries: {len(changed)} of {len(found.queries)} answer otherwise."
    for each in changed:
        yield f"  {each.name}: {each.before:,} rows, then {each.after:,}"
        yield from (f"    + {' | '.join(row)}" for row in each.added[:_SAMPLES_SHOWN])
        yield from (f"    - {' | '.join(row)}" for row in each.removed[:_SAMPLES_SHOWN])
        hidden = each.more + max(0, len(each.added) - _SAMPLES_SHOWN) + max(0, len(each.removed) - _SAMPLES_SHOWN)
        if hidden:
            yield f"    … and {hidden:,} rows more"
    yield from (f"  {each.name}: not compared: {each.problem}" for each in failed)


def _short(property_iri: str) -> str:
    return property_iri.rpartition("#")[2]
