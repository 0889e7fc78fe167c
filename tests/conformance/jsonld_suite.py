"""Reads the manifests of the JSON-LD 1.1 API tests (toRdf and expand)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

#: Where W3C keeps the suite: the documents' addresses, which their relative IRIs are relative to.
BASE = "https://w3c.github.io/json-ld-api/tests/"
_KINDS = {
    "jld:PositiveEvaluationTest": "positive",
    "jld:PositiveSyntaxTest": "syntax",
    "jld:NegativeEvaluationTest": "negative",
}
#: What a test may ask of a processor that the node does not offer, with the reason.
LEFT_OUT = {
    "json-ld-1.0": "the node reads JSON-LD 1.1; the suite has this test for processors of 1.0 only",
    "produceGeneralizedRdf": "blank nodes as predicates are not RDF 1.1, and a processor may leave them out",
    "expandContext": "nothing from outside of a document gives it a context",
}


@dataclass(frozen=True)
class JsonLdCase:
    """One test: the ``document`` is read with ``base``; ``expected`` is a file for positive tests."""

    iri: str
    label: str
    kind: str
    document: Path
    base: str
    expected: Path | None


@dataclass(frozen=True)
class JsonLdSuite:
    """The tests that are run, and the reason by test IRI for those that are not."""

    cases: tuple[JsonLdCase, ...]
    left_out: dict[str, str]


@lru_cache(maxsize=1)
def read_jsonld_suite(folder: Path) -> JsonLdSuite:
    """The tests of ``toRdf-manifest.jsonld`` and ``expand-manifest.jsonld`` in the folder ``json-ld11``."""
    cases: list[JsonLdCase] = []
    left_out: dict[str, str] = {}
    for name in ("toRdf", "expand"):
        manifest = json.loads((folder / f"{name}-manifest.jsonld").read_text(encoding="utf-8"))
        for entry in manifest["sequence"]:
            iri = f"{BASE}{name}-manifest{entry['@id']}"
            options = entry.get("option", {})
            reason = _reason(options)
            if reason is not None:
                left_out[iri] = reason
                continue
            cases.append(
                JsonLdCase(
                    iri,
                    f"{name}/{entry['@id'].removeprefix('#')}",
                    next(_KINDS[kind] for kind in entry["@type"] if kind in _KINDS),
                    folder / entry["input"],
                    options.get("base", BASE + entry["input"]),
                    folder / entry["expect"] if "expect" in entry else None,
                )
            )
    return JsonLdSuite(tuple(cases), left_out)


def _reason(options: dict[str, Any]) -> str | None:
    if "json-ld-1.0" in (options.get("specVersion"), options.get("processingMode")):
        return LEFT_OUT["json-ld-1.0"]
    return next((LEFT_OUT[name] for name in options if name in LEFT_OUT), None)
