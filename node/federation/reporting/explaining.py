"""What a federated query needs, of whom, and what it cost: estimates from summaries beside what really came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from node.federation.fetching.trace import Request, Trace
from node.federation.members.completeness import Completeness
from node.federation.planning.plan import Body, Choice, Closure, Element, Names, Place, Rows, Scan
from node.federation.planning.selection import Catalogue
from node.federation.reporting.forecast import Foreseen, Way
from node.rdf.namespaces import shorten
from node.sparql.terms import Term, iri_term

# Milliseconds that a round and a triple are thought to take, where members are near.
_ROUND, _TRIPLE = 4.0, 0.01
_SHOWN = 20_000


@dataclass(frozen=True)
class Share:
    """What one member is thought to hold of a part: at most ``estimate`` triples, None if it does not say."""

    member: str
    estimate: int | None


@dataclass(frozen=True)
class Part:
    """One thing that a query has to see.

    ``label`` is in SPARQL's words, ``depth`` counts the query's braces, ``role`` is ``must match``, ``may match``,
    ``union``, …; ``shares`` are those who can hold it. Where triples are fetched for it: in which ``round``, about how
    many (``expected``), and in a query that ran the ``rows`` that were brought (None before). ``constants`` are the
    terms by which its requests are known again.
    """

    label: str
    depth: int
    role: str
    shares: tuple[Share, ...]
    constants: tuple[str, ...]
    round: int | None = None
    expected: int | None = None
    rows: int | None = None


@dataclass(frozen=True)
class Explanation:
    """A plan, and once the query ran what became of it.

    ``way`` says where it is evaluated, and ``asked`` by which members, where not here. ``expected_*`` are guesses from
    the members' summaries: rounds, requests, triples to be fetched, milliseconds. ``completeness``, ``requests`` and
    ``milliseconds`` are None or empty before the query ran. Each of ``replicas`` are members in step:
    any of them may be asked for the first. ``covered`` are members that are not asked, each with the one that holds all
    of it. ``access`` says what has to be shown to the caller: the federation asks as a
    stranger.
    """

    parts: tuple[Part, ...]
    members: tuple[str, ...]
    way: Way
    asked: tuple[str, ...]
    expected_rounds: int
    expected_requests: int
    expected_rows: int
    expected_milliseconds: float
    completeness: Completeness | None = None
    requests: tuple[Request, ...] = ()
    milliseconds: float | None = None
    replicas: tuple[tuple[str, ...], ...] = ()
    covered: Mapping[str, str] = field(default_factory=dict)
    access: str = "public: every member is asked as a stranger, and answers from what it shows to everybody"

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        document: dict[str, Any] = {
            "access": self.access,
            "members": list(self.members),
            "replicas": [list(names) for names in self.replicas],
            "covered": [{"member": name, "by": holder} for name, holder in self.covered.items()],
            "way": self.way.value,
            "asked": list(self.asked),
            "alone": self.asked[0] if self.way is Way.ALONE else None,
            "parts": [
                {
                    "label": part.label,
                    "depth": part.depth,
                    "role": part.role,
                    "members": [{"name": s.member, "estimate": s.estimate} for s in part.shares],
                    "round": part.round,
                    "expected": part.expected,
                    "rows": part.rows,
                }
                for part in self.parts
            ],
            "expected": {
                "rounds": self.expected_rounds,
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


def preview(
    body: Body,
    catalogue: Catalogue,
    *,
    way: Way,
    asked: tuple[str, ...],
    foreseen: Mapping[int, Foreseen],
    round_trip: float,
) -> Explanation:
    """The plan as far as it can be known before anything is fetched. Pure but for what the catalogue remembers.

    ``foreseen`` is what is expected of elements that are fetched, by their ``id``; ``round_trip`` in seconds, 0.0 where
    it is not known.
    """
    parts = tuple(_parts(body, catalogue, foreseen, 0, "must match"))
    if way.fetches:
        rounds = max((part.round or 0 for part in parts), default=0)
        rows = sum(part.expected or 0 for part in parts)
        # A round is one request to each member of our kind; others are asked for each pattern.
        alike = {(p.round, s.member) for p in parts for s in p.shares if s.member in catalogue.alike}
        requests = len(alike) + sum(s.member not in catalogue.alike for p in parts for s in p.shares)
    else:
        rounds, requests, rows = 1, len(asked), 0
    took = rounds * max(_ROUND, round_trip * 1000) + rows * _TRIPLE
    plan = Explanation(parts, tuple(catalogue.summaries), way, asked, rounds, requests, rows, took)
    if not catalogue.kept:
        return plan
    return replace(plan, access=f"{plan.access}; {', '.join(catalogue.kept)} as an operator, and nobody is told of it")


def after(plan: Explanation, trace: Trace, completeness: Completeness, seconds: float) -> Explanation:
    """The plan with what really came. A request counts for every part whose terms are in it."""
    requests = tuple(trace.requests)
    if trace.whole is not None:
        name, text = trace.whole
        did = next(member for member in completeness.members if member.name == name)
        requests = (*requests, Request(name, text, did.rows, did.bytes, did.milliseconds))

    def brought(part: Part) -> int:
        return sum(r.rows for r in requests if all(constant in r.text for constant in part.constants))

    parts = tuple(
        replace(part, rows=brought(part) if part.constants and plan.way.fetches else None) for part in plan.parts
    )
    return replace(plan, parts=parts, completeness=completeness, requests=requests, milliseconds=seconds * 1000)


def _parts(body: Body, catalogue: Catalogue, foreseen: Mapping[int, Foreseen], depth: int, role: str) -> Iterator[Part]:
    for element in body.elements:
        yield from _element(element, catalogue, foreseen, depth, role)
    for attachment in body.attachments:
        yield from _parts(attachment.body, catalogue, foreseen, depth + 1, "may match")


def _element(
    element: Element, catalogue: Catalogue, foreseen: Mapping[int, Foreseen], depth: int, role: str
) -> Iterator[Part]:
    ahead = foreseen.get(id(element))
    number, expected = (None, None) if ahead is None else (ahead.round, round(ahead.triples))
    match element:
        case Choice(arms):
            yield Part("UNION", depth, role, (), ())
            for arm in arms:
                yield from _parts(arm, catalogue, foreseen, depth + 1, "union")
        case Rows(inner):
            yield Part("sub-select", depth, role, (), ())
            yield from _parts(inner, catalogue, foreseen, depth + 1, "sub-select")
        case Scan(s, p, o, graph):
            label = _in_graph(f"{_word(s)} {_word(p)} {_word(o)}", graph)
            shares = _shares([element], catalogue, ahead.members if ahead is not None else None)
            yield Part(label, depth, role, shares, _constants(s, p, o), number, expected)
        case Closure(start, end, steps, minimum, once, graph):
            sign = "?" if once and minimum == 0 else ("*" if minimum == 0 else "+")
            names = "|".join(
                f"{'^' if s.inverse else ''}{shorten(s.predicate) if s.predicate else '!…'}" for s in steps
            )
            scans = [Scan("s", iri_term(s.predicate) if s.predicate else "p", "o", graph) for s in steps]
            label = _in_graph(f"{_word(start)} ({names}){sign} {_word(end)}", graph)
            constants = tuple(f"<{s.predicate}>" for s in steps if s.predicate)
            yield Part(label, depth, role, _shares(scans, catalogue), constants[:1], number, expected)
        case Names(graph):
            yield Part(f"GRAPH {_word(graph)} {{}}", depth, role, (), (), number)
        case _:
            # A star: patterns of one subject that a member matches by itself.
            for scan in getattr(element, "scans", ()):
                yield from _element(scan, catalogue, foreseen, depth, role)


def _shares(scans: Sequence[Scan], catalogue: Catalogue, only: tuple[str, ...] | None = None) -> tuple[Share, ...]:
    found: dict[str, int | None] = {}
    for scan in scans:
        chosen, questions = catalogue.sources(scan, None)
        for name in [*chosen, *(question.source for question in questions)]:
            if only is not None and name not in only:
                continue
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
