"""How many samples members have of each concept: every member is asked by itself, and fails by itself.

A sum over members, unlike the answer of a federated query, is not of one store: a sample that two members describe
counts at both. In turn it is there in seconds however many members are slow or gone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from node.errors import NodeError
from node.federation.calling.meter import Meter
from node.federation.members.source import Source
from node.ontology.concepts import Vocabulary
from node.ontology.usage import Usage, groups_query, read_groups
from node.rdf.formats import JSON, TURTLE
from node.sparql.results import MalformedResults, read_json_results
from node.sparql.terms import Term

#: What asking one member may take, and how long what it said is used again.
_SECONDS, _BYTES, _REQUESTS = 10.0, 20_000_000, 4
_KEPT_SECONDS = 300.0
_AT_A_TIME = 8

Rows = Sequence[Mapping[str, Term]]


@dataclass(frozen=True)
class MemberUsage:
    """The samples of one member by concept; ``usage`` is None, and ``problem`` says why, when it could not be asked."""

    name: str
    endpoint: str
    usage: Usage | None
    problem: str = ""


class NetworkUsage:
    """Asks the members that ``sources`` gives. Safe to use from several threads; one asks at a time."""

    def __init__(self, sources: Callable[[], Sequence[Source]]) -> None:
        self._sources = sources
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], tuple[float, MemberUsage]] = {}

    def of(self, property_iri: str, vocabulary: Vocabulary) -> tuple[MemberUsage, ...]:
        """The samples of each member by the concepts they carry at a property, in the order of the members."""
        with self._lock:
            now = time.monotonic()
            sources = self._sources()
            self._known = {key: known for key, known in self._known.items() if known[0] > now - _KEPT_SECONDS}
            new = [source for source in sources if (source.endpoint, property_iri) not in self._known]
            if new:
                with ThreadPoolExecutor(min(_AT_A_TIME, len(new))) as pool:
                    for asked in pool.map(lambda source: _ask(source, property_iri, vocabulary), new):
                        self._known[asked.endpoint, property_iri] = (time.monotonic(), asked)
            return tuple(self._known[source.endpoint, property_iri][1] for source in sources)


def _ask(source: Source, property_iri: str, vocabulary: Vocabulary) -> MemberUsage:
    try:
        meter = Meter(_SECONDS, _REQUESTS, _BYTES)
        with source.answer(groups_query(property_iri), (JSON, TURTLE), meter) as answer:
            rows = read_json_results(b"".join(answer), max_bytes=_BYTES).rows
        return MemberUsage(source.name, source.endpoint, Usage(read_groups(rows), vocabulary))
    except (MalformedResults, ValueError):
        return MemberUsage(source.name, source.endpoint, None, "it answered something that is not what was asked.")
    except NodeError as error:
        return MemberUsage(source.name, source.endpoint, None, error.detail)
