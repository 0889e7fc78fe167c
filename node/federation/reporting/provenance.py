"""What a federated query did, in PROV-O (W3C Recommendation of 30 April 2013)."""

from __future__ import annotations

import datetime as dt

from node.federation.reporting.explaining import Explanation
from node.rdf.namespaces import RDF_TYPE, RDFS_LABEL, XSD

_PROV = "http://www.w3.org/ns/prov#"


def as_prov(found: Explanation, *, iri: str, node: str, ended: dt.datetime) -> bytes:
    """A query that ran, as N-Triples: the activity ``iri`` of the agent ``node``, each member it used with what came of
    that as the usage's label, and the answer with its verdict. ``ended`` has a time zone."""
    assert found.completeness is not None
    assert found.milliseconds is not None
    started = ended - dt.timedelta(milliseconds=found.milliseconds)
    activity, answer = f"<{iri}>", f"<{iri}#answer>"
    lines = [
        (activity, RDF_TYPE, f"<{_PROV}Activity>"),
        (activity, f"{_PROV}startedAtTime", _time(started)),
        (activity, f"{_PROV}endedAtTime", _time(ended)),
        (activity, f"{_PROV}wasAssociatedWith", f"<{node}>"),
        (f"<{node}>", RDF_TYPE, f"<{_PROV}SoftwareAgent>"),
        (answer, RDF_TYPE, f"<{_PROV}Entity>"),
        (answer, f"{_PROV}wasGeneratedBy", activity),
        (answer, RDFS_LABEL, _text(f"answer: {found.completeness.verdict.value}")),
    ]
    for number, member in enumerate(found.completeness.members):
        endpoint, usage = f"<{member.endpoint}>", f"<{iri}#usage{number}>"
        reason = f" ({member.reason})" if member.reason else ""
        did = (
            f"{member.name}: {member.verdict}{reason}, {member.requests} requests, {member.rows} rows, "
            f"{member.bytes} bytes, {member.milliseconds:.0f} ms"
        )
        lines += [
            (endpoint, RDF_TYPE, f"<{_PROV}Entity>"),
            (activity, f"{_PROV}qualifiedUsage", usage),
            (usage, RDF_TYPE, f"<{_PROV}Usage>"),
            (usage, f"{_PROV}entity", endpoint),
            (usage, RDFS_LABEL, _text(did)),
        ]
        if member.verdict == "answered":
            lines += [(activity, f"{_PROV}used", endpoint), (answer, f"{_PROV}wasDerivedFrom", endpoint)]
    return "".join(f"{s} <{p}> {o} .\n" for s, p, o in lines).encode()


def _time(when: dt.datetime) -> str:
    return f'"{when.astimezone(dt.UTC).isoformat(timespec="milliseconds")}"^^<{XSD}dateTime>'


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'
