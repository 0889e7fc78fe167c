"""What no shape sees: values that are none of their datatype, samples that derive from each other in a circle or from
what nobody describes, and characters that cannot be seen."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator

from node.publishing.drafts import Draft, Finding, Severity
from node.publishing.ntriples import Description, bare, split_line
from node.rdf.namespaces import DCT, DERIVES_FROM, XSD, shorten

#: How many places of one problem are listed; the rest are counted.
_EXAMPLES = 10

_DERIVES, _IDENTIFIER = f"<{DERIVES_FROM}>", f"<{DCT}identifier>"
_TYPED = re.compile(rf'"([^"\\]*)"\^\^<{re.escape(XSD)}(\w+)>')
_CONTROL = re.compile(r"[\x00-\x1f\x7f]|(?<!\\)(?:\\\\)*\\[bf]")
#: Control characters, and marks that change nothing but the order or the joining of others (Unicode, general
#: category Cf), line separators, and spaces that are not the space.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\xa0\u00ad\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]|\\[tnrbfu]")
_ZONE = r"(?:Z|[+-]\d\d:\d\d)?"
_NUMBER = r"[+-]?\d+"


def _is_day(text: str) -> bool:
    try:
        dt.date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True


def _any(_: str) -> bool:
    return True


_PATTERNS: tuple[tuple[str, str, Callable[[str], bool]], ...] = (
    ("date", rf"\d{{4}}-\d\d-\d\d{_ZONE}", _is_day),
    ("dateTime", rf"\d{{4}}-\d\d-\d\dT([01]\d|2[0-4]):[0-5]\d:[0-5]\d(\.\d+)?{_ZONE}", _is_day),
    ("gYear", rf"-?\d{{4,}}{_ZONE}", _any),
    ("gYearMonth", rf"-?\d{{4,}}-(0[1-9]|1[0-2]){_ZONE}", _any),
    ("boolean", "true|false|0|1", _any),
    ("decimal", r"[+-]?(\d+(\.\d*)?|\.\d+)", _any),
    ("double", r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?INF|NaN", _any),
    ("duration", r"-?P(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?", _any),
    *((name, _NUMBER, _any) for name in ("integer", "int", "long")),
    *((name, r"\+?\d+|-0+", _any) for name in ("nonNegativeInteger", "unsignedInt", "unsignedLong")),
    ("positiveInteger", r"\+?0*[1-9]\d*", _any),
)
#: Lexical forms of XML Schema 1.1, part 2, and whether a text of that form is a value.
_FORMS = {name: (re.compile(pattern), check) for name, pattern, check in _PATTERNS}

_TIMES = frozenset(["date", "dateTime", "gYear", "gYearMonth", "duration"])


def malformed(draft: Draft, description: Description) -> Iterator[Finding]:
    """What is wrong with single values and with descent, each kind with its first places and the number of the rest."""
    yield from _told(
        draft,
        "this value is none of its datatype",
        (found for line in description.lines if "^^" in line for found in _ill_typed(line, times=False)),
        "Correct the value, or write it as plain text.",
    )
    # what others have written about when it was is kept, and can be mended without them
    yield from _told(
        draft,
        "this is no date of its datatype",
        (found for line in description.lines if "^^" in line for found in _ill_typed(line, times=True)),
        "Write it as a date (2024-05-31), or as plain text.",
        severity=Severity.WARNING,
    )
    yield from _told(
        draft,
        "a text holds a control character",
        (split_line(line) for line in description.lines if draft.watched and _CONTROL.search(line)),
        "Remove characters that cannot be printed.",
        shown=False,
    )
    yield from _told(
        draft,
        "an identifier holds a character that cannot be seen",
        ((s, _IDENTIFIER, value) for s, value in description.with_predicate(_IDENTIFIER) if _UNSEEN.search(value)),
        "Type it again: it is a control character, a mark of the direction of writing, or a strange space.",
        shown=False,
    )
    own = f"<{draft.iri}/"
    yield from _told(
        draft,
        "it derives from something of this dataset that is not described",
        (
            (s, _DERIVES, value)
            for s, value in description.with_predicate(_DERIVES)
            if value.startswith(own) and value not in description
        ),
        "Describe that sample or donor too, or correct the IRI.",
    )
    yield from _told(
        draft,
        "samples derive from each other in a circle",
        ((s, _DERIVES, s) for s in _circles(description)),
        "Let one of them derive from its donor.",
    )


def _told(
    draft: Draft,
    message: str,
    found: Iterator[tuple[str, str, str]],
    remedy: str,
    *,
    shown: bool = True,
    severity: Severity = Severity.VIOLATION,
) -> Iterator[Finding]:
    rest = 0
    for number, (subject, predicate, value) in enumerate(found):
        if number >= _EXAMPLES:
            rest += 1
            continue
        place = draft.locate(bare(subject))
        field = " ".join(part for part in (place.field, shorten(bare(predicate))) if part)
        where = type(place)(place.source, place.line, place.column, place.record, field)
        yield Finding(severity, message, where, value=value[:80] if shown else None, remedy=remedy)
    if rest:
        yield Finding(severity, f"and more of this: {message}", draft.locate(draft.iri), remedy=remedy, count=rest)


def _ill_typed(line: str, *, times: bool) -> Iterator[tuple[str, str, str]]:
    subject, predicate, value = split_line(line)
    match = _TYPED.fullmatch(value)
    form = _FORMS.get(match[2]) if match is not None else None
    if match is None or form is None or (match[2] in _TIMES) is not times:
        return
    if not (form[0].fullmatch(match[1]) and form[1](match[1])):
        yield subject, predicate, match[1]


def _circles(description: Description) -> Iterator[str]:
    """One sample of each circle of derivation. Takes as many steps as there are derivations."""
    parents: dict[str, list[str]] = {}
    for subject, value in description.with_predicate(_DERIVES):
        parents.setdefault(subject, []).append(value)
    done: set[str] = set()
    for start in parents:
        path: dict[str, Iterator[str]] = {}
        waiting = [start] if start not in done else []
        while waiting:
            here = waiting[-1]
            above = path.setdefault(here, iter(parents.get(here, ())))
            parent = next(above, None)
            if parent is None:
                done.add(here)
                path.pop(waiting.pop())
            elif parent in path:
                yield parent
            elif parent not in done:
                waiting.append(parent)
