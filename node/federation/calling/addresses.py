"""Which addresses this node calls because a query or an update says so, and where a connection to one may go.

An address is listed by the operator (``services.allow`` for ``SERVICE``, ``services.load`` for ``LOAD``) or is a
member's endpoint; nothing else is called. Two parties that read one address differently are how such lists are
evaded, so an address that could be read in two ways (user names, dots and slashes in disguise, numbers that are hosts)
is refused rather than repaired.

A listed host must have public addresses only, unless ``services.private_addresses``. What was resolved and judged is
what the connection goes to (``Target.dial``): there is no second look-up that could give another answer.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import unquote, unquote_to_bytes

from node.errors import ConfigurationError, MemberUnavailable, TargetRefused

#: Host name and port to the socket addresses (IP address, port) they stand for. Raises OSError when there are none.
Resolve: TypeAlias = Callable[[str, int], Sequence[tuple[str, int]]]

_PORTS = {"http": 80, "https": 443}
_ADDRESS = re.compile(r"(https?)://([^/?#]*)([^?#]*)(\?[^#]*)?", re.IGNORECASE)
# Printable ASCII without what no IRI may hold.
_CHARACTERS = re.compile(r"[!#-;=?-\[\]_a-z~]+")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
# What some libraries take for an IPv4 address: a last label of digits, or in hexadecimal.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_BROKEN_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
# Global by registration, but they reach into the network of whoever hosts the machine: protocol assignments (a cloud's
# metadata among them), the relay of 6to4 (RFC 7526), the host agent of a large cloud.
_INWARD = tuple(ipaddress.ip_network(n) for n in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32"))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_V6_REFUSED = tuple(ipaddress.ip_network(n) for n in ("::/96", "64:ff9b:1::/48", "2001::/32", "fec0::/10", "100::/64"))
_ISATAP = (0x00005EFE, 0x02005EFE)


@dataclass(frozen=True, slots=True)
class Address:
    """An http or https address in its one form: scheme and host in lower case, the port always there.

    ``path`` begins with ``/``; ``query`` is empty or begins with ``?``. An IPv6 ``host`` has no brackets.
    """

    scheme: str
    host: str
    port: int
    path: str
    query: str

    @property
    def authority(self) -> str:
        """Host and port as they stand in a ``Host`` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def target(self) -> str:
        """Path and query."""
        return self.path + self.query

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"


@dataclass(frozen=True, slots=True)
class Target:
    """An address that may be called. ``dial`` are the socket addresses to connect to; empty: whatever its name says."""

    address: Address
    dial: tuple[tuple[str, int], ...] = ()


def read_address(text: str) -> Address:
    """The address that this text is. Raises TargetRefused for what is not plainly one."""
    if len(text) > 2000 or not _CHARACTERS.fullmatch(text):
        raise _unreadable(text, "it holds characters that an address does not have, or is too long")
    match = _ADDRESS.fullmatch(text.partition("#")[0])
    if match is None:
        raise _unreadable(text, "it is not an http or https address")
    scheme, authority = match[1].lower(), match[2].lower()
    if "@" in authority:
        raise _unreadable(text, "it holds a user name")
    bracketed = re.fullmatch(r"\[([0-9a-f:.]+)\](?::([0-9]{0,5}))?", authority)
    named = re.fullmatch(r"([a-z0-9_.-]+)(?::([0-9]{0,5}))?", authority)
    found = bracketed or named
    if found is None:
        raise _unreadable(text, "its host cannot be read")
    port = int(found[2]) if found[2] else _PORTS[scheme]
    if not 0 < port < 65536:
        raise _unreadable(text, "its port is not one")
    host = _ipv6(found[1], text) if bracketed else _host(found[1].removesuffix("."), text)
    path = match[3] or "/"
    if _ambiguous(path):
        raise _unreadable(text, "its path holds dots, slashes or percent signs that can be read in two ways")
    return Address(scheme, host, port, path, match[4] or "")


def is_public(ip: str) -> bool:
    """Whether anybody in the internet can reach an IP address, and the IPv4 address that may be inside it."""
    address = ipaddress.ip_address(ip)
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if any(address in network for network in _V6_REFUSED) or (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
            return False
    elif any(address in network for network in _INWARD):
        return False
    return address.is_global and not (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
    )


def look_up(host: str, port: int) -> Sequence[tuple[str, int]]:
    """The socket addresses of a host, by the machine's own resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys((str(entry[4][0]), int(entry[4][1])) for entry in found))


class AllowList:
    """The addresses that begin with one of these entries, and where connections to them may go.

    An entry is an address: scheme, host and port must be the same; the path must be the same or below it, so that
    ``https://example.org/data`` allows ``https://example.org/data/x`` and not ``https://example.org/database``.
    ``setting`` is what the entries are called in messages. Raises ConfigurationError for an entry that is no address.
    """

    def __init__(
        self, entries: Iterable[str], setting: str, *, private_addresses: bool, resolve: Resolve = look_up
    ) -> None:
        self._setting = setting
        self._private = private_addresses
        self._resolve = resolve
        try:
            self._entries = tuple(read_address(entry) for entry in entries)
        except TargetRefused as error:
            raise ConfigurationError(f"{setting} has an entry that is not an address: {error.detail}") from error

    def permit(self, text: str) -> Address:
        """The address, if it is listed. Looks nothing up. Raises TargetRefused."""
        address = read_address(text)
        if not any(_below(address, entry) for entry in self._entries):
            raise TargetRefused(
                f"<{address}> is not an address that this node calls.",
                remedy=f"The operator may list it in {self._setting}.",
            )
        return address

    def locate(self, address: Address) -> Target:
        """Where a connection to a permitted address goes. Raises TargetRefused, and MemberUnavailable when its name
        has no address."""
        try:
            found = tuple(self._resolve(address.host, address.port))
        except (OSError, UnicodeError) as error:
            raise _nowhere(address) from error
        if not found:
            raise _nowhere(address)
        if not self._private and not all(is_public(ip.partition("%")[0]) for ip, _ in found):
            raise TargetRefused(
                f"the host of <{address}> has an address that is not public.",
                remedy="The operator may allow such addresses with services.private_addresses.",
            )
        return Target(address, found)


def _nowhere(address: Address) -> MemberUnavailable:
    return MemberUnavailable(f"the host of <{address}> has no address.", member=str(address), remedy="Check its name.")


def _below(address: Address, entry: Address) -> bool:
    if (address.scheme, address.host, address.port) != (entry.scheme, entry.host, entry.port):
        return False
    if entry.query:
        return address.path == entry.path and address.query.startswith(entry.query)
    return address.path == entry.path or address.path.startswith(entry.path.removesuffix("/") + "/")


def _ipv6(text: str, whole: str) -> str:
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError:
        raise _unreadable(whole, "its host cannot be read") from None


def _host(name: str, whole: str) -> str:
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            raise _unreadable(whole, "its host is a number that can be read in several ways") from None
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _unreadable(whole, "its host cannot be read")
    return name


def _ambiguous(path: str) -> bool:
    """Whether a server could take the path for another one than we do."""
    if _BROKEN_PERCENT.search(path):
        return True
    for _ in range(8):
        if any(segment in (".", "..") for segment in path.split("/")) or "\\" in path:
            return True
        raw = unquote_to_bytes(path)
        if min(raw, default=32) < 32 or raw.count(b"/") != path.count("/"):
            return True
        if unquote(path) == path:
            return False
        path = unquote(path)
    return True


def _unreadable(text: str, why: str) -> TargetRefused:
    shown = ascii(text[:200])[1:-1]
    return TargetRefused(f"<{shown}> is not called: {why}.", remedy="Write the address in its plain form.")
