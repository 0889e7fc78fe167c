"""Random queries over random data spread at random: the federation's answers beside those of one merged store.

    python -m bench.exactness [--queries 5000] [--seed TEXT] [--kinds paths,values]

Members are in memory; what is tried is everything between a query's text and its answer. Each query is of one of
thirteen kinds of federation: nodes that say what they hold (``ours``), the same said to be large, so that values are
sent to them (``large``), one member that says nothing (``mixed``), foreign endpoints with blank nodes (``blank``),
foreign endpoints of which it is known which namespaces they hold (``homes``), any of the first with services
(``services``), queries that count and compare values of which several members hold a part (``values``), paths beside
other patterns over chains that are spread (``paths``), odd terms and operators over members of any kind (``odd``), of
which one may be read and not told (``kept``), and of which some change between queries that come again (``changes``,
eight queries that count as one), foreign endpoints of which it is known what they held some time ago, which may be no
longer so (``guesses``), and nodes of which one holds all that others do, which are left out (``mirrors``). Prints one
line a kind and every query whose answers differ, with the seed that makes it again; ends with 1 if there is one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

UNIT_TESTS = Path(__file__).parents[1] / "tests" / "unit" / "federation"
KINDS = (
    "ours",
    "large",
    "mixed",
    "blank",
    "homes",
    "services",
    "values",
    "paths",
    "odd",
    "kept",
    "changes",
    "guesses",
    "mirrors",
)


def main() -> int:
    """Run as many queries as asked for; give the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=5000)
    parser.add_argument("--seed", default="onconode")
    parser.add_argument("--kinds", default=",".join(KINDS))
    options = parser.parse_args()
    kinds = options.kinds.split(",")
    sys.path.insert(0, str(UNIT_TESTS))
    from random_checks import compared  # noqa: PLC0415 - beside the unit tests, which are no package

    counts: Counter[tuple[str, str]] = Counter()
    started = time.monotonic()
    number = done = 0
    while done < options.queries:
        kind = kinds[number % len(kinds)]
        seed = f"{options.seed} {kind} {number}"
        verdict, text = compared(Random(seed), kind)
        number += 1
        if verdict == "invalid":
            continue
        done += 1
        counts[kind, verdict] += 1
        if verdict == "different":
            print(f"different: seed {seed!r}\n  {text}", flush=True)
    for kind in kinds:
        print(f"{kind:6} " + "  ".join(f"{v} {counts[kind, v]:,}" for v in ("same", "empty", "different")))
    different = sum(n for (_, verdict), n in counts.items() if verdict == "different")
    print(f"{done:,} queries, {different} different, {time.monotonic() - started:.0f} s")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
