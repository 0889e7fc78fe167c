"""A member more in the head of JSON results, wherever the document is cut."""

from __future__ import annotations

import json

import pytest

from node.sparql.head import with_head_member

DOCUMENTS = [
    b'{"head":{"vars":["s","o"]},"results":{"bindings":[]}}',
    b'{"head":{},"boolean":true}',
    b' { "head" : { "link": ["a}\\"{"], "vars":["s"] },\n "results": {"bindings": [{"s":{"type":"uri","value":"y"}}]}}',
]


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("size", [1, 2, 7, 20, 1000])
def test_the_rest_stays(document: bytes, size: int) -> None:
    """The document is the same but for the new member."""
    chunks = [document[i : i + size] for i in range(0, len(document), size)]
    made = json.loads(b"".join(with_head_member(chunks, "x", lambda: {"é": 1})))
    assert made["head"].pop("x") == {"é": 1}
    assert made == json.loads(document)


@pytest.mark.parametrize("document", [b"", b"{}", b'{"results":{"head":{}}}', b'{"head":{"vars":[' + b'"v",' * 30000])
def test_what_has_no_head_in_front_is_left_alone(document: bytes) -> None:
    """Nothing is lost and nothing is put in."""
    assert b"".join(with_head_member([document[:5], document[5:]], "x", dict)) == document
