"""Whatever strangers send, the service answers within its limits, and is afterwards what it was before.

The requests are random but from fixed seeds. Each test reports every violation that it finds.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import urllib3

from tests.command_line import onconode
from tests.integration.fuzz_requests import Fuzzed, Fuzzer
from tests.integration.hostile_queries import FAMILIES
from tests.integration.running_node import POOL, Service, running

pytestmark = pytest.mark.slow

PARTNER = Path(__file__).parents[2] / "examples" / "partners" / "neuro-registry"
REQUESTS = 10_000
#: The settings of the node under attack, and how long after its deadline a query may take to be answered: this machine
#: is also busy with sending.
LIMITS = """
[limits]
query_seconds = 1
query_memory_bytes = 300000000
result_bytes = 2000000
queue_seconds = 1
federation_seconds = 1
update_seconds = 2
client_queries = 64
cache_bytes = 1000000

[server]
max_request_bytes = 1300000
"""
SLACK = 5.0
#: The problems behind which a server error may stand: it is busy, or another node is.
_DEFINED = {503: ("too-busy",), 504: ("member-timeout",), 501: ()}
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")


@dataclass(frozen=True)
class Use:
    """What the processes of a service hold. ``files``: open files, pipes and connections, but for the database's own:
    a database that changes has more or fewer of these. ``most``: what the one that holds most threads, files and bytes
    of all but the serving one has of each.
    """

    processes: int
    threads: int
    files: int
    bytes: int
    most: tuple[int, int, int]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, str]]:
    """A node with the example registry and small limits, and a token of its operator."""
    folder = tmp_path_factory.mktemp("fuzz") / "node"
    for command in (
        ("init", str(folder), "--base-iri", "http://127.0.0.1:8080/"),
        ("publish", str(PARTNER), "--node", str(folder)),
    ):
        assert onconode(*command).returncode == 0
    with (folder / "node.toml").open("a", encoding="utf-8") as settings:
        settings.write(LIMITS)
    token = json.loads(onconode("token", "create", "fuzz", "--node", str(folder), "--json").stdout)["token"]
    with running(["-m", "node", "serve", "--node", str(folder), "--port", "0"], folder / "serve.log") as service:
        yield service, token


def count(service: Service) -> str:
    """A question whose answer no update may change: what the registry published."""
    query = "SELECT (COUNT(*) AS ?n) { ?s <https://w3id.org/onconode/vocab#diagnosis> ?o }"
    for _ in range(20):
        answer = POOL.request("GET", f"{service.address}sparql", fields={"query": query, "format": "csv"})
        if answer.status != 503:
            break
        time.sleep(0.5)
    assert answer.status == 200, answer.data
    return answer.data.decode()


def use(service: Service) -> Use:
    """What the service's processes hold, once things are quiet."""
    parent, serving, *others = [
        (
            len(list((process / "task").iterdir())),
            sum(not name.split(" ")[0].endswith(".sst") for name in open_files(process)),
            int((process / "statm").read_text().split()[1]) * 4096,
        )
        for process in (Path(f"/proc/{pid}") for pid in family_of(service.process.pid))
    ]
    threads, files, size = (sum(each) for each in zip(parent, serving, *others, strict=True))
    most = [max(each) for each in zip(*others, strict=True)]
    return Use(2 + len(others), threads, files, size, (most[0], most[1], most[2]))


def open_files(process: Path) -> Iterator[str]:
    """What its open files are called (Linux)."""
    for descriptor in (process / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            yield str(descriptor.readlink())


def family_of(pid: int) -> list[int]:
    """A process and all it started (Linux)."""
    children = [c for t in Path(f"/proc/{pid}/task").iterdir() for c in (t / "children").read_text().split()]
    return [pid, *(each for child in children for each in family_of(int(child)))]


def settled(service: Service) -> Use:
    """Its use when that no longer falls."""
    last = use(service)
    for _ in range(20):
        time.sleep(0.5)
        now = use(service)
        if (now.processes, now.threads, now.files) == (last.processes, last.threads, last.files):
            return now
        last = now
    return last


def send(address: tuple[str, int], request: Fuzzed) -> tuple[bytes, float]:
    """The first bytes of the answer to a request, and the seconds to its end. A request that is no whole one gets
    little time: the service may wait for the rest of it."""
    started = time.monotonic()
    received = b""
    with socket.create_connection(address, timeout=10) as connection:
        connection.settimeout(SLACK * 2 if request.whole else 0.05)
        try:
            connection.sendall(request.data)
            while chunk := connection.recv(65_536):
                received = received[:100_000] + chunk
        except TimeoutError:
            if request.whole:
                return received, float("inf")
        except ConnectionError:
            pass  # it may close on what it does not like
    return received, time.monotonic() - started


def complaint(request: Fuzzed, answer: bytes, seconds: float) -> str | None:
    """What is wrong with an answer, if anything is."""
    shown = f"{request.data[:600]!r}\n-> {seconds:.1f} s, {answer[:500]!r}"
    if request.whole and seconds > SLACK:
        return f"slow: {shown}"
    found = _STATUS.match(answer)
    if found is None:
        return f"no answer: {shown}" if request.whole and not answer else (f"no HTTP: {shown}" if answer else None)
    status = int(found[1])
    if status >= 500 and not any(f"/problems/{slug}".encode() in answer for slug in _DEFINED.get(status, ())):
        return f"{status}: {shown}"
    return None


def test_requests(target: tuple[Service, str]) -> None:
    """Ten thousand requests of every kind: no server error, no hang, nothing that grows, and right answers after it."""
    service, token = target
    parts = urlsplit(service.address)
    assert parts.hostname is not None
    assert parts.port is not None
    address = (parts.hostname, parts.port)
    right = count(service)

    def attack(seed: int, requests: int) -> list[str]:
        fuzzer = Fuzzer(seed, parts.netloc, token)
        wrong = []
        for _ in range(requests):
            request = fuzzer.next()
            if (said := complaint(request, *send(address, request))) is not None:
                wrong.append(said)
        return wrong

    def together(first: int, requests: int) -> list[str]:
        with ThreadPoolExecutor(4) as threads:
            return [w for part in threads.map(attack, range(first, first + 4), [requests // 4] * 4) for w in part]

    wrong = together(0, 2_000)
    before = settled(service)
    wrong += together(4, REQUESTS - 2_000)
    after = settled(service)
    assert count(service) == right
    assert not wrong, f"{len(wrong)}:\n" + "\n\n".join(wrong[:20])
    assert after.processes <= before.processes + 2, (before, after)
    # How many workers have been started is a matter of how many queries came together. Each that was started since then
    # brings what a worker has, and four pipes and files at the serving process.
    started = max(0, after.processes - before.processes)
    threads, files, size = after.most
    assert after.threads <= before.threads + started * threads + 8, (before, after)
    assert after.files <= before.files + started * (files + 4) + 8, (before, after)
    assert after.bytes <= before.bytes + started * size + 100_000_000, (before, after)


@pytest.mark.parametrize("name", FAMILIES)
def test_hostile_queries(target: tuple[Service, str], name: str) -> None:
    """Each query is answered or refused within its deadline, by name, and the next small one is answered as before."""
    service, _token = target
    right = count(service)

    def ask(query: str) -> str | None:
        started = time.monotonic()
        try:
            answer = POOL.request(
                "POST",
                f"{service.address}sparql",
                body=query.encode("utf-8", "surrogatepass"),
                headers={"Content-Type": "application/sparql-query", "Accept": "*/*"},
            )
        except urllib3.exceptions.ProtocolError:
            # An answer that fails after its first byte breaks off: that is how it must end, within the time.
            status, said = 200, b""
        else:
            status, said = answer.status, answer.data[:300]
        seconds = time.monotonic() - started
        problem = status == 200 or b"/problems/" in said
        if seconds < 1 + SLACK and problem and (status == 200 or 400 <= status < 500 or status == 503):
            return None
        return f"{query[:200]!r} ({len(query)} characters) -> {status} after {seconds:.1f} s: {said!r}"

    # Two at a time: what makes others wait is the load test's matter (bench/).
    with ThreadPoolExecutor(2) as threads:
        wrong = [said for said in threads.map(ask, FAMILIES[name]()) if said is not None]
    assert count(service) == right
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:30])


def test_there_are_enough_hostile_queries() -> None:
    """At least a thousand."""
    assert sum(len(list(made())) for made in FAMILIES.values()) >= 1_000
