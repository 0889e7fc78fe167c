"""Which branch of which ontology a property's value must come from: a table, used when codes are checked.

A root allows itself and everything below it. The NCIt values of ``onco:sex`` and ``onco:vitalStatus`` and most NCIt
kinds of sample are named one by one, because the extracts of NCIt in use do not hold a common root for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from node.ontology.concepts import Vocabulary
from node.rdf.namespaces import OBO, ONCO, RDF_TYPE, SPECIMEN

DIAGNOSIS = ONCO + "diagnosis"
ANATOMICAL_SITE = ONCO + "anatomicalSite"
SAMPLE_TYPE = ONCO + "sampleType"
ASSAY = ONCO + "assay"
SEX = ONCO + "sex"
VITAL_STATUS = ONCO + "vitalStatus"

NEOPLASM = OBO + "NCIT_C3262"
DISEASE = OBO + "NCIT_C2991"
UNKNOWN = OBO + "NCIT_C17998"


def _ncit(*codes: str) -> tuple[str, ...]:
    return tuple(f"{OBO}NCIT_{code}" for code in codes)


#: Property IRI to the roots its values may lie under.
#: NCIt's C7057 (Disease, Disorder or Finding) is left out on purpose: findings such as Dead are below it.
BRANCHES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        DIAGNOSIS: (NEOPLASM, DISEASE),
        ANATOMICAL_SITE: _ncit("C12219"),
        SAMPLE_TYPE: (
            OBO + "OBI_0100051",  # specimen
            *_ncit(
                "C8509",  # Primary Neoplasm: taken from the primary tumour
                "C3261",  # Metastatic Neoplasm: from a metastasis
                "C4798",  # Recurrent Neoplasm: from a recurrence
                "C70699",  # Biospecimen
                "C18009",  # Tumor Tissue
                "C164014",  # Solid Tissue Specimen
                "C156440",  # Metastatic Tumor Sample
                "C162622",  # Tumor Segment
                "C162623",  # Normal Tissue Segment
                "C164032",  # Tumor-Adjacent Normal Specimen
                "C17610",  # Blood Sample
                "C164009",  # Bone Marrow Sample
                "C164030",  # Blood Cancer-Derived Blood Specimen
                "C164015",  # Blood Cancer-Derived Bone Marrow Specimen
                "C159203",  # Ascites Fluid Sample
                "C16403",  # Cell Line
                "C20313",  # Tumor Cell Line
                "C156445",  # Derived Cell Line
                "C156443",  # Cell Line-Derived Xenograft
                "C122936",  # Patient Derived Xenograft
                "C172259",  # Organoid
            ),
        ),
        ASSAY: (OBO + "OBI_0000070",),
        SEX: _ncit("C16576", "C20197", "C17998"),
        VITAL_STATUS: _ncit("C37987", "C28554", "C17998"),
    }
)

#: Property IRI to IRI beginnings of ontologies whose terms are taken as they are: no release of them is installed.
OPEN_NAMESPACES: Mapping[str, tuple[str, ...]] = MappingProxyType({ANATOMICAL_SITE: (OBO + "UBERON_",)})

#: What ``rdf:type`` of a sample must include: this class or one below it.
SAMPLE_CLASSES: Mapping[str, tuple[str, ...]] = MappingProxyType({RDF_TYPE: (SPECIMEN,)})


def in_branch(vocabulary: Vocabulary, property_iri: str, value: str) -> bool:
    """Whether this IRI may be a value of this property; True for a property that no rule speaks of.

    An IRI that the vocabulary does not know lies in no branch, unless its whole namespace is open.
    """
    roots = BRANCHES.get(property_iri)
    if roots is None or value.startswith(OPEN_NAMESPACES.get(property_iri, ())):
        return True
    return not vocabulary.ancestors(value).isdisjoint(roots)
