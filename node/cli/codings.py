"""What became of the values of partners, property by property: as lines for people, and as plain values for JSON.

Ranked by how many samples a decision about each value would bring.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from node.ontology.sssom import Match
from node.publishing.tally import Drafted, Tally
from node.rdf.namespaces import shorten

_VALUES_SHOWN = 5
_LONGEST = 60


def value_lines(tallies: Mapping[str, Tally]) -> list[str]:
    """One line for each property, and below it the values that would bring most samples, with the best candidate."""
    lines = []
    for property_iri, tally in tallies.items():
        proposed, unknown = tally.proposed.total(), tally.unknown.total()
        whole = tally.coded + proposed + unknown
        lines.append(
            f"{shorten(property_iri)}: {tally.coded:,} of {whole:,} values coded ({100 * tally.coded / whole:.1f} %), "
            f"{proposed:,} proposed, {unknown:,} unknown"
        )
        ranked = _ranked(tally.proposed + tally.unknown)
        for value, count in ranked[:_VALUES_SHOWN]:
            found = tally.candidates.get(value, ())
            said = _candidate(found) if found else tally.reasons.get(value, "of many kinds")
            lines.append(f"  {count:>6,} {value[:_LONGEST]!r}: {said}")
        if len(ranked) > _VALUES_SHOWN:
            lines.append(f"         and {len(ranked) - _VALUES_SHOWN:,} values more; --json lists all")
    return lines


def drafted_lines(drafted: tuple[Drafted, ...]) -> list[str]:
    """Where the partner's decisions are asked for."""
    return [
        f"{one.waiting:,} values wait for your decision ({one.added:,} rows added): {one.file}"
        for one in drafted
        if one.waiting
    ]


def value_document(tallies: Mapping[str, Tally]) -> dict[str, Any]:
    """The same as plain values, all of them."""
    return {
        property_iri: {
            "coded": tally.coded,
            "proposed": tally.proposed.total(),
            "unknown": tally.unknown.total(),
            "columns": {
                column: dict(zip(("coded", "proposed", "unknown"), counts, strict=True))
                for column, counts in sorted(tally.columns.items())
            },
            "undecided": [
                {
                    "value": value,
                    "samples": count,
                    "reason": tally.reasons.get(value, ""),
                    "candidates": [_document(match) for match in tally.candidates.get(value, ())],
                }
                for value, count in _ranked(tally.proposed + tally.unknown)
            ],
        }
        for property_iri, tally in tallies.items()
    }


def _ranked(values: Counter[str]) -> list[tuple[str, int]]:
    return sorted(values.items(), key=lambda item: (-item[1], item[0]))


def _candidate(candidates: tuple[Match, ...]) -> str:
    best = candidates[0]
    more = f", {len(candidates) - 1} more" if len(candidates) > 1 else ""
    return f"perhaps {best.label} ({shorten(best.iri)}, {shorten(best.predicate)} {best.confidence:.2f}){more}"


def _document(match: Match) -> dict[str, Any]:
    return {
        "iri": match.iri,
        "label": match.label,
        "predicate": match.predicate,
        "justification": match.justification,
        "confidence": match.confidence,
        "comment": match.comment,
    }
