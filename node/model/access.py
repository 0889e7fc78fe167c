"""Access tiers: which callers may see a graph."""

from __future__ import annotations

from enum import StrEnum


class Tier(StrEnum):
    """Who may see what is in a graph. Until identities exist, callers see ``PUBLIC`` only."""

    PUBLIC = "public"
    CONTROLLED = "controlled"
