"""Checks of what is said of terms: labels, definitions, synonyms, languages, editors and status."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from pyoxigraph import Literal

from node.curation.facts import Facts
from node.curation.findings import Finding
from node.curation.rules import finding
from node.curation.settings import ANNOTATIONS
from node.errors import Place
from node.rdf.namespaces import DCT, OBO, OBOINOWL, RDFS_LABEL, SKOS

_EXACT = (OBOINOWL + "hasExactSynonym", OBO + "IAO_0000118", SKOS + "altLabel")
_SCOPES = (*_EXACT, *(f"{OBOINOWL}has{scope}Synonym" for scope in ("Broad", "Narrow", "Related")))
_XREF = OBOINOWL + "hasDbXref"
_CURIE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*[A-Za-z0-9_]:[^\s]+")
_SOURCES = (*ANNOTATIONS["definition_source"], _XREF)
_NAMED = {
    "label": "label",
    "definition": "definition",
    "definition_source": "source of its definition",
    "editor": "editor",
    "status": "curation status",
}


def check_annotations(facts: Facts) -> Iterator[Finding]:
    """Everything about annotations of the terms made here."""
    for iri in facts.in_use:
        yield from _required(facts, iri)
        yield from _languages(facts, iri)
        yield from _several(facts, iri)
        yield from _scoped_twice(facts, iri)
    for iri in facts.own:
        yield from _formatting(facts, iri)
    yield from _shared(facts)
    yield from _taken(facts)
    yield from _header(facts)


def _required(facts: Facts, iri: str) -> Iterator[Finding]:
    settings = facts.workspace.settings
    said = facts.statements[iri]
    for name in settings.vocabulary.required:
        properties = ANNOTATIONS[name]
        if any(said.get(one) for one in properties):
            continue
        if name == "definition" and facts.is_individual(iri):
            continue  # a thing is named, not defined
        if name == "definition_source":
            definitions = facts.texts(iri, *ANNOTATIONS["definition"])
            noted = [facts.axiom_annotations.get((iri, one, text.value), set()) for one, text in definitions]
            if not definitions or any(found & set(_SOURCES) for found in noted):
                continue
        written = settings.shorten(properties[0])
        yield facts.found(
            f"missing_{name}", iri, f"it has no {_NAMED[name]}.", about=properties[0], remedy=f"Add one with {written}."
        )


def _languages(facts: Facts, iri: str) -> Iterator[Finding]:
    wanted = facts.workspace.settings.vocabulary.languages
    for name in ("label", "definition"):
        texts = facts.texts(iri, *ANNOTATIONS[name])
        if not texts:
            continue
        plain = [(about, text) for about, text in texts if text.language is None]
        for about, text in plain:
            yield facts.found(
                "missing_language_tag",
                iri,
                f"its {name} is in no language: {_short(text.value)}.",
                about=about,
                value=text.value,
                remedy=f"Say which: 'AL {facts.workspace.settings.shorten(about)}@{wanted[0]}' in a template.",
            )
        there = {text.language for _, text in texts}
        for language in wanted:
            # a text in no language stands for the first language, and is reported above
            if language not in there and not (plain and language == wanted[0]):
                yield facts.found(
                    "missing_translation",
                    iri,
                    f"it has no {name} in the language {language!r}.",
                    about=texts[0][0],
                    value=language,
                    remedy="Add it, or take the language out of curation.toml.",
                )


def _several(facts: Facts, iri: str) -> Iterator[Finding]:
    for name, rule in (("label", "multiple_labels"), ("definition", "multiple_definitions")):
        by_language: dict[str, set[str]] = defaultdict(set)
        for _, text in facts.texts(iri, *ANNOTATIONS[name]):
            by_language[text.language or ""].add(text.value)
        for same in by_language.values():
            if len(same) > 1:
                listed = "; ".join(_short(one) for one in sorted(same))
                yield facts.found(
                    rule, iri, f"it has {len(same)} {name}s: {listed}.", about=ANNOTATIONS[name][0], value=max(same)
                )


def _scoped_twice(facts: Facts, iri: str) -> Iterator[Finding]:
    scopes: dict[str, set[str]] = defaultdict(set)
    for about, text in facts.texts(iri, *_SCOPES):
        scopes[text.value].add(about)
    for words, found in scopes.items():
        if len(found) > 1:
            names = " and ".join(sorted(facts.workspace.settings.shorten(one) for one in found))
            message = f"{_short(words)} is a synonym of it by {names}."
            yield facts.found("duplicate_scoped_synonym", iri, message, about=min(found), value=words)


def _formatting(facts: Facts, iri: str) -> Iterator[Finding]:
    for about, values in facts.statements[iri].items():
        for value in values:
            if not isinstance(value, Literal):
                continue
            text = value.value
            if text != text.strip():
                rule = "label_whitespace" if about == RDFS_LABEL else "annotation_whitespace"
                message = f"{facts.workspace.settings.shorten(about)} begins or ends with white space."
                yield facts.found(rule, iri, message, about=about, value=text, remedy="Take it out.")
            if about == RDFS_LABEL and ("\n" in text or "\t" in text):
                yield facts.found(
                    "label_formatting", iri, "its label holds a line break or a tab.", about=about, value=text
                )
            if about in ANNOTATIONS["definition"] and text[:1].islower() and iri not in facts.terms.obsolete:
                message = f"its definition begins with a small letter: {_short(text)}."
                yield facts.found("lowercase_definition", iri, message, about=about, value=text)
            if about == _XREF and not _CURIE.fullmatch(text):
                message = f"{_short(text)} is no CURIE."
                yield facts.found("invalid_xref", iri, message, about=about, value=text, remedy="Write PREFIX:LOCAL.")


def _shared(facts: Facts) -> Iterator[Finding]:
    """Labels, definitions and exact synonyms that two terms have."""
    for rule, properties, what in (
        ("duplicate_label", ANNOTATIONS["label"], "label"),
        ("duplicate_definition", ANNOTATIONS["definition"], "definition"),
        ("duplicate_exact_synonym", _EXACT, "exact synonym"),
    ):
        having: dict[tuple[str, str], set[str]] = defaultdict(set)
        for iri in facts.in_use:
            for _, text in facts.texts(iri, *properties):
                having[text.value.casefold(), text.language or ""].add(iri)
        for (_, _), iris in sorted(having.items()):
            for iri in sorted(iris) if len(iris) > 1 else ():
                shared = next(
                    t for _, t in facts.texts(iri, *properties) if having[t.value.casefold(), t.language or ""] is iris
                )
                others = ", ".join(facts.workspace.settings.shorten(one) for one in sorted(iris - {iri}))
                yield facts.found(
                    rule,
                    iri,
                    f"{others} has the same {what}: {_short(shared.value)}.",
                    about=properties[0],
                    value=shared.value,
                    remedy="Say what sets them apart, or make them one term.",
                )
    synonyms: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for iri in facts.in_use:
        for about, text in facts.texts(iri, *_EXACT):
            synonyms[text.value.casefold()].append((iri, about))
    for iri in facts.in_use:
        for _, text in facts.texts(iri, RDFS_LABEL):
            for other, about in synonyms.get(text.value.casefold(), ()):
                whose = "itself" if other == iri else facts.workspace.settings.shorten(other)
                message = f"its label {_short(text.value)} is an exact synonym of {whose} too."
                yield facts.found("duplicate_label_synonym", iri, message, about=about, value=text.value)


def _taken(facts: Facts) -> Iterator[Finding]:
    """Labels that a release has for a term of its own."""
    base = facts.workspace.base_terms
    taken: dict[str, str] = {}
    own = set(facts.own)
    for iri, label in base.labels.items():
        if iri not in base.obsolete and iri not in own:
            taken.setdefault(label.casefold(), iri)
    for iri in facts.in_use:
        for _, text in facts.texts(iri, RDFS_LABEL):
            other = taken.get(text.value.casefold())
            if other is not None and base.kinds.get(other, set()) & facts.terms.kinds[iri]:
                name = facts.workspace.settings.shorten(other)
                yield facts.found(
                    "label_in_release",
                    iri,
                    f"{name} has the label {_short(text.value)}.",
                    about=RDFS_LABEL,
                    value=text.value,
                    remedy=f"Use {name} if it means the same, else say in the label what is narrower here.",
                )


def _header(facts: Facts) -> Iterator[Finding]:
    made = facts.workspace.settings.vocabulary
    said = facts.statements.get(made.ontology, {})
    place = Place(source=facts.workspace.ontology_file.name, line=facts.workspace.lines.get(made.ontology))
    elements = "http://purl.org/dc/elements/1.1/"
    for rule, words, what in (
        ("missing_ontology_title", ("title",), "title"),
        ("missing_ontology_description", ("description",), "description"),
        ("missing_ontology_license", ("license",), "licence"),
    ):
        if not any(said.get(space + word) for word in words for space in (DCT, elements)):
            yield finding(
                rule,
                made.ontology,
                made.name,
                f"the vocabulary has no {what}.",
                place,
                about=DCT + words[0],
                remedy=f"Add dct:{words[0]} to the owl:Ontology {made.ontology}.",
            )


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return repr(plain if len(plain) <= 60 else plain[:59] + "…")
