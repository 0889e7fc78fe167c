"""What a workspace says of its terms, gathered once for all checks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from pyoxigraph import BlankNode, Literal, NamedNode

from node.curation.findings import Finding
from node.curation.owl import ENTITY_KINDS, INDIVIDUAL, Axiom
from node.curation.owl_reading import Ontology, read_ontology
from node.curation.rules import finding
from node.curation.upstream import Terms, read_terms
from node.curation.workspace import Workspace
from node.errors import Place
from node.rdf.namespaces import OWL, RDF_TYPE

Value = NamedNode | BlankNode | Literal


@dataclass(frozen=True)
class Facts:
    """The terms of a workspace: its own, which have its namespace, and those of others that it mentions."""

    workspace: Workspace

    @cached_property
    def statements(self) -> dict[str, dict[str, list[Value]]]:
        """What is said of each named term, by property."""
        found: dict[str, dict[str, list[Value]]] = defaultdict(lambda: defaultdict(list))
        for triple in self.workspace.merged:
            if isinstance(triple.subject, NamedNode) and isinstance(triple.object, NamedNode | BlankNode | Literal):
                found[triple.subject.value][triple.predicate.value].append(triple.object)
        return found

    @cached_property
    def axiom_annotations(self) -> dict[tuple[str, str, str], set[str]]:
        """The properties of annotations of an axiom: by subject, property and text or IRI of the axiom."""
        nodes: dict[str, dict[str, str]] = defaultdict(dict)
        for triple in self.workspace.merged:
            if isinstance(triple.subject, BlankNode) and isinstance(triple.object, NamedNode | Literal):
                nodes[triple.subject.value][triple.predicate.value] = triple.object.value
        found: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        for said in nodes.values():
            if said.get(RDF_TYPE) == OWL + "Axiom":
                key = tuple(said.get(f"{OWL}annotated{part}", "") for part in ("Source", "Property", "Target"))
                found[key[0], key[1], key[2]] |= set(said)
        return found

    @cached_property
    def terms(self) -> Terms:
        """The terms that the workspace itself describes."""
        return read_terms(self.workspace.merged)

    @cached_property
    def all_terms(self) -> Terms:
        """These, and those of the releases."""
        return self.terms.merged(self.workspace.base_terms)

    @cached_property
    def own(self) -> list[str]:
        """The terms made here, by IRI: declared, with an IRI in the workspace's namespace or a row in a template."""
        namespace = self.workspace.settings.vocabulary.namespace
        entries = self.workspace.entries
        kinds = self.terms.kinds
        return sorted(i for i in kinds if i in entries or (i.startswith(namespace) and i != namespace))

    @cached_property
    def in_use(self) -> list[str]:
        """The terms made here that are not obsolete."""
        return [iri for iri in self.own if iri not in self.terms.obsolete]

    @cached_property
    def ontology(self) -> Ontology:
        """The axioms of the workspace; names that it uses have the kinds that the releases declare too."""
        mentioned = {one for triple in self.workspace.merged for one in _names(triple.subject, triple.object)}
        mentioned |= {triple.predicate.value for triple in self.workspace.merged}
        base = self.workspace.base_terms.kinds
        kinds = {iri: set(base[iri]) for iri in mentioned if iri in base and iri not in self.terms.kinds}
        name = self.workspace.settings.vocabulary.name
        return read_ontology(self.workspace.merged, origin=name, place=self.workspace.place, kinds=kinds)

    @property
    def axioms(self) -> list[Axiom]:
        return self.ontology.axioms

    @cached_property
    def axioms_about(self) -> dict[str, list[Axiom]]:
        """The axioms whose first part is a name, by that name."""
        found: dict[str, list[Axiom]] = defaultdict(list)
        for axiom in self.axioms:
            if axiom.term.parts and isinstance(axiom.term.parts[0], str):
                found[axiom.term.parts[0]].append(axiom)
        return found

    @cached_property
    def mentioned(self) -> set[str]:
        """Every IRI in the workspace's triples that a release describes."""
        base = self.workspace.base_terms
        own = set(self.own)
        return {
            one for t in self.workspace.merged for one in _names(t.subject, t.object) if one in base and one not in own
        }

    def label(self, iri: str) -> str:
        return self.all_terms.labels.get(iri) or self.workspace.settings.shorten(iri)

    def texts(self, iri: str, *properties: str) -> list[tuple[str, Literal]]:
        """The literals of a term at these properties, with the property."""
        said = self.statements.get(iri, {})
        return [(name, value) for name in properties for value in said.get(name, ()) if isinstance(value, Literal)]

    def is_individual(self, iri: str) -> bool:
        return self.terms.kinds.get(iri, set()) & set(ENTITY_KINDS) == {INDIVIDUAL}

    def found(
        self,
        rule: str,
        iri: str,
        message: str,
        *,
        about: str = "",
        value: str = "",
        remedy: str = "",
        place: Place | None = None,
        because: tuple[tuple[str, str], ...] = (),
    ) -> Finding:
        """A finding about a term, with its label and place."""
        where = place or self.workspace.place(iri)
        return finding(
            rule, iri, self.label(iri), message, where, about=about, value=value, remedy=remedy, because=because
        )


def _names(*terms: object) -> list[str]:
    return [term.value for term in terms if isinstance(term, NamedNode)]
