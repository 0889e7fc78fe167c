"""Judging descriptions by the hub's SHACL shapes, in batches, with pySHACL. The one place that knows pySHACL.

Importing pySHACL and rdflib takes half a second, which only a publication should pay: they are imported when used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from node.errors import ConfigurationError
from node.ontology.concepts import Vocabulary
from node.publishing.drafts import Severity
from node.publishing.ntriples import Description, bare, split_line
from node.rdf.namespaces import (
    DCAT_DATASET,
    DCT,
    DERIVES_FROM,
    ONCO,
    RDF_TYPE,
    RDFS_SUBCLASS_OF,
    SH,
    SPECIMEN,
    XSD,
    shorten,
)
from node.resources import resource

if TYPE_CHECKING:
    from rdflib import Graph

#: How many samples and donors are judged at once: about 30,000 triples, 60 MB in rdflib.
BATCH = 4_000

_TYPE = f"<{RDF_TYPE}>"
_PART_OF = f"<{DCT}isPartOf>"
_DERIVES = f"<{DERIVES_FROM}>"
_SEVERITIES = {SH + "Violation": Severity.VIOLATION, SH + "Warning": Severity.WARNING, SH + "Info": Severity.INFO}

#: What each kind of constraint says when it is broken (SHACL, section 4); the shape's message says what to do.
_BROKEN = {
    "MinCountConstraintComponent": "a value is missing",
    "MaxCountConstraintComponent": "there are too many values",
    "NodeKindConstraintComponent": "a value is of the wrong kind (IRI or text)",
    "InConstraintComponent": "a value is not one of those allowed",
    "ClassConstraintComponent": "a value is not of the right type",
    "DatatypeConstraintComponent": "a value has the wrong datatype",
    "MinLengthConstraintComponent": "a text is too short",
    "MinInclusiveConstraintComponent": "a number is too small, or no number",
    "MaxInclusiveConstraintComponent": "a number is too large, or no number",
    "PatternConstraintComponent": "a text is not of the right form",
    "UniqueLangConstraintComponent": "there are several values for one language",
    "NotConstraintComponent": "something is here that must not be",
}


@dataclass(frozen=True)
class Broken:
    """One validation result (SHACL, section 3.6.2), without blank nodes. ``focus`` and ``value`` are plain text."""

    focus: str
    field: str | None
    value: str | None
    severity: Severity
    what: str
    remedy: str


@lru_cache(maxsize=1)
def shapes_text() -> str:
    """The shapes as they are served, in Turtle."""
    return resource("ontologies/shapes.ttl").read_text(encoding="utf-8")


def validate(description: Description, dataset: str, vocabulary: Vocabulary, *, batch: int = BATCH) -> Iterator[Broken]:
    """What of a description breaks the shapes. ``dataset`` is the dataset's IRI.

    The nodes of the dataset itself are judged first, then samples and donors, ``batch`` at a time. Memory is that of
    one batch and of the description's lines.
    """
    records = _records(description)
    among = set(records)
    rest = [s for s in description.subjects if s not in among]
    referring = {value: f"{s} {_DERIVES} {value} ." for s, value in description.with_predicate(_DERIVES)}
    for judged in [rest, *(records[i : i + batch] for i in range(0, len(records), batch))]:
        if judged:
            lines = _batch(description, judged, f"<{dataset}>", referring)
            results = _run([*lines, *_class_lines(lines, vocabulary)], {bare(s) for s in judged})
            yield from sorted(results, key=lambda r: (r.focus, r.field or "", r.value or ""))


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


def _batch(description: Description, judged: Iterable[str], dataset: str, referring: dict[str, str]) -> list[str]:
    """What the shapes can see from these subjects: their triples, the dataset's, and those of what they name.

    A donor whose samples are in another batch is seen with one triple that makes it a donor.
    """
    lines: set[str] = set(description.about(dataset))
    for subject in judged:
        about = description.about(subject)
        lines.update(about)
        if subject in referring:
            lines.add(referring[subject])
        for line in about:
            value = split_line(line)[2]
            if value != dataset and value in description:
                lines.update(description.about(value))
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


@lru_cache(maxsize=1)
def _shapes() -> Graph:
    from rdflib import Graph  # noqa: PLC0415

    return Graph().parse(data=shapes_text(), format="turtle")


def _graph(lines: Iterable[str]) -> Graph:
    """The lines as an rdflib graph; pyoxigraph reads them, which is twice as fast as rdflib's own reader."""
    from pyoxigraph import NamedNode, RdfFormat, parse  # noqa: PLC0415
    from rdflib import Graph, Literal, URIRef  # noqa: PLC0415

    graph = Graph()
    terms: dict[str, URIRef] = {}

    def iri(value: str) -> URIRef:
        known = terms.get(value)
        if known is None:
            known = terms[value] = URIRef(value)
        return known

    for quad in parse("\n".join(lines).encode("utf-8"), RdfFormat.N_TRIPLES):
        value = quad.object
        term: URIRef | Literal
        if isinstance(value, NamedNode):
            term = iri(value.value)
        elif value.language or value.datatype.value == XSD + "string":
            term = Literal(value.value, lang=value.language)
        else:
            term = Literal(value.value, datatype=iri(value.datatype.value))
        graph.add((iri(quad.subject.value), iri(quad.predicate.value), term))
    return graph


def _run(lines: Iterable[str], judged: set[str]) -> Iterator[Broken]:
    from pyshacl import validate as run_shacl  # noqa: PLC0415
    from rdflib import BNode, Graph, URIRef  # noqa: PLC0415

    data = _graph(lines)
    conforms, report, text = run_shacl(data, shacl_graph=_shapes(), inference="none", inplace=True, advanced=False)
    if not isinstance(report, Graph):
        raise ConfigurationError(f"the shapes of this installation cannot be used: {text}")
    if conforms:
        return

    def one(node: Any, name: str) -> Any:
        return report.value(node, URIRef(SH + name))

    for result in report.objects(None, URIRef(SH + "result")):
        focus = str(one(result, "focusNode"))
        if focus not in judged:
            continue
        path, value = one(result, "resultPath"), one(result, "value")
        component = str(one(result, "sourceConstraintComponent")).removeprefix(SH)
        yield Broken(
            focus=focus,
            field=shorten(str(path)) if isinstance(path, URIRef) else None,
            value=None if value is None or isinstance(value, BNode) or str(value) == focus else str(value),
            severity=_SEVERITIES.get(str(one(result, "resultSeverity")), Severity.VIOLATION),
            what=_BROKEN.get(component, "a rule of the hub is broken"),
            remedy=str(one(result, "resultMessage") or ""),
        )
