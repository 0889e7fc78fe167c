"""New workspaces: the hub vocabulary's, or a partner's own extension under classes of NCIt, OBI and the hub."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from node.curation import register, workspace
from node.curation.settings import FILE
from node.curation.workspace import Workspace
from node.errors import ConfigurationError, Conflict, Place, ProtocolError
from node.rdf.namespaces import ONCO
from node.resources import resource

_HUB = "https://w3id.org/onconode/vocab"
_APACHE = "http://www.apache.org/licenses/LICENSE-2.0"
_CC_BY = "https://creativecommons.org/licenses/by/4.0/"


def begin_hub(folder: Path) -> Workspace:
    """A workspace of the hub vocabulary as it is in this installation. Raises Conflict where the folder is in use."""
    source = resource("ontologies/onconode.ttl")
    version = _version_of(source)
    text = _settings(
        name="onconode",
        title="Onconode hub vocabulary",
        ontology=_HUB,
        namespace=ONCO,
        prefix="onco",
        version=version,
        licence=_APACHE,
        base=("ncit", "obi"),
        under=(),
    )
    return _write(folder, text, source.read_text(encoding="utf-8"))


def begin_local(folder: Path, *, name: str, base_iri: str, under: Sequence[str], title: str = "") -> Workspace:
    """A workspace for a partner's own terms, with IRIs below ``base_iri``, hung under the classes ``under``.

    Raises ProtocolError for a name or address that will not do, Conflict where the folder is in use.
    """
    if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum() or not name[0].isalpha():
        raise ProtocolError(
            f"a vocabulary is not called {name!r}.", remedy="Take letters, digits, '-' and '_', a letter first."
        )
    if not under:
        raise ProtocolError(
            "an extension hangs under at least one class of a release.",
            remedy="Name it: --under NCIT:C3262 (several times for several).",
        )
    root = base_iri.rstrip("/")
    ontology = f"{root}/vocab/{name}"
    text = _settings(
        name=name,
        title=title or f"{name}: local terms",
        ontology=ontology,
        namespace=f"{ontology}/",
        prefix=name,
        version="0.1.0",
        licence=_CC_BY,
        base=("ncit", "obi", "onconode"),
        under=under,
    )
    return _write(folder, text, "")


def _write(folder: Path, settings: str, ontology: str) -> Workspace:
    if (folder / FILE).exists():
        raise Conflict(f"{folder / FILE} is there already.", remedy="Choose another folder, or edit that file.")
    existed = folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_text(settings, encoding="utf-8")
        opened = Workspace.open(folder)
        if not ontology:
            ontology = _ontology(opened)
        (folder / workspace.ONTOLOGY_FILES[0]).write_text(ontology, encoding="utf-8")
        for name in (workspace.TEMPLATES, workspace.MAPPINGS, workspace.RELEASES):
            (folder / name).mkdir(exist_ok=True)
        if not opened.register_file.exists():
            opened.register_file.write_text("\t".join(register.COLUMNS) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"the folder cannot be written: {error.strerror}.", where=Place(source=str(folder))
        ) from error
    except ConfigurationError:
        (folder / FILE).unlink()
        if not existed:
            shutil.rmtree(folder)
        raise
    return opened


def _version_of(path: Path) -> str:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip().startswith("owl:versionInfo"):
            return line.split('"')[1]
    raise ConfigurationError("the vocabulary states no version.", where=Place(source=path.name))


def _ontology(opened: Workspace) -> str:
    made = opened.settings.vocabulary
    return f"""\
@prefix {made.prefix}: <{made.namespace}> .
@prefix obo: <http://purl.obolibrary.org/obo/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix dct: <http://purl.org/dc/terms/> .

<{made.ontology}> a owl:Ontology ;
    owl:versionIRI <{made.ontology}/{made.version}> ;
    owl:versionInfo "{made.version}" ;
    dct:title "{made.title}"@en ;
    dct:description "{made.title}."@en ;
    dct:license <{made.licence}> .
"""


def _settings(
    *,
    name: str,
    title: str,
    ontology: str,
    namespace: str,
    prefix: str,
    version: str,
    licence: str,
    base: Sequence[str],
    under: Sequence[str],
) -> str:
    def texts(values: Sequence[str]) -> str:
        return "[" + ", ".join(f'"{one}"' for one in values) + "]"

    return f"""\
# A curators' workspace; see docs/how-to/extend-the-vocabulary.md.

[vocabulary]
name = "{name}"
title = "{title}"
ontology = "{ontology}"
namespace = "{namespace}"
prefix = "{prefix}"
version = "{version}"
licence = "{licence}"
base = {texts(base)}      # the releases that it hangs under
languages = ["en"]        # every label and definition is there in each of these
under = {texts(under)}    # every class is below one of these; none: anywhere

[vocabulary.files]        # where the releases are: files, relative to this folder
# ncit = "../releases/ncit.owl"
# obi = "../releases/obi.owl"

# Who mints IRIs, each from numbers of their own; id is an ORCID or any name that the team goes by.
[[curator]]
id = "curator-1"
range = [1, 999]

[checks]                  # severities other than the usual: error, warn, info or off
# multiple_asserted_parents = "off"

[branches]                # the classes that the terms of one template hang under
# "tumours.tsv" = ["NCIT:C3262"]
"""
