"""The namespaces this node speaks, and IRIs of them that code refers to by name."""

from __future__ import annotations

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
XSD = "http://www.w3.org/2001/XMLSchema#"
SH = "http://www.w3.org/ns/shacl#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
PROV = "http://www.w3.org/ns/prov#"
DCT = "http://purl.org/dc/terms/"
DCAT = "http://www.w3.org/ns/dcat#"
FOAF = "http://xmlns.com/foaf/0.1/"
VCARD = "http://www.w3.org/2006/vcard/ns#"
VOID = "http://rdfs.org/ns/void#"
SD = "http://www.w3.org/ns/sparql-service-description#"
ADMS = "http://www.w3.org/ns/adms#"
SPDX = "http://spdx.org/rdf/terms#"
LDES = "https://w3id.org/ldes#"
TREE = "https://w3id.org/tree#"
AS = "https://www.w3.org/ns/activitystreams#"
HEALTHDCATAP = "http://healthdataportal.eu/ns/health#"
OBO = "http://purl.obolibrary.org/obo/"
OBOINOWL = "http://www.geneontology.org/formats/oboInOwl#"
ONCO = "https://w3id.org/onconode/vocab#"
ORG = "http://www.w3.org/ns/org#"
#: As schema.org's own JSON-LD context and CodeMeta write it; the form with https is another IRI.
SCHEMA = "http://schema.org/"
SSSOM = "https://w3id.org/sssom/"
SEMAPV = "https://w3id.org/semapv/vocab/"

#: Prefix to namespace, in the order in which they are offered to people (HTML pages, Turtle, contexts).
PREFIXES: dict[str, str] = {
    "onco": ONCO,
    "obo": OBO,
    "dcat": DCAT,
    "dct": DCT,
    "prov": PROV,
    "skos": SKOS,
    "healthdcatap": HEALTHDCATAP,
    "foaf": FOAF,
    "vcard": VCARD,
    "void": VOID,
    "sd": SD,
    "adms": ADMS,
    "spdx": SPDX,
    "ldes": LDES,
    "tree": TREE,
    "as": AS,
    "org": ORG,
    "schema": SCHEMA,
    "rdf": RDF,
    "rdfs": RDFS,
    "owl": OWL,
    "xsd": XSD,
    "sh": SH,
    "oboInOwl": OBOINOWL,
}

RDF_TYPE = RDF + "type"
RDFS_LABEL = RDFS + "label"
RDFS_SUBCLASS_OF = RDFS + "subClassOf"
DCAT_DATASET = DCAT + "Dataset"
SPECIMEN = OBO + "OBI_0001479"
DERIVES_FROM = OBO + "RO_0001000"
ACCESS_PUBLIC = "http://publications.europa.eu/resource/authority/access-right/PUBLIC"
ACCESS_RESTRICTED = "http://publications.europa.eu/resource/authority/access-right/RESTRICTED"
ACCESS_NON_PUBLIC = "http://publications.europa.eu/resource/authority/access-right/NON_PUBLIC"


def shorten(iri: str) -> str:
    """The CURIE of an IRI where a prefix fits (``obo:NCIT_C3262``), else the IRI in angle brackets."""
    best = max((ns for ns in PREFIXES.values() if iri.startswith(ns)), key=len, default=None)
    if best is None or not iri[len(best) :].replace("_", "").replace("-", "").isalnum():
        return f"<{iri}>"
    prefix = next(p for p, ns in PREFIXES.items() if ns == best)
    return f"{prefix}:{iri[len(best) :]}"


def expand(curie: str) -> str | None:
    """The IRI of a CURIE with one of our prefixes, ``NCIT:C3262`` and ``OBI:0000070`` included; None if not one."""
    prefix, colon, local = curie.partition(":")
    if not colon:
        return None
    if prefix in ("NCIT", "OBI", "UBERON", "RO", "BFO", "IAO"):
        return f"{OBO}{prefix}_{local}"
    namespace = PREFIXES.get(prefix)
    return namespace + local if namespace else None
