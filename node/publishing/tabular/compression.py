"""Files that come compressed: gzip (RFC 1952), zstd (RFC 8878) or a zip archive of one file, undone into the spool.

What is compressed can be a thousand times larger than it looks, so that every way of undoing it stops at a limit. How a
file is compressed is told by its first bytes; a name that says something else is an error.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
import zipfile
import zlib
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from node.errors import DocumentSyntaxError, Place, RequestTooLarge, Unsupported
from node.store.temporary import from_writing

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

#: How many bytes a table may have once it is unpacked.
UNPACKED_BYTES = 4_000_000_000

ENDINGS = (".gz", ".zst", ".zip")
_GZIP, _ZSTD, _ZIP, _OLE = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_CHUNK = 1 << 20
_MOST_MEMBERS = 10_000


@dataclass(frozen=True)
class Plain:
    """A file as it is without compression: where it lies now, and its name, whose ending names the format."""

    path: Path
    name: str


def plain_name(name: str) -> str:
    """A file's name without the ending of a compression."""
    ending = next((ending for ending in ENDINGS if name.lower().endswith(ending)), "")
    return name[: len(name) - len(ending)]


def uncompressed(path: Path, spool: Path, *, limit: int = UNPACKED_BYTES) -> Plain:
    """The file itself, or a copy of it in ``spool`` without its compression. Holds no more than a mebibyte of it.

    Raises DocumentSyntaxError (cannot be read, damaged, not what its ending says, no or several files in an archive),
    Unsupported (an encrypted archive) and RequestTooLarge for more than ``limit`` bytes.
    """
    source = str(path)
    name = plain_name(path.name)
    try:
        with path.open("rb") as stream:
            head = stream.read(4)
        packed = name != path.name
        if head.startswith(_GZIP):
            return Plain(_copied(gzip.open(path, "rb"), spool, source, limit), name)
        if head == _ZSTD:
            return Plain(_copied(zstd.open(path, "rb"), spool, source, limit), name)
        if head == _ZIP and path.name.lower().endswith(".zip"):
            return _from_archive(path, spool, limit)
        if packed and head:
            raise DocumentSyntaxError(
                f"the name ends in {path.name[len(name) :]}, but the content is not compressed like that.",
                where=Place(source=source),
                remedy="Compress it again, or drop the ending.",
            )
        if path.stat().st_size > limit:
            raise _too_large(source, limit)
    except (EOFError, zlib.error, gzip.BadGzipFile, zstd.ZstdError, zipfile.BadZipFile) as error:
        raise DocumentSyntaxError(
            f"the compressed data is cut off or damaged ({error}).",
            where=Place(source=source),
            remedy="Compress or transfer the file again.",
        ) from error
    except OSError as error:
        if from_writing(error):
            raise
        raise DocumentSyntaxError(
            f"the file cannot be read: {error.strerror or error}.", where=Place(source=source), remedy="Check the file."
        ) from error
    return Plain(path, path.name)


def check_workbook(path: Path, source: str, *, limit: int) -> None:
    """Raise unless this can be an Excel workbook (a zip archive) that unpacks to at most ``limit`` bytes.

    Raises DocumentSyntaxError, Unsupported (the format before 2007, or with a password) and RequestTooLarge.
    """
    with path.open("rb") as stream:
        head = stream.read(4)
    if head == _OLE:
        raise Unsupported(
            "the workbook has a password, or is of the format before 2007.",
            where=Place(source=source),
            remedy="Save it as .xlsx without a password, or as CSV.",
        )
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise DocumentSyntaxError(
            f"this is not an Excel workbook ({error}).",
            where=Place(source=source),
            remedy="Open it in a spreadsheet program and save it as .xlsx, or as CSV.",
        ) from error
    if len(members) > _MOST_MEMBERS or sum(member.file_size for member in members) > limit:
        raise _too_large(source, limit)


def _from_archive(path: Path, spool: Path, limit: int) -> Plain:
    source = str(path)
    with ExitStack() as files:
        archive = files.enter_context(zipfile.ZipFile(path))
        members = [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX/")]
        if len(members) != 1:
            names = ", ".join(m.filename for m in members[:5]) or "none"
            raise DocumentSyntaxError(
                f"the archive has {len(members)} files ({names[:200]}), and one is needed.",
                where=Place(source=source),
                remedy="Unpack it and publish the files by name, or pack each table alone.",
            )
        (member,) = members
        if member.flag_bits & 1:
            raise Unsupported(
                "the archive is encrypted.", where=Place(source=source, record=member.filename), remedy="Unpack it."
            )
        if member.file_size > limit:
            raise _too_large(source, limit)
        try:
            stream = files.enter_context(archive.open(member))
        except NotImplementedError as error:
            raise Unsupported(
                f"the archive is compressed in a way that is not known here ({error}).",
                where=Place(source=source),
                remedy="Pack it with plain zip, gzip or zstd.",
            ) from error
        return Plain(_copied(stream, spool, source, limit), PurePosixPath(member.filename).name)


def _copied(stream: Any, spool: Path, source: str, limit: int) -> Path:
    with stream, tempfile.NamedTemporaryFile(dir=spool, prefix="plain.", delete=False) as out:
        left = limit
        while chunk := stream.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise _too_large(source, limit)
            out.write(chunk)
        return Path(out.name)


def _too_large(source: str, limit: int) -> RequestTooLarge:
    return RequestTooLarge(
        f"the file has more than {limit:,} bytes unpacked.",
        where=Place(source=source),
        remedy="Publish the columns that describe samples, not measurements; or split the table.",
    )
