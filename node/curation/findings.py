"""What a check finds: one row of the report, its severity, and the rules by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from node.errors import Place

#: From the worst down.
ORDER = ("error", "warn", "info")


@dataclass(frozen=True)
class Rule:
    """A check: its name (ROBOT's where ROBOT's report has it), usual severity, and what it is about in a sentence."""

    name: str
    severity: str
    about: str
    in_robot: bool = False


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: which rule, with which term, where it is stated, and what to do.

    ``about`` is the property concerned. ``because`` are the axioms that explain it, in words, each with its place.
    """

    rule: str
    severity: str
    subject: str
    label: str
    message: str
    place: Place = field(default_factory=Place)
    about: str = ""
    value: str = ""
    remedy: str = ""
    because: tuple[tuple[str, str], ...] = ()

    @property
    def rank(self) -> tuple[int, str, str, int, str]:
        """What findings are sorted by: severity, rule, file, line, term."""
        return (
            ORDER.index(self.severity),
            self.rule,
            self.place.source or "",
            self.place.line or 0,
            f"{self.subject} {self.value}",
        )


def with_severities(findings: list[Finding], severities: Mapping[str, str]) -> list[Finding]:
    """The findings with the severities of this workspace, without those that are off there, the worst first."""
    kept = []
    for one in findings:
        severity = severities.get(one.rule, one.severity)
        if severity != "off":
            kept.append(replace(one, severity=severity))
    return sorted(dict.fromkeys(kept), key=lambda one: one.rank)


def reaches(findings: list[Finding], limit: str) -> bool:
    """Whether any finding is as bad as ``limit``; "never": none counts."""
    return limit in ORDER and any(ORDER.index(one.severity) <= ORDER.index(limit) for one in findings)
