"""Reads the example partners' documents the simple way: parse, with the context put in and a base IRI."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pyoxigraph import RdfFormat, Store

from node.resources import resource

CONTEXT_IRI = "https://w3id.org/onconode/context/v1.jsonld"


def context() -> dict[str, Any]:
    """The context document, parsed."""
    document: dict[str, Any] = json.loads(resource("ontologies/context/v1.jsonld").read_text(encoding="utf-8"))
    return document


def with_context(document: dict[str, Any]) -> dict[str, Any]:
    """The same JSON-LD document with the context's content in place of its name."""
    return document | {"@context": context()["@context"]}


def documents() -> list[Path]:
    """The example RDF documents."""
    folder = resource("examples/partners")
    return sorted([*folder.glob("*/*.jsonld"), *folder.glob("*/*.ttl")])


def load_document(store: Store, path: Path) -> None:
    """Add one example document to the store's default graph, as if its partner's node were at a base of its own."""
    base = f"http://{path.parent.name}.example/"
    if path.suffix == ".jsonld":
        document = with_context(json.loads(path.read_text(encoding="utf-8")))
        store.load(json.dumps(document).encode(), RdfFormat.JSON_LD, base_iri=base)
    else:
        store.load(path.read_bytes(), RdfFormat.TURTLE, base_iri=base)
