"""The sources of one command, read and judged, several at a time when there is much to read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from node.errors import Place
from node.model.identifiers import Identifiers
from node.ontology.concepts import Vocabulary
from node.publishing.candidates import Candidate, judged, without_places
from node.publishing.decisions import DecidingCoders
from node.publishing.drafts import Finding
from node.publishing.profiles import Profile
from node.publishing.shacl import Broken
from node.publishing.side_by_side import each, size_of
from node.publishing.sources import Source, read_source
from node.publishing.statements import Organisation
from node.publishing.watch import Watch, unreadable
from node.store.temporary import from_writing, unwritable

#: From so many bytes on, sources are read by several processes, which take a moment to begin.
_WORTH_PROCESSES = 4_000_000


@dataclass(frozen=True)
class Read:
    """What one source holds, judged; what is wrong with it as a whole; and every validation result with its place."""

    candidates: list[Candidate]
    findings: list[Finding]
    broken: list[tuple[Broken, Place]]


@dataclass(frozen=True)
class Reader:
    """What reading takes: what codes, where, what judges, a temporary folder, and who is told how far it is."""

    coders: DecidingCoders
    identifiers: Identifiers
    vocabulary: Vocabulary
    publisher: Organisation
    profile: Profile
    folder: Path
    progress: Callable[[str], None]

    def each(self, sources: Sequence[Source]) -> Iterator[tuple[Source, Read]]:
        """Every source with what it holds, in order. What was read lies in the folder.

        Raises StoreError when the folder cannot be written, or a process that reads is ended from outside.
        """
        size = size_of(path for source in sources for path in source.files)
        yield from zip(
            sources, each(list(enumerate(sources)), self._numbered, size=size, worth=_WORTH_PROCESSES), strict=True
        )

    def _numbered(self, numbered: tuple[int, Source]) -> Read:
        number, source = numbered
        self.progress(f"reading {source.name}")
        return self._read(source, self.folder / str(number))

    def _read(self, source: Source, folder: Path) -> Read:
        """One source; all of it falls if it changed meanwhile."""
        watch = Watch(*source.files)
        broken: list[tuple[Broken, Place]] = []
        try:
            folder.mkdir()
            reading = read_source(
                source, identifiers=self.identifiers, coders=self.coders, publisher=self.publisher, spool=folder
            )
            candidates = judged(
                reading, self.vocabulary, self.progress, self.profile, lambda *found: broken.append(found)
            )
        except OSError as error:
            name = error.filename
            if name is None or from_writing(error) or Path(os.fsdecode(name)).is_relative_to(self.folder):
                raise unwritable(error) from error
            return Read([], [*watch.changes(()), unreadable(error)], [])
        changes = watch.changes({path for draft in reading.drafts for path in draft.inputs})
        if not candidates:
            return Read([], [*reading.findings, *changes], broken)
        told = [replace(without_places(c), findings=(*c.findings, *changes)) for c in candidates]
        return Read(told, list(reading.findings), broken)
