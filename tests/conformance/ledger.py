"""The tests that are known to fail, each with its reason. A test that is listed here and passes fails the suite.

The engine is pyoxigraph 0.5.13. What it gets wrong is reported at github.com/oxigraph/oxigraph; the number is that of
the issue, or of the pull request that mends it in a release to come.
"""

from __future__ import annotations

from collections.abc import Iterable

from tests.conformance.manifests import BASE

NUMBERS = (
    "the database keeps numbers by value: 1.0E6 comes back as 1000000, an xsd:negativeInteger as an xsd:integer "
    "(oxigraph issue 526)"
)


def _all(reason: str, suite: str, names: Iterable[str]) -> dict[str, str]:
    return {f"{BASE}{suite}/manifest#{name}": reason for name in names}


#: Of both endpoints, since both leave the last step to the same engine: a store with all the data fails here too.
_ENGINE: dict[str, str] = {
    **_all(NUMBERS, "csv-tsv-res", ("csv03", "tsv03")),
}

#: At ``/sparql``: test IRI to reason.
NODE: dict[str, str] = dict(_ENGINE)

#: At ``/federation/sparql``, with data spread in either way: test IRI to reason.
FEDERATION: dict[str, str] = dict(_ENGINE)

#: At ``/update``, which leaves evaluation to the same engine.
UPDATE: dict[str, str] = {}

#: At ``/rdf-graph-store``.
GRAPH_STORE: dict[str, str] = {}
