"""What the WHERE clause of an update finds, and what is wrong with one, as the node's errors."""

from __future__ import annotations

from collections.abc import Sequence

from pyoxigraph import NamedNode, QuerySolutions, Store

from node.errors import QuerySyntaxError, StoreError, Unsupported
from node.store import engine
from node.store.quads import Budget
from node.store.refusals import refusal, without_paths


def solutions(
    store: Store, text: str, *, base: str, default: Sequence[str], named: Sequence[str], budget: Budget
) -> QuerySolutions:
    """The solutions of a SELECT query over these graphs (SPARQL 1.1 Update, section 3.1.3).

    Raises QuerySyntaxError, Unsupported, StoreError. Iterating may raise OSError and RuntimeError.
    """
    try:
        answer = engine.ask(
            store,
            text,
            base_iri=base,
            default_graph=[NamedNode(graph) for graph in default],
            named_graphs=[NamedNode(graph) for graph in named],
        )
    except SyntaxError as error:
        # The place is one in a text that the caller never saw.
        said = refusal({"kind": "syntax", "message": error.msg}, text, budget)
        raise QuerySyntaxError(f"WHERE: {getattr(said, 'detail', said)}") from error
    except RuntimeError as error:
        kind = Unsupported if isinstance(error, NotImplementedError) else StoreError
        raise kind(f"WHERE cannot be evaluated: {without_paths(str(error))}.") from error
    assert isinstance(answer, QuerySolutions)
    return answer
