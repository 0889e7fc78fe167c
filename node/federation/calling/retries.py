"""Asks a member again when that may help. All requests are queries, so that asking twice changes nothing."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from node.errors import MemberError
from node.federation.calling.circuits import Circuit
from node.federation.calling.meter import Meter

T = TypeVar("T")

#: How often a request is sent at most.
ATTEMPTS = 3
# Seconds: the longest pause before the second attempt, doubled for the third (full jitter: any shorter one as well).
PAUSE = 0.1
# Of the time that a query has left, a pause that a member asks for may take this part.
_PART = 0.25
_TICK = 0.05


def persistently(attempt: Callable[[], T], meter: Meter, circuit: Circuit) -> T:
    """What ``attempt`` gives, tried again after a failure that may pass.

    One for whom others can be asked (``meter.once``) is asked once. A pause that the member asks for (``Retry-After``)
    is kept if the query has the time for it, and otherwise its failure is final. Raises the last failure, and what the
    meter raises. Tells the circuit how it went.
    """
    circuit.enter()
    for number in range(1, ATTEMPTS + 1):
        try:
            made = attempt()
        except MemberError as error:
            pause = _pause(error, number, meter)
            if pause is None:
                _tell(circuit, error, meter)
                raise
        except BaseException:
            circuit.let_go()
            raise
        else:
            circuit.succeeded()
            return made
        _wait(pause, meter, circuit)
    raise AssertionError


def _pause(error: MemberError, number: int, meter: Meter) -> float | None:
    """Seconds until the next attempt; None when there is none."""
    if not error.passing or number == ATTEMPTS or meter.once or meter.over:
        return None
    if error.wait is None:
        return random.uniform(0, PAUSE * 2 ** (number - 1))  # noqa: S311 - only spreads requests in time
    return error.wait + random.uniform(0, PAUSE) if error.wait <= meter.remaining() * _PART else None  # noqa: S311


def _tell(circuit: Circuit, error: MemberError, meter: Meter) -> None:
    """A member that refuses one query may answer the next, and one whose query was given up has not failed."""
    if meter.given_up:
        circuit.let_go()
    elif error.passing or error.outcome in ("timeout", "unreachable"):
        circuit.failed(error)
    else:
        circuit.succeeded()


def _wait(seconds: float, meter: Meter, circuit: Circuit) -> None:
    until = time.monotonic() + seconds
    try:
        while (left := until - time.monotonic()) > 0:
            meter.remaining()
            time.sleep(min(left, _TICK))
    except BaseException:
        circuit.let_go()
        raise
