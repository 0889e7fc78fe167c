"""What a row of a biobank directory says, in RDF: DCAT for a collection, the hub vocabulary for its MIABIS terms.

Codes stay the partner's own: an ICD-10 or ORPHA code is stated as such (``onco:disease``), never turned into an NCIt
class. Kinds of material have a fixed NCIt class each, stated where the installed vocabulary has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from node.model.identifiers import Identifiers, slug
from node.model.kinds import Kind, name_of
from node.ontology.concepts import Vocabulary
from node.publishing.countries import COUNTRY, country_iri
from node.publishing.directory import Directory, Row
from node.publishing.drafts import Severity
from node.publishing.statements import HEALTH_THEME
from node.publishing.studymeta import UNKNOWN_LICENCE
from node.rdf.namespaces import (
    ACCESS_RESTRICTED,
    DCAT,
    DCAT_DATASET,
    DCT,
    FOAF,
    HEALTHDCATAP,
    OBO,
    ONCO,
    ORG,
    RDF_TYPE,
    RDFS_LABEL,
    SKOS,
    VCARD,
    XSD,
)
from node.rdf.terms import iri, is_absolute_iri, literal, triple

#: The NCIt class of each kind of material in MIABIS Core.
MATERIALS: Mapping[str, str] = {
    "CELL_LINES": "C16403",
    "DNA": "C449",
    "FECES": "C13234",
    "MICRO_RNA": "C25966",
    "PLASMA": "C13356",
    "RNA": "C812",
    "SALIVA": "C13275",
    "SERUM": "C13325",
    "URINE": "C13283",
    "WHOLE_BLOOD": "C41067",
}
_NOTHING = re.compile(r"NI|NA|N/A|NAV|NASK|NAV_.*|UNKNOWN|OTHER|OTHER_.*", re.IGNORECASE)
_ICD = re.compile(r"(?:urn:miriam:icd:|icd-?10:|http://identifiers\.org/icd/)([A-Z][0-9A-Z.\-]*)", re.IGNORECASE)
_ORPHA = re.compile(r"(?:urn:miriam:orphanet:|ORPHA(?:NET)?:)([0-9]+)", re.IGNORECASE)
# What a line of free text looks like that names a person: an e-mail address or the place of one that was taken out, a
# title with a name, initials with a name, 'contact' with two names. Rather a line too many than a person.
_PERSON = re.compile(
    r"[\w.+-]+@[\w.-]+|e-mail removed"
    r"|\b(?:[Pp]rof|[Dd]rs?|[Ii]r|[Mm]rs?|[Mm]s|[Dd]hr|[Mm]w)\b\.?,?\s*(?:[a-z]+\.\s*)*[A-Z]"
    r"|\b(?:[A-Z]\.\s?){1,4}(?:van |von |de |der |den |ten |te |la |'t )*[A-Z][a-z]{2,}"
    r"|\b[Cc]ontact(?: ?person)?:?\s+[A-Z]\w+ (?:van |von |de |der )*[A-Z]\w+"
    r"|\b(?:[Ii]nvestigators?|PI):?\s+\(?[A-Z][a-z]+ [A-Z]"
)


class Writer:
    """Writes the triples of one directory's rows. What cannot be said is told to the directory's findings."""

    def __init__(self, identifiers: Identifiers, vocabulary: Vocabulary, directory: Directory) -> None:
        self._identifiers = identifiers
        self._vocabulary = vocabulary
        self._directory = directory

    def collection(self, row: Row, name: str) -> Iterator[str]:
        """A collection as a dataset; who wants samples or data has to ask for them."""
        address = self._identifiers.description(name)
        subject = iri(address)
        yield triple(subject, iri(RDF_TYPE), iri(DCAT_DATASET))
        yield from self._named(row, subject)
        for keeper in self._infrastructures(row, "biobank", "biobanks"):
            yield triple(subject, iri(DCT + "publisher"), iri(keeper))
            break
        else:
            yield triple(subject, iri(DCT + "publisher"), iri(f"{self._identifiers.base}organisation"))
        for parent in _codes(row, "parentcollection", any_code=True):
            if other := self._directory.rows("collections").get(parent.casefold()):
                whole = self._identifiers.dataset(slug(other["id"]))
                yield triple(subject, iri(DCT + "isPartOf"), iri(whole))
        yield triple(subject, iri(DCT + "accessRights"), iri(ACCESS_RESTRICTED))
        yield triple(subject, iri(DCT + "license"), iri(UNKNOWN_LICENCE))
        yield triple(subject, iri(DCAT + "theme"), iri(HEALTH_THEME))
        yield from self._page(row, subject, DCAT + "landingPage")
        yield from self._conditions(row, address)
        for property_, columns in (("numberOfUniqueIndividuals", _DONORS), ("numberOfRecords", _SIZE)):
            yield from self._number(row, subject, property_, columns)
        if row.get("ageunit", "").upper() in ("YEAR", ""):
            yield from self._number(row, subject, "minTypicalAge", ("agelow",))
            yield from self._number(row, subject, "maxTypicalAge", ("agehigh",))
        for table, column in _LISTED:
            for code in _codes(row, column):
                yield triple(subject, iri(DCAT + "keyword"), literal(self._directory.label(table, code)))
        for code in _codes(row, "materials"):
            known = MATERIALS.get(code.upper())
            if known is not None and (concept := self._vocabulary.get(f"{OBO}NCIT_{known}")) and not concept.obsolete:
                yield triple(subject, iri(ONCO + "material"), iri(f"{OBO}NCIT_{known}"))
        for column in ("disease", "diagnosisavailable"):
            for code in _codes(row, column):
                yield from self._disease(row, subject, code)

    def biobank(self, row: Row, name: str) -> Iterator[str]:
        """A biobank as a research infrastructure with the collections it keeps."""
        address = self._identifiers.description(name)
        subject = iri(address)
        yield from self._infrastructure(row, subject)
        for collection in self._directory.rows("collections").values():
            if address in self._infrastructures(collection, "biobank", "biobanks"):
                kept = name_of(Kind.DATASET, slug(collection["id"]))
                yield triple(subject, iri(ONCO + "curates"), iri(self._identifiers.description(kept)))
        for network in self._infrastructures(row, "network", "networks"):
            yield triple(subject, iri(ORG + "memberOf"), iri(network))
        given = row.get("juristicperson", "")
        organisation = self._directory.rows("organisations").get(given.casefold(), {"name": given} if given else {})
        if organisation.get("name"):
            above = iri(f"{address}#organisation")
            yield triple(subject, iri(ORG + "subOrganizationOf"), above)
            yield triple(above, iri(RDF_TYPE), iri(FOAF + "Organization"))
            yield triple(above, iri(FOAF + "name"), literal(organisation["name"]))
            if organisation.get("city"):
                yield triple(above, iri(VCARD + "locality"), literal(organisation["city"]))

    def network(self, row: Row, name: str) -> Iterator[str]:
        """A network of biobanks as a research infrastructure."""
        yield from self._infrastructure(row, iri(self._identifiers.description(name)))

    def _infrastructure(self, row: Row, subject: str) -> Iterator[str]:
        yield triple(subject, iri(RDF_TYPE), iri(ONCO + "ResearchInfrastructure"))
        yield from self._named(row, subject)
        yield triple(subject, iri(FOAF + "name"), literal(row.get("name") or row["id"]))
        yield from self._page(row, subject, FOAF + "homepage")
        if code := row.get("country", ""):
            country = country_iri(code)
            if country is None:
                self._say(row, "this is not the code of a country that is known here", "country", code)
            else:
                yield triple(subject, iri(COUNTRY), iri(country))

    def _named(self, row: Row, subject: str) -> Iterator[str]:
        yield triple(subject, iri(DCT + "identifier"), literal(row["id"]))
        yield triple(subject, iri(DCT + "title"), literal(row.get("name") or row["id"]))
        if row.get("acronym"):
            yield triple(subject, iri(DCT + "alternative"), literal(row["acronym"]))
        text = self._text(row, "description")
        if not text and "type" in row:  # a collection has to have one
            text = row.get("name") or row["id"]
        if text:
            yield triple(subject, iri(DCT + "description"), literal(text))

    def _page(self, row: Row, subject: str, property_: str) -> Iterator[str]:
        page = row.get("website") or row.get("url") or ""
        if not page:
            return
        address = page if "://" in page else f"https://{page}"
        address = quote(address, safe="/:?#[]@!$&'()*+,;=%-._~")
        if is_absolute_iri(address):
            yield triple(subject, iri(property_), iri(address))
        else:
            self._say(row, "this is not the address of a page", "website", page)

    def _conditions(self, row: Row, address: str) -> Iterator[str]:
        """Under which conditions samples, data and images are given away, in the words of the directory."""
        for what, named in _ACCESS.items():
            parts = []
            if fee := _truth(row.get(f"{what}accessfee", "")):
                parts.append(f"a fee: {fee}")
            if joint := _truth(row.get(f"{what}accessjointprojects", "") or row.get(f"{what}accessjointproject", "")):
                parts.append(f"joint projects: {joint}")
            if text := self._text(row, f"{what}accessdescription"):
                parts.append(text)
            page = row.get(f"{what}accessuri", "")
            if not parts and not page:
                continue
            rights = iri(f"{address}#{what}-access".replace("#-", "#"))
            said = "; ".join(parts) or "as stated on the page"
            yield triple(iri(address), iri(DCT + "rights"), rights)
            yield triple(rights, iri(RDF_TYPE), iri(DCT + "RightsStatement"))
            yield triple(rights, iri(RDFS_LABEL), literal(f"Access to {named}: {said}"))
            yield from self._page({"website": page, "": row[""]}, rights, FOAF + "page")

    def _number(self, row: Row, subject: str, property_: str, columns: tuple[str, ...]) -> Iterator[str]:
        for column in columns:
            if text := row.get(column, ""):
                if text.isascii() and text.isdigit():
                    number = literal(str(int(text[:18])), datatype=XSD + "nonNegativeInteger")
                    yield triple(subject, iri(HEALTHDCATAP + property_), number)
                else:
                    self._say(row, "this is not a whole number", column, text)
                return

    def _disease(self, row: Row, subject: str, code: str) -> Iterator[str]:
        listed = self._directory.rows("diseases").get(code.casefold(), {})
        icd, orpha = _ICD.fullmatch(code), _ORPHA.fullmatch(code)
        address = listed.get("uri", "")
        if icd:
            address = address or f"http://identifiers.org/icd/{icd[1].upper()}"
        elif orpha:
            address = address or f"http://www.orpha.net/ORDO/Orphanet_{orpha[1]}"
        if not is_absolute_iri(address):
            self._say(row, "this is neither an ICD-10 nor an ORPHA code, so it is left out", "disease", code)
            return
        disease = iri(address)
        yield triple(subject, iri(ONCO + "disease"), disease)
        yield triple(disease, iri(RDF_TYPE), iri(SKOS + "Concept"))
        yield triple(disease, iri(SKOS + "notation"), literal(icd[1].upper() if icd else code))
        if listed.get("label"):
            yield triple(disease, iri(SKOS + "prefLabel"), literal(listed["label"]))

    def _infrastructures(self, row: Row, *columns: str) -> list[str]:
        """The addresses of the biobanks or networks that a row names; one that is not in its table is told."""
        found = []
        for column in columns:
            table = "networks" if column.startswith("network") else "biobanks"
            for code in _codes(row, column, any_code=True):
                other = self._directory.rows(table).get(code.casefold())
                if other is None:
                    self._say(row, f"what this names is not in the table of {table}", column, code)
                else:
                    name = name_of(Kind.INFRASTRUCTURE, slug(other["id"]))
                    found.append(self._identifiers.description(name))
        return found

    def _text(self, row: Row, column: str) -> str:
        """A free text without the lines that seem to name a person."""
        lines = row.get(column, "").splitlines()
        kept = [line for line in lines if not _PERSON.search(line)]
        if len(kept) < len(lines):
            self._say(row, "a line of this text seems to name a person and is left out", column, None)
        return "\n".join(kept).strip()

    def _say(self, row: Row, message: str, column: str, value: str | None) -> None:
        record = row.get("id")
        self._directory.findings.add(
            Severity.WARNING, message, line=int(row[""]), record=record, column=column, value=value
        )


#: What access is given to, by how the columns about it begin; newer directories have one set of columns for all.
_ACCESS = {"sample": "samples", "data": "data", "image": "images", "": "samples and data"}
_DONORS = ("numberofdonors",)
_SIZE = ("size", "numberofsamples")
#: Columns with codes whose names become keywords, with the table of the names.
_LISTED = (("types", "type"), ("categories", "datacategories"), ("omics", "omics"), ("materials", "materials"))


def _codes(row: Row, column: str, *, any_code: bool = False) -> list[str]:
    """The codes in a cell, without those that say that nothing is known."""
    found = [code.strip() for code in row.get(column, "").split(",") if code.strip()]
    return [code for code in found if any_code or not _NOTHING.fullmatch(code)]


def _truth(text: str) -> str:
    return {"true": "yes", "false": "no"}.get(text.lower(), "")
