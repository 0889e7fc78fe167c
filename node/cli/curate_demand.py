"""``onconode curate demand``: what partners wrote and no release could code, seen through until it is installed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from node.assembly import build
from node.cli.curate import workspace_option
from node.cli.nodes import node_option
from node.cli.output import Output, json_option, table
from node.curation.collecting import running, told_by_endpoint, told_by_file, told_by_node, with_candidates
from node.curation.demand import Queue, Status, Told, Wish
from node.curation.kgcl import counted
from node.curation.proposing import Draft, propose
from node.curation.release import note_in_queue
from node.curation.requests import Term, ncit_request, obi_request
from node.curation.workspace import Workspace
from node.errors import ConfigurationError, Conflict, DocumentSyntaxError, Place, ProtocolError
from node.ontology.core import core_vocabulary
from node.ontology.mappings import core_code_map
from node.publishing.coder import Coder
from node.publishing.demand import demand_document

_SHOWN = 30


@click.group()
def demand() -> None:
    """The queue of words that wait for a term."""


def _sources(command: Any) -> Any:
    """Where nodes' lists come from: ``--node``, ``--endpoint`` and ``--from``, each any number of times."""
    folder = click.Path(path_type=Path, file_okay=False, exists=True)
    file = click.Path(path_type=Path, dir_okay=False, exists=True)
    for option in (
        click.option("--token-file", type=file, help="A file with a token that the nodes at the addresses take."),
        click.option("--from", "files", multiple=True, type=file, help="What a node exported; repeat it."),
        click.option("--endpoint", "endpoints", multiple=True, metavar="URL", help="A node's address; repeat it."),
        click.option("--node", "folders", multiple=True, type=folder, help="A node's folder; repeat it."),
    ):
        command = option(command)
    return command


@demand.command("export")
@node_option()
@click.option("--fewest", type=click.IntRange(1), help="Leave out words of fewer samples; default: the node's setting.")
@click.option("--open-only", is_flag=True, help="Count in open datasets only.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
def export(folder: Path, fewest: int | None, open_only: bool, file: Path) -> None:
    """Write what a node could not code to FILE (- for standard output), to be sent to the curators."""
    node = build(folder)
    try:
        document = demand_document(
            node.store,
            node.identifiers,
            fewest=fewest or node.settings.demand.fewest_samples,
            restricted=not open_only,
        )
    finally:
        node.close()
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    if str(file) == "-":
        click.echo(text, nl=False)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"cannot be written: {error.strerror}.", where=Place(source=str(file))) from error
    click.echo(f"{file}: {counted(len(document['waiting']), 'word')}; {document['withheld']} too rare to be told.")


@demand.command("collect")
@workspace_option()
@_sources
@click.option("--fewest", type=click.IntRange(1), help="Of nodes here: leave out words of fewer samples.")
@json_option
def collect(
    folder: Path,
    folders: tuple[Path, ...],
    endpoints: tuple[str, ...],
    files: tuple[Path, ...],
    token_file: Path | None,
    fewest: int | None,
    output: Output,
) -> None:
    """Ask nodes what they could not code, and put it into the workspace's queue."""
    workspace = Workspace.open(folder)
    queue = Queue.open(folder)
    told, coder = _told(folders, endpoints, files, token_file, fewest, output)
    if not told:
        raise ProtocolError("nobody is named to ask.", remedy="Give --node DIR, --endpoint URL or --from FILE.")
    known = 0
    full = []
    for one in told:
        filled, coded = with_candidates(one, coder)
        full.append(filled)
        known += coded
    new, served = queue.collect(full)
    queue.save()
    withheld = sum(one.withheld for one in told)
    output.progress_done()
    asked = f"{counted(len(told), 'node')} asked: {counted(new, 'new word')}"
    output.say(f"{asked}, {len(queue)} in the queue of {workspace.folder}.")
    if served:
        output.say(f"  {counted(served, 'word')} no longer waited for by the node that waited.")
    if withheld:
        output.say(f"  {counted(withheld, 'word')} too rare to be told.")
    if known:
        output.say(f"  {counted(known, 'word')} can be coded with what is installed here; install it there.")
    output.result({"new": new, "queue": len(queue), "served": served, "withheld": withheld, "known": known})


@demand.command("list")
@workspace_option()
@click.option("--status", "status", type=click.Choice([*Status]), multiple=True, help="Only these; repeat it.")
@click.option("--all", "everything", is_flag=True, help=f"All of them, not the first {_SHOWN}.")
@json_option
def list_command(folder: Path, status: tuple[str, ...], everything: bool, output: Output) -> None:
    """The queue, those that most samples and nodes wait for first."""
    Workspace.open(folder)
    wishes = Queue.open(folder).ranked(*map(Status, status))
    output.result([_document(wish) for wish in wishes])
    if not wishes:
        output.say("Nothing waits. Ask nodes with: onconode curate demand collect --node DIR")
        return
    shown = wishes if everything else wishes[:_SHOWN]
    rows = [
        [w.id, f"{w.samples:,}", str(w.nodes), w.status, _property(w), w.text, w.label or next(iter(w.candidates), "")]
        for w in shown
    ]
    output.say(table(["id", "samples", "nodes", "status", "property", "text", "term, or the class it is like"], rows))
    if len(shown) < len(wishes):
        output.say(f"… and {len(wishes) - len(shown):,} more; --all lists them")


@demand.command("show")
@click.argument("name", metavar="ID")
@workspace_option()
@json_option
def show(name: str, folder: Path, output: Output) -> None:
    """One word: who waits, what it is like, and how far it has come."""
    wish = Queue.open(folder).get(name)
    output.result(_document(wish))
    said_of = f"{_property(wish)}, {wish.system}" if wish.system else _property(wish)
    output.say(f"{wish.id}  {wish.text!r} ({said_of}): {wish.status}")
    for node, count in sorted(wish.waiting.items()):
        output.say(f"  {count:>6,} samples  {node}")
    for candidate in wish.candidates:
        output.say(f"  perhaps {candidate}")
    for what in ("term", "label", "release", "request", "note"):
        if value := getattr(wish, what):
            output.say(f"  {what}: {value}")


@demand.command("propose")
@click.argument("name", metavar="ID")
@workspace_option()
@click.option("--label", help="What the term is called; default: the word itself.")
@click.option("--parent", help="The class that it hangs under (NCIT:C3262); default: the first candidate.")
@click.option("--definition", default="", help="What it is, in a sentence.")
@click.option("--source", "sources", multiple=True, help="Where the definition is from (a DOI, PMID:…); repeat it.")
@click.option("--synonym", "synonyms", multiple=True, help="Another name; repeat it. The word itself is one anyway.")
@click.option("--curator", "curator", help="Whose range the IRI is minted from; default: the only curator.")
@json_option
def propose_command(
    name: str,
    folder: Path,
    label: str | None,
    parent: str | None,
    definition: str,
    sources: tuple[str, ...],
    synonyms: tuple[str, ...],
    curator: str | None,
    output: Output,
) -> None:
    """Make a row in templates/terms.tsv for the word: a term of this vocabulary, with a new IRI."""
    workspace = Workspace.open(folder)
    queue = Queue.open(folder)
    wish = queue.get(name)
    people = workspace.settings.curators
    if curator is None and len(people) != 1:
        raise ProtocolError("the workspace has several curators.", remedy="Say who you are: --curator ID.")
    chosen = workspace.settings.curator(curator) if curator else people[0]
    hung = parent or next((candidate.split(" ", 1)[0] for candidate in wish.candidates), "")
    if not hung:
        raise ProtocolError(f"{wish.text!r} is like no class.", remedy="Say where it hangs: --parent NCIT:C3262.")
    draft = Draft(label or wish.text, hung, definition, sources, synonyms)
    made = propose(workspace, queue, wish, draft, chosen)
    code = workspace.settings.shorten(made.term)
    output.say(f"{made.id} is {made.status}: {made.label} ({code}) under {hung}, in templates/terms.tsv.")
    if not (definition and sources):
        output.say("  The checks will ask for a definition and its source: write them into the row.")
    output.say(f"  Next: onconode curate check -w {folder}")
    output.result(_document(made))


@demand.command("request")
@click.argument("name", metavar="ID")
@click.argument("whom", type=click.Choice(["ncit", "obi"]))
@workspace_option()
@click.option("--label", help="The term to ask for; default: the word itself.")
@click.option("--parent", default="", help="The class that it would hang under, with its label.")
@click.option("--definition", default="", help="What it is, in a sentence.")
@click.option("--source", "sources", multiple=True, help="Where the definition is from; repeat it.")
@click.option("--synonym", "synonyms", multiple=True, help="Another name; repeat it.")
@click.option("--curator", default="", help="Who asks: a name with an address or ORCID.")
@click.option("--project", default="Onconode, a federated cancer research data hub", show_default=True)
@json_option
def request(
    name: str,
    whom: str,
    folder: Path,
    label: str | None,
    parent: str,
    definition: str,
    sources: tuple[str, ...],
    synonyms: tuple[str, ...],
    curator: str,
    project: str,
    output: Output,
) -> None:
    """Write the text that asks NCIt or OBI for the term; the queue notes that it was asked for."""
    workspace = Workspace.open(folder)
    queue = Queue.open(folder)
    wish = queue.get(name)
    if wish.status in (Status.RELEASED, Status.INSTALLED):
        raise Conflict(f"{wish.id} is {wish.status} already ({wish.term}).")
    people = workspace.settings.curators
    who = curator or ", ".join(f"{c.name} {c.id}".strip() for c in people)
    term = Term(label or wish.label or wish.text, definition, parent, synonyms, sources)
    make = ncit_request if whom == "ncit" else obi_request
    made = make(wish, term, curator=who, project=project)
    status = wish.status if wish.status is Status.PROPOSED else Status.REQUESTED
    queue.put(replace(wish, status=status, label=term.label, request=wish.request or whom))
    queue.save()
    output.say(f"{made.title}\n{made.address}\n\n{made.text}")
    output.say(f"When it is sent: onconode curate demand status {wish.id} requested --request ADDRESS -w {folder}")
    output.result({**_document(queue.get(name)), "address": made.address, "title": made.title, "body": made.text})


@demand.command("status")
@click.argument("name", metavar="ID")
@click.argument("status", type=click.Choice([*Status]))
@workspace_option()
@click.option("--term", help="The IRI or CURIE of the term that it became.")
@click.option("--release", help="The vocabulary and version that holds the term: 'ncit 26.12d'.")
@click.option("--request", "asked", help="Where it was asked for.")
@click.option("--note", help="Anything to remember.")
@json_option
def status_command(
    name: str,
    status: str,
    folder: Path,
    term: str | None,
    release: str | None,
    asked: str | None,
    note: str | None,
    output: Output,
) -> None:
    """Note how far a word has come, for what happens elsewhere: asked for, in a release of NCIt or OBI, declined."""
    workspace = Workspace.open(folder)
    queue = Queue.open(folder)
    wish = queue.get(name)
    iri = (workspace.settings.expand(term) or "") if term else wish.term
    wanted = Status(status)
    if term and not iri:
        raise ProtocolError(f"{term!r} is neither an IRI nor a CURIE with a known prefix.")
    held = release if release is not None else wish.release
    if wanted is Status.RELEASED and not (iri and len(held.split()) == 2):
        raise ProtocolError(
            "a word is released when a release holds its term.",
            remedy="Give --term NCIT:C999999 --release 'ncit 26.12d'.",
        )
    if wanted is Status.INSTALLED:
        raise ProtocolError(
            "what is installed is found out, not noted.",
            remedy="Ask the nodes: onconode curate demand check --node DIR",
        )
    changed = queue.put(
        replace(
            wish,
            status=wanted,
            term=iri,
            release=held,
            request=asked if asked is not None else wish.request,
            note=note if note is not None else wish.note,
        )
    )
    queue.save()
    output.say(f"{changed.id} is {changed.status}.")
    output.result(_document(changed))


@demand.command("check")
@workspace_option()
@_sources
@json_option
def check(
    folder: Path,
    folders: tuple[Path, ...],
    endpoints: tuple[str, ...],
    files: tuple[Path, ...],
    token_file: Path | None,
    output: Output,
) -> None:
    """See which words have arrived: in a release of this workspace, and on the nodes that waited."""
    workspace = Workspace.open(folder)
    noted = note_in_queue(workspace)
    queue = Queue.open(folder)
    told, _ = _told(folders, endpoints, files, token_file, 1, output)
    done, lacking = queue.installed(running(told))
    if done:
        queue.save()
    output.progress_done()
    for wish_id in noted:
        wish = queue.get(wish_id)
        output.say(f"{wish.id} {wish.text!r}: released ({wish.release})")
    for wish in done:
        output.say(f"{wish.id} {wish.text!r}: installed on every node that waited ({len(wish.waiting)})")
    for wish_id, nodes in lacking.items():
        wish = queue.get(wish_id)
        output.say(f"{wish.id} {wish.text!r}: {wish.release} is not on {', '.join(nodes)} yet, or it was not asked")
    if not (noted or done or lacking):
        output.say("Nothing has changed.")
    output.result({"released": noted, "installed": [wish.id for wish in done], "lacking": lacking})


def _told(
    folders: tuple[Path, ...],
    endpoints: tuple[str, ...],
    files: tuple[Path, ...],
    token_file: Path | None,
    fewest: int | None,
    output: Output,
) -> tuple[list[Told], Coder]:
    """What all these nodes say, and a coder of the first folder's node (else of what is packaged)."""
    told: list[Told] = []
    coder: Coder | None = None
    for each in folders:
        output.progress(f"asking the node in {each}")
        node = build(each)
        try:
            coder = coder or node.parts().coder()
            told.append(
                told_by_node(node.store, node.identifiers, fewest=fewest or node.settings.demand.fewest_samples)
            )
        finally:
            node.close()
    token = _token(token_file)
    for address in endpoints:
        output.progress(f"asking {address}")
        told.append(told_by_endpoint(address, token=token))
    told += map(told_by_file, files)
    return told, coder or Coder(core_vocabulary(), core_code_map())


def _token(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentSyntaxError(f"the token cannot be read: {error}.", where=Place(source=str(path))) from error


def _property(wish: Wish) -> str:
    return wish.property_iri.rpartition("#")[2]


def _document(wish: Wish) -> dict[str, Any]:
    return {
        "id": wish.id,
        "status": wish.status,
        "property": _property(wish),
        "text": wish.text,
        "system": wish.system,
        "samples": wish.samples,
        "nodes": wish.nodes,
        "waiting": dict(wish.waiting),
        "candidates": list(wish.candidates),
        **{name: getattr(wish, name) for name in ("term", "label", "release", "request", "note")},
    }
