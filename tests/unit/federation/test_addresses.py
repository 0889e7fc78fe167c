"""Which addresses may be called: those that are listed, can be read in one way only, and lead to public hosts."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from node.errors import ConfigurationError, MemberUnavailable, TargetRefused
from node.federation.calling.addresses import AllowList, is_public, read_address

NOT_PUBLIC = [
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "0.0.0.0",
    "0.1.2.3",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "192.88.99.1",
    "168.63.129.16",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a00:1::",
    "2001:0:53aa:64c::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "100::1",
    "2606:4700::5efe:127.0.0.1",
    "2606:4700::200:5efe:a00:1",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
UNREADABLE = [
    "https://good.example@evil.example/",
    "https://good.example:pw@evil.example/",
    "https://good.example\\@evil.example/",
    "https://good.example/../x",
    "https://good.example/a/..",
    "https://good.example/%2e%2e/x",
    "https://good.example/a/%2E./x",
    "https://good.example/%252e%252e/x",
    "https://good.example/a%2fb",
    "https://good.example/a%5cb",
    "https://good.example/a%00",
    "https://good.example/a%0d%0aHost:x",
    "https://good.example/%zz",
    "https://good.example/\r\nX: y",
    "https://good.example /",
    " https://good.example/",
    "https://good.example\t/",
    "https://g\u00f6\u00f6d.example/",
    "https://good\u3002example/",
    "https://\uff11\uff12\uff17.0.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://127.0.0.1.5/",
    "http://1.2.3.256/",
    "http://[::1%25lo]/",
    "http://[::1",
    "http://[v1.x]/",
    "http://::1/",
    "http://good.example:0/",
    "http://good.example:65536/",
    "http://good.example:80:80/",
    "http://good..example/",
    "http://-good.example/",
    "http:///x",
    "http:good.example/",
    "//good.example/",
    "good.example",
    "ftp://good.example/",
    "file:///etc/passwd",
    "gopher://good.example/",
    "javascript:alert(1)",
    "urn:x:y",
    "",
    "https://good.example/" + "a" * 2000,
]


@pytest.mark.parametrize("ip", NOT_PUBLIC)
def test_these_are_not_public(ip: str) -> None:
    """Whatever form they come in."""
    assert not is_public(ip)


@pytest.mark.parametrize("ip", PUBLIC)
def test_these_are_public(ip: str) -> None:
    """Otherwise nothing could be called."""
    assert is_public(ip)


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_can_be_read_in_two_ways_is_refused(text: str) -> None:
    """Refused, not repaired."""
    with pytest.raises(TargetRefused):
        read_address(text)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("HTTPS://Good.Example:443/A?b#c", "https://good.example/A?b"),
        ("http://good.example", "http://good.example/"),
        ("http://good.example.:8080/x", "http://good.example:8080/x"),
        ("http://good.example:/x", "http://good.example/x"),
        ("http://[2606:4700:0::1111]:80/x", "http://[2606:4700::1111]/x"),
        ("http://good.example/a%20b", "http://good.example/a%20b"),
        ("http://good.example/100%25", "http://good.example/100%25"),
        ("http://1.2.3.4/", "http://1.2.3.4/"),
    ],
)
def test_an_address_has_one_form(text: str, form: str) -> None:
    """So that what is compared is what is called."""
    assert str(read_address(text)) == form


def test_an_entry_allows_itself_and_what_is_below() -> None:
    """Not what merely begins with the same letters."""
    entries = ("https://good.example/data", "http://other.example:81/", "https://q.example/s?g=1")
    allow = AllowList(entries, "x", private_addresses=False)
    for text in (
        "https://good.example/data",
        "https://good.example/data/x?y",
        "https://good.example/data?y",
        "https://GOOD.example:443/data/",
        "http://other.example:81/anything",
        "https://q.example/s?g=1&h=2",
    ):
        allow.permit(text)
    for text in (
        "https://good.example/database",
        "https://good.example/",
        "https://good.example/Data",
        "https://good.example//data",
        "http://good.example/data",
        "https://good.example:444/data",
        "https://good.example.evil.example/data",
        "https://evil.example/https://good.example/data",
        "https://evil.example/?https://good.example/data",
        "https://evil.example#https://good.example/data",
        "https://agood.example/data",
        "http://other.example/",
        "https://q.example/s",
        "https://q.example/s/?g=1",
    ):
        with pytest.raises(TargetRefused, match="not an address that this node calls"):
            allow.permit(text)


def test_every_address_of_a_host_must_be_public() -> None:
    """One that is not among many, and none at all, are refused; the setting lifts the first."""
    found: dict[str, Sequence[tuple[str, int]]] = {
        "good.example": [("8.8.8.8", 443), ("2606:4700::1111", 443)],
        "mixed.example": [("8.8.8.8", 443), ("10.0.0.1", 443)],
        "scoped.example": [("fe80::1%eth0", 443)],
        "none.example": [],
    }

    def resolve(host: str, port: int) -> Sequence[tuple[str, int]]:
        if host not in found:
            raise OSError("no such host")
        return found[host]

    strict = AllowList((), "x", private_addresses=False, resolve=resolve)
    assert strict.locate(read_address("https://good.example/")).dial == tuple(found["good.example"])
    for host in ("mixed.example", "scoped.example"):
        with pytest.raises(TargetRefused, match="not public"):
            strict.locate(read_address(f"https://{host}/"))
    for host in ("none.example", "unknown.example"):
        with pytest.raises(MemberUnavailable, match="no address"):
            strict.locate(read_address(f"https://{host}/"))
    lax = AllowList((), "x", private_addresses=True, resolve=resolve)
    assert lax.locate(read_address("https://mixed.example/")).dial == tuple(found["mixed.example"])


def test_a_wrong_entry_is_found_at_the_start() -> None:
    """Rather than never matching in silence."""
    for entry in ("example.org", "https://*.example.org/", "*", "https://user@example.org/"):
        with pytest.raises(ConfigurationError, match=r"services\.allow"):
            AllowList((entry,), "services.allow", private_addresses=False)
