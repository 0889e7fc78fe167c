"""One run of HermiT: ``python -m node.curation.hermit JAVA MEMORY`` reads N-Triples and prints what follows, as JSON.

A process of its own, because owlready2 waits for Java without a limit.
"""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import owlready2
import owlready2.reasoning


def run(ntriples: bytes, java: str, memory: int) -> dict[str, Any]:
    """Whether the axioms are consistent; unsatisfiable classes, direct superclasses, and equivalent classes by IRI."""
    owlready2.JAVA_EXE = java
    owlready2.reasoning.JAVA_MEMORY = memory
    world = owlready2.World()  # private: nothing is shared with another ontology
    ontology = world.get_ontology("urn:o:vocabulary#").load(fileobj=io.BytesIO(ntriples), format="ntriples")
    try:
        with ontology:
            owlready2.sync_reasoner_hermit(world, debug=0, ignore_unsupported_datatypes=True)
    except owlready2.OwlReadyInconsistentOntologyError:
        return {"consistent": False}
    empty = {one.iri for one in world.inconsistent_classes() if one is not owlready2.Nothing}
    parents: dict[str, list[str]] = {}
    equivalent: list[list[str]] = []
    for one in world.classes():
        if one.iri in empty:
            continue
        named = [up.iri for up in one.is_a if isinstance(up, owlready2.ThingClass) and up is not owlready2.Thing]
        if named:
            parents[one.iri] = named
        same = sorted({other.iri for other in one.equivalent_to if isinstance(other, owlready2.ThingClass)} | {one.iri})
        if len(same) > 1 and same[0] == one.iri:
            equivalent.append(same)
    return {"consistent": True, "unsatisfiable": sorted(empty), "parents": parents, "equivalent": equivalent}


if __name__ == "__main__":
    answer = run(sys.stdin.buffer.read(), sys.argv[1], int(sys.argv[2]))
    sys.stdout.write("onconode-result:" + json.dumps(answer))
