"""What replicas held when they were seen last, and how long nobody has looked."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.federation.members import sightings
from node.federation.members.sightings import Sightings

ENDPOINT = "http://a.example/sparql"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, to be set."""
    now = [1_000_000.0]
    monkeypatch.setattr(sightings.time, "time", lambda: now[0])
    return now


def test_the_longest_time_in_which_nobody_looked_counts(clock: list[float]) -> None:
    """However often it was looked for afterwards; to be seen again begins anew."""
    kept = Sightings(None)
    assert kept.failed(ENDPOINT) is None
    kept.saw(ENDPOINT, "d1", 0.0)
    clock[0] += 40
    kept.failed(ENDPOINT)
    for _ in range(10):
        clock[0] += 5
        last = kept.failed(ENDPOINT)
    assert last is not None
    assert (last.digest, last.unwatched) == ("d1", 40)
    clock[0] += 90
    assert last.unwatched == 90
    kept.saw(ENDPOINT, "d2", 10.0)
    last = kept.failed(ENDPOINT)
    assert last is not None
    assert (last.digest, last.unwatched) == ("d2", 10)
    kept.saw(ENDPOINT, "d1", 60.0)  # an older one, heard of later
    last = kept.failed(ENDPOINT)
    assert last is not None
    assert last.digest == "d2"


def test_another_process_finds_it(clock: list[float], tmp_path: Path) -> None:
    """And what one of them wrote of an earlier time does not undo what the other saw."""
    file = tmp_path / "replicas.json"
    one, two = Sightings(file), Sightings(file)
    one.saw(ENDPOINT, "d1", 0.0)
    clock[0] += 100
    two.saw(ENDPOINT, "d2", 0.0)
    clock[0] += 100
    one.saw("http://b.example/sparql", "e", 0.0)
    for kept in (one, Sightings(file)):
        last = kept.failed(ENDPOINT)
        assert last is not None
        assert (last.digest, last.unwatched) == ("d2", 100)
    assert [path.name for path in tmp_path.iterdir()] == ["replicas.json"]


def test_little_is_written(clock: list[float], tmp_path: Path) -> None:
    """Each query sees the replicas; what has not changed is written twice a minute at most."""
    file = tmp_path / "replicas.json"
    kept = Sightings(file)
    kept.saw(ENDPOINT, "d1", 0.0)
    before = file.read_bytes()
    clock[0] += 20
    kept.saw(ENDPOINT, "d1", 0.0)
    assert file.read_bytes() == before
    clock[0] += 20
    kept.saw(ENDPOINT, "d1", 0.0)
    assert file.read_bytes() != before


@pytest.mark.parametrize("damaged", [b"", b"{", b"[1]", b'{"http://a.example/sparql": {"digest": "d"}}'])
def test_a_damaged_file_says_nothing(tmp_path: Path, damaged: bytes) -> None:
    """It is written anew."""
    file = tmp_path / "replicas.json"
    file.write_bytes(damaged)
    kept = Sightings(file)
    assert kept.failed(ENDPOINT) is None
    kept.saw(ENDPOINT, "d1", 0.0)
    assert Sightings(file).failed(ENDPOINT) is not None
