"""Where the services of a query stand, and the query with something else in their places. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from node.federation.planning.placement import Context, visit_services
from node.federation.planning.variables import certain, in_scope
from node.sparql.algebra import Element, Query, Service, Variable
from node.sparql.terms import Term


@dataclass(frozen=True, slots=True)
class Occurrence:
    service: Service
    context: Context

    def is_ready(self) -> bool:
        """Whether no other service has to come first, for the values that it would give."""
        known = in_scope(self.context.elements).keys()
        name = {self.service.name.name} if isinstance(self.service.name, Variable) else set()
        shared = certain((self.service.pattern,)) | name
        return not (shared - known) & self.context.before and not (name - known) & self.context.after


def occurrences_in(query: Query) -> list[Occurrence]:
    found: list[Occurrence] = []

    def visit(service: Service, context: Context) -> Element:
        found.append(Occurrence(service, context))
        return service

    visit_services(query, visit)
    return found


def with_elements(query: Query, instead: Mapping[int, Element], *, hidden: tuple[Term, ...] = ()) -> Query:
    """The query with these elements in the places of its services, which are counted as they are written."""
    numbers = itertools.count()
    return visit_services(query, lambda service, _: instead.get(next(numbers), service), hidden=hidden)
