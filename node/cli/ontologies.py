"""``onconode ontology``: the vocabulary a node checks codes with and serves."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from node.assembly import build
from node.cli.nodes import node_option
from node.cli.output import Output, json_option, table
from node.errors import NotFound
from node.ontology.about import About
from node.ontology.codes import curie
from node.ontology.releases import install, release_of, releases
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
    type=click.Path(path_type=Path, exists=True),
    help="A file or folder; without it the small core table that comes with Onconode.",
)
@click.option("--codes-only", is_flag=True, help="Check codes with it, but do not serve its triples.")
@json_option
def install_command(
    names: tuple[str, ...], folder: Path, source: Path | None, codes_only: bool, output: Output
) -> None:
    """Install releases of NAME: ncit, obi, oncotree, icdo3, gdc or onconode; or an extension of your own."""
    node = build(folder)
    done = []
    try:
        for name in names:
            output.progress(f"installing {name} …")
            release = install(name, source, store=node.store, identifiers=node.identifiers, codes_only=codes_only)
            output.progress_done()
            output.say(f"{release.name} {release.version}: {release.concepts:,} concepts")
            done.append(dataclasses.asdict(release))
        output.progress("indexing the names …")
        node.concepts()
    finally:
        output.progress_done()
        node.close()
    output.result(done)


@ontology.command("list")
@node_option()
@json_option
def list_command(folder: Path, output: Output) -> None:
    """What is installed."""
    node = build(folder)
    try:
        installed = releases(node.store)
    finally:
        node.close()
    output.result([dataclasses.asdict(r) for r in installed])
    if installed:
        rows = [[r.name, r.version, f"{r.concepts:,}", "yes" if r.graph else "codes only"] for r in installed]
        output.say(table(["name", "version", "concepts", "served"], rows))
    else:
        output.say("Nothing is installed; codes are checked with the core tables. Try: onconode ontology install")


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
