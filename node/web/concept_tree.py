"""``/concepts/tree``: the hierarchy, opened branch by branch, with the samples below each concept.

What is open stands in the address, so that the page needs no script, and a view of it can be bookmarked and cited.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, request

from node.errors import LimitExceeded, StoreError
from node.ontology.about import labelled
from node.ontology.usage import SAMPLE_PROPERTIES, Usage
from node.rdf.namespaces import shorten
from node.web.call import Call, read_call
from node.web.concept_views import (
    PLAIN_JSON,
    as_json,
    caller,
    entry,
    entry_points,
    for_caller,
    property_wanted,
    values_of,
)
from node.web.negotiation import HTML
from node.web.pages import LABELS
from node.web.responses import data, page

blueprint = Blueprint("concept_tree", __name__)

#: The most branches that are open at a time, and concepts that are shown.
MOST_OPEN, MOST_SHOWN = 100, 2_000


@blueprint.get("/concepts/tree")
def tree() -> Response:
    """A branch, or without a root the branches that samples are coded from."""
    call = read_call(current_app, request)
    node = call.node
    choice = call.require((PLAIN_JSON, HTML))
    codes = node.concepts()
    root = call.parameter("root")
    opened = {iri for code in values_of(call, "open")[:MOST_OPEN] if (iri := codes.codes.iri(code))}
    roots = [codes.named(root)] if root else [iri for iri, _property in entry_points(node)]
    principal = caller(node)
    usages: dict[str, Usage | None] = {}
    problem = ""
    shown: list[dict[str, Any]] = []
    always = frozenset(roots if root else ())
    drawing = _Drawing(call, opened - always, always, call.parameter("used") in ("true", "1", "on"))
    for iri in roots:
        property_iri = property_wanted(call, iri)
        if property_iri not in usages:
            try:
                usages[property_iri] = node.usage(property_iri, principal)
            except (LimitExceeded, StoreError) as error:
                usages[property_iri], problem = None, error.detail
        shown.append({**drawing.draw(iri, usages[property_iri], ()), "property": shorten(property_iri)})
    if choice.format is PLAIN_JSON:
        document = {"roots": shown, "cut": drawing.cut, "problem": problem}
        return for_caller(data(call, as_json(document), choice.content_type), principal)
    main = property_wanted(call, roots[0]) if roots else SAMPLE_PROPERTIES[0]
    response = page(
        call,
        "concept_tree.html",
        roots=shown,
        chosen_root=shown[0] if root else None,
        data=call.url("concepts/tree", **{**dict(call.parameters), "format": "json"}),
        properties=[(p.rpartition("#")[2], LABELS[p], p == main) for p in SAMPLE_PROPERTIES],
        only_used=drawing.only_used,
        everything=drawing.address(only_used=not drawing.only_used),
        cut=MOST_SHOWN if drawing.cut else 0,
        problem=problem,
    )
    return for_caller(response, principal)


@dataclass
class _Drawing:
    """Draws branches until there is no more room. ``cut``: there was more than is shown.

    ``always``: the concept that the page is about is always open.
    """

    call: Call
    opened: set[str]
    always: frozenset[str]
    only_used: bool
    shown: int = 0
    cut: bool = False

    def draw(self, iri: str, usage: Usage | None, above: tuple[str, ...]) -> dict[str, Any]:
        """One concept with what is open below it. ``above``: the way to it, so that a cycle ends."""
        self.shown += 1
        children = [child for child in self.call.node.vocabulary().children(iri) if child not in (iri, *above)]
        if self.only_used and usage is not None:
            children = [child for child in children if usage.below(child)]
        is_open = bool(children) and (iri in self.opened or iri in self.always)
        drawn: dict[str, Any] = {
            **entry(self.call, iri),
            "samples": usage.below(iri) if usage is not None else None,
            "exactly": usage.exactly(iri) if usage is not None else None,
            "children_count": len(children),
            "open": is_open,
            "toggle": self.address(toggled=iri) if children and iri not in self.always else None,
        }
        if is_open:
            drawn["children"] = []
            for child, _label in self._ordered(children, usage):
                if self.shown >= MOST_SHOWN:
                    self.cut = True
                    break
                drawn["children"].append(self.draw(child, usage, (*above, iri)))
        return drawn

    def _ordered(self, children: list[str], usage: Usage | None) -> list[tuple[str, str]]:
        """Those with the most samples first, then by label."""
        found = list(labelled(self.call.node.vocabulary(), children))
        return sorted(found, key=lambda pair: -usage.below(pair[0])) if usage is not None else found

    def address(self, *, toggled: str | None = None, only_used: bool | None = None) -> str:
        """This view with one branch opened or closed, or with concepts without samples shown or hidden."""
        kept = {name: value for name, value in self.call.parameters if name in ("root", "property", "lang")}
        opened = self.opened if toggled is None else self.opened ^ {toggled}
        if opened:
            kept["open"] = ",".join(sorted(entry(self.call, iri)["code"] for iri in opened))
        if self.only_used if only_used is None else only_used:
            kept["used"] = "true"
        anchor = f"#{entry(self.call, toggled)['code']}" if toggled else ""
        return self.call.url("concepts/tree", **kept) + anchor
