"""Citations of a dataset: BibTeX, CSL-JSON, RIS. Who is not named as a creator is not made an author."""

from __future__ import annotations

import re
from typing import Any

from node.publishing.export.dataset import Dataset

# What LaTeX takes for commands; line ends would end a field's line in RIS.
_LATEX = re.compile(r"[\\{}$&%#_^~]")
_ESCAPES = {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
_SPACES = re.compile(r"\s+")


def bibtex(given: Dataset) -> str:
    """One ``@misc`` entry, which BibTeX and biblatex both know. The address stands unescaped, as in ``\\url``."""
    fields = {
        "title": f"{{{_latex(given.title)}}}",
        "author": " and ".join(_latex(c.name) if c.person else f"{{{_latex(c.name)}}}" for c in given.creators),
        "publisher": _latex(given.publisher.name) if given.publisher else "",
        "year": given.year,
        "month": given.published[5:7].lstrip("0"),
        "version": _latex(given.version),
        "doi": given.doi,
        "url": _address(given.cite_as),
        "note": "Dataset",
        # by which styles sort an entry that has no author
        "key": _latex(given.publisher.name) if given.publisher and not given.creators else "",
    }
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    return f"@misc{{{_key(given)},\n{lines}}}\n"


def csl(given: Dataset) -> dict[str, Any]:
    """One item of CSL-JSON (CSL 1.0.2), as citation managers and DOI services exchange it."""
    item: dict[str, Any] = {
        "id": given.cite_as,
        "type": "dataset",
        "title": given.title,
        "author": [_csl_name(c.name, person=c.person) for c in given.creators],
        "publisher": given.publisher.name if given.publisher else "",
        "issued": {"date-parts": [[int(part) for part in given.published.split("-")]]},
        "abstract": given.description,
        "keyword": ", ".join(given.keywords),
        "language": given.language,
        "version": given.version,
        "license": given.license,
        "archive": given.host.name,
        "DOI": given.doi,
        "URL": given.cite_as,
    }
    return {name: value for name, value in item.items() if value not in ("", [])}


def ris(given: Dataset) -> str:
    """One record of type ``DATA``, its lines ended by CR and LF as the format has it."""
    year, month, day = (*given.published.split("-"), "", "")[:3]
    lines = [
        ("TY", "DATA"),
        ("ID", _key(given)),
        ("TI", given.title),
        *(("AU", creator.name) for creator in given.creators),
        ("PB", given.publisher.name if given.publisher else ""),
        ("PY", year),
        ("DA", f"{year}/{month}/{day}/"),
        ("AB", given.description),
        *(("KW", keyword) for keyword in given.keywords),
        ("LA", given.language),
        ("ET", given.version),
        ("DP", given.host.name),
        ("DO", given.doi),
        ("UR", given.cite_as),
    ]
    return "".join(f"{tag}  - {_SPACES.sub(' ', text)}\r\n" for tag, text in lines if text) + "ER  - \r\n"


def _csl_name(name: str, *, person: bool) -> dict[str, str]:
    family, comma, first = name.partition(",")
    if person and comma:
        return {"family": family.strip(), "given": first.strip()}
    # How a name that is written in one piece divides is not for a program to guess.
    return {"literal": name}


def _key(given: Dataset) -> str:
    """The end of the dataset's address here, and the year: letters, digits and ``-`` only."""
    return re.sub(r"[^A-Za-z0-9-]+", "-", f"{given.page.rsplit('/', 1)[-1]}-{given.year}")


def _address(iri: str) -> str:
    # Braces would end the field; an IRI holds none, but a DOI may.
    return iri.replace("{", "%7B").replace("}", "%7D")


def _latex(text: str) -> str:
    escaped = _LATEX.sub(lambda match: _ESCAPES.get(match[0], f"\\{match[0]}"), text)
    return _SPACES.sub(" ", escaped)
