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

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pyoxigraph import Triple

from node.curation import register
from node.curation.documents import read_triples, subject_lines, to_ntriples
from node.curation.register import Minted
from node.curation.settings import FILE, Settings, read_settings
from node.errors import ConfigurationError, Place

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

    @classmethod
    def open(cls, folder: Path) -> Workspace:
        """The workspace in this folder. Raises ConfigurationError where there is none or its settings are wrong."""
        return cls(folder, read_settings(folder / FILE))

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
        return sorted((self.folder / TEMPLATES).glob("*.tsv"))

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

    def triples(self) -> bytes:
        """Everything merged, as N-Triples: the ontology file, and the templates expanded.

        Raises DocumentSyntaxError, with file, line and column, for the first thing that cannot be read.
        """
        return to_ntriples(list(self._merged()))

    def _merged(self) -> Iterator[Triple]:
        yield from self.stated

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
