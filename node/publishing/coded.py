"""What a value can turn out to be: coded, to be decided on by the partner, or not known."""

from __future__ import annotations

from dataclasses import dataclass, field

from node.ontology.sssom import Match


@dataclass(frozen=True, slots=True)
class Coded:
    """A class, and the match that gives it."""

    match: Match

    @property
    def iri(self) -> str:
        return self.match.iri


@dataclass(frozen=True, slots=True)
class Proposed:
    """Candidates for what the partner wrote, best first; none is used before the partner says yes.

    ``system`` is the short name of the code system that it was said to be a code of, "" for words.
    """

    value: str
    reason: str
    candidates: tuple[Match, ...]
    system: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """No class and no candidate: for which value, of which code system ("" for words), and why."""

    value: str
    reason: str
    system: str = field(default="", compare=False)


Answer = Coded | Proposed | Unknown
