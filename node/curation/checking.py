"""One check of a workspace: all rules, their severities as the workspace wants them, and the report."""

from __future__ import annotations

import csv
import io
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from node.curation.annotation_checks import check_annotations
from node.curation.facts import Facts
from node.curation.findings import ORDER, Finding, with_severities
from node.curation.logic_checks import Logic, check_logic, gather
from node.curation.reasoning import Reasoner
from node.curation.rules import RULES
from node.curation.structure_checks import check_structure
from node.curation.table_checks import check_tables
from node.curation.workspace import Workspace
from node.errors import ConfigurationError, Place

#: The columns of a report; the first five are those of ROBOT's.
COLUMNS = (
    "Level",
    "Rule Name",
    "Subject",
    "Property",
    "Value",
    "Label",
    "File",
    "Line",
    "Message",
    "Because",
    "Remedy",
)


@dataclass(frozen=True)
class Report:
    """What a check found, the worst first; how much was looked at. ``logic`` is None when no reasoner was asked."""

    workspace: Workspace
    findings: list[Finding]
    terms: int
    logic: Logic | None
    seconds: float

    @property
    def counts(self) -> dict[str, int]:
        """How many findings of each severity."""
        found = Counter(one.severity for one in self.findings)
        return {severity: found[severity] for severity in ORDER}

    def document(self) -> dict[str, Any]:
        """As plain values for JSON."""
        short = self.workspace.settings.shorten
        return {
            "vocabulary": self.workspace.settings.vocabulary.ontology,
            "terms": self.terms,
            "axioms": len(self.logic.own) if self.logic else None,
            "module_axioms": len(self.logic.modules) if self.logic else None,
            "counts": self.counts,
            "findings": [
                {
                    "severity": one.severity,
                    "rule": one.rule,
                    "subject": one.subject,
                    "label": one.label,
                    "property": short(one.about) if one.about else "",
                    "value": one.value,
                    "where": {key: value for key, value in vars(one.place).items() if value is not None},
                    "message": one.message,
                    "because": [{"axiom": axiom, "where": where} for axiom, where in one.because],
                    "remedy": one.remedy,
                }
                for one in self.findings
            ],
        }

    def table(self) -> str:
        """As a tab-separated table whose first columns are those of ROBOT's report."""
        out = io.StringIO()
        writer = csv.writer(out, delimiter="\t", lineterminator="\n")
        writer.writerow(COLUMNS)
        short = self.workspace.settings.shorten
        for one in self.findings:
            because = "; ".join(f"{axiom} [{where}]" for axiom, where in one.because)
            cells = (
                *(one.severity.upper(), one.rule, short(one.subject) if one.subject else ""),
                *(short(one.about) if one.about else "", one.value, one.label, one.place.source or ""),
                *(one.place.line or "", one.message, because, one.remedy),
            )
            writer.writerow([" ".join(str(cell).split()) for cell in cells])
        return out.getvalue()


def check(workspace: Workspace, reasoner: Reasoner | None, progress: Callable[[str], None] = lambda _: None) -> Report:
    """Check a workspace; without a reasoner, all that needs none.

    Raises ConfigurationError for a rule in ``[checks]`` that there is none of, DocumentSyntaxError for a file that
    cannot be read at all, and what the reasoner raises.
    """
    begun = time.monotonic()
    for name in workspace.settings.severities:
        if name not in RULES:
            raise ConfigurationError(
                f"there is no check {name!r}.",
                where=Place(source="curation.toml", field=f"checks.{name}"),
                remedy="See docs/reference/checks.md.",
            )
    facts = Facts(workspace)
    progress("reading the releases and the workspace")
    findings = [*check_tables(facts), *check_annotations(facts), *check_structure(facts)]
    logic = None
    if reasoner is not None:
        progress("cutting the modules of the releases")
        logic = gather(facts)
        findings += check_logic(facts, logic, reasoner, progress)
    ordered = with_severities(findings, workspace.settings.severities)
    return Report(workspace, ordered, len(facts.own), logic, time.monotonic() - begun)
