"""Which members can hold matches of a pattern, and about how many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from node.federation.plan import Candidates, Scan
from node.federation.requests import Job, Scope, scan_text
from node.federation.rows import cell
from node.federation.spaces import Spaces, prefixes
from node.federation.summaries import Summary
from node.rdf.namespaces import RDF_TYPE
from node.sparql.terms import Term

# What a pattern is thought to match at a member that says nothing about itself.
_UNKNOWN = 10_000


@dataclass
class Catalogue:
    """The members by name with what they say they hold (None: nothing), and what was found out by asking."""

    summaries: Mapping[str, Summary | None]
    scope: Scope
    #: Those that evaluate expressions as this node's engine does.
    alike: frozenset[str] = frozenset()
    asked: dict[tuple[str, str], bool] = field(default_factory=dict)

    def count(self, name: str, scan: Scan, predicates: Candidates | None = None) -> int | None:
        """At most how many triples of the member match, judged by the constants; None if it does not say."""
        summary = self.summaries[name]
        if summary is None or not (summary.covers_graphs or self.in_default_graph(scan)):
            return None
        subject, value = (place if isinstance(place, Term) else None for place in (scan.s, scan.o))
        if isinstance(scan.p, Term):
            return summary.at_most(scan.p.value, subject, value)
        if predicates is not None and not predicates.blank:
            iris = (p[1:-1].decode() for p in predicates.terms if p.startswith(b"<"))
            return sum(summary.at_most(iri, subject, value) for iri in iris)
        if subject is None and value is None:
            return summary.count(None)
        return sum(summary.at_most(iri, subject, value) for iri in summary.predicates)

    def in_default_graph(self, scan: Scan) -> bool:
        """Whether a pattern is matched in the members' default graphs."""
        return scan.graph is None and self.scope.default is None

    def subjects(self, name: str, scan: Scan) -> Spaces | None:
        """Where the member's subjects of a pattern are; None: anywhere."""
        summary = self.summaries[name]
        if summary is None or not self.in_default_graph(scan):
            return None
        type_of = scan.o.value if isinstance(scan.o, Term) and scan.o.kind == "iri" else None
        return summary.subject_namespaces(scan.p.value if isinstance(scan.p, Term) else None, type_of)

    def objects(self, name: str, scan: Scan) -> Spaces | None:
        """Where the member's objects of a pattern are; None: anywhere."""
        summary = self.summaries[name]
        if summary is None or not self.in_default_graph(scan):
            return None
        return summary.object_namespaces(scan.p.value if isinstance(scan.p, Term) else None)

    def possible(self, name: str, scan: Scan, column: str, values: frozenset[bytes]) -> frozenset[bytes]:
        """The values that the member can have as subject (``s``) or object (``o``) of a pattern."""
        spaces = {"s": self.subjects, "o": self.objects}[column](name, scan) if column in "so" else None
        if spaces is None:
            return values
        begin = prefixes(spaces)
        return frozenset(value for value in values if value.startswith(begin))

    def _rules_out(self, name: str, scan: Scan) -> bool:
        """Whether the namespaces say that a constant of the pattern is not there."""
        for column, place in (("s", scan.s), ("o", scan.o)):
            if isinstance(place, Term) and not self.possible(name, scan, column, frozenset({cell(place)})):
                return True
        return False

    def holds(self, name: str, scan: Scan) -> bool:
        """Whether the member can hold a match, as far as it says."""
        return self.count(name, scan) != 0 and not self._rules_out(name, scan)

    def fan(self, name: str, scan: Scan, column: str) -> float:
        """About how many triples of the member match for each value of a subject (``s``) or object (``o``)."""
        summary, count = self.summaries[name], self.count(name, scan)
        if summary is None or not count or not isinstance(scan.p, Term):
            return 2.0
        of = {"s": summary.distinct_subjects, "o": summary.distinct_objects}.get(column)
        different = of(scan.p.value) if of is not None else None
        return count / different if different else 2.0

    def matches(self, name: str, scan: Scan, predicates: Candidates | None = None) -> float | None:
        """About how many triples of the member match, judged by constants too; None if it does not say."""
        count = self.count(name, scan, predicates)
        if not count:
            return count
        if isinstance(scan.s, Term):
            return min(float(count), 2.0 + self.fan(name, scan, "s"))
        if isinstance(scan.o, Term) and not _is_class(scan):
            # Some values are far more frequent than others.
            return min(float(count), 20.0 + 4.0 * self.fan(name, scan, "o"))
        return float(count)

    def total(self, scan: Scan) -> int:
        """About how many triples match at all members together."""
        if self.scope.excludes(scan.graph):
            return 0
        counts = (self.count(name, scan) for name in self.summaries)
        return sum(_UNKNOWN if count is None else count for count in counts)

    def sources(
        self, scan: Scan, predicates: Candidates | None, *, probing: bool = False
    ) -> tuple[list[str], list[Job]]:
        """The members to ask, and the questions that must be answered before the others are known.

        A member with a summary is asked when its summary does not rule the pattern out. One without is always asked,
        or, when ``probing`` (much would be sent to it), when an ASK for the pattern's constants says yes. Put the
        answers in ``asked`` and call again.
        """
        if self.scope.excludes(scan.graph) or _impossible(scan):
            return [], []
        chosen: list[str] = []
        questions: list[Job] = []
        text = f"ASK {{ {scan_text(scan, self.scope).pattern} }}"
        for name in self.summaries:
            count = self.count(name, scan, predicates)
            if count is None:
                known = self.asked.get((name, text))
                if known is None and not probing:
                    chosen.append(name)
                elif known is None:
                    questions.append(Job(name, text, ()))
                elif known:
                    chosen.append(name)
            elif count > 0 and not self._rules_out(name, scan):
                chosen.append(name)
        return chosen, questions

    def idle(self, scans: Iterable[Scan]) -> list[str]:
        """The members that can hold no match of any of these patterns, as far as they say."""
        scans = list(scans)
        return [name for name in self.summaries if all(self.count(name, scan) == 0 for scan in scans)]

    def only_source(self, scans: Sequence[Scan]) -> str | None:
        """The one member that can hold matches of these patterns, if there is one and every member says what it
        holds."""
        if any(summary is None for summary in self.summaries.values()):
            return None
        holding = {
            name
            for name in self.summaries
            for scan in scans
            if self.count(name, scan) and not self._rules_out(name, scan)
        }
        return holding.pop() if len(holding) == 1 else None


def estimate(scan: Scan, total: int, candidates: Mapping[str, Candidates]) -> float:
    """A guess of how many triples a scan brings, given what is known of its variables. Only decides an order."""
    guess = float(total)
    typed = isinstance(scan.p, Term) and scan.p.value.endswith("#type")
    if isinstance(scan.s, Term):
        guess = min(guess, 20.0)
    if isinstance(scan.o, Term) and not typed:
        guess = min(guess, 20.0 + guess / 20)
    for place, fan in ((scan.s, 2.0), (scan.o, max(2.0, total / 1000)), (scan.p, max(1.0, total / 20))):
        if isinstance(place, str) and (known := candidates.get(place)) is not None:
            guess = min(guess, len(known.terms) * fan)
    return guess


def _is_class(scan: Scan) -> bool:
    return isinstance(scan.p, Term) and scan.p.value == RDF_TYPE


def _impossible(scan: Scan) -> bool:
    """Whether no triple can match: a literal as subject or predicate."""
    return any(isinstance(place, Term) and place.kind != "iri" for place in (scan.s, scan.p))
