"""A query over this node's own data, and its answer from memory or from a worker."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from node.assembly import query_budget
from node.policy.decide import ANONYMOUS
from node.rdf.dataset import GraphScope
from node.rdf.formats import Format
from node.sparql.parser import scope_within
from node.sparql.protocol import QueryRequest, within
from node.web.cache import AnswerCache, is_repeatable
from node.web.streaming import OpenAnswer
from node.web.validators import digest

if TYPE_CHECKING:
    from node.assembly import Node


@dataclass(frozen=True)
class Question:
    """All that an answer depends on besides the generation. ``formats``: for solutions and booleans, for graphs."""

    text: str
    scope: GraphScope
    formats: tuple[Format, Format]

    @cached_property
    def repeatable(self) -> bool:
        """Whether the answer is the same each time while the generation is."""
        return is_repeatable(self.text)

    @cached_property
    def key(self) -> bytes:
        """A digest of the question."""
        names = (self.formats[0].name, self.formats[1].name)
        return digest(self.text, *names, "\n".join(self.scope.default), "\n".join(self.scope.named))


def read_question(node: Node, asked: QueryRequest, formats: tuple[Format, Format]) -> Question:
    """What a request asks, over the RDF dataset it asks it over. Raises Unsupported (SERVICE), QuerySyntaxError."""
    text = asked.query or ""
    visible = node.scope(ANONYMOUS)
    scope = scope_within(text, visible, node.identifiers.base)
    if asked.names_dataset:
        # The RDF dataset of the request replaces the one of the query (SPARQL Protocol, section 2.1.4), so that only
        # the check for SERVICE counts of what was done before.
        scope = within(visible, asked)
    return Question(text, scope, formats)


def open_answer(node: Node, cache: AnswerCache, question: Question) -> OpenAnswer:
    """The answer: a ``KeptAnswer`` if it is in memory, else from a worker and kept.

    Raises what ``QuadStore.query`` raises.
    """
    if question.repeatable:
        kept = cache.get(node.store.generation(), question.key)
        if kept is not None:
            return OpenAnswer(nullcontext(kept))
    budget = query_budget(node.settings.limits)
    opening = node.store.query(question.text, scope=question.scope, formats=question.formats, budget=budget)
    return OpenAnswer(cache.keeping(question.key, opening) if question.repeatable else opening)
