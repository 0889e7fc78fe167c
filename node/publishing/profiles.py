"""Profiles: shapes that descriptions are held to beside the hub's own, by name or from a file.

Each named profile is aligned to one that others keep (``ontologies/profiles/``): DCAT-AP 3 for datasets, HealthDCAT-AP
at three levels of access, MIABIS for samples and donors, Bioschemas for pages. Official shapes can be used from their
files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from node.errors import ConfigurationError, Place, ProtocolError
from node.publishing.shacl import Shapes, read_shapes, run
from node.rdf.namespaces import ACCESS_NON_PUBLIC, ACCESS_PUBLIC, ACCESS_RESTRICTED, DCT, RDF_TYPE, SKOS
from node.rdf.terms import iri, literal
from node.resources import resource

#: The hub's own shapes, which every description is held to.
HUB = "hub"
#: What the access rights of each dataset ask for.
AUTO = "auto"
#: No profile.
NONE = "none"

_LEVELS = {ACCESS_PUBLIC: "open", ACCESS_RESTRICTED: "protected", ACCESS_NON_PUBLIC: "sensitive"}
_FILES: Mapping[str, tuple[str, ...]] = {
    "dcat-ap": ("dcat-ap",),
    **{f"healthdcat-ap-{level}": ("dcat-ap", f"healthdcat-ap-{level}") for level in _LEVELS.values()},
    "miabis": ("miabis",),
    "bioschemas": ("bioschemas",),
}
#: The profiles that come with the node.
NAMES = tuple(_FILES)
_LONGEST = 5_000_000
_MEDIA_TYPES = ("https://www.iana.org/assignments/media-types/", "http://www.iana.org/assignments/media-types/")


@dataclass(frozen=True)
class Profile:
    """What a publication is held to. ``files``: name and text of each file of shapes; ``auto``: by access rights.

    ``binding``: a value that is wrong or missing stops the dataset; otherwise it is told and asked for.
    """

    files: tuple[tuple[str, str], ...] = ()
    auto: bool = False
    binding: bool = True

    def shapes(self, access: Iterable[str]) -> Shapes:
        """The hub's shapes and those of the profile for a dataset with these access rights (IRIs)."""
        files = self.files
        if self.auto:
            level = next((_LEVELS[right] for right in access if right in _LEVELS), "open")
            files = tuple((name, _text(name)) for name in ("dcat-ap", f"healthdcat-ap-{level}", "miabis"))
        return read_shapes((HUB, shapes_text()), *files)


#: The hub's shapes alone.
HUB_ONLY = Profile()
#: What the access rights ask for; nothing of it stops a publication.
BY_ACCESS = Profile(auto=True, binding=False)


@lru_cache(maxsize=1)
def shapes_text() -> str:
    """The hub's shapes as they are served, in Turtle."""
    return resource("ontologies/shapes.ttl").read_text(encoding="utf-8")


def profile(names: Sequence[str]) -> Profile:
    """The profile of these names and paths of Turtle files, together.

    Raises ProtocolError for a name that is neither, ConfigurationError for a file that holds no shapes.
    """
    if list(names) in ([AUTO], []):
        return BY_ACCESS
    files: dict[str, str] = {}
    for name in names:
        if name == NONE:
            continue
        if name in _FILES:
            files |= {part: _text(part) for part in _FILES[name]}
        elif Path(name).is_file():
            files[Path(name).name] = _official(Path(name))
        else:
            raise ProtocolError(
                f"there is no profile {name!r}, and no such file.",
                remedy=f"Use one of {', '.join([AUTO, NONE, *NAMES])}, or the path of a Turtle file with SHACL shapes.",
            )
    return Profile(tuple(files.items()))


def _text(name: str) -> str:
    return resource(f"ontologies/profiles/{name}.ttl").read_text(encoding="utf-8")


def _official(path: Path) -> str:
    """The text of a shapes file, checked to hold shapes."""
    try:
        if path.stat().st_size > _LONGEST:
            raise ConfigurationError(f"the file has more than {_LONGEST:,} bytes.", where=Place(source=str(path)))
        text = path.read_text(encoding="utf-8")
        shapes = read_shapes((path.name, text))
        # a node of each class that a shape is aimed at, so that every constraint is tried once
        list(
            run([f"<urn:onconode:probe> {iri(RDF_TYPE)} {class_} ." for class_ in shapes.target_classes], set(), shapes)
        )
    except (OSError, UnicodeDecodeError, ConfigurationError) as error:
        detail = error.detail if isinstance(error, ConfigurationError) else str(error)
        raise ConfigurationError(
            f"the profile cannot be read: {detail}",
            where=Place(source=str(path)),
            remedy="Give a file of SHACL shapes in Turtle, or the name of a profile.",
        ) from error
    if not shapes.aimed:
        raise ConfigurationError(
            "no shape in this file has a target, so it would check nothing.",
            where=Place(source=str(path)),
            remedy="Give the file that has the shapes with sh:targetClass or another target.",
        )
    return text


def facts(values: Iterable[str]) -> Iterator[str]:
    """What the code lists say of these IRIs, as N-Triples lines: class, scheme and name.

    Official shapes look for these facts in the data; nobody writes them into a description.
    """
    listed = _authority()
    for value in values:
        yield from listed.get(value, ())
        if value.startswith(_MEDIA_TYPES):
            yield f"{iri(value)} {iri(RDF_TYPE)} {iri(DCT + 'MediaType')} ."


@lru_cache(maxsize=1)
def _authority() -> Mapping[str, tuple[str, ...]]:
    lists: dict[str, tuple[str, ...]] = {}
    prefixes = {"dct": DCT, "spdx": "http://spdx.org/rdf/terms#"}
    for line in resource("ontologies/profiles/authority.tsv").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        term, kind, scheme, name = line.split("\t")
        said = [f"{iri(RDF_TYPE)} {iri(SKOS + 'Concept')}", f"{iri(SKOS + 'prefLabel')} {literal(name, language='en')}"]
        if kind:
            prefix, local = kind.split(":")
            said.append(f"{iri(RDF_TYPE)} {iri(prefixes[prefix] + local)}")
        if scheme:
            said.append(f"{iri(SKOS + 'inScheme')} {iri(scheme)}")
        lists[term] = tuple(f"{iri(term)} {one} ." for one in said)
        if scheme:
            concept = f"{iri(scheme)} {iri(RDF_TYPE)} {iri(SKOS + 'ConceptScheme')} ."
            lists[term] = (*lists[term], concept)
            lists[scheme] = (concept,)
    return lists
