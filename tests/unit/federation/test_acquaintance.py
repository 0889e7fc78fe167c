"""What is remembered of a member that has no summary which is kept: nothing is fetched again while it stays so."""

from __future__ import annotations

import pytest

from node.config import Member
from node.federation.calling.meter import Meter
from node.federation.members import acquaintance, summaries
from node.federation.members.sources import RemoteSource
from tests.integration.sparql_server import servers


@pytest.mark.parametrize("limit", ["names", "bytes"])
def test_a_description_that_is_too_large(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    """It counts as none, and when it is asked for again and is the same, it does not come again."""
    if limit == "names":
        monkeypatch.setattr(summaries, "MOST_NAMES", 1)
    else:
        monkeypatch.setattr(acquaintance, "_MOST_BYTES", 100)
    monkeypatch.setattr(acquaintance, "_ABSENT_SECONDS", 0.0)
    with servers(1) as (server,):
        server.store.update("INSERT DATA { <http://a> <http://p> <http://b> ; <http://q> 1 }")
        source, meter = RemoteSource(Member(server.endpoint, "m")), Meter(10.0, 10, 1_000_000)
        try:
            assert source.summary(meter) is None
            came = meter.tallies["m"].bytes
            assert source.summary(meter) is None
            assert meter.tallies["m"].bytes - came < 10
            monkeypatch.undo()
            server.version += 1
            monkeypatch.setattr(acquaintance, "_ABSENT_SECONDS", 0.0)
            found = source.summary(meter)
        finally:
            source.close()
    assert found is not None
    assert found.triples == 2
