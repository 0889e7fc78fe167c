"""What becomes of a test: passed, failed, known to fail, or wrongly known to fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from tests.conformance.earl import Report


@dataclass(frozen=True)
class Judge:
    """Runs checks against one endpoint, with the ledger of its known failures."""

    endpoint: str
    ledger: Mapping[str, str]
    report: Report

    def judge(self, test: str, check: Callable[[], None]) -> None:
        """Run a check (it fails by AssertionError), record it, and hold it against the ledger."""
        reason = self.ledger.get(test)
        try:
            check()
        except AssertionError as error:
            self.report.add(self.endpoint, test, passed=False, note=reason or str(error)[:500])
            if reason is None:
                raise
            pytest.xfail(reason)
        self.report.add(self.endpoint, test, passed=True)
        assert reason is None, f"stale ledger: {test} passes; take it out of tests/conformance/ledger.py"
