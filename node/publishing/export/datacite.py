"""A dataset in the DataCite Metadata Schema 4.5, as JSON and as XML.

Required there are identifier, creator, title, publisher, year and type. Where the partner names no creator, the
publisher stands for it; where it names no publisher, the organisation that runs the node. A dataset without a DOI has
its IRI for an identifier in XML, and none in JSON, where a DOI is the only one there is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

from node.publishing.export.dataset import Agent, Dataset, doi, filled
from node.publishing.jsonld import NOT_XML

_NAMESPACE = "http://datacite.org/schema/kernel-4"
_SCHEMA = "https://schema.datacite.org/meta/kernel-4/metadata.xsd"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_XML_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_ORCID = re.compile(r"https?://orcid\.org/(\d{4}-\d{4}-\d{4}-\d{3}[\dX])/?")
_PUBMED = re.compile(r"https?://(?:pubmed\.ncbi\.nlm\.nih\.gov|www\.ncbi\.nlm\.nih\.gov/pubmed)/(\d+)/?")
#: Lists of the JSON form with the names of their items in XML, in the order of the XML form.
_LISTS: tuple[tuple[str, str], ...] = (
    ("subjects", "subject"),
    ("contributors", "contributor"),
    ("dates", "date"),
    ("alternateIdentifiers", "alternateIdentifier"),
    ("relatedIdentifiers", "relatedIdentifier"),
    ("sizes", "size"),
    ("rightsList", "rights"),
    ("descriptions", "description"),
)


def to_json(given: Dataset) -> dict[str, Any]:
    """The DataCite JSON of a dataset."""
    publisher = given.publisher or given.host
    others = [("URL", given.iri), *(("Local identifier", i) for i in given.identifiers if i != given.iri)]
    document: dict[str, Any] = {
        "schemaVersion": _NAMESPACE,
        "doi": given.doi,
        "url": given.page,
        "creators": [_agent(creator) for creator in given.creators or (publisher,)],
        "titles": [filled({"title": given.title, "lang": given.language})],
        "publisher": filled({"name": publisher.name}),
        "publicationYear": given.year,
        "types": {"resourceTypeGeneral": "Dataset", "resourceType": "Dataset"},
        "subjects": [{"subject": keyword} for keyword in given.keywords],
        "contributors": [
            *({**_agent(one), "contributorType": "Other"} for one in given.contributors),
            {**_agent(given.host), "contributorType": "HostingInstitution"},
        ],
        "dates": [
            {"date": given.published, "dateType": "Issued"},
            *([{"date": given.modified, "dateType": "Updated"}] if given.modified else []),
        ],
        "language": given.language,
        "alternateIdentifiers": [
            {"alternateIdentifier": text, "alternateIdentifierType": kind}
            for kind, text in others
            if not given.doi or doi(text) != given.doi
        ],
        "relatedIdentifiers": [_related(reference) for reference in given.references],
        "sizes": [f"{n} {what}" for n, what in ((given.samples, "samples"), (given.donors, "donors")) if n],
        "version": given.version,
        "rightsList": [{"rightsUri": given.license}] if given.license else [],
        "descriptions": [
            filled({"description": given.description, "descriptionType": "Abstract", "lang": given.language})
        ]
        if given.description
        else [],
    }
    return filled(document)


def to_xml(given: Dataset) -> bytes:
    """The DataCite XML of a dataset: the same, as the schema's elements."""
    said = to_json(given)
    ET.register_namespace("", _NAMESPACE)
    ET.register_namespace("xsi", _XSI)
    root = ET.Element(_name("resource"), {f"{{{_XSI}}}schemaLocation": f"{_NAMESPACE} {_SCHEMA}"})
    _add(root, "identifier", given.doi or given.iri, identifierType="DOI" if given.doi else "URL")
    creators = _add(root, "creators")
    for creator in said["creators"]:
        _add_agent(_add(creators, "creator"), "creatorName", creator)
    titles = _add(root, "titles")
    for title in said["titles"]:
        _add(titles, "title", title["title"], lang=title.get("lang", ""))
    _add(root, "publisher", said["publisher"]["name"])
    _add(root, "publicationYear", said["publicationYear"])
    _add(root, "resourceType", "Dataset", resourceTypeGeneral="Dataset")
    if "language" in said:
        _add(root, "language", said["language"])
    for name, item in _LISTS:
        if said.get(name):
            parent = _add(root, name)
            for value in said[name]:
                _add_item(parent, item, value)
        if name == "sizes" and "version" in said:
            _add(root, "version", said["version"])
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _agent(agent: Agent) -> dict[str, Any]:
    found = _ORCID.fullmatch(agent.iri)
    scheme: dict[str, str] = {}
    if found:
        scheme = {"nameIdentifier": agent.iri, "nameIdentifierScheme": "ORCID", "schemeUri": "https://orcid.org"}
    elif agent.iri.startswith("https://ror.org/"):
        scheme = {"nameIdentifier": agent.iri, "nameIdentifierScheme": "ROR", "schemeUri": "https://ror.org"}
    return {
        "name": agent.name,
        "nameType": "Personal" if agent.person or found else "Organizational",
        **({"nameIdentifiers": [scheme]} if scheme else {}),
    }


def _related(reference: str) -> dict[str, str]:
    pubmed = _PUBMED.fullmatch(reference)
    kind, identifier = ("DOI", doi(reference)) if doi(reference) else ("URL", reference)
    if pubmed:
        kind, identifier = "PMID", pubmed[1]
    return {"relatedIdentifier": identifier, "relatedIdentifierType": kind, "relationType": "IsReferencedBy"}


def _add_item(parent: ET.Element, item: str, value: str | Mapping[str, Any]) -> None:
    """One item of a list: its text is what has the item's own name, the rest are its attributes."""
    if isinstance(value, str):
        _add(parent, item, value)
    elif item == "contributor":
        _add_agent(_add(parent, item, contributorType=value["contributorType"]), "contributorName", value)
    else:
        attributes = {("rightsURI" if k == "rightsUri" else k): v for k, v in value.items() if k != item}
        _add(parent, item, value.get(item, ""), **attributes)


def _add_agent(element: ET.Element, name: str, agent: Mapping[str, Any]) -> None:
    _add(element, name, agent["name"], nameType=agent["nameType"])
    for found in agent.get("nameIdentifiers", ()):
        _add(
            element,
            "nameIdentifier",
            found["nameIdentifier"],
            nameIdentifierScheme=found["nameIdentifierScheme"],
            schemeURI=found["schemeUri"],
        )


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    kept = {(_XML_LANGUAGE if k == "lang" else k): NOT_XML.sub("", v) for k, v in attributes.items() if v}
    element = ET.SubElement(parent, _name(name), kept)
    element.text = NOT_XML.sub("", text) or None
    return element


def _name(name: str) -> str:
    return f"{{{_NAMESPACE}}}{name}"
