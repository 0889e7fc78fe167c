"""Counting the samples below a concept."""

from __future__ import annotations

from collections import Counter
from random import Random

import pyoxigraph
import pytest

from node.ontology.branches import ASSAY, DIAGNOSIS, NEOPLASM, SAMPLE_TYPE
from node.ontology.concepts import Concept, Vocabulary
from node.ontology.usage import Usage, datasets_query, groups_query, property_of, read_groups
from node.rdf.namespaces import DCT, OBO
from node.sparql.results import read_json_results
from node.sparql.terms import Term

# a diamond: d is below b and c, both below a
CONCEPTS = [
    Concept("urn:a", "a"),
    Concept("urn:b", "b", ("urn:a",)),
    Concept("urn:c", "c", ("urn:a",)),
    Concept("urn:d", "d", ("urn:b", "urn:c")),
    Concept("urn:e", "e", ("urn:c",)),
]
VOCABULARY = Vocabulary.of(CONCEPTS)


def ask(store: pyoxigraph.Store, text: str) -> tuple[dict[str, Term], ...]:
    results = store.query(text)
    assert isinstance(results, pyoxigraph.QuerySolutions)
    data = results.serialize(format=pyoxigraph.QueryResultsFormat.JSON)
    assert data is not None
    return read_json_results(data).rows


@pytest.mark.parametrize("seed", range(5))
def test_distinct_samples_below_a_concept(seed: int) -> None:
    """Whatever a sample carries, several codes and several ways up included, it counts once for each concept above."""
    chance = Random(seed)
    store = pyoxigraph.Store()
    predicate, part_of = pyoxigraph.NamedNode(DIAGNOSIS), pyoxigraph.NamedNode(DCT + "isPartOf")
    carried: dict[str, set[str]] = {}
    for number in range(60):
        sample = pyoxigraph.NamedNode(f"urn:sample:{number}")
        carried[sample.value] = set(chance.sample([c.iri for c in CONCEPTS] + ["urn:unknown"], chance.randint(1, 3)))
        for code in carried[sample.value]:
            store.add(pyoxigraph.Quad(sample, predicate, pyoxigraph.NamedNode(code)))
        store.add(pyoxigraph.Quad(sample, part_of, pyoxigraph.NamedNode(f"urn:set:{number % 2}")))
        store.add(pyoxigraph.Quad(sample, predicate, pyoxigraph.Literal("no code")))
    usage = Usage(read_groups(ask(store, groups_query(DIAGNOSIS))), VOCABULARY)
    assert usage.samples == 60
    for iri in ("urn:a", "urn:b", "urn:c", "urn:d", "urn:e", "urn:unknown", "urn:never"):
        right = [s for s, codes in carried.items() if any(VOCABULARY.is_a(code, iri) for code in codes)]
        assert usage.below(iri) == len(right)
        assert usage.exactly(iri) == sum(iri in codes for codes in carried.values())
        codes = usage.codes_below(iri)
        if codes:
            rows = ask(store, datasets_query(DIAGNOSIS, codes))
            counted = {row["dataset"].value: int(row["n"].value) for row in rows}
            assert counted == Counter(f"urn:set:{int(s.rpartition(':')[2]) % 2}" for s in right)


def test_rows_of_another_query_are_refused() -> None:
    """What is not an answer to the query is not counted as nothing."""
    with pytest.raises(ValueError, match="not of this query"):
        read_groups([{"x": Term("iri", "urn:a")}])


def test_the_property_of_a_concept() -> None:
    """A tumour is diagnosed, an assay done, a specimen is a kind of sample; what lies nowhere counts as a diagnosis."""
    vocabulary = Vocabulary.of(
        [
            Concept("urn:tumour", "t", (NEOPLASM,)),
            Concept("urn:sequencing", "s", (OBO + "OBI_0000070",)),
            Concept("urn:specimen", "p", (OBO + "OBI_0100051",)),
        ]
    )
    found = [property_of(vocabulary, iri) for iri in ("urn:tumour", "urn:sequencing", "urn:specimen", "urn:else")]
    assert found == [DIAGNOSIS, ASSAY, SAMPLE_TYPE, DIAGNOSIS]
