"""What the tests of publishing share: a node in memory."""

from __future__ import annotations

import pytest
from descriptions import BASE
from memory_store import MemoryStore

from node.config import Identity
from node.model.identifiers import Identifiers
from node.ontology.concepts import Concept, Vocabulary
from node.ontology.mappings import core_code_map
from node.ontology.releases import core_vocabulary
from node.publishing.catalog import Catalog
from node.publishing.publish import NodeParts
from node.rdf.namespaces import OBO


@pytest.fixture
def identifiers() -> Identifiers:
    return Identifiers(BASE)


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    """The packaged core, and one obsolete code with a successor."""
    old = Concept(f"{OBO}NCIT_C0001", "Old name", (f"{OBO}NCIT_C3262",), True, f"{OBO}NCIT_C3058")
    return core_vocabulary().overlaid_by(Vocabulary.of([old]))


@pytest.fixture
def identity() -> Identity:
    return Identity(base_iri=BASE, title="A test node", publisher="A clinic")


@pytest.fixture
def store(identifiers: Identifiers) -> MemoryStore:
    return MemoryStore(identifiers)


@pytest.fixture
def parts(store: MemoryStore, identifiers: Identifiers, vocabulary: Vocabulary, identity: Identity) -> NodeParts:
    return NodeParts(store, identifiers, vocabulary, core_code_map(), identity)


@pytest.fixture
def catalog(store: MemoryStore, identifiers: Identifiers, identity: Identity) -> Catalog:
    return Catalog(store, identifiers, identity)
