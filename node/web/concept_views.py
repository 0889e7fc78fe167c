"""What the pages and documents about concepts share: parameters, addresses, counts within what the caller may see."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Response, request

from node.errors import LimitExceeded, ProtocolError, StoreError
from node.ontology.branches import BRANCHES
from node.ontology.codes import curie
from node.ontology.concepts import Concept, Translation
from node.ontology.usage import SAMPLE_PROPERTIES, property_of
from node.policy.decide import Principal
from node.rdf.formats import Format
from node.rdf.namespaces import expand
from node.web.call import Call
from node.web.identity import principal_of
from node.web.pages import LABELS
from node.web.validators import REVALIDATE_PRIVATE

if TYPE_CHECKING:
    from node.assembly import Node

PLAIN_JSON = Format("json", ("application/json",), (".json",))
#: What the choice of a page depends on where names are shown in the language of whoever reads them.
VARY_BY_LANGUAGE = "Accept, Accept-Encoding, Accept-Language, Authorization"
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_NUMBER = re.compile(r"[0-9]{1,9}")
_MOST_LANGUAGES = 5
#: The most codes that the datasets of one concept are looked for with.
_MOST_CODES = 2_000


@dataclass(frozen=True)
class Samples:
    """The samples of a concept at one property: how many carry it or one below it, how many just it.

    None, and why, where they could not be counted.
    """

    property_iri: str
    below: int | None
    exactly: int | None
    problem: str = ""

    @property
    def label(self) -> str:
        """What the property is called."""
        return LABELS[self.property_iri]


def caller(node: Node) -> Principal:
    """Who asks. Raises Unauthenticated."""
    return principal_of(node, request.headers.get("Authorization"))


def for_caller(response: Response, principal: Principal) -> Response:
    """The response, marked as one that depends on who asks and in which language."""
    response.headers["Vary"] = VARY_BY_LANGUAGE
    if principal.operator:
        response.headers["Cache-Control"] = REVALIDATE_PRIVATE
    return response


def samples_of(node: Node, iri: str, property_iri: str, principal: Principal) -> Samples:
    """The samples of a concept that this caller may see."""
    try:
        usage = node.usage(property_iri, principal)
    except (LimitExceeded, StoreError) as error:
        return Samples(property_iri, None, None, error.detail)
    return Samples(property_iri, usage.below(iri), usage.exactly(iri))


def datasets_of(node: Node, iri: str, property_iri: str, principal: Principal) -> tuple[Sequence[tuple[str, int]], str]:
    """The datasets with samples of a concept or one below it, and how many; and what went wrong, "" for nothing."""
    try:
        codes = node.usage(property_iri, principal).codes_below(iri)[:_MOST_CODES]
        return node.datasets_with(codes, property_iri, principal), ""
    except (LimitExceeded, StoreError) as error:
        return (), error.detail


def property_wanted(call: Call, iri: str) -> str:
    """The property to count samples at: what the parameter names, else the one that suits the concept.

    Raises ProtocolError for one that samples do not have codes at.
    """
    written = call.parameter("property")
    if written is None:
        return property_of(call.node.vocabulary(), iri)
    for property_iri in SAMPLE_PROPERTIES:
        if property_iri in (written, expand(written)) or property_iri.endswith(f"#{written}"):
            return property_iri
    known = ", ".join(p.rpartition("#")[2] for p in SAMPLE_PROPERTIES)
    raise ProtocolError(
        f"samples have no codes at {written[:60]!r}.", remedy=f"The parameter property is one of {known}."
    )


def entry_points(node: Node) -> list[tuple[str, str]]:
    """Where to begin looking around: the roots of the branches that samples are coded from, with the property."""
    vocabulary = node.vocabulary()
    found: dict[str, str] = {}
    for property_iri in SAMPLE_PROPERTIES:
        for root in BRANCHES[property_iri]:
            if root in vocabulary and vocabulary.children(root) and found.keys().isdisjoint(vocabulary.ancestors(root)):
                found[root] = property_iri
    return list(found.items())


def address_of(call: Call, iri: str) -> str:
    """The path of the page about a concept: its own IRI's, where the node minted that."""
    base = call.node.identifiers.base
    if iri.startswith(base) and "#" not in iri:
        return quote(call.root + iri[len(base) :], safe="/%:@!$'()*+,=;&")
    return f"{call.root}concepts/{quote(curie(iri), safe=':/@')}"


def entry(call: Call, iri: str) -> dict[str, str]:
    """A concept as a link: code, IRI, label and the path of its page."""
    concept = call.node.vocabulary().get(iri)
    shown = own_name(concept, languages_of(call)) if concept else None
    label = concept.label if concept else curie(iri)
    found = {"code": curie(iri), "iri": iri, "label": label, "href": address_of(call, iri)}
    return {**found, "own_name": shown.text, "language": shown.language} if shown else found


def own_name(concept: Concept, languages: Sequence[str]) -> Translation | None:
    """The label of a concept in the first of these languages that it has one in."""
    labels = [name for name in concept.translations if name.kind == "label"]
    return next((name for language in languages for name in labels if name.language.startswith(language)), None)


def languages_of(call: Call) -> tuple[str, ...]:
    """The languages, best first, that names are wanted in before English: of ``lang``, else of ``Accept-Language``.

    Raises ProtocolError for a parameter that is no language tag.
    """
    given = values_of(call, "lang")
    for tag in given:
        if not _LANGUAGE.fullmatch(tag):
            raise ProtocolError(f"{tag[:40]!r} is no language tag.", remedy="Write for example lang=de or lang=fr-CH.")
    wanted = given or [tag for tag, _quality in request.accept_languages if _LANGUAGE.fullmatch(tag)]
    found: list[str] = []
    for tag in (tag.lower() for tag in wanted[:_MOST_LANGUAGES]):
        if tag.split("-")[0] == "en":
            break
        found += [tag, tag.split("-")[0]]
    return tuple(dict.fromkeys(found))


def values_of(call: Call, name: str) -> list[str]:
    """All values of a parameter, each of which may hold several separated by commas."""
    texts = (part.strip() for key, value in call.parameters if key == name for part in value.split(","))
    return [text for text in texts if text]


def whole_number(call: Call, name: str, default: int, most: int, *, least: int = 0) -> int:
    """A parameter that is a whole number within bounds. Raises ProtocolError."""
    text = call.parameter(name)
    if text is None or not text:
        return default
    if not _NUMBER.fullmatch(text) or not least <= int(text) <= most:
        raise ProtocolError(
            f"the parameter {name} is {text[:40]!r}.", remedy=f"It is a whole number from {least} to {most}."
        )
    return int(text)


def as_json(value: object) -> bytes:
    """A document as JSON."""
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"
