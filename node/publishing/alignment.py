"""Alignment: every NCIt and OBI code in a description is a class that is known, in force, and of the right branch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from node.ontology.branches import BRANCHES, SAMPLE_CLASSES, in_branch
from node.ontology.concepts import Vocabulary
from node.publishing.ntriples import Description, bare, split_line
from node.rdf.namespaces import DCAT_DATASET, DCT, OBO, RDF_TYPE, SPECIMEN, shorten

_CHECKED = (f"<{OBO}NCIT_", f"<{OBO}OBI_")
_PART_OF = f"<{DCT}isPartOf>"


@dataclass(frozen=True)
class Misaligned:
    """One code that cannot stay, at one property, with the subjects (IRIs, sorted) that have it there."""

    property: str
    code: str
    what: str
    remedy: str
    subjects: tuple[str, ...]


def misaligned(description: Description, vocabulary: Vocabulary) -> Iterator[Misaligned]:
    """The codes that cannot stay, each distinct pair of property and code once, in the order of property and code.

    Checked is every object in the NCIt and OBI namespaces, and every object of a property whose values have to come
    from a branch of them.
    """
    used: dict[tuple[str, str], list[str]] = {}
    for line in description.lines:
        subject, predicate, value = split_line(line)
        if value.startswith(_CHECKED) or (value.startswith("<") and bare(predicate) in BRANCHES):
            used.setdefault((bare(predicate), bare(value)), []).append(bare(subject))
    for (predicate, code), subjects in sorted(used.items()):
        fault = _fault(predicate, code, vocabulary)
        if fault is not None:
            yield Misaligned(predicate, code, *fault, subjects=tuple(subjects))
    yield from _samples_of_no_specimen_class(description, vocabulary)


def _fault(predicate: str, code: str, vocabulary: Vocabulary) -> tuple[str, str] | None:
    concept = vocabulary.get(code)
    if concept is None:
        if in_branch(vocabulary, predicate, code) and not code.startswith((OBO + "NCIT_", OBO + "OBI_")):
            return None
        if not code.startswith((OBO + "NCIT_", OBO + "OBI_")):
            return (
                f"the value of {shorten(predicate)} is no NCIt or OBI class",
                f"Use a class below {_roots(predicate, vocabulary)}; what has no code goes into onco:sourceCode.",
            )
        ontology = "ncit" if code.startswith(OBO + "NCIT_") else "obi"
        return (
            "this code is not known here",
            "Check it for a typing mistake; if it is newer than the installed release, install a later one: "
            f"onconode ontology install {ontology} --from PATH.",
        )
    if concept.obsolete:
        successor = vocabulary.get(concept.replaced_by) if concept.replaced_by else None
        name = f" ({successor.label})" if successor else ""
        return (
            f"the code {concept.label!r} is obsolete",
            f"Use {shorten(concept.replaced_by)}{name} instead."
            if concept.replaced_by
            else "It has no successor; choose another class: onconode ontology search TEXT.",
        )
    if not in_branch(vocabulary, predicate, code):
        return (
            f"the code {concept.label!r} is not of the branch that {shorten(predicate)} takes its values from",
            f"Use a class below {_roots(predicate, vocabulary)}.",
        )
    return None


def _roots(predicate: str, vocabulary: Vocabulary) -> str:
    roots = BRANCHES[predicate]
    named = [f"{shorten(r)} ({c.label})" if (c := vocabulary.get(r)) else shorten(r) for r in roots]
    return " or ".join(named[:3]) + (f", or one of {len(named) - 3} more" if len(named) > 3 else "")


def _samples_of_no_specimen_class(description: Description, vocabulary: Vocabulary) -> Iterator[Misaligned]:
    """Samples whose type is stated, but is no class of specimens from organisms."""
    wrong: dict[str, list[str]] = {}
    roots = SAMPLE_CLASSES[RDF_TYPE]
    for subject, _ in description.with_predicate(_PART_OF):
        types = [bare(t) for t in description.objects(subject, f"<{RDF_TYPE}>")]
        if types and DCAT_DATASET not in types and not any(vocabulary.is_a(t, r) for t in types for r in roots):
            wrong.setdefault(types[0], []).append(bare(subject))
    for found, subjects in sorted(wrong.items()):
        yield Misaligned(
            RDF_TYPE,
            found,
            "a sample must be a specimen from organism or of a class below it",
            f"Add the type {shorten(SPECIMEN)} (JSON-LD: Sample).",
            tuple(subjects),
        )
