"""From one value that a partner wrote to one ontology class: certain, to be decided on by the partner, or not known.

This is all that a reader of partners' data needs: ``Coder.code(property, text, system)``. What is *coded* rests on the
partner's own decision, on a code, on a published mapping, or on a name (label or exact synonym, spelling aside) that
one class of the right branch has. What is only alike, wider or one of several is *proposed*, with its candidates, and
used when the partner has said yes (``node.publishing.decisions``). Nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from node.ontology.branches import ANATOMICAL_SITE, BRANCHES, DIAGNOSIS, OPEN_NAMESPACES, in_branch
from node.ontology.concepts import Concept, Vocabulary
from node.ontology.lexical import Likeness, Spellings, without_side
from node.ontology.mappings import BROAD, CLOSE, EXACT, CodeMap
from node.ontology.sssom import CHAINED, LEXICAL, MANUAL, NO_TERM, SIMILAR, Match
from node.ontology.terms import core_terms
from node.publishing.coded import Answer, Coded, Proposed, Unknown
from node.publishing.tables import is_missing
from node.rdf.namespaces import OBO, expand

#: Code systems that may be given as a hint, beside ``ncit`` and ``obi`` for codes of those.
SYSTEMS = ("oncotree", "icdo3m", "icdo3t", "gdc")
#: A longer text is nobody's name for a class; it is not looked up and not proposed for.
LONGEST = 120
#: How many candidates a proposal has, and for how many distinct values of a property candidates are looked for.
CANDIDATES = 5
_MOST_PROPOSED = 2_000
_MOST_REMEMBERED = 100_000

NOT_GIVEN = "nothing is written"
TOO_LONG = f"the text is longer than the {LONGEST} characters of a name"
UNKNOWN_CODE = "not a code of the installed {system}"
NO_MAPPING = "no NCIt class is exactly this {system} code"
NOT_IN_VOCABULARY = "the class it is mapped to is not in the installed vocabulary"
NOT_OF_BRANCH = "the class it is mapped to is not of the branch of this property"
NO_SUCH_NAME = "not the name of exactly one class of this property"
SEVERAL = "the name of several classes"
SAYS_NOTHING = "the words say nothing about this property"
REJECTED = "the partner has rejected what was proposed"

_IDENTIFIER = re.compile(r"(?:https?://\S+|(?:NCIT|OBI|UBERON)[:_]\w+|(?:NCI|NCIt|ncit)[:_]C\d+)", re.I)
_NCIT_CODE = re.compile(r"C\d{4,7}")
#: ICD-O-3 codes as they are written: 8140/3, M-8140/3, pgx:icdom-81403; C50.9, ICD-O-3:C50.9, pgx:icdot-C50.9.
_ICDO_PREFIX = re.compile(r"(?:pgx:)?icdo[mt]-|icd-?o(?:-?3(?:\.\d)?)?[:\s]\s*|M-(?=\d)", re.I)
_MORPHOLOGY = re.compile(r"(\d{4})(/?)(\d)")
_TOPOGRAPHY = re.compile(r"(C\d\d)(\.?)(\d)", re.I)
_ONCOTREE_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,24}")
_NAMES = {"oncotree": "OncoTree", "icdo3m": "ICD-O-3 morphology", "icdo3t": "ICD-O-3 topography", "gdc": "GDC"}
_RELEASES = {"icdo3m": "icdo3", "icdo3t": "icdo3"}


@dataclass(frozen=True)
class Decided:
    """What a partner has decided, by property and words (``key_of``): matches that are right, classes that are not.

    The words with ``NO_TERM`` among their rejected classes name nothing, and nothing is proposed for them again.
    """

    accepted: Mapping[tuple[str, str], Match] = field(default_factory=dict)
    rejected: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)


class Coder:
    """Codes values with one vocabulary, one set of mappings, and what a partner has decided. Remembers its answers."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        codes: CodeMap,
        *,
        releases: Mapping[str, str] | None = None,
        decided: Decided | None = None,
        proposing: bool = True,
    ) -> None:
        """``releases``: name of a vocabulary to its installed version, for the matches to name.

        Without ``proposing`` no names are looked for that are only alike, which is what takes time: such values are
        unknown then, and what is certain is the same.
        """
        self.vocabulary = vocabulary
        self.codes = codes
        self._releases = releases or {}
        self._decided = decided or Decided()
        self._proposing = proposing
        self._answers: dict[tuple[str, str, str], Answer] = {}
        self._names: dict[str, tuple[Spellings, Likeness]] = {}
        self._proposed: dict[str, int] = {}

    def deciding(self, decided: Decided) -> Coder:
        """A coder of the same releases with other decisions; what is costly is shared."""
        other = Coder(self.vocabulary, self.codes, releases=self._releases, decided=decided, proposing=self._proposing)
        other._names = self._names
        return other

    def code(self, property_iri: str, text: str, system: str = "") -> Answer:
        """What ``text`` means as a value of the property.

        ``system`` is the short name of the code system that the text is a code of (``SYSTEMS``, ``ncit``, ``obi``);
        without it the text is words, or a code that shows what it is: an NCIt, OBI or UBERON code, CURIE or IRI, an
        ICD-O-3 code with its slash or point.
        """
        key = (property_iri, text, system)
        answer = self._answers.get(key)
        if answer is None:
            if len(self._answers) >= _MOST_REMEMBERED:
                self._answers.clear()
            answer = self._code(property_iri, " ".join(text.split()), text, system)
            if system and not isinstance(answer, Coded):
                answer = replace(answer, system=system)
            self._answers[key] = answer
        return answer

    def matched(
        self, property_iri: str, iri: str, written: str, *, predicate: str = EXACT, comment: str = ""
    ) -> Coded | Unknown:
        """A class that a table of ours gives for these words, as long as the vocabulary has it."""
        match = self._match(property_iri, written, iri, MANUAL, comment=comment, source="onconode")
        return self._settled(replace(match, predicate=predicate))

    def usable(self, property_iri: str, iri: str) -> bool:
        """Whether the vocabulary has this class, not obsolete, in the branch that the property takes values from."""
        if iri.startswith(OPEN_NAMESPACES.get(property_iri, ())):
            return True
        concept = self.vocabulary.get(iri)
        return concept is not None and not concept.obsolete and in_branch(self.vocabulary, property_iri, iri)

    def narrowest(self, iris: Collection[str]) -> tuple[str, ...]:
        """These classes without those that another of them is a kind of, sorted."""
        return tuple(sorted(one for one in iris if not any(o != one and self.vocabulary.is_a(o, one) for o in iris)))

    def _code(self, property_iri: str, text: str, written: str, system: str) -> Answer:
        if is_missing(text):
            return Unknown("", NOT_GIVEN)
        if len(text) > LONGEST:
            return Unknown(text[:LONGEST], TOO_LONG)
        key = (property_iri, key_of(text))
        decision = self._decided.accepted.get(key)
        if decision is not None:
            return self._settled(self._named(replace(decision, written=written, system=system or decision.system)))
        answer = self._by_code(property_iri, text, written, system) or self._by_word(property_iri, text, written)
        refused = self._decided.rejected.get(key)
        return _without(answer, refused, text) if refused else answer

    def _by_code(self, property_iri: str, text: str, written: str, system: str) -> Answer | None:
        """The answer to a text that is a code; None for one that is words, or whose code the words may help out."""
        if system in SYSTEMS:
            return self._mapped(property_iri, _icdo3(text, system, hinted=True) or text, written, system)
        iri = _identifier(text, system)
        if iri is not None:
            match = self._match(property_iri, written, iri, MANUAL, system=system, comment="the code of the class")
            return self._settled(match)
        for axis, of in (("icdo3m", DIAGNOSIS), ("icdo3t", ANATOMICAL_SITE)):
            if property_iri == of and not system and (code := _icdo3(text, axis)):
                return self._mapped(property_iri, code, written, axis)
        return None

    def _mapped(self, property_iri: str, code: str, written: str, system: str) -> Answer:
        name = _NAMES[system]
        row = self.codes.row(system, code)
        if row is None:
            return self._alike(property_iri, code, written, UNKNOWN_CODE.format(system=name), system)
        source = self._source(system)
        how = {"system": system, "source": source, "comment": row.justification}
        mended = core_terms().get((property_iri, key_of(code), system))
        if mended is not None and mended.iri != NO_TERM:
            return self._settled(self._named(replace(mended, written=written)))
        if mended is None and row.target_iri is not None and row.predicate == EXACT:
            return self._settled(self._match(property_iri, written, row.target_iri, MANUAL, **how))
        found = []
        for iri, given in row.candidates():
            # a wider class follows from the code's ancestors; the others were chosen by hand, if not rightly
            predicate = CLOSE if given == EXACT else given
            grounds, confidence = (CHAINED, 0.5) if predicate == BROAD else (MANUAL, 0.7)
            match = self._match(property_iri, written, iri, grounds, **how)
            settled = self._settled(replace(match, predicate=predicate, confidence=confidence))
            if isinstance(settled, Coded):
                found.append(settled.match)
        words = row.source_label if row.predicate else f"{row.source_label} neoplasm"
        reason = NO_MAPPING.format(system=name)
        return self._alike(property_iri, words or code, written, reason, system, before=found)

    def _by_word(self, property_iri: str, text: str, written: str) -> Answer:
        term = core_terms().get((property_iri, key_of(text), ""))
        if term is not None:
            if term.iri == NO_TERM:
                return Unknown(text, SAYS_NOTHING)
            return self._settled(self._named(replace(term, written=written)))
        below = BRANCHES[property_iri]
        named = self.vocabulary.by_label(text, below=below)
        if named is not None:
            exact = key_of(named.label) == key_of(text)
            match = self._match(
                property_iri, written, named.iri, LEXICAL, comment="label" if exact else "exact synonym"
            )
            return Coded(replace(match, confidence=1.0 if exact else 0.95))
        homonyms = self.vocabulary.named(text, below=below)
        if homonyms:
            matches = (self._match(property_iri, written, one.iri, LEXICAL) for one in homonyms[:CANDIDATES])
            alike = (replace(match, predicate=CLOSE, confidence=0.8) for match in matches)
            return self._proposal(property_iri, text, SEVERAL, alike)
        spelt = self._names_of(property_iri)[0].find(text)
        if spelt is not None:
            match = self._match(property_iri, written, spelt, LEXICAL, comment="spelt otherwise")
            return Coded(replace(match, confidence=0.9))
        wider = without_side(text) if property_iri == ANATOMICAL_SITE else None
        if wider is not None and isinstance(answer := self.code(property_iri, wider), Coded):
            match = replace(answer.match, written=written, predicate=BROAD, comment="without the side of the body")
            return Coded(match)
        return self._alike(property_iri, text, written, NO_SUCH_NAME, before=self._codes_like(property_iri, text))

    def _codes_like(self, property_iri: str, text: str) -> list[Match]:
        """What words would mean if they were a code of some system that nobody has said they are."""
        found = []
        for system in ("oncotree", "gdc"):
            if system == "oncotree" and not (property_iri == DIAGNOSIS and _ONCOTREE_CODE.fullmatch(text)):
                continue
            row = self.codes.row(system, text)
            if row is None or row.target_iri is None:
                continue
            comment = f"if it is a {_NAMES[system]} value"
            match = self._match(
                property_iri, text, row.target_iri, MANUAL, source=self._source(system), comment=comment
            )
            match = replace(match, predicate=CLOSE, confidence=0.7)
            if isinstance(settled := self._settled(match), Coded):
                found.append(settled.match)
        return found

    def _alike(
        self,
        property_iri: str,
        text: str,
        written: str,
        reason: str,
        system: str = "",
        *,
        before: Iterable[Match] = (),
    ) -> Answer:
        """A proposal of the candidates ``before`` and of classes with names like the text; unknown without any."""
        value = " ".join(written.split())
        if not self._proposing or self._proposed.get(property_iri, 0) >= _MOST_PROPOSED:
            return Unknown(value, reason)
        matches = list(before)
        for score, iri in self._names_of(property_iri)[1].alike(text, most=CANDIDATES):
            match = self._match(property_iri, written, iri, SIMILAR, system=system)
            matches.append(replace(match, predicate=CLOSE, confidence=score))
        return self._proposal(property_iri, value, reason, matches)

    def _names_of(self, property_iri: str) -> tuple[Spellings, Likeness]:
        """The names of the property's branch to compare with; made when first asked for, since it takes a moment."""
        names = self._names.get(property_iri)
        if names is None:
            listed = list(self.vocabulary.names(below=BRANCHES[property_iri]))
            names = self._names[property_iri] = Spellings(listed), Likeness(listed)
        return names

    def _proposal(self, property_iri: str, value: str, reason: str, matches: Iterable[Match]) -> Answer:
        distinct: dict[str, Match] = {}
        for match in matches:
            distinct.setdefault(match.iri, match)
        if not distinct:
            return Unknown(value, reason)
        self._proposed[property_iri] = self._proposed.get(property_iri, 0) + 1
        return Proposed(value, reason, tuple(distinct.values())[:CANDIDATES])

    def _match(
        self,
        property_iri: str,
        written: str,
        iri: str,
        justification: str,
        *,
        system: str = "",
        source: str = "",
        comment: str = "",
    ) -> Match:
        """A certain, exact match; the label and release of its class are the vocabulary's."""
        return self._named(
            Match(property_iri, written, iri, "", EXACT, justification, 1.0, system, source, comment=comment)
        )

    def _named(self, match: Match) -> Match:
        """The match with the label of its class in the vocabulary, and the release that the class is from."""
        concept = self.vocabulary.get(match.iri)
        ontology = self.vocabulary.source_of(match.iri) or ""
        release = self._releases.get(ontology, ontology if ontology == "core" else "")
        return replace(match, label=concept.label if concept else match.label, ontology=ontology, release=release)

    def _settled(self, match: Match) -> Coded | Unknown:
        """The match as an answer, its class replaced by the successor if it is obsolete; Unknown if it cannot be."""
        concept = self.vocabulary.get(match.iri)
        if concept is None:
            if match.iri.startswith(OPEN_NAMESPACES.get(match.property_iri, ("\0",))):
                return Coded(match)
            return Unknown(" ".join(match.written.split()), NOT_IN_VOCABULARY)
        successor = self._successor(concept)
        if successor is None:
            return Unknown(" ".join(match.written.split()), NOT_IN_VOCABULARY)
        if successor is not concept:
            comment = f"{match.comment}; successor of {match.iri}".lstrip("; ")
            match = self._named(replace(match, iri=successor.iri, comment=comment))
        if not in_branch(self.vocabulary, match.property_iri, match.iri):
            return Unknown(" ".join(match.written.split()), NOT_OF_BRANCH)
        return Coded(match)

    def _successor(self, concept: Concept) -> Concept | None:
        if concept.obsolete:
            successor = self.vocabulary.get(concept.replaced_by) if concept.replaced_by else None
            return None if successor is None or successor.obsolete else successor
        return concept

    def _source(self, system: str) -> str:
        name = _RELEASES.get(system, system)
        return f"{name} {self._releases.get(name, 'core')}"


def key_of(text: str) -> str:
    """What two ways to write the same words have in common: lower case, single spaces, no underscores."""
    return " ".join(text.casefold().replace("_", " ").split())


def _icdo3(text: str, system: str, *, hinted: bool = False) -> str | None:
    """The code of this axis of ICD-O-3 in the form of its tables; None for a text that is none.

    Without a hint it must show what it is, by a prefix or by its slash or point: five digits alone may be anything.
    """
    pattern = {"icdo3m": _MORPHOLOGY, "icdo3t": _TOPOGRAPHY}.get(system)
    bare = _ICDO_PREFIX.sub("", text, count=1)
    match = pattern.fullmatch(bare) if pattern else None
    if match is None or not (hinted or match[2] or bare != text):
        return None
    return f"{match[1]}/{match[3]}" if system == "icdo3m" else f"{match[1].upper()}.{match[3]}"


def _identifier(text: str, system: str) -> str | None:
    """The IRI of an NCIt, OBI or UBERON code in any of its forms; None for a text that is none."""
    if _IDENTIFIER.fullmatch(text):
        if "://" in text:
            return re.sub(r".*[/#](?:NCIT_)?(C\d+)$", rf"{OBO}NCIT_\1", text) if "hesaurus" in text else text
        prefix, local = re.split("[:_]", text, maxsplit=1)
        prefix = prefix.upper().replace("NCIT", "NCI").replace("NCI", "NCIT")
        return expand(f"{prefix}:{local.upper()}")
    if _NCIT_CODE.fullmatch(text) and system in ("", "ncit"):
        return f"{OBO}NCIT_{text}"
    if system == "obi" and text.isdecimal():
        return f"{OBO}OBI_{text}"
    return None


def _without(answer: Answer, refused: frozenset[str], text: str) -> Answer:
    """The answer without the classes that the partner has refused."""
    if isinstance(answer, Coded) and (answer.iri in refused or NO_TERM in refused):
        return Unknown(text, REJECTED)
    if isinstance(answer, Proposed):
        left = tuple(c for c in answer.candidates if c.iri not in refused)
        return replace(answer, candidates=left) if left and NO_TERM not in refused else Unknown(text, REJECTED)
    return answer
