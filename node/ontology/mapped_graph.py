"""What is said of the mappings a query was taken by, as columns of its solutions and as RDF."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from node.ontology.mapping_sets import Lead
from node.rdf.namespaces import OWL, PROV, RDF_TYPE, SSSOM, XSD
from node.sparql.algebra import (
    BasicGraphPattern,
    Bind,
    Element,
    Form,
    Graph,
    Group,
    InlineData,
    Optional,
    Query,
    Select,
    SubSelect,
    TriplePattern,
    Union,
    Variable,
    VarOrTerm,
)
from node.sparql.terms import Term, iri_term, literal_term
from node.sparql.writer import written

#: What is shown of a mapping, in this order.
COLUMNS = (
    *("mapping_subject", "mapping_predicate", "mapping_object"),
    *("mapping_justification", "mapping_confidence", "mapping_set"),
)
#: The column of the class itself, and the one, in graphs alone, of the mapping's IRI.
OWN = "mapping_object"
IRI = "mapping"
#: The vocabulary in which the SPARQL working group writes solutions as RDF.
RESULT_SET = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
#: The properties of a mapping in SSSOM's RDF, by column.
_PROPERTIES = {
    "mapping_subject": OWL + "annotatedSource",
    "mapping_predicate": OWL + "annotatedProperty",
    "mapping_object": OWL + "annotatedTarget",
    "mapping_justification": SSSOM + "mapping_justification",
    "mapping_confidence": SSSOM + "confidence",
}


def shown(lead: Lead) -> dict[str, Term | None]:
    """What is shown of a mapping, by name of column, but for the class it leads to."""
    sure = lead.row.confidence
    return {
        "mapping_subject": iri_term(lead.code),
        "mapping_predicate": iri_term(lead.predicate),
        "mapping_justification": iri_term(lead.row.justification),
        "mapping_confidence": None if sure is None else literal_term(f"{sure:g}", datatype=XSD + "decimal"),
        "mapping_set": literal_term(f"{lead.set.name} {lead.set.version}"),
        IRI: iri_term(lead.iri),
    }


def as_graph_query(query: Query, places: Sequence[Mapping[str, str]], used: Sequence[Lead]) -> Query:
    """A CONSTRUCT that describes the mappings of each solution too, and of a SELECT writes the solutions themselves.

    ``places`` are the variables of the columns of each place, by column (``IRI`` among them). Where no solution can say
    by which mapping it was found, all of ``used`` are described.
    """
    template = [*query.template]
    select = query.select
    if query.form is Form.SELECT:
        ours = {variable for place in places for variable in place.values()}
        names = _visible(select)
        row = Variable("_:row")
        template.append(_triple(row, RDF_TYPE, iri_term(RESULT_SET + "ResultSolution")))
        for i, name in enumerate(name for name in names if name not in ours):
            cell = Variable(f"_:cell{i}")
            template += [
                _triple(row, RESULT_SET + "binding", cell),
                _triple(cell, RESULT_SET + "variable", literal_term(name)),
                _triple(cell, RESULT_SET + "value", Variable(name)),
            ]
        template += [_triple(row, PROV + "wasDerivedFrom", Variable(place[IRI])) for place in places]
        select = Select(Group((SubSelect(select),)))
    for place in places:
        template += _axiom(Variable(place[IRI]), {name: Variable(place[name]) for name in COLUMNS})
    if not places:
        for lead in used:
            cells = {**shown(lead), OWN: iri_term(lead.concept)}
            template += _axiom(iri_term(lead.iri), {name: cell for name, cell in cells.items() if cell is not None})
    return written(replace(query, form=Form.CONSTRUCT, template=tuple(template), select=select))


def _axiom(mapping: VarOrTerm, cells: Mapping[str, VarOrTerm]) -> Iterator[TriplePattern]:
    """A mapping as SSSOM writes it in RDF, read from the code to the class."""
    yield _triple(mapping, RDF_TYPE, iri_term(OWL + "Axiom"))
    for name, property_iri in _PROPERTIES.items():
        if name in cells:
            yield _triple(mapping, property_iri, cells[name])


def _triple(subject: VarOrTerm, predicate: str, value: VarOrTerm) -> TriplePattern:
    return TriplePattern(subject, iri_term(predicate), value)


def _visible(select: Select) -> list[str]:
    """The variables of a select's solutions (SPARQL 1.1 Query, section 18.2.1)."""
    if select.projection is not None:
        return [column.variable for column in select.projection]
    return list(dict.fromkeys(name for element in (select.pattern,) for name in _bound(element)))


def _bound(element: Element) -> Iterator[str]:
    match element:
        case BasicGraphPattern(triples):
            nodes = [node for t in triples for node in (t.subject, t.predicate, t.object)]
            yield from (n.name for n in nodes if isinstance(n, Variable) and not n.name.startswith("_:"))
        case Group(inner) | Union(inner):
            for part in inner:
                yield from _bound(part)
        case Optional(pattern):
            yield from _bound(pattern)
        case Graph(name, pattern):
            if isinstance(name, Variable):
                yield name.name
            yield from _bound(pattern)
        case Bind(_, variable):
            yield variable
        case InlineData(variables):
            yield from variables
        case SubSelect(select):
            yield from _visible(select)
