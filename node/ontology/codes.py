"""What is written as a code: of a concept itself, in any of its customary spellings, or of another system.

``NCIT:C3058``, ``C3058``, ``obo:NCIT_C3058``, ``OBI_0002117`` and whole IRIs name a concept; ``9440/3``, ``C71.9``,
``oncotree:GBM``, ``MONDO:0018177`` and values of the GDC dictionary lead to one, as far as they are mapped here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz import process
from rapidfuzz.distance import OSA

from node.ontology.code_systems import code_iri, code_name
from node.ontology.concepts import Vocabulary
from node.ontology.mapping_sets import Lead, Mappings
from node.ontology.mappings import EXACT, CodeMap
from node.rdf.namespaces import OBO, expand, shorten

#: Systems whose codes people also write without a prefix.
_BARE = ("ONCOTREE", "ICDO3")
_GDC = "gdc"
_CODE = re.compile(r"([A-Za-z]+)[_:](\w+)")
_NCIT = re.compile(r"[Cc](\d{2,7})")
_SPACED = re.compile(r"\s*:\s*")
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Mapped:
    """A code of another system that leads to a concept: ``predicate`` is a SKOS mapping property, read from the code.

    ``code`` is the code as people write it, ``code_iri`` its IRI ("" where it has none), ``label`` what it is called
    there, ``by`` the mapping set that says so. ``as_written``: the text was the code to the letter.
    """

    code: str
    code_iri: str
    label: str
    iri: str
    predicate: str
    by: str = ""
    as_written: bool = True

    @property
    def exact(self) -> bool:
        """Whether the code means the same as the concept."""
        return self.predicate == EXACT


class Codes:
    """Reads codes, with the concepts and mappings of one generation. Immutable; threads may share one."""

    def __init__(self, vocabulary: Vocabulary, values: CodeMap, mappings: Mappings) -> None:
        """``values`` maps the values of the GDC dictionary, ``mappings`` the codes of all other systems."""
        self._vocabulary = vocabulary
        self._values = values
        self._mappings = mappings

    def iri(self, text: str) -> str | None:
        """The IRI of the concept that this names as a code or IRI; None for anything else, or for one not here."""
        for iri in _spellings(text.strip().removeprefix("<").removesuffix(">")):
            if iri in self._vocabulary:
                return iri
        return None

    def mapped(self, text: str) -> Iterator[Mapped]:
        """Where this leads to as a code of another system; several where it may mean several."""
        written = _SPACED.sub(":", text.strip()[:_LONGEST])
        for iri in filter(None, dict.fromkeys([code_iri(written), *(code_iri(f"{p}:{written}") for p in _BARE)])):
            for lead in self._mappings.of_code(iri):
                yield _led(lead, as_written=iri.endswith(written) or ":" in written)
        value = written[len(_GDC) + 1 :].strip() if written.casefold().startswith(f"{_GDC}:") else written
        row = self._values.row(_GDC, value) if value else None
        for iri, predicate in row.candidates() if row else ():
            assert row is not None
            yield Mapped(f"GDC {row.source_code}", "", row.source_label, iri, predicate, _GDC, row.source_code == value)

    def of(self, iri: str) -> tuple[Mapped, ...]:
        """The codes of other systems that lead to this concept, exact ones first."""
        found = [_led(lead) for lead in self._mappings.of_concept(iri)]
        found += self._by_concept.get(iri, ())
        return tuple(sorted(dict.fromkeys(found), key=lambda one: (not one.code_iri, not one.exact, one.code, one.by)))

    def like(self, text: str, *, most: int = 3) -> list[str]:
        """Codes of concepts that differ from this text in one letter or digit: what may have been meant."""
        written = text.strip()[:_LONGEST].upper().replace("_", ":")
        wanted = f"NCIT:{written}" if _NCIT.fullmatch(written) else written
        found = process.extract(wanted, self._curies, scorer=OSA.distance, score_cutoff=1, limit=most)
        return [name for name, _distance, _place in found]

    @cached_property
    def _by_concept(self) -> dict[str, list[Mapped]]:
        found: dict[str, list[Mapped]] = defaultdict(list)
        for row in self._values.rows(_GDC):
            for iri, predicate in row.candidates():
                found[iri].append(Mapped(f"GDC {row.source_code}", "", row.source_label, iri, predicate, _GDC))
        return found

    @cached_property
    def _curies(self) -> list[str]:
        return [curie(iri) for iri in self._vocabulary.iris()]


def _led(lead: Lead, *, as_written: bool = True) -> Mapped:
    row, by = lead.row, f"{lead.set.name} {lead.set.version}"
    label = row.subject_label if row.subject == lead.code else row.object_label
    return Mapped(code_name(lead.code), lead.code, label, lead.concept, lead.predicate, by, as_written)


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
