"""From the triples of one document to its descriptions, and what does not fit into any.

A description is a head, such as a ``dcat:Dataset``, and what can be reached from it; for a dataset also its samples
(``dct:isPartOf``) and what can be reached from those. ``heads`` says what is a head. Samples, donors and what hangs
under them are *records*; of a dataset that is not open they are kept apart from what everybody may see.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass, field

from node.errors import Place
from node.model.identifiers import Identifiers, is_slug, slug
from node.model.kinds import Kind, name_of
from node.publishing.drafts import Finding, Severity
from node.publishing.heads import find_heads, taken, without_catalogue
from node.publishing.ntriples import Description, bare, literal_value, split_line
from node.rdf.namespaces import (
    ACCESS_PUBLIC,
    DCT,
    DERIVES_FROM,
    FOAF,
    OBO,
    ONCO,
    PREFIXES,
    RDF_TYPE,
    SCHEMA,
    shorten,
)

_TYPE = f"<{RDF_TYPE}>"
_PART_OF = f"<{DCT}isPartOf>"
_DERIVES = f"<{DERIVES_FROM}>"
_DONOR = f"<{ONCO}Donor>"
_ACCESS_RIGHTS = f"<{DCT}accessRights>"
_RECORD_PROPERTIES = {_PART_OF, _DERIVES, f"<{ONCO}diagnosis>", f"<{ONCO}sourceCode>", f"<{ONCO}sex>"}

# An IRI that begins with one of our prefixes and a colon is a name whose prefix nobody declared.
_UNDECLARED = re.compile(rf"<(?:{'|'.join([*PREFIXES, 'NCIT', 'OBI', 'UBERON'])}):(?!//)[^>]*>")
_CONTROL = re.compile(r"(?<!\\)(?:\\\\)*\\u00(?:0[0-8BCEF]|1[0-9A-F]|7F)")

_KINDS = "|".join(Kind)
#: The properties from which the address of something with a foreign IRI is made, the best first.
_NAMING = (DCT + "identifier", DCT + "title", SCHEMA + "identifier", SCHEMA + "name", FOAF + "name")
_TITLES = (DCT + "title", SCHEMA + "name", FOAF + "name")

_OF_THE_CATALOGUE = "left out: it belongs to the catalogue, not to one of its datasets"
#: What is said of a document without anything to describe.
NOTHING = "the document describes no dataset, nor software, an infrastructure or a service"
#: How many places of one problem are listed; the rest are counted.
EXAMPLES = 10


@dataclass(frozen=True)
class Part:
    """One description: its lines that everybody may see and those about records, each sorted."""

    dataset: str
    iri: str
    title: str
    open: bool
    described: list[str]
    records: list[str]
    samples: int
    donors: int
    findings: tuple[Finding, ...]


@dataclass
class Split:
    """The parts of a document, and the findings that belong to no single part."""

    parts: list[Part] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


Locate = Callable[[str], Place]


def split(
    document: Description, identifiers: Identifiers, locate: Locate, source: str, *, foreign: bool = False
) -> Split:
    """Split a document into its descriptions. ``locate`` finds the place of an IRI in ``source``.

    ``foreign``: the document is a catalogue of others. It may not describe what has an address of this node, and what
    belongs to none of its datasets (the catalogue itself, its records and pages) is left out.
    """
    result = Split()
    subjects = list(document.subjects)
    if foreign:
        document = without_catalogue(document)
    heads = find_heads(document, identifiers)
    if foreign:
        for head, why in taken(heads, identifiers).items():
            value = bare(head)
            result.findings.append(Finding(Severity.WARNING, f"left out: {why}", locate(value), value=value))
            del heads[head]
    if not heads:
        result.findings.append(
            Finding(
                Severity.VIOLATION,
                NOTHING,
                Place(source=source),
                remedy="Give one resource the type dcat:Dataset, and refer to it from each sample with dct:isPartOf.",
            )
        )
        return result
    say = _Sayer(locate)
    result.findings.extend(_bad_lines(document, identifiers, say))
    owner = {s: d for s, d in document.with_predicate(_PART_OF) if heads.get(d) is Kind.DATASET and s not in heads}
    record_like = _record_like(document, identifiers) - heads.keys()
    names: dict[str, str] = {}
    reached: set[str] = set()
    for dataset, kind in heads.items():
        own = {s for s, d in owner.items() if d == dataset}
        described = _reach(document, [dataset], heads.keys() | record_like)
        records = _reach(document, sorted(own), heads.keys() | (described - own) | (set(owner) - own))
        reached |= described | records
        name, findings = _named(document, dataset, kind, identifiers, say)
        if name is None:
            result.findings.extend(findings)
            continue
        if name in names:
            findings.append(
                say.one(
                    f"two descriptions of this document are both called {name!r}",
                    dataset,
                    remedy="Give each a dct:identifier of its own.",
                )
            )
        names[name] = dataset
        findings.extend(_misplaced(described | records, dataset, name, identifiers, say))
        findings.extend(
            say.many(
                "this sample or donor has no IRI of its own",
                ((s, None) for s in sorted(records & record_like) if _is_skolem(bare(s), identifiers)),
                remedy=f"Give it one (JSON-LD: id), such as datasets/{name}/samples/ID.",
            )
        )
        part = Part(
            dataset=name,
            iri=bare(dataset),
            title=_title(document, dataset) or name,
            open=kind is not Kind.DATASET or document.objects(dataset, _ACCESS_RIGHTS) == [f"<{ACCESS_PUBLIC}>"],
            described=_lines(document, described),
            records=_lines(document, records),
            samples=_count(document, records, _PART_OF, dataset),
            donors=_count(document, records, _TYPE, _DONOR),
            findings=tuple(findings),
        )
        result.parts.append(part)
    if foreign:
        rest = sum(1 for s in subjects if s not in reached)
        if rest:
            where = Place(source=source)
            result.findings.append(Finding(Severity.INFO, _OF_THE_CATALOGUE, where, count=rest))
    else:
        result.findings.extend(_unreached(document, reached, record_like, say))
    return result


class _Sayer:
    def __init__(self, locate: Locate) -> None:
        self._locate = locate

    def one(self, message: str, subject: str, *, value: str | None = None, remedy: str | None = None) -> Finding:
        """One violation at a subject (in angle brackets)."""
        return Finding(Severity.VIOLATION, message, self._locate(bare(subject)), value=value, remedy=remedy)

    def many(
        self,
        message: str,
        found: Iterable[tuple[str, str | None]],
        *,
        remedy: str,
        severity: Severity = Severity.VIOLATION,
    ) -> Iterator[Finding]:
        """The same problem at several subjects: the first ones each, the rest as a count."""
        rest = 0
        last: tuple[str, str | None] | None = None
        for i, (subject, value) in enumerate(found):
            if i < EXAMPLES:
                yield Finding(severity, message, self._locate(bare(subject)), value, remedy)
            else:
                rest += 1
                last = (subject, value)
        if last is not None:
            where = self._locate(bare(last[0]))
            yield Finding(severity, f"and more of this: {message}", where, last[1], remedy, count=rest)


def _bad_lines(document: Description, identifiers: Identifiers, say: _Sayer) -> Iterator[Finding]:
    undeclared: dict[str, str] = {}
    control: list[tuple[str, str | None]] = []
    predicates: dict[str, str] = {}
    strange: dict[str, str] = {}
    base = f"<{identifiers.base}"
    for line in document.lines:
        if (match := _UNDECLARED.search(line)) is not None:
            undeclared.setdefault(match.group(), line[: line.index(" ")])
        if "\\u00" in line and _CONTROL.search(line):
            subject, predicate, _ = split_line(line)
            control.append((subject, shorten(bare(predicate))))
        if line.count(base) > line.startswith(base):
            subject, predicate, value = split_line(line)
            if predicate.startswith(base):
                predicates.setdefault(predicate, subject)
            if value.startswith(base) and value not in document and not _is_served(bare(value), identifiers):
                strange.setdefault(value, subject)
    yield from say.many(
        "this prefix is used, but not declared, so the name is no IRI of the vocabulary meant",
        ((subject, name) for name, subject in undeclared.items()),
        remedy="Declare the prefix, or write the IRI in full.",
    )
    yield from say.many("a text holds a control character", control, remedy="Remove characters that cannot be printed.")
    yield from say.many(
        "this property is a relative IRI, and the node defines no properties",
        ((subject, value) for value, subject in predicates.items()),
        remedy="Write the full IRI of the property.",
    )
    # a partner's own file names stand in real descriptions; they lead nowhere, which is a pity and no error
    yield from say.many(
        "this relative IRI leads to an address of this node where nothing can be",
        ((subject, value) for value, subject in strange.items()),
        remedy="Write the full IRI, or a text in quotation marks if it is meant to be text.",
        severity=Severity.WARNING,
    )


def _record_like(document: Description, identifiers: Identifiers) -> set[str]:
    found = {value for _, value in document.with_predicate(_DERIVES) if value in document}
    under = re.compile(rf"<{re.escape(identifiers.base)}datasets/[^/>]+/(samples|donors)/")
    for line in document.lines:
        subject, predicate, value = split_line(line)
        is_type = predicate == _TYPE and (value == _DONOR or value.startswith(f"<{OBO}OBI_"))
        if is_type or predicate in _RECORD_PROPERTIES or under.match(subject):
            found.add(subject)
    return found


def _reach(document: Description, start: list[str], stop: Set[str]) -> set[str]:
    """The subjects that can be reached from ``start`` over objects without entering ``stop``."""
    reached = {s for s in start if s in document}
    waiting = list(reached)
    while waiting:
        for line in document.about(waiting.pop()):
            value = line[line.index(" ", line.index(" ") + 1) + 1 : -2]
            if value not in reached and value not in stop and value in document:
                reached.add(value)
                waiting.append(value)
    return reached


def _named(
    document: Description, dataset: str, kind: Kind, identifiers: Identifiers, say: _Sayer
) -> tuple[str | None, list[Finding]]:
    """The name of a description, None with a finding when there can be none."""
    iri = bare(dataset)
    prefix = identifiers.description(name_of(kind, ""))
    if _is_skolem(iri, identifiers):
        return None, [
            say.one(
                f"the {kind.noun} has no IRI of its own",
                dataset,
                remedy=f"Give it one, such as {prefix}my-{kind.noun} or just {kind}/my-{kind.noun}.",
            )
        ]
    if iri.startswith(prefix):
        name = iri.removeprefix(prefix)
        if is_slug(name):
            return name_of(kind, name), []
        return None, [
            say.one(
                f"this cannot be the IRI of {kind.one} of this node",
                dataset,
                value=iri,
                remedy=f"After {prefix} come lower-case letters, digits, '.', '_' and '-', at most 100.",
            )
        ]
    if iri.startswith(identifiers.base):
        return None, [
            say.one(
                f"{kind.one} of this node has another address",
                dataset,
                value=iri,
                remedy=f"Use {prefix}NAME, or just {kind}/NAME.",
            )
        ]
    for predicate in _NAMING:
        for value in sorted(document.objects(dataset, f"<{predicate}>")):
            if value.startswith('"'):
                try:
                    return name_of(kind, slug(literal_value(value)[0])), []
                except ValueError:
                    continue
    return None, [
        say.one(
            f"the {kind.noun} has neither a dct:identifier nor a dct:title from which its address here could be made",
            dataset,
            remedy="Add a dct:identifier of Latin letters and digits.",
        )
    ]


def _misplaced(subjects: set[str], dataset: str, name: str, identifiers: Identifiers, say: _Sayer) -> Iterator[Finding]:
    """IRIs of the node that are described here, but are of no form that the node mints, or belong elsewhere."""
    address = identifiers.description(name)
    own = re.compile(
        # the organisation behind the node may be described in any document
        rf"{re.escape(identifiers.base)}(organisation|#.+)"
        rf"|{re.escape(address)}(/(samples|donors)/[^/?#]+)?(#[^#]*)?"
    )
    other = re.compile(rf"{re.escape(identifiers.base)}({_KINDS})/([^/?#]+)(/(samples|donors)/[^/?#]+)?(#[^#]*)?")
    foreign: list[tuple[str, str | None]] = []
    shapeless: list[tuple[str, str | None]] = []
    for subject in sorted(subjects - {dataset}):
        iri = bare(subject)
        if not iri.startswith(identifiers.base) or _is_skolem(iri, identifiers) or own.fullmatch(iri):
            continue
        (foreign if other.fullmatch(iri) else shapeless).append((subject, iri))
    yield from say.many(
        f"this IRI belongs to another dataset or description than {name!r}, which speaks of it here",
        foreign,
        remedy=f"Put it under {address}/samples/ or …/donors/.",
    )
    yield from say.many(
        "an IRI of this node must be of one of its forms",
        shapeless,
        remedy=f"Use {address}/samples/ID, …/donors/ID or …#ID, or an address outside of the node.",
    )


def _title(document: Description, dataset: str) -> str | None:
    """The title of a dataset, the English one if there are several."""
    named = next((found for p in _TITLES if (found := document.objects(dataset, f"<{p}>"))), [])
    values = [literal_value(t) for t in named if t.startswith('"')]
    return min(values, key=lambda v: (v[1] != "en", v[0]))[0] if values else None


def _count(document: Description, subjects: set[str], predicate: str, value: str) -> int:
    return sum(any(line.startswith(f"{s} {predicate} {value} ") for line in document.about(s)) for s in subjects)


def _unreached(document: Description, reached: set[str], record_like: set[str], say: _Sayer) -> Iterator[Finding]:
    left = [s for s in document.subjects if s not in reached]
    yield from say.many(
        "this sample or donor belongs to no dataset of the document",
        ((s, shorten(bare(s))) for s in left if s in record_like),
        remedy="Give each sample dct:isPartOf with its dataset, and name each donor with obo:RO_0001000 at a sample.",
    )
    others = [s for s in left if s not in record_like]
    # of a chain of strays, only the first one has to be attached
    referred = {split_line(line)[2] for s in left for line in document.about(s)}
    heads = [s for s in others if s not in referred] or others
    yield from say.many(
        "no dataset of the document leads to this resource, so it would not be published",
        ((s, shorten(bare(s))) for s in heads),
        remedy="Refer to it from the dataset, or remove it.",
    )


def _lines(document: Description, subjects: set[str]) -> list[str]:
    return sorted(line for s in subjects for line in document.about(s))


def _is_skolem(iri: str, identifiers: Identifiers) -> bool:
    return iri.startswith(identifiers.skolem(""))


def _is_served(iri: str, identifiers: Identifiers) -> bool:
    """Whether an IRI is of a form that something at this node can have."""
    path = iri.removeprefix(identifiers.base)
    return bool(
        re.fullmatch(rf"(({_KINDS})/[^/?#]+(/(samples|donors)/[^/?#]+)?|graph/[^/?#]+|organisation)?(#[^#]*)?", path)
        or path.startswith(("sparql", "queries", ".well-known/", "context/", "vocabulary/"))
    )
