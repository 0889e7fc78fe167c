"""Checks of how terms hang together: what axioms refer to, circles, branches, superclasses, kinds, obsolete terms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pyoxigraph import BlankNode, Literal, NamedNode

from node.curation.facts import Facts
from node.curation.findings import Finding
from node.curation.owl import (
    ANNOTATION_PROPERTY,
    BUILT_IN,
    CLASS,
    DATA_PROPERTY,
    INDIVIDUAL,
    OBJECT_PROPERTY,
    Axiom,
    Part,
    Term,
)
from node.curation.reasoning import roles
from node.rdf.namespaces import OBO, OWL, RDF_TYPE, RDFS, RDFS_LABEL, RDFS_SUBCLASS_OF, XSD

_DEPRECATED = OWL + "deprecated"
_REPLACED_BY = OBO + "IAO_0100001"
_SUB_PROPERTY = RDFS + "subPropertyOf"
_KIND_NAMES = {
    CLASS: "a class",
    OBJECT_PROPERTY: "an object property",
    DATA_PROPERTY: "a data property",
    ANNOTATION_PROPERTY: "an annotation property",
    INDIVIDUAL: "an individual",
    RDFS + "Datatype": "a datatype",
}
_PROPERTIES = (OBJECT_PROPERTY, DATA_PROPERTY, ANNOTATION_PROPERTY)


def check_structure(facts: Facts) -> Iterator[Finding]:
    """Everything about structure that needs no reasoner."""
    yield from _malformed(facts)
    yield from _references(facts)
    yield from _obsolete(facts)
    yield from _cycles(facts, RDFS_SUBCLASS_OF)
    yield from _cycles(facts, _SUB_PROPERTY)
    yield from _kinds(facts)
    yield from _property_kinds(facts)
    for iri in facts.in_use:
        if CLASS in facts.terms.kinds[iri]:
            yield from _branch(facts, iri)
            yield from _superclasses(facts, iri)
            yield from _definitions(facts, iri)


def _malformed(facts: Facts) -> Iterator[Finding]:
    for iri, why in facts.ontology.malformed:
        yield facts.found("malformed_axiom", iri, f"an axiom is not well formed: {why}.")


def _references(facts: Facts) -> Iterator[Finding]:
    """What axioms refer to: declared by nobody, or obsolete."""
    own, all_terms = facts.terms, facts.all_terms
    partial = {one.name.upper() for one in facts.workspace.base if not one.whole}
    for subject, iri, axiom in used_names(facts.axioms):
        name = facts.workspace.settings.shorten(iri)
        known = bool(own.kinds.get(iri) or all_terms.kinds.get(iri)) or iri in all_terms.labels
        if not known:
            space = iri.removeprefix(OBO).partition("_")[0] if iri.startswith(OBO) else ""
            if space in partial:
                yield facts.found(
                    "unchecked_reference",
                    subject,
                    f"whether {name} exists is not known.",
                    value=iri,
                    place=axiom.place,
                    remedy=f"Name the release of {space} in [vocabulary.files] or with --release.",
                )
            else:
                yield facts.found(
                    "dangling_reference",
                    subject,
                    f"it refers to {name}, which nothing declares.",
                    value=iri,
                    place=axiom.place,
                    remedy="Mend the IRI, or declare the term.",
                )
        elif iri in all_terms.obsolete and subject not in own.obsolete:
            kind = "property" if all_terms.kinds[iri] & set(_PROPERTIES) else "class"
            yield facts.found(
                f"deprecated_{kind}_reference",
                subject,
                f"it refers to {_quoted(facts, iri)}, which is obsolete.",
                value=iri,
                place=axiom.place,
                remedy=_successor(facts, iri),
            )
    for iri in facts.in_use:
        for about, values in facts.statements[iri].items():
            for value in values:
                noted = isinstance(value, NamedNode) and value.value in all_terms.obsolete and about != RDF_TYPE
                if noted and not _logical(facts, about):
                    yield facts.found(
                        "obsolete_reference",
                        iri,
                        f"it mentions {_quoted(facts, value.value)}, which is obsolete.",
                        about=about,
                        value=value.value,
                        remedy=_successor(facts, value.value),
                    )


def used_names(axioms: Iterable[Axiom]) -> Iterator[tuple[str, str, Axiom]]:
    """The subject of each axiom, each other name that it uses, and the axiom."""
    seen = set()
    for axiom in axioms:
        subject = axiom.term.parts[0]
        first = subject if isinstance(subject, str) else ""
        if axiom.term.kind in ("ClassAssertion", "PropertyAssertion", "NegativePropertyAssertion"):
            first = str(axiom.term.parts[1])
        for name in sorted(axiom.signature):
            if name != first and ":" in name and (first, name) not in seen:
                seen.add((first, name))
                yield first or name, name, axiom


def _logical(facts: Facts, about: str) -> bool:
    own = facts.ontology.kinds.get(about, set())
    return (about.startswith((RDFS, OWL)) and about != RDFS + "seeAlso") or bool(own & {OBJECT_PROPERTY, DATA_PROPERTY})


def _obsolete(facts: Facts) -> Iterator[Finding]:
    for iri in facts.own:
        said = facts.statements[iri]
        labels = [text.value for _, text in facts.texts(iri, RDFS_LABEL)]
        for value in said.get(_DEPRECATED, ()):
            if not (isinstance(value, Literal) and value.datatype.value == XSD + "boolean"):
                yield facts.found(
                    "deprecated_boolean_datatype",
                    iri,
                    f"owl:deprecated is {value}, which is no xsd:boolean.",
                    about=_DEPRECATED,
                    value=str(value),
                    remedy='Write "true"^^xsd:boolean.',
                )
        if iri in facts.terms.obsolete:
            if labels and not any(label.startswith("obsolete ") for label in labels):
                yield facts.found(
                    "missing_obsolete_label",
                    iri,
                    "it is obsolete, and its label does not begin with 'obsolete '.",
                    about=RDFS_LABEL,
                    value=labels[0],
                    remedy="Use: onconode curate obsolete IRI",
                )
            held = facts.axioms_about.get(iri, [])
            if held:
                yield facts.found(
                    "obsolete_with_axioms",
                    iri,
                    f"it is obsolete, and has {len(held)} axioms.",
                    place=held[0].place,
                    remedy="Remove them: an obsolete term has its label, its definition and its successor only.",
                )
            continue
        for label in labels:
            if label.lower().startswith("obsolete"):
                yield facts.found(
                    "misused_obsolete_label",
                    iri,
                    f"its label is {label!r}, and it is not obsolete.",
                    about=RDFS_LABEL,
                    value=label,
                    remedy="Use onconode curate obsolete IRI, or call it something else.",
                )
        if said.get(_REPLACED_BY):
            yield facts.found(
                "misused_replaced_by",
                iri,
                "it is said to be replaced, and is not obsolete.",
                about=_REPLACED_BY,
                remedy="Use: onconode curate obsolete IRI --replaced-by IRI",
            )


def _cycles(facts: Facts, link: str) -> Iterator[Finding]:
    """Circles of asserted links between named terms, each said once, at its first term."""
    own = {
        iri: [v.value for v in said.get(link, ()) if isinstance(v, NamedNode)] for iri, said in facts.statements.items()
    }
    parents = {**facts.workspace.base_terms.parents, **own} if link == RDFS_SUBCLASS_OF else own
    said_already: set[frozenset[str]] = set()
    for iri in facts.in_use:
        path = _way_back(iri, parents)
        if not path or frozenset(path) in said_already:
            continue
        said_already.add(frozenset(path))
        way = " is below ".join(_quoted(facts, one) for one in (*path, path[0]))
        yield facts.found(
            "subclass_cycle", iri, f"{way}.", about=link, value=path[-1], remedy="Take one of these steps out."
        )


def _way_back(start: str, parents: dict[str, list[str]]) -> list[str]:
    """The shortest way up from a term to itself; empty when there is none."""
    came: dict[str, str] = {}
    waiting = [start]
    for one in waiting:
        for up in parents.get(one, ()):
            if up == start:
                path = [one]
                while path[-1] != start:
                    path.append(came[path[-1]])
                return path[::-1]
            if up not in came:
                came[up] = one
                waiting.append(up)
    return []


def _kinds(facts: Facts) -> Iterator[Finding]:
    """One IRI for entities of two kinds, among the terms made here and those that their axioms use."""
    used = roles(facts.axioms, facts.ontology.kinds)
    own = set(facts.own)
    for iri in sorted(own | set(used)):
        if iri in BUILT_IN or ":" not in iri:
            continue
        declared = facts.ontology.kinds.get(iri, set())
        kinds = set(declared)
        if declared or iri in own:
            kinds |= used.get(iri, set())
        if len(kinds) < 2:
            continue
        if iri not in own and not (used[iri] - declared):
            continue  # others declare it so, and it is used as they mean it
        names = " and ".join(_KIND_NAMES[one] for one in sorted(kinds))
        place = next((a.place for a in facts.axioms if iri in a.signature), None) if iri not in own else None
        yield facts.found(
            "punning_clash",
            iri,
            f"it is {names}.",
            value=" ".join(sorted(kinds)),
            place=place,
            remedy="Keep the IRI for one of them, and mint another for the other.",
        )


def _property_kinds(facts: Facts) -> Iterator[Finding]:
    kinds = facts.ontology.kinds
    for iri in facts.in_use:
        mine = kinds.get(iri, set()) & set(_PROPERTIES)
        for value in facts.statements[iri].get(_SUB_PROPERTY, ()):
            theirs = kinds.get(value.value, set()) & set(_PROPERTIES)
            if mine and theirs and not mine & theirs:
                is_one, other_is = _KIND_NAMES[min(mine)], _KIND_NAMES[min(theirs)]
                message = f"it is {is_one}, and {_quoted(facts, value.value)} above it is {other_is}."
                yield facts.found("mixed_property_kinds", iri, message, about=_SUB_PROPERTY, value=value.value)


def _branch(facts: Facts, iri: str) -> Iterator[Finding]:
    settings = facts.workspace.settings
    entry = facts.workspace.entries.get(iri)
    file = entry.file.rpartition("/")[2] if entry else ""
    allowed = settings.branches.get(file) or settings.vocabulary.under
    if not allowed or iri in allowed:
        return
    above = facts.all_terms.ancestors(iri) | _above(facts, iri)
    if not above & set(allowed):
        names = " or ".join(_quoted(facts, one) for one in allowed)
        parents = facts.terms.parents.get(iri) or []
        hangs = (
            f"it hangs under {', '.join(_quoted(facts, one) for one in parents)}, " if parents else "it hangs nowhere, "
        )
        whose = f"the terms of {file}" if file in settings.branches else "the terms of this vocabulary"
        yield facts.found(
            "wrong_branch",
            iri,
            f"{hangs}and {whose} hang under {names}.",
            about=RDFS_SUBCLASS_OF,
            value=" ".join(parents),
            remedy="Give it a parent there, or widen the branch in curation.toml.",
        )


def _above(facts: Facts, iri: str) -> set[str]:
    """Superclasses by definition: the named parts of what the class is the same as, and what is above them."""
    found: set[str] = set()
    for axiom in facts.axioms_about.get(iri, ()):
        if axiom.term.kind == "EquivalentClasses":
            for part in axiom.term.parts[1:]:
                for one in _named_conjuncts(part):
                    found |= {one} | facts.all_terms.ancestors(one)
    return found


def _named_conjuncts(part: Part) -> list[str]:
    if isinstance(part, str):
        return [part]
    if isinstance(part, Term) and part.kind == "IntersectionOf":
        return [one for inner in part.parts for one in _named_conjuncts(inner)]
    return []


def _superclasses(facts: Facts, iri: str) -> Iterator[Finding]:
    parents = [one for one in facts.terms.parents.get(iri, ()) if one != OWL + "Thing"]
    if not facts.statements[iri].get(RDFS_SUBCLASS_OF):
        if not _above(facts, iri):
            yield facts.found(
                "missing_superclass",
                iri,
                "it has no superclass.",
                about=RDFS_SUBCLASS_OF,
                remedy="Name one, unless it is meant to be at the top.",
            )
        return
    redundant = {up for up in parents for other in parents if other != up and up in facts.all_terms.ancestors(other)}
    for up in sorted(redundant):
        lower = next(one for one in parents if one != up and up in facts.all_terms.ancestors(one))
        message = f"{_quoted(facts, up)} is above {_quoted(facts, lower)} already."
        yield facts.found("redundant_superclass", iri, message, about=RDFS_SUBCLASS_OF, value=up, remedy="Take it out.")
    if len(parents) > 1:
        names = ", ".join(_quoted(facts, one) for one in parents)
        yield facts.found(
            "multiple_asserted_superclasses",
            iri,
            f"it has {len(parents)} asserted superclasses: {names}.",
            about=RDFS_SUBCLASS_OF,
            value=" ".join(parents),
            remedy="Assert one, and let the others follow from a definition.",
        )


def _definitions(facts: Facts, iri: str) -> Iterator[Finding]:
    same = OWL + "equivalentClass"
    stated = facts.statements[iri].get(same, [])
    if len([value for value in stated if isinstance(value, BlankNode | NamedNode)]) > 1:
        yield facts.found(
            "multiple_equivalent_classes",
            iri,
            f"it has {len(stated)} definitions.",
            about=same,
            remedy="Make them one, joined by 'and'.",
        )
    for value in stated:
        if isinstance(value, NamedNode):
            message = f"it is said to be the same as {_quoted(facts, value.value)}."
            yield facts.found(
                "equivalent_pair", iri, message, about=same, value=value.value, remedy="Use one of the two."
            )
    for axiom in facts.axioms_about.get(iri, ()):
        if axiom.term.kind == "EquivalentClasses":
            other = axiom.term.parts[1]
            if isinstance(other, Term) and other.kind == "SomeValuesFrom":
                yield facts.found(
                    "equivalent_class_axiom_no_genus",
                    iri,
                    "it is defined by a relation alone.",
                    about=same,
                    remedy="Say of what kind it is: 'KIND and RELATION some CLASS'.",
                    place=axiom.place,
                )


def _successor(facts: Facts, iri: str) -> str:
    new = facts.all_terms.successors.get(iri)
    return (
        f"It is replaced by {_quoted(facts, new)}; refer to that."
        if new
        else "Nothing replaces it; choose another term."
    )


def _quoted(facts: Facts, iri: str) -> str:
    name, label = facts.workspace.settings.shorten(iri), facts.all_terms.labels.get(iri)
    return f"{name} ({label})" if label else name
