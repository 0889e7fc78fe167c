"""For how long the data stays as it is, told to those who ask for it with their request: the header ``Onconode-Lease``.

Whoever has a lease (``node.federation.members.leases``) need not look whether this node has changed before its end.
The token of the request stands in the answer, so that no cache or proxy in between passes one request's lease to
another. It may say for how long a lease is wanted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from node.errors import StoreError
from node.sparql.protocol import DATA_VERSION_HEADER, LEASE_HEADER
from node.store.quads import PromisingStore
from node.web.reply import Reply, WebRequest
from node.web.validators import Validators

if TYPE_CHECKING:
    from node.assembly import Node

_ASKED = LEASE_HEADER.lower()
_VERSION = DATA_VERSION_HEADER.lower()
_TOKEN = re.compile(r"([A-Za-z0-9._-]{1,64})(?:;ms=([0-9]{1,6}))?")


class Promising:
    """Adds leases to replies. For the event loop alone."""

    def __init__(self, node: Node, validators: Validators) -> None:
        self._store = node.store
        self._validators = validators

    def add(self, request: WebRequest, reply: Reply) -> None:
        """Say in the reply for how long its version is the current one, if the request asks and something is known."""
        asked = _TOKEN.fullmatch(request.headers.get(_ASKED, ""))
        if asked is None or not isinstance(self._store, PromisingStore):
            return
        token, wanted = asked.groups()
        version = reply.header(_VERSION)
        if version is None:
            return
        promised = self._store.promised() if wanted is None else self._store.promised(int(wanted) / 1000)
        milliseconds = int(promised * 1000)
        if milliseconds <= 0:
            return
        try:
            # Looked up after the promise: what is current then stays so.
            current = self._store.generation().number
        except StoreError:
            return
        if self._validators.data(current) == version:
            reply.headers.append((_ASKED, f"{token};ms={milliseconds}"))
