"""Harvesting: the datasets of somebody else's catalogue, described here under their own IRIs.

What a catalogue says of a dataset is published as it says it; this node adds a catalogue record that says where it has
it from (DCAT 3, section 6.5). A dataset whose IRI is this node's own is not taken from others.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from node.config import Services
from node.errors import Conflict, Place, StoreError
from node.federation.calling.addresses import Resolve, look_up, read_address
from node.federation.calling.documents import Validators
from node.harvesting.pages import Catalogue, Limits, fetch_catalogue, read_file
from node.publishing.drafts import Finding, Report, Severity
from node.publishing.publish import NodeParts, publish_sources
from node.publishing.registry import FILE, State, read_registry
from node.publishing.sources import Source
from node.publishing.spool import spool_folder
from node.publishing.triples import without_names
from node.store.quads import Change

#: The file of a generation that holds the validators of each harvested address.
HARVESTS = "harvests.json"
_MOST_REASONS = 20


@dataclass(frozen=True)
class Harvest:
    """What became of one catalogue. ``report`` is None when it has not changed since it was last harvested."""

    origin: str
    pages: int
    report: Report | None


def harvest(
    source: str,
    *,
    node: NodeParts,
    services: Services,
    dry_run: bool = False,
    again: bool = False,
    by: str = "",
    limits: Limits = Limits(),  # noqa: B008
    resolve: Resolve = look_up,
    progress: Callable[[str], None] = lambda _: None,
) -> Harvest:
    """Publish the datasets of the catalogue at an http(s) address or in a file.

    ``again``: also when its server says that it has not changed. Each dataset stands or falls by itself; what is wrong
    with one is in the report. Raises what fetching and parsing do; the node is then as it was.
    """
    remote = source.lower().startswith(("http://", "https://"))
    origin = str(read_address(source)) if remote else Path(source).name
    known = _known(node).get(origin, Validators()) if remote and not (again or dry_run) else Validators()
    with spool_folder() as folder:
        if remote:
            found = fetch_catalogue(
                source,
                services=services,
                pinned=node.identifiers.base,
                folder=folder,
                validators=known,
                limits=limits,
                resolve=resolve,
                progress=progress,
            )
            if found is None:
                return Harvest(origin, 0, None)
        else:
            found = read_file(Path(source), pinned=node.identifiers.base, limits=limits)
        catalogue = Source(_written(found, node, folder), "document", origin=origin, called=source, inputs=found.files)
        report = publish_sources([catalogue], node=node, dry_run=dry_run, by=by, progress=progress)
    said = [*_left(found, origin), *_vanished(origin, report, node)]
    report = replace(report, findings=(*report.findings, *said))
    if remote and not dry_run:
        _remember(origin, found.validators if report.ok else Validators(), node)
    return Harvest(origin, len(found.files), report)


def _written(catalogue: Catalogue, node: NodeParts, folder: Path) -> Path:
    """The catalogue in one file of N-Triples. IRIs that only this node makes are nobody else's: blank nodes stay so."""
    target = folder / "catalogue.nt"
    blank = (f"{s} {p} {o} ." for s, p, o in catalogue.triples.blank)
    ground = without_names((line.encode() for line in sorted(catalogue.triples.ground)), node.identifiers)
    with target.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(f"{line}\n" for line in ground)
        out.writelines(f"{line}\n" for line in blank)
    return target


def _left(catalogue: Catalogue, origin: str) -> list[Finding]:
    """What the catalogue only lists and what could not be fetched: for each reason the first, and how many they are."""
    reasons = Counter(why for _, why in catalogue.left)
    return [
        Finding(
            Severity.WARNING,
            f"left out: the catalogue only lists this, and {why}",
            Place(source=origin),
            value=next(address for address, given in catalogue.left if given == why),
            remedy="Harvest it from where it is described, or list its host in services.load.",
            count=count,
        )
        for why, count in reasons.most_common(_MOST_REASONS)
    ]


def _vanished(origin: str, report: Report, node: NodeParts) -> list[Finding]:
    """What was harvested from there before and is there no more; whether to withdraw it is for people to say."""
    there = {told.dataset for told in report.datasets}
    return [
        Finding(
            Severity.WARNING,
            "this was harvested from the catalogue before, and is not in it any more",
            Place(source=origin),
            value=entry.iri,
            remedy="Withdraw it, if it was taken back: onconode withdraw.",
        )
        for name, entry in sorted(read_registry(node.store.file(FILE)).items())
        if entry.origin == origin and entry.state is State.PUBLISHED and name not in there
    ]


def _known(node: NodeParts) -> Mapping[str, Validators]:
    data = node.store.file(HARVESTS)
    try:
        return {origin: Validators(**known) for origin, known in json.loads(data or b"{}").items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise StoreError(f"the list of harvested catalogues ({HARVESTS}) is damaged.") from error


def _remember(origin: str, validators: Validators, node: NodeParts) -> None:
    """Keep the validators of a catalogue whose datasets are all in; forget them when some fell, to look again."""
    generation = node.store.generation()
    known = dict(_known(node))
    if known.get(origin, Validators()) == validators:
        return
    known[origin] = validators
    content = json.dumps({o: asdict(v) for o, v in sorted(known.items())}, indent=1).encode()
    try:
        node.store.apply(Change(files={HARVESTS: content}, base=generation.number))
    except Conflict:
        return  # somebody else was faster; the next harvest asks without, which costs time and nothing else
