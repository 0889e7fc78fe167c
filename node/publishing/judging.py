"""Everything that is checked of a draft before it is published, as findings that a person can work through.

The same problem at thousands of samples is one problem: the first places are listed one by one, the rest are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from node.errors import Place
from node.ontology.concepts import Vocabulary
from node.publishing.alignment import Misaligned, misaligned
from node.publishing.asked import Collected, missing
from node.publishing.drafts import Draft, Finding, Severity
from node.publishing.ntriples import Description, bare
from node.publishing.profiles import HUB, HUB_ONLY, Profile
from node.publishing.screening import screened
from node.publishing.shacl import Broken
from node.publishing.shapes import validate
from node.publishing.wellformed import malformed
from node.rdf.namespaces import DCT, shorten

_ACCESS_RIGHTS = f"<{DCT}accessRights>"

#: How many places of one problem are listed.
EXAMPLES = 10
#: How many distinct problems of one dataset are listed.
PROBLEMS = 100


def judge(
    draft: Draft,
    description: Description,
    vocabulary: Vocabulary,
    profile: Profile = HUB_ONLY,
    record: Callable[[Broken, Place], None] = lambda _broken, _place: None,
) -> list[Finding]:
    """What is wrong with a draft: what was found when reading it, then shapes, then codes; violations first.

    ``description`` is all that the draft holds, public and records together. What is missing for the ``profile`` is
    not among the findings but in the draft: asked for once, with how far it comes. ``record`` takes each result.
    """
    problems: dict[tuple[Severity, str | None, str, str], _Problem] = {}
    collected = Collected()
    access = (bare(right) for right in description.objects(f"<{draft.iri}>", _ACCESS_RIGHTS))
    shapes = profile.shapes(access)
    for broken in validate(description, draft.iri, vocabulary, shapes=shapes):
        record(broken, draft.locate(broken.focus))
        severity = broken.severity
        places = description.stands_for.get(broken.focus, 1)
        if broken.origin != HUB:
            collected.add(broken, places)
            if missing(broken):
                continue
            if severity is Severity.VIOLATION and not profile.binding:
                severity = Severity.WARNING
        key = (severity, broken.field, broken.what, broken.remedy)
        problems.setdefault(key, _Problem()).add(broken.focus, broken.value, places)
    draft.asked = collected.missed()
    draft.levels = collected.reached(dict.fromkeys(name for name in shapes.origin.values() if name != HUB))
    for code in misaligned(description, vocabulary):
        key = (Severity.VIOLATION, shorten(code.property), f"{shorten(code.code)}: {code.what}", code.remedy)
        problem = problems.setdefault(key, _Problem())
        for subject in code.subjects:
            problem.add(subject, code.code, description.stands_for.get(subject, 1))
            record(_of_code(code, subject), draft.locate(subject))
    found = [*draft.findings, *screened(draft, description)]
    if profile.binding:
        found.extend(_unmet(draft))
    listed = sorted(problems.items(), key=lambda item: (item[0][0] is not Severity.VIOLATION, -item[1].count))
    for key, problem in listed[:PROBLEMS]:
        found.extend(_findings(draft, key, problem))
    left = [problem.count for _, problem in listed[PROBLEMS:]]
    if left:
        worst = min((key[0] for key, _ in listed[PROBLEMS:]), key=list(Severity).index)
        found.append(
            Finding(
                worst,
                f"{len(left)} more distinct problems are not listed",
                draft.locate(draft.iri),
                remedy="Correct those above first.",
                count=sum(left),
            )
        )
    found.extend(malformed(draft, description))
    return sorted(found, key=lambda f: list(Severity).index(f.severity))


def _unmet(draft: Draft) -> Iterator[Finding]:
    """What is missing for a profile that binds, as one finding a profile."""
    for level in draft.levels:
        if level.missing:
            asked = (a for a in draft.asked if a.mandatory and level.profile in a.profile.split(", "))
            yield Finding(
                Severity.VIOLATION,
                f"values that the profile {level.profile} makes mandatory are missing",
                draft.locate(draft.iri),
                value=", ".join(dict.fromkeys(a.field for a in asked)),
                remedy="Add them; the list at the end of the report has an example of each.",
                count=level.missing,
            )


def _of_code(code: Misaligned, subject: str) -> Broken:
    """A code that cannot stay as a validation result."""
    return Broken(
        focus=subject,
        field=shorten(code.property),
        value=code.code,
        severity=Severity.VIOLATION,
        what=code.what,
        remedy=f"{code.what[0].upper()}{code.what[1:]}. {code.remedy}",
        component="InConstraintComponent",
        origin=HUB,
        path=code.property,
        term=f"<{code.code}>",
    )


def violations(findings: Iterable[Finding]) -> bool:
    """Whether something among the findings stops a publication."""
    return any(f.severity is Severity.VIOLATION for f in findings)


class _Problem:
    """The places of one problem: the first ones, and how many there are."""

    def __init__(self) -> None:
        self.examples: list[tuple[str, str | None]] = []
        self.count = 0

    def add(self, subject: str, value: str | None, places: int) -> None:
        self.count += places
        if len(self.examples) <= EXAMPLES:
            self.examples.append((subject, value))


def _findings(draft: Draft, key: tuple[Severity, str | None, str, str], problem: _Problem) -> Iterator[Finding]:
    severity, field, message, remedy = key
    # one more than the limit is shown as what it is, not as "and 1 more"
    shown = EXAMPLES if problem.count > EXAMPLES + 1 else EXAMPLES + 1
    listed = problem.examples[:shown]
    for subject, value in listed:
        place = draft.locate(subject)
        # what is wrong with a blank node is placed at the property that leads to it
        where = replace(place, field=" ".join(p for p in (place.field, field) if p) or None)
        yield Finding(severity, message, where, value=value, remedy=remedy or None)
    if problem.count > len(listed):
        where = replace(draft.locate(draft.iri), field=field)
        yield Finding(
            severity, f"and more of this: {message}", where, remedy=remedy or None, count=problem.count - len(listed)
        )
