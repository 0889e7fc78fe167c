"""How many samples carry a concept or one below it: distinct samples, however many ways lead up to the concept.

One query for each property gives what there is to count: samples by the set of codes that they carry, so that a sample
with two codes below a concept counts once. All else is worked out from these few sets and the hierarchy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from node.ontology.branches import ANATOMICAL_SITE, ASSAY, BRANCHES, DIAGNOSIS, SAMPLE_TYPE
from node.ontology.concepts import Vocabulary
from node.rdf import terms
from node.rdf.namespaces import DCT
from node.sparql.terms import Term

#: The properties that codes of samples stand at, in the order in which they are told.
SAMPLE_PROPERTIES = (DIAGNOSIS, ANATOMICAL_SITE, SAMPLE_TYPE, ASSAY)
#: The most datasets that are told of one concept.
MOST_DATASETS = 100

#: Sets of codes, and how many samples carry just these.
Groups = Mapping[frozenset[str], int]


def groups_query(property_iri: str) -> str:
    """A query whose rows are groups: ``?codes`` separated by spaces, and the number of samples ``?n``."""
    return (
        'SELECT ?codes (COUNT(*) AS ?n) { SELECT (GROUP_CONCAT(STR(?code); separator=" ") AS ?codes) '
        f"{{ ?sample {terms.iri(property_iri)} ?code FILTER(isIRI(?code)) }} GROUP BY ?sample }} GROUP BY ?codes"
    )


def read_groups(rows: Iterable[Mapping[str, Term]]) -> Groups:
    """The groups in the rows of that query. Raises ValueError for rows of another."""
    counts: Counter[frozenset[str]] = Counter()
    for row in rows:
        if "codes" not in row or "n" not in row:
            raise ValueError("the rows are not of this query")
        if codes := frozenset(row["codes"].value.split()):
            counts[codes] += int(row["n"].value)
    return counts


def datasets_query(property_iri: str, codes: Sequence[str]) -> str:
    """A query for the datasets ``?dataset`` with samples that carry one of these codes, and how many ``?n``."""
    values = " ".join(map(terms.iri, codes))
    return (
        f"SELECT ?dataset (COUNT(DISTINCT ?sample) AS ?n) {{ VALUES ?code {{ {values} }} "
        f"?sample {terms.iri(property_iri)} ?code ; {terms.iri(DCT + 'isPartOf')} ?dataset }} "
        f"GROUP BY ?dataset ORDER BY DESC(?n) ?dataset LIMIT {MOST_DATASETS}"
    )


class Usage:
    """The samples of one property by concept, of one caller's view of one generation. Immutable."""

    def __init__(self, groups: Groups, vocabulary: Vocabulary) -> None:
        self._below: Counter[str] = Counter()
        self._exact: Counter[str] = Counter()
        self._vocabulary = vocabulary
        self.samples = sum(groups.values())
        for codes, samples in groups.items():
            for iri in frozenset[str]().union(*map(vocabulary.ancestors, codes)):
                self._below[iri] += samples
            for iri in codes:
                self._exact[iri] += samples

    def below(self, iri: str) -> int:
        """How many samples carry this concept or one below it."""
        return self._below.get(iri, 0)

    def exactly(self, iri: str) -> int:
        """How many samples carry this very concept."""
        return self._exact.get(iri, 0)

    def codes_below(self, iri: str) -> list[str]:
        """The concepts that samples carry and that are this one or below it, sorted."""
        return sorted(code for code in self._exact if self._vocabulary.is_a(code, iri))


def property_of(vocabulary: Vocabulary, iri: str) -> str:
    """The property that samples mostly carry such a concept at: the one whose branch it lies in, else the diagnosis."""
    above = vocabulary.ancestors(iri)
    found = (p for p in SAMPLE_PROPERTIES if not above.isdisjoint(BRANCHES[p]))
    return next(found, DIAGNOSIS)
