"""Hierarchies, asked where they are: a path from a constant whose edges one member holds alone, in one request.

The classes below one of an ontology are such: the member that has installed the release keeps what is below each
(``store.hierarchies``), and no edge leads elsewhere. Followed from here, such a path takes a request for each level.
"""

from __future__ import annotations

from node.federation.calling.rows import Table, cell
from node.federation.fetching.runner import Runner
from node.federation.planning.plan import Body, Closure, Scan
from node.federation.planning.requests import Job
from node.federation.planning.selection import Catalogue
from node.sparql.algebra import InlineData, Query
from node.sparql.terms import Term, iri_term


def at_its_holder(query: Query, body: Body, catalogue: Catalogue, runner: Runner, most: int) -> InlineData | None:
    """The solutions of a query about one repeated path from a constant, if one member holds all its edges.

    None where several may hold some, where there are more than ``most`` or one that is no IRI, and where a path of no
    step does not lead to the constant: as a node of other data it may be one at another member. Raises as
    ``Runner.run``.
    """
    closure = body.elements[0] if len(body.elements) == 1 and not body.attachments else None
    if not isinstance(closure, Closure) or closure.graph is not None:
        return None
    constant, variable = closure.start, closure.end
    if not isinstance(constant, Term):
        constant, variable = variable, constant
    if not isinstance(constant, Term) or not isinstance(variable, str) or not _projects(query, variable):
        return None
    predicates = [step.predicate for step in closure.steps]
    edges = [Scan("s", iri_term(predicate), "o", None) for predicate in predicates if predicate is not None]
    holder = catalogue.only_source(edges) if len(edges) == len(predicates) else None
    if holder is None or holder not in catalogue.alike:
        return None
    (table,) = runner.run([Job(holder, query.self_contained(), (variable,))])
    assert isinstance(table, Table)
    found = table.values(variable)
    if len(found) > most or not all(term.startswith(b"<") and b"\\" not in term for term in found):
        return None
    if closure.minimum == 0 and cell(constant) not in found:
        return None
    return InlineData((variable,), tuple((iri_term(term[1:-1].decode()),) for term in sorted(found)))


def _projects(query: Query, variable: str) -> bool:
    """Whether the variable, as it is, is all that the solutions have."""
    projection = query.select.projection
    return projection is None or [(p.variable, p.expression) for p in projection] == [(variable, None)]
