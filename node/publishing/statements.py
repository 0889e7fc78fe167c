"""The N-Triples lines that every dataset description made from a partner's folder begins with."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from node.config import Identity
from node.model.identifiers import Identifiers
from node.rdf.namespaces import DCAT, DCAT_DATASET, DCT, FOAF, RDF_TYPE, VCARD
from node.rdf.terms import iri, literal, triple

#: Where the authority tables of the European Union are.
AUTHORITY = "http://publications.europa.eu/resource/authority/"
#: Language tags and the codes of the authority table language.
LANGUAGES = {
    "bg": "BUL", "cs": "CES", "da": "DAN", "de": "DEU", "el": "ELL", "en": "ENG", "es": "SPA", "et": "EST", "fi": "FIN",
    "fr": "FRA", "ga": "GLE", "hr": "HRV", "hu": "HUN", "it": "ITA", "lt": "LIT", "lv": "LAV", "mt": "MLT", "nl": "NLD",
    "no": "NOR", "pl": "POL", "pt": "POR", "ro": "RON", "sk": "SLK", "sl": "SLV", "sv": "SWE",
}  # fmt: skip
#: The data theme "Health" (authority table data-theme).
HEALTH_THEME = AUTHORITY + "data-theme/HEAL"


@dataclass(frozen=True)
class Organisation:
    """Who answers for what a node publishes, and how to reach them; ``""`` stands for what is not known."""

    name: str = ""
    homepage: str = ""
    email: str = ""
    url: str = ""

    @classmethod
    def of(cls, identity: Identity) -> Organisation:
        """The organisation that the node's settings name."""
        return cls(identity.publisher.strip(), identity.homepage, identity.contact_email, identity.contact_url)

    def lines(self, address: str) -> Iterator[str]:
        """The organisation as a ``foaf:Agent`` at an IRI."""
        organisation = iri(address)
        yield triple(organisation, iri(RDF_TYPE), iri(FOAF + "Organization"))
        # DCAT-AP asks for the class by this name, and nobody's validator knows that the one lies below the other
        yield triple(organisation, iri(RDF_TYPE), iri(FOAF + "Agent"))
        if self.name:
            yield triple(organisation, iri(FOAF + "name"), literal(self.name))
        if self.homepage:
            yield triple(organisation, iri(FOAF + "homepage"), iri(self.homepage))
        if self.email:
            yield triple(organisation, iri(FOAF + "mbox"), iri(f"mailto:{self.email}"))

    def contact_lines(self, identifiers: Identifiers, subject: str) -> Iterator[str]:
        """The contact point of ``subject`` (a term), when there is any way to reach somebody."""
        if not (self.email or self.url):
            return
        contact = iri(f"{identifiers.base}#contact")
        yield triple(subject, iri(DCAT + "contactPoint"), contact)
        yield triple(contact, iri(RDF_TYPE), iri(VCARD + "Kind"))
        if self.name:
            yield triple(contact, iri(VCARD + "fn"), literal(self.name))
        if self.email:
            yield triple(contact, iri(VCARD + "hasEmail"), iri(f"mailto:{self.email}"))
        if self.url:
            yield triple(contact, iri(VCARD + "hasURL"), iri(self.url))


def dataset_lines(
    identifiers: Identifiers,
    dataset: str,
    *,
    identifier: str,
    title: str,
    description: str,
    licence: str,
    access: str,
    publisher: Organisation | str,
    organisation: str = "",
) -> Iterator[str]:
    """Type, texts, publisher, licence and access rights of a dataset, and the organisation that publishes it.

    ``licence`` and ``access`` are IRIs; ``publisher`` is the organisation, or its name, ``""`` when it is not known.
    ``organisation`` is its IRI, ``""`` for the organisation that runs the node.
    """
    subject = iri(identifiers.dataset(dataset))
    behind = organisation or f"{identifiers.base}organisation"
    known = publisher if isinstance(publisher, Organisation) else Organisation(publisher.strip())
    yield triple(subject, iri(RDF_TYPE), iri(DCAT_DATASET))
    yield triple(subject, iri(DCT + "identifier"), literal(identifier))
    yield triple(subject, iri(DCT + "title"), literal(title))
    yield triple(subject, iri(DCT + "description"), literal(description))
    yield triple(subject, iri(DCT + "publisher"), iri(behind))
    yield triple(subject, iri(DCT + "license"), iri(licence))
    yield triple(subject, iri(DCT + "accessRights"), iri(access))
    yield triple(subject, iri(DCAT + "theme"), iri(HEALTH_THEME))
    yield from known.lines(behind)
    yield from known.contact_lines(identifiers, subject)


def served_lines(identifiers: Identifiers, dataset: str, *, licence: str) -> Iterator[str]:
    """The distribution that the node itself serves: the dataset's samples and donors in RDF, at its own address."""
    subject = iri(identifiers.dataset(dataset))
    served = iri(f"{identifiers.dataset(dataset)}#rdf")
    yield triple(subject, iri(DCAT + "distribution"), served)
    yield triple(served, iri(RDF_TYPE), iri(DCAT + "Distribution"))
    yield triple(served, iri(DCT + "title"), literal("Samples and donors as linked data", language="en"))
    yield triple(served, iri(DCAT + "accessURL"), subject)
    yield triple(served, iri(DCT + "format"), iri(f"{AUTHORITY}file-type/RDF_TURTLE"))
    yield triple(served, iri(DCAT + "mediaType"), iri("https://www.iana.org/assignments/media-types/text/turtle"))
    yield triple(served, iri(DCT + "license"), iri(licence))


def spool_file(spool: Path, dataset: str) -> Path:
    """A new, empty N-Triples file in the folder ``spool`` for this dataset."""
    with tempfile.NamedTemporaryFile(dir=spool, prefix=f"{dataset}.", suffix=".nt", delete=False) as made:
        return Path(made.name)
