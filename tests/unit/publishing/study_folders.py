"""Tiny study folders and vocabularies for tests; everything in them is made up here."""

from __future__ import annotations

from pathlib import Path

from node.model.identifiers import Identifiers
from node.ontology.concepts import Concept, Vocabulary
from node.ontology.mappings import BROAD, EXACT, CodeMap, MappingRow
from node.publishing.coder import Coder
from node.publishing.drafts import Draft
from node.publishing.studies import read_study
from node.rdf.namespaces import OBO

IDENTIFIERS = Identifiers("http://node.example/")
COMMENTS = "#Patient\tSample\n#who\twhat\n#STRING\tSTRING\n#1\t1\n"


def ncit(code: str) -> str:
    return f"{OBO}NCIT_{code}"


def obi(code: str) -> str:
    return f"{OBO}OBI_{code}"


def concept(iri: str, label: str, *parents: str, synonyms: tuple[str, ...] = (), replaced_by: str = "") -> Concept:
    return Concept(iri, label, parents, bool(replaced_by), replaced_by or None, synonyms)


VOCABULARY = Vocabulary.of(
    [
        concept(ncit("C2991"), "Disease or Disorder"),
        concept(ncit("C3262"), "Neoplasm", ncit("C2991")),
        concept(ncit("C3059"), "Glioma", ncit("C3262")),
        concept(ncit("C3058"), "Glioblastoma", ncit("C3059"), synonyms=("GBM", "Glioblastoma Multiforme")),
        concept(ncit("C4872"), "Breast Carcinoma", ncit("C3262"), synonyms=("Breast Cancer", "Cancer of the Breast")),
        concept(ncit("C9335"), "Malignant Breast Neoplasm", ncit("C3262"), synonyms=("Cancer of the Breast",)),
        concept(ncit("C3106"), "Histiocytosis", ncit("C2991")),
        concept(ncit("C91479"), "Glioblastoma Pathway", synonyms=("Glioma",)),
        concept(ncit("C1"), "Old Glioma", ncit("C3262"), replaced_by=ncit("C3059")),
        concept(ncit("C8509"), "Primary Neoplasm", ncit("C3262")),
        concept(ncit("C3261"), "Metastatic Neoplasm", ncit("C3262")),
        concept(ncit("C4798"), "Recurrent Neoplasm", ncit("C3262")),
        concept(ncit("C18009"), "Tumor Tissue"),
        concept(ncit("C16403"), "Cell Line"),
        concept(ncit("C12219"), "Anatomic Structure, System, or Substance"),
        concept(ncit("C12439"), "Brain", ncit("C12219")),
        concept(ncit("C12468"), "Lung", ncit("C12219")),
        concept(ncit("C12971"), "Breast", ncit("C12219"), synonyms=("Mamma",)),
        concept(ncit("C12745"), "Lymph Node", ncit("C12219")),
        concept(ncit("C16576"), "Female"),
        concept(ncit("C20197"), "Male"),
        concept(ncit("C37987"), "Alive"),
        concept(ncit("C28554"), "Dead"),
        concept(obi("0000070"), "assay"),
        concept(obi("0000626"), "DNA sequencing assay", obi("0000070")),
        concept(obi("0002117"), "whole genome sequencing assay", obi("0000626")),
        concept(obi("0002118"), "exome sequencing assay", obi("0000626")),
        concept(obi("0001271"), "RNA-seq assay", obi("0000070")),
        concept(obi("0000634"), "DNA methylation profiling assay", obi("0000070")),
        concept(obi("0001332"), "DNA methylation profiling by array assay", obi("0000634")),
    ]
)


def code(source: str, label: str, target: str | None, predicate: str = EXACT) -> MappingRow:
    return MappingRow(source, label, ncit(target) if target else None, predicate if target else "", "by hand")


CODES = CodeMap(
    {
        "oncotree": {
            row.source_code: row
            for row in (
                code("GBM", "Glioblastoma Multiforme", "C3058"),
                code("BRCA", "Invasive Breast Carcinoma", "C4872"),
                code("OLDG", "Old Glioma", "C1"),
                code("HGG", "High-Grade Glioma", "C3059", BROAD),
                code("NOMAP", "Nothing", None),
                code("GONE", "Gone", "C999999"),
                code("BREAST", "Breast", "C12971"),
            )
        }
    }
)


def write_study(
    folder: Path,
    table: str | bytes | None,
    *,
    meta: str = "cancer_study_identifier: tiny_2020\nname: A tiny study\ndescription: Two samples.\n",
    patients: str | None = None,
    licence: str | None = "Open Database License (ODbL)",
    **case_lists: str,
) -> Path:
    """A study folder; ``case_lists`` maps ``sequenced`` and so on to identifiers separated by spaces."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "meta_study.txt").write_text(meta, encoding="utf-8")
    if table is not None:
        data = table if isinstance(table, bytes) else table.encode()
        (folder / "data_clinical_sample.txt").write_bytes(data)
    if patients is not None:
        (folder / "data_clinical_patient.txt").write_text(patients, encoding="utf-8")
    if licence is not None:
        (folder / "LICENSE").write_text(licence, encoding="utf-8")
    for name, identifiers in case_lists.items():
        lists = folder / "case_lists"
        lists.mkdir(exist_ok=True)
        ids = "\t".join(identifiers.split())
        (lists / f"cases_{name}.txt").write_text(f"stable_id: {name}\ncase_list_ids: {ids}\n", encoding="utf-8")
    return folder


def read(folder: Path, *, publisher: str = "Example Institute") -> Draft:
    """The draft of a study, with the tiny vocabulary; its files lie beside the study."""
    spool = folder.parent / "spool"
    spool.mkdir(exist_ok=True)
    return read_study(
        folder,
        identifiers=IDENTIFIERS,
        coder=Coder(VOCABULARY, CODES),
        spool=spool,
        studies_index={},
        publisher=publisher,
    )


def triples(path: Path) -> set[str]:
    """The lines of an N-Triples file with the namespaces of the tests written short."""
    short = path.read_text(encoding="utf-8")
    for namespace, prefix in (
        ("http://node.example/", ""),
        (OBO, "obo:"),
        ("https://w3id.org/onconode/vocab#", "onco:"),
        ("http://purl.org/dc/terms/", "dct:"),
        ("http://www.w3.org/ns/dcat#", "dcat:"),
        ("http://www.w3.org/1999/02/22-rdf-syntax-ns#", "rdf:"),
        ("http://www.w3.org/2000/01/rdf-schema#", "rdfs:"),
        ("http://www.w3.org/2001/XMLSchema#", "xsd:"),
        ("http://xmlns.com/foaf/0.1/", "foaf:"),
        ("http://healthdataportal.eu/ns/health#", "health:"),
        ("http://spdx.org/rdf/terms#", "spdx:"),
    ):
        short = short.replace(f"<{namespace}", f"<{prefix}")
    return {line.removesuffix(" .").replace("<", "").replace(">", "") for line in short.splitlines()}


def about(path: Path, subject: str) -> set[str]:
    """``predicate object`` of every triple about one subject, with short names."""
    return {line.removeprefix(f"{subject} ") for line in triples(path) if line.startswith(f"{subject} ")}
