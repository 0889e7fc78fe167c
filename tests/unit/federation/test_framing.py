"""HTTP/1.1 on the wire: answers in pieces of any size, and none that is taken for a shorter one."""

from __future__ import annotations

import pytest

from node.federation.calling.framing import AnswerReader, Malformed, request

OK = b"HTTP/1.1 200 OK\r\n"


def read(raw: bytes, step: int, method: str = "POST") -> AnswerReader:
    """What a reader has made of it, fed so many bytes at a time."""
    reader = AnswerReader(method)
    for at in range(0, len(raw), step):
        reader.feed(raw[at : at + step])
    return reader


@pytest.mark.parametrize("step", [1, 3, 16, 10_000])
@pytest.mark.parametrize(
    ("raw", "body", "reusable"),
    [
        (OK + b"Content-Length: 5\r\n\r\nhello", b"hello", True),
        (OK + b"Content-Length: 0\r\n\r\n", b"", True),
        (OK + b"Content-Length: 5, 5\r\n\r\nhello", b"hello", True),
        (OK + b"Content-Length: 5\r\n\r\nhello, and more", b"hello", False),
        (OK + b"Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", b"hello", True),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nhe\r\n003\r\nllo\r\n0\r\nA: b\r\n\r\n", b"hello", True),
        (OK + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n5\r\nhello\r\n0\r\n\r\n", b"hello", False),
        (OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello", b"hello", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello", False),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 5\r\n\r\nhello", b"hello", True),
        (b"HTTP/1.1 103 Early\r\nA: b\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\nx", b"x", True),
        (b"\r\nHTTP/1.1 304 \r\nContent-Length: 700\r\n\r\n", b"", True),
        (b"HTTP/1.1 204\r\n\r\n", b"", True),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", b"ok", True),
    ],
)
def test_answers(raw: bytes, body: bytes, reusable: bool, step: int) -> None:
    reader = read(raw, step)
    assert (reader.finished, reader.take(), reader.reusable) == (True, body, reusable)


@pytest.mark.parametrize("step", [1, 10_000])
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        OK + b"Content-Length: 6\r\n\r\nhello",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
    ],
)
def test_half_an_answer_is_none(raw: bytes, step: int) -> None:
    reader = read(raw, step)
    assert not reader.finished
    with pytest.raises(EOFError):
        reader.ended()


def test_a_body_of_unknown_length_says_so() -> None:
    reader = read(OK + b"\r\nhello", 4)
    assert not reader.delimited
    assert not reader.reusable
    reader.ended()
    assert reader.take() == b"hello"


@pytest.mark.parametrize(
    "raw",
    [
        b"<!DOCTYPE html>\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\n\r\n",
        OK + b"no colon\r\n\r\n",
        OK + b"a space : x\r\n\r\n",
        OK + b"Content-Length: -1\r\n\r\n",
        OK + b"Content-Length: 5, 6\r\n\r\n",
        OK + b"Content-Length: 0x5\r\n\r\n",
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nfive\r\nhello\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n",
        OK + b"A: b\r\n" * 20_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 20,
        OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 10_000,
    ],
)
def test_what_is_no_answer(raw: bytes) -> None:
    with pytest.raises(Malformed):
        read(raw, 1_000)


def test_a_folded_line_is_one_line() -> None:
    reader = read(OK + b"A: b\r\n  c\r\nB: 1\r\nB: 2\r\nContent-Length: 0\r\n\r\n", 5)
    assert (reader.headers["a"], reader.headers["b"]) == ("b c", "1, 2")


def test_requests() -> None:
    sent = request("POST", "/a?b=c", {"Host": "x"}, b"hello")
    assert sent == b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
    assert request("GET", "/", {"Host": "x"}, None).endswith(b"Host: x\r\n\r\n")


@pytest.mark.parametrize(("target", "value"), [("/a b", "x"), ("/a\r\nX: y", "x"), ("/é", "x"), ("/", "x\r\nY: z")])
def test_nothing_is_smuggled_into_a_request(target: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"target|line break"):
        request("GET", target, {"Host": value}, None)
