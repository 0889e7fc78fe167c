"""The dump of what is public, at fixed addresses: made when it is first asked for, once a generation."""

from __future__ import annotations

import base64
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wsgi import wrap_file

from node.assembly import dump_budget
from node.errors import TooBusy
from node.publishing.dump import PATH, Dump, write_dump
from node.web.call import read_call
from node.web.responses import data
from node.web.signposting import Link
from node.web.validators import REVALIDATE

if TYPE_CHECKING:
    from node.assembly import Node

blueprint = Blueprint("dumps", __name__)

EXTENSION = "onconode.dumps"
_PIECE_BYTES = 64 * 1024


class Dumps:
    """Keeps the dump of the current generation in a temporary folder, which goes when this or the process does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folder: Path | None = None
        self._made: tuple[Path, Dump] | None = None

    @contextmanager
    def current(self, node: Node) -> Iterator[tuple[IO[bytes], Dump]]:
        """The dump as an open file. Raises TooBusy while another caller has it made, and what ``write_dump`` raises."""
        limits = node.settings.limits
        if not self._lock.acquire(timeout=limits.queue_seconds):
            raise TooBusy("the dump is being made.", remedy="Ask again in a minute.")
        try:
            if self._made is None or self._made[1].generation != node.store.generation().number:
                if self._folder is None:
                    self._folder = Path(tempfile.mkdtemp(prefix="onconode-dump-"))
                    weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
                before, self._made = self._made, None
                if before is not None:
                    # Who is reading it has it open, and reads on.
                    before[0].unlink(missing_ok=True)
                path = self._folder / PATH
                self._made = path, write_dump(node.store, path, budget=dump_budget(limits))
            path, dump = self._made
            file = path.open("rb")
        finally:
            self._lock.release()
        try:
            yield file, dump
        except BaseException:
            file.close()
            raise


@blueprint.get(f"/{PATH}")
def dump() -> Response:
    """The file, whole or in ranges (RFC 9110, section 14)."""
    call = read_call(current_app, request)
    dumps: Dumps = current_app.extensions[EXTENSION]
    with dumps.current(call.node) as (file, made):
        response = Response(wrap_file(request.environ, file, _PIECE_BYTES), content_type="application/gzip")
        response.content_length = made.bytes
        response.set_etag(made.sha256)
        response.call_on_close(file.close)
        # RFC 9110, sections 13 and 14: 304 to who has it, 206 to who wants a range; all of it for a range that is none.
        with suppress(RequestedRangeNotSatisfiable):
            response.make_conditional(request, accept_ranges=True, complete_length=made.bytes)
    response.headers["Content-Disposition"] = f"attachment; filename={PATH}"
    response.headers["Cache-Control"] = f"{REVALIDATE}, no-transform"
    digest = base64.b64encode(bytes.fromhex(made.sha256)).decode()
    response.headers["Repr-Digest"] = f"sha-256=:{digest}:"
    response.headers.add("Link", Link("describedby", call.url(".well-known/void"), "text/turtle").header)
    return response


@blueprint.get(f"/{PATH}.sha256")
def digest() -> Response:
    """The digest as ``sha256sum -c`` reads it."""
    call = read_call(current_app, request)
    dumps: Dumps = current_app.extensions[EXTENSION]
    with dumps.current(call.node) as (file, made):
        file.close()
    return data(call, f"{made.sha256}  {PATH}\n".encode(), "text/plain; charset=utf-8")
