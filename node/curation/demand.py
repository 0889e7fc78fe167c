"""``demand.tsv``: what waits for a term, ranked by how many samples and nodes wait, and how far each has come.

A row is added when a word is first collected and stays for good; the columns ``status`` to ``note`` are the curators'
and survive every collection. The states are ``open``, ``proposed`` (a template row was made), ``requested`` (NCIt or
OBI was asked), ``released`` (a release holds the term), ``installed`` (each node that waited runs such a release), and
``declined``.
"""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from node.errors import Conflict, DocumentSyntaxError, NotFound, Place
from node.publishing.coder import key_of
from node.rdf.namespaces import ONCO

FILE = "demand.tsv"
_COLUMNS = (
    *("id", "property", "text", "system", "samples", "waiting", "candidates"),
    *("status", "term", "label", "release", "request", "note"),
)
_LONGEST = 50_000_000


class Status(StrEnum):
    """How far a wish has come."""

    OPEN = "open"
    PROPOSED = "proposed"
    REQUESTED = "requested"
    RELEASED = "released"
    INSTALLED = "installed"
    DECLINED = "declined"


@dataclass(frozen=True)
class Wish:
    """One word that waits for a term. ``property_iri`` and ``system`` are as ``node.publishing.uncoded`` has them.

    ``waiting`` is node to the number of its samples that wait, 0 for one where they no longer do. ``candidates`` are
    CURIEs with labels, best first. ``term`` is the IRI that was minted or chosen, ``release`` the vocabulary and
    version that holds it (``rare-tumours 1.0.0``), ``request`` where it was asked for.
    """

    id: str
    property_iri: str
    text: str
    system: str = ""
    waiting: Mapping[str, int] = field(default_factory=dict)
    candidates: tuple[str, ...] = ()
    status: Status = Status.OPEN
    term: str = ""
    label: str = ""
    release: str = ""
    request: str = ""
    note: str = ""

    @property
    def samples(self) -> int:
        """How many samples wait, on all nodes together."""
        return sum(self.waiting.values())

    @property
    def nodes(self) -> int:
        """On how many nodes samples wait."""
        return sum(count > 0 for count in self.waiting.values())

    @property
    def key(self) -> tuple[str, str, str]:
        return self.property_iri, key_of(self.text), self.system


@dataclass(frozen=True)
class Told:
    """What one node said: its base IRI, the versions of its releases by name, and its words with their samples."""

    node: str
    releases: Mapping[str, str]
    waiting: Mapping[tuple[str, str, str], tuple[str, int]]
    candidates: Mapping[tuple[str, str, str], tuple[str, ...]] = field(default_factory=dict)
    withheld: int = 0


class Queue:
    """The wishes of one workspace, by id. ``save`` writes the file whole."""

    def __init__(self, path: Path, wishes: Iterable[Wish] = ()) -> None:
        self._path = path
        self._wishes = {wish.id: wish for wish in wishes}

    @classmethod
    def open(cls, workspace: Path) -> Queue:
        """The queue in this folder, empty where there is no file. Raises DocumentSyntaxError with the line."""
        path = workspace / FILE
        try:
            if path.stat().st_size > _LONGEST:
                raise DocumentSyntaxError(f"the queue has more than {_LONGEST:,} bytes.", where=Place(source=FILE))
            text = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            return cls(path)
        except (OSError, UnicodeDecodeError) as error:
            raise DocumentSyntaxError(f"cannot be read: {error}.", where=Place(source=str(path))) from error
        return cls(path, _parsed(text))

    def __len__(self) -> int:
        return len(self._wishes)

    def ranked(self, *statuses: Status) -> list[Wish]:
        """The wishes in these states (all without any), those that most samples and then most nodes wait for first."""
        chosen = (wish for wish in self._wishes.values() if not statuses or wish.status in statuses)
        return sorted(chosen, key=lambda wish: (-wish.samples, -wish.nodes, wish.property_iri, wish.text))

    def get(self, name: str) -> Wish:
        """The wish of this id. Raises NotFound."""
        wish = self._wishes.get(name.upper())
        if wish is None:
            raise NotFound(f"there is no {name!r} in the queue.", remedy="onconode curate demand list shows the ids.")
        return wish

    def put(self, wish: Wish) -> Wish:
        """Keep a wish in place of the one of its id."""
        self._wishes[wish.id] = wish
        return wish

    def collect(self, told: Iterable[Told]) -> tuple[int, int]:
        """Take in what nodes said: how many wishes are new, how many nodes no longer wait for one they waited for.

        A wish keeps its id and whatever the curators noted. What another node said before stays.
        """
        by_key = {wish.key: wish for wish in self._wishes.values()}
        new = served = 0
        for one in told:
            for key, wish in list(by_key.items()):
                if wish.waiting.get(one.node) and key not in one.waiting:
                    served += 1
                    by_key[key] = replace(wish, waiting={**wish.waiting, one.node: 0})
            for key, (text, samples) in one.waiting.items():
                wish = by_key.get(key) or Wish("", key[0], text, key[2])
                new += not wish.id
                if not wish.id:
                    wish = replace(wish, id=f"D{len(by_key) + 1:04d}")
                candidates = one.candidates.get(key, ()) or wish.candidates
                by_key[key] = replace(wish, waiting={**wish.waiting, one.node: samples}, candidates=candidates)
        self._wishes = {wish.id: wish for wish in by_key.values()}
        return new, served

    def released(self, vocabulary: str, version: str, terms: Iterable[str]) -> list[Wish]:
        """Note of each proposed or requested wish whose term a release holds that it is released; those wishes."""
        held = set(terms)
        changed = []
        for wish in self.ranked(Status.PROPOSED, Status.REQUESTED):
            if wish.term in held:
                changed.append(self.put(replace(wish, status=Status.RELEASED, release=f"{vocabulary} {version}")))
        return changed

    def installed(self, running: Mapping[str, Mapping[str, str]]) -> tuple[list[Wish], dict[str, list[str]]]:
        """Note what has arrived: released wishes that each waiting node can code now.

        ``running`` is node to vocabulary to the version installed there. The second answer is, for each released wish
        that has not arrived, the nodes where the release is missing or older, or that were not asked.
        """
        done: list[Wish] = []
        lacking: dict[str, list[str]] = {}
        for wish in self.ranked(Status.RELEASED):
            name, _, version = wish.release.partition(" ")
            late = [node for node in wish.waiting if not is_at_least(running.get(node, {}).get(name, ""), version)]
            if late:
                lacking[wish.id] = sorted(late)
            else:
                done.append(self.put(replace(wish, status=Status.INSTALLED)))
        return done, lacking

    def save(self) -> None:
        """Write the file, whole or not at all, in the order of the ids. Raises Conflict when it cannot be written."""
        out = io.StringIO()
        writer = csv.writer(out, delimiter="\t", lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(_cells(wish) for wish in sorted(self._wishes.values(), key=lambda w: (len(w.id), w.id)))
        try:
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{FILE}.")
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(out.getvalue())
            Path(name).chmod(0o644)
            Path(name).replace(self._path)
        except OSError as error:
            raise Conflict(
                f"the queue cannot be written: {error.strerror}.", where=Place(source=str(self._path))
            ) from error


def is_at_least(version: str, wanted: str) -> bool:
    """Whether a version is the wanted one or later: numbers are compared as numbers, dates fall into place."""
    return bool(version) and _parts(version) >= _parts(wanted)


def _parts(version: str) -> list[tuple[int, int, str]]:
    pieces = version.replace("-", ".").split(".")
    return [(1, int(piece), "") if piece.isdecimal() else (0, 0, piece) for piece in pieces]


def _cells(wish: Wish) -> Sequence[str]:
    waiting = " ".join(f"{node}={count}" for node, count in sorted(wish.waiting.items()))
    cells = (
        *(wish.id, wish.property_iri.removeprefix(ONCO), wish.text, wish.system, str(wish.samples), waiting),
        *("|".join(wish.candidates), str(wish.status), wish.term, wish.label, wish.release, wish.request, wish.note),
    )
    return [" ".join(cell.split()) for cell in cells]


def _parsed(text: str) -> list[Wish]:
    wishes: dict[str, Wish] = {}
    header: list[str] = []
    for number, cells in enumerate(csv.reader(io.StringIO(text), delimiter="\t"), 1):
        if not cells:
            continue
        if not header:
            header = cells
            missing = [name for name in _COLUMNS if name not in header]
            if missing:
                raise DocumentSyntaxError(
                    f"the queue lacks the column {missing[0]!r}.",
                    where=Place(source=FILE, line=number),
                    remedy=f"It needs: {', '.join(_COLUMNS)}.",
                )
            continue
        wish = _wish(dict(zip(header, cells, strict=False)), number)
        if wish.id in wishes:
            raise DocumentSyntaxError(f"{wish.id} is there twice.", where=Place(source=FILE, line=number))
        wishes[wish.id] = wish
    return list(wishes.values())


def _wish(row: Mapping[str, str], line: int) -> Wish:
    try:
        waiting = {node: int(count) for node, _, count in (e.rpartition("=") for e in row["waiting"].split())}
        status = Status(row["status"] or Status.OPEN)
        if not row["id"] or not row["text"]:
            raise ValueError("a row needs an id and a text")
        return Wish(
            id=row["id"].upper(),
            property_iri=ONCO + row["property"],
            text=row["text"],
            system=row["system"],
            waiting=waiting,
            candidates=tuple(each for each in row["candidates"].split("|") if each),
            status=status,
            **{name: row.get(name, "") for name in ("term", "label", "release", "request", "note")},
        )
    except (ValueError, KeyError) as error:
        raise DocumentSyntaxError(
            f"this row is none of a queue: {error}.",
            where=Place(source=FILE, line=line),
            remedy=f"A status is one of {', '.join(Status)}; 'waiting' holds NODE=SAMPLES, separated by spaces.",
        ) from error
