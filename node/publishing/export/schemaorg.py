"""Descriptions in schema.org, after the Bioschemas profiles Dataset 1.0, DataCatalog 0.3 and Sample 0.2."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from node.config import Identity
from node.publishing.catalog import DatasetSummary
from node.publishing.export.dataset import Agent, Dataset, Distribution, filled
from node.rdf.namespaces import DCT, ONCO, RDFS_LABEL, SKOS
from node.rdf.statements import Statement, Value

_PROFILES = "https://bioschemas.org/profiles/"
_DATASETS = 1_000  # that a catalogue lists; the rest is in its RDF
_KEYWORDS = 50

#: What a sample's page says of it as additional properties, with the names of schema.org's ``PropertyValue``.
_SAID = (
    (ONCO + "anatomicalSite", "anatomical site"),
    (ONCO + "sampleType", "sample type"),
    (ONCO + "assay", "assay"),
    (ONCO + "ageAtDiagnosis", "age at diagnosis in years"),
    (ONCO + "sourceCode", "code at the source"),
)


def dataset(given: Dataset) -> dict[str, Any]:
    """A dataset (Bioschemas Dataset 1.0-RELEASE)."""
    return _document(
        "Dataset",
        given.iri,
        "Dataset/1.0-RELEASE",
        {
            "name": given.title,
            "description": given.description,
            "url": given.page,
            "identifier": _one([given.cite_as, *(i for i in given.identifiers if i != given.cite_as)]),
            "keywords": list(given.keywords),
            "license": given.license,
            "creator": [agent(creator) for creator in given.creators],
            "contributor": [agent(contributor) for contributor in given.contributors],
            "publisher": agent(given.publisher) if given.publisher else None,
            "datePublished": given.published,
            "dateModified": given.modified,
            "version": given.version,
            "inLanguage": given.language,
            "citation": [*given.citation, *({"@type": "CreativeWork", "@id": r, "url": r} for r in given.references)],
            "sameAs": list(given.pages),
            "includedInDataCatalog": {
                "@type": "DataCatalog",
                "@id": given.catalog,
                "name": given.host.name,
                "url": given.catalog,
            },
            "distribution": [download(one) for one in distributions(given)],
        },
    )


def catalog(identity: Identity, iri: str, datasets: Sequence[tuple[DatasetSummary, str]]) -> dict[str, Any]:
    """The catalogue of a node (Bioschemas DataCatalog 0.3); each dataset with the address of its page."""
    common = Counter(keyword for summary, _ in datasets for keyword in summary.keywords)
    return _document(
        "DataCatalog",
        iri,
        "DataCatalog/0.3-RELEASE-2019_07_01",
        {
            "name": identity.title,
            "description": identity.description,
            "url": iri,
            "identifier": iri,
            "keywords": [word for word, _ in sorted(common.items(), key=lambda kv: (-kv[1], kv[0]))[:_KEYWORDS]],
            "provider": agent(Agent(identity.publisher or identity.title, f"{iri}organisation")),
            "dataset": [
                {"@type": "Dataset", "@id": summary.iri, "name": summary.title, "url": page}
                for summary, page in datasets[:_DATASETS]
            ],
        },
    )


def sample(
    iri: str, statements: Sequence[Statement], label_of: Callable[[str], str | None], page: str, parent: str
) -> dict[str, Any]:
    """A sample (Bioschemas Sample 0.2). ``label_of`` gives the label of a code; ``parent`` is the dataset's IRI."""
    said: dict[str, list[Value]] = {}
    for statement in statements:
        if statement.subject == iri:
            said.setdefault(statement.predicate, []).append(statement.object)
    diseases = said.get(ONCO + "diagnosis", ())
    names = [v.text for p in (RDFS_LABEL, DCT + "title", SKOS + "prefLabel") for v in said.get(p, ())]
    identifiers = [v.text for v in said.get(DCT + "identifier", ()) if v.kind == "literal"]
    return _document(
        "BioSample",
        iri,
        "Sample/0.2-RELEASE-2018_11_10",
        {
            "name": next(iter((*names, *identifiers)), None),
            "description": next((v.text for v in said.get(DCT + "description", ())), None),
            "identifier": _one(identifiers) or iri,
            "url": page,
            "subjectOf": {"@type": "Dataset", "@id": parent},
            "associatedDisease": [
                {"@type": "MedicalCondition", "@id": v.text, "name": label_of(v.text) or v.text, "url": v.text}
                for v in diseases
                if v.kind == "iri"
            ],
            "additionalProperty": [
                _property(name, predicate, value, label_of)
                for predicate, name in _SAID
                for value in said.get(predicate, ())
            ],
        },
    )


def agent(given: Agent) -> dict[str, Any]:
    """A person or organisation."""
    kind = "Person" if given.person else "Organization"
    return {"@type": kind, **({"@id": given.iri} if given.iri else {}), "name": given.name}


def download(given: Distribution) -> dict[str, Any]:
    """A distribution; one that can only be asked for has an address, but no content."""
    return filled(
        {
            "@type": "DataDownload",
            "name": given.title,
            "contentUrl" if given.download else "url": given.address,
            "encodingFormat": given.media_type,
            "contentSize": given.size,
        }
    )


def distributions(given: Dataset) -> Iterable[Distribution]:
    """The distributions that the partner names, and the RDF that this node has of an open dataset."""
    if given.open:
        yield Distribution(given.graph, "Description and samples as RDF", "text/turtle", download=True)
    yield from given.distributions


def _property(name: str, predicate: str, value: Value, label_of: Callable[[str], str | None]) -> dict[str, Any]:
    code = value.text if value.kind == "iri" else None
    return filled(
        {
            "@type": "PropertyValue",
            "name": name,
            "propertyID": predicate,
            "value": (label_of(value.text) or value.text) if code else value.text,
            "valueReference": {"@type": "DefinedTerm", "@id": code, "url": code} if code else None,
        }
    )


def _document(kind: str, iri: str, profile: str, values: Mapping[str, Any]) -> dict[str, Any]:
    conforms = {"@type": "CreativeWork", "@id": _PROFILES + profile}
    return {
        "@context": "https://schema.org/",
        "@type": kind,
        "@id": iri,
        "http://purl.org/dc/terms/conformsTo": conforms,
        **filled(values),
    }


def _one(values: Sequence[str]) -> Any:
    return values[0] if len(values) == 1 else list(values)
