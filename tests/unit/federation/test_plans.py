"""Golden plans: what the members are asked for each query of ``tests/plans``, over three members.

Each ``NAME.plan`` holds the requests by member. After a change that is meant to change plans, write them anew with
``ONCONODE_WRITE_PLANS=1`` and read the difference.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pyoxigraph as ox
import pytest
from merged_store import BUDGET, NOWHERE, StoreSource, evaluate_in_memory, expected, federated, merge, same

from node.errors import ResultTooLarge
from node.federation.calling.meter import Meter
from node.federation.execution import Execution
from node.rdf.formats import JSON, NTRIPLES
from node.sparql.parser import parse_query

PLANS = Path(__file__).parents[2] / "plans"
PREFIXES = "PREFIX : <http://ex.org/> PREFIX a: <http://a.ex/> PREFIX b: <http://b.ex/> PREFIX c: <http://c.ex/> "
#: Samples and datasets are described at home; the donors of a are described at b too.
MEMBERS = {
    "a": """a:s1 a :Sample ; :dx :gbm ; :age 41 ; :in a:d1 ; :from a:p1 .
        a:s2 a :Sample ; :dx :lgg ; :age 62 ; :in a:d1 ; :from a:p2 .
        a:d1 :title "Gliomas" . a:p1 a :Donor ; :sex "f" . a:p2 a :Donor ; :sex "m" .""",
    "b": """b:s1 a :Sample ; :dx :gbm ; :age 50 ; :in b:d1 ; :from a:p1 .
        b:s2 a :Sample ; :dx :odd ; :age 7 ; :in b:d1 ; :from b:p1 .
        b:d1 :title "Rare glioma" . a:p1 a :Donor ; :sex "f" . b:p1 a :Donor ; :sex "f" .""",
    "c": """:gbm :sub :glioma ; :label "GBM" . :lgg :sub :glioma ; :label "LGG" .
        :glioma :sub :tumour ; :label "Glioma" . :odd :sub :tumour ; :label "Odd" .
        c:paper :cites a:d1 , b:d1 ; :year 2020 .""",
}


def network() -> list[StoreSource]:
    made = []
    for name, text in MEMBERS.items():
        store = ox.Store()
        store.update(f"{PREFIXES} INSERT DATA {{ {text} }}")
        made.append(StoreSource(name, store, summarised=False, profiled=True))
    return made


@pytest.mark.parametrize("path", sorted(PLANS.glob("*.rq")), ids=lambda path: path.stem)
def test_plan(path: Path) -> None:
    """The members are asked what is written down, and the answer is that of the merged store."""
    text = PREFIXES + path.read_text(encoding="utf-8")
    sources = network()
    assert same(federated(sources, text), expected(merge([s.store for s in sources]), text))
    lines = [f"{source.name}: {request}" for source in sources for request in sorted(source.requests)]
    written, golden = "".join(f"{line}\n" for line in lines), path.with_suffix(".plan")
    if os.environ.get("ONCONODE_WRITE_PLANS"):
        golden.write_text(written, encoding="utf-8")
    assert written == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("grouped", [True, False])
@pytest.mark.parametrize(
    ("at_a", "at_b", "apart"),
    [
        ("", "b:s1 :age 3", True),
        # Decimals and integers: the sum has the type of all of them together, wherever they are.
        ("", "b:s1 :age 0.5", True),
        ("a:s1 :age 0.000000000000000001", "b:s1 :age 1.5", True),
        ("", "b:s1 :age 7 . b:s9 :age -7", True),
        # What depends on the order, or is an error, is not put together.
        ("", "b:s1 :age 1.0e0", False),
        ("", "b:s1 :age '1.5'^^<http://www.w3.org/2001/XMLSchema#float>", False),
        ("", "b:s1 :age 'old'", False),
        ("a:s1 :age 9223372036854775807", "", False),
    ],
)
def test_sums_and_averages_where_they_are_the_same(at_a: str, at_b: str, *, apart: bool, grouped: bool) -> None:
    """Members add up for themselves; where that might not be what one store says, the numbers are fetched."""
    keys, ending = ("?dx", " GROUP BY ?dx") if grouped else ("", "")
    select = f"SELECT {keys} (SUM(?age) AS ?all) (AVG(?age) AS ?mean) {{ ?s :dx ?dx ; :age ?age }}{ending}"
    for text in (select, select.replace(":age ?age", ":never ?age"), f"SELECT * {{ {{ {select} }} }}"):
        query, sources = f"{PREFIXES} {text}", network()
        for source, more in zip(sources, (at_a, at_b), strict=False):
            source.store.update(f"{PREFIXES} INSERT DATA {{ {more} }}")
        assert same(federated(sources, query), expected(merge([s.store for s in sources]), query))
        if ":never" not in text:
            asked = [request for source in sources for request in source.requests]
            assert any("SUM" in request for request in asked)
            assert all("SUM" in request for request in asked) is apart


def test_answers_put_together_are_bounded() -> None:
    """What members answer for themselves is held here, so it is bounded as a whole."""
    execution = Execution(evaluate_in_memory, cache_bytes=0)
    query = parse_query(f"{PREFIXES} SELECT ?s ?age {{ ?s :dx ?dx ; :age ?age }}")
    small = replace(BUDGET, result_bytes=300)
    arguments = {"formats": (JSON, NTRIPLES), "meter": Meter(60, 100, 1 << 20), "generation": NOWHERE}
    with pytest.raises(ResultTooLarge), execution.answer(query, network(), budget=small, **arguments):  # type: ignore[arg-type]
        pass
    execution.close()


def test_values_are_compared_where_the_engine_is_ours() -> None:
    """A member of another kind is not asked to filter, to group or to order: here that is done for it."""
    for path in sorted(PLANS.glob("*.rq")):
        text = PREFIXES + path.read_text(encoding="utf-8")
        sources = network()
        sources[0].alike = False
        assert same(federated(sources, text), expected(merge([s.store for s in sources]), text))
        assert not [r for r in sources[0].requests if "FILTER" in r or "GROUP" in r or "ORDER" in r or "COUNT" in r]
