"""``onconode query``: SPARQL from a file, the command line or the stored queries."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import click

from node.assembly import build
from node.cli.nodes import node_option
from node.cli.output import Output, json_option, results_table
from node.errors import DocumentSyntaxError, Place
from node.federation.engine import FederatedAnswer
from node.federation.sources import ask_endpoint
from node.policy.decide import ANONYMOUS
from node.rdf.formats import GRAPH_FORMATS, JSON, RESULT_FORMATS, TURTLE, Format, format_by_name
from node.sparql.results import read_json_results
from node.sparql.stored import stored_query
from node.store.quads import Answer

FORMATS = ("table", "csv", "tsv", "json", "xml", "ttl", "nt", "jsonld")


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@node_option(required=False)
@click.option("--endpoint", help="Ask the SPARQL endpoint at this address instead of a node's folder.")
@click.option("--federation", is_flag=True, help="Ask over all members of the node.")
@click.option("--partial", is_flag=True, help="With --federation: a lower bound will do when members are missing.")
@click.option("-e", "text", help="The query itself.")
@click.option("--stored", help="The name of a stored query; /queries lists them.")
@click.option("--format", "name", type=click.Choice(FORMATS), help="Default: table on a terminal, else json or ttl.")
@json_option
def query(
    file: Path | None,
    folder: Path | None,
    endpoint: str | None,
    federation: bool,
    partial: bool,
    text: str | None,
    stored: str | None,
    name: str | None,
    output: Output,
) -> None:
    """Ask a SPARQL 1.1 query (FILE, -e TEXT or --stored NAME) of a node, a federation or any endpoint."""
    if sum(given is not None for given in (file, text, stored)) != 1:
        raise click.UsageError("Give exactly one query: FILE, -e TEXT or --stored NAME.")
    if (folder is None) == (endpoint is None):
        raise click.UsageError("Say whom to ask: --node DIR or --endpoint URL, one of them.")
    if endpoint is not None and federation:
        raise click.UsageError("With --endpoint, name the federated address itself: URL/federation/sparql.")
    if partial and not federation:
        raise click.UsageError("--partial is for --federation: a single node gives its whole answer or none.")
    query_text = _text(file, text, stored)
    if name is None:
        name = "table" if sys.stdout.isatty() and not output.json else None
    formats = _formats(name)
    with _ask(folder, endpoint, federation, partial, query_text, formats) as answer:
        _warn(answer)
        if name == "table" and answer.format is JSON:
            click.echo(results_table(read_json_results(b"".join(answer))))
            return
        for chunk in answer:
            sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


def _text(file: Path | None, text: str | None, stored: str | None) -> str:
    if stored is not None:
        return stored_query(stored).text
    if text is not None:
        return text
    assert file is not None
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (UnicodeDecodeError, OSError) as error:
        raise DocumentSyntaxError(f"the query cannot be read: {error}", where=Place(source=str(file))) from error


def _formats(name: str | None) -> tuple[Format, Format]:
    """What to write solutions in and what to write graphs in; ``json``/``jsonld`` and so on each name one of them."""
    solutions = format_by_name(name or "json", RESULT_FORMATS) or JSON
    graphs = format_by_name(name or "ttl", GRAPH_FORMATS) or TURTLE
    return solutions, graphs


def _warn(answer: Answer | FederatedAnswer) -> None:
    """Say on standard error when members are missing, whatever the format."""
    if not isinstance(answer, FederatedAnswer):
        return
    found = answer.completeness
    for member in found.missing:
        click.echo(f"onconode: {found.verdict.value}, without {member.name}: {member.reason}", err=True)


def _ask(
    folder: Path | None,
    endpoint: str | None,
    federation: bool,
    partial: bool,
    text: str,
    formats: tuple[Format, Format],
) -> AbstractContextManager[Answer | FederatedAnswer]:
    if endpoint is not None:
        return ask_endpoint(endpoint, text, formats)
    assert folder is not None
    return _ask_node(folder, federation, partial, text, formats)


@contextmanager
def _ask_node(
    folder: Path, federation: bool, partial: bool, text: str, formats: tuple[Format, Format]
) -> Iterator[Answer | FederatedAnswer]:
    node = build(folder)
    try:
        if federation:
            with node.federation.query(text, formats, partial=partial) as answer:
                yield answer
        else:
            with node.query(text, ANONYMOUS, formats) as answer:
                yield answer
    finally:
        node.close()
