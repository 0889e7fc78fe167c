"""What the reasoner finds: contradictions and empty classes with their reasons, and what follows unasserted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from node.curation.facts import Facts
from node.curation.findings import Finding
from node.curation.justification import roots, why_inconsistent, why_unsatisfiable
from node.curation.locality import BOTTOM, module
from node.curation.owl import Axiom
from node.curation.reasoning import Classified, Reasoner, asserted_ancestors
from node.curation.rules import finding
from node.curation.words import sentence
from node.errors import Place

#: How many empty classes are explained; of the others it is said which one they depend on.
_MOST_EXPLAINED = 5


@dataclass(frozen=True)
class Logic:
    """The axioms that were classified: the vocabulary's own, and those of the releases that matter to it."""

    own: Sequence[Axiom]
    modules: Sequence[Axiom]
    kinds: dict[str, set[str]]

    @property
    def axioms(self) -> list[Axiom]:
        return [*self.own, *self.modules]


def gather(facts: Facts) -> Logic:
    """The vocabulary with the modules, by locality, of the releases for every term that it mentions."""
    names = {name for axiom in facts.axioms for name in axiom.signature} | facts.mentioned
    upstream = [axiom for release in facts.workspace.base for axiom in release.ontology.axioms]
    # BOTTOM, not STAR: superclasses that follow are to be listed, wherever in the release they are
    cut = module(upstream, names, BOTTOM)
    kinds = {name: set(found) for name, found in facts.ontology.kinds.items()}
    for release in facts.workspace.base:
        for axiom in cut:
            for name in axiom.signature & release.ontology.kinds.keys():
                kinds.setdefault(name, set()).update(release.ontology.kinds[name])
    return Logic(facts.axioms, cut, kinds)


def check_logic(
    facts: Facts, logic: Logic, reasoner: Reasoner, progress: Callable[[str], None] = lambda _: None
) -> Iterator[Finding]:
    """Classify, and say what is wrong and what follows. Raises what the reasoner does."""
    progress(f"classifying {len(logic.axioms):,} axioms")
    answer = reasoner.classify(logic.axioms, logic.kinds)
    if not answer.consistent:
        progress("looking for the axioms that contradict each other")
        reasons = why_inconsistent(logic.axioms, reasoner, logic.kinds)
        own = [axiom for axiom in reasons if axiom.origin == facts.workspace.settings.vocabulary.name]
        subject = facts.workspace.settings.vocabulary.ontology
        place = (own or reasons)[0].place if reasons else Place()
        yield finding(
            "inconsistent_vocabulary",
            subject,
            facts.workspace.settings.vocabulary.title,
            f"{len(reasons)} axioms contradict each other.",
            place,
            because=_because(facts, reasons),
            remedy="Take out or change one of them.",
        )
        return
    yield from _empty(facts, logic, reasoner, answer, progress)
    yield from _follows(facts, logic, answer)


def _empty(
    facts: Facts, logic: Logic, reasoner: Reasoner, answer: Classified, progress: Callable[[str], None]
) -> Iterator[Finding]:
    causes = roots(answer.unsatisfiable, logic.axioms)
    for iri in causes[:_MOST_EXPLAINED]:
        progress(f"looking for the reason why {facts.label(iri)} can have no instance")
        reasons = why_unsatisfiable(iri, logic.axioms, reasoner, logic.kinds)
        own = [axiom for axiom in reasons if axiom.origin == facts.workspace.settings.vocabulary.name]
        yield facts.found(
            "unsatisfiable_class",
            iri,
            f"it can have no instance, because of {len(reasons)} axioms.",
            place=facts.workspace.place(iri) if iri in facts.own or not own else own[0].place,
            because=_because(facts, reasons),
            remedy="Take out or change one of them.",
        )
    for iri in sorted(answer.unsatisfiable - set(causes[:_MOST_EXPLAINED])):
        first = facts.label(causes[0])
        yield facts.found(
            "unsatisfiable_class",
            iri,
            "it can have no instance.",
            value=causes[0],
            remedy=f"Mend {first!r} first: it may be for the same reason.",
        )


def _follows(facts: Facts, logic: Logic, answer: Classified) -> Iterator[Finding]:
    asserted = asserted_ancestors(logic.axioms)
    own = set(facts.own)
    for same in answer.equivalent:
        for iri in sorted(same & own):
            for other in sorted(same - {iri}):
                mutual = other in asserted.get(iri, ()) and iri in asserted.get(other, ())
                if not mutual:
                    name = facts.workspace.settings.shorten(other)
                    message = f"it turns out to be the same as {name} ({facts.label(other)})."
                    yield facts.found("inferred_equivalent", iri, message, value=other)
    for iri in sorted(own & answer.parents.keys()):
        for up in sorted(answer.parents[iri] - asserted.get(iri, set()) - {iri}):
            name = facts.workspace.settings.shorten(up)
            yield facts.found("inferred_superclass", iri, f"it is below {name} ({facts.label(up)}).", value=up)


def _because(facts: Facts, reasons: Sequence[Axiom]) -> tuple[tuple[str, str], ...]:
    """The axioms in words, the vocabulary's own first, each with where it is stated."""
    name = facts.workspace.settings.vocabulary.name
    ordered = sorted(reasons, key=lambda axiom: (axiom.origin != name, sentence(axiom.term, facts.label)))
    return tuple((sentence(axiom.term, facts.label), str(axiom.place) or axiom.origin) for axiom in ordered)
