"""What the HTML pages show: descriptions as properties with labels, and links that lead where they should. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from node.ontology.concepts import Vocabulary
from node.rdf.namespaces import (
    DCAT,
    DCT,
    FOAF,
    ONCO,
    ORG,
    PROV,
    RDF_TYPE,
    RDFS_LABEL,
    SCHEMA,
    SKOS,
    SPECIMEN,
    VCARD,
    XSD,
    shorten,
)
from node.rdf.statements import Statement, Value

_NESTING = 3
#: The properties that hold a resource's name, the best first.
TITLES = (
    DCT + "title",
    RDFS_LABEL,
    SKOS + "prefLabel",
    FOAF + "name",
    VCARD + "fn",
    SCHEMA + "name",
    DCT + "identifier",
)

#: English names of the properties and classes that descriptions mostly use; codes have theirs from the vocabulary.
LABELS: dict[str, str] = {
    RDF_TYPE: "Type",
    RDFS_LABEL: "Label",
    DCT + "title": "Title",
    DCT + "description": "Description",
    DCT + "identifier": "Identifier",
    DCT + "publisher": "Publisher",
    DCT + "creator": "Creator",
    DCT + "license": "Licence",
    DCT + "accessRights": "Access",
    DCT + "issued": "Published",
    DCT + "modified": "Changed",
    DCT + "created": "Created",
    DCT + "language": "Language",
    DCT + "spatial": "Place covered",
    DCT + "temporal": "Time covered",
    DCT + "isPartOf": "Part of",
    DCT + "hasPart": "Has part",
    DCT + "isReferencedBy": "Cited by",
    DCT + "conformsTo": "Conforms to",
    DCT + "provenance": "Provenance",
    DCT + "type": "Kind",
    DCT + "format": "Format",
    DCT + "source": "Source",
    DCT + "subject": "Subject",
    DCT + "bibliographicCitation": "Citation",
    DCAT + "theme": "Theme",
    DCAT + "keyword": "Keyword",
    DCAT + "contactPoint": "Contact",
    DCAT + "distribution": "Distribution",
    DCAT + "accessURL": "Access address",
    DCAT + "downloadURL": "Download address",
    DCAT + "accessService": "Service",
    DCAT + "endpointURL": "Endpoint",
    DCAT + "mediaType": "Media type",
    DCAT + "byteSize": "Size in bytes",
    DCAT + "landingPage": "Web page",
    DCAT + "dataset": "Dataset",
    DCAT + "service": "Service",
    DCAT + "Dataset": "Dataset",
    DCAT + "Catalog": "Catalogue",
    DCAT + "Distribution": "Distribution",
    DCAT + "DataService": "Data service",
    PROV + "wasGeneratedBy": "Made by",
    PROV + "wasDerivedFrom": "Made from",
    PROV + "generatedAtTime": "Made at",
    PROV + "endedAtTime": "Ended",
    PROV + "startedAtTime": "Started",
    PROV + "wasAssociatedWith": "With",
    PROV + "wasAttributedTo": "Attributed to",
    PROV + "used": "Used",
    FOAF + "name": "Name",
    FOAF + "page": "Web page",
    FOAF + "homepage": "Web page",
    FOAF + "mbox": "E-mail",
    FOAF + "Agent": "Agent",
    FOAF + "Organization": "Organisation",
    VCARD + "fn": "Name",
    VCARD + "hasEmail": "E-mail",
    VCARD + "hasURL": "Web page",
    SKOS + "prefLabel": "Label",
    SKOS + "definition": "Definition",
    ONCO + "diagnosis": "Diagnosis",
    ONCO + "anatomicalSite": "Anatomical site",
    ONCO + "sampleType": "Sample type",
    ONCO + "assay": "Assay",
    ONCO + "ageAtDiagnosis": "Age at diagnosis (years)",
    ONCO + "sourceCode": "Code at the source",
    ONCO + "sex": "Sex",
    ONCO + "vitalStatus": "Vital status",
    ONCO + "Donor": "Donor",
    ONCO + "ResearchInfrastructure": "Research infrastructure",
    ONCO + "ResearchService": "Service",
    ONCO + "curates": "Curates",
    ONCO + "offers": "Offers",
    ONCO + "reads": "Reads",
    ONCO + "country": "Country",
    ONCO + "material": "Material",
    ONCO + "disease": "Disease",
    DCAT + "servesDataset": "Serves",
    ORG + "memberOf": "Member of",
    ORG + "hasMember": "Has member",
    ORG + "subOrganizationOf": "Part of",
    SCHEMA + "SoftwareSourceCode": "Software",
    SCHEMA + "SoftwareApplication": "Software",
    SCHEMA + "Person": "Person",
    SCHEMA + "Organization": "Organisation",
    SCHEMA + "name": "Name",
    SCHEMA + "description": "Description",
    SCHEMA + "identifier": "Identifier",
    SCHEMA + "license": "Licence",
    SCHEMA + "author": "Author",
    "https://codemeta.github.io/terms/maintainer": "Maintainer",
    "https://codemeta.github.io/terms/referencePublication": "Described in",
    "https://codemeta.github.io/terms/issueTracker": "Issues",
    SCHEMA + "codeRepository": "Code",
    SCHEMA + "programmingLanguage": "Written in",
    SCHEMA + "softwareVersion": "Version",
    SCHEMA + "version": "Version",
    SCHEMA + "softwareRequirements": "Needs",
    SCHEMA + "url": "Web page",
    SPECIMEN: "Sample",
    "http://purl.obolibrary.org/obo/RO_0001000": "Derives from",
    "http://healthdataportal.eu/ns/health#numberOfRecords": "Number of records",
    "http://healthdataportal.eu/ns/health#numberOfUniqueIndividuals": "Number of individuals",
    "http://www.w3.org/ns/adms#status": "Status",
    "http://publications.europa.eu/resource/authority/access-right/PUBLIC": "Open to everybody",
    "http://publications.europa.eu/resource/authority/access-right/RESTRICTED": "On request",
    "http://publications.europa.eu/resource/authority/access-right/NON_PUBLIC": "Closed",
}

#: The order in which properties stand on a page; the others follow by label.
_ORDER = (
    RDF_TYPE,
    DCT + "title",
    RDFS_LABEL,
    DCT + "identifier",
    DCT + "description",
    ONCO + "diagnosis",
    ONCO + "anatomicalSite",
    ONCO + "sampleType",
    ONCO + "assay",
    ONCO + "sex",
    ONCO + "vitalStatus",
    ONCO + "ageAtDiagnosis",
    DCT + "isPartOf",
)


@dataclass(frozen=True)
class ShownValue:
    """One value: its text, where it leads (None: nowhere), a small note (code, language), and what hangs under it."""

    text: str
    href: str | None = None
    note: str = ""
    nested: tuple[ShownProperty, ...] = ()


@dataclass(frozen=True)
class ShownProperty:
    """A property with its values."""

    label: str
    href: str | None
    values: tuple[ShownValue, ...]


@dataclass(frozen=True)
class Shower:
    """Turns RDF into what pages show.

    ``base`` is the node's base IRI, ``label_of`` gives a concept's label by its IRI, ``names`` are the names of other
    things on this node, by IRI.
    """

    base: str
    label_of: Callable[[str], str | None]
    names: Mapping[str, str] = field(default_factory=dict)

    def href(self, iri: str) -> str | None:
        """Where a link to this IRI leads: on this node by path, elsewhere by http(s), otherwise nowhere."""
        if iri.startswith(self.base):
            return urlsplit(self.base).path + iri[len(self.base) :]
        return iri if iri.startswith(("http://", "https://")) else None

    def label(self, iri: str) -> str | None:
        """The name people know the IRI by, None when there is none."""
        return self.label_of(iri) or LABELS.get(iri) or self.names.get(iri)

    def short(self, iri: str) -> str:
        """A label for an IRI, whatever it takes: its name, its path on this node, or its CURIE."""
        known = self.label(iri)
        if known:
            return known
        if iri.startswith(self.base) and iri != self.base:
            return iri[len(self.base) :].rsplit("/", 1)[-1] or iri
        return shorten(iri).strip("<>")

    def iri(self, iri: str) -> ShownValue:
        """An IRI as a value with its label; the code stands beside a label."""
        label = self.label(iri)
        code = shorten(iri)
        note = code.removeprefix("obo:").replace("_", ":", 1) if label and code.startswith("obo:") else ""
        return ShownValue(self.short(iri), self.href(iri), note)

    def value(self, value: Value) -> ShownValue:
        """Any term as a value, without what hangs under it."""
        if value.kind == "iri":
            return self.iri(value.text)
        if value.kind == "bnode":
            return ShownValue("(unnamed)")
        note = value.language or ""
        if value.datatype and value.datatype != XSD + "string":
            note = "" if value.datatype.startswith(XSD) else shorten(value.datatype).strip("<>")
        return ShownValue(value.text, None, note)

    def properties(self, iri: str, statements: Sequence[Statement], *, leave_out: Iterable[str] = ()) -> Properties:
        """The properties of a resource with labels, in reading order; unnamed parts of it stand under their value."""
        return self._properties(iri, statements, frozenset(leave_out), (iri,))

    def _properties(
        self, iri: str, statements: Sequence[Statement], leave_out: frozenset[str], path: tuple[str, ...]
    ) -> Properties:
        values: dict[str, list[ShownValue]] = {}
        for statement in statements:
            if statement.subject == iri and statement.predicate not in leave_out:
                values.setdefault(statement.predicate, []).append(self._nested(statement.object, statements, path))
        ordered = sorted(values, key=lambda p: (_ORDER.index(p) if p in _ORDER else len(_ORDER), self.short(p)))
        return tuple(
            ShownProperty(self.short(p), self.href(p), tuple(sorted(values[p], key=lambda v: v.text))) for p in ordered
        )

    def _nested(self, value: Value, statements: Sequence[Statement], path: tuple[str, ...]) -> ShownValue:
        name = f"_:{value.text}" if value.kind == "bnode" else value.text
        unnamed = value.kind == "bnode" or (
            value.kind == "iri" and value.text.startswith(f"{self.base}.well-known/genid/")
        )
        if not unnamed or name in path or len(path) > _NESTING:
            return self.value(value)
        below = self._properties(name, statements, frozenset(), (*path, name))
        return ShownValue("", None, "", below) if below else self.value(value)


Properties = tuple[ShownProperty, ...]


def shower(base: str, vocabulary: Vocabulary, names: Mapping[str, str] | None = None) -> Shower:
    """The shower of a node with this base IRI, with labels from this vocabulary and further names by IRI."""

    def label_of(iri: str) -> str | None:
        concept = vocabulary.get(iri)
        return concept.label if concept else None

    return Shower(base, label_of, names or {})


def nameless(base: str, statements: Sequence[Statement], most: int = 100) -> tuple[str, ...]:
    """The IRIs of this node that the statements lead to without describing them: a page asks for their names."""
    described = {s.subject for s in statements}
    found = (s.object.text for s in statements if s.object.kind == "iri" and s.object.text.startswith(base))
    return tuple(dict.fromkeys(iri for iri in found if iri not in described))[:most]


def title_of(iri: str, statements: Sequence[Statement], fallback: str) -> str:
    """The best title of a resource: its title, label, name or identifier; the fallback when it has none."""
    for predicate in TITLES:
        for statement in statements:
            if statement.subject == iri and statement.predicate == predicate and statement.object.kind == "literal":
                return statement.object.text
    return fallback
