"""Counting samples at every member: each by itself, within limits, and remembered for a while."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from node.errors import MemberUnavailable
from node.federation.calling.meter import Meter
from node.federation.members.network_usage import NetworkUsage
from node.ontology.branches import DIAGNOSIS
from node.ontology.concepts import Concept, Vocabulary
from node.rdf.formats import Format

VOCABULARY = Vocabulary.of([Concept("urn:a", "a"), Concept("urn:b", "b", ("urn:a",))])


def rows(*groups: tuple[str, str]) -> bytes:
    bindings = [
        {"codes": {"type": "literal", "value": codes}, "n": {"type": "literal", "value": n}} for codes, n in groups
    ]
    return json.dumps({"head": {"vars": ["codes", "n"]}, "results": {"bindings": bindings}}).encode()


@dataclass
class FakeSource:
    """A member that answers with these bytes, or fails; counts how often it is asked."""

    name: str
    body: bytes | None
    asked: list[str] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        return f"http://{self.name}.example/sparql"

    @contextmanager
    def answer(self, text: str, formats: tuple[Format, Format], meter: Meter) -> Iterator[list[bytes]]:
        self.asked.append(text)
        assert meter.remaining() > 0
        if self.body is None:
            raise MemberUnavailable("it is down.", member=self.name)
        yield [self.body]


def test_each_member_counts_and_fails_by_itself() -> None:
    """Sums of those that answer, and why the others did not; whatever a member sends, nothing is raised."""
    sources = [
        FakeSource("one", rows(("urn:a", "2"), ("urn:b urn:a", "3"))),
        FakeSource("down", None),
        FakeSource("odd", b"<html>"),
        FakeSource("other", b'{"head": {"vars": ["x"]}, "results": {"bindings": [{}]}}'),
        FakeSource("words", rows(("urn:a", "many"))),
        FakeSource("empty", rows()),
    ]
    found = NetworkUsage(lambda: sources).of(DIAGNOSIS, VOCABULARY)  # type: ignore[arg-type,return-value]
    assert [one.name for one in found] == [source.name for source in sources]
    assert found[0].usage is not None
    assert (found[0].usage.below("urn:a"), found[0].usage.exactly("urn:b")) == (5, 3)
    assert found[1].problem == "it is down."
    assert all(one.usage is None and one.problem for one in found[1:5])
    assert found[5].usage is not None
    assert found[5].usage.below("urn:a") == 0


def test_what_a_member_said_is_remembered() -> None:
    """Asked again at once, a member is left in peace; a new member is asked, another property is another question."""
    one, two = FakeSource("one", rows(("urn:a", "1"))), FakeSource("two", None)
    known = [one]
    usage = NetworkUsage(lambda: known)  # type: ignore[arg-type,return-value]
    usage.of(DIAGNOSIS, VOCABULARY)
    known.append(two)
    assert [u.name for u in usage.of(DIAGNOSIS, VOCABULARY)] == ["one", "two"]
    assert (len(one.asked), len(two.asked)) == (1, 1)
    usage.of("urn:another", VOCABULARY)
    assert len(one.asked) == 2
