"""Whom ``SERVICE`` may ask: members, this node itself, and what the operator lists; and one request to each of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from node.config import Member, Services
from node.errors import MemberError, MemberTimeout, TargetRefused
from node.federation.calling.addresses import Address, AllowList, Resolve, look_up, read_address
from node.federation.calling.calls import ask
from node.federation.calling.http import HttpClient
from node.federation.calling.meter import Meter, Turn
from node.sparql.results import Results

#: This node's own endpoints, by their paths.
OWN_PATHS = ("sparql", "federation/sparql")


@dataclass(frozen=True, slots=True)
class Callee:
    """A service that may be asked. ``own`` is the path of this node's own endpoint, None for others; ``listed`` says
    that it is so by the operator's list, and not as a member."""

    iri: str
    address: Address
    own: str | None
    listed: bool


class Callees:
    """The services that this node asks. ``members`` gives the present members, ``base`` is the node's base IRI."""

    def __init__(
        self,
        services: Services,
        *,
        base: str,
        members: Callable[[], Sequence[Member]],
        resolve: Resolve = look_up,
    ) -> None:
        self._allow = AllowList(
            services.allow, "services.allow", private_addresses=services.private_addresses, resolve=resolve
        )
        self._seconds = services.seconds
        self._own = {address: path for path in OWN_PATHS if (address := _address(base + path)) is not None}
        self._members = members

    def permit(self, iri: str) -> Callee:
        """The service of this name. Connects to nothing. Raises TargetRefused."""
        address = read_address(iri)
        path = self._own.get(address)
        if path is not None:
            return Callee(iri, address, path, listed=False)
        if any(_address(member.endpoint) == address for member in self._members()):
            return Callee(iri, address, None, listed=False)
        return Callee(iri, self._allow.permit(iri), None, listed=True)

    def clients(self) -> Clients:
        """Connections for one query."""
        return Clients(self._allow, self._seconds)


class Clients:
    """Connections to services, for one query. Safe to use from several threads. Close them when done."""

    def __init__(self, allow: AllowList, seconds: float) -> None:
        self._allow = allow
        self._seconds = seconds
        self._clients: dict[Address, HttpClient] = {}
        self._lock = threading.Lock()

    def ask(self, callee: Callee, text: str, meter: Meter) -> Results:
        """The solutions of a SELECT at somebody else's service. Raises TargetRefused, MemberError, LimitExceeded."""
        name = f"the service <{callee.address}>"
        with self._lock:
            client = self._clients.setdefault(callee.address, HttpClient(name, 4))
        try:
            allow = self._allow if callee.listed else None
            return ask(name, client, callee.address, allow, text=text, meter=self.turn(callee, meter))
        except TargetRefused:
            raise
        except MemberError as error:
            remedy = "Try again later. With SERVICE SILENT the query is answered without it."
            raise type(error)(error.detail, member=str(callee.address), remedy=remedy) from error

    def turn(self, callee: Callee, meter: Meter) -> Meter:
        """The meter of one request."""
        detail = f"the service <{callee.address}> did not answer within {self._seconds:g} s."
        remedy = "Ask it for less, or ask the operator to raise services.seconds."
        member = str(callee.address)
        return Turn(meter, self._seconds, lambda: MemberTimeout(detail, member=member, remedy=remedy))

    def close(self) -> None:
        """Close the connections that are not in use."""
        with self._lock:
            for client in self._clients.values():
                client.close()


def _address(text: str) -> Address | None:
    """None for an address that ``SERVICE`` could not name."""
    try:
        return read_address(text)
    except TargetRefused:
        return None
