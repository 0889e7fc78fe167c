"""A member that keeps failing is left alone for a while: a circuit breaker for each.

After ``FAILURES`` failures in a row a circuit opens: requests fail at once, without a connection. When its pause is
over one request is let through; if that one succeeds the circuit closes, otherwise the next pause is twice as long.
What the circuits of a serving node look like is written to a file beside its settings whenever one opens or closes, so
that ``onconode member check`` can show it.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from node.errors import MemberError, MemberUnavailable
from node.observability import log

#: The file in a node's folder that holds the circuits that are open.
CIRCUITS_FILE = "circuits.json"
#: Failures in a row that open a circuit; the first pause and the longest, in seconds.
FAILURES = 5
PAUSE, LONGEST = 5.0, 120.0


@dataclass(frozen=True)
class OpenCircuit:
    """A circuit that is open. ``until``: seconds since 1970; ``problem``: the last failure."""

    until: float
    failures: int
    problem: str


class Circuit:
    """The circuit of one member. Safe to use from several threads. ``changed`` is called when it opens or closes."""

    def __init__(self, name: str, changed: Callable[[], None] = lambda: None) -> None:
        self._name = name
        self._changed = changed
        self._lock = threading.Lock()
        self._failures = 0
        self._pause = PAUSE
        self._open_until: float | None = None
        self._trying = False
        self._problem = ""

    def enter(self) -> None:
        """Before a request. Raises MemberUnavailable when the circuit is open and no trial is due."""
        with self._lock:
            if self._open_until is None:
                return
            left = self._open_until - time.monotonic()
            if left <= 0 and not self._trying:
                self._trying = True
                return
            raise MemberUnavailable(
                f"{self._name} has failed {self._failures} times in a row and is not asked for another "
                f"{max(left, 1):.0f} s. The last failure: {self._problem}",
                member=self._name,
                remedy="Look at it with: onconode member check.",
            )

    def succeeded(self) -> None:
        """The member answered, whatever it said."""
        with self._lock:
            closed = self._open_until is not None
            self._failures, self._pause, self._open_until, self._trying = 0, PAUSE, None, False
        if closed:
            log("member circuit closed", member=self._name)
            self._changed()

    def failed(self, error: MemberError) -> None:
        """The member could not be reached, did not answer in time or broke off."""
        with self._lock:
            self._failures += 1
            self._problem = error.detail
            opened = self._trying or (self._open_until is None and self._failures >= FAILURES)
            if opened:
                self._open_until = time.monotonic() + self._pause
                self._pause = min(2 * self._pause, LONGEST)
                self._trying = False
        if opened:
            log("member circuit opened", level=30, member=self._name, problem=error.slug)
            self._changed()

    def let_go(self) -> None:
        """The request ended without telling anything about the member."""
        with self._lock:
            self._trying = False

    @property
    def open(self) -> OpenCircuit | None:
        """How it is open; None while it is closed."""
        with self._lock:
            if self._open_until is None:
                return None
            until = time.time() + self._open_until - time.monotonic()
            return OpenCircuit(until, self._failures, self._problem)


class Circuits:
    """The circuits of one node by endpoint, with the file that shows them; None: no file."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._circuits: dict[str, Circuit] = {}

    def of(self, name: str, endpoint: str) -> Circuit:
        """The circuit of this member."""
        with self._lock:
            if endpoint not in self._circuits:
                self._circuits[endpoint] = Circuit(name, self._write)
            return self._circuits[endpoint]

    def open(self) -> dict[str, OpenCircuit]:
        """The open ones by endpoint."""
        with self._lock:
            circuits = dict(self._circuits)
        return {endpoint: found for endpoint, c in circuits.items() if (found := c.open) is not None}

    def _write(self) -> None:
        if self._file is None:
            return
        document = {endpoint: vars(found) for endpoint, found in self.open().items()}
        try:
            with self._lock:
                partial = self._file.with_suffix(".new")
                partial.write_text(json.dumps(document, ensure_ascii=False, indent=2), encoding="utf-8")
                partial.replace(self._file)
        except OSError as error:
            log("circuits not written", level=30, problem=str(error))


def read_circuits(folder: Path) -> Mapping[str, OpenCircuit]:
    """The circuits that the serving process of a node's folder has written down as open, and whose pause goes on."""
    try:
        document = json.loads((folder / CIRCUITS_FILE).read_text(encoding="utf-8"))
        found = {
            str(endpoint): OpenCircuit(float(entry["until"]), int(entry["failures"]), str(entry["problem"]))
            for endpoint, entry in document.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {endpoint: circuit for endpoint, circuit in found.items() if circuit.until > time.time()}
