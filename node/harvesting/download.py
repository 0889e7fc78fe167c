"""A large file from the web, such as a release of an ontology: within limits, and resumed where it broke off.

The address is one that an operator named, or an official one. Redirects are followed to https only; hosts have to be
public unless ``services.private_addresses``, and the connection goes to the address that was judged.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from node.config import Services
from node.errors import MemberError, MemberProtocolError, MemberTimeout, ResultTooLarge, TargetRefused
from node.federation.calling.addresses import Address, AllowList, Resolve, look_up, read_address
from node.federation.calling.calls import visit
from node.federation.calling.http import HttpClient, Reply
from node.federation.calling.meter import Meter, Turn

#: The full NCIt in RDF/XML is about 0.7 GB.
MAX_BYTES = 4_000_000_000
SECONDS = 3_600.0
_ATTEMPTS = 4

#: How many bytes there are, and of how many (None: the server does not say).
Progress = Callable[[int, int | None], None]


class _PublicPlaces(AllowList):
    """The one address that was asked for, and anything on https that it leads to."""

    def __init__(self, first: str, *, private_addresses: bool, resolve: Resolve) -> None:
        super().__init__((), "the address of a download", private_addresses=private_addresses, resolve=resolve)
        self._first = read_address(first)

    def permit(self, text: str) -> Address:
        address = read_address(text)
        if address.scheme != "https" and address != self._first:
            raise TargetRefused(
                f"<{self._first}> leads to <{address}>, which is not encrypted.",
                remedy="Give an address that begins with https://, or download the file and give its path.",
            )
        return address


@dataclass(frozen=True)
class _Part:
    """A file that is not whole yet, and by what its server knows whether it is still the same."""

    path: Path
    validator: str

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0


def download(
    url: str,
    folder: Path,
    *,
    services: Services,
    name: str | None = None,
    max_bytes: int = MAX_BYTES,
    seconds: float = SECONDS,
    progress: Progress = lambda _done, _whole: None,
    resolve: Resolve = look_up,
) -> Path:
    """The file at an address, in this folder; its name ends as ``name`` says, or as the address does.

    What has come of it stays there when the download fails, and the next one goes on from there if the server still has
    the same file (RFC 9110, section 14: ``Range`` and ``If-Range``). Raises TargetRefused, MemberError,
    ResultTooLarge, OSError.
    """
    allow = _PublicPlaces(url, private_addresses=services.private_addresses, resolve=resolve)
    address = allow.permit(url)
    folder.mkdir(parents=True, exist_ok=True)
    mark = hashlib.sha256(str(address).encode()).hexdigest()[:12]
    whole = folder / f"{mark}-{name or _file_name(address)}"
    client = HttpClient(f"<{address}>", 1)
    late = MemberTimeout(
        f"<{address}> did not come within {seconds:g} s.",
        member=str(address),
        remedy="Give the same command again: it goes on where it was.",
    )
    meter = Turn(Meter(seconds + 1, 100, 1 << 62), seconds, lambda: late)
    try:
        for attempt in range(_ATTEMPTS):
            before = _read_part(whole).size
            try:
                _fetch(client, address, allow, whole, max_bytes=max_bytes, meter=meter, progress=progress)
                return whole
            except MemberError as error:
                # One that brought something goes on; whatever else is wrong stays wrong.
                went_on = _read_part(whole).size not in (0, before)
                if not went_on or attempt == _ATTEMPTS - 1 or isinstance(error, MemberTimeout):
                    raise type(error)(error.detail, member=str(address), remedy=_remedy(whole)) from error
    finally:
        client.close()
    raise AssertionError


def _fetch(
    client: HttpClient,
    address: Address,
    allow: AllowList,
    whole: Path,
    *,
    max_bytes: int,
    meter: Turn,
    progress: Progress,
) -> None:
    part = _read_part(whole)
    # A range of what was packed on the way would be one of something else.
    headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
    if part.size and part.validator:
        headers |= {"Range": f"bytes={part.size}-", "If-Range": part.validator}
    with visit(client, address, allow, body=None, headers=headers, meter=meter) as reply:
        at = part.size if reply.status == 206 and "Range" in headers else 0
        if reply.status == 416:
            part.path.unlink(missing_ok=True)
            raise MemberProtocolError(f"<{address}> has another file now.", member=str(address))
        if not at:
            reply.require()
            _begin(part.path, reply)
        length = reply.header("Content-Length")
        total = at + int(length) if length and length.isdigit() and reply.header("Content-Encoding") is None else None
        if total is not None and total > max_bytes:
            part.path.unlink()
            raise _too_large(address, max_bytes)
        with part.path.open("ab") as file:
            for piece in reply.chunks():
                at += len(piece)
                if at > max_bytes:
                    part.path.unlink()
                    raise _too_large(address, max_bytes)
                file.write(piece)
                progress(at, total)
    part.path.rename(whole)
    _validator_file(whole).unlink(missing_ok=True)


def _begin(path: Path, reply: Reply) -> None:
    """Start a file anew, and remember by what its server knows it: a strong ETag, or when it was last changed."""
    etag = reply.header("ETag") or ""
    validator = etag if etag and not etag.startswith("W/") else reply.header("Last-Modified") or ""
    if reply.header("Content-Encoding") is not None:
        validator = ""  # a range would be one of the packed bytes
    path.write_bytes(b"")
    _validator_file(path.with_suffix("")).write_text(json.dumps(validator), encoding="utf-8")


def _read_part(whole: Path) -> _Part:
    validator = ""
    with contextlib.suppress(OSError, ValueError):
        validator = str(json.loads(_validator_file(whole).read_text(encoding="utf-8")))
    return _Part(whole.with_name(whole.name + ".part"), validator)


def _validator_file(whole: Path) -> Path:
    return whole.with_name(whole.name + ".from")


def _file_name(address: Address) -> str:
    name = unquote(urlsplit(address.target).path).rpartition("/")[2]
    return "".join(c if c.isalnum() or c in "._-" else "-" for c in name)[-100:] or "release"


def _remedy(whole: Path) -> str:
    size = _read_part(whole).size
    if size:
        return f"Give the same command again: it goes on after the {size:,} bytes that have come."
    return "Check the address and this machine's way out, or download the file elsewhere and give its path with --from."


def _too_large(address: Address, max_bytes: int) -> ResultTooLarge:
    return ResultTooLarge(
        f"the file at <{address}> has more than {max_bytes:,} bytes.",
        remedy="Download it yourself and give its path with --from.",
    )
