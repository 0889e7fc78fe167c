"""Texts to ask the makers of NCIt and OBI for a term with, in the form that each of them takes requests in.

NCIt takes suggestions by the NCI Term Form (https://ncitermform.nci.nih.gov/), field by field; OBI by an issue of its
tracker (https://github.com/obi-ontology/obi/issues), as Markdown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from node.curation.demand import Wish

NCIT_FORM = "https://ncitermform.nci.nih.gov/ncitermform/?version=ncit"
OBI_TRACKER = "https://github.com/obi-ontology/obi/issues/new"
_GITHUB_LONGEST = 6_000


@dataclass(frozen=True)
class Request:
    """A ready-made request: where it goes, its title and its text. ``address`` opens the form (filled in for OBI)."""

    address: str
    title: str
    text: str


@dataclass(frozen=True)
class Term:
    """What is asked for. ``parent`` is a CURIE with its label, ``sources`` are references for the definition."""

    label: str
    definition: str = ""
    parent: str = ""
    synonyms: Sequence[str] = ()
    sources: Sequence[str] = ()


def ncit_request(wish: Wish, term: Term, *, curator: str, project: str) -> Request:
    """A suggestion for NCIt: the fields of the form, one below the other, to be copied into it."""
    fields = [
        ("Vocabulary", "NCI Thesaurus"),
        ("Term", term.label),
        ("Synonym(s)", "; ".join(dict.fromkeys([*term.synonyms, wish.text])) if wish.text != term.label else ""),
        ("Nearest code/CUI", _nearest(term, wish)),
        ("Definition/Other", term.definition or "(please suggest one)"),
        ("Source of the definition", "; ".join(term.sources)),
        ("Project/Product term needed for", project),
        ("Reason for suggestion", _reason(wish)),
        ("Contact", curator),
    ]
    text = "".join(f"{name}: {value}\n" for name, value in fields if value)
    return Request(NCIT_FORM, f"New term: {term.label}", text)


def obi_request(wish: Wish, term: Term, *, curator: str, project: str) -> Request:
    """An issue for OBI's tracker: a new term request with the annotations that OBI asks of every term."""
    synonyms = dict.fromkeys([*term.synonyms, *([wish.text] if wish.text != term.label else [])])
    lines = [
        f"**Preferred term label:** {term.label}",
        f"**Alternative terms:** {'; '.join(synonyms) or 'none'}",
        f"**Parent class:** {term.parent or _nearest(term, wish) or '(please advise)'}",
        f"**Textual definition:** {term.definition or '(draft wanted; form: A <parent> that …)'}",
        f"**Definition source:** {'; '.join(term.sources) or '(none yet)'}",
        f"**Example of usage:** samples described with '{wish.text}' ({_property(wish)})",
        f"**Term editor:** {curator}",
        f"**Needed for:** {project}. {_reason(wish)}",
    ]
    title = f"NTR: {term.label}"
    body = "\n\n".join(lines) + "\n"
    query = urlencode({"title": title, "labels": "new term request", "body": body})
    address = f"{OBI_TRACKER}?{query}" if len(query) <= _GITHUB_LONGEST else OBI_TRACKER
    return Request(address, title, body)


def _nearest(term: Term, wish: Wish) -> str:
    return term.parent or next(iter(wish.candidates), "")


def _property(wish: Wish) -> str:
    return wish.property_iri.rpartition("#")[2]


def _reason(wish: Wish) -> str:
    samples = "1 sample" if wish.samples == 1 else f"{wish.samples:,} samples"
    nodes = "1 institution" if wish.nodes == 1 else f"{wish.nodes} institutions"
    return f"{samples} of {nodes} are described by '{wish.text}' and cannot be coded ({_property(wish)})."
