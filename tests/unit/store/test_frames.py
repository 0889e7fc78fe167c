"""Frames between the node and its workers."""

from __future__ import annotations

import os
import threading

from hypothesis import given
from hypothesis import strategies as st

from node.store import frames
from node.store.quads import Budget
from node.store.refusals import ended, refusal, without_paths

BUDGET = Budget(seconds=1, memory_bytes=1, result_bytes=1)


@given(
    st.lists(st.tuples(st.sampled_from((frames.DATA, frames.END, frames.FORM)), st.binary(max_size=300)), max_size=8)
)
def test_frames_arrive_as_they_were_sent_however_they_are_cut(sent: list[tuple[bytes, bytes]]) -> None:
    """A reader gets kind and payload of each frame, and None at the end of the pipe."""
    source, target = os.pipe()
    try:
        data = b"".join(frames.frame(*one) for one in sent)
        for start in range(0, len(data), 7):
            os.write(target, data[start : start + 7])
        os.close(target)
        reader = frames.FrameReader(source)
        assert [reader.read() for _ in sent] == sent
        assert reader.read() is None
    finally:
        os.close(source)


def test_a_large_frame_passes_a_small_pipe() -> None:
    """A frame may be larger than what a pipe holds."""
    source, target = os.pipe()
    payload = os.urandom(1_000_000)
    writer = threading.Thread(target=frames.write_all, args=(target, frames.frame(frames.DATA, payload)))
    writer.start()
    reader = frames.FrameReader(source)
    assert not reader.has_frame()
    assert reader.read() == (frames.DATA, payload)
    writer.join()
    os.close(target)
    assert reader.read() is None
    os.close(source)


def test_a_frame_cut_short_is_no_frame() -> None:
    """When the sender dies inside a frame, the reader sees the end, not half a frame."""
    source, target = os.pipe()
    os.write(target, frames.frame(frames.DATA, b"whole") + frames.frame(frames.DATA, b"not whole")[:-1])
    os.close(target)
    reader = frames.FrameReader(source)
    assert reader.read() == (frames.DATA, b"whole")
    assert not reader.has_frame()
    assert reader.read() is None
    os.close(source)


def test_paths_of_the_machine_are_taken_out_of_messages() -> None:
    """A library's message may reach any caller, the layout of the disk may not; IRIs stay."""
    assert without_paths("IO error: /var/lib/x/000.sst: gone.") == "IO error: …: gone"
    assert (
        without_paths("the function <http://x.example/f> is unknown") == "the function <http://x.example/f> is unknown"
    )


def test_parser_messages_are_made_readable() -> None:
    """The engine's list of what could have stood there is shortened to what helps, with line and column."""
    for message, readable in {
        "error at 2:10: expected one of DISTINCT, WHERE": "line 2, column 10: expected DISTINCT or WHERE.",
        "error at 1:4: expected one of \".\", \";\", ['%'], ['a'..=']'], GRAPH": "line 1, column 4: "
        'expected ".", ";" or GRAPH.',
        "error at 1:1: expected [_]": "line 1, column 1: this cannot stand here.",
        "error at 1:8: expected one of Duplicated variable name in SELECT, [_]": "line 1, column 8: duplicated "
        "variable name in SELECT.",
        "something new": "something new.",
    }.items():
        assert str(refusal({"kind": "syntax", "message": message}, "", BUDGET)) == readable


def test_a_prefix_that_is_not_declared_is_named() -> None:
    """It is what people forget; and what only looks like one, in IRIs, literals, comments and names, is none."""
    syntax = {"kind": "syntax", "message": "error at 3:4: expected OPTIONAL"}
    assert str(refusal(syntax, "PREFIX x: <http://x/>\nASK { ?s x:p obo:NCIT_C1 }", BUDGET)) == (
        "line 3, column 4: the prefix obo: is not declared. "
        "Begin the query with: PREFIX obo: <http://purl.obolibrary.org/obo/>"
    )
    innocent = "prefix x: <http://x/> prefix : <y:z> ASK { ?s x:p 'a:b', \"c:d\"@en, <e:f>, _:g, :h, x:i:j # k:l\n }"
    assert "expected OPTIONAL" in str(refusal(syntax, innocent, BUDGET))


def test_a_worker_that_ended_for_an_unknown_reason_is_a_store_error() -> None:
    """Only what is known to be the query's doing is blamed on the query."""
    assert "signal 9" in ended(-9, b"", BUDGET).detail
    assert "code 3" in ended(3, b"", BUDGET).detail
    assert "without a word" in ended(None, b"", BUDGET).detail
    assert type(ended(-6, b"", BUDGET)).__name__ == "QueryMemoryExceeded"
    assert type(ended(-14, b"", BUDGET)).__name__ == "QueryTimeout"
