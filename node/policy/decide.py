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
    """What a caller may see, and why.

    ``tiers``: those it may read. ``exportable``: those of them whose values may be sent to other members and to
    services, as bindings or in any other way.
    """

    tiers: tuple[Tier, ...]
    exportable: tuple[Tier, ...]
    reason: str

    @property
    def kept(self) -> tuple[Tier, ...]:
        """The tiers that the caller may read, and whose values stay here."""
        return tuple(tier for tier in self.tiers if tier not in self.exportable)


def decide(principal: Principal) -> Verdict:
    """What this principal may read. Everybody reads what is public; the rest is the operator's alone.

    Nobody's query sends anything but what is public to others: an operator may see the rest, and they may not.
    """
    exportable = (Tier.PUBLIC,)
    if principal.operator:
        return Verdict(tuple(Tier), exportable, "the operator of the node reads everything")
    return Verdict((Tier.PUBLIC,), exportable, "everybody reads what is public")
