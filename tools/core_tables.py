"""Makes the packaged core tables anew: ``ontologies/core-ncit.tsv``, ``core-obi.tsv``, ``core-oncotree.tsv``.

    ONCONODE_SHARED=../shared .venv/bin/python tools/core_tables.py

Reads, below ``$ONCONODE_SHARED/data/ontologies``: the NCIt extract (``ncit/ncit-merged-*.nt.gz``), OBI
(``obi/obi-from-obo.owl.gz``), the OncoTree table (``oncotree/oncotree-ncit.tsv``), and for NCIt values that the
extract does not hold their labels from ``gdc/gdc-enumerations-ncit.tsv`` (NCI Genomic Data Commons) and
``specimen-assay/fairgenomes-BiospecimenTypes.txt`` (FAIR Genomes). The tables are the codes listed below with all
their ancestors. Facts only: IRIs, labels, parents, exact synonyms. Ends with status 1 when a code is in none of the
sources, so that a code that was made up cannot get in.
"""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

from node.ontology.branches import BRANCHES
from node.ontology.concepts import Concept, Vocabulary, write_concepts
from node.ontology.mapping_sources import read_oncotree
from node.ontology.mappings import write_mappings
from node.ontology.release_files import file_digest, read_release
from node.rdf.namespaces import OBO

ROOT = Path(__file__).resolve().parent.parent
MAX_SYNONYMS = 6

#: Diagnoses of the examples and the stored queries, and frequent tumours, so that a node without a release is of use.
DIAGNOSES = """
C2991 C3262 C9305 C3059 C3058 C39750 C167335 C3796 C3288 C4326 C60781 C9477 C4047 C4323 C129327 C7173 C129271
C129309 C94764 C129325 C132067 C4822 C3788 C4717 C4324 C92552 C5592 C3017 C4049 C3222 C6906 C2964 C3230
C2947 C48876 C5453 C9325 C9003 C3326 C3308 C9118 C9306 C4817 C3400 C3714 C3750 C27781 C3194 C3704 C4247 C6496
C3158 C9145 C2946 C53493 C6476 C8300 C3359 C3749 C8971 C3088 C3800 C3745 C4244 C3798 C7634 C3868 C9182
C3411 C7569 C9231 C7712 C3270 C3267 C3728 C3879 C4872 C4863 C2919 C4349 C3512 C2926 C4450 C9385 C4033
C3224 C3171 C3167 C3242 C9357 C4878 C8294 C3510 C3099 C4911 C3513
"""
#: Anatomic sites.
SITES = """
C12219 C12439 C12445 C12441 C12352 C12353 C12354 C12355 C12459 C12464 C12438 C12494 C12493 C33508 C12853 C12933
C12998 C12366 C12471 C12964 C12374 C12666 C12396 C12401 C12811 C12468 C12392 C12433 C12298 C12470 C12745 C12431
C12434 C12767 C12415 C12393 C12382 C12971 C12410 C12404 C12391 C12400 C12412 C12405 C12414 C12418 C12469 C12770
C12742 C12671 C12789 C12465
"""
#: Kinds of sample and values of sex and vital status, as the rules about branches name them.
VALUES = sorted(
    {
        root.removeprefix(OBO + "NCIT_")
        for roots in BRANCHES.values()
        for root in roots
        if root.startswith(OBO + "NCIT_")
    }
)
#: Assays that the case lists of cBioPortal studies imply and their neighbours; kinds of specimen.
OBI = """
OBI_0000070 OBI_0600047 OBI_0000626 OBI_0002117 OBI_0002118 OBI_0002767 OBI_0001177 OBI_0001271 OBI_0003090
OBI_0002631 OBI_0000424 OBI_0001463 OBI_0000634 OBI_0001332 OBI_0000748 OBI_0001266 OBI_0000537 OBI_0001393
OBI_0002031 OBI_0001274 OBI_0002957 OBI_0000615 OBI_0001318 OBI_0003781 OBI_0002955 OBI_0000470 OBI_0001926
OBI_0001922 OBI_0001335 OBI_0000366 OBI_0003782 OBI_0002761 OBI_0003094 OBI_0002039 OBI_0002144 OBI_0002953
OBI_0100051 OBI_0001479 OBI_0000671 OBI_0000747 OBI_0000655 OBI_0002512 OBI_0002516 OBI_0002534 OBI_0002546
OBI_0002526 OBI_0002515 OBI_0002514 OBI_0002502 OBI_0001468 OBI_0002127 OBI_0000922 OBI_0000950 OBI_1200000
OBI_0002522 OBI_0002523 OBI_0003415 OBI_0100016 OBI_0002507 OBI_0001472 OBI_2000009
"""
#: OncoTree codes whose diagnosis is packaged besides; all other codes come in when their target is in the table.
ONCOTREE = """
GB GBM GSARC ODG AODG ASTR AASTR DASTR PAST PXA GNG DIFG DIPG EPM MBL CHDM DDCHDM ACC PHC PGNG ES SYNS EPIS ASPS
MRLS DDLS MFH MFS LMS OS CHS DSRCT ARMS ERMS ANGS EHAE CCS MPNST SFT GIST THYM MCC UM NBL WT MEL LUAD LUSC COAD
READ IDC ILC PRAD PAAD HCC CCRCC PRCC UCEC HGSOC BLCA STAD ESCA THPA AML ALL MM DLBCLNOS CLL
"""

NOTICE = {
    "ncit": (
        "NCI Thesaurus (NCIt), U.S. National Cancer Institute, Enterprise Vocabulary Services. CC BY 4.0,",
        "https://creativecommons.org/licenses/by/4.0/. A small part: identifiers, preferred names, superclasses and",
        "exact synonyms (not all), from the OBO edition of 2018 and the neoplasm tree of 2020; labels of values also",
        "from the NCI Genomic Data Commons dictionary (Apache-2.0) and FAIR Genomes lookups (CC BY 4.0).",
    ),
    "obi": (
        "Ontology for Biomedical Investigations (OBI), The OBI Consortium, http://purl.obolibrary.org/obo/obi, release",
        "{version}. CC BY 4.0, https://creativecommons.org/licenses/by/4.0/. A small part: identifiers, labels,",
        "superclasses and exact synonyms.",
    ),
    "oncotree": (
        "OncoTree, Memorial Sloan Kettering Cancer Center, http://oncotree.info. CC BY 4.0,",
        "https://creativecommons.org/licenses/by/4.0/. A small part: codes, names, and the NCIt code of each or of its",
        "nearest ancestor; the justification says which.",
    ),
}
MADE = "Made by tools/core_tables.py; do not edit."


def main() -> int:
    """Write the three tables; 1 when a listed code is in no source."""
    shared = Path(os.environ.get("ONCONODE_SHARED", ROOT.parent / "shared")) / "data" / "ontologies"
    ncit, _version = release(next((shared / "ncit").glob("ncit-merged-*.nt.gz")))
    obi, obi_version = release(shared / "obi" / "obi-from-obo.owl.gz")
    labels = extra_labels(shared)
    mappings = read_oncotree(shared / "oncotree" / "oncotree-ncit.tsv")
    by_code = {row.source_code: row for row in mappings}

    targets = [row.target_iri for code in ONCOTREE.split() if (row := by_code.get(code)) and row.target_iri]
    wanted = [f"{OBO}NCIT_{code}" for code in (*DIAGNOSES.split(), *SITES.split(), *VALUES)] + targets
    ncit_rows = {c.iri: c for iri in wanted for c in with_ancestors(ncit, iri)}
    for iri in wanted:
        if iri not in ncit_rows and (label := labels.get(iri)):
            ncit_rows[iri] = Concept(iri, label)
    obi_rows = {c.iri: c for code in OBI.split() for c in with_ancestors(obi, OBO + code)}
    missing = sorted({*wanted, *(OBO + code for code in OBI.split())} - {*ncit_rows, *obi_rows})
    missing += [code for code in ONCOTREE.split() if code not in by_code]
    for code in missing:
        print(f"in no source: {code}", file=sys.stderr)

    kept = [row for row in mappings if row.target_iri in ncit_rows]
    folder = ROOT / "ontologies"
    (folder / "core-ncit.tsv").write_bytes(write_concepts(ncit_rows.values(), comments=(*NOTICE["ncit"], MADE)))
    notice = (line.format(version=obi_version) for line in NOTICE["obi"])
    (folder / "core-obi.tsv").write_bytes(write_concepts(obi_rows.values(), comments=(*notice, MADE)))
    (folder / "core-oncotree.tsv").write_bytes(write_mappings(kept, comments=(*NOTICE["oncotree"], MADE)))
    print(f"NCIt {len(ncit_rows)} concepts, OBI {len(obi_rows)} concepts, OncoTree {len(kept)} codes")
    return 1 if missing else 0


def release(path: Path) -> tuple[Vocabulary, str]:
    """The concepts of an ontology file, and its version IRI (or an empty text)."""
    content = read_release(path, skolem=lambda token: f"urn:{token}", digest=file_digest(path))
    return Vocabulary.of(content.concepts.values()), content.version_iri or ""


def with_ancestors(vocabulary: Vocabulary, iri: str) -> list[Concept]:
    """The concept and all above it, as far as the vocabulary knows them, with a few synonyms each."""
    found = []
    for each in sorted(vocabulary.ancestors(iri)):
        concept = vocabulary.get(each)
        if concept is not None:
            parents = tuple(p for p in concept.parents if p in vocabulary)
            synonyms = concept.synonyms[:MAX_SYNONYMS]
            found.append(
                Concept(each, concept.label, parents, concept.obsolete, concept.replaced_by, synonyms),
            )
    return found


def extra_labels(shared: Path) -> dict[str, str]:
    """NCIt IRI to label, for values that the extract does not hold."""
    # NCIt's preferred name; in none of the tables here, but needed for xenografts made from a patient's tumour
    labels: dict[str, str] = {f"{OBO}NCIT_C122936": "Patient Derived Xenograft"}
    with (shared / "specimen-assay" / "fairgenomes-BiospecimenTypes.txt").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            labels[row["iri"]] = row["value"]
    with (shared / "gdc" / "gdc-enumerations-ncit.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            labels[f"{OBO}NCIT_{row['term_id'].strip()}"] = row["term"]
    return labels


if __name__ == "__main__":
    sys.exit(main())
