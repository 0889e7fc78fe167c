"""A partner's file, unpacked into the spool folder: readable, not too large, not empty, UTF-8."""

from __future__ import annotations

import codecs
import gzip
import zlib
from pathlib import Path
from typing import Protocol

from node.errors import DocumentSyntaxError, Place, RequestTooLarge
from node.store.temporary import from_writing

#: How large a document may be once unpacked, in bytes.
UNPACKED_BYTES = 200_000_000

_CHUNK = 1 << 20
_GZIP = b"\x1f\x8b"
# the UTF-32 marks first: the little-endian one begins like that of UTF-16
_OTHER_ENCODINGS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def unpack(path: Path, spool: Path, *, limit: int = UNPACKED_BYTES) -> Path:
    """Copy the text of a file, gzip undone and a byte order mark removed, into a new file in ``spool``.

    Raises DocumentSyntaxError (unreadable, empty, broken gzip, not UTF-8: with the line) and RequestTooLarge when it
    has more than ``limit`` bytes unpacked; OSError when ``spool`` cannot be written. Never holds more than a mebibyte
    of it.
    """
    source = str(path)
    target = spool / f"document-{len(list(spool.iterdir()))}"
    try:
        with path.open("rb") as packed:
            head = packed.read(len(_GZIP))
            packed.seek(0)
            if head == _GZIP:
                with gzip.GzipFile(fileobj=packed) as stream:
                    _copy(stream, target, source, limit)
            elif path.name.endswith(".gz") and head:
                raise DocumentSyntaxError(
                    "the name ends in .gz, but the content is not gzip.",
                    where=Place(source=source),
                    remedy="Compress it with gzip, or drop the ending.",
                )
            else:
                _copy(packed, target, source, limit)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DocumentSyntaxError(
            f"the gzip data is cut off or damaged ({error}).",
            where=Place(source=source),
            remedy="Compress or transfer the file again.",
        ) from error
    except OSError as error:
        if from_writing(error):
            raise
        raise DocumentSyntaxError(
            f"the file cannot be read: {error.strerror or error}.", where=Place(source=source)
        ) from error
    return target


def _copy(stream: _Readable, target: Path, source: str, limit: int) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    size = lines = 0
    blank = True
    with target.open("wb") as out:
        while chunk := stream.read(_CHUNK):
            if size == 0:
                _refuse_other_encodings(chunk, source)
                chunk = chunk.removeprefix(codecs.BOM_UTF8)
            size += len(chunk)
            if size > limit:
                raise RequestTooLarge(
                    f"the document has more than {limit:,} bytes unpacked.",
                    where=Place(source=source),
                    remedy="Split it into several documents, one for each dataset.",
                )
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                # ``object`` begins with up to three bytes of a character that the chunk before had begun
                before = error.object[: error.start]
                raise _not_utf8(source, lines + before.count(b"\n") + 1) from error
            lines += chunk.count(b"\n")
            blank = blank and not chunk.strip()
            out.write(chunk)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise _not_utf8(source, lines + 1) from error
    if blank:
        raise DocumentSyntaxError(
            "the file is empty.", where=Place(source=source), remedy="Was it written completely? Create it again."
        )


def _refuse_other_encodings(head: bytes, source: str) -> None:
    name = next((name for mark, name in _OTHER_ENCODINGS if head.startswith(mark)), None)
    if name is None and b"\x00" in head[:4]:
        name = "UTF-16"
    if name is not None:
        raise DocumentSyntaxError(
            f"the file is written in {name}.", where=Place(source=source, line=1), remedy="Save it as UTF-8."
        )


def _not_utf8(source: str, line: int) -> DocumentSyntaxError:
    return DocumentSyntaxError(
        "here is a byte that is not UTF-8.",
        where=Place(source=source, line=line),
        remedy="Save the file as UTF-8.",
    )
