"""A query over this node's own data, and its answer from memory or from a worker."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from node.assembly import query_budget
from node.errors import TooBusy
from node.policy.decide import Principal
from node.rdf.dataset import GraphScope
from node.rdf.formats import Format
from node.sparql.evaluable import evaluable
from node.sparql.protocol import QueryRequest, within
from node.web.cache import AnswerCache, is_repeatable
from node.web.streaming import OpenAnswer
from node.web.validators import digest

if TYPE_CHECKING:
    from node.assembly import Node

#: So many changes of the store between reading what may be seen and asking are no coincidence.
_ATTEMPTS = 10


@dataclass(frozen=True)
class Question:
    """All that an answer depends on. ``formats``: for solutions and booleans, for graphs.

    ``generation`` is the number of the one that the scope was read from.
    """

    text: str
    scope: GraphScope
    formats: tuple[Format, Format]
    generation: int

    @cached_property
    def repeatable(self) -> bool:
        """Whether the answer is the same each time while the generation is."""
        return is_repeatable(self.text)

    @cached_property
    def key(self) -> bytes:
        """A digest of the question, its generation aside."""
        return digest(self.text, self.formats[0].name, self.formats[1].name, _scope_digest(self.scope))


def beyond_store(node: Node, asked: QueryRequest, principal: Principal) -> object | None:
    """What is not None for a request that the store cannot answer by itself; see ``Node.beyond_store``."""
    dataset = within(node.scope(principal), asked) if asked.names_dataset else None
    return node.beyond_store(asked.query or "", principal, dataset)


def read_question(node: Node, asked: QueryRequest, principal: Principal, formats: tuple[Format, Format]) -> Question:
    """What a request asks, over the part that this principal may see of the RDF dataset it asks it over.

    The query holds no ``SERVICE``. Raises QuerySyntaxError, QueryTooDeep.
    """
    generation = node.store.generation().number
    visible = node.scope(principal)
    dataset = within(visible, asked) if asked.names_dataset else None
    depth = node.settings.limits.query_depth
    text, scope = evaluable(asked.query or "", visible, node.identifiers.base, depth=depth, dataset=dataset)
    return Question(text, scope, formats, generation)


def open_answer(
    node: Node, cache: AnswerCache, asked: QueryRequest, principal: Principal, question: Question
) -> tuple[Question, OpenAnswer]:
    """The answer, a ``KeptAnswer`` if it is in memory, else from a worker and kept; and the question it answers.

    That is another one when the node has changed since: what may be seen of a generation is read from that
    generation, never from the one before. Raises what ``read_question`` and ``QuadStore.query`` raise.
    """
    budget = query_budget(node.settings.limits)
    for _ in range(_ATTEMPTS):
        current = node.store.generation()
        if current.number == question.generation:
            if question.repeatable and (kept := cache.get(current, question.key)) is not None:
                return question, OpenAnswer(nullcontext(kept))
            opening = node.store.query(question.text, scope=question.scope, formats=question.formats, budget=budget)
            answer = OpenAnswer(cache.keeping(question.key, opening) if question.repeatable else opening)
            if answer.answer.generation.number == question.generation:
                return question, answer
            answer.close()
        question = read_question(node, asked, principal, question.formats)
    raise TooBusy("the node changes faster than it can be asked.", remedy="Try again in a moment.")


@lru_cache(maxsize=64)
def _scope_digest(scope: GraphScope) -> str:
    """The same for all queries of a caller, and long where a node has many graphs."""
    return digest("\n".join(scope.default), "\n".join(scope.named)).hex()
