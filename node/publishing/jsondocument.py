"""A JSON-LD document as text: strict parsing, what a parser would lose silently, and where things stand in it.

JSON-LD processors drop what they do not understand: a misspelt key, an ``@id`` with a space, a language that is none.
Here that is an error, because the partner would believe it published.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, NoReturn
from urllib.parse import urljoin

from node.errors import DocumentSyntaxError, Place
from node.publishing.contexts import Steps, objects, pointer
from node.publishing.drafts import Finding, Severity

#: What is said of a key that means nothing.
UNKNOWN_TERM = "no context defines this key, so its value would be dropped"
#: How deep objects and lists may lie in each other.
MOST_LEVELS = 200

_KEYWORDS = frozenset(
    {"@base", "@container", "@context", "@direction", "@graph", "@id", "@import", "@included", "@index", "@json"}
    | {"@language", "@list", "@nest", "@none", "@prefix", "@propagate", "@protected", "@reverse", "@set", "@type"}
    | {"@value", "@version", "@vocab"}
)
#: Containers whose objects have keys that are no terms.
_MAPS = frozenset({"@language", "@index", "@id", "@type", "@graph"})
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
#: JSON-LD 1.1, section 1.7: what looks like a keyword is ignored when it is none.
_KEYWORD_FORM = re.compile(r"@[A-Za-z]+")
_NOT_IN_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\]|%(?![0-9A-Fa-f]{2})')
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse_json(text: str, source: str) -> Any:
    """Parse JSON as RFC 8259 has it: one value, no key twice in an object, no NaN, no broken characters.

    Raises DocumentSyntaxError, with line and column where the fault has one.
    """
    if text.count("{") + text.count("[") > MOST_LEVELS:
        _refuse_deep_nesting(text, source)
    try:
        return json.loads(
            text, object_pairs_hook=_object_without_repeats(text, source), parse_constant=_no_constant(source)
        )
    except json.JSONDecodeError as error:
        ends = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
        raise DocumentSyntaxError(
            f"this is not JSON: {error.msg.removesuffix(' starting at').lower()}.",
            where=Place(source=source, line=error.lineno, column=error.colno),
            remedy="Is the file complete?" if ends else "Check quotes and commas there.",
        ) from error
    except ValueError as error:  # a number of thousands of digits
        raise DocumentSyntaxError(
            "a number has more digits than a number may have.",
            where=Place(source=source),
            remedy="Write it as a text in quotation marks.",
        ) from error


def encode_json(document: Any, source: str) -> bytes:
    """The document as UTF-8. Raises DocumentSyntaxError for half of a surrogate pair in a text."""
    try:
        return json.dumps(document, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise DocumentSyntaxError(
            "a text holds half of a character (a lone \\ud800…\\udfff escape).",
            where=Place(source=source),
            remedy="Write the character itself in UTF-8.",
        ) from error
    except ValueError as error:
        raise DocumentSyntaxError(
            "a number is too large.", where=Place(source=source), remedy="Write it as a text."
        ) from error


def _refuse_deep_nesting(text: str, source: str) -> None:
    depth = 0
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{\]}]', text, re.DOTALL):
        mark = match.group()
        if mark in "[{":
            depth += 1
            if depth > MOST_LEVELS:
                raise DocumentSyntaxError(
                    f"objects and lists lie more than {MOST_LEVELS} deep in each other.",
                    where=_position(text, match.start(), source),
                    remedy="Give the inner objects an @id and list them side by side in @graph.",
                )
        elif mark in "]}":
            depth -= 1


def _object_without_repeats(text: str, source: str) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            keys = [key for key, _ in pairs]
            repeated = next(key for key in keys if keys.count(key) > 1)
            name = next((made[key] for key in ("@id", "id") if isinstance(made.get(key), str)), None)
            line = _line_of(text, name) if name is not None else None
            raise DocumentSyntaxError(
                f"the key {repeated!r} stands twice in one object; only one of the two would count.",
                where=Place(source=source, line=line, record=name, field=repeated),
                remedy="Keep one, or write both values as a list.",
            )
        return made

    return build


def _no_constant(source: str) -> Callable[[str], NoReturn]:
    def refuse(name: str) -> NoReturn:
        raise DocumentSyntaxError(
            f"{name} is not a JSON value.", where=Place(source=source), remedy="Leave the value out."
        )

    return refuse


def _position(text: str, offset: int, source: str) -> Place:
    line = text.count("\n", 0, offset) + 1
    return Place(source=source, line=line, column=offset - text.rfind("\n", 0, offset))


def _line_of(text: str, identifier: str) -> int | None:
    """The line of the first ``"@id": "identifier"``, or else of the first place where the text occurs."""
    quoted = re.escape(json.dumps(identifier, ensure_ascii=False))
    match = re.search(rf'"@?id"\s*:\s*{quoted}', text) or re.search(quoted, text)
    return None if match is None else text.count("\n", 0, match.start()) + 1


@dataclass
class Terms:
    """What the contexts of one document define, all taken together (scopes are not told apart).

    ``definitions`` maps a term to its expanded definition or None; ``vocabulary`` is whether some ``@vocab`` gives a
    meaning to every key; ``base`` is the ``@base`` of the outermost context, if any.
    """

    definitions: dict[str, Any] = field(default_factory=dict)
    vocabulary: bool = False
    base: str | None = None

    @classmethod
    def of(cls, document: Any) -> Terms:
        """The terms of a document whose references to contexts have been replaced already."""
        terms = cls()
        waiting = [holder["@context"] for holder, _ in objects(document) if "@context" in holder]
        seen: set[int] = set()
        while waiting:
            context = waiting.pop(0)
            if id(context) in seen:
                continue
            seen.add(id(context))
            if isinstance(context, list):
                waiting.extend(context)
            elif isinstance(context, dict):
                terms._add(context)
                waiting.extend(d["@context"] for d in context.values() if isinstance(d, dict) and "@context" in d)
        return terms

    def _add(self, context: Mapping[str, Any]) -> None:
        self.vocabulary = self.vocabulary or isinstance(context.get("@vocab"), str)
        if self.base is None and isinstance(context.get("@base"), str):
            self.base = context["@base"]
        for term, definition in context.items():
            if not term.startswith("@"):
                self.definitions.setdefault(term, definition)

    def keyword(self, key: str) -> str:
        """``@id`` for ``id`` where the context says so; the key itself where it is no alias of a keyword."""
        definition = self.definitions.get(key)
        target = definition.get("@id") if isinstance(definition, dict) else definition
        return target if isinstance(target, str) and target in _KEYWORDS else key

    def container(self, key: str) -> frozenset[str]:
        """The ``@container`` values of a term."""
        definition = self.definitions.get(key)
        found = definition.get("@container", ()) if isinstance(definition, dict) else ()
        return frozenset([found] if isinstance(found, str) else found or ())

    def holds_iris(self, key: str) -> bool:
        """Whether a text under this key is an IRI."""
        definition = self.definitions.get(key)
        return self.keyword(key) in ("@id", "@type") or (
            isinstance(definition, dict) and definition.get("@type") in ("@id", "@vocab")
        )

    def is_json(self, key: str) -> bool:
        """Whether what is under this key is a JSON literal, which no term of the context applies to."""
        definition = self.definitions.get(key)
        return isinstance(definition, dict) and definition.get("@type") == "@json"

    def expand(self, name: str, base: str) -> str:
        """The IRI that an ``@id`` of this text stands for."""
        prefix, colon, local = name.partition(":")
        if colon and not local.startswith("//"):
            definition = self.definitions.get(prefix)
            namespace = definition.get("@id") if isinstance(definition, dict) else definition
            if isinstance(namespace, str):
                return namespace + local
        return urljoin(urljoin(base, self.base or ""), name)


def losses(document: Any, terms: Terms, source: str) -> list[Finding]:
    """What a JSON-LD processor would drop without a word, one finding for each distinct thing with its first place."""
    found: dict[tuple[str, str], Finding] = {}
    for message, value, remedy, steps in _losses(document, terms):
        known = found.get((message, value))
        found[message, value] = Finding(
            Severity.VIOLATION,
            message,
            known.where if known else Place(source=source, record=pointer(steps)),
            value=value,
            remedy=remedy,
            count=known.count + 1 if known else 1,
        )
    return list(found.values())


def _losses(document: Any, terms: Terms) -> Iterator[tuple[str, str, str, Steps]]:
    maps: set[int] = set()  # objects whose keys are languages, indexes or identifiers, not terms
    opaque: set[int] = set()  # objects inside a JSON literal
    for holder, steps in objects(document):
        if id(holder) in opaque:
            opaque.update(_inner_objects(holder))
            continue
        for key, value in holder.items():
            at: Steps = (steps, key)
            if key == "@context":
                continue
            if terms.is_json(key) or terms.keyword(key) == "@value":
                opaque.update(_inner_objects({key: value}))
                continue
            if id(holder) not in maps:
                yield from _lost_key(key, terms, at)
            if isinstance(value, dict) and terms.container(key) & _MAPS:
                maps.add(id(value))
            yield from _lost_value(key, value, terms, at)


def _lost_value(key: str, value: Any, terms: Terms, at: Steps) -> Iterator[tuple[str, str, str, Steps]]:
    languages: list[str] = []
    if terms.keyword(key) == "@language" and isinstance(value, str):
        languages = [value]
    elif "@language" in terms.container(key) and isinstance(value, dict):
        languages = list(value)
    for language in languages:
        if language != "@none" and not _LANGUAGE.fullmatch(language):
            yield "this is not a language tag (BCP 47)", language, "Write a tag like en or pt-BR.", at
    if terms.keyword(key) == "@direction" and isinstance(value, str):
        yield "RDF 1.1 has no base direction, so it would be dropped", value, "Leave it out.", at
    if terms.holds_iris(key):
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and _NOT_IN_IRI.search(text):
                yield "this is not an IRI, and would be dropped", text, _IRI_REMEDY, at


def _inner_objects(holder: Mapping[str, Any]) -> Iterator[int]:
    waiting = list(holder.values())
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield id(value)
        elif isinstance(value, list):
            waiting.extend(value)


_IRI_REMEDY = 'Write an IRI: no spaces and none of <>"{}|^`\\ (percent-encode them).'


def _lost_key(key: str, terms: Terms, at: Steps) -> Iterator[tuple[str, str, str, Steps]]:
    if _KEYWORD_FORM.fullmatch(key):
        if key not in _KEYWORDS:
            yield "this is not a keyword of JSON-LD", key, "Check the spelling.", at
    elif key not in terms.definitions and ":" not in key and not terms.vocabulary:
        close = get_close_matches(key, terms.definitions, n=1)
        hint = f"Did you mean {close[0]!r}? " if close else ""
        yield (
            UNKNOWN_TERM,
            key,
            f"{hint}Correct it, define it in the context, or remove it.",
            at,
        )


class JsonPlaces:
    """Finds where a JSON-LD document speaks of an IRI. Reads the text again when first asked."""

    def __init__(self, read: Callable[[], str], source: str, terms: Terms, base: str) -> None:
        self._read = read
        self._source = source
        self._terms = terms
        self._base = base
        self._index: dict[str, tuple[str, str]] | None = None
        self._text = ""

    def __call__(self, iri: str) -> Place:
        """The JSON pointer of the object that describes the IRI, and its line; just the IRI when it is not found."""
        if self._index is None:
            self._text = self._read()
            self._index = self._indexed()
        if iri not in self._index:
            return Place(source=self._source, record=iri)
        name, steps = self._index[iri]
        return Place(source=self._source, line=_line_of(self._text, name), record=steps)

    def _indexed(self) -> dict[str, tuple[str, str]]:
        index: dict[str, tuple[str, str]] = {}
        mentions: dict[str, tuple[str, str]] = {}
        for holder, steps in objects(json.loads(self._text)):
            name = next((v for k, v in holder.items() if self._terms.keyword(k) == "@id"), None)
            if isinstance(name, str):
                described = index if len(holder) > 1 else mentions
                described.setdefault(self._terms.expand(name, self._base), (name, pointer(steps)))
        return {**mentions, **index}
