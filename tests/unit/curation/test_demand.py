"""The queue of demand: collected without losing what curators noted, ranked, and seen through."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from node.curation.collecting import read_told, told_by_file, with_candidates
from node.curation.demand import Queue, Status, Told, Wish, is_at_least
from node.curation.requests import Term, ncit_request, obi_request
from node.errors import DocumentSyntaxError, NotFound
from node.ontology.branches import ANATOMICAL_SITE, DIAGNOSIS
from node.ontology.core import core_vocabulary
from node.ontology.mappings import core_code_map
from node.publishing.coder import Coder, key_of

A, B = "https://a.example/", "https://b.example/"


def told(node: str, words: dict[str, int], releases: dict[str, str] | None = None, prop: str = DIAGNOSIS) -> Told:
    return Told(node, releases or {}, {(prop, key_of(text), ""): (text, count) for text, count in words.items()})


def test_words_are_ranked_and_keep_their_ids(tmp_path: Path) -> None:
    """Most samples first, then most nodes; a second collection brings numbers up to date and nothing else."""
    queue = Queue.open(tmp_path)
    assert queue.collect([told(A, {"Oddoma": 3, "Rare tumour": 10}), told(B, {"RARE  tumour": 2})]) == (2, 0)
    queue.put(Wish(**{**vars(queue.get("d0001")), "note": "seen before"}))
    queue.save()
    again = Queue.open(tmp_path)
    assert [(w.text, w.samples, w.nodes) for w in again.ranked()] == [("Rare tumour", 12, 2), ("Oddoma", 3, 1)]
    assert again.collect([told(A, {"Rare tumour": 4, "New": 50})]) == (1, 1)
    assert [(w.id, w.samples, w.note) for w in again.ranked()] == [
        ("D0003", 50, ""),
        ("D0002", 6, ""),
        ("D0001", 0, "seen before"),
    ]
    with pytest.raises(NotFound, match="D9"):
        again.get("D9")


def test_from_open_to_installed(tmp_path: Path) -> None:
    """A word is released with its term, and installed when each node that waited runs that release or a later one."""
    queue = Queue.open(tmp_path)
    queue.collect([told(A, {"Oddoma": 3}), told(B, {"Oddoma": 1})])
    wish = queue.get("D0001")
    assert queue.released("rare", "1.0.0", ["https://x.example/1"]) == []
    queue.put(Wish(**{**vars(wish), "status": Status.PROPOSED, "term": "https://x.example/1"}))
    (released,) = queue.released("rare", "1.0.0", ["https://x.example/1"])
    assert (released.status, released.release) == (Status.RELEASED, "rare 1.0.0")
    assert queue.installed({A: {"rare": "1.0.0"}}) == ([], {"D0001": [B]})
    assert queue.installed({A: {"rare": "1.0.0"}, B: {"rare": "0.9.0"}}) == ([], {"D0001": [B]})
    done, lacking = queue.installed({A: {"rare": "1.10.0"}, B: {"rare": "1.9.1"}})
    assert [w.status for w in done] == [Status.INSTALLED]
    assert lacking == {}


@pytest.mark.parametrize(
    ("version", "wanted", "enough"),
    [("1.10.0", "1.9.0", True), ("1.9.0", "1.10.0", False), ("2026-12-01", "2026-11-30", True), ("", "1", False)],
)
def test_versions_are_compared_as_numbers(version: str, wanted: str, enough: bool) -> None:
    """1.10 is later than 1.9."""
    assert is_at_least(version, wanted) is enough


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("id\ttext\n", "lacks the column"),
        ("{h}D1\tdiagnosis\tx\t\t1\thttps://a/=one\t\topen\t\t\t\t\t\n", "line 2"),
        ("{h}D1\tdiagnosis\tx\t\t1\t\t\twaiting\t\t\t\t\t\n", "A status is one of"),
        ("{h}D1\tdiagnosis\tx\t\t1\t\t\topen\t\t\t\t\t\nD1\tdiagnosis\ty\t\t1\t\t\topen\t\t\t\t\t\n", "twice"),
    ],
)
def test_a_table_that_is_no_queue(tmp_path: Path, text: str, what: str) -> None:
    """What is wrong, on which line."""
    header = "id\tproperty\ttext\tsystem\tsamples\twaiting\tcandidates\tstatus\tterm\tlabel\trelease\trequest\tnote\n"
    (tmp_path / "demand.tsv").write_text(text.format(h=header))
    with pytest.raises(DocumentSyntaxError, match=what):
        Queue.open(tmp_path)


def test_what_others_say_is_checked(tmp_path: Path) -> None:
    """Unknown properties, texts too long for a name and numbers below one are passed over; other documents refused."""
    document = {
        "node": A,
        "releases": [{"name": "ncit", "version": "2020"}],
        "withheld": 2,
        "waiting": [
            {"property": "diagnosis", "text": "Odd\ttumour", "system": "", "samples": 3, "datasets": 1},
            {"property": "password", "text": "x", "system": "", "samples": 3, "datasets": 1},
            {"property": "diagnosis", "text": "x" * 500, "system": "", "samples": 3, "datasets": 1},
            {"property": "diagnosis", "text": "nothing", "system": "", "samples": -1, "datasets": 1},
        ],
    }
    found = read_told(document, source="x")
    assert list(found.waiting.values()) == [("Odd tumour", 3)]
    path = tmp_path / "told.json"
    for wrong in ("[]", "{", json.dumps({**document, "node": "file:///etc"}), json.dumps({**document, "waiting": 3})):
        path.write_text(wrong)
        with pytest.raises(DocumentSyntaxError, match=r"told\.json"):
            told_by_file(path)


def test_candidates_are_the_coders_own() -> None:
    """A misspelling is like a class, and what can be coded here is said to be."""
    coder = Coder(core_vocabulary(), core_code_map())
    filled, known = with_candidates(told(A, {"Chordmoa": 2, "Chordoma": 1, "Zzz": 1}), coder)
    assert known == 1
    assert filled.candidates[DIAGNOSIS, "chordmoa", ""][0].startswith("NCIT:C2947 ")
    assert (DIAGNOSIS, "zzz", "") not in filled.candidates


def test_requests_hold_what_the_forms_ask() -> None:
    """Term, definition, parent, reason; the address of OBI's tracker opens it filled in, or plain if it is too long."""
    wish = Wish("D0001", ANATOMICAL_SITE, "notochord remnant", waiting={A: 4, B: 1}, candidates=("NCIT:C12470 Skin",))
    term = Term("Notochordal Remnant", "What is left of the notochord.", "", (), ("PMID:1",))
    asked = ncit_request(wish, term, curator="A. Curator", project="the hub")
    for words in ("Term: Notochordal Remnant", "notochord remnant", "NCIT:C12470 Skin", "5 samples of 2 institutions"):
        assert words in asked.text
    issue = obi_request(wish, term, curator="A. Curator", project="the hub")
    assert issue.title == "NTR: Notochordal Remnant"
    assert "title=NTR%3A+Notochordal+Remnant" in issue.address
    assert "**Textual definition:** What is left of the notochord." in issue.text
    long = obi_request(wish, Term("x", "y" * 7000), curator="A", project="the hub")
    assert long.address == "https://github.com/obi-ontology/obi/issues/new"
