"""This node itself as a source of rows, by its own store."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import TypeVar, cast

from node.federation.calling.meter import Meter
from node.federation.calling.rows import Table, read_tsv
from node.federation.members.releases import own_releases
from node.federation.members.source import Recalled
from node.federation.members.summaries import Summary, read_summary_file
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.rdf.dataset import GraphScope
from node.rdf.formats import JSON, NTRIPLES, TSV, Format
from node.sparql.results import read_json_results
from node.store.quads import Answer, Budget, Generation, QuadStore

T = TypeVar("T")


class SummaryReading:
    """Reads this node's own summary, each generation's once. Safe to use from several threads."""

    def __init__(self) -> None:
        self._read: tuple[int, Summary | None] | None = None

    @property
    def last(self) -> Summary | None:
        """The one that was read last, None if there was none."""
        return None if self._read is None else self._read[1]

    def read(self, store: QuadStore, tiers: tuple[Tier, ...]) -> Summary | None:
        """That of the current generation; ``tiers`` are those it counts."""
        known, generation = self._read, store.generation()
        if known is None or known[0] != generation.number:
            data, version = store.file("summary.json"), _local_version(generation)
            summary = None if data is None else read_summary_file(data, version)
            if data is None and not generation.number and not store.graphs(tiers):
                summary = Summary(0, {}, {}, version)
            if summary is not None:
                summary = replace(summary, releases=own_releases(store))
            if store.generation().number != generation.number:
                return self.read(store, tiers)
            self._read = known = generation.number, summary
        return known[1]


def _local_version(generation: Generation) -> str:
    return f"generation {generation.number}"


class _Counted:
    """An answer of this node itself, counted as those of the others are."""

    def __init__(self, answer: Answer, name: str, meter: Meter) -> None:
        self._answer = answer
        self._name = name
        self._meter = meter
        self.format = answer.format
        self.generation = answer.generation
        self.version = _local_version(answer.generation)

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._answer:
            self._meter.received(self._name, len(piece))
            yield piece

    def close(self) -> None:
        self._answer.close()


class LocalSource:
    """This node itself, within what the caller may see. ``exportable``: whether others may be told of it."""

    skolemised = True
    alike = True
    #: It says what it holds.
    guess = None

    def __init__(
        self,
        store: QuadStore,
        identifiers: Identifiers,
        tiers: tuple[Tier, ...],
        *,
        name: str,
        memory_bytes: int,
        reading: SummaryReading,
        exportable: bool = True,
    ) -> None:
        self._reading = reading
        self.name = name
        self.exportable = exportable
        self.endpoint = identifiers.base + "sparql"
        self._store = store
        self._tiers = tiers
        self._default = tuple(identifiers.tier_graph(tier) for tier in tiers)
        self._memory_bytes = memory_bytes

    def summary(self, meter: Meter) -> Summary | None:  # noqa: ARG002 - the same for every source
        """From the generation's ``summary.json``, which counts what is public: None for a caller who sees more."""
        return self._said()

    def recalled(self) -> Recalled | None:
        return Recalled(self._said(), time.monotonic())

    @property
    def said(self) -> Summary | None:
        """What was recalled last of what is public; it may be behind."""
        return self._reading.last if self._tiers == (Tier.PUBLIC,) else None

    def _said(self) -> Summary | None:
        return self._reading.read(self._store, self._tiers) if self._tiers == (Tier.PUBLIC,) else None

    def forget(self) -> None:
        """It is never behind the data."""

    def select(self, text: str, columns: tuple[str, ...], meter: Meter) -> Table:
        return self._whole(text, TSV, meter, lambda data: read_tsv(data, columns))

    def ask(self, text: str, meter: Meter) -> bool:
        return self._whole(text, JSON, meter, lambda data: read_json_results(data).boolean is True)

    @contextmanager
    def answer(self, text: str, formats: tuple[Format, Format], meter: Meter) -> Iterator[Answer]:
        meter.request(self.name)
        with self._query(text, formats, meter) as answer:
            yield _Counted(answer, self.name, meter)

    def begin(self, text: str, columns: tuple[str, ...], meter: Meter) -> None:
        """Its store is waited for."""

    def begin_whole(self, text: str, formats: tuple[Format, Format], read: Callable[[Answer], T], meter: Meter) -> None:
        """Its store is waited for."""

    def _query(self, text: str, formats: tuple[Format, Format], meter: Meter) -> AbstractContextManager[Answer]:
        named = self._store.graphs(self._tiers) if "GRAPH" in text.upper() else ()
        return self._store.query(
            text,
            scope=GraphScope(self._default, named),
            formats=formats,
            budget=Budget(meter.remaining(), self._memory_bytes, meter.bytes_left()),
        )

    def _whole(self, text: str, results: Format, meter: Meter, read: Callable[[bytearray], T]) -> T:
        meter.request(self.name)
        started = time.monotonic()
        data = bytearray()
        try:
            with self._query(text, (results, NTRIPLES), meter) as answer:
                version = _local_version(answer.generation)
                for chunk in answer:
                    meter.received(self.name, len(chunk))
                    meter.keeping(len(chunk))
                    data += chunk
            with meter.beside(len(data)):
                made = read(data)
        finally:
            data.clear()
        if isinstance(made, Table):
            made = cast("T", replace(made, version=version))
        meter.done(self.name, len(made) if isinstance(made, Table) else 0, time.monotonic() - started)
        return made
