"""Finds the term that a curator means: by label, by CURIE or by IRI."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from node.curation.owl import ANNOTATION_PROPERTY, CLASS, DATA_PROPERTY, DATATYPE, INDIVIDUAL, OBJECT_PROPERTY
from node.curation.settings import Settings
from node.curation.templates import Entry
from node.curation.upstream import Terms
from node.rdf.namespaces import DCT, OBO, OBOINOWL, RDFS, SKOS
from node.rdf.terms import is_iri

#: Annotation properties that tables call by these names without declaring them.
WELL_KNOWN = {
    "label": RDFS + "label",
    "comment": RDFS + "comment",
    "seeAlso": RDFS + "seeAlso",
    "definition": OBO + "IAO_0000115",
    "definition source": OBO + "IAO_0000119",
    "term editor": OBO + "IAO_0000117",
    "has curation status": OBO + "IAO_0000114",
    "editor note": OBO + "IAO_0000116",
    "example of usage": OBO + "IAO_0000112",
    "alternative label": OBO + "IAO_0000118",
    "term replaced by": OBO + "IAO_0100001",
    "has_exact_synonym": OBOINOWL + "hasExactSynonym",
    "has_broad_synonym": OBOINOWL + "hasBroadSynonym",
    "has_narrow_synonym": OBOINOWL + "hasNarrowSynonym",
    "has_related_synonym": OBOINOWL + "hasRelatedSynonym",
    "database_cross_reference": OBOINOWL + "hasDbXref",
    "preferred label": SKOS + "prefLabel",
    "source": DCT + "source",
}
_KINDS = {
    "class": {CLASS},
    "property": {OBJECT_PROPERTY, DATA_PROPERTY, ANNOTATION_PROPERTY},
    "individual": {INDIVIDUAL},
    "datatype": {DATATYPE},
}


class Names:
    """Terms by label; grows while the templates of a workspace are read."""

    def __init__(self, settings: Settings, terms: Terms) -> None:
        self._settings = settings
        self._by_label: dict[str, list[str]] = defaultdict(list)
        self._kinds: dict[str, set[str]] = defaultdict(set)
        self._obsolete = terms.obsolete
        self.labels = dict(terms.labels)
        for iri, label in terms.labels.items():
            self._by_label[label].append(iri)
        for iri, kinds in terms.kinds.items():
            self._kinds[iri] |= kinds

    def add(self, entries: Iterable[Entry]) -> None:
        """Take in the terms of a template."""
        for entry in entries:
            self._kinds[entry.iri].add(entry.kind)
            if entry.label:
                self.labels.setdefault(entry.iri, entry.label)
                if entry.iri not in self._by_label[entry.label]:
                    self._by_label[entry.label].append(entry.iri)

    def kinds_of(self, iri: str) -> set[str]:
        """What a term is declared to be."""
        return self._kinds.get(iri, set())

    def find(self, name: str, what: str) -> list[str]:
        """The terms of this name that can be a ``what`` ("" for anything); those in use before obsolete ones."""
        iri = self._settings.expand(name)
        if iri is not None:
            return [iri]
        wanted = _KINDS.get(what)
        found = [
            one
            for one in self._by_label.get(name, ())
            if wanted is None or not self._kinds[one] or self._kinds[one] & wanted
        ]
        if not found and what == "property" and name in WELL_KNOWN:
            return [WELL_KNOWN[name]]
        return [one for one in found if one not in self._obsolete] or found

    def one(self, name: str, what: str) -> str | None:
        """The one term of this name; None for none or several. An "id" is a CURIE or IRI, never a label."""
        if what in ("id", "iri"):
            written = name.strip("<>")
            return self._settings.expand(name) or (written if "://" in written and is_iri(written) else None)
        found = self.find(name, what)
        return found[0] if len(found) == 1 else None

    def label(self, iri: str) -> str:
        """The label of a term, its CURIE where it has none."""
        return self.labels.get(iri) or self._settings.shorten(iri)
