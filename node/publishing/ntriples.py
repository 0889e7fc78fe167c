"""N-Triples lines by subject: the form in which a description is kept between reading and storing.

A description is a sorted list of distinct lines without blank nodes. Such a list is its own canonical form
(RDFC-1.0 only has work to do where there are blank nodes), so that its digest identifies the graph.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pyoxigraph import Literal, RdfFormat, parse

from node.errors import DocumentSyntaxError, Place


def bare(term: str) -> str:
    """The IRI inside the angle brackets of an N-Triples term."""
    return term[1:-1]


def split_line(line: str) -> tuple[str, str, str]:
    """Subject, predicate and object of an N-Triples line, as terms in N-Triples."""
    subject, predicate, rest = line.split(" ", 2)
    return subject, predicate, rest.rstrip()[:-1].rstrip()


def literal_value(term: str) -> tuple[str, str | None]:
    """Text and language of a literal in N-Triples. Raises ValueError for a term that is none."""
    (quad,) = parse(f"<urn:s> <urn:p> {term} .".encode(), RdfFormat.N_TRIPLES)
    value = quad.object
    if not isinstance(value, Literal):
        raise ValueError(f"not a literal: {term}")
    return value.value, value.language


class Description:
    """Distinct N-Triples lines without blank nodes, sorted, with access by subject.

    ``stands_for`` says of subjects of an excerpt how many of the whole they stand for, themselves included.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        """``lines`` end without a newline; they are sorted and repeats dropped here."""
        self.lines = sorted(set(lines))
        self.stands_for: Mapping[str, int] = {}
        self._ranges: dict[str, tuple[int, int]] = {}
        start = 0
        subject = ""
        # lines of one subject stand together: they share the beginning ``<iri> ``, which no other subject has
        for i, line in enumerate(self.lines):
            this = line[: line.index(" ")]
            if this != subject:
                if subject:
                    self._ranges[subject] = (start, i)
                subject, start = this, i
        if subject:
            self._ranges[subject] = (start, len(self.lines))

    @classmethod
    def read(cls, *paths: Path) -> Description:
        """The description in these files. Raises DocumentSyntaxError for a line that is not a triple."""
        lines: list[str] = []
        for path in paths:
            for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
                if line:
                    if not line.endswith(" .") or line.count(" ") < 3 or not line.startswith("<"):
                        raise DocumentSyntaxError(
                            "this is not a triple without blank nodes.", where=Place(source=path.name, line=number)
                        )
                    lines.append(line)
        return cls(lines)

    def __len__(self) -> int:
        return len(self.lines)

    def __contains__(self, subject: str) -> bool:
        return subject in self._ranges

    @property
    def subjects(self) -> Iterable[str]:
        """All subjects, sorted, in angle brackets."""
        return self._ranges

    def about(self, subject: str) -> list[str]:
        """The lines with this subject."""
        start, end = self._ranges.get(subject, (0, 0))
        return self.lines[start:end]

    def objects(self, subject: str, predicate: str) -> list[str]:
        """The objects of a subject for one predicate (``<iri>``)."""
        prefix = f"{subject} {predicate} "
        return [split_line(line)[2] for line in self.about(subject) if line.startswith(prefix)]

    def with_predicate(self, predicate: str) -> Iterator[tuple[str, str]]:
        """Subject and object of every line with this predicate (``<iri>``)."""
        mark = f" {predicate} "
        for line in self.lines:
            if mark in line:
                subject, found, value = split_line(line)
                if found == predicate:
                    yield subject, value


def digest(lines: Iterable[str]) -> str:
    """The SHA-256 of sorted lines, each with its newline, in hexadecimal: the graph's name by content."""
    state = hashlib.sha256()
    for line in lines:
        state.update(line.encode("utf-8"))
        state.update(b"\n")
    return state.hexdigest()


def write_lines(lines: Iterable[str], target: Path) -> Path:
    """Write lines to a file and return it."""
    with target.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(f"{line}\n" for line in lines)
    return target
