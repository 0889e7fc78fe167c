"""What an endpoint of another kind can do and about how much it holds, found out by asking it, not by believing it.

A member of our own kind says all this itself and is not probed. What is found is kept in the node's folder. It decides
the form of requests and guesses sizes; that a predicate was not there then never keeps a query from asking for it now.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import urlencode

from node.config import Member
from node.errors import (
    ConfigurationError,
    MemberError,
    MemberProtocolError,
    MemberTimeout,
    MemberUnavailable,
    NodeError,
    Place,
)
from node.federation.calling.http import HttpClient
from node.federation.calling.meter import Meter
from node.rdf.formats import CSV, JSON, NTRIPLES, TSV, XML, Format
from node.sparql.results import MalformedResults, Results, read_json_results

#: The file in a node's folder that keeps what was found, by endpoint.
FILE = "probes.json"
#: How a query is sent: in the body of a POST by itself, or as a field of a form, or in the address.
Form: TypeAlias = Literal["post", "form", "get"]
FORMS: tuple[Form, ...] = ("form", "post", "get")

_ASK_SECONDS, _AGAIN_SECONDS = 10.0, 3.0
_COUNT_SECONDS = 15.0
_BYTES = 50_000_000
# So many rows are asked for to see whether all come, and so many predicates are counted at most.
_ROWS, _PREDICATES = 20_001, 5_000
_VALUES = 1_000


@dataclass(frozen=True)
class Probe:
    """What was found at ``at`` (seconds since 1970). None: it could not be found out in the time there was.

    ``form`` is how queries are sent, ``forms`` all ways that worked. ``formats``: names of result formats (``json``)
    that it gives when asked. ``row_cap``: it gave so many rows of a result that has more. ``values``: it takes a
    ``VALUES`` clause of 1,000 terms. ``blank``: whether it holds blank nodes. ``packed``: whether it compresses.
    ``predicates``: how many triples each had, all of them.
    """

    at: float
    form: Form
    forms: tuple[Form, ...]
    formats: tuple[str, ...]
    server: str = ""
    triples: int | None = None
    row_cap: int | None = None
    values: bool | None = None
    blank: bool | None = None
    packed: bool | None = None
    predicates: Mapping[str, int] | None = field(default=None)

    @property
    def summary(self) -> str:
        """In a few words, for people."""
        words = [
            self.server,
            {"post": "POST", "form": "POST of forms", "get": "GET"}[self.form],
            "/".join(self.formats),
        ]
        if self.triples is not None:
            words.append(f"{self.triples:,} triples")
        if self.row_cap is not None:
            words.append(f"cuts answers at {self.row_cap:,} rows")
        if self.values is False:
            words.append("no VALUES of 1,000 terms")
        if self.blank:
            words.append("blank nodes")
        if self.packed:
            words.append("gzip")
        return ", ".join(word for word in words if word)


def request_of(form: Form, endpoint: str, text: str) -> tuple[str, str, bytes | None, dict[str, str]]:
    """Method, address, body and headers of a query sent so (SPARQL 1.1 Protocol, section 2.1)."""
    if form == "get":
        sign = "&" if "?" in endpoint else "?"
        return "GET", f"{endpoint}{sign}{urlencode({'query': text})}", None, {}
    if form == "form":
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return "POST", endpoint, urlencode({"query": text}).encode(), headers
    return "POST", endpoint, text.encode(), {"Content-Type": "application/sparql-query"}


def wrong_type(name: str, endpoint: str, media_type: str) -> MemberProtocolError:
    """The error of an answer of another type than was asked for."""
    remedy = "Check that this is the address of a SPARQL endpoint: onconode member check."
    if media_type == "text/html":
        remedy = "That is a page for people. Give the address of the SPARQL endpoint, which its documentation names."
    return MemberProtocolError(
        f"{name} answered with {media_type or 'no media type'} at {endpoint}.", member=name, remedy=remedy
    )


class _Prober:
    """Asks one endpoint."""

    def __init__(self, member: Member) -> None:
        self.name = member.name
        self.endpoint = member.endpoint
        # One connection: a stranger is asked one thing at a time.
        self._client = HttpClient(member.name, 1)
        self.form: Form = "post"
        self.server = ""

    def close(self) -> None:
        self._client.close()

    def ask(
        self, text: str, wanted: Format = JSON, *, form: Form | None = None, seconds: float = _ASK_SECONDS
    ) -> tuple[bytes, bool]:
        """The body, and whether it was compressed. Raises MemberError."""
        method, url, body, headers = request_of(form or self.form, self.endpoint, text)
        headers["Accept"] = wanted.media_type
        meter = Meter(seconds, 2, _BYTES)
        with self._client.exchange(method, url, body=body, headers=headers, meter=meter) as reply:
            reply.require()
            self.server = (reply.header("Server") or self.server)[:80]
            if reply.media_type not in wanted.media_types:
                raise wrong_type(self.name, self.endpoint, reply.media_type)
            packed = (reply.header("Content-Encoding") or "identity").lower() != "identity"
            return reply.body(), packed

    def results(self, text: str, *, seconds: float = _ASK_SECONDS) -> Results | None:
        """Read; None when it does not answer this, or too late."""
        try:
            return read_json_results(self.ask(text, seconds=seconds)[0])
        except (NodeError, MalformedResults):
            return None

    def number(self, text: str) -> int | None:
        """The number ``?n`` that it counts."""
        found = self.results(text, seconds=_COUNT_SECONDS)
        try:
            return None if found is None else int(found.rows[0]["n"].value)
        except (IndexError, KeyError, ValueError):
            return None


def probe_endpoint(member: Member) -> Probe:
    """Ask an endpoint some twenty questions, each with a time cap, one after another: a minute at the most.

    Raises MemberError when it does not answer ``ASK {}`` in JSON in any form of request.
    """
    prober = _Prober(member)
    try:
        forms = _forms(prober)
        prober.form = forms[0]
        triples = prober.number("SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }")
        return Probe(
            at=time.time(),
            form=forms[0],
            forms=forms,
            formats=_formats(prober),
            triples=triples,
            row_cap=_row_cap(prober, triples),
            values=_values(prober),
            blank=_blank(prober),
            packed=_packed(prober),
            predicates=_predicates(prober, triples),
            server=prober.server,
        )
    finally:
        prober.close()


def require_answer(member: Member) -> None:
    """Raises MemberError unless it answers ``ASK {}`` in some form of request."""
    prober = _Prober(member)
    try:
        _forms(prober, enough=1)
    finally:
        prober.close()


def _forms(prober: _Prober, *, enough: int = len(FORMS)) -> tuple[Form, ...]:
    """The first ``enough`` forms of request in which it answers. Raises MemberError when there is none."""
    working: list[Form] = []
    failures: list[MemberError] = []
    for form in FORMS:
        if len(working) == enough:
            break
        # What it does not answer in one form it may in another, but not when it is only slow.
        seconds = _AGAIN_SECONDS if failures and isinstance(failures[-1], MemberTimeout) else _ASK_SECONDS
        try:
            if read_json_results(prober.ask("ASK {}", form=form, seconds=seconds)[0]).boolean is True:
                working.append(form)
        except MemberTimeout:
            failures.append(
                MemberTimeout(
                    f"{prober.name} did not answer the smallest query within {seconds:g} s at {prober.endpoint}.",
                    member=prober.name,
                    remedy="Try again later, or ask its operator.",
                )
            )
        except MemberError as error:
            failures.append(error)
            if isinstance(error, MemberUnavailable) and error.passing:
                # Nobody is there, or not now, whatever the form. Some never answer a form that they do not know.
                break
        except MalformedResults as error:
            said = f"{prober.name} gave an answer that is not SPARQL results: {error}."
            failures.append(MemberProtocolError(said, member=prober.name))
    if not working:
        raise next((f for f in failures if isinstance(f, MemberProtocolError)), failures[0])
    return tuple(working)


def _formats(prober: _Prober) -> tuple[str, ...]:
    names = []
    for wanted in (JSON, TSV, CSV, XML):
        try:
            prober.ask("SELECT ?x WHERE { BIND(1 AS ?x) }", wanted)
            names.append(wanted.name)
        except NodeError:
            continue
    try:
        prober.ask("CONSTRUCT { <urn:a> <urn:b> <urn:c> } WHERE { }", NTRIPLES)
        names.append(NTRIPLES.name)
    except NodeError:
        pass
    return tuple(names)


def _row_cap(prober: _Prober, triples: int | None) -> int | None:
    found = prober.results(f"SELECT ?s WHERE {{ ?s ?p ?o }} LIMIT {_ROWS}", seconds=_COUNT_SECONDS)
    if found is None or triples is None or len(found.rows) >= min(triples, _ROWS):
        return None
    return len(found.rows)


def _values(prober: _Prober) -> bool:
    listed = " ".join(f"<urn:onconode:probe:{number}>" for number in range(_VALUES))
    found = prober.results(f"SELECT ?s WHERE {{ VALUES ?s {{ {listed} }} }}")
    return found is not None and len(found.rows) == _VALUES


def _blank(prober: _Prober) -> bool | None:
    text = "ASK { ?s ?p ?o FILTER(ISBLANK(?s) || ISBLANK(?o)) }"
    found = prober.results(text, seconds=_COUNT_SECONDS)
    return None if found is None else found.boolean


def _packed(prober: _Prober) -> bool | None:
    try:
        return prober.ask("SELECT ?s ?p ?o WHERE { ?s ?p ?o } LIMIT 200")[1]
    except NodeError:
        return None


def _predicates(prober: _Prober, triples: int | None) -> dict[str, int] | None:
    """How many triples each predicate has, if these are all of them."""
    text = f"SELECT ?p (COUNT(*) AS ?n) WHERE {{ ?s ?p ?o }} GROUP BY ?p LIMIT {_PREDICATES}"
    found = prober.results(text, seconds=_COUNT_SECONDS)
    if found is None or triples is None:
        return None
    try:
        counts = {row["p"].value: int(row["n"].value) for row in found.rows}
    except (KeyError, ValueError):
        return None
    return counts if sum(counts.values()) == triples else None


def read_probes(folder: Path) -> dict[str, Probe]:
    """What is kept in a node's folder, by endpoint. What cannot be read is as good as not there: it is found again."""
    try:
        document = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return {str(endpoint): _read(entry) for endpoint, entry in document.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def keep_probes(folder: Path, found: Mapping[str, Probe | None]) -> None:
    """Keep what was found of endpoints, of some (None) nothing any longer.

    Raises ConfigurationError when it cannot be written.
    """
    before = read_probes(folder)
    probes = {endpoint: probe for endpoint, probe in {**before, **found}.items() if probe is not None}
    if probes == before:
        return
    path = folder / FILE
    try:
        new = path.with_suffix(".new")
        new.write_text(json.dumps({e: asdict(p) for e, p in sorted(probes.items())}, indent=1), encoding="utf-8")
        new.replace(path)
    except OSError as error:
        raise ConfigurationError(f"cannot be written: {error.strerror}.", where=Place(source=str(path))) from error


def _read(entry: Mapping[str, object]) -> Probe:
    given = {**entry, "forms": tuple(entry["forms"]), "formats": tuple(entry["formats"])}  # type: ignore[arg-type]
    probe = Probe(**given)  # type: ignore[arg-type]
    if probe.form not in FORMS:
        raise ValueError(probe.form)
    return probe
