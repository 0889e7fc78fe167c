"""What it costs to keep the leases of many members fresh while queries come.

    python -m bench.leases [--members 20,200] [--seconds 10] [--folder DIR]

The members are those of ``bench.many_members``, in one process. Their leases are renewed as while queries come, but
no query is asked. Prints requests a second, the most of them within a twentieth of a second, processor time a second of
the coordinator and of all members together, and how much of the time all leases ran.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import ClassVar

from bench.federation_members import generated
from bench.many_members import processor_seconds, tenants
from node.cli.output import table
from node.config import Member
from node.federation.calling.meter import Meter
from node.federation.members.renewal import Renewal
from node.federation.members.sources import RemoteSource
from node.federation.members.summaries import Summary

_TRIPLES = 40_000
#: Requests are counted in spans of so many seconds.
_SPAN = 0.05
_LOOK_SECONDS = 0.01


class _Counted(RemoteSource):
    """A member whose renewals are counted."""

    counts: ClassVar[Counter[int]] = Counter()
    lock = threading.Lock()

    def summary(self, meter: Meter) -> Summary | None:
        with self.lock:
            self.counts[int(time.monotonic() / _SPAN)] += 1
        return super().summary(meter)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--members", default="20,200")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--folder", type=Path, help="keep the data here")
    arguments = parser.parse_args()
    head = ["members", "requests/s", f"most in {_SPAN:g} s", "coordinator ms/s", "members ms/s", "all leases ran"]
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        rows = [_measure(folder, int(members), arguments.seconds) for members in arguments.members.split(",")]
    print(table(head, rows))


def _measure(folder: Path, members: int, seconds: float) -> list[str]:
    data = generated(folder, _TRIPLES, members)
    with tenants(data.folder, folder / "log") as (address, group):
        sources = [_Counted(Member(endpoint=f"{address}/{name}/sparql", name=name)) for name in data.members]
        renewal = Renewal()
        try:
            for source in sources:
                source.summary(Meter(60, 10, 1 << 30))
            renewal.used(sources)
            time.sleep(1)
            _Counted.counts.clear()
            started, used, theirs = time.monotonic(), time.process_time(), processor_seconds(group)
            ran = looks = 0
            while time.monotonic() - started < seconds:
                renewal.used(sources)
                looks += 1
                ran += all(source.lease is not None and source.lease.left() for source in sources)
                time.sleep(_LOOK_SECONDS)
            took = time.monotonic() - started
            used, theirs = time.process_time() - used, processor_seconds(group) - theirs
        finally:
            renewal.close()
            for source in sources:
                source.close()
    requests = sum(_Counted.counts.values())
    return [
        str(members),
        f"{requests / took:.0f}",
        str(max(_Counted.counts.values(), default=0)),
        f"{used / took * 1000:.0f}",
        f"{theirs / took * 1000:.0f}",
        f"{ran / looks:.1%}",
    ]


if __name__ == "__main__":
    main()
