"""``onconode query``: SPARQL from a file, the command line or the stored queries."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import click

from node.assembly import build
from node.cli.nodes import node_option
from node.cli.output import Output, json_option, results_table
from node.errors import ConfigurationError, DocumentSyntaxError, Place, ProtocolError
from node.federation.engine import FederatedAnswer, FederationEngine
from node.federation.members.endpoints import ask_endpoint
from node.federation.reporting.plan_pictures import as_svg, as_text
from node.ontology.asking import Mapped, Reach, samples_with
from node.ontology.code_systems import code_iri, code_name
from node.policy.decide import ANONYMOUS
from node.rdf.formats import GRAPH_FORMATS, JSON, RESULT_FORMATS, TURTLE, Format, format_by_name
from node.rdf.namespaces import shorten
from node.rdf.terms import is_absolute_iri
from node.sparql.head import with_head_member
from node.sparql.results import read_json_results
from node.sparql.stored import stored_query
from node.store.quads import Answer, Generation

_GRAPHS = ("ttl", "nt", "jsonld")
#: So long a call stays for what it is found out beside its query.
_PROFILE_SECONDS = 30.0
FORMATS = ("table", "csv", "tsv", "json", "xml", "ttl", "nt", "jsonld")


class _Wanted(NamedTuple):
    """How far codes of other systems may be taken, and whether solutions are to be written in RDF."""

    reach: Reach
    in_rdf: bool


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@node_option(required=False)
@click.option("--endpoint", help="Ask the SPARQL endpoint at this address instead of a node's folder.")
@click.option("--federation", is_flag=True, help="Ask over all members of the node.")
@click.option("--partial", is_flag=True, help="With --federation: a lower bound will do when members are missing.")
@click.option(
    "--release",
    "releases",
    multiple=True,
    metavar="NAME=VERSION",
    help="Answer rdfs:subClassOf* by this release that the node keeps; may be repeated.",
)
@click.option(
    "--explain",
    "plan",
    is_flag=False,
    flag_value="plan",
    default=None,
    type=click.Choice(["plan", "run"]),
    help="With --federation: show how it would be answered (plan), or was (run), instead of the answer.",
)
@click.option(
    "--picture", type=click.Path(path_type=Path, dir_okay=False), help="With --explain: write it as SVG to this file."
)
@click.option("-e", "text", help="The query itself.")
@click.option("--stored", help="The name of a stored query; /queries lists them.")
@click.option("--format", "name", type=click.Choice(FORMATS), help="Default: table on a terminal, else json or ttl.")
@click.option("--code", metavar="CODE", help="Instead of a query: the samples with this code or one below it.")
@click.option(
    "--explain-mappings",
    "explain",
    is_flag=True,
    help="Take codes of other systems (oncotree:GBM, icdo3:9440\\/3, …) for the classes they map to, and say by which.",
)
@click.option(
    "--reach",
    type=click.Choice([str(reach) for reach in Reach]),
    default=str(Reach.NARROW),
    show_default=True,
    help="With --explain-mappings: the same classes alone, narrower ones too, or wider ones as well.",
)
@json_option
def query(
    file: Path | None,
    folder: Path | None,
    endpoint: str | None,
    federation: bool,
    partial: bool,
    releases: tuple[str, ...],
    plan: str | None,
    picture: Path | None,
    text: str | None,
    stored: str | None,
    name: str | None,
    code: str | None,
    explain: bool,
    reach: str,
    output: Output,
) -> None:
    """Ask a SPARQL 1.1 query (FILE, -e TEXT or --stored NAME) of a node, a federation or any endpoint."""
    if sum(given is not None for given in (file, text, stored, code)) != 1:
        raise click.UsageError("Give exactly one query: FILE, -e TEXT, --stored NAME or --code CODE.")
    if (folder is None) == (endpoint is None):
        raise click.UsageError("Say whom to ask: --node DIR or --endpoint URL, one of them.")
    if endpoint is not None and federation:
        raise click.UsageError("With --endpoint, name the federated address itself: URL/federation/sparql.")
    if partial and not federation:
        raise click.UsageError("--partial is for --federation: a single node gives its whole answer or none.")
    if (plan or picture) and not (federation and folder):
        raise click.UsageError("--explain and --picture are for --federation with --node.")
    query_text = _for_code(code) if code is not None else _text(file, text, stored)
    if folder is not None and (plan or picture):
        _explain(folder, query_text, output, run=plan == "run", picture=picture)
        return
    if name is None:
        name = "table" if sys.stdout.isatty() and not output.json else None
    formats = _formats(name)
    wanted = _Wanted(Reach(reach), in_rdf=name in _GRAPHS) if explain or code is not None else None
    with _ask(folder, endpoint, federation, partial, query_text, formats, wanted, releases) as answer:
        _warn(answer.told if isinstance(answer, _Told) else answer)
        if name == "table" and answer.format is JSON:
            body = b"".join(answer)
            click.echo(results_table(read_json_results(body)))
            for line in mapping_lines(json.loads(body)["head"].get("mappings")):
                click.echo(line, err=True)
            return
        for chunk in answer:
            sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


def _for_code(code: str) -> str:
    """The query for the samples with a code. Raises ProtocolError."""
    iri = code_iri(code)
    if iri is None or not is_absolute_iri(iri):
        raise ProtocolError(
            f"{code!r} is no code that is known here.",
            remedy="Write it like ONCOTREE:GBM, ICDO3:9440/3, UBERON:0000955, MONDO:0018177, NCIT:C3058, or as an IRI.",
        )
    return samples_with(iri)


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


def _explain(folder: Path, text: str, output: Output, *, run: bool, picture: Path | None) -> None:
    """Print a plan, as JSON with ``--json``, or write its picture."""
    node = build(folder)
    try:
        found = node.federation.explain(text, run=run)
        _finish_profiles(node.federation)
    finally:
        node.close()
    if picture is not None:
        try:
            picture.write_text(as_svg(found), encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(f"cannot be written: {error}", where=Place(source=str(picture))) from error
    output.result(found.document())
    output.say(as_text(found).rstrip())


def _warn(answer: Answer | FederatedAnswer) -> None:
    """Say on standard error when members are missing or have different releases, whatever the format."""
    if not isinstance(answer, FederatedAnswer):
        return
    found = answer.completeness
    for member in found.missing:
        click.echo(f"onconode: {found.verdict.value}, without {member.name}: {member.reason}", err=True)
    for difference in answer.release_differences:
        click.echo(f"onconode: members have different releases of {difference}", err=True)


def _ask(
    folder: Path | None,
    endpoint: str | None,
    federation: bool,
    partial: bool,
    text: str,
    formats: tuple[Format, Format],
    wanted: _Wanted | None,
    releases: tuple[str, ...],
) -> AbstractContextManager[Answer | FederatedAnswer]:
    if endpoint is not None:
        for release in releases:
            endpoint += f"{'&' if '?' in endpoint else '?'}{urlencode({'release': release})}"
        if wanted is not None:
            endpoint += f"{'&' if '?' in endpoint else '?'}mappings={wanted.reach}"
            endpoint += f"&format={formats[1].name}" if wanted.in_rdf else ""
        return ask_endpoint(endpoint, text, formats)
    assert folder is not None
    return _ask_node(folder, federation, partial, text, formats, wanted, releases)


@contextmanager
def _ask_node(
    folder: Path,
    federation: bool,
    partial: bool,
    text: str,
    formats: tuple[Format, Format],
    wanted: _Wanted | None,
    releases: tuple[str, ...],
) -> Iterator[Answer | FederatedAnswer]:
    node = build(folder)
    try:
        mapped = None
        if wanted is not None:
            mapped = node.mapped(text, wanted.reach, in_rdf=wanted.in_rdf)
            text = mapped.text
        if releases:
            text = node.by_release(text, releases)
        asking: AbstractContextManager[Answer | FederatedAnswer] = (
            node.federation.query(text, formats, partial=partial)
            if federation
            else node.query(text, ANONYMOUS, formats)
        )
        with asking as answer:
            yield answer if mapped is None else _Told(answer, mapped)
        sys.stdout.flush()
        _finish_profiles(node.federation)
    finally:
        node.close()


def _finish_profiles(federation: FederationEngine) -> None:
    """Let it be found out how much members hold that do not say so. It is kept; each call would begin it anew."""
    if not (names := federation.profiling()):
        return
    click.echo(
        f"onconode: finding out once how much {', '.join(names)} holds, for quicker queries (Ctrl+C leaves it)",
        err=True,
    )
    with suppress(KeyboardInterrupt):
        federation.finish_profiles(_PROFILE_SECONDS)


class _Told:
    """An answer in whose head, if it is JSON, stands by which mappings the query was taken."""

    def __init__(self, answer: Answer | FederatedAnswer, mapped: Mapped) -> None:
        self.told = answer
        self._mapped = mapped

    @property
    def format(self) -> Format:
        return self.told.format

    @property
    def generation(self) -> Generation:
        return self.told.generation

    def __iter__(self) -> Iterator[bytes]:
        if self.format is not JSON:
            return iter(self.told)
        return with_head_member(self.told, "mappings", self._mapped.document)

    def close(self) -> None:
        self.told.close()


def mapping_lines(said: Any) -> Iterator[str]:
    """What the head of an answer says of mappings, for people."""
    if not isinstance(said, dict):
        return
    for one in said.get("used", ()):
        sure = "" if one["confidence"] is None else f", confidence {one['confidence']:g}"
        yield (
            f"{code_name(one['subject'])} {shorten(one['predicate'])} {code_name(one['object'])} "
            f"({one['justification'].rsplit('/', 1)[-1]}{sure}; {one['set']} {one['version']})"
        )
    for code in said.get("unmapped", ()):
        yield f"{code_name(code)}: no mapping within reach; asked as it is"
    for code in said.get("elsewhere", ()):
        yield f"{code_name(code)}: asked as it is where it is no value of a property for codes"
