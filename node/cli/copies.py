"""``onconode backup``, ``restore`` and ``dump``: safety copies of a node, and its data as one file."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

import click

from node.assembly import Node, build, query_budget
from node.cli.nodes import node_option
from node.cli.output import Output, json_option
from node.config import CONFIG_FILE, load_settings
from node.errors import Conflict, Place, ProtocolError, StoreError
from node.model.access import Tier
from node.rdf.dataset import GraphScope
from node.rdf.formats import JSON, NTRIPLES
from node.store.copies import back_up, bring_back


@click.command()
@click.argument("target", type=click.Path(path_type=Path), metavar="DIR2")
@node_option()
@json_option
def backup(target: Path, folder: Path, output: Output) -> None:
    """Copy the node to the new folder DIR2, while it is served or not. The copy can be served as it is."""
    load_settings(folder)
    output.progress(f"copying to {target} …")
    generation = back_up(folder, target, settings_file=CONFIG_FILE)
    output.progress_done()
    output.say(f"Generation {generation.number} of {folder} is copied to {target}.")
    output.result({"copy": str(target), "generation": generation.number})


@click.command()
@click.argument("copy", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR2")
@node_option()
@json_option
def restore(copy: Path, folder: Path, output: Output) -> None:
    """Bring the safety copy DIR2 back, as the next generation of the node; the state before it is kept once more."""
    if (folder / CONFIG_FILE).exists():
        ours, theirs = load_settings(folder).node.base_iri, load_settings(copy, {}).node.base_iri
        if ours != theirs:
            raise Conflict(
                f"the copy is of the node {theirs}, the node in {folder} is {ours}.",
                remedy="Restore into the node it was made of, or into a new folder.",
            )
    output.progress(f"copying from {copy} …")
    generation = bring_back(copy, folder, settings_file=CONFIG_FILE)
    output.progress_done()
    output.say(f"{folder} is at generation {generation.number}, as {copy} was.")
    output.result({"node": str(folder), "generation": generation.number})


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@node_option()
@json_option
def dump(file: Path, folder: Path, output: Output) -> None:
    """Write everything public as N-Quads to FILE (.nq or .nq.gz), one named graph a dataset."""
    if not file.name.endswith((".nq", ".nq.gz")):
        raise ProtocolError(f"{file} must end in .nq or .nq.gz.", remedy="N-Quads is what a dump is written in.")
    if file.exists():
        raise Conflict(f"{file} is there already.", remedy="Choose another name.")
    node = build(folder)
    partial = file.with_name(f"{file.name}.partial")
    quads = 0
    try:
        with _opened(partial, compress=file.name.endswith(".gz")) as target:
            for graph in node.store.graphs((Tier.PUBLIC,)):
                output.progress(f"{graph} …")
                for line in _triples(node, graph):
                    target.write(line.removesuffix(b".\n") + b"<" + graph.encode() + b"> .\n")
                    quads += 1
        partial.rename(file)
    except OSError as error:
        raise StoreError(f"the dump cannot be written: {error.strerror}.", where=Place(source=str(file))) from error
    finally:
        output.progress_done()
        partial.unlink(missing_ok=True)
        node.close()
    output.say(f"{quads:,} quads are in {file}.")
    output.result({"file": str(file), "quads": quads})


def _opened(path: Path, *, compress: bool) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "wb")) if compress else path.open("wb")


def _triples(node: Node, graph: str) -> Iterator[bytes]:
    """The N-Triples lines of one named graph, each with its line end."""
    scope = GraphScope(default=(graph,))
    text = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
    rest = b""
    budget = query_budget(node.settings.limits)
    with node.store.query(text, scope=scope, formats=(JSON, NTRIPLES), budget=budget) as answer:
        for chunk in answer:
            lines = (rest + chunk).splitlines(keepends=True)
            rest = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
            yield from lines
