"""Our shapes beside the official ones, and the official ones on what a node makes of real partners' folders.

The official shapes are not part of the repository; every difference is in a ledger below, with its reason.
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest
from memory_store import MemoryStore
from rdflib import BNode, Graph, URIRef

from node.publishing.drafts import DatasetReport, Outcome
from node.publishing.profiles import BY_ACCESS, facts, profile
from node.publishing.publish import NodeParts, publish
from node.publishing.shacl import read_shapes
from node.rdf.namespaces import DCAT, DCT, FOAF, RDF_TYPE, SH, SKOS
from node.resources import resource

pytestmark = pytest.mark.shared

OFFICIAL = {
    "dcat-ap": ["dcat-ap-3.0.1/shapes.ttl", "dcat-ap-3.0.1/shapes_recommended.ttl"],
    "healthdcat-ap-sensitive": ["healthdcat-ap/hdap-validator-sensitivity-shape.ttl"],
}
OURS = {"dcat-ap": ["dcat-ap"], "healthdcat-ap-sensitive": ["dcat-ap", "healthdcat-ap-sensitive"]}
EXAMPLES = ("dcat-ap-3.0.1/examples", "healthdcat-ap/examples", "healthdcat-ap-de/examples", "health-ri/Example-Data")
#: Examples that are no Turtle (their PROVENANCE says so).
UNREADABLE = {
    "example-bee-population-dataset-series-api.ttl",
    "example-bee-population-dataset-series-combined.ttl",
    "RKI_SARS-CoV-2_Infektionen_in_Deutschland.ttl",
    "RKI_SARS-CoV-2_Sequenzdaten_aus_Deutschland.ttl",
}
PARTNER = "partners/de-rki-zfkd/zfkd_healthdcat-ap.ttl"


class Verdict(NamedTuple):
    """One result, without the names of blank nodes."""

    focus: str
    path: str
    severity: str


#: What ours say and the official ones do not, or the other way round: (official or ours, path, severity) and why.
LEDGER = {
    ("ours", DCT + "issued", "Violation"): "the official shape writes sh:shape for sh:node, which checks nothing",
    ("ours", DCT + "modified", "Violation"): "the same",
    **{
        ("ours", path, "Warning"): "not of an authority table: officially in the vocabulary shapes (mdr-vocabularies)"
        for path in (DCT + "spatial", DCT + "accrualPeriodicity", DCAT + "theme", DCAT + "mediaType")
    },
}


def results(data: Graph, shapes: Graph) -> set[Verdict]:
    """What breaks the shapes, by pySHACL alone."""
    from pyshacl import validate  # noqa: PLC0415

    _, report, _ = validate(data, shacl_graph=shapes, inference="none", advanced=False)
    found = set()
    for result in report.objects(None, URIRef(SH + "result")):
        focus, path, severity = (
            report.value(result, URIRef(SH + name)) for name in ("focusNode", "resultPath", "resultSeverity")
        )
        name = str(data.value(focus, URIRef(RDF_TYPE))) if isinstance(focus, BNode) else str(focus)
        shown = str(path) if isinstance(path, URIRef) else ""
        found.add(Verdict(name, shown, str(severity).removeprefix(SH)))
    return found


def shapes_of(files: list[Path]) -> Graph:
    return read_shapes(*((file.name, file.read_text(encoding="utf-8")) for file in files)).graph


def with_facts(data: Graph) -> Graph:
    """The data with what the code lists say of its values."""
    for line in facts({str(value) for value in data.objects() if isinstance(value, URIRef)}):
        data.parse(data=line, format="nt")
    return data


@pytest.fixture(scope="module")
def examples(shared: Path) -> dict[str, Graph]:
    """Every example that is readable, and the HealthDCAT-AP description of a partner."""
    folder = shared / "data" / "profiles"
    files = [file for name in EXAMPLES for file in sorted((folder / name).glob("*.ttl"))]
    files = [file for file in files if file.name not in UNREADABLE] + [shared / "data" / PARTNER]
    return {file.name: with_facts(Graph().parse(file)) for file in files}


@pytest.mark.parametrize("name", OFFICIAL)
def test_ours_and_the_official_shapes_say_the_same(name: str, shared: Path, examples: dict[str, Graph]) -> None:
    """The same places and properties break both, on every example; the ledger explains all of the rest."""
    official = shapes_of([shared / "data" / "profiles" / file for file in OFFICIAL[name]])
    ours = shapes_of([resource(f"ontologies/profiles/{part}.ttl") for part in OURS[name]])
    severities = ("Violation", "Warning") if name == "dcat-ap" else ("Violation",)
    compared = 0
    explained = set()
    for file, data in examples.items():
        a = {v for v in results(data, official) if v.severity in severities}
        b = {v for v in results(data, ours) if v.severity in severities}
        compared += len(a & b)
        differences = {("official", v.path, v.severity) for v in a - b} | {("ours", v.path, v.severity) for v in b - a}
        assert differences <= LEDGER.keys(), file
        explained |= differences
    assert compared > 300
    if name == "dcat-ap":
        assert explained == LEDGER.keys()


def test_they_say_the_same_of_examples_with_holes(shared: Path, examples: dict[str, Graph]) -> None:
    """A third of the statements taken out of a rich example, twelve times over: still the same violations."""
    name = "healthdcat-ap-sensitive"
    official = shapes_of([shared / "data" / "profiles" / file for file in OFFICIAL[name]])
    ours = shapes_of([resource(f"ontologies/profiles/{part}.ttl") for part in OURS[name]])
    chance = random.Random(20261127)
    triples = sorted(examples["dataset_health.ttl"])
    seen: set[Verdict] = set()
    for _ in range(12):
        data = Graph()
        for triple in triples:
            if str(triple[1]) == RDF_TYPE or chance.random() > 1 / 3:
                data.add(triple)
        a = {v for v in results(data, official) if v.severity == "Violation"}
        b = {v for v in results(data, ours) if v.severity == "Violation"}
        assert {("ours", v.path, v.severity) for v in b - a} <= LEDGER.keys()
        assert a - b == set()
        seen |= a
    assert len(seen) > 20


#: What of the official shapes our own output breaks, and why: (class of the node, path) and reason.
OUTPUT_LEDGER = {
    ("CatalogRecord", FOAF + "primaryTopic"): "DCAT-AP wants a resource typed dcat:Resource; ours is a dcat:Dataset",
    ("Checksum", "http://spdx.org/rdf/terms#algorithm"): "SPDX' own term, which the shape wants with https",
    (
        "Dataset",
        DCT + "publisher",
    ): "partners are no corporate bodies of the European Union, which this warning asks for",
    ("Catalog", DCT + "publisher"): "the same",
}
STUDIES = ("de-dkfz", "ch-progenetix", "it-arcnet-unito", "fr-inserm-curie")
CHECKED = ("shapes.ttl", "range.ttl", "dcat-ap-SHACL.ttl", "mdr-vocabularies.shape.ttl")


def test_what_a_node_makes_of_folders_conforms_to_dcat_ap(parts: NodeParts, store: MemoryStore, shared: Path) -> None:
    """Catalogue and datasets of study folders and of tables, by the official shapes; the ledger has the rest."""
    report = publish([shared / "data" / "partners" / name for name in STUDIES], node=parts)
    assert report.ok
    data = Graph()
    for name, (_, triples) in store.held.items():
        if not name.endswith(("/provenance", "queries")):
            data.parse(data=triples, format="nt")
    broken = set()
    data = with_facts(data)
    official = [shapes_of([shared / "data" / "profiles" / "dcat-ap-3.0.1" / file]) for file in CHECKED]
    for verdict in (v for shapes in official for v in results(data, shapes)):
        kinds = sorted(str(t).rpartition("#")[2] for t in data.objects(URIRef(verdict.focus), URIRef(RDF_TYPE)))
        kind = kinds[0] if kinds else verdict.focus.rpartition("#")[2]
        # what the lists say of their own terms is not ours
        if verdict.focus.startswith("http://publications.europa.eu/") or kind == SKOS + "Concept":
            continue
        broken.add((kind, verdict.path))
    assert broken == OUTPUT_LEDGER.keys()


#: How far the datasets of some partners come: profile to how many of them conform, of how many.
LEVELS = {
    "de-dkfz": {"dcat-ap": (2, 2), "healthdcat-ap-open": (0, 2), "miabis": (0, 2)},
    "ch-progenetix": {"dcat-ap": (1, 1), "healthdcat-ap-open": (0, 1), "miabis": (0, 1)},
    "it-arcnet-unito": {"dcat-ap": (1, 1), "healthdcat-ap-open": (0, 1), "miabis": (0, 1)},
    "de-rki-zfkd": {"dcat-ap": (0, 1), "healthdcat-ap-open": (0, 1), "miabis": (1, 1)},
}


@pytest.mark.parametrize("partner", LEVELS)
def test_every_partner_publishes_with_the_profile_its_access_asks_for(
    partner: str, parts: NodeParts, shared: Path
) -> None:
    """Each dataset is published, how far it comes is told, and what it lacks is asked for."""
    report = publish([shared / "data" / "partners" / partner], node=parts, profile=BY_ACCESS)
    assert all(dataset.outcome is Outcome.PUBLISHED for dataset in report.datasets)
    assert reached(report.datasets) == LEVELS[partner]
    assert all(dataset.asked for dataset in report.datasets)


def reached(datasets: tuple[DatasetReport, ...]) -> dict[str, tuple[int, int]]:
    """How many datasets conform to each profile, of how many."""
    all_: Counter[str] = Counter()
    conform: Counter[str] = Counter()
    for dataset in datasets:
        for level in dataset.levels:
            all_[level.profile] += 1
            conform[level.profile] += level.reached
    return {name: (conform[name], all_[name]) for name in all_}


def test_an_official_file_can_be_the_profile(parts: NodeParts, shared: Path) -> None:
    """DCAT-AP's own shapes, several files at once, as they are."""
    folder = shared / "data" / "profiles" / "dcat-ap-3.0.1"
    chosen = profile([str(folder / name) for name in ("shapes.ttl", "dcat-ap-SHACL.ttl")])
    report = publish([shared / "data" / "partners" / "de-dkfz"], node=parts, profile=chosen)
    assert [dataset.outcome for dataset in report.datasets] == [Outcome.PUBLISHED] * 2
    assert all(level.reached for dataset in report.datasets for level in dataset.levels)
