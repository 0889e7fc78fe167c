"""The clients of ``bench.mixed_load``, well-behaved and not; each runs in a thread until it is told to stop.

An answer counts as whole only when HTTP says so: as many bytes as announced, or the last chunk. What is whole and
``200`` is compared with the right answer; what is not is only counted, because a client sees that it failed.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

JSON = "application/sparql-results+json"
#: None of them ends by itself on this data: a cross product, a path from everywhere to everywhere, a sort of too much.
RUNAWAYS = (
    "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "SELECT (COUNT(*) AS ?n) { ?s (<x:p>|!<x:p>|^(<x:p>|!<x:p>))* ?o . ?t (<x:p>|!<x:p>|^(<x:p>|!<x:p>))* ?u }",
    "SELECT ?a ?d { ?a ?b ?c . ?d ?e ?f } ORDER BY ?f ?c ?a LIMIT 3",
    "SELECT (COUNT(DISTINCT ?x) AS ?n) { ?a ?b ?c . ?d ?e ?f BIND(CONCAT(STR(?c), STR(?f)) AS ?x) }",
)
STREAM = "SELECT ?s ?p ?o { ?s ?p ?o }"


@dataclass
class Notes:
    """What clients saw: milliseconds of small queries, how often what happened, seconds each runaway took."""

    milliseconds: list[float] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    runaways: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Target:
    """Where to ask, when to stop (time.monotonic), and the queries with what their right answers are."""

    host: str
    port: int
    until: float
    questions: tuple[tuple[str, str], ...]

    def connect(self, seconds: float = 120.0) -> http.client.HTTPConnection:
        """A connection that gives up after so many seconds without a byte."""
        return http.client.HTTPConnection(self.host, self.port, timeout=seconds)

    def running(self) -> bool:
        """Whether there is time left."""
        return time.monotonic() < self.until


def address(query: str) -> str:
    """The path and query of a request."""
    return f"/sparql?query={quote(query, safe='')}"


def digest(body: bytes) -> str:
    """The same for two SPARQL JSON documents exactly when their rows are the same multiset."""
    document = json.loads(body)
    if "boolean" in document:
        return str(document["boolean"])
    rows = sorted(json.dumps(row, sort_keys=True) for row in document["results"]["bindings"])
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


class Checked:
    """Compares bodies with right answers; a body that was seen before costs a hash and no parsing."""

    def __init__(self, target: Target) -> None:
        self._right = [answer for _, answer in target.questions]
        self._seen: set[tuple[int, bytes]] = set()

    def right(self, number: int, body: bytes) -> bool:
        """Whether ``body`` is the right answer to question ``number``."""
        key = number, hashlib.blake2b(body, digest_size=16).digest()
        if key in self._seen:
            return True
        with contextlib.suppress(ValueError, KeyError):
            if digest(body) == self._right[number]:
                self._seen.add(key)
                return True
        return False


def _get(connection: http.client.HTTPConnection, query: str) -> tuple[int, bytes]:
    connection.request("GET", address(query), headers={"Accept": JSON})
    response = connection.getresponse()
    return response.status, response.read()


def small(target: Target, notes: Notes, seed: int, interval: float) -> None:
    """Ask a small question every ``interval`` seconds on one connection and check each answer.

    A question whose turn came while the one before was still on its way is timed from its turn.
    """
    chance, checked, connection = random.Random(seed), Checked(target), target.connect()
    due, asked = time.perf_counter() + chance.random() * interval, 0
    while target.running():
        due += interval
        time.sleep(max(0.0, due - time.perf_counter()))
        asked += 1
        number = chance.randrange(len(target.questions))
        try:
            status, body = _get(connection, f"{target.questions[number][0]} # {seed}.{asked}")
        except (OSError, http.client.HTTPException):
            notes.counts["small: broken"] += 1
            connection.close()
            continue
        notes.milliseconds.append((time.perf_counter() - due) * 1000)
        notes.counts[f"small: {status}"] += 1
        if status == 200 and not checked.right(number, body):
            notes.wrong.append(target.questions[number][0])
    connection.close()


def runaway(target: Target, notes: Notes, seed: int, deadline: float) -> None:
    """Keep one runaway query running, and note when each has ended."""
    asked = seed
    while target.running():
        asked += 1
        connection = target.connect(deadline + 60)
        started = time.perf_counter()
        try:
            status, body = _get(connection, f"{RUNAWAYS[asked % len(RUNAWAYS)]} # {seed}.{asked}")
            told = json.loads(body).get("type", "") if status >= 400 else ""
            notes.counts[f"runaway: {status} {told.rpartition('/')[2]}"] += 1
        except (OSError, http.client.HTTPException, ValueError) as error:
            notes.counts[f"runaway: {type(error).__name__}"] += 1
        notes.runaways.append(time.perf_counter() - started)
        connection.close()


def large(target: Target, notes: Notes, seed: int, questions: tuple[tuple[str, str], ...]) -> None:
    """Ask queries of some 100 ms, one after the other, and check each answer."""
    connection, asked = target.connect(), seed
    while target.running():
        asked += 1
        text, right = questions[asked % len(questions)]
        try:
            status, body = _get(connection, f"{text} # {seed}.{asked}")
        except (OSError, http.client.HTTPException):
            notes.counts["large: broken"] += 1
            connection.close()
            continue
        notes.counts[f"large: {status}"] += 1
        if status == 200 and digest(body) != right:
            notes.wrong.append(text)
        time.sleep(0.1)
    connection.close()


def slow_reader(target: Target, notes: Notes, seed: int, rows: int) -> None:
    """Ask for ``rows`` rows, read a little, stop reading; then go on and count the rows, or walk away."""
    chance, asked = random.Random(seed), 0
    while target.running():
        asked += 1
        connection = target.connect()
        try:
            connection.request("GET", address(f"{STREAM} LIMIT {rows} # {seed}.{asked}"), headers={"Accept": JSON})
            response = connection.getresponse()
            received = response.read(chance.choice((1, 2_000, 500_000)))
            time.sleep(chance.uniform(0.5, 6))
            if chance.random() < 0.5:
                notes.counts["slow reader: left"] += 1
                continue
            received += response.read()
            notes.counts[f"slow reader: {response.status}"] += 1
            if response.status == 200 and len(json.loads(received)["results"]["bindings"]) != rows:
                notes.wrong.append(f"{rows} rows asked for, {len(received)} bytes")
        except (OSError, http.client.HTTPException):
            notes.counts["slow reader: broken"] += 1
        except ValueError:
            notes.wrong.append("what should be JSON ends in the middle")
        finally:
            connection.close()


def slow_writer(target: Target, notes: Notes, seed: int) -> None:
    """Send a request a few bytes at a time, whole or not."""
    chance = random.Random(seed)
    body = f"query={quote('ASK {}')}".encode()
    head = (
        f"POST /sparql HTTP/1.1\r\nHost: {target.host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode()
    while target.running():
        request = head + body
        stop = len(request) if chance.random() < 0.5 else chance.randrange(len(request))
        outcome = "left"
        with contextlib.suppress(OSError), socket.create_connection((target.host, target.port), timeout=30) as drip:
            for start in range(0, stop, 8):
                drip.sendall(request[start : min(start + 8, stop)])
                time.sleep(0.05)
            if stop == len(request):
                outcome = drip.recv(12)[9:].decode("latin-1") or "closed"
        notes.counts[f"slow writer: {outcome}"] += 1


def leaver(target: Target, notes: Notes, seed: int) -> None:
    """Ask and close the connection at some moment, in every third case while a runaway query runs."""
    chance, asked = random.Random(seed), 0
    while target.running():
        asked += 1
        query = chance.choice((*RUNAWAYS, *[STREAM] * 4, *[target.questions[0][0]] * 4))
        with contextlib.suppress(OSError), socket.create_connection((target.host, target.port), timeout=30) as sock:
            sock.sendall(f"GET {address(f'{query} # {seed}.{asked}')} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            time.sleep(chance.uniform(0, 1.5))
            if chance.random() < 0.5:
                # A reset instead of an orderly end.
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        notes.counts["leaver"] += 1


def together(clients: list[Callable[[], None]]) -> None:
    """Run clients in threads until all have ended."""
    threads = [threading.Thread(target=client) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def percentiles(values: list[float]) -> Iterator[float]:
    """Median, 99th percentile and maximum."""
    ordered = sorted(values)
    for share in (0.5, 0.99, 1.0):
        yield ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")
