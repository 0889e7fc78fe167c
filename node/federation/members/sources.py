"""Other members as sources of rows, asked by the SPARQL 1.1 Protocol.

What comes out is a whole, well-formed answer, or an error that names the member: an answer that was cut short never
looks like a short answer.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar, cast

from node.config import Member
from node.errors import MemberError, MemberProtocolError, MemberTruncated, NodeError
from node.federation.calling.begun import Begun
from node.federation.calling.circuits import Circuit
from node.federation.calling.http import HttpClient, Reply
from node.federation.calling.meter import Meter
from node.federation.calling.retries import persistently
from node.federation.calling.rows import Table, read_boolean, read_json, read_tsv
from node.federation.calling.waits import Waits
from node.federation.members.acquaintance import Acquaintance
from node.federation.members.leases import Asking, Lease
from node.federation.members.probing import Form, request_of, wrong_type
from node.federation.members.profile import Profile, profile
from node.federation.members.profiles import Profiler, Profiles
from node.federation.members.source import Recalled
from node.federation.members.summaries import Summary
from node.federation.members.truncation import RowWatch, count_text
from node.federation.members.workers import PARALLEL
from node.rdf.formats import JSON, TSV, Format
from node.sparql.protocol import DATA_VERSION_HEADER
from node.sparql.results import MalformedResults
from node.store.quads import Answer, Generation

T = TypeVar("T")

#: JSON that is read takes so many times the memory of its text.
_JSON_BESIDE = 8
#: What finding out about a member may take; of one that nobody asked to find out about, so many seconds.
_PROFILE_SECONDS, _PROFILE_REQUESTS, _PROFILE_BYTES = 900.0, 20, 100_000_000
_GUESS_SECONDS = 120.0


class RemoteSource:
    """Another node, or any SPARQL 1.1 endpoint. Keeps connections and the member's summary between queries.

    A request that fails in a way that may pass is sent again; ``circuit`` leaves a member alone that keeps failing.
    ``standing_for`` is the endpoint that the member is a replica of: its description may be that of the other.
    """

    exportable = True

    def __init__(
        self,
        member: Member,
        circuit: Circuit | None = None,
        form: Form | None = None,
        profiles: Profiles | None = None,
        *,
        standing_for: str | None = None,
    ) -> None:
        self._form = form
        #: The member that this one is a replica of, as its operator says; empty for none.
        self.replica_of = member.replica_of
        #: The members whose data it holds as well, as its operator says.
        self.mirror_of = member.mirror_of
        #: How long it takes to begin an answer.
        self.waits = Waits()
        self.name = member.name
        self.endpoint = member.endpoint
        self._circuit = circuit or Circuit(member.name)
        self._rows = RowWatch()
        self._client = HttpClient(member.name, PARALLEL)
        self._version = member.version
        profiles = profiles or Profiles(None)
        self._profiler = Profiler(
            member.name,
            self._profile if member.version else self._guessed,
            lambda: profiles.get(member.endpoint, member.version),
            lambda found: profiles.put(member.endpoint, member.version, found),
            lasting=bool(member.version),
        )
        self._server: str | None = None
        self._acquaintance = Acquaintance(member.endpoint, self._client, self._circuit, self.waits, standing_for)

    @property
    def skolemised(self) -> bool:
        """A member that publishes a summary of our kind is a node like this one."""
        return self._acquaintance.summarised and not self._version

    @property
    def alike(self) -> bool:
        """Nodes like this one are, and the native server of the same engine, by the name it gives itself."""
        return self.skolemised or (self._server or "").startswith("Oxigraph/")

    def close(self) -> None:
        """Close idle connections. What is still being found out is given up."""
        self._profiler.give_up()
        self._client.close()

    def summary(self, meter: Meter) -> Summary | None:
        """What the member's description says; of one whose data is declared to stay, what was found out once.

        A member that is down fails here, before anything is fetched. None: no summary, or not one of this endpoint.
        """
        if not self._version:
            return self._acquaintance.summary(meter)
        found = self._profiler.profile(meter)
        if found is not None and self._server is None:
            # Known from before a restart; which engine it is decides what it is asked.
            self.ask("ASK {}", meter)
        return found

    @property
    def said(self) -> Summary | None:
        """What it said last that it holds, however long ago; None when it does not say which data its answers are
        from."""
        return self._acquaintance.said

    @property
    def open(self) -> bool:
        """Whether it is left alone because it keeps failing."""
        return self._circuit.open is not None

    @property
    def unseen_before_failing(self) -> float:
        """Seconds from when it was seen last until it first failed since then, or until now."""
        return self._acquaintance.unseen_before_failing

    def _profile(self) -> Profile:
        """Find out about a member whose data stays as it is, in a time of its own: queries need not wait for it."""
        own = Meter(_PROFILE_SECONDS, _PROFILE_REQUESTS, _PROFILE_BYTES)
        return profile(lambda text, columns: self.select(text, columns, own), self._version)

    def _guessed(self) -> Profile:
        """The same of a member that may change at any time: each question is asked once, and that it is too much for
        the member does not count against it."""
        own = Meter(_GUESS_SECONDS, _PROFILE_REQUESTS, _PROFILE_BYTES)

        def ask(text: str, columns: tuple[str, ...]) -> Table:
            form, read = (TSV, read_tsv) if self.alike else (JSON, read_json)
            with self._post(text, (form,), own) as reply:
                return self._reading(form, lambda data: read(data, columns), own)(reply)

        return profile(ask, "")

    @property
    def guess(self) -> Summary | None:
        """About what a member held some time ago that does not say what it holds. Begins to find it out where that is
        due, beside whatever runs."""
        return None if self._version or self.skolemised else self._profiler.latest()

    @property
    def profiling(self) -> bool:
        """Whether it is being found out what the member holds."""
        return self._profiler.running

    def wait_for_profile(self, seconds: float) -> None:
        """Wait so long at most until that has ended."""
        self._profiler.wait(seconds)

    def recalled(self) -> Recalled | None:
        """A member whose answers do not say what they are from has to be asked each time."""
        if self._version:
            # Its operator's word that the data stays counts at any time.
            found = self._profiler.found
            return None if found is None or self._server is None else Recalled(found, time.monotonic())
        return self._acquaintance.recalled()

    @property
    def lease(self) -> Lease | None:
        """The last one that the member gave, be it over or not; None when it gives none, or failed since."""
        return self._acquaintance.lease

    def lease_for(self, seconds: float) -> None:
        """Ask for leases of so many seconds from now on."""
        self._acquaintance.lease_seconds = seconds

    def renew(self, meter: Meter) -> None:
        """Have the lease and what the member says it holds as they are now. Raises as ``summary``.

        A member that fails has no lease until it has answered a query again.
        """
        try:
            self.summary(meter)
        except NodeError:
            self._acquaintance.end_lease()
            raise

    def forget(self) -> None:
        self._acquaintance.forget()

    def select(self, text: str, columns: tuple[str, ...], meter: Meter) -> Table:
        """TSV from servers of the same engine as this node's; JSON, which shows its own end, from others."""
        if self.alike:
            return self._read(text, TSV, lambda data: read_tsv(data, columns), meter)
        table = self._read(text, JSON, lambda data: read_json(data, columns), meter)
        # A node like this one would rather fail than cut its answer.
        if self._rows.may_be_cut(len(table)):
            self._require_all(text, len(table), meter)
            self._rows.was_whole(len(table))
        return table

    def begin(self, text: str, columns: tuple[str, ...], meter: Meter) -> Begun[Table | bool] | None:
        if not self.alike:
            return None
        if columns:
            return self._begin(text, (TSV,), self._reading(TSV, lambda data: read_tsv(data, columns), meter), meter)
        return self._begin(text, (JSON,), self._reading(JSON, read_boolean, meter), meter)

    def begin_whole(
        self, text: str, formats: tuple[Format, Format], read: Callable[[Answer], T], meter: Meter
    ) -> Begun[T] | None:
        return self._begin(text, formats, lambda reply: read(self._passed_on(reply, formats)), meter)

    def _begin(
        self, text: str, formats: tuple[Format, ...], read: Callable[[Reply], T], meter: Meter
    ) -> Begun[T] | None:
        if self._circuit.open is not None:
            return None
        started, asking = time.monotonic(), self._acquaintance.asking()
        method, url, body, headers = self._request(text, formats, asking)
        if (reply := self._client.begin(method, url, body=body, headers=headers, meter=meter)) is None:
            return None

        def finish(reply: Reply) -> T:
            try:
                self._heard(reply, asking)
                made = read(reply)
            finally:
                meter.done(self.name, 0, time.monotonic() - started)
            self._circuit.succeeded()
            return made

        def again(failure: MemberError | None) -> T:
            failures = [] if failure is None else [failure]

            def attempt() -> T:
                if failures:
                    raise failures.pop()
                with self._post(text, formats, meter) as reply:
                    return read(reply)

            return persistently(attempt, meter, self._circuit)

        return Begun(reply, finish, again)

    def _require_all(self, text: str, rows: int, meter: Meter) -> None:
        """Raise MemberTruncated when the member has more rows than it gave."""
        counted = self._read(count_text(text), JSON, lambda data: read_json(data, ("n",)), meter)
        number = re.match(rb'"([0-9]+)"', counted.body)
        if number is None:
            raise MemberProtocolError(f"{self.name} counted its rows with {counted.body[:60]!a}.", member=self.name)
        if int(number[1]) > rows:
            raise MemberTruncated(
                f"{self.name} gave {rows:,} of {int(number[1]):,} rows.",
                member=self.name,
                remedy="It cuts long answers. Make the query more selective, or ask its operator for a higher limit.",
            )

    def ask(self, text: str, meter: Meter) -> bool:
        return self._read(text, JSON, read_boolean, meter)

    @contextmanager
    def answer(self, text: str, formats: tuple[Format, Format], meter: Meter) -> Iterator[Answer]:
        with ExitStack() as stack:
            # Once its first bytes are passed on, an answer cannot be begun again.
            opening = lambda: stack.enter_context(self._post(text, formats, meter))  # noqa: E731
            yield self._passed_on(persistently(opening, meter, self._circuit), formats)

    def _passed_on(self, reply: Reply, formats: tuple[Format, ...]) -> _RemoteAnswer:
        chosen = next((f for f in formats if reply.media_type in f.media_types), None)
        if chosen is None:
            raise self._wrong_type(reply)
        return _RemoteAnswer(chosen, reply)

    def _request(
        self, text: str, formats: tuple[Format, ...], asking: Asking
    ) -> tuple[str, str, bytes | None, dict[str, str]]:
        # Where nothing is known: Virtuoso takes a query in a form only; one sent as it is, it never answers.
        form = self._form or ("post" if self.alike else "form")
        method, url, body, headers = request_of(form, self.endpoint, text)
        return method, url, body, {"Accept": ", ".join(f.media_type for f in formats), **asking.headers, **headers}

    @contextmanager
    def _post(self, text: str, formats: tuple[Format, ...], meter: Meter) -> Iterator[Reply]:
        asking = self._acquaintance.asking()
        method, url, body, headers = self._request(text, formats, asking)
        with self._client.exchange(method, url, body=body, headers=headers, meter=meter) as reply:
            self._heard(reply, asking)
            yield reply

    def _heard(self, reply: Reply, asking: Asking) -> None:
        """Take what the head of an answer says. Raises what its status means."""
        self._server = reply.header("Server") or ""
        reply.require()
        self._acquaintance.take_lease(asking, reply)

    def _read(self, text: str, results: Format, read: Callable[[bytearray], T], meter: Meter) -> T:
        made = self._reading(results, read, meter)

        def attempt() -> T:
            with self._post(text, (results,), meter) as reply:
                return made(reply)

        return persistently(attempt, meter, self._circuit)

    def _reading(self, results: Format, read: Callable[[bytearray], T], meter: Meter) -> Callable[[Reply], T]:
        """What makes rows of a reply, or a boolean."""

        def made_of(reply: Reply) -> T:
            if reply.media_type not in results.media_types:
                raise self._wrong_type(reply)
            version = reply.header(DATA_VERSION_HEADER)
            data = reply.kept()
            # The next request may have the connection while this is read.
            reply.close()
            try:
                # Rows are made of the text, which goes after that.
                with meter.beside(len(data) * (_JSON_BESIDE if results is JSON else 1)):
                    made = read(data)
            except MalformedResults as error:
                raise MemberProtocolError(
                    f"{self.name} gave an answer that is not SPARQL results: {error}.", member=self.name
                ) from error
            finally:
                data.clear()
            if not isinstance(made, Table):
                return made
            meter.done(self.name, len(made), 0.0)
            return cast("T", replace(made, version=version))

        return made_of

    def _wrong_type(self, reply: Reply) -> MemberProtocolError:
        return wrong_type(self.name, self.endpoint, reply.media_type)


class _RemoteAnswer:
    """A member's answer passed on. Its generation is the member's own, which we do not know: number 0, no folder."""

    def __init__(self, chosen: Format, reply: Reply) -> None:
        self.format = chosen
        self.generation = Generation(0, Path())
        self.version = reply.header(DATA_VERSION_HEADER)
        self._reply = reply

    def __iter__(self) -> Iterator[bytes]:
        return self._reply.chunks()

    def close(self) -> None:
        self._reply.close()
