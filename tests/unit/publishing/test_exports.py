"""A dataset in the words of others: what is said, what is not made up, what cannot break the format."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from descriptions import BASE

from node.config import Identity
from node.model.identifiers import Identifiers
from node.publishing.catalog import DatasetSummary
from node.publishing.export import citations, datacite, rocrate, schemaorg
from node.publishing.export.dataset import Agent, Dataset, date, doi, read_dataset
from node.rdf.formats import TURTLE
from node.rdf.namespaces import ACCESS_PUBLIC
from node.rdf.statements import read_ntriples, to_ntriples
from tests.conftest import REPOSITORY

KERNEL = "{http://datacite.org/schema/kernel-4}"
IRI = f"{BASE}datasets/gliomas"
TURTLE_TEXT = f"""
@prefix dct: <http://purl.org/dc/terms/> . @prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix adms: <http://www.w3.org/ns/adms#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @base <{BASE}> .
<datasets/gliomas> a dcat:Dataset ; dct:title "Gliomas & more"@en , "Gliome"@de ; dct:identifier "G-1" ;
  adms:identifier <.well-known/genid/a> ; dct:publisher <organisation> ;
  dct:creator <https://orcid.org/0000-0002-1825-0097> , <.well-known/genid/b> ;
  dct:isReferencedBy <https://pubmed.ncbi.nlm.nih.gov/123/> , <https://doi.org/10.1000/paper> ;
  dct:bibliographicCitation "Somebody, 2020" ; dcat:landingPage <https://example.org/gliomas> ;
  dcat:distribution <.well-known/genid/c> .
<.well-known/genid/a> skos:notation "https://doi.org/10.5072/Glioma_{{1}}" .
<organisation> a foaf:Organization ; foaf:name "A clinic" .
<https://orcid.org/0000-0002-1825-0097> a foaf:Person ; foaf:name "Carberry, Josiah" .
<.well-known/genid/b> a foaf:Organization ; foaf:name "Team $ 1" .
<.well-known/genid/c> a dcat:Distribution ; dct:title "Table" ; dcat:downloadURL <https://example.org/g.csv> ;
  dcat:mediaType <http://www.iana.org/assignments/media-types/text/csv> ; dcat:byteSize 12 .
"""


def summary(**changes: Any) -> DatasetSummary:
    made = DatasetSummary(
        id="gliomas",
        iri=IRI,
        title="Gliomas & more",
        description="Brain tumours.\nOf adults.",
        publisher="A clinic",
        license="https://creativecommons.org/licenses/by/4.0/",
        access_rights=ACCESS_PUBLIC,
        issued="2024-03-05T10:00:00Z",
        modified="2025-01-02",
        keywords=("glioma", "100 % {real}"),
        samples=12,
        donors=10,
        version="3",
    )
    return dataclasses.replace(made, **changes)


def read(turtle: str = TURTLE_TEXT, **changes: Any) -> Dataset:
    statements = read_ntriples(to_ntriples(turtle.encode(), TURTLE))
    identity = Identity(base_iri=BASE, title="A node", publisher="A hospital")
    return read_dataset(summary(**changes), statements, identity, Identifiers(BASE))


BARE = read(f"<{IRI}> <http://purl.org/dc/terms/title> 'Gliomas & more' .", license="", description="", keywords=())
FULL = read()


def test_what_is_read() -> None:
    """Names, types, languages, the DOI behind an identifier, the media type behind the IANA's IRI."""
    assert FULL.publisher == Agent("A clinic", f"{BASE}organisation")
    assert FULL.creators == (
        Agent("Team $ 1"),
        Agent("Carberry, Josiah", "https://orcid.org/0000-0002-1825-0097", person=True),
    )
    assert (FULL.doi, FULL.cite_as) == ("10.5072/Glioma_{1}", "https://doi.org/10.5072/Glioma_{1}")
    assert (FULL.language, FULL.published, FULL.modified) == ("en", "2024-03-05", "2025-01-02")
    (table,) = FULL.distributions
    assert (table.title, table.media_type, table.size, table.download) == ("Table", "text/csv", "12", True)
    assert BARE.cite_as == IRI


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("https://doi.org/10.5281/zenodo.1", "10.5281/zenodo.1"),
        ("doi:10.1000/182", "10.1000/182"),
        ("10.1000/182", "10.1000/182"),
        ("https://example.org/10.1000/182", ""),
        ("see 10.1000/182", ""),
    ],
)
def test_a_doi_is_one_only_where_it_is_the_whole(text: str, found: str) -> None:
    """An address that happens to hold one is another address."""
    assert doi(text) == found


def test_dates_keep_what_is_known() -> None:
    """A year stays a year."""
    assert [date(t) for t in ("2024", "2024-05", "2024-05-06T01:02:03Z", "soon")] == [
        "2024",
        "2024-05",
        "2024-05-06",
        "",
    ]


def test_nothing_is_made_up() -> None:
    """Without a creator nobody becomes an author, and what is not known is not there."""
    assert "author" not in citations.bibtex(BARE)
    assert "author" not in citations.csl(BARE)
    assert "AU  -" not in citations.ris(BARE)
    assert not {"creator", "license", "keywords", "description", "publisher"} & schemaorg.dataset(BARE).keys()
    root = rocrate.crate(BARE)["@graph"][1]
    assert not {"author", "publisher", "license", "description"} & root.keys()


def test_datacite_requires_a_creator() -> None:
    """The publisher stands for it, else who runs the node; with creators neither does."""
    assert [c["name"] for c in datacite.to_json(BARE)["creators"]] == ["A hospital"]
    assert [c["name"] for c in datacite.to_json(dataclasses.replace(FULL, creators=()))["creators"]] == ["A clinic"]
    assert [c["name"] for c in datacite.to_json(FULL)["creators"]] == ["Team $ 1", "Carberry, Josiah"]


def test_datacite_xml_says_the_same() -> None:
    """Identifier, creators with their identifiers, related works by kind."""
    root = ET.fromstring(datacite.to_xml(FULL))
    identifier = root.find(f"{KERNEL}identifier")
    assert identifier is not None
    assert (identifier.text, identifier.get("identifierType")) == ("10.5072/Glioma_{1}", "DOI")
    orcid = root.find(f".//{KERNEL}nameIdentifier")
    assert orcid is not None
    assert orcid.get("nameIdentifierScheme") == "ORCID"
    related = {(e.get("relatedIdentifierType"), e.text) for e in root.iter(f"{KERNEL}relatedIdentifier")}
    assert related == {("PMID", "123"), ("DOI", "10.1000/paper")}
    bare = ET.fromstring(datacite.to_xml(dataclasses.replace(BARE, title="a\x00\ufffe<b>&")))
    assert bare.findtext(f".//{KERNEL}title") == "a<b>&"
    assert bare.findtext(f"{KERNEL}identifier") == IRI


def test_bibtex_escapes_what_latex_would_obey() -> None:
    """One entry whose braces match; a person's name stays divisible, an organisation's does not."""
    text = citations.bibtex(dataclasses.replace(FULL, title=r"50 % of \cost{} & a_b ~ {x"))
    assert r"title = {{50 \% of \textbackslash{}cost\{\} \& a\_b \textasciitilde{} \{x}}" in text
    assert r"author = {{Team \$ 1} and Carberry, Josiah}" in text
    assert text.startswith("@misc{gliomas-2024,\n")
    assert "url = {https://doi.org/10.5072/Glioma_%7B1%7D}" in text


def test_ris_keeps_to_its_lines() -> None:
    """A line end inside a text would begin a field of its own."""
    lines = citations.ris(FULL).split("\r\n")
    assert lines[0] == "TY  - DATA"
    assert lines[-2:] == ["ER  - ", ""]
    assert "AB  - Brain tumours. Of adults." in lines
    assert "DA  - 2024/03/05/" in lines
    assert "DA  - 2024///" in citations.ris(dataclasses.replace(FULL, published="2024")).split("\r\n")


def test_csl() -> None:
    """Names are divided where the partner divided them; the date has the parts it has."""
    item = citations.csl(FULL)
    assert item["author"] == [{"literal": "Team $ 1"}, {"family": "Carberry", "given": "Josiah"}]
    assert item["issued"] == {"date-parts": [[2024, 3, 5]]}
    assert item["DOI"] == FULL.doi


@pytest.mark.parametrize("given", [BARE, FULL])
def test_a_crate_describes_all_it_names(given: Dataset) -> None:
    """Every reference of the root leads to an entity, except to the creators' own words; identifiers are unique."""
    graph = rocrate.crate(given)["@graph"]
    names = [entity["@id"] for entity in graph]
    assert len(names) == len(set(names))
    assert graph[0]["about"] == {"@id": graph[1]["@id"]}
    for value in graph[1].values():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                assert one["@id"] in names


def test_a_dataset_that_is_not_open_offers_no_download_here() -> None:
    """Its samples are not in the graph that everybody may read."""
    closed = read(access_rights="http://publications.europa.eu/resource/authority/access-right/RESTRICTED")
    assert [d["contentUrl"] for d in schemaorg.dataset(closed)["distribution"]] == ["https://example.org/g.csv"]
    assert next(d["contentUrl"] for d in schemaorg.dataset(FULL)["distribution"]) == f"{BASE}graph/gliomas"


def required(profile: str) -> set[str]:
    """What a Bioschemas profile of the shared data requires."""
    shared = Path(os.environ.get("ONCONODE_SHARED", REPOSITORY.parent / "shared"))
    document = json.loads((shared / "data" / "profiles" / "bioschemas" / profile).read_text(encoding="utf-8"))
    return set(next(entry["$validation"]["required"] for entry in document["@graph"] if "$validation" in entry))


@pytest.mark.shared
def test_bioschemas_profiles(shared: Path) -> None:
    """A full description has all that the profiles require, under their names."""
    assert required("Dataset_v1.0-RELEASE.json") <= schemaorg.dataset(FULL).keys()
    identity = Identity(base_iri=BASE, title="A node", publisher="A hospital")
    catalog = schemaorg.catalog(identity, BASE, [(summary(), IRI)])
    assert required("DataCatalog_v0.3-RELEASE-2019_07_01.json") <= catalog.keys()
    sample = schemaorg.sample(f"{IRI}/samples/S1", (), lambda _: None, f"{IRI}/samples/S1", IRI)
    assert required("Sample_v0.2-RELEASE-2018_11_10.json") <= sample.keys()
