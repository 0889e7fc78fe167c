"""What each member did for a query, from what was asked of it and what came."""

from __future__ import annotations

from collections.abc import Iterable

from node.federation.calling.meter import Meter
from node.federation.fetching.losses import Losses
from node.federation.fetching.prepared import PRUNED
from node.federation.fetching.runner import Runner
from node.federation.members.completeness import MemberReport
from node.federation.members.covering import Covered
from node.federation.members.replicated import Replicated
from node.federation.members.source import Source


def service_report(name: str, meter: Meter) -> MemberReport:
    """What was asked of an endpoint that is no member, by its address."""
    tally = meter.tallies[name]
    return MemberReport.of(name, name, "answered" if tally.rows else "empty", tally)


def member_reports(source: Source, meter: Meter, runner: Runner, losses: Losses) -> Iterable[MemberReport]:
    """What each member that a source is did for the query that ``runner`` carried out and ``losses`` are of."""
    names = source.names if isinstance(source, Replicated) else (source.name,)
    tally = meter.tallies.get(source.name)
    rows = any(meter.tallies[name].rows for name in names if name in meter.tallies)
    reason = ""
    if (error := losses.lost.get(source.name)) is not None:
        verdict, reason = error.outcome, error.detail
    elif rows or source.name == runner.whole:
        verdict = "answered"
    elif source.name in runner.rows:
        verdict = "empty"
    else:
        verdict, reason = "pruned", PRUNED
    report = MemberReport.of(source.name, source.endpoint, verdict, tally, reason)
    return source.reports(report, meter) if isinstance(source, Replicated | Covered) else (report,)
