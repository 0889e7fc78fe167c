"""From a wish in the queue to a row of a template: a term of one's own, under a class, with an IRI that is minted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from node.curation.demand import Queue, Status, Wish
from node.curation.editing import add_term
from node.curation.settings import Curator
from node.curation.workspace import Workspace
from node.errors import Conflict
from node.publishing.coder import key_of


@dataclass(frozen=True)
class Draft:
    """What the row will say. ``parent`` is a CURIE, IRI or label, ``sources`` are references for the definition."""

    label: str
    parent: str
    definition: str = ""
    sources: Sequence[str] = ()
    synonyms: Sequence[str] = ()


def propose(workspace: Workspace, queue: Queue, wish: Wish, draft: Draft, curator: Curator) -> Wish:
    """Add the draft to the workspace's table of terms, and note it in the queue, which is saved.

    What the partner wrote becomes an exact synonym where it is not the label, so that it is coded from then on. Raises
    Conflict for a wish that has a term already, and what ``add_term`` raises.
    """
    if wish.status not in (Status.OPEN, Status.DECLINED, Status.REQUESTED):
        raise Conflict(f"{wish.id} is {wish.status} already ({wish.term}).", remedy="Change its row in the template.")
    own_words = [] if key_of(wish.text) == key_of(draft.label) else [wish.text]
    made = add_term(
        workspace,
        curator,
        {
            "label": draft.label,
            "parent": draft.parent,
            "definition": draft.definition,
            "definition source": "|".join(draft.sources),
            "exact synonyms": "|".join(dict.fromkeys([*draft.synonyms, *own_words])),
        },
    )
    changed = queue.put(replace(wish, status=Status.PROPOSED, term=made.iri, label=made.label))
    queue.save()
    return changed
