"""``curation.toml``: what a curators' workspace makes, under which IRIs, by whom, and how strictly it is checked."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from node.errors import ConfigurationError, Place
from node.rdf.namespaces import DCT, OBO, OBOINOWL, PREFIXES, PROV, RDFS, SKOS
from node.rdf.terms import is_iri

FILE = "curation.toml"
SEVERITIES = ("error", "warn", "info", "off")
#: What may be asked of every term, with the properties that give it; the first is what commands write.
ANNOTATIONS: dict[str, tuple[str, ...]] = {
    "label": (RDFS + "label",),
    "definition": (OBO + "IAO_0000115", SKOS + "definition"),
    "definition_source": (OBO + "IAO_0000119", DCT + "source", PROV + "wasDerivedFrom"),
    "editor": (OBO + "IAO_0000117", DCT + "creator", DCT + "contributor"),
    "status": (OBO + "IAO_0000114",),
}
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,63}")
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
#: Prefixes that tables and expressions may use beside those of ``node.rdf.namespaces`` and of the workspace.
_OBO_PREFIXES = {name: f"{OBO}{name}_" for name in ("NCIT", "OBI", "UBERON", "RO", "BFO", "IAO", "COB", "MONDO", "CL")}


@dataclass(frozen=True)
class Curator:
    """Who may mint, and from which numbers (both ends included). ``id`` is an ORCID or any name of the team's own."""

    id: str
    first: int
    last: int
    name: str = ""


@dataclass(frozen=True)
class Vocabulary:
    """What is made here. ``base`` names the releases it hangs under (``ncit``, ``obi``), ``files`` where they are."""

    name: str
    title: str
    ontology: str
    namespace: str
    prefix: str
    version: str
    licence: str
    base: tuple[str, ...] = ()
    files: Mapping[str, Path] = field(default_factory=dict)
    languages: tuple[str, ...] = ("en",)
    required: tuple[str, ...] = ("label", "definition", "definition_source", "editor", "status")
    digits: int = 7
    #: Classes of which every class made here must be below at least one; none: anywhere.
    under: tuple[str, ...] = ()

    def iri_of(self, number: int) -> str:
        """The IRI that this number mints."""
        return f"{self.namespace}{number:0{self.digits}d}"

    def number_of(self, iri: str) -> int | None:
        """The number that minted this IRI; None for one that no number mints."""
        local = iri.removeprefix(self.namespace)
        return int(local) if local != iri and local.isascii() and local.isdecimal() and len(local) <= 12 else None


@dataclass(frozen=True)
class Settings:
    """All of ``curation.toml``. ``severities`` maps the name of a check to what it counts here."""

    vocabulary: Vocabulary
    curators: tuple[Curator, ...] = ()
    severities: Mapping[str, str] = field(default_factory=dict)
    #: The classes that terms of one template may hang under, by the template's file name.
    branches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    prefixes: Mapping[str, str] = field(default_factory=dict)

    def expand(self, written: str) -> str | None:
        """The IRI that a CURIE, an IRI or an IRI in angle brackets stands for; None for anything else."""
        text = written.strip()
        if text.startswith("<") and text.endswith(">"):
            text = text[1:-1]
        prefix, colon, local = text.partition(":")
        if colon and local and not local.startswith("//") and " " not in text and prefix in self.prefixes:
            return self.prefixes[prefix] + local
        return text if "://" in text and is_iri(text) else None

    def shorten(self, iri: str) -> str:
        """The CURIE of an IRI with the longest namespace that fits, else the IRI in angle brackets."""
        fits = [(len(ns), name) for name, ns in self.prefixes.items() if iri.startswith(ns) and len(iri) > len(ns)]
        if fits:
            length, name = max(fits)
            local = iri[length:]
            if local.replace("_", "").replace("-", "").replace(".", "").isalnum():
                return f"{name}:{local}"
        return f"<{iri}>"

    def curator(self, name: str) -> Curator:
        """The curator of this id or name. Raises ConfigurationError for anybody else."""
        found = next((c for c in self.curators if name in (c.id, c.name)), None)
        if found is None:
            known = ", ".join(c.id for c in self.curators) or "none"
            raise ConfigurationError(
                f"{name!r} is no curator of this workspace.",
                where=Place(source=FILE, field="curator"),
                remedy=f"Known: {known}. Add a [[curator]] with id and range.",
            )
        return found


def read_settings(path: Path) -> Settings:
    """The settings in this file, checked whole. Raises ConfigurationError that names the key (or line) at fault."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"there is no workspace: {error.strerror}.",
            where=Place(source=str(path)),
            remedy="Make one with: onconode curate init DIR",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"it is not TOML: {error}.", where=Place(source=str(path))) from error
    reader = _Reader(document, path)
    vocabulary = reader.vocabulary()
    own = document.get("prefixes", {})
    if not isinstance(own, dict) or not all(isinstance(v, str) and is_iri(v) for v in own.values()):
        raise reader.wrong("prefixes", "must map each prefix to the IRI of its namespace")
    prefixes = {**PREFIXES, **_OBO_PREFIXES, "oio": OBOINOWL, "dc": "http://purl.org/dc/elements/1.1/"}
    prefixes |= {**own, vocabulary.prefix: vocabulary.namespace}
    settings = Settings(vocabulary, reader.curators(), reader.severities(), {}, prefixes)
    vocabulary = reader.with_branch(vocabulary, settings)
    return Settings(vocabulary, settings.curators, settings.severities, reader.branches(settings), prefixes)


class _Reader:
    def __init__(self, document: dict[str, Any], path: Path) -> None:
        self._document = document
        self._path = path

    def wrong(self, key: str, what: str) -> ConfigurationError:
        return ConfigurationError(f"{what}.", where=Place(source=str(self._path), field=key))

    def vocabulary(self) -> Vocabulary:
        table = self._document.get("vocabulary")
        if not isinstance(table, dict):
            raise self.wrong("vocabulary", "the table [vocabulary] is missing")
        known = {*Vocabulary.__dataclass_fields__}
        for key in table:
            if key not in known:
                raise self.wrong(f"vocabulary.{key}", f"there is no such setting; there are {', '.join(sorted(known))}")
        words = self._words(table)
        required = self._texts(table, "required", Vocabulary.required)
        for name in required:
            if name not in ANNOTATIONS:
                raise self.wrong("vocabulary.required", f"{name!r} is none of {', '.join(ANNOTATIONS)}")
        languages = self._texts(table, "languages", ("en",))
        for language in languages:
            if not _LANGUAGE.fullmatch(language):
                raise self.wrong("vocabulary.languages", f"{language!r} is no language tag (en, de, fr-BE)")
        files = table.get("files", {})
        if not isinstance(files, dict) or not all(isinstance(v, str) for v in files.values()):
            raise self.wrong("vocabulary.files", "must map the name of a release to its file")
        return Vocabulary(
            **words,
            base=self._texts(table, "base", ()),
            files={name: (self._path.parent / file).resolve() for name, file in files.items()},
            languages=languages,
            required=required,
            digits=self._digits(table),
            under=self._texts(table, "under", ()),
        )

    def _digits(self, table: dict[str, Any]) -> int:
        digits = table.get("digits", 7)
        if not isinstance(digits, int) or isinstance(digits, bool) or not 1 <= digits <= 12:
            raise self.wrong("vocabulary.digits", "a whole number from 1 to 12 is required here")
        return digits

    def _words(self, table: dict[str, Any]) -> dict[str, str]:
        words = {}
        for key in ("name", "title", "ontology", "namespace", "prefix", "version", "licence"):
            value = table.get(key)
            if not isinstance(value, str) or not value.strip():
                raise self.wrong(f"vocabulary.{key}", "a text is required here")
            words[key] = value.strip()
        for key in ("ontology", "namespace", "licence"):
            if not is_iri(words[key]):
                raise self.wrong(f"vocabulary.{key}", f"this must be an absolute IRI, not {words[key]!r}")
        if not words["namespace"].endswith(("/", "#", "_")):
            raise self.wrong("vocabulary.namespace", "a namespace ends in '/', '#' or '_'")
        if not _PREFIX.fullmatch(words["prefix"]):
            raise self.wrong("vocabulary.prefix", "a prefix is a letter, then letters, digits, '-' or '_'")
        if not _VERSION.fullmatch(words["version"]):
            raise self.wrong("vocabulary.version", "a version holds letters, digits, '.' and '-' only")
        return words

    def with_branch(self, vocabulary: Vocabulary, settings: Settings) -> Vocabulary:
        under = tuple(self._iri(settings, one, "vocabulary.under") for one in vocabulary.under)
        return Vocabulary(**{**{k: getattr(vocabulary, k) for k in Vocabulary.__dataclass_fields__}, "under": under})

    def branches(self, settings: Settings) -> dict[str, tuple[str, ...]]:
        table = self._document.get("branches", {})
        if not isinstance(table, dict):
            raise self.wrong("branches", "must map the file name of a template to a list of classes")
        return {
            name: tuple(self._iri(settings, one, f"branches.{name}") for one in self._texts(table, name, ()))
            for name in table
        }

    def curators(self) -> tuple[Curator, ...]:
        rows = self._document.get("curator", [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise self.wrong("curator", "curators are written as [[curator]] tables")
        made: list[Curator] = []
        for number, row in enumerate(rows, 1):
            name, numbers = row.get("id"), row.get("range")
            if not isinstance(name, str) or not name.strip():
                raise self.wrong(f"curator {number}.id", "a text is required here")
            if not (
                isinstance(numbers, list)
                and len(numbers) == 2
                and all(isinstance(n, int) and not isinstance(n, bool) for n in numbers)
                and 0 <= numbers[0] <= numbers[1]
            ):
                raise self.wrong(f"curator {number}.range", "a range is [first, last], two whole numbers from 0 on")
            curator = Curator(name.strip(), numbers[0], numbers[1], str(row.get("name", "")))
            for other in made:
                if other.id == curator.id:
                    raise self.wrong(f"curator {number}.id", f"{curator.id!r} is there twice")
                if curator.first <= other.last and other.first <= curator.last:
                    raise self.wrong(f"curator {number}.range", f"it overlaps with the range of {other.id!r}")
            made.append(curator)
        return tuple(made)

    def severities(self) -> dict[str, str]:
        table = self._document.get("checks", {})
        if not isinstance(table, dict):
            raise self.wrong("checks", "must map the name of a check to its severity")
        for name, value in table.items():
            if value not in SEVERITIES:
                raise self.wrong(f"checks.{name}", f"a severity is one of {', '.join(SEVERITIES)}")
        return dict(table)

    def _texts(self, table: dict[str, Any], key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        value = table.get(key, list(default))
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            raise self.wrong(key, "a list of texts is required here")
        return tuple(one.strip() for one in value)

    def _iri(self, settings: Settings, written: str, key: str) -> str:
        iri = settings.expand(written)
        if iri is None:
            raise self.wrong(key, f"{written!r} is neither an IRI nor a CURIE with a known prefix")
        return iri
