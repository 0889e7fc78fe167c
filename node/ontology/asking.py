"""Asking with the codes of other systems: a query is taken to the classes that mappings lead to, and says by which.

Which mappings count is the asker's choice (``Reach``). A narrower class gives only samples of the code, if not all, so
that it counts unless the asker wants the same classes alone; the samples of a wider one may be of another code, so that
it counts on demand only. Each mapping is said with the answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from node.ontology.branches import BRANCHES, OPEN_NAMESPACES
from node.ontology.code_systems import QUERY_PREFIXES, canonical
from node.ontology.concepts import Vocabulary
from node.ontology.correspondences import BROAD, CLOSE, EXACT, NARROW
from node.ontology.mapped_graph import COLUMNS, IRI, OWN, as_graph_query, shown
from node.ontology.mapping_sets import Lead, Mappings
from node.rdf.namespaces import RDFS_SUBCLASS_OF
from node.sparql.algebra import Form, Query
from node.sparql.parser import parse_query
from node.sparql.standins import with_stand_ins
from node.sparql.standintriples import StandIn
from node.sparql.terms import iri_term
from node.sparql.writer import written

#: The namespaces of codes that data may carry though no release of them is installed.
_OPEN = tuple(namespace for of in OPEN_NAMESPACES.values() for namespace in of)


class Reach(StrEnum):
    """How far mappings may lead: to the same class only, to narrower ones too, or to wider ones as well."""

    EXACT = "exact"
    NARROW = "narrow"
    BROAD = "broad"

    @property
    def predicates(self) -> tuple[str, ...]:
        """The mapping properties that count, the closest first."""
        return {
            Reach.EXACT: (EXACT, CLOSE),
            Reach.NARROW: (EXACT, CLOSE, NARROW),
            Reach.BROAD: (EXACT, CLOSE, NARROW, BROAD),
        }[self]


@dataclass(frozen=True)
class Mapped:
    """A query as it is to be evaluated, and the text that was asked.

    ``used`` are the mappings it was taken by, ``unmapped`` codes that no mapping within reach leads from, ``left``
    those that stand where nothing is taken for a code.
    """

    asked: str
    query: Query
    used: tuple[Lead, ...]
    unmapped: tuple[str, ...]
    left: tuple[str, ...]
    reach: Reach

    @property
    def text(self) -> str:
        """The query's text, which needs no prologue."""
        return written(self.query).text if self.query.base is None else self.query.self_contained()

    def document(self) -> dict[str, Any]:
        """What is said of it in the head of an answer: plain values."""
        return {
            "reach": str(self.reach),
            "used": [
                {
                    "subject": lead.code,
                    "predicate": lead.predicate,
                    "object": lead.concept,
                    "justification": lead.row.justification,
                    "confidence": lead.row.confidence,
                    "set": lead.set.name,
                    "version": lead.set.version,
                    "mapping": lead.iri,
                }
                for lead in self.used
            ],
            "unmapped": list(self.unmapped),
            "elsewhere": list(self.left),
        }


def with_mappings(
    text: str,
    mappings: Mappings,
    vocabulary: Vocabulary,
    *,
    reach: Reach = Reach.NARROW,
    base: str | None = None,
    depth: int = 64,
    in_rdf: bool = False,
) -> Mapped:
    """The query with its codes of other systems taken to the classes used here, and columns that say by which mapping.

    The prefixes of the systems (``node.ontology.code_systems``) need no declaration. ``in_rdf`` makes of a SELECT a
    CONSTRUCT that writes its solutions in RDF, each ``prov:wasDerivedFrom`` the mappings it was found by. Raises
    QuerySyntaxError, QueryTooDeep, and Unsupported for ``DESCRIBE *``.
    """
    query = parse_query(text, base, depth=depth, prefixes=QUERY_PREFIXES)
    finder = _Finder(mappings, vocabulary, reach)
    graph = query.form is Form.CONSTRUCT or (in_rdf and query.form is Form.SELECT)
    standing = with_stand_ins(
        query,
        properties=BRANCHES.keys(),
        columns=(*COLUMNS, IRI) if graph else COLUMNS,
        own=OWN,
        stands_for=finder.stand_ins,
    )
    taken = {canonical(code) for code in standing.taken}
    used = tuple(lead for lead in finder.used if lead.code in taken)
    made = as_graph_query(standing.query, standing.columns, used) if graph else standing.query
    return Mapped(text, made, used, tuple(finder.unmapped), standing.left, reach)


def samples_with(code: str) -> str:
    """A query for the samples that are coded with a code, or with anything below it, in any property for codes."""
    properties = "|".join(f"<{iri}>" for iri in BRANCHES)
    return (
        f"SELECT DISTINCT ?sample ?code WHERE {{ ?sample {properties} ?code . ?code <{RDFS_SUBCLASS_OF}>* <{code}> }}"
    )


class _Finder:
    """Gives the classes that stand for a code, and notes what was found."""

    def __init__(self, mappings: Mappings, vocabulary: Vocabulary, reach: Reach) -> None:
        self._mappings = mappings
        self._vocabulary = vocabulary
        self._order = {predicate: i for i, predicate in enumerate(reach.predicates)}
        self._found: dict[str, tuple[StandIn, ...]] = {}
        self.used: list[Lead] = []
        self.unmapped: list[str] = []

    def stand_ins(self, iri: str) -> tuple[StandIn, ...]:
        found = self._found.get(iri)
        if found is None:
            code = canonical(iri)
            leads = self._leads(code)
            self.used += leads
            if not leads and self._mappings.knows(code):
                self.unmapped.append(iri)
            # a code that data may carry as it is stands for itself too
            own = (StandIn(iri_term(iri)),) if leads and code.startswith(_OPEN) else ()
            found = (*own, *(StandIn(iri_term(lead.concept), shown(lead)) for lead in leads))
            self._found[iri] = found
        return found

    def _leads(self, code: str) -> list[Lead]:
        """The closest and surest mapping to each class; of an obsolete class to the one in its place too."""
        best: dict[str, Lead] = {}
        within = [lead for lead in self._mappings.of_code(code) if lead.predicate in self._order]
        for lead in sorted(within, key=self._rank):
            for concept in self._in_force(lead.concept):
                best.setdefault(concept, lead if concept == lead.concept else replace(lead, concept=concept))
        return list(best.values())

    def _rank(self, lead: Lead) -> tuple[int, float]:
        return self._order[lead.predicate], -(lead.row.confidence if lead.row.confidence is not None else 0.5)

    def _in_force(self, iri: str) -> Iterator[str]:
        yield iri
        seen = {iri}
        concept = self._vocabulary.get(iri)
        while concept is not None and concept.obsolete and concept.replaced_by and concept.replaced_by not in seen:
            seen.add(concept.replaced_by)
            yield concept.replaced_by
            concept = self._vocabulary.get(concept.replaced_by)
