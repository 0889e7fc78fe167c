"""``onconode demo``: a small network of nodes on this machine, made, filled, served and asked."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from node import __version__
from node.assembly import build
from node.cli.nodes import create_node
from node.cli.output import Output, json_option, results_table
from node.config import CONFIG_FILE, Member
from node.errors import ConfigurationError, Conflict, NodeError, StoreError
from node.federation.members.endpoints import ask_endpoint, is_ready
from node.federation.members.membership import add_member
from node.model.kinds import Kind
from node.ontology.releases import copy_codes, install
from node.rdf.formats import JSON, TURTLE
from node.resources import resource
from node.sparql.results import Results, read_json_results
from node.sparql.stored import StoredQuery, stored_queries

_MARKER = "demo.json"
_READY_SECONDS = 60.0
_ROWS_SHOWN = 8
#: The question that shows best what the network is for is answered first.
_FIRST = "glioma-whole-genomes"


@dataclass(frozen=True)
class Place:
    """One node of the demo network: its name, folder and address."""

    name: str
    folder: Path
    base: str
    port: int
    partner: Path | None

    @property
    def federation(self) -> str:
        return f"{self.base}federation/sparql"


@click.command()
@click.option(
    "--partners",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder with one folder a partner; without it the example data that comes with Onconode.",
)
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), default=Path(".demo"), show_default=True)
@click.option("--port", type=click.IntRange(1, 65000), default=8080, show_default=True, help="The first of the ports.")
@click.option("--once", is_flag=True, help="Show the answers, then stop and exit.")
@json_option
@click.pass_context
def demo(context: click.Context, partners: Path | None, data: Path, port: int, once: bool, output: Output) -> None:
    """A network of nodes on this machine: one with the vocabularies, one for each partner.

    Publishes every partner's data at its own node, then answers the stored queries over all of them.
    """
    started = time.monotonic()
    for ending in (signal.SIGINT, signal.SIGTERM):
        # both end the nodes too; SIGINT may have been inherited as ignored
        signal.signal(ending, signal.default_int_handler)
    source = partners or resource("examples/partners")
    network = _plan(source, data / f"{source.resolve().name}-{port}", port)
    _refuse_busy_ports(network)
    report = _prepare(network, source, output)
    with _serving(network, output):
        _print_addresses(network, output)
        asked = sorted(
            (q for q in stored_queries() if q.endpoint == "federation"), key=lambda q: (q.name != _FIRST, q.name)
        )
        answers = [_answer(network, query, output) for query in asked]
        seconds = time.monotonic() - started
        output.say(f"\nReady after {seconds:.0f} s.")
        output.result({"nodes": [_node_document(p) for p in network], "published": report, "queries": answers})
        if not once:
            output.say(f"Open {network[0].base} in a browser; Ctrl-C ends everything.")
            _wait_for_ctrl_c()
    output.say("All nodes have ended.")
    if any("problem" in answer for answer in answers):
        context.exit(6)


def _plan(source: Path, data: Path, port: int) -> tuple[Place, ...]:
    folders = sorted(p for p in source.iterdir() if p.is_dir())
    if not folders:
        raise ConfigurationError(f"{source} holds no folder; a demo needs one folder a partner.")
    names: list[tuple[str, Path | None]] = [("vocabulary", None), *((p.name, p) for p in folders)]
    return tuple(
        Place(name, data / name, f"http://127.0.0.1:{port + i}/", port + i, partner)
        for i, (name, partner) in enumerate(names)
    )


def _refuse_busy_ports(network: Sequence[Place]) -> None:
    import socket  # noqa: PLC0415 - only needed here

    for place in network:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", place.port))
            except OSError:
                last = network[-1].port
                raise ConfigurationError(
                    f"port {place.port} is taken; this demo needs {network[0].port} to {last}.",
                    remedy="Choose another first port with --port.",
                ) from None


def _prepare(network: Sequence[Place], source: Path, output: Output) -> dict[str, Any]:
    """Make and fill the nodes, or find them as an earlier run left them; the report of what was published."""
    data = network[0].folder.parent
    marker = data / _MARKER
    with suppress(FileNotFoundError, json.JSONDecodeError):
        kept: dict[str, Any] = json.loads(marker.read_text(encoding="utf-8"))
        if kept.get("version") == __version__ and kept.get("source") == str(source.resolve()):
            output.say(f"The network in {data} is kept from an earlier run.")
            return dict(kept["published"])
    if data.exists():
        if any(data.iterdir()) and not all((p / CONFIG_FILE).exists() for p in data.iterdir() if p.is_dir()):
            raise Conflict(f"{data} holds something that is not a demo network.", remedy="Choose another --data.")
        shutil.rmtree(data)
    data.mkdir(parents=True)
    ontologies = source.parent / "ontologies"
    _make_nodes(network, ontologies if ontologies.is_dir() else None, output)
    partners = [place for place in network if place.partner is not None]
    # two at a time: the demo is meant for small machines, and each publication is a process of its own
    with ThreadPoolExecutor(2) as pool:
        reports = dict(zip((p.name for p in partners), pool.map(_publish, partners), strict=True))
    _say_published(reports, output)
    marker.write_text(
        json.dumps({"version": __version__, "source": str(source.resolve()), "published": reports}), encoding="utf-8"
    )
    return reports


def _make_nodes(network: Sequence[Place], ontologies: Path | None, output: Output) -> None:
    hub = network[0]
    for place in network:
        title = "Vocabularies of the hub" if place is hub else place.name
        create_node(place.folder, base_iri=place.base, title=title)
    for place in network[1:]:
        add_member(hub.folder / CONFIG_FILE, Member(endpoint=f"{place.base}sparql", name=place.name))
        add_member(place.folder / CONFIG_FILE, Member(endpoint=f"{hub.base}sparql", name=hub.name))
    node = build(hub.folder)
    try:
        # these two have no packaged table
        codes = ("icdo3", "gdc") if ontologies is not None else ()
        for name in ("onconode", "ncit", "obi", "oncotree", *codes):
            output.progress(f"installing {name} at the vocabulary node …")
            release = install(
                name,
                ontologies if name != "onconode" else None,
                store=node.store,
                identifiers=node.identifiers,
            )
            output.progress_done()
            output.say(f"vocabulary: {release.name} {release.version}, {release.concepts:,} concepts")
        for place in network[1:]:
            partner = build(place.folder)
            try:
                copy_codes(node.store, partner.store)
            finally:
                partner.close()
    finally:
        node.close()


def _publish(place: Place) -> dict[str, Any]:
    """Publish one partner's folder in a process of its own, as the partner would."""
    command = [sys.executable, "-m", "node", "publish", str(place.partner), "--node", str(place.folder), "--json"]
    command.append("--no-proposals")  # the folder is not ours to write to
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        document: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        raise StoreError(f"publishing {place.name} failed: {done.stderr.strip() or done.returncode}") from None
    return document


def _say_published(reports: dict[str, dict[str, Any]], output: Output) -> None:
    """One line a partner, then how many samples carry an NCIt diagnosis and why others do not."""
    samples = coded = 0
    reasons: dict[str, dict[str, int]] = {}
    for name, report in reports.items():
        datasets = report["datasets"]
        rejected = [d for d in datasets if d["outcome"] == "rejected"]
        held = sum(d["samples"] for d in datasets if d not in rejected)
        kinds = Counter(d["kind"] for d in datasets if d not in rejected)
        output.say(
            f"{name}: {kinds.pop('datasets', 0)} datasets, {held:,} samples"
            + "".join(f", {count} {Kind(kind).noun if count == 1 else kind}" for kind, count in sorted(kinds.items()))
            + (f", {len(rejected)} rejected" if rejected else "")
        )
        for dataset in rejected:
            output.say(f"  rejected {dataset['dataset']}: {dataset['findings'][0]['message']}")
        for finding in report["findings"]:
            output.say(f"  {finding['severity']}: {finding['message']}")
        for dataset in datasets:
            coding = dataset["coding"]
            if dataset in rejected:
                continue
            samples += dataset["samples"]
            if coding is None:
                continue
            coded += coding["coded"]
            for reason, values in coding["uncoded"].items():
                for value, count in values.items():
                    tally = reasons.setdefault(reason, {})
                    tally[value] = tally.get(value, 0) + count
    if samples:
        output.say(
            f"In all: {samples:,} samples; {coded:,} mapped to an NCIt diagnosis ({100 * coded / samples:.1f} %)"
        )
    for reason, tally in sorted(reasons.items(), key=lambda item: -sum(item[1].values())):
        top = sorted(tally.items(), key=lambda item: (-item[1], item[0]))
        named = ", ".join(f"{value or '(empty)'} {count:,}" for value, count in top[:8])
        rest = f", {len(top) - 8} more" if len(top) > 8 else ""
        output.say(f"  {sum(tally.values()):,} unmapped, {reason}: {named}{rest}")


@contextmanager
def _serving(network: Sequence[Place], output: Output) -> Iterator[None]:
    """All nodes as processes of their own; ended together, whatever happens in between."""
    processes = []
    try:
        for place in network:
            log = (place.folder / "serve.log").open("ab")
            command = [sys.executable, "-m", "node", "serve", "--node", str(place.folder), "--port", str(place.port)]
            # a session of its own, so that Ctrl-C reaches the demo alone and the demo ends its nodes in order
            processes.append(subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True))
            log.close()
        for place, process in zip(network, processes, strict=True):
            output.progress(f"waiting for {place.name} …")
            _wait_until_ready(place, process)
        output.progress_done()
        yield
    finally:
        for process in processes:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        for process in processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(place: Place, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _READY_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        if is_ready(f"{place.base}health/ready"):
            return
        time.sleep(0.1)
    raise StoreError(f"the node {place.name} did not start.", remedy=f"Its log: {place.folder / 'serve.log'}")


def _print_addresses(network: Sequence[Place], output: Output) -> None:
    width = max(len(p.name) for p in network)
    output.say(f"\n{len(network)} nodes are up:")
    for place in network:
        output.say(f"  {place.name:<{width}}  {place.base}")
    output.say(f"  one question to all: {network[0].federation}")


def _answer(network: Sequence[Place], query: StoredQuery, output: Output) -> dict[str, Any]:
    """Ask one stored query of the federation, show the answer, and what each node alone would have said."""
    output.progress(f"asking {query.name} …")
    started = time.monotonic()
    try:
        whole = _ask(network[0].federation, query)
    except NodeError as error:
        output.progress_done()
        output.say(f"\n{query.title}\n  failed: {error}")
        return {"name": query.name, "problem": str(error)}
    seconds = time.monotonic() - started
    output.progress_done()
    alone = {place.name: len(_ask(f"{place.base}sparql", query).rows) for place in network}
    output.say(f"\n{query.title}  ({query.name}: {len(whole.rows):,} rows in {seconds:.2f} s)")
    output.say(results_table(whole, most=_ROWS_SHOWN))
    best = max(alone.values(), default=0)
    if best < len(whole.rows):
        output.say(f"Asked alone, no node gives more than {best:,} of these {len(whole.rows):,} rows.")
    return {"name": query.name, "rows": len(whole.rows), "seconds": round(seconds, 3), "rows_alone": alone}


def _ask(endpoint: str, query: StoredQuery) -> Results:
    with ask_endpoint(endpoint, query.text, (JSON, TURTLE)) as answer:
        return read_json_results(b"".join(answer))


def _node_document(place: Place) -> dict[str, Any]:
    return {"name": place.name, "address": place.base, "folder": str(place.folder)}


def _wait_for_ctrl_c() -> None:
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(3600)
