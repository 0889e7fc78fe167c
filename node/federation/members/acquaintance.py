"""What is remembered of another member between queries: what it says it holds, and its word that this stays so.

A member tells it in the VoID description at its well-known address, read again by ``ETag``, and with every answer by
the version of its data and a lease.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass, replace

from node.errors import MemberError
from node.federation.calling.circuits import Circuit
from node.federation.calling.http import HttpClient, Reply
from node.federation.calling.meter import Meter
from node.federation.calling.retries import persistently
from node.federation.calling.waits import Waits
from node.federation.members.leases import Asking, Lease, wanted
from node.federation.members.source import Recalled
from node.federation.members.summaries import Summary, read_void
from node.observability import log
from node.rdf.formats import NTRIPLES
from node.sparql.protocol import DATA_VERSION_HEADER, LEASE_HEADER

#: How long a member that has published no summary is not asked for one again.
_ABSENT_SECONDS = 300.0
#: A description of more bytes is not read: what is read takes several times as much memory.
_MOST_BYTES = 32_000_000


@dataclass(frozen=True)
class _Known:
    """What we last learnt of a member's summary. ``at`` is monotonic time; ``summary`` None: it had none then.

    ``tag`` is the description's ``ETag``. ``told``: the member's answers say which version of its data they are from.
    """

    at: float
    summary: Summary | None
    tag: str = ""
    told: bool = False


class Acquaintance:
    """One member's description as it was seen last, and its lease. Methods may be called from several threads.

    ``standing_for`` is the endpoint that the member is a replica of: its description may be that of the other.
    """

    def __init__(
        self, endpoint: str, client: HttpClient, circuit: Circuit, waits: Waits, standing_for: str | None
    ) -> None:
        self._endpoint = endpoint
        self._client = client
        self._circuit = circuit
        self._waits = waits
        self._standing_for = standing_for
        self._known: _Known | None = None
        self._forgotten = False
        self._failing_since: float | None = None
        self._lease: Lease | None = None
        #: For how many seconds a lease is asked for.
        self.lease_seconds = wanted(1)
        self._lock = threading.Lock()

    @property
    def summarised(self) -> bool:
        """Whether it published a summary of our kind when it was seen last."""
        known = self._known
        return known is not None and known.summary is not None

    @property
    def said(self) -> Summary | None:
        """What it said last that it holds, however long ago; None when it does not say which data its answers are
        from."""
        known = self._known
        return known.summary if known is not None and known.told else None

    @property
    def unseen_before_failing(self) -> float:
        """Seconds from when it was seen last until it first failed since then, or until now."""
        known, until = self._known, self._failing_since or time.monotonic()
        return math.inf if known is None else until - known.at

    @property
    def lease(self) -> Lease | None:
        """The last one that the member gave, be it over or not; None when it gives none, or failed since."""
        return self._lease

    def asking(self) -> Asking:
        """What to send with a request to get a lease."""
        return Asking(self.lease_seconds)

    def end_lease(self) -> None:
        """It has no lease until it has answered a query again."""
        self._lease = None

    def take_lease(self, asking: Asking, reply: Reply) -> None:
        """The lease that an answer gives, if it is a better one."""
        given = asking.lease(reply.header(LEASE_HEADER), reply.header(DATA_VERSION_HEADER))
        with self._lock:
            held = self._lease
            if given is None or held is None or held.version != given.version or held.until < given.until:
                self._lease = given

    def forget(self) -> None:
        """What was learnt no longer holds."""
        self._forgotten = True

    def recalled(self) -> Recalled | None:
        """What was learnt last; None where it has to be asked for: its answers do not say what they are from."""
        known = self._known
        if known is None or self._forgotten or (known.summary is not None and not known.told):
            return None
        if known.summary is None and time.monotonic() - known.at >= _ABSENT_SECONDS:
            return None
        if known.summary is not None and self._lease is not None and self._lease.version == known.summary.version:
            # What it has promised not to change, it holds now.
            at = time.monotonic() if self._lease.left() else known.at
            return Recalled(known.summary, at)
        return Recalled(known.summary, known.at)

    def summary(self, meter: Meter) -> Summary | None:
        """From ``<base>.well-known/void``, asked for with the ``ETag`` we have: unchanged costs one small exchange.

        A member that is down fails here with MemberError. None: no summary, or not one of this endpoint.
        """
        known = self._known
        if not self._endpoint.endswith("/sparql"):
            return None
        if known is not None and known.summary is None and time.monotonic() - known.at < _ABSENT_SECONDS:
            return None
        try:
            learnt = persistently(lambda: self._asked(known, meter), meter, self._circuit)
        except MemberError:
            self._failing_since = self._failing_since or time.monotonic()
            raise
        self._failing_since = None
        return learnt

    def _asked(self, known: _Known | None, meter: Meter) -> Summary | None:
        asking = self.asking()
        headers = {"Accept": NTRIPLES.media_type, **asking.headers}
        if known is not None and known.tag:
            headers["If-None-Match"] = known.tag
        url = self._endpoint.removesuffix("sparql") + ".well-known/void"
        # What is learnt holds from when it was asked for.
        asked = time.monotonic()
        with self._client.exchange("GET", url, body=None, headers=headers, meter=meter) as reply:
            self._waits.looked(time.monotonic() - asked)
            version = reply.header(DATA_VERSION_HEADER)
            self.take_lease(asking, reply)
            summary: Summary | None = None
            tag = reply.header("ETag") or ""
            if reply.status == 304 and known is not None and known.tag:
                summary, tag = known.summary, known.tag
                if summary is not None and version is not None and version != summary.version:
                    # The data is the same; a member that was restarted calls it otherwise.
                    summary = replace(summary, version=version)
            elif reply.status == 200 and reply.media_type in NTRIPLES.media_types and tag:
                text = _text(reply)
                if text is not None:
                    summary = read_void(text, self._endpoint, version or tag, standing_for=self._standing_for)
                else:
                    log("summary not read", level=30, endpoint=self._endpoint, bytes=_MOST_BYTES)
            elif reply.status >= 500 and (reply.status != 500 or (known is not None and known.summary is not None)):
                # Virtuoso answers 500 at an address that it does not have.
                reply.require()
        with self._lock:
            self._known = _Known(asked, summary, tag, told=version is not None)
            self._forgotten = False
        return summary


def _text(reply: Reply) -> str | None:
    """The text of a description, None for one that is too large: the rest of it does not come."""
    body = bytearray()
    for piece in reply.chunks():
        body += piece
        if len(body) > _MOST_BYTES:
            return None
    return body.decode("utf-8", "replace")
