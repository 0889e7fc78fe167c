"""Profiles of members of another kind: made beside the queries, kept in the node's folder."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from pyoxigraph import QueryResultsFormat, RdfFormat, Store

from node.errors import LimitExceeded, MemberUnavailable
from node.federation.calling.meter import Meter
from node.federation.calling.rows import Table, read_tsv
from node.federation.members import profile as making
from node.federation.members import profiles as module
from node.federation.members.profile import Profile, profile
from node.federation.members.profiles import PROFILES_FILE, Kept, Profiler, Profiles

DATA = """
@prefix : <https://a.example.org/x/> .
@prefix b: <https://b.example.org/y#> .
:1 a :Sample, b:Kind ; :part b:1, b:2 ; :label "one", "uno" .
:2 a :Sample ; :part b:1 ; :label "two" .
b:3 a :Sample ; :part [ :label "one" ] .
"""


def _profile(version: str = "1") -> Profile:
    store = Store()
    store.load(DATA.encode(), format=RdfFormat.TURTLE)

    def ask(text: str, columns: tuple[str, ...]) -> Table:
        answer = store.query(text).serialize(format=QueryResultsFormat.TSV)
        assert answer is not None
        return read_tsv(answer, columns)

    return profile(ask, version)


def test_it_says_what_there_is() -> None:
    found = _profile()
    x, y = "https://a.example.org/x/", "https://b.example.org/y#"
    assert found.triples == 12
    assert found.predicates[x + "part"] == 4
    assert found.predicates[x + "label"] == 4
    assert found.distinct_subjects(x + "part") == 3
    assert found.distinct_objects(x + "part") == 3
    assert found.distinct_objects(x + "label") == 3
    assert found.subject_namespaces(x + "part") == {x, y}
    assert found.object_namespaces(x + "part") == {y, "_:"}
    assert found.subject_namespaces(x + "label") == {x, "_:"}
    assert found.object_namespaces(x + "label") == {'"'}
    assert found.classes == {x + "Sample": 3, y + "Kind": 1}
    assert found.instances == {x + "Sample": {x, y}, y + "Kind": {x}}


def test_a_member_with_too_many_names_is_not_profiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The data have six subjects' namespaces of predicates, and as many are asked for as may be, and one more."""
    monkeypatch.setattr(making, "MOST_ROWS", 6)
    assert _profile().triples == 12
    monkeypatch.setattr(making, "MOST_ROWS", 5)
    with pytest.raises(LimitExceeded, match="5 names"):
        _profile()


def test_it_is_kept_for_its_version(tmp_path: Path) -> None:
    """With when it was made, and how often it could not be made since."""
    kept = Kept(_profile("release 7"), at=1000.0, seconds=2.5, failures=3, failed_at=2000.0)
    nothing = Kept(None, failures=1, failed_at=3000.0)
    Profiles(tmp_path / PROFILES_FILE).put("https://one.example.org/query", "release 7", kept)
    Profiles(tmp_path / PROFILES_FILE).put("https://two.example.org/query", "", nothing)
    again = Profiles(tmp_path / PROFILES_FILE)
    assert again.get("https://one.example.org/query", "release 7") == kept
    assert again.get("https://one.example.org/query", "release 8") is None
    assert again.get("https://two.example.org/query", "") == nothing
    assert again.get("https://three.example.org/query", "release 7") is None


@pytest.mark.parametrize("text", ["", "[1]", '{"https://one.example.org/query": {"triples": 1}}', '{"x": 1}', "\x00"])
def test_a_file_that_cannot_be_read_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / PROFILES_FILE).write_text(text, encoding="utf-8")
    kept = Profiles(tmp_path / PROFILES_FILE)
    assert kept.get("https://one.example.org/query", "1") is None
    kept.put("https://one.example.org/query", "1", Kept(_profile()))
    assert kept.get("https://one.example.org/query", "1") == Kept(_profile())


def test_a_file_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    Profiles(tmp_path / "gone" / PROFILES_FILE).put("https://one.example.org/query", "1", Kept(_profile()))


def test_queries_go_on_while_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.05)
    made, kept, may_end = 0, list[Kept](), threading.Event()

    def make() -> Profile:
        nonlocal made
        made += 1
        assert may_end.wait(10)
        return _profile()

    profiler = Profiler("a", make, lambda: None, kept.append, lasting=True)
    started = time.monotonic()
    assert [profiler.profile(Meter(60, 10, 10)) for _ in range(20)] == [None] * 20
    # The first waits a little, the others do not.
    assert time.monotonic() - started < 5
    assert profiler.found is None
    assert profiler.running
    may_end.set()
    profiler.wait(10)
    assert profiler.profile(Meter(60, 10, 10)) == profiler.found == kept[0].profile == _profile()
    assert made == 1


def test_what_is_known_from_before_is_not_asked_for() -> None:
    def make() -> Profile:
        raise AssertionError

    profiler = Profiler("a", make, lambda: Kept(_profile()), print, lasting=True)
    assert profiler.profile(Meter(60, 10, 10)) == _profile()
    profiler.wait(10)


def test_a_failure_is_not_repeated_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each further one waits twice as long, also after a restart; what was known stays."""
    tried, kept, at = 0, list[Kept](), 1_000_000.0
    monkeypatch.setattr(module.time, "time", lambda: at)

    def make() -> Profile:
        nonlocal tried
        tried += 1
        raise MemberUnavailable("a cannot be reached.", member="a")

    def profiler() -> Profiler:
        return Profiler("a", make, lambda: kept[-1] if kept else None, kept.append, lasting=True)

    def profiled(by: Profiler) -> int:
        assert by.profile(Meter(60, 10, 10)) is None
        by.wait(10)
        return tried

    one = profiler()
    assert [profiled(one), profiled(one)] == [1, 1]
    at += 301
    assert profiled(one) == 2
    at += 301
    assert profiled(profiler()) == 2
    at += 300
    assert profiled(profiler()) == 3
    assert [k.failures for k in kept] == [1, 2, 3]
    at += 86_400
    assert profiled(profiler()) == 4


def test_a_guess_is_made_again_when_it_is_old() -> None:
    """After an hour, or after a thousand times what it took; one of a declared version never."""
    quick, slow = Kept(_profile(), at=0.0, seconds=1.0), Kept(_profile(), at=0.0, seconds=60.0)
    assert [quick.due(t, lasting=False) for t in (3599.0, 3600.0)] == [False, True]
    assert [slow.due(t, lasting=False) for t in (59_999.0, 60_000.0)] == [False, True]
    assert not slow.due(1e9, lasting=True)
    assert Kept(None).due(0.0, lasting=True)


def test_what_is_given_up_counts_as_a_failure() -> None:
    """So that who calls for a moment only, again and again, does not begin it each time."""
    kept, may_end = list[Kept](), threading.Event()

    def make() -> Profile:
        assert may_end.wait(10)
        raise MemberUnavailable("a cannot be reached.", member="a")

    profiler = Profiler("a", make, lambda: None, kept.append, lasting=False)
    assert profiler.latest() is None
    profiler.give_up()
    assert [k.failures for k in kept] == [1]
    assert not kept[0].due(time.time(), lasting=False)
    may_end.set()
    profiler.wait(10)
    profiler.give_up()
    assert kept[0].failures == 1
