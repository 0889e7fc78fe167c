"""Changes in words, as commands of KGCL, and as tables: text, TSV, JSON and Markdown.

The commands follow the grammar of KGCL's controlled natural language (https://w3id.org/kgcl). It has none for
mappings, annotations that come or go, and axioms; these stand as comments, so that the rest can be fed to other tools.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import Any

from node.curation.content import LIST, Value, pairs
from node.curation.differences import SYNONYMS, Change, Difference, language_of, text_of
from node.rdf.namespaces import OBO, OWL, RDFS_SUBCLASS_OF, shorten

COLUMNS = ("type", "about", "about_label", "predicate", "old", "new", "command", "words")
_LONGEST = 160
_ON, _SOME, _ALL, _VALUE = (f"<{OWL}{n}>" for n in ("onProperty", "someValuesFrom", "allValuesFrom", "hasValue"))
_AND, _OR, _NOT, _MEMBERS = (f"<{OWL}{n}>" for n in ("intersectionOf", "unionOf", "complementOf", "members"))


Shorten = Callable[[str], str]


def curie(iri: str) -> str:
    """``NCIT:C3262`` for an OBO IRI, a CURIE with another prefix where one fits, else the IRI in angle brackets."""
    prefix, underscore, local = iri.removeprefix(OBO).partition("_")
    if iri.startswith(OBO) and underscore and prefix.isalpha() and local.isalnum():
        return f"{prefix}:{local}"
    return shorten(iri)


def shortener(difference: Difference) -> Shorten:
    """``curie`` with the prefixes of the vocabulary that the difference is of."""

    def short(iri: str) -> str:
        for prefix, namespace in difference.prefixes.items():
            local = iri.removeprefix(namespace)
            if local != iri and local.replace("_", "").replace("-", "").isalnum():
                return f"{prefix}:{local}"
        return curie(iri)

    return short


def expression(value: Value, names: Mapping[str, str] | None = None, short: Shorten = curie) -> str:
    """A value to read: IRIs as names (or CURIEs without ``names``), class expressions in Manchester syntax."""
    if isinstance(value, str):
        if value.startswith("<"):
            iri = value[1:-1]
            name = names.get(iri, "") if names is not None else ""
            return f"'{name}'" if name else short(iri)
        return f"'{text_of(value)}'" if value.startswith('"') else value
    if value and value[0] == LIST:
        return "(" + ", ".join(expression(member, names, short) for member in value[1:]) + ")"
    said = pairs(value)
    if _ON in said:
        for key, word in ((_SOME, "some"), (_ALL, "only"), (_VALUE, "value")):
            if key in said:
                return f"({expression(said[_ON], names, short)} {word} {expression(said[key], names, short)})"
    for key, word in ((_AND, " and "), (_OR, " or ")):
        if key in said and isinstance(said[key], tuple):
            return "(" + word.join(expression(member, names, short) for member in said[key][1:]) + ")"
    if _NOT in said:
        return f"not {expression(said[_NOT], names, short)}"
    parts = (f"{short(p[1:-1])} {expression(v, names, short)}" for p, v in said.items())
    return "[" + "; ".join(parts) + "]"


def command(change: Change, short: Shorten = curie) -> str:  # noqa: PLR0912 - one command for each kind of change
    """The change as a KGCL command; a comment (``# …``) where the language has no command."""
    about = short(change.about) if change.about else ""
    old, new = change.old, change.new

    def show(value: Value) -> str:
        return expression(value, short=short)

    match change.type:
        case "ClassCreation" | "NodeCreation":
            return f"create node {about} {_quoted(new)}" if new else f"create {about}"
        case "NodeDeletion":
            return f"delete {about}"
        case "NodeRename":
            return f"rename {about} from {_quoted(old)} to {_quoted(new)}"
        case "NodeObsoletion":
            return f"obsolete {about}"
        case "NodeObsoletionWithDirectReplacement":
            return f"obsolete {about} with replacement {show(new)}"
        case "NodeUnobsoletion":
            return f"unobsolete {about}"
        case "NewSynonym":
            return f"create {SYNONYMS[change.predicate]} synonym {_quoted(new)} for {about}"
        case "RemoveSynonym":
            return f"remove synonym {_quoted(old)} for {about}"
        case "SynonymPredicateChange":
            scope = SYNONYMS[change.predicate]
            return f"remove synonym {_quoted(new)} for {about}\ncreate {scope} synonym {_quoted(new)} for {about}"
        case "NewTextDefinition":
            return f"add definition {_quoted(new)} to {about}"
        case "TextDefinitionReplacement" | "NodeAnnotationChange":
            predicate = short(change.predicate)
            return f"change annotation of {about} with {predicate} from {_term(old, short)} to {_term(new, short)}"
        case "NodeMove":
            predicate = short(change.predicate)
            return f"move {about} {predicate} {show(old)} from {show(old)} to {show(new)}"
        case "NodeDeepening" | "NodeShallowing":
            word = "deepen" if change.type == "NodeDeepening" else "shallow"
            return f"{word} {about} from {show(old)} to {show(new)}"
        case "PlaceUnder":
            return f"create edge {about} {short(change.predicate)} {show(new)}"
        case "RemoveUnder":
            return f"delete edge {about} {short(change.predicate)} {show(old)}"
        case "AddNodeToSubset":
            return f"add {about} to subset {show(new)}"
        case "RemoveNodeFromSubset":
            return f"remove {about} from subset {show(old)}"
        case "EdgeCreation" | "EdgeDeletion":
            value = new or old
            word = "create" if new else "delete"
            plain = isinstance(value, str)
            line = f"{word} edge {about} {short(change.predicate)} {show(value)}"
            return line if plain else f"# {line}"
        case _:
            parts = ["add" if new else "remove", about, short(change.predicate) if change.predicate else ""]
            return " ".join(["#", *filter(None, parts), show(new or old)])


def words(change: Change, difference: Difference) -> str:  # noqa: PLR0912 - one sentence for each kind of change
    """The change as a sentence."""
    short = shortener(difference)
    name = _name(change.about, difference, short)
    old, new = _shown(change.old, difference, short), _shown(change.new, difference, short)
    kind = difference.kinds.get(change.about, "term")
    below = "below" if change.predicate == RDFS_SUBCLASS_OF else "under"
    match change.type:
        case "ClassCreation" | "NodeCreation":
            return f"new {kind}: {name}"
        case "NodeDeletion":
            return f"{name} is gone without being obsolete first"
        case "NodeRename":
            return f"{short(change.about)} was called {old}, is now {new}"
        case "NodeObsoletion":
            return f"{name} is obsolete, and nothing replaces it"
        case "NodeObsoletionWithDirectReplacement":
            return f"{name} is obsolete; use {new} ({expression(change.new, short=short)})"
        case "NodeUnobsoletion":
            return f"{name} is in force again"
        case "NewSynonym":
            return f"{name} is also called {new} ({SYNONYMS[change.predicate]})"
        case "RemoveSynonym":
            return f"{name} is no longer called {old}"
        case "SynonymPredicateChange":
            return f"{new} is now a {SYNONYMS[change.predicate]} synonym of {name}"
        case "NewTextDefinition":
            return f"{name} is defined: {new}"
        case "TextDefinitionReplacement":
            return f"{name} is defined otherwise: {new}; was: {old}"
        case "RemoveTextDefinition":
            return f"{name} has lost its definition: {old}"
        case "NodeMove":
            return f"{name} moves from {old} to {new}"
        case "NodeDeepening":
            return f"{name} moves down from {old} to {new}"
        case "NodeShallowing":
            return f"{name} moves up from {old} to {new}"
        case "PlaceUnder":
            return f"{name} is now {below} {new}"
        case "RemoveUnder":
            return f"{name} is no longer {below} {old}"
        case "MappingCreation":
            return f"{name} is mapped: {short(change.predicate)} {new}"
        case "RemoveMapping":
            return f"{name} is no longer mapped: {short(change.predicate)} {old}"
        case "AddNodeToSubset":
            return f"{name} joins the subset {new}"
        case "RemoveNodeFromSubset":
            return f"{name} leaves the subset {old}"
    where = name or "the ontology"
    if change.on is not None:
        where = f"the statement {short(change.on[1][1:-1])} {_shown(change.on[2], difference, short)} of {where}"
    predicate = f" {short(change.predicate)}" if change.predicate else ""
    if change.type == "NodeAnnotationChange":
        return f"{where}:{predicate} was {old}, is now {new}"
    if change.type in ("EdgeCreation", "EdgeDeletion", "LogicalAxiomChange"):
        return f"{where}: axiom {'added' if new else 'removed'}:{predicate} {new or old}"
    return f"{where}: {'now says' if new else 'no longer says'}{predicate} {new or old}"


def as_rows(difference: Difference) -> Iterator[dict[str, str]]:
    """Each change with the cells of ``COLUMNS``."""
    short = shortener(difference)
    for change in difference.changes:
        yield {
            "type": change.type,
            "about": short(change.about) if change.about else "",
            "about_label": difference.names.get(change.about, ""),
            "predicate": short(change.predicate) if change.predicate else "",
            "old": _cell(change.old, short),
            "new": _cell(change.new, short),
            "command": command(change, short),
            "words": words(change, difference),
        }


def as_tsv(difference: Difference) -> str:
    """A table with a header, one change a line."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, delimiter="\t", lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {k: " ".join(v.split()) if k != "command" else "; ".join(v.split("\n")) for k, v in row.items()}
        for row in as_rows(difference)
    )
    return out.getvalue()


def as_document(difference: Difference) -> dict[str, Any]:
    """The counts and the changes as plain values, for JSON."""
    return {"counts": difference.counts(), "terms": len(difference.touched()), "changes": list(as_rows(difference))}


def as_commands(difference: Difference) -> str:
    """All changes as KGCL, one command a line."""
    short = shortener(difference)
    return "".join(f"{command(change, short)}\n" for change in difference.changes)


def as_lines(difference: Difference, *, most: int | None = None) -> list[str]:
    """The counts, then each change in words; what belongs to the creation of a term is told with it."""
    counts = difference.counts()
    if not counts:
        return ["No differences."]
    told = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    changes, terms = sum(counts.values()), len(difference.touched())
    lines = [f"{counted(changes, 'change')} of {counted(terms, 'term')}: {told}."]
    said = [*_told(difference)]
    lines += [f"  {line}" for line in said[:most]]
    if most is not None and len(said) > most:
        lines.append(f"  … and {len(said) - most:,} more; --format tsv lists all")
    return lines


def as_markdown(difference: Difference, *, title: str, level: int = 1) -> str:
    """A document: the counts as a table, then the changes of each term."""
    counts = difference.counts()
    lines = [f"{'#' * level} {title}", ""]
    if not counts:
        return "\n".join([*lines, "No differences.", ""])
    lines += ["| Change | Number |", "| --- | ---: |", *(f"| {name} | {count} |" for name, count in counts.items()), ""]
    for about, changes in groupby(difference.changes, key=lambda change: change.about):
        lines.append(f"- **{_escaped(_name(about, difference, shortener(difference)) or 'axioms of no single term')}**")
        lines += [f"  - {_escaped(words(change, difference))}" for change in changes]
    return "\n".join([*lines, ""])


def counted(number: int, noun: str) -> str:
    """``1 change``, ``1,234 changes``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _told(difference: Difference) -> Iterator[str]:
    for _about, grouped in groupby(difference.changes, key=lambda change: change.about):
        changes = list(grouped)
        yield from (words(change, difference) for change in changes if not change.part)
        yield from (f"  {words(change, difference)}" for change in changes if change.part and _worth(change))


def _worth(change: Change) -> bool:
    """Whether a part of a new term is told in words: where it stands and what it is called."""
    return change.type in ("PlaceUnder", "NewTextDefinition", "NewSynonym", "MappingCreation")


def _name(iri: str, difference: Difference, short: Shorten) -> str:
    if not iri:
        return ""
    name = difference.names.get(iri)
    return f"{name} ({short(iri)})" if name else short(iri)


def _shown(value: Value, difference: Difference, short: Shorten) -> str:
    shown = expression(value, difference.names, short) if value else ""
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def _cell(value: Value, short: Shorten) -> str:
    """A value for a table: text with its language, IRIs as CURIEs, expressions."""
    if isinstance(value, str) and value.startswith('"'):
        language = language_of(value)
        return text_of(value) + (f"@{language}" if language else "")
    return expression(value, short=short) if value else ""


def _quoted(value: Value) -> str:
    """A text as KGCL quotes it. Its grammar has no way to write an apostrophe inside, so that becomes a curly one."""
    text = " ".join(text_of(value).split()).replace("'", "’")
    language = language_of(value)
    return f"'{text}'" + (f"@{language}" if language else "")


def _term(value: Value, short: Shorten) -> str:
    """A value of an annotation as KGCL writes it."""
    if isinstance(value, str) and value.startswith('"'):
        language = language_of(value)
        return '"' + " ".join(text_of(value).split()).replace('"', "”") + '"' + (f"@{language}" if language else "")
    return expression(value, short=short)


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
