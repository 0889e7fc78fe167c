"""What is written as a code: of a concept itself, in any of its customary spellings, or of another system.

``NCIT:C3058``, ``C3058``, ``obo:NCIT_C3058``, ``OBI_0002117`` and whole IRIs name a concept; ``9440/3``, ``C71.9``,
``oncotree:GBM`` and the values of the GDC dictionary lead to one, as far as mappings from their systems are installed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz import process
from rapidfuzz.distance import OSA

from node.ontology.concepts import Vocabulary
from node.ontology.mappings import EXACT, SYSTEMS, CodeMap
from node.rdf.namespaces import OBO, expand, shorten

#: Systems of codes by what people write before a code of theirs, and what is shown of each.
_PREFIXES = {
    "oncotree": ("oncotree",),
    **dict.fromkeys(("icdo", "icdo3", "icd-o", "icd-o-3"), ("icdo3m", "icdo3t")),
    **dict.fromkeys(("icdo3m", "icdom"), ("icdo3m",)),
    **dict.fromkeys(("icdo3t", "icdot"), ("icdo3t",)),
    "gdc": ("gdc",),
}
TITLES = {"oncotree": "OncoTree", "icdo3m": "ICD-O-3", "icdo3t": "ICD-O-3", "gdc": "GDC"}
_CODE = re.compile(r"([A-Za-z]+)[_:](\w+)")
_NCIT = re.compile(r"[Cc](\d{2,7})")
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Mapped:
    """A code of another system that leads to a concept: ``predicate`` is a SKOS mapping property, read from the code.

    ``as_written``: the text was the code to the letter, not in other letters.
    """

    system: str
    code: str
    label: str
    iri: str
    predicate: str
    as_written: bool = True

    @property
    def name(self) -> str:
        """The code with what its system is called."""
        return f"{TITLES.get(self.system, self.system)} {self.code}"

    @property
    def exact(self) -> bool:
        """Whether the code means the same as the concept."""
        return self.predicate == EXACT


class Codes:
    """Reads codes, with the concepts and mappings of one generation. Immutable; threads may share one."""

    def __init__(self, vocabulary: Vocabulary, mappings: CodeMap) -> None:
        self._vocabulary = vocabulary
        self._mappings = mappings

    def iri(self, text: str) -> str | None:
        """The IRI of the concept that this names as a code or IRI; None for anything else, or for one not here."""
        for iri in _spellings(text.strip().removeprefix("<").removesuffix(">")):
            if iri in self._vocabulary:
                return iri
        return None

    def mapped(self, text: str) -> Iterator[Mapped]:
        """Where this leads to as a code of another system; several where it may mean several."""
        written = text.strip()[:_LONGEST]
        prefix, colon, rest = written.partition(":")
        systems = _PREFIXES.get(prefix.strip().casefold()) if colon else None
        code = rest.strip() if systems else written
        for system in systems or SYSTEMS:
            row = self._mappings.row(system, code) if code else None
            for iri, predicate in row.candidates() if row else ():
                assert row is not None
                yield Mapped(system, row.source_code, row.source_label, iri, predicate, row.source_code == code)

    def of(self, iri: str) -> tuple[Mapped, ...]:
        """The codes of other systems that lead to this concept, sorted."""
        return tuple(self._by_concept.get(iri, ()))

    def like(self, text: str, *, most: int = 3) -> list[str]:
        """Codes of concepts that differ from this text in one letter or digit: what may have been meant."""
        written = text.strip()[:_LONGEST].upper().replace("_", ":")
        wanted = f"NCIT:{written}" if _NCIT.fullmatch(written) else written
        found = process.extract(wanted, self._curies, scorer=OSA.distance, score_cutoff=1, limit=most)
        return [name for name, _distance, _place in found]

    @cached_property
    def _by_concept(self) -> dict[str, list[Mapped]]:
        found: dict[str, list[Mapped]] = defaultdict(list)
        for system in SYSTEMS:
            for row in self._mappings.rows(system):
                for iri, predicate in row.candidates():
                    found[iri].append(Mapped(system, row.source_code, row.source_label, iri, predicate))
        for codes in found.values():
            codes.sort(key=lambda each: (SYSTEMS.index(each.system), not each.exact, each.code))
        return found

    @cached_property
    def _curies(self) -> list[str]:
        return [curie(iri) for iri in self._vocabulary.iris()]


def curie(iri: str) -> str:
    """How people write an IRI as a code: ``NCIT:C3058``, ``onco:Donor``; the IRI itself where no prefix fits."""
    local = iri.removeprefix(OBO)
    if local != iri and (found := _CODE.fullmatch(local)) and "_" in local:
        return f"{found[1]}:{found[2]}"
    return shorten(iri).removeprefix("<").removesuffix(">")


def _spellings(text: str) -> Iterator[str]:
    """The IRIs that a text may stand for."""
    if len(text) > _LONGEST:
        return
    yield text
    found = expand(text)
    if found:
        yield found
    if ncit := _NCIT.fullmatch(text):
        yield f"{OBO}NCIT_C{ncit[1]}"
    rest = text[4:] if text[:4].lower() == "obo:" else text
    if code := _CODE.fullmatch(rest):
        yield f"{OBO}{code[1]}_{code[2]}"
        yield f"{OBO}{code[1].upper()}_{code[2].upper()}"
