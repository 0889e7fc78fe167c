"""The matches used in a dataset as RDF, so that it can be asked of every coded sample what its partner wrote.

A match is one resource for the whole dataset, in SSSOM's own terms (SSSOM 1.1, RDF serialisation: an ``owl:Axiom``). A
sample or donor refers to one ``onco:Coding``, the matches that it was coded with. Equal combinations are one coding,
so that a million samples with a hundred kinds of row need a hundred of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256

from node.ontology.sssom import Match
from node.rdf.namespaces import ONCO, OWL, RDF_TYPE, RDFS, SSSOM, XSD
from node.rdf.terms import iri, literal, triple

CODING = ONCO + "coding"
_MAPPING = iri(ONCO + "mapping")
_LITERAL = iri(RDFS + "Literal")
_TEXTS = (
    ("system", "subject_source"),
    ("label", "object_label"),
    ("source", "mapping_source"),
    ("ontology", "object_source"),
    ("release", "object_source_version"),
    ("comment", "comment"),
)


class Codings:
    """Collects the matches used in one dataset and names their combinations."""

    def __init__(self, dataset: str) -> None:
        """``dataset`` is the dataset's IRI."""
        self._dataset = dataset
        self._names: dict[Match, str] = {}
        self._codings: dict[frozenset[Match], str] = {}

    def of(self, matches: Iterable[Match]) -> str | None:
        """The IRI of the coding with these matches, None for no match."""
        combination = frozenset(matches)
        if not combination:
            return None
        coding = self._codings.get(combination)
        if coding is None:
            names = sorted(self._name(match) for match in combination)
            coding = self._codings[combination] = f"{self._dataset}#coding-{_digest(names)}"
        return coding

    def lines(self) -> Iterator[str]:
        """The codings and matches as N-Triples lines, in the order of their names."""
        for combination, coding in sorted(self._codings.items(), key=lambda item: item[1]):
            yield triple(iri(coding), iri(RDF_TYPE), iri(ONCO + "Coding"))
            for name in sorted(self._names[match] for match in combination):
                yield triple(iri(coding), _MAPPING, iri(name))
        for match, name in sorted(self._names.items(), key=lambda item: item[1]):
            yield from _statements(match, iri(name))

    def _name(self, match: Match) -> str:
        name = self._names.get(match)
        if name is None:
            # what was written, for which property, to which class, and on what grounds: these make a match
            parts = (match.property_iri, match.written, match.system, match.iri, match.predicate, match.justification)
            name = f"{self._dataset}#mapping-{_digest([*parts, match.source, match.release, match.comment])}"
            self._names[match] = name
        return name


def _statements(match: Match, subject: str) -> Iterator[str]:
    yield triple(subject, iri(RDF_TYPE), iri(OWL + "Axiom"))
    yield triple(subject, iri(ONCO + "codedProperty"), iri(match.property_iri))
    yield triple(subject, iri(SSSOM + "subject_type"), _LITERAL)
    yield triple(subject, iri(SSSOM + "subject_label"), literal(match.written))
    yield triple(subject, iri(OWL + "annotatedProperty"), iri(match.predicate))
    yield triple(subject, iri(OWL + "annotatedTarget"), iri(match.iri))
    yield triple(subject, iri(SSSOM + "mapping_justification"), iri(match.justification))
    yield triple(subject, iri(SSSOM + "confidence"), literal(f"{match.confidence:g}", datatype=XSD + "double"))
    for attribute, slot in _TEXTS:
        text = getattr(match, attribute)
        if text:
            yield triple(subject, iri(SSSOM + slot), literal(text))


def _digest(parts: Iterable[str]) -> str:
    return sha256("\n".join(parts).encode("utf-8")).hexdigest()[:16]
