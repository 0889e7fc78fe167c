"""What nodes say of the words they could not code: from a node's folder, its address, or the file it exported."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from node.curation.demand import Told
from node.curation.kgcl import curie
from node.errors import (
    DocumentSyntaxError,
    MemberProtocolError,
    MemberUnavailable,
    Place,
    ProtocolError,
    ResultTooLarge,
)
from node.federation.calling.http import HttpClient
from node.federation.calling.meter import Meter
from node.model.identifiers import Identifiers
from node.ontology.branches import BRANCHES
from node.publishing.coded import Coded, Proposed
from node.publishing.coder import LONGEST, Coder, key_of
from node.publishing.demand import MOST_SHARED, demand_document
from node.rdf.namespaces import ONCO
from node.store.quads import QuadStore

_MOST_BYTES = 20_000_000
_PATH = "demand"


def told_by_node(store: QuadStore, identifiers: Identifiers, *, fewest: int) -> Told:
    """What the node with this store says to its own operators."""
    return read_told(demand_document(store, identifiers, fewest=fewest, restricted=True), source=identifiers.base)


def told_by_file(path: Path) -> Told:
    """What a node exported. Raises DocumentSyntaxError, which says what is wrong with the file."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ResultTooLarge(f"{path} has more than {_MOST_BYTES:,} bytes.")
        return read_told(json.loads(path.read_bytes()), source=str(path))
    except (OSError, ValueError) as error:
        raise DocumentSyntaxError(f"cannot be read: {error}.", where=Place(source=str(path))) from error


def told_by_endpoint(address: str, *, token: str = "", seconds: float = 60.0) -> Told:
    """What the node at this base address says.

    Raises MemberError, which names the address, ResultTooLarge, and ProtocolError for a token that would be sent
    unencrypted to another machine.
    """
    url = address.rstrip("/").removesuffix("/sparql").removesuffix(f"/{_PATH}") + f"/{_PATH}"
    client = HttpClient(url, 1)
    parts = urlsplit(url)
    if token and parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ProtocolError(
            f"a token would go to {url} for all the network to read.", remedy="Give the node's address with https."
        )
    headers = {"Accept": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    pieces: list[bytes] = []
    try:
        with client.exchange("GET", url, body=None, headers=headers, meter=Meter(seconds, 10, 1 << 40)) as reply:
            if reply.status in (401, 403):
                raise MemberUnavailable(
                    f"{url} does not share what it could not code.",
                    member=url,
                    remedy="Ask its operators for a token (--token-file), or for what onconode curate demand export "
                    "writes.",
                )
            reply.require()
            for piece in reply.chunks():
                pieces.append(piece)
                if sum(map(len, pieces)) > _MOST_BYTES:
                    raise ResultTooLarge(f"{url} answers with more than {_MOST_BYTES:,} bytes.")
        return read_told(json.loads(b"".join(pieces)), source=url)
    except (ValueError, DocumentSyntaxError) as error:
        raise MemberProtocolError(
            f"{url} answers no list of what waits for a term: {error}.",
            member=url,
            remedy="Give the address of a node, as its catalogue is at.",
        ) from error
    finally:
        client.close()


def read_told(document: Any, *, source: str) -> Told:
    """What a node's document says, checked: others wrote it. Raises DocumentSyntaxError."""
    try:
        waiting: dict[tuple[str, str, str], tuple[str, int]] = {}
        for row in document["waiting"][:MOST_SHARED]:
            text, samples = " ".join(str(row["text"]).split()), int(row["samples"])
            property_iri = ONCO + str(row["property"])
            if property_iri in BRANCHES and 0 < len(text) <= LONGEST and samples > 0:
                waiting[property_iri, key_of(text), str(row["system"])[:40]] = text, samples
        releases = {str(each["name"]): str(each["version"]) for each in document["releases"][:1000]}
        node = str(document["node"])
        if not node.startswith(("http://", "https://")) or len(node.split()) != 1:
            raise ValueError(f"{node!r} is no address of a node")
        return Told(node, releases, waiting, withheld=int(document["withheld"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DocumentSyntaxError(
            f"this is not what a node says of its demand ({error}).", where=Place(source=source)
        ) from error


def with_candidates(told: Told, coder: Coder) -> tuple[Told, int]:
    """The same with the classes that the words are like; and how many of the words ``coder`` could code by now.

    What the coder codes is known here, but not where the words were written: the node has to install it.
    """
    candidates: dict[tuple[str, str, str], tuple[str, ...]] = {}
    known = 0
    for key, (text, _samples) in told.waiting.items():
        answer = coder.code(key[0], text, key[2])
        if isinstance(answer, Proposed):
            candidates[key] = tuple(f"{curie(m.iri)} {m.label}" for m in answer.candidates)
        elif isinstance(answer, Coded):
            known += 1
            candidates[key] = (f"{curie(answer.match.iri)} {answer.match.label}",)
    return Told(told.node, told.releases, told.waiting, candidates, told.withheld), known


def running(told: Iterable[Told]) -> dict[str, dict[str, str]]:
    """Node to vocabulary to version."""
    return {one.node: dict(one.releases) for one in told}
