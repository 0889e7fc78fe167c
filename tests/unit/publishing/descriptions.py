"""Descriptions for tests: one that is right in all respects, to be spoilt one respect at a time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

BASE = "https://node.example.org/"
BY = "https://creativecommons.org/licenses/by/4.0/"


def description(name: str = "gliomas", **changes: Any) -> dict[str, Any]:
    """A dataset with two samples of two donors and a contact; ``changes`` replace or, with None, remove keys."""
    own = f"datasets/{name}"
    document: dict[str, Any] = {
        "@context": "https://w3id.org/onconode/context/v1.jsonld",
        "id": own,
        "type": "Dataset",
        "identifier": name,
        "title": {"@value": f"Collection {name}", "@language": "en"},
        "description": "Gliomas of one clinic.",
        "publisher": {"type": "Organization", "name": "A clinic"},
        "license": BY,
        "accessRights": "PUBLIC",
        "contactPoint": {"type": "Contact", "formattedName": "Office", "email": "mailto:office@example.org"},
        "samples": [sample(own, "S1", "D1"), sample(own, "S2", "D2", diagnosis="NCIT:C3059")],
    }
    return {key: value for key, value in (document | changes).items() if value is not None}


def sample(own: str, name: str, donor: str, **changes: Any) -> dict[str, Any]:
    """A sample with its donor, in the form the samples of ``description`` have."""
    document: dict[str, Any] = {
        "id": f"{own}/samples/{name}",
        "type": "Sample",
        "identifier": name,
        "diagnosis": "NCIT:C3058",
        "ageAtDiagnosis": 58,
        "sourceCode": "GBM",
        "derivesFrom": {"id": f"{own}/donors/{donor}", "type": "Donor", "identifier": donor, "sex": "NCIT:C16576"},
    }
    return {key: value for key, value in (document | changes).items() if value is not None}


def write_json(folder: Path, document: Any, name: str = "document.jsonld") -> Path:
    """The document in a file, one key a line."""
    path = folder / name
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")
    return path
