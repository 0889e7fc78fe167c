"""Collects outcomes and writes them as an EARL 1.0 report in Turtle."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, serialize

import node
from tests.conformance.manifests import RDF

EARL = "http://www.w3.org/ns/earl#"
DOAP = "http://usefulinc.com/ns/doap#"
DC = "http://purl.org/dc/terms/"
XSD = "http://www.w3.org/2001/XMLSchema#"
PROJECT = "https://w3id.org/onconode"
#: The suite itself, which makes the assertions.
SUITE = f"{PROJECT}#conformance"


@dataclass
class Report:
    """What came out: path of the endpoint and test IRI to outcome (a term of EARL) and what is said of it."""

    outcomes: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def add(self, endpoint: str, test: str, *, passed: bool, note: str = "") -> None:
        """Record one outcome."""
        self.outcomes[endpoint, test] = ("passed" if passed else "failed", note)

    def leave_out(self, endpoint: str, test: str, reason: str) -> None:
        """Record a test that was not run."""
        self.outcomes[endpoint, test] = ("untested", reason)

    def write(self, path: Path) -> None:
        """Write the report."""
        now = Literal(dt.datetime.now(dt.UTC).isoformat(), datatype=NamedNode(XSD + "dateTime"))
        triples = [
            *_described(SUITE, [EARL + "Software", EARL + "Assertor"], "Onconode conformance suite"),
            *_described(PROJECT, [DOAP + "Project"], "Onconode"),
            Triple(NamedNode(PROJECT), NamedNode(DOAP + "release"), Literal(node.__version__)),
        ]
        for endpoint in sorted({endpoint for endpoint, _ in self.outcomes}):
            subject = _subject(endpoint)
            kinds = [EARL + "TestSubject", EARL + "Software"]
            triples += _described(subject.value, kinds, f"Onconode {node.__version__}: {endpoint}")
            triples.append(Triple(subject, NamedNode(DC + "isPartOf"), NamedNode(PROJECT)))
        for (endpoint, test), (outcome, note) in sorted(self.outcomes.items()):
            assertion, result = BlankNode(), BlankNode()
            for name, value in (
                ("assertedBy", NamedNode(SUITE)),
                ("subject", _subject(endpoint)),
                ("test", NamedNode(test)),
                ("mode", NamedNode(EARL + "automatic")),
                ("result", result),
            ):
                triples.append(Triple(assertion, NamedNode(EARL + name), value))
            triples.append(Triple(assertion, NamedNode(RDF + "type"), NamedNode(EARL + "Assertion")))
            triples.append(Triple(result, NamedNode(RDF + "type"), NamedNode(EARL + "TestResult")))
            triples.append(Triple(result, NamedNode(EARL + "outcome"), NamedNode(EARL + outcome)))
            triples.append(Triple(result, NamedNode(DC + "date"), now))
            if note:
                triples.append(Triple(result, NamedNode(EARL + "info"), Literal(note, language="en")))
        prefixes = {"earl": EARL, "doap": DOAP, "dct": DC, "xsd": XSD}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(serialize(triples, format=RdfFormat.TURTLE, prefixes=prefixes) or b"")


def _subject(endpoint: str) -> NamedNode:
    return NamedNode(f"{PROJECT}#{endpoint.replace('/', '-')}")


def _described(iri: str, kinds: list[str], name: str) -> list[Triple]:
    subject = NamedNode(iri)
    types = [Triple(subject, NamedNode(RDF + "type"), NamedNode(kind)) for kind in kinds]
    return [*types, Triple(subject, NamedNode(DOAP + "name"), Literal(name))]
