"""The kinds of things a node describes, and the names under which it keeps their descriptions."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """One kind of description. The value is the first step of its addresses: ``software/<id>``."""

    DATASET = "datasets"
    SOFTWARE = "software"
    INFRASTRUCTURE = "infrastructures"
    SERVICE = "services"

    @property
    def noun(self) -> str:
        """What one of them is called in a sentence."""
        return {"datasets": "dataset", "infrastructures": "infrastructure", "services": "service"}.get(self, self.value)

    @property
    def one(self) -> str:
        """The noun with its article, where it has one."""
        return {"software": "software", "infrastructures": "an infrastructure"}.get(self, f"a {self.noun}")


def name_of(kind: Kind, slug: str) -> str:
    """The name of a description at its node: the slug for a dataset, ``software:<slug>`` and so on for the rest.

    A slug holds no colon, so that names of different kinds never meet. Graphs, register and reports go by the name.
    """
    return slug if kind is Kind.DATASET else f"{kind}:{slug}"


def kind_of(name: str) -> tuple[Kind, str]:
    """The kind and the slug that a name stands for."""
    kind, colon, slug = name.partition(":")
    return (Kind(kind), slug) if colon and kind in list(Kind) else (Kind.DATASET, name)
