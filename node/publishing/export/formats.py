"""The formats of exports, beside those of RDF: names for the parameter ``format``, media types, addresses."""

from __future__ import annotations

from node.rdf.formats import Format

#: How a client that asks for JSON-LD says that it wants an RO-Crate (RO-Crate 1.2, "Serving RO-Crate"), and we answer.
CRATE_PROFILE = "https://w3id.org/ro/crate"

SCHEMA_ORG = Format("schemaorg", ("application/vnd.schemaorg.ld+json",), ("schema.jsonld",))
RO_CRATE = Format("rocrate", (f'application/ld+json;profile="{CRATE_PROFILE}"',), ("ro-crate-metadata.json",))
DATACITE_JSON = Format("datacite", ("application/vnd.datacite.datacite+json",), ("datacite.json",))
DATACITE_XML = Format("datacite-xml", ("application/vnd.datacite.datacite+xml",), ("datacite.xml",))
BIBTEX = Format("bibtex", ("application/x-bibtex", "text/x-bibtex"), ("citation.bib",))
CSL = Format("csl", ("application/vnd.citationstyles.csl+json",), ("citation.json",))
RIS = Format("ris", ("application/x-research-info-systems",), ("citation.ris",))
LINKSET = Format("linkset", ("application/linkset+json",), ("linkset",))

#: What a dataset can be had in besides RDF; ``endings[0]`` is the last part of the fixed address below the dataset's.
DATASET_EXPORTS: tuple[Format, ...] = (SCHEMA_ORG, RO_CRATE, DATACITE_JSON, DATACITE_XML, BIBTEX, CSL, RIS)
