"""The code systems that partners ask with: how their codes are written, and the IRI of each code.

OncoTree and ICD-O-3 have no IRIs of their own. Theirs here are those that the Bioregistry resolves; other customary
spellings of the same code are read as the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from node.rdf.namespaces import OBO, expand

ONCOTREE = "https://bioregistry.io/oncotree:"
ICDO3 = "https://bioregistry.io/icdo:"

#: The namespaces of the classes that data are coded with: a mapping leads to one of these.
HUB = (OBO + "NCIT_", OBO + "OBI_")


@dataclass(frozen=True)
class CodeSystem:
    """One code system: its short ``name``, the ``title`` for people, the ``prefix`` of its CURIEs, other prefixes
    that people use, the namespace of its IRIs, other namespaces that its codes are known by, and the form of codes."""

    name: str
    title: str
    prefix: str
    namespace: str
    prefixes: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    code: str = r"\S+"


#: By name.
SYSTEMS = {
    system.name: system
    for system in (
        CodeSystem(
            "oncotree",
            "OncoTree",
            "ONCOTREE",
            ONCOTREE,
            namespaces=(
                "https://identifiers.org/oncotree:",
                "https://identifiers.org/oncotree/",
                "http://identifiers.org/oncotree/",
                OBO + "ONCOTREE_",
            ),
            code=r"[A-Za-z0-9_/-]+",
        ),
        CodeSystem(
            "icdo3",
            "ICD-O-3",
            "ICDO3",
            ICDO3,
            prefixes=("ICDO", "ICD-O", "ICD-O-3"),
            namespaces=(OBO + "ICDO_", "https://identifiers.org/icdo:", "http://identifiers.org/icdo/"),
            code=r"\d{4}/\d|C\d{2}(?:\.\d)?",
        ),
        CodeSystem("uberon", "UBERON", "UBERON", OBO + "UBERON_", code=r"\d+"),
        CodeSystem("mondo", "MONDO", "MONDO", OBO + "MONDO_", code=r"\d+"),
        CodeSystem("cl", "Cell Ontology", "CL", OBO + "CL_", code=r"\d+"),
    )
}

_BY_PREFIX = {prefix.casefold(): system for system in SYSTEMS.values() for prefix in (system.prefix, *system.prefixes)}
_ALIASES = {alias: system.namespace for system in SYSTEMS.values() for alias in system.namespaces}
_CURIE = re.compile(r"([A-Za-z][A-Za-z0-9-]*):(\S+)")

#: Prefix to namespace for queries that are asked with codes, in small letters and capitals.
QUERY_PREFIXES = {
    spelling: system.namespace
    for system in SYSTEMS.values()
    for prefix in (system.prefix, *system.prefixes)
    for spelling in (prefix, prefix.lower())
} | {"NCIT": OBO + "NCIT_", "ncit": OBO + "NCIT_", "OBI": OBO + "OBI_"}


def canonical(iri: str) -> str:
    """The IRI by which a code is known here: the same, but for another customary spelling of the code's."""
    for alias, namespace in _ALIASES.items():
        if iri.startswith(alias):
            return namespace + iri[len(alias) :]
    return iri


def code_iri(text: str) -> str | None:
    """The IRI of a code, given as IRI or CURIE (``ONCOTREE:GBM``, ``icdo3:9440/3``, ``NCIT:C3058``); None if it is
    neither, or not of the form that codes of that system have."""
    text = text.strip()
    if "://" in text:
        return canonical(text)
    match = _CURIE.fullmatch(text)
    if match is None:
        return None
    system = _BY_PREFIX.get(match[1].casefold())
    if system is None:
        return expand(text)
    code = match[2] if system.name != "oncotree" else match[2].upper()
    return system.namespace + code if re.fullmatch(system.code, code) else None


def system_of(iri: str) -> CodeSystem | None:
    """The code system of a code, None for an IRI of another."""
    return next((s for s in SYSTEMS.values() if iri.startswith(s.namespace)), None)


def code_name(iri: str) -> str:
    """A code as people write it: its CURIE, or its IRI where there is none."""
    system = system_of(iri)
    if system is not None:
        return f"{system.prefix}:{iri[len(system.namespace) :]}"
    for prefix in ("NCIT", "OBI"):
        namespace = f"{OBO}{prefix}_"
        if iri.startswith(namespace):
            return f"{prefix}:{iri[len(namespace) :]}"
    return iri


def is_hub(iri: str) -> bool:
    """Whether data are coded with classes of this namespace."""
    return iri.startswith(HUB)
