"""The report of what was not coded: ranked by samples, with the best candidate or the reason, and all of it as JSON."""

from __future__ import annotations

from node.cli.codings import drafted_lines, value_document, value_lines
from node.ontology.branches import DIAGNOSIS
from node.ontology.mappings import CLOSE
from node.ontology.sssom import SIMILAR, Match
from node.publishing.coded import Coded, Proposed, Unknown
from node.publishing.tally import OTHERS, CodingReport, Drafted, Tally, merged
from node.rdf.namespaces import OBO

MATCH = Match(DIAGNOSIS, "gliom", f"{OBO}NCIT_C3059", "Glioma", CLOSE, SIMILAR, 0.8)


def report(times: int = 1) -> CodingReport:
    made = CodingReport()
    for _ in range(times):
        made.tally(DIAGNOSIS, "A", Coded(MATCH))
        made.tally(DIAGNOSIS, "A", Proposed("gliom", "why", (MATCH,)))
        made.tally(DIAGNOSIS, "B", Proposed("gliom", "why", (MATCH,)))
        made.tally(DIAGNOSIS, "B", Unknown("qqq", "not a name"))
    return made


def test_lines_are_ranked() -> None:
    """What would bring most stands first; a value without candidates has its reason."""
    lines = value_lines(merged([report(), report(2)]))
    assert lines == [
        "onco:diagnosis: 3 of 12 values coded (25.0 %), 6 proposed, 3 unknown",
        "       6 'gliom': perhaps Glioma (obo:NCIT_C3059, skos:closeMatch 0.80)",
        "       3 'qqq': not a name",
    ]


def test_the_document_holds_everything() -> None:
    """Counts by column, and every value with reason and candidates."""
    document = value_document(merged([report(2)]))[DIAGNOSIS]
    assert document["columns"] == {
        "A": {"coded": 2, "proposed": 2, "unknown": 0},
        "B": {"coded": 0, "proposed": 2, "unknown": 2},
    }
    assert [(one["value"], one["samples"], one["reason"]) for one in document["undecided"]] == [
        ("gliom", 4, "why"),
        ("qqq", 2, "not a name"),
    ]
    assert document["undecided"][0]["candidates"][0]["label"] == "Glioma"


def test_a_column_of_notes_is_counted_as_one() -> None:
    """Past a number of distinct values the rest is one line: a report does not grow with the data."""
    tally = Tally()
    for number in range(12_000):
        tally.add("A", Unknown(str(number), "not a name"))
    assert len(tally.unknown) == len(tally.reasons) + 1 == 10_001
    assert tally.unknown[OTHERS] == 2_000
    assert tally.unknown.total() == 12_000
    assert len(value_lines({DIAGNOSIS: tally})) == 7


def test_where_decisions_are_asked_for() -> None:
    """A table in which nothing waits is not mentioned."""
    drafted = (Drafted("a/decisions.sssom.tsv", 3, 2), Drafted("b/decisions.sssom.tsv", 0, 0))
    assert drafted_lines(drafted) == ["2 values wait for your decision (3 rows added): a/decisions.sssom.tsv"]
