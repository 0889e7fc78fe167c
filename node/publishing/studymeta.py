"""What a study folder says about itself: ``meta_study.txt``, its LICENSE file, and an index of studies beside it."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType

from node.errors import DocumentSyntaxError, Place
from node.publishing.drafts import Severity
from node.publishing.findings import Findings

META_FILE = "meta_study.txt"
LICENSE_FILE = "LICENSE"
INDEX_FILE = "cbioportal-studies.tsv"

ODBL = "http://opendatacommons.org/licenses/odbl/1-0/"
#: The terms of the open-access tier of TCGA; the LICENSE files of TCGA studies name no address of their own.
TCGA_OPEN_ACCESS = "https://gdc.cancer.gov/access-data/data-access-policies"
#: ADMS' word for a licence that is not known (ADMS 1.00, licence types).
UNKNOWN_LICENCE = "http://purl.org/adms/licencetype/UnknownIPR"

_CC = "https://creativecommons.org/"
_LICENCES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I), iri)
    for pattern, iri in (
        (r"ODbL|Open Database License", ODBL),
        (r"CC[ -]BY[ -]NC[ -]SA[ -]4\.0|licenses/by-nc-sa/4\.0", _CC + "licenses/by-nc-sa/4.0/"),
        (r"CC[ -]BY[ -]NC[ -]ND[ -]4\.0|licenses/by-nc-nd/4\.0", _CC + "licenses/by-nc-nd/4.0/"),
        (r"CC[ -]BY[ -]NC[ -]4\.0|licenses/by-nc/4\.0", _CC + "licenses/by-nc/4.0/"),
        (r"CC[ -]BY[ -]SA[ -]4\.0|licenses/by-sa/4\.0", _CC + "licenses/by-sa/4.0/"),
        (r"CC[ -]BY[ -]4\.0|licenses/by/4\.0|Creative Commons Attribution 4\.0", _CC + "licenses/by/4.0/"),
        (r"CC0|publicdomain/zero", _CC + "publicdomain/zero/1.0/"),
        (r"GDAC TCGA|TCGA open access", TCGA_OPEN_ACCESS),
    )
)
_PUBMED = re.compile(r"\d{1,9}")
_LONGEST_META = 1_000_000


@dataclass(frozen=True)
class StudyMeta:
    """A study in its own words: texts without markup; ``cancer_type`` an OncoTree code in lower case or ``mixed``."""

    identifier: str
    title: str
    description: str
    citation: str
    pubmed: tuple[str, ...]
    cancer_type: str
    licence: str
    public: bool


def read_meta(folder: Path, index: Mapping[str, Mapping[str, str]] | None, findings: Findings) -> StudyMeta:
    """What the study in ``folder`` is, from its files and its line in the ``index`` (study identifier to columns).

    ``index`` None looks for the index itself, beside the partner's folder. What is missing but can be done without is
    a finding. Raises DocumentSyntaxError when ``meta_study.txt`` cannot be read.
    """
    values = _key_values(folder / META_FILE)
    identifier = values.get("cancer_study_identifier", "")
    if not identifier:
        identifier = folder.name
        findings.add(
            Severity.WARNING,
            "the study has no identifier; the folder's name is taken",
            column="cancer_study_identifier",
            value=identifier,
            remedy="Add a line 'cancer_study_identifier: …'.",
        )
    entry = (find_index(folder) if index is None else index).get(identifier, {})
    title = plain_text(values.get("name", "")) or plain_text(entry.get("name", ""))
    if not title:
        title = identifier
        findings.add(
            Severity.WARNING,
            "the study has no title; its identifier is taken",
            column="name",
            value=identifier,
            remedy="Add a line 'name: …'.",
        )
    description = plain_text(values.get("description", "")) or plain_text(entry.get("description", ""))
    if not description:
        description = title
        findings.add(
            Severity.WARNING,
            "the study has no description; its title is taken",
            column="description",
            remedy="Add a line 'description: …' that says what was studied and how.",
        )
    groups = [group.strip().upper() for group in values.get("groups", "").split(";") if group.strip()]
    if groups and "PUBLIC" not in groups:
        findings.add(
            Severity.WARNING,
            "the study's groups do not include PUBLIC; it is described as public all the same",
            column="groups",
            value=values["groups"],
            remedy="Write 'public_study: false' if its samples are not for everybody.",
        )
    return StudyMeta(
        identifier=identifier,
        title=title,
        description=description,
        citation=plain_text(values.get("citation", "")) or plain_text(entry.get("citation", "")),
        pubmed=_pubmed(values.get("pmid", "") or entry.get("pmid", ""), findings),
        cancer_type=(values.get("type_of_cancer", "") or entry.get("type_of_cancer", "")).strip().lower(),
        licence=_licence(folder, entry.get("licence", ""), findings),
        public=values.get("public_study", "true").lower() != "false",
    )


def find_index(folder: Path) -> Mapping[str, Mapping[str, str]]:
    """The index of studies in a folder at most two levels above ``folder``; empty when there is none."""
    for parent in folder.resolve().parents[:2]:
        path = parent / INDEX_FILE
        try:
            stat = path.stat()
        except OSError:
            continue
        return _index(path, stat.st_mtime_ns)
    return MappingProxyType({})


@lru_cache(maxsize=4)
def _index(path: Path, _modified: int) -> Mapping[str, Mapping[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            rows = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE, restval="")
            return MappingProxyType({row["study_id"]: row for row in rows if row.get("study_id")})
    except (OSError, csv.Error) as error:
        raise DocumentSyntaxError(f"cannot be read: {error}.", where=Place(source=str(path))) from error


def plain_text(text: str) -> str:
    """Text without HTML tags, entities resolved, every run of white space one space."""
    if "<" in text or "&" in text:
        reader = _Text()
        reader.feed(text)
        reader.close()
        text = "".join(reader.parts)
    return " ".join(text.split())


def licence_in(text: str) -> str | None:
    """The IRI of the first licence that this text names, None when it names none we know."""
    found = [(match.start(), iri) for pattern, iri in _LICENCES if (match := pattern.search(text))]
    return min(found)[1] if found else None


class _Text(HTMLParser):
    """Keeps what stands between tags. A tag leaves a space, so that words beside a line break stay apart."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - its signature
        if tag in ("br", "p", "li", "div"):
            self.parts.append(" ")


def _licence(folder: Path, indexed: str, findings: Findings) -> str:
    """The licence's IRI from the LICENSE file, else from the index; a finding when neither names one we know."""
    text = ""
    path = folder / LICENSE_FILE
    if path.is_file():
        text = _text_of(path)
    licence = licence_in(text) or licence_in(indexed)
    if licence is None:
        findings.add(
            Severity.WARNING,
            "no known licence is named in LICENSE or in the index of studies; it is described as unknown",
            column="licence",
            value=(text or indexed)[:80] or None,
            remedy="Add a LICENSE file that names the licence, for example 'CC BY 4.0' or 'ODbL 1.0'.",
        )
    return licence or UNKNOWN_LICENCE


def _pubmed(text: str, findings: Findings) -> tuple[str, ...]:
    numbers: list[str] = []
    for part in text.replace(";", ",").split(","):
        number = part.strip()
        if _PUBMED.fullmatch(number):
            if number not in numbers:
                numbers.append(number)
        elif number.lower() not in ("", "na", "n/a"):
            findings.add(
                Severity.WARNING,
                "this is not a PubMed number; it is left out",
                column="pmid",
                value=number,
                remedy="Write the numbers only, separated by commas.",
            )
    return tuple(numbers)


def _key_values(path: Path) -> dict[str, str]:
    """The ``key: value`` lines of a file; the first of a key counts, keys in lower case."""
    values: dict[str, str] = {}
    for line in _text_of(path).splitlines():
        key, colon, value = line.partition(":")
        if colon and not line.startswith("#"):
            values.setdefault(key.strip().lower(), value.strip())
    return values


def _text_of(path: Path) -> str:
    """A small text file, UTF-8 or else Latin-1. Raises DocumentSyntaxError when it cannot be read or is not small."""
    try:
        if path.stat().st_size > _LONGEST_META:
            raise DocumentSyntaxError(f"has more than {_LONGEST_META} bytes.", where=Place(source=str(path)))
        data = path.read_bytes()
    except OSError as error:
        raise DocumentSyntaxError(
            f"cannot be read: {error.strerror or error}.", where=Place(source=str(path))
        ) from error
    if b"\0" in data:
        raise DocumentSyntaxError(
            "the file is not a text in UTF-8 (it holds a zero byte).",
            where=Place(source=str(path)),
            remedy="Save it as text in UTF-8.",
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")
