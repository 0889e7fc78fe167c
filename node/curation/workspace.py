"""A curators' workspace: a folder with everything that one vocabulary is made of, kept under version control.

    curation.toml            what is made, under which IRIs, by whom, how strictly it is checked
    ontology.ttl             axioms edited by hand (or ontology.owl, ontology.rdf, ontology.nt)
    templates/*.tsv          terms in tables, after ROBOT's templates
    mappings/*.sssom.tsv     mappings, SSSOM
    minted.tsv               every IRI ever minted
    demand.tsv               what partners wrote and no release could code
    releases/<version>/      what went out

Reading a workspace changes nothing in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from pyoxigraph import Triple

from node.curation import register
from node.curation.documents import read_triples, subject_lines, to_ntriples
from node.curation.names import Names
from node.curation.register import Minted
from node.curation.settings import FILE, Settings, read_settings
from node.curation.templates import Entry, Template, expand_template, find_entries, find_types, read_template
from node.curation.upstream import Terms, Upstream, read_terms, read_upstream
from node.errors import ConfigurationError, DocumentSyntaxError, Place

ONTOLOGY_FILES = ("ontology.ttl", "ontology.owl", "ontology.rdf", "ontology.nt")
TEMPLATES = "templates"
MAPPINGS = "mappings"
RELEASES = "releases"
DEMAND = "demand.tsv"
_LARGEST = 64_000_000


@dataclass(frozen=True)
class Workspace:
    """An opened workspace. Its files are read when first asked for, once."""

    folder: Path
    settings: Settings
    #: Files of releases that take the place of those in the settings, by the name of the release.
    releases: Mapping[str, Path] = field(default_factory=dict)
    #: Texts that are read in place of templates, by the path of the file.
    drafts: Mapping[Path, str] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, releases: Mapping[str, Path] | None = None) -> Workspace:
        """The workspace in this folder. Raises ConfigurationError where there is none or its settings are wrong."""
        return cls(folder, read_settings(folder / FILE), releases or {})

    def with_draft(self, path: Path, text: str) -> Workspace:
        """This workspace as it would be if the template at ``path`` had this text; nothing is written."""
        tried = replace(self, drafts={**self.drafts, path: text})
        for name in ("base", "base_terms", "stated"):
            tried.__dict__[name] = getattr(self, name)  # what does not change is not read again
        return tried

    @property
    def ontology_file(self) -> Path:
        """The file of axioms edited by hand; where there is none, the one that would be written."""
        found = [self.folder / name for name in ONTOLOGY_FILES if (self.folder / name).exists()]
        if len(found) > 1:
            raise ConfigurationError(
                f"there are {' and '.join(p.name for p in found)}; a workspace has one.",
                where=Place(source=str(self.folder)),
                remedy="Merge them into one file.",
            )
        return found[0] if found else self.folder / ONTOLOGY_FILES[0]

    @property
    def register_file(self) -> Path:
        return self.folder / register.FILE

    @property
    def template_files(self) -> list[Path]:
        """The tables of terms, by name: the order in which they are read."""
        return sorted({*(self.folder / TEMPLATES).glob("*.tsv"), *self.drafts})

    @property
    def mapping_files(self) -> list[Path]:
        return sorted((self.folder / MAPPINGS).glob("*.sssom.tsv"))

    @cached_property
    def stated(self) -> list[Triple]:
        """The triples of the ontology file, blank nodes labelled ``o…``. Raises DocumentSyntaxError with the line."""
        path = self.ontology_file
        if not path.exists():
            return []
        self._limited(path)
        return list(read_triples(path, blank="o"))

    @cached_property
    def lines(self) -> dict[str, int]:
        """The line of the ontology file on which each term begins, as far as the text shows it."""
        path = self.ontology_file
        if not path.exists() or path.suffix not in (".ttl", ".nt"):
            return {}
        return subject_lines(path.read_text(encoding="utf-8", errors="replace"), dict(self.settings.prefixes))

    @cached_property
    def minted(self) -> list[Minted]:
        """The rows of the register. Raises DocumentSyntaxError with the line."""
        return register.read_register(self.register_file)

    @cached_property
    def base(self) -> list[Upstream]:
        """The releases that the vocabulary hangs under. Raises ConfigurationError, DocumentSyntaxError."""
        made = self.settings.vocabulary
        files = {**made.files, **self.releases}
        return [read_upstream(name, files) for name in dict.fromkeys((*made.base, *self.releases))]

    @cached_property
    def base_terms(self) -> Terms:
        """The terms of all of these releases."""
        terms = Terms()
        for one in self.base:
            terms = terms.merged(one.terms)
        return terms

    @cached_property
    def expansion(self) -> Expansion:
        """The templates, expanded. What is wrong in a cell is in ``problems``; a table that is none raises."""
        templates = []
        names = Names(self.settings, self.base_terms.merged(read_terms(self.stated)))
        for path in self.template_files:
            template = read_template(path, f"{TEMPLATES}/{path.name}", names.one, self.drafts.get(path))
            find_entries(template, names.one, names.find)
            templates.append(template)
        for template in templates:
            names.add(template.entries.values())
        for template in templates:
            find_types(template, names.find)
            names.add(template.entries.values())
        triples: list[Triple] = []
        for number, template in enumerate(templates):
            triples += expand_template(template, names.find, names.kinds_of, f"t{number}n")
        return Expansion(templates, triples, names)

    @cached_property
    def merged(self) -> list[Triple]:
        """The triples of the ontology file and of the templates, each once, also where a cell is wrong."""
        return list(dict.fromkeys([*self.stated, *self.expansion.triples]))

    def triples(self) -> bytes:
        """Everything merged, as N-Triples: the ontology file, and the templates expanded.

        Raises DocumentSyntaxError, with file, line and column, for the first thing that cannot be read.
        """
        problems = self.expansion.problems
        if problems:
            raise problems[0]
        return to_ntriples(self.merged)

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """The first row of a template that makes each term, by its IRI."""
        found: dict[str, Entry] = {}
        for template in self.expansion.templates:
            for entry in template.entries.values():
                found.setdefault(entry.iri, entry)
        return found

    def place(self, iri: str) -> Place:
        """Where a term is stated: the row of a template, or the line of the ontology file."""
        if iri in self.entries:
            return self.entries[iri].place
        return Place(source=self.ontology_file.name, line=self.lines.get(iri))

    def mappings(self) -> list[Path]:
        """The SSSOM tables of the workspace, by name."""
        return self.mapping_files

    def _limited(self, path: Path) -> None:
        if path.stat().st_size > _LARGEST:
            raise ConfigurationError(
                f"the file has more than {_LARGEST:,} bytes.",
                where=Place(source=path.name),
                remedy="A workspace holds what its curators make; name other ontologies as its base.",
            )


@dataclass(frozen=True)
class Expansion:
    """The templates of a workspace, the triples they make, and the names that their expressions may use."""

    templates: list[Template]
    triples: list[Triple]
    names: Names

    @property
    def problems(self) -> list[DocumentSyntaxError]:
        """What is wrong with cells, in order, each once."""
        found = {str(problem): problem for template in self.templates for problem in template.problems}
        return list(found.values())
