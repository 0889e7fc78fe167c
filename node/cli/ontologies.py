"""``onconode ontology``: the vocabulary a node checks codes with and serves."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from node.assembly import build
from node.cli.drifts import drift_hint
from node.cli.nodes import node_option
from node.cli.output import Output, json_option, table
from node.config import Settings
from node.errors import Conflict, NotFound, Place
from node.harvesting.download import download
from node.ontology.about import About
from node.ontology.activation import remove, roll_back
from node.ontology.codes import curie
from node.ontology.core import CORE
from node.ontology.installation import OFFICIAL
from node.ontology.release_files import file_digest
from node.ontology.releases import NAMES, extensions, install, kept, release_of, releases
from node.ontology.search import MOST, Hit, Wanted
from node.rdf.namespaces import shorten


@click.group()
def ontology() -> None:
    """Install, list and look up ontology releases."""


@ontology.command("install")
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
@node_option()
@click.option(
    "--from",
    "source",
    metavar="PATH|URL",
    help="A file, folder or address; without it the small core table that comes with Onconode.",
)
@click.option("--official", is_flag=True, help="The newest release from its official address: ncit, obi, oncotree.")
@click.option("--version", help="What the release is called, whatever it says of itself.")
@click.option("--sha256", metavar="HEX", help="Install the file only if it has this digest.")
@click.option("--no-inference", is_flag=True, help="Leave out the superclasses that follow from the axioms.")
@click.option("--codes-only", is_flag=True, help="Check codes with it, but do not serve its triples.")
@json_option
def install_command(
    names: tuple[str, ...],
    folder: Path,
    source: str | None,
    official: bool,
    version: str | None,
    sha256: str | None,
    no_inference: bool,
    codes_only: bool,
    output: Output,
) -> None:
    """Install releases of NAME: ncit, obi, oncotree, icdo3, gdc or onconode; or an extension of your own.

    The release becomes the active one of its name; those installed before stay and can be brought back by rollback.
    """
    if source is not None and official:
        raise click.UsageError("--official names the address by itself: leave out --from.")
    if len(names) > 1 and (version or sha256 or (source and source.startswith(_WEB))):
        raise click.UsageError("Say --version, --sha256 or an address for one NAME at a time.")
    node = build(folder)
    done = []
    try:
        for name in names:
            with _had(name, source, official, node.settings, output) as (path, address):
                if sha256 is not None and path is not None:
                    _check_digest(path, sha256)
                output.progress(f"installing {name} …")
                release = install(
                    name,
                    path,
                    store=node.store,
                    identifiers=node.identifiers,
                    codes_only=codes_only,
                    version=version,
                    inference=not no_inference,
                    address=address,
                )
            output.progress_done()
            more = f", {release.inferred:,} superclasses inferred" if release.inferred else ""
            output.say(f"{release.name} {release.version}: {release.concepts:,} concepts{more}")
            if release.version == CORE and name in OFFICIAL:
                output.say(f"  the small table that comes with Onconode; for all of {name}: --official, or --from")
            done.append(dataclasses.asdict(release))
        output.progress("indexing the names …")
        node.concepts()
        hint = drift_hint(node)
    finally:
        output.progress_done()
        node.close()
    output.result(done)
    if hint:
        output.say(hint)


_WEB = ("http://", "https://")


@contextmanager
def _had(
    name: str, source: str | None, official: bool, settings: Settings, output: Output
) -> Iterator[tuple[Path | None, str]]:
    """The file or folder to install from, None for the package, and where it was downloaded. Downloads do not stay."""
    ending = None
    if official:
        if name == "onconode":
            yield None, ""
            return
        if name not in OFFICIAL:
            raise NotFound(
                f"no official address is known for {name[:60]!r}.",
                remedy=f"There is one for {', '.join(OFFICIAL)}. Give the file or its address with --from.",
            )
        source, ending = OFFICIAL[name]
    if source is None or not source.startswith(_WEB):
        if source is not None and not Path(source).exists():
            raise NotFound("there is no such file or folder.", where=Place(source=source))
        yield (None if source is None else Path(source)), ""
        return

    def show(done: int, whole: int | None) -> None:
        share = f" of {whole / 1e6:,.1f} MB, {100 * done // max(whole, 1)} %" if whole else " MB"
        output.progress(f"{name}: {done / 1e6:,.1f}{share}")

    path = download(source, settings.folder / "downloads", services=settings.services, name=ending, progress=show)
    try:
        yield path, source
    finally:
        path.unlink(missing_ok=True)


def _check_digest(path: Path, wanted: str) -> None:
    if not path.is_file():
        raise click.UsageError("--sha256 is that of one file: name it with --from.")
    found = file_digest(path)
    if found != wanted.lower():
        raise Conflict(
            f"the file's SHA-256 is {found}, not {wanted[:64].lower()}.",
            where=Place(source=path.name),
            remedy="Get it again, or ask where it comes from which digest it has now.",
        )


@ontology.command("list")
@node_option()
@json_option
def list_command(folder: Path, output: Output) -> None:
    """What is installed: every release that is kept, with the active one of each name."""
    node = build(folder)
    try:
        active = {release.name: release.version for release in releases(node.store)}
        shelves = [release for name in (*NAMES, *extensions(node.store)) for release in kept(node.store, name)]
        hint = drift_hint(node)
    finally:
        node.close()
    output.result([{**dataclasses.asdict(r), "active": active.get(r.name) == r.version} for r in shelves])
    if not shelves:
        output.say("Nothing is installed; codes are checked with the core tables. Try: onconode ontology install")
        return
    rows = [
        [
            r.name,
            r.version,
            "active" if active.get(r.name) == r.version else "",
            f"{r.concepts:,}",
            "yes" if r.graph else "codes only",
            r.installed,
            r.source,
        ]
        for r in shelves
    ]
    output.say(table(["name", "version", "", "concepts", "served", "installed", "from"], rows))
    if hint:
        output.say(hint)


@ontology.command("rollback")
@click.argument("name")
@node_option()
@click.option("--to", "version", help="Which release; without it the one installed before the active one.")
@json_option
def rollback(name: str, folder: Path, version: str | None, output: Output) -> None:
    """Make a release that is kept the active one again."""
    node = build(folder)
    try:
        output.progress(f"bringing {name} back …")
        release = roll_back(name, to=version, store=node.store, identifiers=node.identifiers)
        node.concepts()
        hint = drift_hint(node)
    finally:
        output.progress_done()
        node.close()
    output.say(f"{release.name} {release.version} is active: {release.concepts:,} concepts")
    if hint:
        output.say(hint)
    output.result(dataclasses.asdict(release))


@ontology.command("remove")
@click.argument("name")
@click.argument("version")
@node_option()
@json_option
def remove_command(name: str, version: str, folder: Path, output: Output) -> None:
    """Remove a release that is kept and not active, for good."""
    node = build(folder)
    try:
        release = remove(name, version, store=node.store)
    finally:
        node.close()
    output.say(f"{release.name} {release.version} is removed")
    output.result(dataclasses.asdict(release))


@ontology.command("search")
@click.argument("text")
@node_option()
@click.option("--limit", type=click.IntRange(1, MOST), default=20, show_default=True)
@click.option("--below", multiple=True, metavar="CURIE", help="Only this class and what is under it; may be repeated.")
@click.option("--vocabulary", help="Only concepts of this release, as ontology list names it.")
@click.option("--lang", "languages", multiple=True, metavar="TAG", help="Names in this language count as English ones.")
@click.option("--obsolete", is_flag=True, help="Also concepts that are no longer to be used.")
@json_option
def search(
    text: str,
    folder: Path,
    limit: int,
    below: tuple[str, ...],
    vocabulary: str | None,
    languages: tuple[str, ...],
    obsolete: bool,
    output: Output,
) -> None:
    """Concepts that TEXT may mean: a name, a part of one, a misspelling, a code, a code of another system."""
    node = build(folder)
    try:
        concepts = node.concepts()
        wanted = Wanted(
            text,
            below=tuple(concepts.codes.iri(root) or root for root in below),
            vocabulary=vocabulary,
            obsolete=obsolete,
            languages=tuple(language.lower() for language in languages),
            limit=limit,
        )
        found = concepts.find(wanted).hits
    finally:
        node.close()
    output.result([{"code": curie(hit.iri), **dataclasses.asdict(hit)} for hit in found])
    if not found:
        raise NotFound(f"no concept is called {text!r}.", remedy="Try fewer words, or install a full release.")
    rows = [[curie(hit.iri), hit.label + (" (obsolete)" if hit.obsolete else ""), _found_by(hit)] for hit in found]
    output.say(table(["code", "label", "found by"], rows))


def _found_by(hit: Hit) -> str:
    """What of a concept the search found, "" for its label."""
    if hit.kind in ("label", "code") and not hit.language:
        return ""
    language = f" ({hit.language})" if hit.language else ""
    return hit.note or f"{hit.name}{language}"


@ontology.command("show")
@click.argument("code")
@node_option()
@json_option
def show(code: str, folder: Path, output: Output) -> None:
    """One concept, by CODE: NCIT:C3058, C3058, obo:OBI_0002117, an IRI, or a code of another system."""
    node = build(folder)
    try:
        concepts = node.concepts()
        iri = concepts.named(code)
        about = About.of(iri, concepts, release_of(node.store, concepts.vocabulary.source_of(iri) or ""))
    finally:
        node.close()
    concept = about.concept
    output.result({**dataclasses.asdict(concept), **about.context()})
    output.say(f"{curie(iri)}  {concept.label}{'  (obsolete)' if concept.obsolete else ''}")
    if concept.definition:
        output.say(f"  {concept.definition}")
    for word, names in (("also ", concept.synonyms), ("wider", concept.broad), ("narrower", concept.narrow)):
        for name in names:
            output.say(f"  {word}  {name}")
    for name in concept.related:
        output.say(f"  near   {name}")
    for translation in concept.translations:
        output.say(f"  {translation.language:5}  {translation.text}")
    for word, near in (("under", about.parents), ("over ", about.children)):
        for one, label in near:
            output.say(f"  {word}  {curie(one)}  {label}")
    for mapped in about.mappings:
        output.say(f"  {shorten(mapped.predicate).partition(':')[2]} from {mapped.code}  {mapped.label}")
    if concept.replaced_by:
        output.say(f"  replaced by {curie(concept.replaced_by)}")
    if about.release is not None:
        output.say(f"  from {about.release.name} {about.release.version}, {about.release.licence}")
