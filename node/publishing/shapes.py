"""Judging descriptions by SHACL shapes: the hub's own, and those of a profile beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from node.ontology.concepts import Vocabulary
from node.publishing.alike import Groups, Template, group
from node.publishing.ntriples import Description, bare, split_line
from node.publishing.profiles import HUB, facts, shapes_text
from node.publishing.shacl import Broken, Result, Shapes, read_shapes, run
from node.rdf.namespaces import DCAT_DATASET, DCT, DERIVES_FROM, ONCO, RDF_TYPE, RDFS_SUBCLASS_OF, SPECIMEN

__all__ = ["BATCH", "Broken", "Shapes", "read_shapes", "shapes_text", "validate"]

#: How many samples and donors are judged at once: about 30,000 triples, 60 MB in rdflib.
BATCH = 4_000

_TYPE = f"<{RDF_TYPE}>"
_PART_OF = f"<{DCT}isPartOf>"
_DERIVES = f"<{DERIVES_FROM}>"


def validate(
    description: Description,
    dataset: str,
    vocabulary: Vocabulary,
    *,
    shapes: Shapes | None = None,
    batch: int = BATCH,
    each: bool = False,
) -> Iterator[Broken]:
    """What of a description breaks the shapes (None: the hub's). ``dataset`` is the dataset's IRI.

    The nodes of the dataset itself are judged first, then samples and donors, ``batch`` at a time. Of samples and
    donors that look alike to the shapes one is judged for all; with ``each``, every one is judged. The results are the
    same. Memory is that of one batch and of the description's lines.
    """
    shapes = shapes or read_shapes((HUB, shapes_text()))
    records = _records(description)
    among = set(records)
    rest = [s for s in description.subjects if s not in among]
    coming = _coming(description, shapes.sight.incoming | {_DERIVES})
    groups = Groups(single=records) if each else group(records, description, shapes.sight, coming, vocabulary)
    look = _Look(description, f"<{dataset}>", coming, vocabulary, shapes)

    yield from _sorted(r.broken for r in look.at(rest))
    found: dict[str, Template] = {}
    own: dict[str, list[Broken]] = {}
    single = groups.single
    for judged in _batches([alike[0] for alike in groups.alike], batch):
        broken: dict[str, list[Result]] = {}
        for result in look.at(judged):
            broken.setdefault(f"<{result.broken.focus}>", []).append(result)
        for alike in groups.alike:
            if (results := broken.get(alike[0])) is None:
                continue
            try:
                template = Template(results, alike[0], description, shapes.sight)
            except ValueError:
                single = [*single, *alike]
            else:
                found.update(dict.fromkeys(alike, template))
    for judged in _batches(single, batch):
        for result in look.at(judged):
            own.setdefault(f"<{result.broken.focus}>", []).append(result.broken)
    for node in records if found or own else ():
        if node in found:
            yield from _sorted(found[node].of(node, description))
        yield from _sorted(own.get(node, ()))


def _batches(nodes: list[str], size: int) -> Iterator[list[str]]:
    return (nodes[i : i + size] for i in range(0, len(nodes), size))


def _sorted(found: Iterable[Broken]) -> list[Broken]:
    return sorted(found, key=lambda b: (b.focus, b.field or "", b.value or ""))


def _records(description: Description) -> list[str]:
    """Samples and donors, of which there are many; what a sample derives from stands right after it."""
    sources: dict[str, list[str]] = {}
    for subject, value in description.with_predicate(_DERIVES):
        sources.setdefault(subject, []).append(value)
    found = {s for s, _ in description.with_predicate(_PART_OF)} | sources.keys()
    found |= {s for s, value in description.with_predicate(_TYPE) if value in (f"<{ONCO}Donor>", f"<{SPECIMEN}>")}
    found |= {value for values in sources.values() for value in values if value in description}
    found -= {s for s, value in description.with_predicate(_TYPE) if value == f"<{DCAT_DATASET}>"}
    together = [node for subject in sorted(sources) for node in (subject, *sources[subject]) if node in found]
    return list(dict.fromkeys([*together, *sorted(found)]))


def _coming(description: Description, properties: set[str]) -> dict[str, frozenset[str]]:
    """Which nodes of the description are values of which of these properties."""
    coming: dict[str, frozenset[str]] = {}
    known: dict[tuple[frozenset[str], str], frozenset[str]] = {}
    none: frozenset[str] = frozenset()
    for line in description.lines:
        _, predicate, rest = line.split(" ", 2)
        if predicate in properties and (value := rest[:-2]) in description:
            before = coming.get(value, none)
            # a few sets serve millions of nodes
            coming[value] = known.setdefault((before, predicate), before | {predicate})
    return coming


@dataclass(frozen=True)
class _Look:
    """What is needed to look at some nodes of a description through the shapes."""

    description: Description
    dataset: str
    coming: dict[str, frozenset[str]]
    vocabulary: Vocabulary
    shapes: Shapes

    def at(self, nodes: list[str]) -> list[Result]:
        """What these nodes break."""
        if not nodes:
            return []
        lines = self._lines(nodes)
        named = {bare(v) for line in lines if (v := split_line(line)[2]).startswith("<") and v not in self.description}
        known = [*_class_lines(lines, self.vocabulary), *facts(named)]
        return list(run([*lines, *known], {bare(s) for s in nodes}, self.shapes))

    def _lines(self, judged: Iterable[str]) -> list[str]:
        """What the shapes can see from these nodes: their triples, the dataset's, and those of all that they lead to.

        That a node is the value of a property is told with one triple, whichever batch what has it is in.
        """
        lines: set[str] = set(self.description.about(self.dataset))
        waiting = list(judged)
        reached = {*waiting, self.dataset}
        for node in waiting:
            lines.update(f"<urn:onconode:referrer> {p} {node} ." for p in self.coming.get(node, ()))
        while waiting:
            about = self.description.about(waiting.pop())
            lines.update(about)
            for line in about:
                value = split_line(line)[2]
                if value not in reached and value in self.description:
                    reached.add(value)
                    waiting.append(value)
        return sorted(lines)


def _class_lines(lines: Iterable[str], vocabulary: Vocabulary) -> list[str]:
    """For each type in use that the vocabulary knows as a kind of specimen, a triple that tells the shapes so."""
    mark = f" {_TYPE} "
    types = {split_line(line)[2] for line in lines if mark in line}
    return [
        f"{t} <{RDFS_SUBCLASS_OF}> <{SPECIMEN}> ."
        for t in sorted(types)
        if bare(t) != SPECIMEN and vocabulary.is_a(bare(t), SPECIMEN)
    ]
