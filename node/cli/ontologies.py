"""``onconode ontology``: the vocabulary a node checks codes with and serves."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from node.assembly import build
from node.cli.nodes import node_option
from node.cli.output import Output, json_option, table
from node.errors import NotFound
from node.ontology.releases import install, releases
from node.rdf.namespaces import expand, shorten


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
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@json_option
def search(text: str, folder: Path, limit: int, output: Output) -> None:
    """Concepts whose label or synonym holds TEXT."""
    node = build(folder)
    try:
        found = node.vocabulary().search(text, limit=limit)
    finally:
        node.close()
    output.result([dataclasses.asdict(c) for c in found])
    if not found:
        raise NotFound(f"no concept is called {text!r}.", remedy="Try a shorter word, or install a full release.")
    output.say(table(["code", "label"], [[shorten(c.iri), c.label] for c in found]))


@ontology.command("show")
@click.argument("curie")
@node_option()
@json_option
def show(curie: str, folder: Path, output: Output) -> None:
    """One concept, by CURIE (NCIT:C3058, obo:OBI_0002117) or IRI."""
    node = build(folder)
    try:
        vocabulary = node.vocabulary()
    finally:
        node.close()
    concept = vocabulary.get(expand(curie) or curie) or vocabulary.get(curie)
    if concept is None:
        raise NotFound(f"{curie} is not in what is installed.", remedy="Install a release: onconode ontology install")
    output.result(dataclasses.asdict(concept))
    output.say(f"{shorten(concept.iri)}  {concept.label}{'  (obsolete)' if concept.obsolete else ''}")
    for parent in concept.parents:
        known = vocabulary.get(parent)
        output.say(f"  under {shorten(parent)}  {known.label if known else ''}")
    for synonym in concept.synonyms:
        output.say(f"  also  {synonym}")
    if concept.replaced_by:
        output.say(f"  replaced by {shorten(concept.replaced_by)}")
