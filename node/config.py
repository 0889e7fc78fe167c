"""The settings of one node: ``node.toml`` in its folder, overridden by ``ONCONODE_*`` variables, checked at start.

Every setting is a field of a frozen dataclass below; its table in ``node.toml`` is the dataclass' name in lower
case, its variable ``ONCONODE_<TABLE>_<FIELD>``. An unknown table or key is an error, so that a typing mistake
cannot silently leave a default in force.
"""

from __future__ import annotations

import dataclasses
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_type_hints

from node.errors import ConfigurationError, Place

CONFIG_FILE = "node.toml"
#: Reading a query takes several calls a level, and Python allows about a thousand.
DEEPEST = 150


@dataclass(frozen=True)
class Identity:
    """Table ``[node]``."""

    base_iri: str
    title: str = "An Onconode node"
    description: str = "Cancer research datasets and samples, described as linked data."
    publisher: str = ""
    language: str = "en"
    homepage: str = ""
    contact_email: str = ""
    contact_url: str = ""
    licence: str = ""


@dataclass(frozen=True)
class Publishing:
    """Table ``[publishing]``: what descriptions are held to beside the hub's shapes, names or files of shapes.

    ``rml_python`` is the Python of an environment with morph-kgc.
    """

    profile: tuple[str, ...] = ("auto",)
    rml_python: str = ""


@dataclass(frozen=True)
class Server:
    """Table ``[server]``: where and how the HTTP service listens."""

    host: str = "127.0.0.1"
    port: int = 8080
    threads: int = 16
    max_request_bytes: int = 10_000_000
    max_address_bytes: int = 32_768
    max_header_bytes: int = 65_536
    behind_proxy: bool = False


#: So many federated queries more run while all others have been running for a while.
SPARE_FEDERATION_QUERIES = 1


@dataclass(frozen=True)
class Limits:
    """Table ``[limits]``: what one query may use, and how many may run."""

    query_seconds: float = 30.0
    query_memory_bytes: int = 1_000_000_000
    result_bytes: int = 200_000_000
    result_rows: int = 5_000_000
    query_depth: int = 64
    query_workers: int = 4
    long_queries: int = 8
    client_queries: int = 16
    queue_seconds: float = 5.0
    federation_seconds: float = 60.0
    federation_requests: int = 5_000
    federation_bytes: int = 1_000_000_000
    federation_memory_bytes: int = 600_000_000
    federation_queries: int = 4
    federation_cache_bytes: int = 128_000_000
    cache_bytes: int = 64_000_000
    update_seconds: float = 60.0

    @property
    def federation_places(self) -> int:
        """Of ``federation_queries``, and of one more that runs while all of these take their time."""
        return self.federation_queries + SPARE_FEDERATION_QUERIES


@dataclass(frozen=True)
class Services:
    """Table ``[services]``: which addresses besides members ``SERVICE`` and ``LOAD`` may call.

    An entry of ``allow`` is an address prefix (``https://example.org/``), of ``load`` likewise. Hosts whose address is
    not public are refused unless ``private_addresses``.
    """

    allow: tuple[str, ...] = ()
    load: tuple[str, ...] = ()
    private_addresses: bool = False
    seconds: float = 30.0
    rows: int = 1_000_000
    bindings: int = 10_000


@dataclass(frozen=True)
class StoreSettings:
    """Table ``[store]``: where the quads are. ``kind`` is ``embedded``, or ``sparql`` for a store of one's own.

    For ``sparql``: the addresses of its query, update and graph-store services, and the name and password it asks for,
    if it does.
    """

    kind: str = "embedded"
    query: str = ""
    update: str = ""
    graph_store: str = ""
    user: str = ""
    password: str = ""


@dataclass(frozen=True)
class Demand:
    """Table ``[demand]``: what the node tells of words that it could not code.

    ``shared``: tell everybody, not operators only. Words of fewer than ``fewest_samples`` samples are never told.
    """

    shared: bool = False
    fewest_samples: int = 10


@dataclass(frozen=True)
class Member:
    """One entry of ``[[members]]``: a node of the federation, by its SPARQL endpoint.

    ``version`` declares that an endpoint of another kind, which does not say when its data changes, keeps it while
    this text stays the same. Empty: it may change at any time. ``replica_of`` is the name of another member, in whose
    place this one may be asked while the two hold the same. ``mirror_of`` are the names of other members that need not
    be asked while this one holds all that they do.
    """

    endpoint: str
    name: str
    version: str = ""
    replica_of: str = ""
    mirror_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """All settings of one node. ``folder`` is the node's folder, absolute."""

    folder: Path
    node: Identity
    publishing: Publishing = field(default_factory=Publishing)
    server: Server = field(default_factory=Server)
    limits: Limits = field(default_factory=Limits)
    services: Services = field(default_factory=Services)
    store: StoreSettings = field(default_factory=StoreSettings)
    demand: Demand = field(default_factory=Demand)
    members: tuple[Member, ...] = ()

    @property
    def data(self) -> Path:
        """The folder that holds everything the node keeps."""
        return self.folder / "data"


_TABLES: Mapping[str, type[Any]] = MappingProxyType(
    {
        "node": Identity,
        "publishing": Publishing,
        "server": Server,
        "limits": Limits,
        "services": Services,
        "store": StoreSettings,
        "demand": Demand,
    }
)


_BOOLEANS: Mapping[str, bool] = MappingProxyType({"true": True, "1": True, "false": False, "0": False})


def load_settings(folder: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Read and check the settings of the node in ``folder``.

    Raises ConfigurationError naming file, table and key for whatever is missing, unknown, of the wrong type or
    out of range.
    """
    environment = os.environ if environment is None else environment
    path = folder / CONFIG_FILE
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(
            f"there is no node in {folder} (no {CONFIG_FILE}).",
            remedy=f"Create one with: onconode init {folder} --base-iri IRI",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigurationError(f"cannot be read: {error}", where=Place(source=str(path))) from error
    unknown = sorted(set(document) - set(_TABLES) - {"members"})
    if unknown:
        raise _wrong(path, unknown[0], f"is not a table of {CONFIG_FILE}", sorted([*_TABLES, "members"]))
    tables = {name: _table(path, name, cls, document.get(name, {}), environment) for name, cls in _TABLES.items()}
    members = tuple(_members(path, document.get("members", [])))
    return Settings(folder=folder.resolve(), members=members, **tables)


def _table(path: Path, name: str, cls: type[Any], given: Any, environment: Mapping[str, str]) -> Any:
    if not isinstance(given, dict):
        raise _wrong(path, name, "must be a table", [])
    fields = {f.name: f for f in dataclasses.fields(cls)}
    types = get_type_hints(cls)
    unknown = sorted(set(given) - set(fields))
    if unknown:
        raise _wrong(path, f"{name}.{unknown[0]}", "is not a setting", sorted(fields))
    values: dict[str, Any] = {}
    for key, value in given.items():
        values[key] = _typed(path, f"{name}.{key}", types[key], value)
    for key in fields:
        variable = f"ONCONODE_{name}_{key}".upper()
        if variable in environment:
            values[key] = _parsed(variable, types[key], environment[variable])
    missing = [k for k, f in fields.items() if k not in values and f.default is dataclasses.MISSING]
    if missing:
        raise _wrong(path, f"{name}.{missing[0]}", "is missing", [])
    for key, value in values.items():
        # Port 0 takes a free one, a cache of 0 bytes is none.
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if number and value <= 0 and key != "port" and not (key.endswith("cache_bytes") and value == 0):
            raise _wrong(path, f"{name}.{key}", f"must be greater than 0, not {value}", [])
    if cls is Identity:
        _check_identity(path, values)
    if cls is Limits and values.get("query_depth", 1) > DEEPEST:
        raise _wrong(path, "limits.query_depth", f"must be at most {DEEPEST}, not {values['query_depth']}", [])
    if cls is StoreSettings:
        _check_store(path, values)
    if cls is Server and not 0 <= values.get("port", 1) <= 65535:
        raise _wrong(path, "server.port", f"must be between 0 and 65535, not {values['port']}", [])
    return cls(**values)


def _check_store(path: Path, values: Mapping[str, Any]) -> None:
    kind = values.get("kind", "embedded")
    if kind not in ("embedded", "sparql"):
        raise _wrong(path, "store.kind", f"must be 'embedded' or 'sparql', not {kind!r}", [])
    for key in ("query", "update", "graph_store"):
        value = values.get(key, "")
        if kind == "sparql" and not value.startswith(("http://", "https://")):
            raise _wrong(path, f"store.{key}", f"must be an http or https address, not {value!r}", [])


def _check_identity(path: Path, values: Mapping[str, Any]) -> None:
    if not _is_base_iri(values["base_iri"]):
        raise _wrong(
            path,
            "node.base_iri",
            f"must be an absolute http or https IRI that ends in '/', without query or fragment, not "
            f"{values['base_iri']!r}",
            [],
        )
    for key in ("homepage", "contact_url", "licence"):
        if (value := values.get(key, "")) and not re.fullmatch(r"https?://[^\s<>\"{}|^`\\]+", value):
            raise _wrong(path, f"node.{key}", f"must be an http or https address, not {value!r}", [])
    if (value := values.get("contact_email", "")) and not re.fullmatch(r"[^\s@<>:]+@[^\s@<>:]+\.[^\s@<>:]+", value):
        raise _wrong(path, "node.contact_email", f"must be an e-mail address, not {value!r}", [])


def _is_base_iri(text: str) -> bool:
    return re.fullmatch(r"https?://[^\s/?#<>\"{}|^`\\]+/([^\s?#<>\"{}|^`\\]*/)?", text) is not None


_OF_MEMBERS = ("endpoint", "name", "version", "replica_of", "mirror_of")


def _members(path: Path, given: Any) -> list[Member]:
    if not isinstance(given, list) or not all(isinstance(m, dict) for m in given):
        raise _wrong(path, "members", "must be written as [[members]] tables", [])
    members: list[Member] = []
    for i, entry in enumerate(given):
        unknown = sorted(set(entry) - set(_OF_MEMBERS))
        if unknown:
            raise _wrong(path, f"members[{i}].{unknown[0]}", "is not a setting", list(_OF_MEMBERS))
        for key in ("endpoint", "name"):
            if not isinstance(entry.get(key), str) or not entry[key]:
                raise _wrong(path, f"members[{i}].{key}", "must be a non-empty text", [])
        if not entry["endpoint"].startswith(("http://", "https://")):
            raise _wrong(path, f"members[{i}].endpoint", "must be an http or https address", [])
        for key in ("version", "replica_of"):
            if not isinstance(entry.get(key, ""), str):
                raise _wrong(path, f"members[{i}].{key}", "must be a text", [])
        mirrored = _typed(path, f"members[{i}].mirror_of", tuple[str, ...], entry.get("mirror_of", []))
        members.append(Member(**{**entry, "mirror_of": mirrored}))
    for attribute in ("endpoint", "name"):
        seen: set[str] = set()
        for member in members:
            value = getattr(member, attribute)
            if value in seen:
                raise _wrong(path, "members", f"has the {attribute} {value!r} twice", [])
            seen.add(value)
    _check_replicas(path, members)
    _check_mirrors(path, members)
    return members


def _check_replicas(path: Path, members: list[Member]) -> None:
    by_name = {member.name: member for member in members}
    for i, member in enumerate(members):
        if not member.replica_of:
            continue
        original = by_name.get(member.replica_of)
        if original is None or original is member or original.replica_of:
            raise _wrong(
                path, f"members[{i}].replica_of", "must be the name of another member that is no replica itself", []
            )
        if member.version or original.version:
            raise _wrong(path, f"members[{i}].replica_of", "cannot go with version: only nodes can be in step", [])


def _check_mirrors(path: Path, members: list[Member]) -> None:
    by_name = {member.name: member for member in members}
    for i, member in enumerate(members):
        key = f"members[{i}].mirror_of"
        for name in member.mirror_of:
            mirrored = by_name.get(name)
            if mirrored is None or mirrored is member or mirrored.replica_of:
                raise _wrong(path, key, "must name other members that are no replicas", [])
            if member.version or mirrored.version:
                raise _wrong(path, key, "cannot go with version: only nodes say which graphs they hold", [])
        if member.mirror_of and member.replica_of:
            raise _wrong(path, key, f"is said of {member.replica_of}, which the member is a replica of", [])


def _typed(path: Path, key: str, wanted: type[Any], value: Any) -> Any:
    if wanted == tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise _wrong(path, key, f"must be {_words(wanted)}, not {value!r}", [])
        return tuple(value)
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        raise _wrong(path, key, f"must be {_words(wanted)}, not {value!r}", [])
    return value


def _parsed(variable: str, wanted: type[Any], text: str) -> Any:
    if wanted == tuple[str, ...]:
        return tuple(text.split())
    try:
        return _BOOLEANS[text.lower()] if wanted is bool else wanted(text)
    except (ValueError, KeyError):
        raise ConfigurationError(
            f"must be {_words(wanted)}, not {text!r}", where=Place(source=f"environment variable {variable}")
        ) from None


def _words(wanted: type[Any]) -> str:
    if wanted == tuple[str, ...]:
        return "a list of texts"
    return {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}[wanted]


def _wrong(path: Path, key: str, what: str, allowed: list[str]) -> ConfigurationError:
    remedy = f"Known here: {', '.join(allowed)}." if allowed else None
    return ConfigurationError(f"{key} {what}.", where=Place(source=str(path)), remedy=remedy)
