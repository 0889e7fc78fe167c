"""From who asks to what they may see."""

from __future__ import annotations

from dataclasses import dataclass

from node.model.access import Tier


@dataclass(frozen=True)
class Principal:
    """Who asks. ``operator`` runs the node and may see everything it holds."""

    operator: bool = False


ANONYMOUS = Principal()
OPERATOR = Principal(operator=True)


@dataclass(frozen=True)
class Verdict:
    """The tiers a caller may see, and why."""

    tiers: tuple[Tier, ...]
    reason: str


def decide(principal: Principal) -> Verdict:
    """What this principal may read. Everybody reads what is public; the rest is the operator's alone."""
    if principal.operator:
        return Verdict(tuple(Tier), "the operator of the node reads everything")
    return Verdict((Tier.PUBLIC,), "everybody reads what is public")
