"""One dataset description as plain values: what every export is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from node.config import Identity
from node.model.identifiers import Identifiers
from node.publishing.catalog import DatasetSummary
from node.rdf.namespaces import ACCESS_PUBLIC, ADMS, DCAT, DCT, FOAF, RDF_TYPE, RDFS_LABEL, SKOS, VCARD
from node.rdf.statements import Statement, Value

#: The properties that hold the name of a person or organisation, the best first.
NAMES = (FOAF + "name", VCARD + "fn", VCARD + "organization-name", RDFS_LABEL, SKOS + "prefLabel", DCT + "title")
#: The properties of a dataset that lead to persons and organisations.
AGENTS = (DCT + "publisher", DCT + "creator", DCT + "contributor", DCT + "rightsHolder")

_PERSONS = frozenset({FOAF + "Person", VCARD + "Individual", "http://schema.org/Person", "https://schema.org/Person"})
# The DOI handbook, section 2.2: a prefix of 10 and a registrant, a suffix of anything.
_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?(10\.\d{4,9}/\S+)", re.IGNORECASE)
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


@dataclass(frozen=True)
class Agent:
    """A person or organisation; ``iri`` is '' for one without a name on the web."""

    name: str
    iri: str = ""
    person: bool = False


@dataclass(frozen=True)
class Distribution:
    """A form in which the data can be had; each value is '' where it is not known."""

    address: str
    title: str = ""
    media_type: str = ""
    size: str = ""
    download: bool = False


@dataclass(frozen=True)
class Dataset:
    """A dataset as its description has it. Texts are in the node's language, else English, else any.

    ``page`` is its address at this node; ``doi`` has no ``doi:`` in front; dates are ISO 8601, ``published`` is never
    empty; ``references`` are IRIs of works about it, ``citation`` what the partner wants cited; ``graph`` is where
    everything that is open about it can be had as RDF.
    """

    iri: str
    page: str
    graph: str
    title: str
    description: str
    language: str
    identifiers: tuple[str, ...]
    doi: str
    keywords: tuple[str, ...]
    publisher: Agent | None
    creators: tuple[Agent, ...]
    contributors: tuple[Agent, ...]
    published: str
    modified: str
    version: str
    license: str
    open: bool
    references: tuple[str, ...]
    citation: tuple[str, ...]
    pages: tuple[str, ...]
    distributions: tuple[Distribution, ...]
    samples: int
    donors: int
    catalog: str
    host: Agent

    @property
    def cite_as(self) -> str:
        """The address to cite: the DOI where there is one, else the dataset's own IRI."""
        return f"https://doi.org/{self.doi}" if self.doi else self.iri

    @property
    def year(self) -> str:
        """The year of publication."""
        return self.published[:4]


def read_dataset(
    summary: DatasetSummary, statements: Sequence[Statement], identity: Identity, identifiers: Identifiers
) -> Dataset:
    """A dataset from its line in the catalogue and the statements of its description.

    The statements may also hold the names and types of persons and organisations that the description leads to.
    """
    about = _About(statements, identity.language, identifiers.skolem(""))
    iri = summary.iri
    identifiers_ = tuple(value.text for value in about.values(iri, DCT + "identifier"))
    others = about.values(iri, ADMS + "identifier")
    notations = [n for i in others for n in (i.text, *about.texts(i.text, SKOS + "notation"))]
    own = DCT + "publisher", DCT + "creator", DCT + "contributor"
    publisher, creators, contributors = (tuple(about.agents(iri, p)) for p in own)
    return Dataset(
        iri=iri,
        page=identifiers.dataset(summary.id),
        graph=identifiers.graph(summary.id),
        title=summary.title,
        description=summary.description,
        language=about.language_of(iri, DCT + "title", summary.title),
        identifiers=identifiers_,
        doi=next(filter(None, map(doi, (iri, *identifiers_, *notations))), ""),
        keywords=summary.keywords,
        publisher=publisher[0] if publisher else None,
        creators=creators,
        contributors=contributors,
        published=date(summary.issued),
        modified=date(summary.modified),
        version=next(iter(about.texts(iri, DCAT + "version")), summary.version),
        license=summary.license,
        open=summary.access_rights == ACCESS_PUBLIC,
        references=tuple(v.text for v in about.values(iri, DCT + "isReferencedBy") if v.kind == "iri"),
        citation=about.texts(iri, DCT + "bibliographicCitation"),
        pages=tuple(v.text for p in (DCAT + "landingPage", FOAF + "page") for v in about.values(iri, p)),
        distributions=tuple(about.distributions(iri)),
        samples=summary.samples,
        donors=summary.donors,
        catalog=identifiers.catalog,
        host=Agent(identity.publisher or identity.title, identifiers.base),
    )


def agents_of(iri: str, statements: Iterable[Statement]) -> tuple[str, ...]:
    """The IRIs of persons and organisations that a description leads to, whose names are to be looked up."""
    found = (s.object for s in statements if s.subject == iri and s.predicate in AGENTS)
    return tuple(dict.fromkeys(value.text for value in found if value.kind == "iri"))


def doi(text: str) -> str:
    """The DOI in an IRI or identifier, without what stands in front; '' where there is none."""
    match = _DOI.fullmatch(text.strip())
    return match[1] if match else ""


def date(text: str) -> str:
    """The year, month or day of an ``xsd:date``, ``xsd:dateTime``, ``xsd:gYear`` …; '' when it is no such thing."""
    match = _DATE.match(text)
    return match[0] if match else ""


def filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is empty: nothing is said of what is not known."""
    return {key: value for key, value in values.items() if value not in (None, "", [], ())}


@dataclass(frozen=True)
class _About:
    statements: Sequence[Statement]
    language: str
    genid: str

    def values(self, iri: str, predicate: str) -> list[Value]:
        """In an order of their own, so that the same description always gives the same export."""
        found = {s.object for s in self.statements if s.subject == iri and s.predicate == predicate}
        return sorted(found, key=lambda value: (value.text, value.language or ""))

    def texts(self, iri: str, predicate: str) -> tuple[str, ...]:
        return tuple(value.text for value in self.values(iri, predicate) if value.kind == "literal")

    def language_of(self, iri: str, predicate: str, text: str) -> str:
        values = self.values(iri, predicate)
        return next((v.language for v in values if v.text == text and v.language), "")

    def name(self, iri: str, predicates: Sequence[str]) -> str:
        for predicate in predicates:
            found = [v for v in self.values(iri, predicate) if v.kind == "literal"]
            order = [self.language, "en", None]
            if found:
                return min(found, key=lambda v: order.index(v.language) if v.language in order else len(order)).text
        return ""

    def agents(self, iri: str, predicate: str) -> Iterable[Agent]:
        for value in self.values(iri, predicate):
            if value.kind == "literal":
                yield Agent(value.text)
                continue
            named = value.kind == "iri" and not value.text.startswith(self.genid)
            types = {t.text for t in self.values(value.text, RDF_TYPE)}
            name = self.name(value.text, NAMES) or (value.text if named else "")
            if name:
                yield Agent(name, value.text if named else "", bool(types & _PERSONS))

    def distributions(self, iri: str) -> Iterable[Distribution]:
        for value in self.values(iri, DCAT + "distribution"):
            downloads = self.values(value.text, DCAT + "downloadURL")
            addresses = downloads or self.values(value.text, DCAT + "accessURL")
            media = next(iter(self.values(value.text, DCAT + "mediaType")), None)
            if addresses:
                yield Distribution(
                    address=addresses[0].text,
                    title=self.name(value.text, (DCT + "title", RDFS_LABEL)),
                    media_type=_media_type(media.text) if media else "",
                    size=next(iter(self.texts(value.text, DCAT + "byteSize")), ""),
                    download=bool(downloads),
                )


def _media_type(text: str) -> str:
    """``text/csv`` from the IANA's IRI of it; the text itself where it is a media type already."""
    name = re.sub(r"^https?://www\.iana\.org/assignments/media-types/", "", text)
    return name if re.fullmatch(r"[\w.+-]+/[\w.+-]+", name) else ""
