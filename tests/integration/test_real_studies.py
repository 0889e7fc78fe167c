"""The real study folders, all of them: how many samples, how many coded, and that nothing but RDF of ours comes out."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse

from node.model.identifiers import Identifiers
from node.ontology.branches import ASSAY, DIAGNOSIS
from node.ontology.concepts import Vocabulary
from node.ontology.mapping_sources import read_oncotree
from node.ontology.mappings import CodeMap
from node.ontology.release_files import read_release
from node.ontology.releases import core_vocabulary
from node.publishing.coder import Coder
from node.publishing.drafts import Draft, Severity
from node.publishing.studies import is_study, read_folder_description, read_study
from node.rdf.namespaces import DCT, RDF_TYPE, SPECIMEN

pytestmark = [pytest.mark.shared, pytest.mark.slow]

IDENTIFIERS = Identifiers("http://127.0.0.1:8080/")
#: All predicates that may come out of a study folder; anything else would be a column that nobody meant to publish.
PREDICATES = {
    *(
        "type",
        "label",
        "identifier",
        "isPartOf",
        "RO_0001000",
        "diagnosis",
        "sourceCode",
        "sourceCodeSystem",
        "sampleType",
    ),
    *("anatomicalSite", "assay", "ageAtDiagnosis", "sex", "vitalStatus", "title", "description", "publisher"),
    *("license", "accessRights", "theme", "keyword", "isReferencedBy", "bibliographicCitation", "name"),
    *("numberOfRecords", "numberOfUniqueIndividuals", "distribution", "accessURL", "format", "mediaType"),
    *("coding", "mapping", "codedProperty", "annotatedProperty", "annotatedTarget", "subject_type", "subject_label"),
    *("mapping_justification", "confidence", "subject_source", "object_label", "mapping_source", "object_source"),
    *("object_source_version", "comment"),
}


@dataclass
class Run:
    """All studies, read."""

    drafts: list[Draft] = field(default_factory=list)
    seconds: float = 0.0


@pytest.fixture(scope="module")
def vocabulary(shared: Path) -> Vocabulary:
    folder = shared / "data" / "ontologies"
    known = core_vocabulary()
    for name, file in (("ncit", "ncit/ncit-merged-2020.nt.gz"), ("obi", "obi/obi-from-obo.owl.gz")):
        content = read_release(folder / file, skolem=lambda token: f"urn:skolem:{token}", digest="0")
        known = known.overlaid_by(Vocabulary.of(content.concepts.values(), name))
    return known


@pytest.fixture(scope="module")
def run(shared: Path, vocabulary: Vocabulary, tmp_path_factory: pytest.TempPathFactory) -> Run:
    rows = read_oncotree(shared / "data" / "ontologies" / "oncotree" / "oncotree-ncit.tsv")
    coder = Coder(vocabulary, CodeMap({"oncotree": {row.source_code: row for row in rows}}))
    spool = tmp_path_factory.mktemp("spool")
    result = Run()
    started = time.monotonic()
    for folder in sorted((shared / "data" / "partners").glob("*/*")):
        if folder.is_dir() and is_study(folder):
            draft = read_study(
                folder,
                identifiers=IDENTIFIERS,
                coder=coder,
                spool=spool,
                publisher=folder.parent.name,
            )
            result.drafts.append(draft)
    result.seconds = time.monotonic() - started
    return result


def test_all_samples_are_read_and_most_are_coded(run: Run) -> None:
    """158 studies give 80,170 samples of 77,377 donors, and more than nine in ten carry an exact NCIt diagnosis."""
    reports = [draft.coding for draft in run.drafts if draft.coding is not None]
    samples = sum(draft.samples for draft in run.drafts)
    coded = sum(report.coded for report in reports)
    assert len(run.drafts) == len(reports) == 158
    assert samples == sum(report.samples for report in reports) == 80_170
    assert sum(draft.donors for draft in run.drafts) == 77_377
    assert coded / samples >= 0.94
    missed = sum(sum(values.values()) for report in reports for values in report.uncoded.values())
    assert coded + missed == samples
    assert sum(sum(report.justifications.values()) for report in reports) == coded


def test_it_takes_seconds(run: Run) -> None:
    """Reading and writing all studies is a matter of seconds, far within the five minutes of the whole demo."""
    assert run.seconds < 60


def test_nothing_in_the_real_tables_is_refused(run: Run) -> None:
    """The real tables have oddities that are said, and no fault that stops their publication."""
    found = Counter(finding.severity for draft in run.drafts for finding in draft.findings)
    assert found[Severity.VIOLATION] == 0
    assert 0 < found[Severity.WARNING] < 30


def test_the_two_tables_pasted_together_are_whole(run: Run) -> None:
    """The tables with carriage returns before their last column lose no row and no diagnosis."""
    pasted = {draft.dataset: draft for draft in run.drafts if "carriage return" in str(draft.findings)}
    assert {name: (draft.samples, draft.coding.coded if draft.coding else 0) for name, draft in pasted.items()} == {
        "angs_painter_2020": (83, 83),
        "brca_mbcproject_wagle_2017": (237, 237),
    }


def test_what_comes_out_is_rdf_with_known_codes(run: Run, vocabulary: Vocabulary) -> None:
    """Every line is a triple of a predicate we mean to publish, and every code is one the vocabulary knows."""
    predicates: Counter[str] = Counter()
    codes: set[str] = set()
    specimens = 0
    for draft in run.drafts:
        for quad in parse(path=str(draft.public), format=RdfFormat.N_TRIPLES):
            predicate = quad.predicate.value
            predicates[predicate.replace("#", "/").rpartition("/")[2]] += 1
            if predicate in (DIAGNOSIS, ASSAY):
                codes.add(quad.object.value)
            specimens += predicate == RDF_TYPE and quad.object.value == SPECIMEN
    assert set(predicates) <= PREDICATES
    assert specimens == 80_170
    # each dataset has them, and so has its distribution
    assert predicates["title"] == predicates["license"] == 2 * 158
    assert {code for code in codes if vocabulary.get(code) is None} == set()
    assert len(codes) > 400


@pytest.mark.parametrize(("partner", "tables"), [("ch-progenetix", 2), ("nl-bbmri", 8)])
def test_folders_without_studies_are_described(shared: Path, tmp_path: Path, partner: str, tables: int) -> None:
    """Partners with tables of other kinds get a dataset with its distributions, and no samples."""
    draft = read_folder_description(
        shared / "data" / "partners" / partner, identifiers=IDENTIFIERS, spool=tmp_path, publisher=partner
    )
    quads = list(parse(path=str(draft.public), format=RdfFormat.N_TRIPLES))
    about = Counter(quad.predicate.value for quad in quads if quad.subject.value == draft.iri)
    assert draft.samples == 0
    assert about["http://www.w3.org/ns/dcat#distribution"] == tables
    assert {DCT + name for name in ("title", "description", "identifier", "publisher", "license")} <= set(about)
