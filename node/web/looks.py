"""The description of the node's data, for those who look whether it has changed: from memory, without a thread.

Every node of a federation looks before it leaves this one out of a query. So what the application once answered at
``/.well-known/void`` is kept while the data stays as it is, and ``304`` (RFC 9110, section 15.4.5) takes no more than
finding it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from node.errors import StoreError
from node.sparql.protocol import DATA_VERSION_HEADER
from node.web.reply import Reply, WebRequest
from node.web.validators import Validators, matches

if TYPE_CHECKING:
    from node.assembly import Node

#: So many representations are kept, none of them larger than this.
_KEPT = 8
_MOST_BYTES = 8_000_000
_VERSION = DATA_VERSION_HEADER.lower()
#: What a ``304`` does not repeat of a ``200``.
_OF_CONTENT = ("content-type", "content-length", "content-encoding", "x-request-id")


class Looks:
    """The replies of ``/.well-known/void`` that are still true. For the event loop alone.

    ``root``: the path of the node's base IRI, with a slash at its end.
    """

    def __init__(self, node: Node, validators: Validators, root: str) -> None:
        self._node = node
        self._validators = validators
        self._paths = {f"{prefix}.well-known/void" for prefix in ("/", root)}
        self._kept: dict[tuple[str | None, ...], Reply] = {}

    def concerns(self, request: WebRequest) -> bool:
        """Whether this is a request that may be answered here."""
        return request.path in self._paths and request.method in ("GET", "HEAD") and not request.body

    def kept(self, request: WebRequest) -> Reply | None:
        """The reply, or None where the application has to make it."""
        key = _key(request)
        kept = self._kept.get(key)
        if kept is None or (number := self._current(kept)) is None:
            return None
        # The one that was asked for last is dropped last.
        self._kept[key] = self._kept.pop(key)
        notes = {"generation": number}
        known, tag = request.headers.get("if-none-match"), kept.header("etag")
        if known and tag and matches(known, tag.removeprefix("W/").strip('"')):
            headers = [(name, value) for name, value in kept.headers if name not in _OF_CONTENT]
            return Reply(304, headers, notes=notes)
        return Reply(200, list(kept.headers), kept.head, notes=notes) if kept.status == 200 else None

    def keep(self, request: WebRequest, reply: Reply) -> None:
        """Remember what the application has answered, if that is a whole description or that it is still the same."""
        whole = reply.status == 304 or (
            reply.status == 200
            and request.method == "GET"
            and reply.header("content-length") == str(len(reply.head)) != "0"
        )
        if not whole or len(reply.head) > _MOST_BYTES:
            return
        key = _key(request)
        self._kept.pop(key, None)
        if len(self._kept) >= _KEPT:
            del self._kept[next(iter(self._kept))]
        headers = [(name, value) for name, value in reply.headers if name != "x-request-id"]
        self._kept[key] = Reply(reply.status, headers, reply.head)

    def _current(self, kept: Reply) -> int | None:
        """The number of the current generation if the reply is about that one."""
        try:
            number = self._node.store.generation().number
        except StoreError:
            return None
        return number if kept.header(_VERSION) == self._validators.data(number) else None


def _key(request: WebRequest) -> tuple[str | None, ...]:
    """All of a request that the representation depends on."""
    headers = request.headers
    return request.path, request.query_string, headers.get("accept"), headers.get("accept-encoding")
