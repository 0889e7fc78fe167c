"""What a federated query needs, of whom, and what it cost: estimates from summaries beside what really came."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from node.federation.completeness import Completeness
from node.federation.plan import Body, Choice, Closure, Element, Names, Place, Rows, Scan
from node.federation.requests import Job
from node.federation.selection import Catalogue
from node.rdf.namespaces import shorten
from node.sparql.terms import Term, iri_term

# Milliseconds that a request and a triple are thought to take, where members are near.
_REQUEST, _TRIPLE = 6.0, 0.01
_SHOWN = 20_000


@dataclass(frozen=True)
class Share:
    """What one member is thought to hold of a part: at most ``estimate`` triples, None if it does not say."""

    member: str
    estimate: int | None


@dataclass(frozen=True)
class Part:
    """One thing that a query has to see: ``label`` in SPARQL's words, ``depth`` in the query's braces, ``role`` (``must
    match``, ``may match``, ``union``, …), who can hold it, and in a query that ran the ``rows`` that were brought for
    it (None before). ``constants`` are the terms by which its requests are known again."""

    label: str
    depth: int
    role: str
    shares: tuple[Share, ...]
    constants: tuple[str, ...]
    rows: int | None = None


@dataclass(frozen=True)
class Request:
    """One request that was sent: rows and bytes that came back (an ASK has none), and milliseconds."""

    member: str
    text: str
    rows: int
    bytes: int
    milliseconds: float


@dataclass
class Trace:
    """The requests of one query, written down by those who send them. Safe to use from several threads."""

    requests: list[Request] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, job: Job, rows: int, size: int, seconds: float) -> None:
        """One request that was answered."""
        with self._lock:
            self.requests.append(Request(job.source, job.text, rows, size, seconds * 1000))


@dataclass(frozen=True)
class Explanation:
    """A plan, and once the query ran what became of it.

    ``alone`` is the member that is sent the whole query. ``expected_*`` are guesses from the members' summaries:
    requests, triples to be fetched, milliseconds. ``completeness``, ``requests`` and ``milliseconds`` are None or empty
    before the query ran. ``access`` says what has to be shown to the caller: the federation asks as a stranger.
    """

    parts: tuple[Part, ...]
    members: tuple[str, ...]
    alone: str | None
    expected_requests: int
    expected_rows: int
    expected_milliseconds: float
    completeness: Completeness | None = None
    requests: tuple[Request, ...] = ()
    milliseconds: float | None = None
    access: str = "public: every member is asked as a stranger, and answers from what it shows to everybody"

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        document: dict[str, Any] = {
            "access": self.access,
            "members": list(self.members),
            "alone": self.alone,
            "parts": [
                {
                    "label": part.label,
                    "depth": part.depth,
                    "role": part.role,
                    "members": [{"name": s.member, "estimate": s.estimate} for s in part.shares],
                    "rows": part.rows,
                }
                for part in self.parts
            ],
            "expected": {
                "requests": self.expected_requests,
                "rows": self.expected_rows,
                "milliseconds": round(self.expected_milliseconds, 1),
            },
        }
        if self.completeness is not None:
            document["completeness"] = self.completeness.document()
            document["milliseconds"] = round(self.milliseconds or 0.0, 1)
            document["requests"] = [
                {
                    "member": r.member,
                    "text": r.text[:_SHOWN],
                    "rows": r.rows,
                    "bytes": r.bytes,
                    "milliseconds": round(r.milliseconds, 1),
                }
                for r in self.requests
            ]
        return document


def preview(body: Body, catalogue: Catalogue, alone: str | None) -> Explanation:
    """The plan as far as it can be known before anything is fetched. Pure but for what the catalogue remembers."""
    parts = tuple(_parts(body, catalogue, 0, "must match"))
    asked = sum(len(part.shares) for part in parts)
    rows = sum(share.estimate or 0 for part in parts for share in part.shares)
    requests = 1 if alone is not None else asked
    plan = Explanation(parts, tuple(catalogue.summaries), alone, requests, rows, requests * _REQUEST + rows * _TRIPLE)
    if not catalogue.kept:
        return plan
    return replace(plan, access=f"{plan.access}; {', '.join(catalogue.kept)} as an operator, and nobody is told of it")


def after(plan: Explanation, trace: Trace, completeness: Completeness, seconds: float) -> Explanation:
    """The plan with what really came. A request counts for every part whose terms are in it."""
    requests = tuple(trace.requests)

    def brought(part: Part) -> int:
        return sum(r.rows for r in requests if all(constant in r.text for constant in part.constants))

    parts = tuple(
        replace(part, rows=brought(part) if part.constants and not plan.alone else None) for part in plan.parts
    )
    return replace(plan, parts=parts, completeness=completeness, requests=requests, milliseconds=seconds * 1000)


def _parts(body: Body, catalogue: Catalogue, depth: int, role: str) -> Iterator[Part]:
    for element in body.elements:
        yield from _element(element, catalogue, depth, role)
    for attachment in body.attachments:
        yield from _parts(attachment.body, catalogue, depth + 1, "may match")


def _element(element: Element, catalogue: Catalogue, depth: int, role: str) -> Iterator[Part]:
    match element:
        case Choice(arms):
            yield Part("UNION", depth, role, (), ())
            for arm in arms:
                yield from _parts(arm, catalogue, depth + 1, "union")
        case Rows(inner):
            yield Part("sub-select", depth, role, (), ())
            yield from _parts(inner, catalogue, depth + 1, "sub-select")
        case Scan(s, p, o, graph):
            label = _in_graph(f"{_word(s)} {_word(p)} {_word(o)}", graph)
            yield Part(label, depth, role, _shares([element], catalogue), _constants(s, p, o))
        case Closure(start, end, steps, minimum, once, graph):
            sign = "?" if once and minimum == 0 else ("*" if minimum == 0 else "+")
            names = "|".join(
                f"{'^' if s.inverse else ''}{shorten(s.predicate) if s.predicate else '!…'}" for s in steps
            )
            scans = [Scan("s", iri_term(s.predicate) if s.predicate else "p", "o", graph) for s in steps]
            label = _in_graph(f"{_word(start)} ({names}){sign} {_word(end)}", graph)
            constants = tuple(f"<{s.predicate}>" for s in steps if s.predicate)
            yield Part(label, depth, role, _shares(scans, catalogue), constants[:1])
        case Names(graph):
            yield Part(f"GRAPH {_word(graph)} {{}}", depth, role, (), ())
        case _:
            # A star: patterns of one subject that a member matches by itself.
            for scan in getattr(element, "scans", ()):
                yield from _element(scan, catalogue, depth, role)


def _shares(scans: Sequence[Scan], catalogue: Catalogue) -> tuple[Share, ...]:
    found: dict[str, int | None] = {}
    for scan in scans:
        chosen, questions = catalogue.sources(scan, None)
        for name in [*chosen, *(question.source for question in questions)]:
            count = catalogue.count(name, scan)
            before = found.get(name, 0)
            found[name] = None if count is None or before is None else before + count
    return tuple(Share(name, estimate) for name, estimate in found.items())


def _constants(*places: Place) -> tuple[str, ...]:
    return tuple(place.n3 for place in places if isinstance(place, Term))


def _word(place: Place) -> str:
    if isinstance(place, str):
        # What is renamed apart in a sub-select has a number behind its name.
        return f"?{place.removeprefix('_:').partition('#')[0]}"
    return shorten(place.value) if place.kind == "iri" else place.n3


def _in_graph(pattern: str, graph: Place | None) -> str:
    return pattern if graph is None else f"GRAPH {_word(graph)} {{ {pattern} }}"
