"""What a node tells curators of the words that it could not code: a JSON document of sums, and nothing of any sample.

Anybody else is told of open datasets only, and only if the node's settings say so. Words that fewer samples share
than ``[demand] fewest_samples`` stay here in any case: rare words are where a person could be found.
"""

from __future__ import annotations

from typing import Any

from node.model.identifiers import Identifiers
from node.ontology.releases import releases
from node.publishing.uncoded import shared, waiting_on
from node.rdf.namespaces import ONCO
from node.store.quads import QuadStore

#: How many different words one document holds at most, those that most samples wait for first.
MOST_SHARED = 5_000


def demand_document(
    store: QuadStore, identifiers: Identifiers, *, fewest: int, restricted: bool = False
) -> dict[str, Any]:
    """What waits for a term, with the releases that could not code it.

    ``fewest`` is how many samples must share a word; ``restricted`` counts in datasets that are not open. ``withheld``
    says how many words were left out for being too rare.
    """
    waiting = waiting_on(store, restricted=restricted)
    told = shared(waiting, fewest=fewest)[:MOST_SHARED]
    return {
        "node": identifiers.base,
        "releases": [{"name": each.name, "version": each.version} for each in releases(store)],
        "fewest_samples": fewest,
        "withheld": len(waiting) - len(told),
        "waiting": [
            {
                "property": one.property_iri.removeprefix(ONCO),
                "text": one.text,
                "system": one.system,
                "samples": one.samples,
                "datasets": one.datasets,
            }
            for one in told
        ],
    }
