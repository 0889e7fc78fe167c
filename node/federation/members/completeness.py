"""How complete a federated answer is, and what each member did for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from node.federation.calling.meter import Tally


class Verdict(StrEnum):
    """What an answer is worth.

    ``complete``: it equals the answer of one store with all members' data. ``lower bound``: some members are missing,
    and every row is one of the complete answer. ``unknown``: nothing follows from it (``ASK`` that found nothing while
    a member was missing).
    """

    COMPLETE = "complete"
    LOWER_BOUND = "lower bound"
    UNKNOWN = "unknown"


#: Outcomes of members that an answer is without.
MISSING = ("timeout", "truncated", "refused", "unreachable")


@dataclass(frozen=True)
class MemberReport:
    """What one member did for one query.

    ``verdict``: ``answered`` (its data took part), ``empty`` (asked, had nothing), ``pruned`` (not asked: its summary
    says that it holds nothing of what the query needs), or one of ``MISSING``. ``reason`` says why for the others than
    the first two. ``milliseconds`` adds up requests that ran side by side; ``rows`` and ``bytes`` are those received
    when the report was made.
    """

    name: str
    endpoint: str
    verdict: str
    requests: int
    rows: int
    bytes: int
    milliseconds: float
    reason: str = ""

    @classmethod
    def of(cls, name: str, endpoint: str, verdict: str, tally: Tally | None, reason: str = "") -> MemberReport:
        """The report with what the member cost, None: nothing."""
        cost = tally or Tally()
        return cls(name, endpoint, verdict, cost.requests, cost.rows, cost.bytes, cost.seconds * 1000, reason)

    @property
    def lost(self) -> bool:
        """Whether the answer is without this member."""
        return self.verdict in MISSING


@dataclass(frozen=True)
class Completeness:
    """The verdict on one answer, with the members' reports it follows from."""

    verdict: Verdict
    members: tuple[MemberReport, ...]

    @property
    def missing(self) -> tuple[MemberReport, ...]:
        """The members that the answer is without."""
        return tuple(m for m in self.members if m.verdict in MISSING)

    @cached_property
    def text(self) -> str:
        """``document`` as it is written."""
        return json.dumps(self.document(), ensure_ascii=False)

    def document(self) -> dict[str, Any]:
        """As JSON values: the member ``completeness`` of ``head`` in SPARQL JSON results."""
        return {"verdict": self.verdict.value, "members": [_document(member) for member in self.members]}


def judged(members: Sequence[MemberReport]) -> Completeness:
    """The verdict that follows from these reports, for an answer that is given at all."""
    missing = any(member.verdict in MISSING for member in members)
    return Completeness(Verdict.LOWER_BOUND if missing else Verdict.COMPLETE, tuple(members))


def _document(member: MemberReport) -> dict[str, Any]:
    document: dict[str, Any] = {"name": member.name, "endpoint": member.endpoint, "verdict": member.verdict}
    if member.reason:
        document["reason"] = member.reason
    return document | {
        "requests": member.requests,
        "rows": member.rows,
        "bytes": member.bytes,
        "milliseconds": round(member.milliseconds, 1),
    }
