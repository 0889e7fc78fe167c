"""The names of descriptions, and their addresses and back."""

from __future__ import annotations

import pytest

from node.model.identifiers import Identifiers
from node.model.kinds import Kind, kind_of, name_of

IDS = Identifiers("https://node.example.org/")


@pytest.mark.parametrize("kind", Kind)
def test_a_name_gives_kind_and_slug_back(kind: Kind) -> None:
    """Names of different kinds never meet, and each leads to its address and back."""
    name = name_of(kind, "maf-tools")
    assert kind_of(name) == (kind, "maf-tools")
    assert IDS.description(name) == f"https://node.example.org/{kind}/maf-tools"
    assert IDS.name(IDS.description(name)) == name
    assert IDS.name(IDS.description(name) + "#record") == name


def test_a_dataset_goes_by_its_slug() -> None:
    """As it always has."""
    assert name_of(Kind.DATASET, "gliomas") == "gliomas"
    assert IDS.name("https://node.example.org/datasets/gliomas/samples/S1") == "gliomas"


@pytest.mark.parametrize("iri", ["https://elsewhere.example/software/x", "https://node.example.org/other/x"])
def test_other_iris_have_no_name(iri: str) -> None:
    """Only what lies under the address of a description."""
    assert IDS.name(iri) is None
    assert kind_of("other:x") == (Kind.DATASET, "other:x")
