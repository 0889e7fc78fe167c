"""A study folder as a draft: one dataset, its samples and their donors, in N-Triples.

A study folder is laid out like those of cBioPortal: ``meta_study.txt``, ``data_clinical_sample.txt``, perhaps
``data_clinical_patient.txt``, ``case_lists/*.txt`` and LICENSE. Only the columns that ``node.publishing.coding`` and
``node.publishing.assays`` name are read, so nothing else that a partner wrote is ever published. The sample table
passes through once, row by row; what is kept grows with the identifiers only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from node.errors import DocumentSyntaxError, Place
from node.model.identifiers import Identifiers, slug
from node.ontology.mappings import CodeMap
from node.publishing.assays import CaseList, read_case_lists, study_sequencing
from node.publishing.coder import Coder
from node.publishing.donors import PATIENT_ID, Donor, read_patients
from node.publishing.drafts import Draft, Severity
from node.publishing.findings import Findings
from node.publishing.folders import read_folder_description
from node.publishing.recordindex import RecordIndex
from node.publishing.records import SAMPLE_ID, Records
from node.publishing.safety.decisions import FILE as DECISIONS_FILE
from node.publishing.safety.decisions import Decisions, read_decisions
from node.publishing.screening import TableScreen, undecided
from node.publishing.statements import Organisation, dataset_lines, served_lines, spool_file
from node.publishing.studymeta import LICENSE_FILE, META_FILE, StudyMeta, read_meta
from node.publishing.tables import open_table
from node.rdf.namespaces import ACCESS_PUBLIC, ACCESS_RESTRICTED, DCAT, DCT, HEALTHDCATAP, XSD
from node.rdf.terms import iri, literal, triple

__all__ = ["is_study", "read_folder_description", "read_study"]

SAMPLE_TABLE = "data_clinical_sample.txt"
PATIENT_TABLE = "data_clinical_patient.txt"
CASE_LISTS = "case_lists"
PUBMED = "https://pubmed.ncbi.nlm.nih.gov/"
_MOST_KEYWORDS = 12


def is_study(folder: Path) -> bool:
    """Whether this is a study folder: it has a ``meta_study.txt``."""
    return (folder / META_FILE).is_file()


def read_study(
    folder: Path,
    *,
    identifiers: Identifiers,
    coder: Coder,
    spool: Path,
    studies_index: Mapping[str, Mapping[str, str]] | None = None,
    publisher: Organisation | str = "",
) -> Draft:
    """Read the study in ``folder`` into a draft whose N-Triples lie in new files in the folder ``spool``.

    ``studies_index`` maps study identifiers to the columns of an index of studies; None looks for a file of that name
    beside the partner's folder. ``publisher`` is the name of the node's organisation. What is wrong with single rows
    is a finding of the draft. Raises DocumentSyntaxError when the study or a table of it cannot be read at all.
    """
    about = Findings(str(folder / META_FILE))
    decisions = read_decisions(folder)
    meta = read_meta(folder, studies_index, about)
    try:
        dataset = slug(meta.identifier)
    except ValueError:
        raise DocumentSyntaxError(
            f"the study's identifier {meta.identifier!r} has no letter or digit.",
            where=Place(source=str(folder / META_FILE), field="cancer_study_identifier"),
            remedy="Give the study an identifier of letters and digits.",
        ) from None
    public = spool_file(spool, dataset)
    restricted = None if meta.public else spool_file(spool, f"{dataset}.records")
    with ExitStack() as files:
        out = files.enter_context(public.open("w", encoding="utf-8", newline="\n"))
        rest = files.enter_context(restricted.open("w", encoding="utf-8", newline="\n")) if restricted else out
        lists = read_case_lists(folder / CASE_LISTS)
        patients, patient_findings, screens = _patients(folder / PATIENT_TABLE, coder, decisions)
        path = folder / SAMPLE_TABLE
        rows = Findings(str(path))
        table = open_table(path, (SAMPLE_ID, PATIENT_ID)) if path.is_file() else None
        if table is None:
            about.add(
                Severity.WARNING,
                "the study has no sample table; it is described without samples",
                remedy=f"Add {SAMPLE_TABLE}.",
            )
        else:
            rows = table.findings
        records = Records(
            identifiers,
            dataset,
            coder=coder,
            sequencing=study_sequencing(meta.title, meta.description),
            lists=lists,
            patients=patients,
            findings=rows,
            source=str(path),
            out=rest,
            index=RecordIndex(spool, dataset),
        )
        if table is not None:
            screens.append(TableScreen(str(path), table.columns, decisions))
            for row in screens[-1].watch(table.without(decisions.drops).rows()):
                records.add(row)
            records.finish()
            _compare(lists, records.index, rows)
        records.index.close()
        out.writelines(_dataset(identifiers, dataset, meta, records, coder.codes, publisher=publisher))

    def locate(subject: str) -> Place:
        return records.locate(subject) or Place(source=str(folder / META_FILE), record=subject)

    return Draft(
        dataset=dataset,
        iri=identifiers.dataset(dataset),
        title=meta.title,
        source=str(folder),
        public=public,
        records=restricted,
        samples=records.index.samples,
        donors=records.index.donors,
        locate=locate,
        coding=records.coding,
        findings=[
            *about.result(),
            *patient_findings.result(),
            *rows.result(),
            *(finding for screen in screens for finding in screen.findings()),
            *undecided(decisions, screens),
        ],
        inputs=_inputs(folder, lists),
        decisions=decisions,
        watched=True,
        by_record=True,
    )


def _patients(path: Path, coder: Coder, decisions: Decisions) -> tuple[dict[str, Donor], Findings, list[TableScreen]]:
    if not path.is_file():
        return {}, Findings(str(path)), []
    table = open_table(path, (PATIENT_ID,))
    screen = TableScreen(str(path), table.columns, decisions)
    rows = screen.watch(table.without(decisions.drops).rows())
    return read_patients(path, rows, coder, table.findings), table.findings, [screen]


def _compare(lists: list[CaseList], index: RecordIndex, findings: Findings) -> None:
    for listed in lists:
        strangers = sorted(sample for sample in listed.samples if not index.has_sample(sample))
        if strangers:
            findings.add(
                Severity.WARNING,
                "a case list names samples that the sample table does not have",
                record=listed.path.name,
                value=f"{len(strangers)}, for example {', '.join(strangers[:3])}",
                remedy="Correct the list or add the samples.",
            )


def _dataset(
    identifiers: Identifiers,
    dataset: str,
    meta: StudyMeta,
    records: Records,
    codes: CodeMap,
    *,
    publisher: Organisation | str,
) -> Iterator[str]:
    """What is said of the dataset itself, once its samples are counted."""
    yield from dataset_lines(
        identifiers,
        dataset,
        identifier=meta.identifier,
        title=meta.title,
        description=meta.description,
        licence=meta.licence,
        access=ACCESS_PUBLIC if meta.public else ACCESS_RESTRICTED,
        publisher=publisher,
    )
    if meta.public and records.index.samples:
        yield from served_lines(identifiers, dataset, licence=meta.licence)
    subject = iri(identifiers.dataset(dataset))
    if meta.citation:
        yield triple(subject, iri(DCT + "bibliographicCitation"), literal(meta.citation))
    for number in meta.pubmed:
        yield triple(subject, iri(DCT + "isReferencedBy"), iri(f"{PUBMED}{number}/"))
    kinds = sorted(records.cancer_types, key=lambda kind: (-records.cancer_types[kind], kind))
    named = codes.label("oncotree", meta.cancer_type) if meta.cancer_type else None
    for keyword in dict.fromkeys([*([named] if named else []), *kinds[:_MOST_KEYWORDS]]):
        yield triple(subject, iri(DCAT + "keyword"), literal(keyword))
    for name, count in (
        ("numberOfRecords", records.index.samples),
        ("numberOfUniqueIndividuals", records.index.donors),
    ):
        if count:
            yield triple(subject, iri(HEALTHDCATAP + name), literal(str(count), datatype=XSD + "nonNegativeInteger"))


def _inputs(folder: Path, lists: list[CaseList]) -> tuple[Path, ...]:
    named = (folder / name for name in (META_FILE, LICENSE_FILE, SAMPLE_TABLE, PATIENT_TABLE, DECISIONS_FILE))
    return (*(path for path in named if path.is_file()), *(listed.path for listed in lists))
