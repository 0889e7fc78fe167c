"""All that is known about one concept besides how often it is used: for its page, its RDF and the command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from node.ontology.codes import Mapped, curie
from node.ontology.concepts import Concept, Vocabulary
from node.ontology.core import CORE, concept_triples
from node.ontology.releases import Release
from node.ontology.search import ConceptSearch
from node.rdf import terms
from node.rdf.namespaces import OBOINOWL, RDFS, RDFS_LABEL, RDFS_SUBCLASS_OF, shorten

#: The most direct subclasses that are told; a class has hundreds at most.
MOST_CHILDREN = 1_000

Labelled = tuple[str, str]


@dataclass(frozen=True)
class About:
    """A concept and what surrounds it. ``parents`` and ``children`` are pairs of IRI and label, by label.

    ``release`` is the installed release that it comes from, None for one of the packaged table (``source`` is then
    ``core``). ``successor`` is what replaces it, with its label.
    """

    concept: Concept
    source: str
    release: Release | None
    parents: tuple[Labelled, ...]
    children: tuple[Labelled, ...]
    more_children: int
    mappings: tuple[Mapped, ...]
    successor: Labelled | None

    @classmethod
    def of(cls, iri: str, concepts: ConceptSearch, release: Release | None) -> About:
        """What is known of a concept that is in the vocabulary."""
        vocabulary = concepts.vocabulary
        concept = vocabulary.get(iri)
        assert concept is not None
        children = labelled(vocabulary, vocabulary.children(iri))
        return cls(
            concept=concept,
            source=vocabulary.source_of(iri) or CORE,
            release=release,
            parents=labelled(vocabulary, concept.parents),
            children=children[:MOST_CHILDREN],
            more_children=max(0, len(children) - MOST_CHILDREN),
            mappings=concepts.codes.of(iri),
            successor=next(iter(labelled(vocabulary, (concept.replaced_by,))), None) if concept.replaced_by else None,
        )

    @property
    def status(self) -> str:
        """``in force``, or ``obsolete``."""
        return "obsolete" if self.concept.obsolete else "in force"

    def context(self) -> dict[str, Any]:
        """What is not of the concept itself, for JSON."""

        def several(pairs: Iterable[Labelled]) -> list[dict[str, str]]:
            return [{"code": curie(iri), "iri": iri, "label": label} for iri, label in pairs]

        return {
            "code": curie(self.concept.iri),
            "status": self.status,
            "parents": several(self.parents),
            "children": several(self.children),
            "more_children": self.more_children,
            "mappings": [
                {"code": m.code, "iri": m.code_iri, "label": m.label, "predicate": shorten(m.predicate), "by": m.by}
                for m in self.mappings
            ],
            "source": self.source,
            "release": asdict(self.release) if self.release else None,
        }

    def triples(self) -> bytes:
        """The concept as N-Triples: itself, its subclasses, labels of its neighbours, codes that lead to it."""
        return concept_triples(self.concept) + "".join(self._more()).encode()

    def _more(self) -> Iterator[str]:
        subject = terms.iri(self.concept.iri)
        for iri, _label in self.children:
            yield terms.triple(terms.iri(iri), terms.iri(RDFS_SUBCLASS_OF), subject)
        for iri, label in {*self.parents, *self.children, *([self.successor] if self.successor else ())}:
            if label:
                yield terms.triple(terms.iri(iri), terms.iri(RDFS_LABEL), terms.literal(label))
        for mapped in self.mappings:
            if mapped.code_iri:
                yield terms.triple(terms.iri(mapped.code_iri), terms.iri(mapped.predicate), subject)
                if mapped.label:
                    yield terms.triple(terms.iri(mapped.code_iri), terms.iri(RDFS_LABEL), terms.literal(mapped.label))
            else:
                yield terms.triple(subject, terms.iri(OBOINOWL + "hasDbXref"), terms.literal(mapped.code))
        if self.release is not None and self.release.version_iri:
            yield terms.triple(subject, terms.iri(RDFS + "isDefinedBy"), terms.iri(self.release.version_iri))


def labelled(vocabulary: Vocabulary, iris: Iterable[str]) -> tuple[Labelled, ...]:
    """The concepts with their labels, by label; "" for one that is not known."""
    found = ((iri, concept.label if (concept := vocabulary.get(iri)) else "") for iri in iris)
    return tuple(sorted(found, key=lambda pair: (not pair[1], pair[1].casefold(), pair[0])))
