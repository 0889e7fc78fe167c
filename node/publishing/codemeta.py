"""CodeMeta files (``codemeta.json``): research software, described by those who write it.

The words of CodeMeta are those of schema.org (CodeMeta 2.0 and 3.0, https://codemeta.github.io/terms/). What the
files need before they are like any other JSON-LD document here: an address where they have none, the licence as an
IRI, and no e-mail addresses of persons.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from node.errors import Place
from node.model.identifiers import slug
from node.model.kinds import Kind
from node.publishing.contexts import codemeta, objects, pointer
from node.publishing.drafts import Finding, Severity
from node.publishing.jsondocument import UNKNOWN_TERM

_SOFTWARE = {"SoftwareSourceCode", "SoftwareApplication"}
_PERSON = {"Person", "schema:Person"}
_SPDX = "https://spdx.org/licenses/"
_LICENCE_NAME = re.compile(r"[A-Za-z0-9.+-]+")


def is_codemeta(document: Any) -> bool:
    """Whether a document, its contexts in place, has CodeMeta's at its top."""
    context = document.get("@context") if isinstance(document, dict) else None
    return any(each is codemeta() for each in (context if isinstance(context, list) else [context]))


def complete(document: Any, source: str) -> list[Finding]:
    """Change a CodeMeta document, in place, into one that can be published; the findings say what was done."""
    findings: list[Finding] = []
    for holder, steps in objects(document):
        types = _texts(holder, "type")
        if types & _SOFTWARE:
            if steps is None and not _texts(holder, "id"):
                name = next((n for key in ("name", "identifier") if isinstance(n := holder.get(key), str)), "")
                try:
                    holder["@id"] = f"{Kind.SOFTWARE}/{slug(name)}"
                except ValueError:
                    continue  # the shapes ask for the name
            if isinstance(licence := holder.get("license"), str) and _LICENCE_NAME.fullmatch(licence):
                holder["license"] = _SPDX + licence
        elif "email" in holder and (types & _PERSON or "givenName" in holder or "familyName" in holder):
            del holder["email"]
            findings.append(
                Finding(
                    Severity.WARNING,
                    "the e-mail address of a person is left out",
                    Place(source=source, record=pointer(steps), field="email"),
                    remedy="Give the address of a team or of the issue tracker instead.",
                )
            )
    return findings


def tolerated(finding: Finding) -> Finding:
    """The finding, as a warning if it is about a term that the node does not know: CodeMeta has more than it needs."""
    if finding.message == UNKNOWN_TERM and finding.severity is Severity.VIOLATION:
        return replace(finding, severity=Severity.WARNING, remedy="It is not published; everything else is.")
    return finding


def _texts(holder: dict[str, Any], key: str) -> set[str]:
    """The texts of a keyword, which may be written with ``@`` or without."""
    found = holder.get(f"@{key}", holder.get(key))
    return {each for each in (found if isinstance(found, list) else [found]) if isinstance(each, str)}
