"""The members a node knows: found out about, added to and taken out of its ``node.toml``."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT

from node.config import Member
from node.errors import (
    ConfigurationError,
    Conflict,
    MemberError,
    MemberProtocolError,
    NodeError,
    NotFound,
    Place,
    ProtocolError,
)
from node.federation.calling.meter import Meter
from node.federation.members.probing import Probe, keep_probes, probe_endpoint, require_answer
from node.federation.members.profiles import PROFILES_FILE, Profiles
from node.federation.members.sources import RemoteSource
from node.federation.members.summaries import Summary

_CHECK_SECONDS = 10.0
_CHECK_BYTES = 50_000_000
# So many members are looked at, and found out about, at a time.
_CHECKED, _INSPECTED = 64, 8


@dataclass(frozen=True)
class MemberStatus:
    """How a member does. ``triples`` is None when it does not say; ``problem`` is None when all is well.

    ``digest``: of what it holds, and ``graphs``: of each of its graphs; None when it does not say.
    """

    name: str
    endpoint: str
    reachable: bool
    milliseconds: float
    triples: int | None
    problem: str | None
    digest: str | None = None
    graphs: Mapping[str, str] | None = None


def probe(url: str) -> Member:
    """The member at this address, which may be a SPARQL endpoint's or the base of a node; named by its host.

    Raises ProtocolError for what is not an http address, and MemberError when neither the address nor ``sparql`` below
    it answers ``ASK {}``, however it is sent.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ProtocolError(f"{url} is not an http or https address.", remedy="Give the address of a node or endpoint.")
    if parts.path.rstrip("/").endswith("/federation/sparql"):
        raise ProtocolError(
            f"{url} is a federation, not a member: two that name each other would ask each other without end.",
            remedy="Add its members one by one.",
        )
    base = url if url.endswith("/") else f"{url}/"
    # A node's own page also answers at its base address: the endpoint below it comes first.
    endpoints = [url, f"{base}sparql"] if parts.path.endswith("/sparql") else [f"{base}sparql", url]
    members = [Member(endpoint=endpoint, name=_name(url)) for endpoint in endpoints]
    with ThreadPoolExecutor(len(members), thread_name_prefix="probe") as executor:
        failures = list(executor.map(_failure, members))
    for member, failure in zip(members, failures, strict=True):
        if failure is None:
            return member
    # What is wrong with the address that was given comes before what is wrong with the one that was guessed.
    failures = failures if endpoints[0] == url else failures[::-1]
    wrong = next((f for f in failures if isinstance(f, MemberProtocolError)), failures[0])
    assert wrong is not None
    if isinstance(wrong, MemberProtocolError):
        wrong.remedy = "Give the address of a node, or of a SPARQL endpoint: its documentation names it."
    raise wrong


def _failure(member: Member) -> MemberError | None:
    """Why it does not answer as an endpoint; None if it does."""
    try:
        require_answer(member)
    except MemberError as error:
        return error
    return None


def inspect(member: Member, folder: Path, *, standing_for: str | None = None) -> Probe | None:
    """Find out what an endpoint can do, and keep it in the node's folder; None: it is a node like this one and says so.

    A replica may say so in the name of the endpoint that it is ``standing_for``.

    Raises MemberError when it does not answer, and ConfigurationError when that cannot be written.
    """
    source = RemoteSource(member, standing_for=standing_for)
    try:
        with contextlib.suppress(MemberError):
            if source.summary(Meter(_CHECK_SECONDS, 10, _CHECK_BYTES)) is not None:
                keep_probes(folder, {member.endpoint: None})
                return None
    finally:
        source.close()
    probe = probe_endpoint(member)
    keep_probes(folder, {member.endpoint: probe})
    return probe


def count(member: Member, folder: Path, probe: Probe, *, seconds: float) -> Summary | None:
    """About how much of what an endpoint of another kind holds, kept in the node's folder for estimates; None: it could
    not be counted in that time."""
    source = RemoteSource(member, form=probe.form, profiles=Profiles(folder / PROFILES_FILE))
    try:
        if source.guess is None:
            source.wait_for_profile(seconds)
        return source.guess
    finally:
        source.close()


def inspect_again(members: Sequence[Member], folder: Path) -> None:
    """Find out anew what these endpoints can do, a few at a time. What fails is left as it was."""
    found: dict[str, Probe | None] = {}

    def again(member: Member) -> None:
        with contextlib.suppress(MemberError):
            found[member.endpoint] = probe_endpoint(member)

    with ThreadPoolExecutor(_INSPECTED, thread_name_prefix="probe") as executor:
        for _ in executor.map(again, members):
            pass
    keep_probes(folder, found)


def check(sources: Sequence[RemoteSource]) -> tuple[MemberStatus, ...]:
    """Ask every member something small, many at the same time."""
    if not sources:
        return ()
    with ThreadPoolExecutor(min(len(sources), _CHECKED), thread_name_prefix="check") as executor:
        return tuple(executor.map(_check, sources))


def _check(source: RemoteSource) -> MemberStatus:
    meter = Meter(_CHECK_SECONDS, 10, _CHECK_BYTES)
    started = time.monotonic()
    triples: int | None = None
    problem: str | None = None
    digest: str | None = None
    graphs: Mapping[str, str] | None = None
    try:
        source.ask("ASK {}", meter)
        summary = source.summary(meter)
        if summary is not None:
            triples, digest, graphs = summary.triples, summary.digest, summary.graphs
    except NodeError as error:
        problem = str(error)
    elapsed = (time.monotonic() - started) * 1000
    return MemberStatus(source.name, source.endpoint, problem is None, elapsed, triples, problem, digest, graphs)


def add_member(config_path: Path, member: Member) -> None:
    """Write the member into ``node.toml``, comments and order kept.

    Raises Conflict when the endpoint or the name is taken, or it is to stand for one that nobody can, NotFound
    when that is not there, ConfigurationError when the file cannot be read or written.
    """
    document = _read(config_path)
    entries = _entries(document, config_path)
    for name in filter(None, (member.replica_of, *member.mirror_of)):
        _check_original(name, entries, config_path)
    if member.replica_of and member.mirror_of:
        raise Conflict("a replica mirrors what its original does.", remedy=f"Say it of {member.replica_of}.")
    for entry in entries:
        for key, value in (("endpoint", member.endpoint), ("name", member.name)):
            if entry.get(key) == value:
                raise Conflict(
                    f"a member with the {key} {value} is there already.",
                    where=Place(source=str(config_path)),
                    remedy="Give another name, or remove it first: onconode member remove.",
                )
    table = tomlkit.table()
    table.add("name", member.name)
    table.add("endpoint", member.endpoint)
    if member.replica_of:
        table.add("replica_of", member.replica_of)
    if member.mirror_of:
        table.add("mirror_of", list(member.mirror_of))
    entries.append(table)
    document["members"] = entries
    _write(config_path, document)


def remove_member(config_path: Path, name_or_endpoint: str) -> Member:
    """Take the member with this name or endpoint out of ``node.toml``.

    Its replicas then count as members by themselves, and nobody mirrors it. Raises NotFound, ConfigurationError.
    """
    document = _read(config_path)
    entries = _entries(document, config_path)
    for at, entry in enumerate(entries):
        if name_or_endpoint in (entry.get("name"), entry.get("endpoint")):
            removed = Member(endpoint=str(entry.get("endpoint")), name=str(entry.get("name")))
            del entries[at]
            for other in entries:
                if other.get("replica_of") == removed.name:
                    del other["replica_of"]
                if removed.name in (mirrored := other.get("mirror_of", [])):
                    mirrored.remove(removed.name)
                    if not mirrored:
                        del other["mirror_of"]
            if not entries:
                del document["members"]
            _write(config_path, document)
            return removed
    raise _unknown(name_or_endpoint, entries, config_path)


def _check_original(name: str, entries: AoT, config_path: Path) -> None:
    """Raises NotFound, or Conflict for a member that can have neither replicas nor mirrors."""
    original = next((entry for entry in entries if entry.get("name") == name), None)
    if original is None:
        raise _unknown(name, entries, config_path)
    if of := original.get("replica_of"):
        raise Conflict(f"{name} is a replica itself.", remedy=f"Name the member that it is a replica of: {of}.")
    if original.get("version"):
        raise Conflict(
            f"{name} is no node, as its declared version says, and does not tell what it holds.",
            remedy="Only nodes can be in step with each other.",
        )


def _unknown(name: str, entries: AoT, config_path: Path) -> NotFound:
    known = ", ".join(str(entry.get("name")) for entry in entries) or "none"
    return NotFound(f"no member is called {name}.", where=Place(source=str(config_path)), remedy=f"Members: {known}.")


def _name(url: str) -> str:
    parts = urlsplit(url)
    path = parts.path.strip("/").removesuffix("sparql").strip("/")
    return f"{parts.netloc.rpartition('@')[2]}{'/' + path if path else ''}"


def _read(path: Path) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(path.read_text(encoding="utf-8"))
    except (TOMLKitError, UnicodeDecodeError, OSError) as error:
        raise ConfigurationError(f"cannot be read: {error}", where=Place(source=str(path))) from error


def _entries(document: tomlkit.TOMLDocument, path: Path) -> AoT:
    entries = document.get("members")
    if entries is None:
        return tomlkit.aot()
    if not isinstance(entries, AoT):
        raise ConfigurationError("members must be written as [[members]] tables.", where=Place(source=str(path)))
    return entries


def _write(path: Path, document: tomlkit.TOMLDocument) -> None:
    """Replace the file in one step, so that a server that reads it at this moment sees the old or the new one."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=path.name, suffix=".new", delete=False
        ) as file:
            file.write(tomlkit.dumps(document))
            file.flush()
            os.fsync(file.fileno())
        temporary = Path(file.name)
        temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
    except OSError as error:
        raise ConfigurationError(f"cannot be written: {error}", where=Place(source=str(path))) from error
