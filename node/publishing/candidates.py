"""Drafts on the last stretch: judged, compared with each other and with what the node has published before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from node.errors import Place
from node.ontology.concepts import Vocabulary
from node.publishing.drafts import CodingReport, DatasetReport, Draft, Finding, Outcome, Severity
from node.publishing.excerpt import excerpt, parts_of, sorted_lines
from node.publishing.judging import judge, violations
from node.publishing.ntriples import Description, digest, literal_value
from node.publishing.profiles import HUB_ONLY, Profile
from node.publishing.provenance import Input, read_input
from node.publishing.registry import Entry, Registry, State, find
from node.publishing.shacl import Broken
from node.publishing.sources import Reading
from node.rdf.namespaces import DCAT, ONCO
from node.store.stored_form import stored_form


@dataclass(frozen=True)
class Candidate:
    """A draft that has been judged, and its place. ``content`` is the digest of its triples, '' for one that fell.

    ``digest`` is that of its public triples as they will be served, ``version`` what the partner calls this version
    (``dcat:version``), '' without one.
    """

    draft: Draft
    where: Place
    findings: tuple[Finding, ...]
    content: str
    inputs: tuple[Input, ...]
    digest: str = ""
    version: str = ""

    @property
    def fell(self) -> bool:
        return violations(self.findings)


def judged(
    reading: Reading,
    vocabulary: Vocabulary,
    progress: Callable[[str], None],
    profile: Profile = HUB_ONLY,
    record: Callable[[Broken, Place], None] = lambda _broken, _place: None,
) -> list[Candidate]:
    """The drafts of one source, judged. If one of them falls, or something is wrong with the source, all fall."""
    candidates = []
    for draft in reading.drafts:
        progress(f"checking {draft.dataset} ({draft.samples:,} samples)")
        whole, content, served = _by_record(draft) if draft.by_record else _whole(draft)
        findings = tuple(judge(draft, whole, vocabulary, profile, record))
        if draft.coding is None and draft.samples:
            draft.coding = _stated_coding(whole, draft.samples)
        candidates.append(
            Candidate(
                draft,
                draft.locate(draft.iri),
                findings,
                content,
                tuple(read_input(path) for path in draft.inputs),
                digest=served,
                version=_stated_version(whole, draft.iri),
            )
        )
    if violations(reading.findings) or (not reading.apart and any(c.fell for c in candidates)):
        return [c if c.fell else _with(c, _COMPANION, reading) for c in candidates]
    return candidates


def without_places(candidate: Candidate) -> Candidate:
    """The candidate as it can be handed to another process: it no longer finds places in its files."""
    return replace(candidate, draft=replace(candidate.draft, locate=_somewhere))


def _somewhere(about: str) -> Place:
    return Place(record=about)


def _whole(draft: Draft) -> tuple[Description, str, str]:
    """What is judged of a draft, all of it; the digest of its triples, and of the public ones as they are served."""
    public = Description.read(draft.public)
    served = digest(stored_form(public.lines))
    if draft.records is None:
        return public, digest(public.lines), served
    records = Description.read(draft.records)
    whole = Description([*public.lines, *records.lines])
    return whole, digest([digest(public.lines), digest(records.lines)]), served


def _by_record(draft: Draft) -> tuple[Description, str, str]:
    """The same for a draft of any length: an excerpt is judged, and the digests are made of lines sorted on disk."""
    files = [draft.public, *([draft.records] if draft.records else [])]
    digests = [digest(sorted_lines(path)) for path in files]
    # sorting a million records twice takes a minute, and hardly ever does the store spell something otherwise
    alike = all(stored_form(lines) is lines for lines in parts_of(draft.public))
    served = digests[0] if alike else digest(sorted_lines(draft.public, stored_form))
    return excerpt(files, draft.iri), digests[0] if draft.records is None else digest(digests), served


def _stated_version(description: Description, dataset: str) -> str:
    stated = sorted(literal_value(v)[0] for v in description.objects(f"<{dataset}>", _VERSION) if v.startswith('"'))
    return stated[0].strip() if stated else ""


def _stated_coding(description: Description, samples: int) -> CodingReport:
    """How many samples of a document state a diagnosis; of the others, what the partner wrote instead."""
    coded = {subject for subject, _ in description.with_predicate(_DIAGNOSIS)}
    report = CodingReport(samples=samples, coded=len(coded))
    written = {s: value for s, value in description.with_predicate(_SOURCE_CODE) if s not in coded}
    for term, count in Counter(written.values()).items():
        value = literal_value(term)[0] if term.startswith('"') else term
        for _ in range(count):
            report.miss(_NOT_STATED, value)
    for _ in range(samples - len(coded) - len(written)):
        report.miss(_NOT_STATED, "")
    return report


_VERSION = f"<{DCAT}version>"
_NOT_STATED = "the document states no NCIt diagnosis"
_DIAGNOSIS = f"<{ONCO}diagnosis>"
_SOURCE_CODE = f"<{ONCO}sourceCode>"
_COMPANION = "other parts of the same document have errors, and a document is published whole or not at all"


def _with(candidate: Candidate, message: str, reading: Reading) -> Candidate:
    finding = Finding(Severity.VIOLATION, message, Place(source=reading.source.name), remedy="Correct them first.")
    return replace(candidate, findings=(*candidate.findings, finding))


def without_clashes(candidates: list[Candidate]) -> list[Candidate]:
    """Let all fall that come twice in one call: nobody can tell which of the two is meant."""
    checked = []
    for candidate in candidates:
        draft = candidate.draft
        others = [
            c.draft.source
            for c in candidates
            if c is not candidate and (c.draft.dataset == draft.dataset or c.draft.iri == draft.iri)
        ]
        if others:
            finding = Finding(
                Severity.VIOLATION,
                f"the dataset {draft.dataset!r} is also described in {others[0]}",
                candidate.where,
                remedy="Publish it from one place, or give each dataset an identifier of its own.",
            )
            candidate = replace(candidate, findings=(*candidate.findings, finding))  # noqa: PLW2901
        checked.append(candidate)
    return checked


def against_register(registry: Registry, candidate: Candidate) -> Finding | None:
    """What in the register stands against a publication."""
    draft = candidate.draft
    entry = registry.get(draft.dataset)
    where = candidate.where
    if entry is not None and entry.state is State.WITHDRAWN:
        return Finding(
            Severity.VIOLATION,
            f"the dataset {draft.dataset!r} was withdrawn on {(entry.withdrawn or '')[:10]}, and an IRI is never used "
            f"again (reason given then: {entry.reason})",
            where,
            value=draft.iri,
            remedy="Publish it under another identifier.",
        )
    if draft.origin and entry is not None and entry.origin != draft.origin:
        source = entry.origin or "the files of this partner"
        return Finding(
            Severity.VIOLATION,
            f"this is described here from {source}, which a harvest does not replace",
            where,
            value=draft.iri,
            remedy="Withdraw it first, if the catalogue is the better source.",
        )
    if entry is not None and entry.iri != draft.iri:
        return Finding(
            Severity.VIOLATION,
            f"the identifier {draft.dataset!r} belongs to another dataset of this node, {entry.iri}",
            where,
            value=draft.iri,
            remedy="Give the dataset another dct:identifier.",
        )
    other = find(registry, draft.iri)
    if other is not None and other.dataset != draft.dataset:
        return Finding(
            Severity.VIOLATION,
            f"this dataset is known here as {other.dataset!r}",
            where,
            value=draft.dataset,
            remedy=f"Give it the dct:identifier {other.dataset!r} again.",
        )
    return None


def with_version_checked(candidate: Candidate, old: Entry | None) -> Candidate:
    """The candidate, told of a ``dcat:version`` that has stayed the same while the description has changed."""
    if old is None or not candidate.version or candidate.version != old.version:
        return candidate
    finding = Finding(
        Severity.WARNING,
        "the description has changed, but its dcat:version has not",
        candidate.where,
        value=candidate.version,
        remedy="Give each version another, or leave it out: the node then counts.",
    )
    return replace(candidate, findings=(*candidate.findings, finding))


def report(candidate: Candidate, outcome: Outcome, entry: Entry | None = None) -> DatasetReport:
    """What became of a candidate, for the report; ``entry`` is its entry in the register now."""
    draft = candidate.draft
    return DatasetReport(
        dataset=draft.dataset,
        title=draft.title,
        source=draft.source,
        outcome=outcome,
        samples=draft.samples,
        donors=draft.donors,
        findings=candidate.findings,
        coding=draft.coding,
        asked=draft.asked,
        levels=draft.levels,
        version=entry.version if entry else "",
        digest=entry.digest if entry else "",
    )
