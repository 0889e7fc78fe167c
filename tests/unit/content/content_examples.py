"""Reads the example partners' documents the simple way: parse, with the context put in and a base IRI."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pyoxigraph import RdfFormat, Store

from node.publishing.contexts import codemeta
from node.resources import resource

CONTEXT_IRI = "https://w3id.org/onconode/context/v1.jsonld"


def context() -> dict[str, Any]:
    """The context document, parsed."""
    document: dict[str, Any] = json.loads(resource("ontologies/context/v1.jsonld").read_text(encoding="utf-8"))
    return document


#: The contexts that the examples name.
PINNED = {CONTEXT_IRI: lambda: context()["@context"], "https://w3id.org/codemeta/3.0": codemeta}


def with_context(document: dict[str, Any]) -> dict[str, Any]:
    """The same JSON-LD document with the contexts' content in place of their names."""
    names = document.get("@context", CONTEXT_IRI)
    content = [PINNED[name]() for name in names] if isinstance(names, list) else PINNED[names]()
    return document | {"@context": content}


def documents() -> list[Path]:
    """The example RDF documents."""
    folder = resource("examples/partners")
    return sorted([*folder.glob("*/*.jsonld"), *folder.glob("*/*.ttl"), *folder.glob("*/codemeta.json")])


def load_document(store: Store, path: Path) -> None:
    """Add one example document to the store's default graph, as if its partner's node were at a base of its own."""
    base = f"http://{path.parent.name}.example/"
    if path.suffix in (".jsonld", ".json"):
        document = with_context(json.loads(path.read_text(encoding="utf-8")))
        store.load(json.dumps(document).encode(), RdfFormat.JSON_LD, base_iri=base)
    else:
        store.load(path.read_bytes(), RdfFormat.TURTLE, base_iri=base)
