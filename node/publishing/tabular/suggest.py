"""Drafts the mapping file of a table from its header and its values, for the partner to read and complete.

A column is given a property only when its name says so or most of its values do, and its values bear it out. Every
other column is ``ignore``, with a comment that says what it looks like: nothing is published because it was there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from node.errors import Conflict, Place, StoreError
from node.model.identifiers import slug
from node.ontology.concepts import Vocabulary
from node.publishing.assays import in_column
from node.publishing.coded import Coded, Proposed
from node.publishing.coder import Coder
from node.publishing.tabular.compression import plain_name
from node.publishing.tabular.mapping import AGE, CODED, DERIVES, DONOR, IGNORE, SAMPLE
from node.publishing.tabular.profiles import ROWS_LOOKED_AT, ColumnProfile, profile
from node.publishing.tabular.rows import DURATION
from node.publishing.tabular.sheets import Sheet
from node.rdf.namespaces import OBO, shorten

#: The share of rows that a column's values must be recognised in: when its name says what it holds, and when not.
_NAMED, _UNNAMED = 0.05, 0.6
_SHOWN = 40
#: After how many values that are not recognised a column is given up, when its name says what it holds and when not.
_MISSES, _PROBED = 100, 8

_IDENTIFIER_NAMES: Sequence[tuple[str, re.Pattern[str]]] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        (DERIVES, r"(PARENT|SOURCE|ORIGIN(AL)?)_(SAMPLE|SPECIMEN)(_?ID)?|DERIVE[SD]_FROM|ALIQUOT_OF|ELTERNPROBE"),
        (
            SAMPLE,
            r"(TUMOU?R_)?(BIO)?(SAMPLE|SPECIMEN)(_?(ID|NAME|NR|NO|NUMBER|IDENTIFIER|BARCODE|ALIAS))?"
            r"|(ALIQUOT|BIOSAMPLE|TUBE|MODEL|CELL_LINE)(_?ID)?|PROBEN?_?(ID|NR|NUMMER)|ECHANTILLON(_ID)?|MUESTRA(_ID)?"
            r"|BIOPSY_ID|SAMPLE_?CODE",
        ),
        (
            DONOR,
            r"(PATIENT|DONOR|SUBJECT|PARTICIPANT|INDIVIDUAL|CASE|PERSON)(EN)?(_?(ID|NR|NO|NUMBER|IDENTIFIER|CODE"
            r"|BARCODE|PSEUDONYM|ALIAS))?|PSEUDONYM|PACIENTE(_ID)?|SPENDER(_?ID)?",
        ),
    )
)
_CODED_NAMES: Mapping[str, re.Pattern[str]] = {
    "diagnosis": re.compile(
        r".*(ONCOTREE|DIAGNOS|HISTOLOG|MORPHOLOG|CANCER_TYPE|TUMOU?R_(TYPE|ENTITY)|ENTITY|DISEASE|NEOPLASM).*"
    ),
    "sample-type": re.compile(
        r".*((SAMPLE|SPECIMEN|TISSUE|MATERIAL|TUMOU?R)_?(TYPE|CLASS|KIND)|MATERIAL|PROBENART|PRIMARY_OR_MET.*)"
    ),
    "site": re.compile(
        r".*(SITE|LOCATION|ORGAN|TOPOGRAPH|LOKALISATION|LOCALI[SZ]ATION|ANATOM|TISSUE|BODY_PART|LOCALISATION).*"
    ),
    "sex": re.compile(r".*(SEX|GENDER|GESCHLECHT|SEXE|SEXO)"),
    "vital-status": re.compile(r"(.*_)?(VITAL_?STATUS|OS_STATUS|ALIVE|DECEASED|SURVIVAL_STATUS|VITALSTATUS)"),
    "assay": re.compile(r".*(ASSAY|SEQUENC|PLATFORM|PANEL|TECHNOLOG|LIBRARY|METHOD|ANALYSIS_TYPE|NGS).*"),
}
_AGE_NAME = re.compile(r"(.*_)?(AGE|ALTER|EDAD)(_.*)?|DX_AGE.*")
_NOT_AT_DIAGNOSIS = re.compile(r".*(DEATH|LAST|FOLLOW|GESTAT|STAGE|SURGERY|RECURR|RELAPSE).*")
_UNIT_NAMES = {"days": r".*(DAY|TAGE).*", "months": r".*(MONTH|MONAT).*", "years": r".*(YEAR|JAHR|YRS?(_|$)).*"}
#: A value recognised for several properties goes to the first of these.
#: The code systems that a column may be written in; "" is words, or codes that show what they are.
_SYSTEMS = {"diagnosis": ("oncotree", "icdo3m", ""), "site": ("icdo3t", "")}
_BY_VALUES = ("sex", "vital-status", "sample-type", "diagnosis", "site")
_MARK = re.compile(r"[A-Za-z0-9_-]+")


@dataclass
class ColumnDraft:
    """What is suggested for one column. ``comments`` stand above it, ``known`` and ``open`` are values with rows."""

    profile: ColumnProfile
    property: str = IGNORE
    settings: dict[str, str] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)
    open: dict[str, int] = field(default_factory=dict)
    proposed: dict[str, str] = field(default_factory=dict)
    share: float = 0.0


@dataclass(frozen=True)
class Suggestion:
    """The text of a drafted mapping, and what it suggests in short: property by column, and columns to be decided."""

    text: str
    properties: Mapping[str, str]
    undecided: tuple[str, ...]
    rows: int


def suggest(path: Path, sheet: Sheet, coder: Coder) -> Suggestion:
    """Draft the mapping of the table in ``path``. Raises DocumentSyntaxError when the table cannot be read."""
    profiles, more = profile(sheet)
    drafts = [_draft(one, coder) for one in profiles]
    _identifiers(drafts)
    _one_each(drafts)
    rows = max((one.rows for one in profiles), default=0)
    undecided = tuple(d.profile.name for d in drafts if d.property == IGNORE and d.profile.filled)
    text = "\n".join(_text(path, sheet, drafts, coder.vocabulary, rows=rows, more=more)) + "\n"
    return Suggestion(text, {d.profile.name: d.property for d in drafts}, undecided, rows)


def write_suggestion(suggestion: Suggestion, target: Path, *, force: bool) -> None:
    """Write the drafted mapping beside its table. Raises Conflict when there is one, unless ``force``; StoreError."""
    try:
        with target.open("w" if force else "x", encoding="utf-8", newline="\n") as out:
            out.write(suggestion.text)
    except FileExistsError as error:
        raise Conflict(
            "there is a mapping file already, perhaps with decisions of yours in it.",
            where=Place(source=str(target)),
            remedy="Complete that one; --force writes a new draft over it.",
        ) from error
    except OSError as error:
        raise StoreError(
            f"the mapping cannot be written: {error.strerror or error}.", where=Place(source=str(target))
        ) from error


def _draft(one: ColumnProfile, coder: Coder) -> ColumnDraft:
    draft = ColumnDraft(one)
    if not one.filled:
        draft.comments.append("No row has a value here.")
        return draft
    if _AGE_NAME.fullmatch(one.key) and not _NOT_AT_DIAGNOSIS.fullmatch(one.key):
        return _age(draft)
    if one.numeric and not any(p.fullmatch(one.key) for p in _CODED_NAMES.values()):
        draft.comments.append(f"Numbers up to {one.highest:g}. Not recognised.")
        return draft
    named = [name for name, pattern in _CODED_NAMES.items() if pattern.fullmatch(one.key)]
    best = draft
    for name in [*named, *(n for n in _BY_VALUES if n not in named)]:
        for system in _SYSTEMS.get(name, ("",)):
            tried = _tried(one, name, system, coder, misses=_MISSES if name in named else _PROBED)
            if tried.share >= (_NAMED if name in named else _UNNAMED) and tried.share > best.share:
                best = tried
        if name in named and best.share >= _UNNAMED:
            break
    if best.property == IGNORE:
        best.comments.append(_unrecognised(one, named))
    return best


def _tried(one: ColumnProfile, name: str, system: str, coder: Coder, *, misses: int) -> ColumnDraft:
    """The column as this property: which of its values the coder recognises, in which share of the rows.

    The commonest values are looked up first. After a number of misses the rest counts as not recognised, because
    looking for what is alike takes its time.
    """
    draft = ColumnDraft(one, name, {"system": system} if system else {})
    rows = 0
    for value, count in one.values.most_common():
        if len(draft.open) >= misses and misses == _PROBED:
            break
        if len(draft.open) >= misses:
            draft.open[value] = count
            continue
        answer = coder.code(CODED[name], value, system)
        if name == "assay" and not isinstance(answer, Coded) and len(named := coder.narrowest(in_column(value))) == 1:
            answer = coder.matched(CODED[name], named[0], value)
        if isinstance(answer, Coded):
            draft.known[value] = answer.iri
            rows += count
        else:
            draft.open[value] = count
            if isinstance(answer, Proposed):
                draft.proposed[value] = answer.candidates[0].iri
    draft.share = rows / one.values.total()
    return draft


def _age(draft: ColumnDraft) -> ColumnDraft:
    one = draft.profile
    unit = next((unit for unit, pattern in _UNIT_NAMES.items() if re.fullmatch(pattern, one.key)), None)
    durations = sum(count for value, count in one.values.items() if DURATION.fullmatch(value))
    if durations >= 0.9 * one.values.total():
        unit = "iso8601"
    elif not one.numeric:
        draft.comments.append(f"An age by its name, but not in numbers: {_examples(one.values)}.")
        return draft
    if unit is None and 25 <= one.highest <= 120:
        unit = "years"
        draft.comments.append(f"Taken for years, because the highest is {one.highest:g}. Is it the age at diagnosis?")
    if unit is None:
        draft.comments.append(f"An age in an unknown unit (up to {one.highest:g}): years, months or days?")
        draft.comments.append(f'If it is at diagnosis: property = "{AGE}" and unit = "…".')
        return draft
    draft.property, draft.share = AGE, 1.0
    draft.settings["unit"] = unit
    return draft


def _identifiers(drafts: list[ColumnDraft]) -> None:
    """Find the columns of identifiers: by name, and for samples a different value in every row."""
    for name, pattern in _IDENTIFIER_NAMES:
        for draft in drafts:
            one = draft.profile
            if not pattern.fullmatch(one.key) or draft.property not in (IGNORE, "sample-type", "site"):
                continue
            if draft.share >= _UNNAMED or any(d.property == name for d in drafts) or not one.filled:
                continue
            whole = one.filled == one.rows
            if name == SAMPLE and not (one.unique and whole):
                draft.comments = [
                    "By its name the sample's identifier, but "
                    + ("some rows have none." if not whole else f"some stand in several rows: {_examples(one.values)}.")
                ]
                continue
            draft.property, draft.comments, draft.known, draft.open = name, [], {}, {}
            draft.settings = {}
            if name == DONOR:
                draft.comments.append("Must be a pseudonym that only you can resolve: no name, no record number.")


def _one_each(drafts: list[ColumnDraft]) -> None:
    """Of several columns for one thing the best stays, for a diagnosis one of words beside one of OncoTree codes."""
    for name in (AGE, *CODED):
        rivals = sorted((d for d in drafts if d.property == name), key=_merit, reverse=True)
        systems = [draft.settings.get("system", "") for draft in rivals]
        beside = [d for d, system in zip(rivals, systems, strict=True) if (system == "") != (systems[0] == "")]
        second = beside[:1] if name == "diagnosis" else []
        for draft in rivals[1:]:
            if draft in second:
                continue
            draft.comments.append(f'Could be the {name} too; "{rivals[0].profile.name}" is taken.')
            draft.property, draft.known, draft.open, draft.settings = IGNORE, {}, {}, {}


def _merit(draft: ColumnDraft) -> tuple[float, int, float]:
    """In how many rows the column says something that is recognised, roughly; then how finely it tells them apart."""
    rows = draft.share * draft.profile.filled / max(draft.profile.rows, 1)
    return round(rows, 1), len(set(draft.known.values())), rows


def _text(
    path: Path, sheet: Sheet, drafts: list[ColumnDraft], vocabulary: Vocabulary, *, rows: int, more: bool
) -> Iterator[str]:
    stem = Path(plain_name(path.name)).stem
    try:
        name = slug(stem)
    except ValueError:
        name = "dataset"
    looked = f"the first {ROWS_LOOKED_AT:,} rows" if more else f"{rows:,} rows"
    yield f"# How {path.name} becomes a description: drafted from its header and {looked}. Read it, complete it, then:"
    yield f"#   onconode publish {path.name} --dry-run"
    yield '# Nothing of a column with property = "ignore" is published. docs/reference/mapping-files.md has all keys.'
    yield ""
    yield "[dataset]"
    yield f"id = {_quoted(name)}  # stands in its address; do not change it later"
    yield f"title = {_quoted(stem.replace('_', ' '))}  # decide"
    yield 'description = ""  # decide: what, how many, from where, when, for what'
    yield 'licence = ""  # decide: "CC BY 4.0" or the address of the terms; "unknown" if there are none'
    yield 'access = ""  # decide: "public", or "restricted" (samples are then seen by those with access only)'
    yield '# publisher = ""  # when it is not the organisation that runs the node'
    yield '# contact = { name = "", email = "" }  # an office, not a person'
    yield '# access_url = ""  # where the data can be had or asked for'
    yield '# keywords = [""]'
    if sheet.sheets:
        yield ""
        yield "[table]"
        others = f"  # there are also: {', '.join(sheet.sheets[1:])[:200]}" if len(sheet.sheets) > 1 else ""
        yield f"sheet = {_quoted(sheet.sheets[0])}{others}"
    for draft in drafts:
        yield ""
        yield from _column(draft, vocabulary)
    if not any(draft.property == SAMPLE for draft in drafts):
        yield ""
        yield f'# Decide: one column must have property = "{SAMPLE}"; it has a value in every row, each only once.'


def _column(draft: ColumnDraft, vocabulary: Vocabulary) -> Iterator[str]:
    one = draft.profile
    for comment in draft.comments:
        yield f"# {comment}"
    yield f"[columns.{_quoted(one.name)}]"
    yield f"property = {_quoted(draft.property)}"
    for key, value in draft.settings.items():
        yield f"{key} = {_quoted(value)}"
    if draft.property not in CODED:
        return
    yield f"# Recognised in {draft.share:.0%} of the {one.filled:,} rows that have a value:"
    known = sorted(draft.known, key=lambda value: (-one.values[value], value))
    for value in known[:_SHOWN]:
        yield f"#   {_quoted(value)} is {_named(draft.known[value], vocabulary)} ({one.values[value]:,})"
    if len(known) > _SHOWN:
        yield f"#   and {len(known) - _SHOWN} more values"
    if not draft.open:
        return
    yield f"[columns.{_quoted(one.name)}.values]"
    yield "# Decide: not recognised. Remove the # and give a code (onconode ontology search TEXT), or another word."
    yield "# What stays without one is published without a code."
    unknown = sorted(draft.open, key=lambda value: (-draft.open[value], value))
    for value in unknown[:_SHOWN]:
        perhaps = f"; perhaps {_named(draft.proposed[value], vocabulary)}" if value in draft.proposed else ""
        yield f'# {_quoted(value[:200])} = ""  # {draft.open[value]:,}{perhaps}'
    if len(unknown) > _SHOWN:
        yield f"# and {len(unknown) - _SHOWN} more values"


def _unrecognised(one: ColumnProfile, named: Sequence[str]) -> str:
    count = f"{len(one.values):,}{'' if one.all else ' or more'} different values"
    looks = f"By its name the {named[0]}, but its values are not recognised" if named else "Not recognised"
    if one.spaced > one.filled / 2 and one.longest > 60:
        return f"Free text. {looks}; texts that people wrote are not published."
    if one.unique and one.filled > 20:
        return f"{looks}: a different value in every row."
    return f"{looks}: {count}, {_examples(one.values)}."


def _examples(values: Mapping[str, int]) -> str:
    top = sorted(values, key=lambda value: (-values[value], value))[:3]
    return ", ".join(f"{' '.join(value.split())[:40]} ({values[value]:,})" for value in top)


def _named(iri: str, vocabulary: Vocabulary) -> str:
    code = iri.removeprefix(OBO).replace("_", ":") if iri.startswith(OBO) else shorten(iri)
    concept = vocabulary.get(iri)
    return f"{code} {concept.label}" if concept else code


def _quoted(text: str) -> str:
    """A basic string of TOML (TOML 1.0, "String")."""
    made = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04X}" for c in made) + '"'
