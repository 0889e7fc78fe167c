"""Reads a mapping file, which is TOML 1.0, and checks it to the letter.

The format is described in docs/reference/mapping-files.md. An unknown key is an error, not a remark: a misspelt one
would otherwise leave out, without a word, what the partner wanted to say.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from node.errors import DocumentSyntaxError, Place
from node.model.identifiers import is_slug
from node.publishing.coder import SYSTEMS
from node.publishing.safety.decisions import Decisions, decisions_in
from node.publishing.studymeta import UNKNOWN_LICENCE, licence_in
from node.publishing.tabular.mapping import (
    ACCESS,
    AGE,
    CODED,
    DATATYPES,
    DERIVES,
    DONOR,
    IGNORE,
    SAMPLE,
    UNITS,
    Column,
    Description,
    TableMapping,
    folded,
    line_of,
)
from node.publishing.tabular.sheets import Layout
from node.publishing.tabular.transforms import read_transforms
from node.rdf.namespaces import expand
from node.rdf.terms import is_absolute_iri

_LARGEST = 4_000_000
_NAMES = (IGNORE, SAMPLE, DONOR, AGE, DERIVES, *CODED)
#: Properties that one sample has at most once.
_SINGLE = (SAMPLE, DONOR, AGE)
#: Properties that a mapping cannot set, because the node does.
_RESERVED = frozenset(f"http://purl.org/dc/terms/{name}" for name in ("identifier", "isPartOf")) | frozenset(
    ["http://www.w3.org/1999/02/22-rdf-syntax-ns#type"]
)
_CURIE_LIKE = re.compile(r"[A-Za-z][\w.-]*:[A-Za-z]?\d{2,}")


def read_mapping(path: Path) -> TableMapping:
    """Read and check a mapping file. Raises DocumentSyntaxError with file, line, key and remedy."""
    try:
        if path.stat().st_size > _LARGEST:
            raise DocumentSyntaxError(f"the mapping has more than {_LARGEST:,} bytes.", where=Place(source=str(path)))
        text = path.read_bytes().decode("utf-8-sig")
        content = tomllib.loads(text.replace("\r\n", "\n"))
    except OSError as error:
        raise DocumentSyntaxError(
            f"the mapping cannot be read: {error.strerror or error}.", where=Place(source=str(path))
        ) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise DocumentSyntaxError(
            "the mapping is not UTF-8.", where=Place(source=str(path), line=line), remedy="Save it in UTF-8."
        ) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        place = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        raise DocumentSyntaxError(
            f"this is not TOML: {str(error).split(' (at ')[0].lower()}.",
            where=Place(
                source=str(path),
                line=int(place[1]) if place else None,
                column=int(place[2]) if place else None,
            ),
            remedy="Texts stand in quotation marks, and a column whose name is more than letters and digits too: "
            '[columns."Age (y)"].',
        ) from error
    return _Reader(path, text).mapping(content)


class _Reader:
    """Checks what TOML has made of a mapping. Every complaint names the key and the line it stands on."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text

    def mapping(self, content: Mapping[str, Any]) -> TableMapping:
        self._known(content, ("dataset", "table", "columns", "constants", "safety"), ())
        dataset = self._dataset(self._table(content, "dataset", required=True))
        table = self._table(content, "table")
        self._known(table, ("sheet", "header_row", "delimiter", "quote", "encoding", "missing"), ("table",))
        header_row = table.get("header_row")
        if header_row is not None and (type(header_row) is not int or not 1 <= header_row <= 1000):
            self._refuse("header_row is a number from 1 to 1000", ("table", "header_row"), "Write it without quotes.")
        delimiter = self._text_at(table, "delimiter", ("table",))
        quote = table.get("quote")
        for key, value in (("delimiter", delimiter or None), ("quote", quote or None)):
            if value is not None and (not isinstance(value, str) or len(value) != 1 or value in "\r\n"):
                self._refuse(f"{key} is one character", ("table", key), 'For example delimiter = ";".')
        layout = Layout(
            sheet=self._text_at(table, "sheet", ("table",)) or None,
            header_row=header_row,
            delimiter=delimiter or None,
            quote=quote,
            encoding=self._text_at(table, "encoding", ("table",)) or None,
        )
        columns = self._columns(self._table(content, "columns", required=True))
        return TableMapping(
            path=self._path,
            dataset=dataset,
            layout=layout,
            missing=frozenset(folded(text) for text in self._texts(table, "missing", ("table",))),
            columns=columns,
            constants=self._constants(content.get("constants", [])),
            text=self._text,
            decisions=self._decisions(self._table(content, "safety")),
        )

    def _decisions(self, table: Mapping[str, Any]) -> Decisions:
        """The columns that are allowed though they look like direct identifiers."""
        self._known(table, ("allow",), ("safety",))
        return decisions_in(table, self._path)

    def _dataset(self, table: Mapping[str, Any]) -> Description:
        at = ("dataset",)
        texts = (
            "id",
            "title",
            "description",
            "licence",
            "access",
            "publisher",
            "landing_page",
            "access_url",
            "citation",
        )
        self._known(table, (*texts, "themes", "keywords", "contact", "properties"), at)
        found = {key: self._text_at(table, key, at) for key in texts}
        for key in ("id", "title", "description", "licence", "access"):
            if not found[key]:
                self._refuse(f"the dataset needs {key}", (*at, key), f'Write {key} = "…" under [dataset].')
        if not is_slug(found["id"]):
            self._refuse(
                f"{found['id']!r} cannot be the identifier of a dataset",
                (*at, "id"),
                "Use lower-case letters, digits, '.', '_' and '-', at most 100.",
            )
        access = ACCESS.get(found["access"])
        if access is None:
            self._refuse(f"access {found['access']!r} is not known", (*at, "access"), f"Write {_any_of(ACCESS)}.")
        licence = found["licence"]
        if licence.lower() == "unknown":
            licence = UNKNOWN_LICENCE
        elif not licence.startswith(("http://", "https://")) or not is_absolute_iri(licence):
            named = licence_in(licence)
            if named is None:
                self._refuse(
                    f"the licence {licence!r} is not known here",
                    (*at, "licence"),
                    'Write its address (https://…), or a name such as "CC BY 4.0".',
                )
            licence = named
        contact = self._table(table, "contact", at=at)
        self._known(contact, ("name", "email", "page"), (*at, "contact"))
        email = self._text_at(contact, "email", (*at, "contact")).removeprefix("mailto:")
        if email and not re.fullmatch(r"[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\"]+", email):
            self._refuse(f"{email!r} is no e-mail address", (*at, "email"), "Write one like biobank@example.org.")
        pages = {key: found[key] for key in ("landing_page", "access_url")}
        pages |= {"page": self._text_at(contact, "page", (*at, "contact"))}
        for key, page in pages.items():
            if page and not is_absolute_iri(page):
                self._refuse(f"{page!r} is no address", (*at, key), "Write one that begins with https://.")
        themes = tuple(self._iri(text, (*at, "themes")) for text in self._texts(table, "themes", at))
        return Description(
            id=found["id"],
            title=found["title"],
            description=found["description"],
            licence=licence,
            access=access,
            publisher=found["publisher"],
            themes=themes,
            keywords=self._texts(table, "keywords", at),
            contact_name=self._text_at(contact, "name", (*at, "contact")),
            contact_email=email,
            contact_page=pages["page"],
            landing_page=pages["landing_page"],
            access_url=pages["access_url"],
            citation=found["citation"],
            properties=tuple(self._properties(self._table(table, "properties", at=at), (*at, "properties"))),
        )

    def _properties(self, table: Mapping[str, Any], at: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        for said, values in table.items():
            found = said if said.startswith(("http://", "https://")) else expand(said)
            if found is None or not is_absolute_iri(found):
                self._refuse(f"the property {said!r} is not known", (*at, said), "Write its IRI in full.")
            if found in _RESERVED:
                self._refuse(f"{said!r} is set by the node", (*at, said), "Remove it.")
            for value in [values] if isinstance(values, str) else self._texts(table, said, at):
                yield found, self._value(value, (*at, said))

    def _columns(self, table: Mapping[str, Any]) -> tuple[Column, ...]:
        columns = []
        for name, entry in table.items():
            if not isinstance(entry, dict):
                self._refuse(f"columns.{name} is no table", ("columns", name), f'Write [columns."{name}"].')
            columns.append(self._column(name.strip(), entry, ("columns", name)))
        for single in _SINGLE:
            named = [column.name for column in columns if column.property == single]
            if len(named) > 1 or (single == SAMPLE and not named):
                self._refuse(
                    f"{len(named) or 'no'} columns are the {single}" + (f": {', '.join(named)}" if named else ""),
                    ("columns", *named[-1:]),
                    f'Give exactly one column property = "{single}", and the others another property.',
                )
        return tuple(columns)

    def _column(self, name: str, entry: Mapping[str, Any], at: tuple[str, ...], *extra: str) -> Column:
        self._known(entry, ("property", "transform", "values", "unit", "system", "datatype", "of", *extra), at)
        said = self._text_at(entry, "property", at)
        if not said:
            self._refuse(f"{name!r} has no property", at, f'Write property = "…": {_any_of(_NAMES)}, or an IRI.')
        property_iri = said if said in _NAMES else self._property(said, at)
        system = self._choice(entry, "system", SYSTEMS, at, only=said in CODED, default="")
        unit = self._choice(entry, "unit", UNITS, at, only=said == AGE, default="years")
        if said == AGE and "unit" not in entry:
            self._refuse(f"the age in {name!r} has no unit", at, f"Write unit = {_any_of(UNITS)}.")
        further = said not in _NAMES
        datatype = self._choice(entry, "datatype", DATATYPES, at, only=further, default="string")
        of_donor = self._choice(entry, "of", ("sample", "donor"), at, only=further, default="sample") == "donor"
        if "values" in entry and said in (IGNORE, SAMPLE, DONOR, DERIVES):
            self._refuse(f"{said} takes no values", (*at, "values"), "Remove the table of values.")
        return Column(
            name=name,
            property=property_iri,
            transforms=read_transforms(
                entry.get("transform", []), lambda what, remedy: self._refuse(what, (*at, "transform"), remedy)
            ),
            values=self._values(entry, at),
            unit=unit,
            system=system,
            datatype=datatype,
            of_donor=of_donor,
        )

    def _constants(self, entries: Any) -> tuple[tuple[Column, str], ...]:
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            self._refuse("constants are tables", ("constants",), "Write [[constants]] for each.")
        made = []
        for entry in entries:
            value = self._text_at(entry, "value", ("constants",))
            if not value:
                self._refuse("a constant has no value", ("constants",), 'Write value = "…".')
            column = self._column(f"constant {value}", entry, ("constants",), "value")
            if column.property in (IGNORE, SAMPLE, DONOR, DERIVES, AGE):
                self._refuse(f"{column.property} cannot be the same for all", ("constants",), "Remove it.")
            code = self._value(value, ("constants", value))
            column = Column(
                **{**vars(column), "values": {folded(value): code} if code.startswith("<") else column.values}
            )
            made.append((column, value))
        return tuple(made)

    def _property(self, said: str, at: tuple[str, ...]) -> str:
        found = expand(said) if not said.startswith(("http://", "https://")) else said
        if found is None or not is_absolute_iri(found):
            close = get_close_matches(said, _NAMES, n=1)
            hint = f"Did you mean {close[0]!r}? " if close else ""
            self._refuse(
                f"the property {said!r} is not known",
                (*at, said),
                f"{hint}Write {_any_of(_NAMES)}, or the IRI or CURIE of another property.",
            )
        coded = next((name for name, iri in CODED.items() if iri == found), None)
        if found in _RESERVED or coded is not None or found.endswith("vocab#ageAtDiagnosis"):
            self._refuse(
                f"{said!r} is not set by a mapping like this",
                (*at, said),
                f"Write property = {coded!r}." if coded else "Use the names of this format: sample-id, donor-id, …",
            )
        return found

    def _values(self, entry: Mapping[str, Any], at: tuple[str, ...]) -> dict[str, str]:
        values = self._table(entry, "values", at=at)
        made: dict[str, str] = {}
        for key, value in values.items():
            if not isinstance(value, str):
                self._refuse(f"the value for {key!r} is no text", (*at, key), 'Write "…" = "NCIT:C3058", or "".')
            known = made.setdefault(folded(key), code := self._value(value, (*at, key)))
            if known != code:
                self._refuse(f"{key!r} stands twice, with two meanings", (*at, key), "Keep one of the two.")
        return made

    def _value(self, value: str, at: tuple[str, ...]) -> str:
        """An IRI in angle brackets where the text is a CURIE or IRI, else the text as it is."""
        text = value.strip()
        found = text if text.startswith(("http://", "https://")) else expand(text)
        if found is not None and " " not in text:
            if not is_absolute_iri(found):
                self._refuse(f"{value!r} is no IRI", at, "Percent-encode what an IRI cannot hold.")
            return f"<{found}>"
        if _CURIE_LIKE.fullmatch(text):
            self._refuse(
                f"the prefix of {value!r} is not known", at, "Write codes as NCIT:C3058, OBI:0002117 or UBERON:0000955."
            )
        return text

    def _iri(self, text: str, at: tuple[str, ...]) -> str:
        found = self._value(text, at)
        if not found.startswith("<"):
            self._refuse(f"{text!r} is no IRI", at, "Write an IRI or a CURIE.")
        return found[1:-1]

    def _choice(
        self, entry: Mapping[str, Any], key: str, among: Any, at: tuple[str, ...], *, only: bool, default: str
    ) -> str:
        if key not in entry:
            return default
        said = self._text_at(entry, key, at)
        if not only:
            self._refuse(f"{key} does not belong to this property", (*at, key), "Remove it.")
        if said not in among:
            self._refuse(f"{key} {said!r} is not known", (*at, key), f"Write {_any_of(among)}.")
        return said

    def _known(self, table: Mapping[str, Any], keys: tuple[str, ...], at: tuple[str, ...]) -> None:
        for key in table:
            if key not in keys:
                close = get_close_matches(key, keys, n=1)
                hint = f"Did you mean {close[0]!r}? " if close else ""
                self._refuse(f"the key {key!r} is not known here", (*at, key), f"{hint}Known are {_any_of(keys)}.")

    def _table(
        self, holder: Mapping[str, Any], key: str, *, at: tuple[str, ...] = (), required: bool = False
    ) -> Mapping[str, Any]:
        found = holder.get(key, {})
        if not isinstance(found, dict):
            self._refuse(f"{key} is a table", (*at, key), f"Write it as [{'.'.join((*at, key))}].")
        if required and not found:
            self._refuse(f"the mapping has no [{key}]", at, "onconode publish TABLE --suggest writes a whole mapping.")
        return found

    def _text_at(self, holder: Mapping[str, Any], key: str, at: tuple[str, ...]) -> str:
        found = holder.get(key, "")
        if not isinstance(found, str):
            self._refuse(f"{key} is a text", (*at, key), f'Write {key} = "…".')
        return found.strip() if key not in ("delimiter", "sheet") else found

    def _texts(self, holder: Mapping[str, Any], key: str, at: tuple[str, ...]) -> tuple[str, ...]:
        found = holder.get(key, [])
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            self._refuse(f"{key} is a list of texts", (*at, key), f'Write {key} = ["…", "…"].')
        return tuple(found)

    def _refuse(self, what: str, at: tuple[str, ...], remedy: str) -> NoReturn:
        raise DocumentSyntaxError(
            f"{what}.",
            where=Place(source=str(self._path), line=line_of(self._text, at), field=".".join(at) or None),
            remedy=remedy,
        )


def _any_of(names: Any) -> str:
    return ", ".join(f'"{name}"' for name in names)
