"""The releases that a vocabulary hangs under: NCIt, OBI, the hub's; as files or as the small packaged tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from node.curation.documents import read_triples
from node.curation.owl import ENTITY_KINDS
from node.curation.owl_reading import Ontology, read_ontology
from node.errors import ConfigurationError, Place
from node.ontology.core import CORE_TABLES, concept_triples, core_concepts
from node.rdf.namespaces import OBO, OWL, RDF_TYPE, RDFS_LABEL, RDFS_SUBCLASS_OF
from node.resources import resource

_REPLACED_BY = OBO + "IAO_0100001"


@dataclass(frozen=True)
class Upstream:
    """One release: its name, what it was read from, and its triples. ``whole`` is False for a packaged table."""

    name: str
    source: str
    triples: tuple[Triple, ...]
    whole: bool = True

    @cached_property
    def terms(self) -> Terms:
        return read_terms(self.triples)

    @cached_property
    def ontology(self) -> Ontology:
        return read_ontology(self.triples, origin=self.name, place=lambda _: Place(source=self.name))


@dataclass
class Terms:
    """What triples say of terms: labels, kinds, named superclasses, which are obsolete and what replaces them."""

    labels: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    parents: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    obsolete: set[str] = field(default_factory=set)
    successors: dict[str, str] = field(default_factory=dict)

    def __contains__(self, iri: object) -> bool:
        return iri in self.kinds or iri in self.labels

    def merged(self, other: Terms) -> Terms:
        """Both together; where both name a term, the label of this one counts."""
        made = Terms({**other.labels, **self.labels}, defaultdict(set), defaultdict(list))
        for one in (self, other):
            for iri, kinds in one.kinds.items():
                made.kinds[iri] |= kinds
            for iri, parents in one.parents.items():
                made.parents[iri] = list(dict.fromkeys([*made.parents.get(iri, ()), *parents]))
            made.obsolete |= one.obsolete
        made.successors = {**other.successors, **self.successors}
        return made

    def ancestors(self, iri: str) -> set[str]:
        """All named superclasses, the class itself only where it is in a circle."""
        found: set[str] = set()
        waiting = list(self.parents.get(iri, ()))
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting.extend(self.parents.get(one, ()))
        return found


def read_terms(triples: Iterable[Triple]) -> Terms:
    """What the triples say of named terms."""
    made = Terms()
    for triple in triples:
        subject, obj = triple.subject, triple.object
        if not isinstance(subject, NamedNode):
            continue
        iri, predicate = subject.value, triple.predicate.value
        if isinstance(obj, Literal):
            if predicate == RDFS_LABEL and (iri not in made.labels or obj.language in (None, "en")):
                made.labels[iri] = obj.value
            elif predicate == OWL + "deprecated" and obj.value in ("true", "1"):
                made.obsolete.add(iri)
        elif isinstance(obj, NamedNode):
            if predicate == RDF_TYPE and obj.value in ENTITY_KINDS:
                made.kinds[iri].add(obj.value)
            elif predicate == RDFS_SUBCLASS_OF and obj.value not in made.parents[iri]:
                made.parents[iri].append(obj.value)
            elif predicate == _REPLACED_BY:
                made.successors[iri] = obj.value
    return made


def read_upstream(name: str, files: Mapping[str, Path]) -> Upstream:
    """The release of this name: from its file where ``files`` names one, else what comes with the package.

    Raises ConfigurationError for a name with neither, DocumentSyntaxError for a file that cannot be read.
    """
    path = files.get(name)
    if path is not None:
        if not path.is_file():
            raise ConfigurationError(
                f"the release {name} is not there.",
                where=Place(source=str(path)),
                remedy="Mend its address in [vocabulary.files], or give --release NAME=FILE.",
            )
        return Upstream(name, str(path), tuple(read_triples(path, blank=name, name=str(path))))
    if name in CORE_TABLES:
        text = b"".join(concept_triples(concept) for concept in core_concepts(name))
        quads = parse(text, format=RdfFormat.N_TRIPLES)
        return Upstream(name, CORE_TABLES[name], tuple(quad.triple for quad in quads), whole=False)
    if name == "onconode":
        return Upstream(name, "ontologies/onconode.ttl", tuple(read_triples(resource("ontologies/onconode.ttl"))))
    raise ConfigurationError(
        f"no release is called {name!r}.",
        where=Place(source="curation.toml", field="vocabulary.base"),
        remedy="Say where it is in [vocabulary.files], or give --release NAME=FILE.",
    )
