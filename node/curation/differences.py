"""What one release of an ontology has that another has not, as changes that a curator would name.

The kinds of change and their names are those of KGCL, the Knowledge Graph Change Language (its data model,
https://w3id.org/kgcl). Files written in another order, format or with other blank nodes have no differences.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from node.curation.content import Content, Statement, Value
from node.rdf.namespaces import OBO, OBOINOWL, OWL, RDF_TYPE, RDFS, RDFS_LABEL, RDFS_SUBCLASS_OF, SKOS

#: Kinds of thing with an entry of their own: type IRI to what it is called.
KINDS = {
    OWL + "Class": "class",
    SKOS + "Concept": "concept",
    OWL + "ObjectProperty": "object property",
    OWL + "DatatypeProperty": "data property",
    OWL + "AnnotationProperty": "annotation property",
    OWL + "NamedIndividual": "individual",
}
DEFINITIONS = (OBO + "IAO_0000115", SKOS + "definition")
SYNONYMS = {
    OBOINOWL + "hasExactSynonym": "exact",
    OBOINOWL + "hasNarrowSynonym": "narrow",
    OBOINOWL + "hasBroadSynonym": "broad",
    OBOINOWL + "hasRelatedSynonym": "related",
    SKOS + "altLabel": "exact",
    SKOS + "hiddenLabel": "related",
}
MAPPINGS = (
    OBOINOWL + "hasDbXref",
    *(f"{SKOS}{kind}Match" for kind in ("exact", "close", "broad", "narrow", "related")),
)
SUBSET = OBOINOWL + "inSubset"
DEPRECATED = OWL + "deprecated"
REPLACED_BY = OBO + "IAO_0100001"
PARENTS = (RDFS_SUBCLASS_OF, RDFS + "subPropertyOf", SKOS + "broader")
_LOGICAL = frozenset(
    (
        *PARENTS,
        *(OWL + n for n in ("equivalentClass", "disjointWith", "equivalentProperty", "inverseOf", "disjointUnionOf")),
        *(OWL + n for n in ("propertyChainAxiom", "propertyDisjointWith", "hasKey")),
        *(RDFS + n for n in ("domain", "range")),
    )
)
_TRUE = frozenset(f'"{word}"^^<http://www.w3.org/2001/XMLSchema#boolean>' for word in ("true", "1")) | {'"true"'}


@dataclass(frozen=True)
class Change:
    """One change. ``type`` is KGCL's name of its class, ``about`` the IRI that it is about ("" for an axiom of none).

    ``predicate`` is the IRI of the property concerned, ``old`` and ``new`` are values as ``Content`` has them, "" where
    there is none: of a creation the label, of an obsoletion the replacement, of a move the parents. ``part`` says that
    it belongs to the creation of the same thing and need not be told beside it. ``on`` is the statement that an
    annotation is about.
    """

    type: str
    about: str
    predicate: str = ""
    old: Value = ""
    new: Value = ""
    part: bool = False
    on: Statement | None = None


@dataclass(frozen=True)
class Difference:
    """All changes from an old release to a new one, in the order of what they are about; ``names`` are labels by IRI.

    ``kinds`` says what each thing is (``class``, ``object property``, …), as of the new release if it is there.
    ``prefixes`` are those of the vocabulary itself, to namespaces, for CURIEs.
    """

    changes: tuple[Change, ...]
    names: Mapping[str, str] = field(repr=False)
    kinds: Mapping[str, str] = field(repr=False)
    prefixes: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.changes)

    def counts(self) -> dict[str, int]:
        """How many changes of each type there are, the creation of a thing counting as one."""
        counted = Counter(change.type for change in self.changes if not change.part)
        return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))

    def touched(self) -> tuple[str, ...]:
        """The IRIs of all that has changed, sorted."""
        return tuple(sorted({change.about for change in self.changes if change.about}))


def compare(
    old: Content,
    new: Content,
    *,
    prefixes: Mapping[str, str] = MappingProxyType({}),
    names: Mapping[str, str] = MappingProxyType({}),
) -> Difference:
    """What has to be done to ``old`` to make ``new`` of it. What the header of the ontology says is not compared.

    ``prefixes`` and ``names`` (labels by IRI, of terms that neither describes) are for telling it.
    """
    headers = {f"<{iri}>" for iri in old.ontologies | new.ontologies}
    gone, come = old.statements - new.statements, new.statements - old.statements
    changed = sorted({s for s, _, _ in (*gone, *come)} - headers)
    hierarchy = _Hierarchy(new)
    changes: list[Change] = []
    for subject in changed:
        about = subject[1:-1]
        changes += _about(about, old.by_subject.get(about, {}), new.by_subject.get(about, {}), hierarchy)
    changes += _annotations(old, new, headers)
    changes += (Change("LogicalAxiomChange", "", old=axiom) for axiom in sorted(old.axioms - new.axioms, key=str))
    changes += (Change("LogicalAxiomChange", "", new=axiom) for axiom in sorted(new.axioms - old.axioms, key=str))
    known = {**names, **_names(old), **_names(new)}
    return Difference(tuple(changes), known, _kinds(old) | _kinds(new), prefixes)


class _Hierarchy:
    """The named superclasses of a release, to tell a deeper place from another one."""

    def __init__(self, content: Content) -> None:
        self._content = content

    def below(self, iri: str, ancestor: str) -> bool:
        seen = {iri}
        waiting = [iri]
        while waiting:
            about = self._content.by_subject.get(waiting.pop(), {})
            for parent in (p for predicate in PARENTS for p in named(about.get(predicate, ()))):
                if parent == ancestor:
                    return True
                if parent not in seen:
                    seen.add(parent)
                    waiting.append(parent)
        return False


Said = Mapping[str, tuple[Value, ...]]


def named(values: tuple[Value, ...]) -> list[str]:
    """The IRIs among these values, without angle brackets."""
    return [value[1:-1] for value in values if isinstance(value, str) and value.startswith("<")]


def kind_of(said: Said) -> str:
    """What a thing with these statements is called: ``class``, ``object property``, …; "" for anything else."""
    types = set(named(said.get(RDF_TYPE, ())))
    return next((name for iri, name in KINDS.items() if iri in types), "")


def is_obsolete(said: Said) -> bool:
    """Whether these statements say that their subject is not to be used any longer."""
    return any(value in _TRUE for value in said.get(DEPRECATED, ()))


def text_of(value: Value) -> str:
    """The text of a literal, or the IRI; "" for what is neither."""
    if not isinstance(value, str) or not value:
        return ""
    if value[0] == "<":
        return value[1:-1]
    quoted = value[1 : value.rindex('"')] if value[0] == '"' else value
    if "\\" not in quoted:
        return quoted
    return _unescaped(quoted)


def language_of(value: Value) -> str:
    """The language tag of a literal, "" for anything else."""
    if not isinstance(value, str) or not value.startswith('"'):
        return ""
    rest = value[value.rindex('"') + 1 :]
    return rest[1:] if rest.startswith("@") else ""


def label_of(said: Said) -> Value:
    """The label to show: without a language or in English rather than in another, the first in order. "" for none."""
    labels = said.get(RDFS_LABEL, ()) or said.get(SKOS + "prefLabel", ())
    return min(labels, key=lambda label: (language_of(label) not in ("", "en"), str(label)), default="")


def _unescaped(text: str) -> str:
    escapes = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
    parts = []
    rest = iter(text)
    for character in rest:
        if character != "\\":
            parts.append(character)
            continue
        following = next(rest, "")
        if following in ("u", "U"):
            digits = "".join(next(rest, "") for _ in range(4 if following == "u" else 8))
            parts.append(chr(int(digits, 16)))
        else:
            parts.append(escapes.get(following, following))
    return "".join(parts)


def _names(content: Content) -> dict[str, str]:
    return {iri: text_of(label_of(said)) for iri, said in content.by_subject.items() if RDFS_LABEL in said}


def _kinds(content: Content) -> dict[str, str]:
    return {iri: kind for iri, said in content.by_subject.items() if (kind := kind_of(said))}


def _about(about: str, old: Said, new: Said, hierarchy: _Hierarchy) -> Iterator[Change]:
    """The changes of one thing."""
    was, is_now = bool(kind_of(old)), bool(kind_of(new))
    if was and not is_now and not new:
        yield Change("NodeDeletion", about, old=label_of(old))
        return
    created = is_now and not was
    if created:
        yield Change("ClassCreation" if kind_of(new) == "class" else "NodeCreation", about, new=label_of(new))
    for change in _statements(about, old, new, hierarchy):
        yield Change(**{**vars(change), "part": True}) if created else change


def _statements(about: str, old: Said, new: Said, hierarchy: _Hierarchy) -> Iterator[Change]:
    created = bool(kind_of(new)) and not kind_of(old)
    yield from _obsoletion(about, old, new)
    done = {DEPRECATED, REPLACED_BY} if is_obsolete(old) != is_obsolete(new) else {DEPRECATED}
    done |= {RDFS_LABEL} | set(SYNONYMS) | set(MAPPINGS)
    yield from _texts(about, RDFS_LABEL, old, new, ("", "NodeRename", ""), skip=label_of(new) if created else "")
    for predicate in DEFINITIONS:
        done.add(predicate)
        types = ("NewTextDefinition", "TextDefinitionReplacement", "RemoveTextDefinition")
        yield from _texts(about, predicate, old, new, types)
    yield from _synonyms(about, old, new)
    for predicate in MAPPINGS:
        yield from _simply(about, predicate, old, new, ("MappingCreation", "RemoveMapping"))
    done.add(SUBSET)
    yield from _simply(about, SUBSET, old, new, ("AddNodeToSubset", "RemoveNodeFromSubset"))
    for predicate in PARENTS:
        done.add(predicate)
        yield from _parents(about, predicate, old, new, hierarchy)
    for predicate in sorted((old.keys() | new.keys()) - done):
        if predicate == RDF_TYPE and (created or not kind_of(new)):
            values = {value for value in new.get(predicate, ()) if text_of(value) not in KINDS}
            new_here = {**new, predicate: tuple(sorted(values, key=str))}
        else:
            new_here = dict(new)
        if predicate in _LOGICAL:
            yield from _simply(about, predicate, old, new_here, ("EdgeCreation", "EdgeDeletion"))
        else:
            yield from _texts(
                about, predicate, old, new_here,
                ("NewMetadataAssertion", "NodeAnnotationChange", "RemoveMetadataAssertion"),
            )  # fmt: skip


def _obsoletion(about: str, old: Said, new: Said) -> Iterator[Change]:
    if is_obsolete(new) and not is_obsolete(old):
        successor = next(iter(new.get(REPLACED_BY, ())), "")
        yield Change(
            "NodeObsoletionWithDirectReplacement" if successor else "NodeObsoletion",
            about,
            old=label_of(old) or label_of(new),
            new=successor,
        )
    elif is_obsolete(old) and not is_obsolete(new):
        yield Change("NodeUnobsoletion", about, new=label_of(new))


def _texts(
    about: str, predicate: str, old: Said, new: Said, types: tuple[str, str, str], *, skip: Value = ""
) -> Iterator[Change]:
    """Values come, replaced and gone. One that comes as another of the same language goes replaces it."""
    added, replaced, removed = types
    gone = _without(old, new, predicate)
    come = [value for value in _without(new, old, predicate) if value != skip]
    for before in list(gone):
        after = next((v for v in come if _alike(before, v)), None)
        if after is not None:
            gone.remove(before)
            come.remove(after)
            yield Change(replaced, about, predicate, before, after)
    for value in gone:
        yield Change(removed or "RemoveMetadataAssertion", about, predicate, old=value)
    for value in come:
        yield Change(added or "NewMetadataAssertion", about, predicate, new=value)


def _alike(one: Value, other: Value) -> bool:
    """Whether one value can be said to have become the other: both texts of a language, or both IRIs."""
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    return one[0] == other[0] and language_of(one) == language_of(other)


def _synonyms(about: str, old: Said, new: Said) -> Iterator[Change]:
    """Synonyms come and gone; one that only changed its scope is one change."""
    gone = {(v, p) for p in SYNONYMS for v in _without(old, new, p)}
    come = {(v, p) for p in SYNONYMS for v in _without(new, old, p)}
    for value, predicate in sorted(gone, key=str):
        moved = next((p for v, p in sorted(come, key=str) if v == value), None)
        if moved is not None:
            come.discard((value, moved))
            yield Change("SynonymPredicateChange", about, moved, old=f"<{predicate}>", new=value)
        else:
            yield Change("RemoveSynonym", about, predicate, old=value)
    for value, predicate in sorted(come, key=str):
        yield Change("NewSynonym", about, predicate, new=value)


def _parents(about: str, predicate: str, old: Said, new: Said, hierarchy: _Hierarchy) -> Iterator[Change]:
    """Named parents come and gone, and class expressions, which are axioms."""
    gone, come = _without(old, new, predicate), _without(new, old, predicate)
    gone_named = [v for v in gone if isinstance(v, str) and v[0] == "<"]
    come_named = [v for v in come if isinstance(v, str) and v[0] == "<"]
    if len(gone_named) == len(come_named) == 1:
        before, after = gone_named[0], come_named[0]
        if hierarchy.below(after[1:-1], before[1:-1]):
            type_ = "NodeDeepening"
        elif hierarchy.below(before[1:-1], after[1:-1]):
            type_ = "NodeShallowing"
        else:
            type_ = "NodeMove"
        yield Change(type_, about, predicate, before, after)
    else:
        for value in gone_named:
            yield Change("RemoveUnder", about, predicate, old=value)
        for value in come_named:
            yield Change("PlaceUnder", about, predicate, new=value)
    yield from (Change("EdgeDeletion", about, predicate, old=v) for v in gone if v not in gone_named)
    yield from (Change("EdgeCreation", about, predicate, new=v) for v in come if v not in come_named)


def _simply(about: str, predicate: str, old: Said, new: Said, types: tuple[str, str]) -> Iterator[Change]:
    """Values come and go, whatever they are."""
    added, removed = types
    for value in _without(old, new, predicate):
        yield Change(removed, about, predicate, old=value)
    for value in _without(new, old, predicate):
        yield Change(added, about, predicate, new=value)


def _without(said: Said, other: Said, predicate: str) -> list[Value]:
    """The values that only the first has, in order."""
    have = set(other.get(predicate, ()))
    return [value for value in said.get(predicate, ()) if value not in have]


def _annotations(old: Content, new: Content, headers: set[str]) -> Iterator[Change]:
    """What is said about statements that both releases have; with a statement, its annotations come and go."""
    for (statement, predicate, value), added in sorted(
        [
            *((a, False) for a in old.annotations - new.annotations),
            *((a, True) for a in new.annotations - old.annotations),
        ],
        key=str,
    ):
        if statement[0] in headers or (statement in old.statements) != (statement in new.statements):
            continue
        yield Change(
            "NewMetadataAssertion" if added else "RemoveMetadataAssertion",
            statement[0].strip("<>"),
            predicate[1:-1],
            old="" if added else value,
            new=value if added else "",
            on=statement,
        )
