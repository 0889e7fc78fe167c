"""How the engine gives back what was put into it: numbers, truth values and times by value, not by spelling."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pyoxigraph import NamedNode, Quad, RdfFormat, Store, parse

# A literal at the end of an N-Triples line whose spelling may change: typed, or with capitals in its language tag.
_MAY_CHANGE = re.compile(
    r' (".*"(?:\^\^<http://www\.w3\.org/2001/XMLSchema#(?!string>)[^>]+>|@[a-zA-Z0-9-]*[A-Z][a-zA-Z0-9-]*)) \.$'
)
_PREDICATE = NamedNode("urn:p")
_QUOTE, _BRACKET = b'">'
# Numbers, truth values and days that are given back as they are.
_CANONICAL = re.compile(
    rb'"(?:(?:0|-?[1-9][0-9]{0,17})"\^\^<http://www\.w3\.org/2001/XMLSchema#integer>'
    rb'|-?(?:0|[1-9][0-9]{0,14})\.[0-9]{0,14}[1-9]"\^\^<http://www\.w3\.org/2001/XMLSchema#decimal>'
    rb'|(?:true|false)"\^\^<http://www\.w3\.org/2001/XMLSchema#boolean>'
    rb'|[12][0-9]{3}"\^\^<http://www\.w3\.org/2001/XMLSchema#gYear>'
    rb'|[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"\^\^<http://www\.w3\.org/2001/XMLSchema#date>) \.\Z'
)


def stored_form(lines: Sequence[str]) -> Sequence[str]:
    """These N-Triples lines as the store will give them back, sorted, each once; ``lines`` themselves if they are so.

    ``lines`` are sorted and distinct, end without a newline, and hold no blank nodes.
    """
    found = [
        (i, match.start(1))
        for i, line in enumerate(lines)
        # Most lines are told by this, which takes a tenth of the time.
        if ('"^^<' in line or '"@' in line) and (match := _MAY_CHANGE.search(line))
    ]
    spelt = sorted({lines[i][start:-2] for i, start in found})
    kept = dict(zip(spelt, _through_the_engine(spelt), strict=True))
    changed = {i: start for i, start in found if kept[lines[i][start:-2]] != lines[i][start:-2]}
    if not changed:
        return lines
    return sorted(
        {
            f"{line[: changed[i]]}{kept[line[changed[i] : -2]]} ." if i in changed else line
            for i, line in enumerate(lines)
        }
    )


def as_stored(lines: Sequence[bytes]) -> Sequence[bytes]:
    """The same of each of these lines, in their order, however often each is there; they need not be sorted."""
    changed: dict[int, tuple[int, str]] = {}
    for i, line in enumerate(lines):
        # Most lines are told by the last character of their object.
        end = line[-3]
        if end == _QUOTE or (end == _BRACKET and (b'"^^<' not in line or _CANONICAL.search(line))):
            continue
        if end != _BRACKET and (tag := line[line.rindex(b'"') :]) == tag.lower():
            continue
        text = line.decode()
        if (match := _MAY_CHANGE.search(text)) is not None:
            changed[i] = match.start(1), text
    if not changed:
        return lines
    spelt = list(dict.fromkeys(text[start:-2] for start, text in changed.values()))
    kept = dict(zip(spelt, _through_the_engine(spelt), strict=True))
    made = list(lines)
    for i, (start, text) in changed.items():
        made[i] = f"{text[:start]}{kept[text[start:-2]]} .".encode()
    return made


def _through_the_engine(literals: Sequence[str]) -> list[str]:
    store = Store()
    text = "".join(f"<urn:{i}> <urn:p> {literal} .\n" for i, literal in enumerate(literals))
    store.extend(
        Quad(quad.subject, quad.predicate, quad.object) for quad in parse(text.encode("utf-8"), RdfFormat.N_TRIPLES)
    )
    return [
        str(next(store.quads_for_pattern(NamedNode(f"urn:{i}"), _PREDICATE, None)).object) for i in range(len(literals))
    ]
