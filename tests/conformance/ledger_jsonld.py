"""The JSON-LD tests that are known to fail, each with its reason. One that is listed here and passes fails the suite.

What the parser, pyoxigraph 0.5.13, gets wrong, and what the node refuses on purpose.
"""

from __future__ import annotations

from tests.conformance.jsonld_suite import BASE

CONTEXTS = "refused on purpose: the context stands at another address, and a node never fetches one"
DIRECTION = (
    "a base direction is not RDF 1.1: the parser keeps it beside a language, and the node refuses it then; without a "
    "language it is dropped; the test would have it dropped or written in one of two other ways"
)
BAD_BASE = "refused on purpose: the @base of the context is not an IRI, so every relative IRI would be lost"
DOTS = "the parser keeps . and .. in the paths of IRIs where a reference has no path, or begins with //"
TYPE_MAP = "the parser does not go back to the outer type-scoped context inside of a type map"

_TORDF: dict[str, tuple[str, ...]] = {
    CONTEXTS: ("c031", "c034", "e126", "e127", "e128", "so05", "so06", "so08", "so09", "so11"),
    DIRECTION: ("di02", "di04", "di05", "di06", "di09", "di10", "di11", "di12"),
    BAD_BASE: ("li12",),
    DOTS: ("0122", "0123", "e062"),
    TYPE_MAP: ("c013",),
}
_EXPAND: dict[str, tuple[str, ...]] = {
    CONTEXTS: ("0126", "0127", "0128", "c031", "c034", "so05", "so06", "so08", "so09", "so11"),
    DIRECTION: ("di09",),
    DOTS: ("0062",),
    TYPE_MAP: ("c013",),
}

LEDGER: dict[str, str] = {
    f"{BASE}{manifest}-manifest#t{name}": reason
    for manifest, tests in (("toRdf", _TORDF), ("expand", _EXPAND))
    for reason, names in tests.items()
    for name in names
}

_LOST = "no term of the context, or none that a processor takes: publishing refuses to drop it"
_NO_IRI = "not an IRI: publishing refuses to drop it"
#: Documents of positive tests that publishing refuses besides, because a JSON-LD processor drops a part of them.
STRICT: dict[str, str] = {
    **dict.fromkeys(("e003", "e065", "e119", "pr34", "pr35"), _LOST),
    **dict.fromkeys(("wf01", "wf03", "wf04", "wf07"), _NO_IRI),
    "wf05": "not a language tag: publishing refuses to drop it",
    **dict.fromkeys(
        ("pr06", "pr43"),
        "publishing does not tell scopes of contexts apart, and takes the text for an IRI that is none",
    ),
    **dict.fromkeys(("di09", "di10", "di11", "di12"), "a base direction: publishing refuses to drop it"),
}
