"""Whatever is wrong with a document: a clear error with place and remedy, nothing published, the node unharmed."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from node.config import Identity
from node.errors import ProtocolError
from node.model.identifiers import Identifiers
from node.ontology.concepts import Concept, Vocabulary
from node.ontology.mappings import core_code_map
from node.ontology.releases import core_vocabulary
from node.publishing.catalog import Catalog
from node.publishing.drafts import Outcome, Severity
from node.publishing.publish import NodeParts, publish
from node.rdf.namespaces import OBO
from node.store.oxigraph import OxigraphStore

BASE = "https://node.example.org/"
CONTEXT = "https://w3id.org/onconode/context/v1.jsonld"
REMOTE = "https://elsewhere.example.org/context.jsonld"

PREFIXES = """@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix obo: <http://purl.obolibrary.org/obo/> .
@prefix onco: <https://w3id.org/onconode/vocab#> .
@prefix access: <http://publications.europa.eu/resource/authority/access-right/> .
"""
DATASET = """<datasets/x> a dcat:Dataset ; dct:identifier "x" ; dct:title "X"@en ; dct:description "D" ;
  dct:license <https://creativecommons.org/licenses/by/4.0/> ; dct:accessRights access:PUBLIC ;
  dct:publisher <organisation> .
<organisation> foaf:name "A clinic" .
"""
SAMPLE = """<datasets/x/samples/S1> a obo:OBI_0001479 ; dct:identifier "S1" ; dct:isPartOf <datasets/x> ;
  obo:RO_0001000 <datasets/x/donors/D1> .
<datasets/x/donors/D1> a onco:Donor ; dct:identifier "D1" .
"""
TURTLE = PREFIXES + DATASET + SAMPLE
RDFXML = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dct="http://purl.org/dc/terms/">
<rdf:Description rdf:about="datasets/x"><dct:title>X</dct:title></rdf:Description>
"""


def document(**changes: Any) -> dict[str, Any]:
    """A right description of a dataset with one sample; ``changes`` replace keys or, with None, remove them."""
    made: dict[str, Any] = {
        "@context": CONTEXT,
        "id": "datasets/x",
        "type": "Dataset",
        "identifier": "x",
        "title": {"@value": "X", "@language": "en"},
        "description": "D",
        "publisher": {"id": "organisation", "name": "A clinic"},
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "accessRights": "PUBLIC",
        "samples": [sample()],
    }
    return {key: value for key, value in (made | changes).items() if value is not None}


def sample(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": "datasets/x/samples/S1",
        "type": "Sample",
        "identifier": "S1",
        "diagnosis": "NCIT:C3058",
        "derivesFrom": {"id": "datasets/x/donors/D1", "type": "Donor", "identifier": "D1"},
    }
    return {key: value for key, value in (made | changes).items() if value is not None}


def text(**changes: Any) -> bytes:
    return json.dumps(document(**changes), indent=1).encode()


def spoilt(**changes: Any) -> bytes:
    """The document with its sample spoilt."""
    return text(samples=[sample(**changes)])


def donor(**changes: Any) -> bytes:
    return spoilt(derivesFrom={"id": "datasets/x/donors/D1", "type": "Donor", "identifier": "D1"} | changes)


@dataclass(frozen=True)
class Bad:
    """A document, and parts of what must be said: message, place, remedy."""

    content: bytes | Callable[[], bytes]
    message: str
    place: str
    remedy: str
    file: str = "document.jsonld"


def turtle(*lines: str) -> bytes:
    return (TURTLE + "\n".join(lines) + "\n").encode()


def trig(content: str) -> bytes:
    return content.encode()


CASES: dict[str, Bad] = {
    # --- files
    "empty": Bad(b"", "the file is empty", "document.jsonld", "Create it again"),
    "only spaces": Bad(b" \n\t\n", "the file is empty", "document.ttl", "Create it again", "document.ttl"),
    "UTF-16": Bad(text().decode().encode("utf-16"), "written in UTF-16", "line 1", "UTF-8"),
    "UTF-16 without mark": Bad(text().decode().encode("utf-16-be"), "written in UTF-16", "line 1", "UTF-8"),
    "UTF-32": Bad(text().decode().encode("utf-32"), "written in UTF-32", "line 1", "UTF-8"),
    "latin-1": Bad(
        turtle('<datasets/x> dct:title "Gew').rstrip() + b'\xe4chse" .', "not UTF-8", "line 14", "UTF-8", "d.ttl"
    ),
    "cut-off character": Bad(turtle("# ").rstrip() + b"\xc3", "not UTF-8", "line 14", "UTF-8", "d.ttl"),
    "gzip cut off": Bad(
        lambda: gzip.compress(text())[:-20], "cut off or damaged", "d.jsonld.gz", "again", "d.jsonld.gz"
    ),
    "gzip damaged": Bad(
        lambda: gzip.compress(text())[:-8] + b"\0" * 8, "cut off or damaged", "d.jsonld.gz", "again", "d.jsonld.gz"
    ),
    "not gzip": Bad(text(), "the content is not gzip", "d.jsonld.gz", "drop the ending", "d.jsonld.gz"),
    "gzip bomb": Bad(
        lambda: gzip.compress(b" " * 80_000_001, 1),
        "more than 80,000,000 bytes",
        "d.jsonld.gz",
        "Split it",
        "d.jsonld.gz",
    ),
    "no RDF": Bad(b"SAMPLE_ID\n", "names no RDF format", "samples.dat", ".jsonld", "samples.dat"),
    # --- JSON
    "trailing comma": Bad(b'{\n "@context": {},\n}', "this is not JSON", "line 3, column 1", "Check quotes"),
    "JSON cut off": Bad(text()[:-30], "this is not JSON", "line ", "Is the file complete?"),
    "two values": Bad(text() + b"{}", "this is not JSON", "line ", "Check"),
    "a number": Bad(b"5", "an object or a list of objects", "line 1", "Start it with {"),
    "NaN": Bad(text().replace(b'"S1"', b"NaN"), "NaN is not a JSON value", "document.jsonld", "Leave the value out"),
    "endless number": Bad(spoilt(ageAtDiagnosis=1).replace(b": 1\n", b": 1e999\n"), "too large", "document", "text"),
    "key twice": Bad(
        text().replace(b'"description": "D"', b'"description": "D", "description": "E"'),
        "stands twice in one object",
        "line 3, datasets/x, field description",
        "as a list",
    ),
    "nested lists": Bad(b"[" * 200_000, "more than 200 deep", "line 1, column 201", "@graph"),
    "nested objects": Bad(b'{"@id":' * 5000 + b"1" + b"}" * 5000, "more than 200 deep", "line 1", "@graph"),
    "half a character": Bad(text(description="\ud800"), "half of a character", "document.jsonld", "UTF-8"),
    # --- JSON-LD
    "remote context": Bad(text(**{"@context": REMOTE}), "never fetches one", "/@context", CONTEXT),
    "remote context in a list": Bad(
        text(**{"@context": [CONTEXT, REMOTE]}), f"the context '{REMOTE}'", "/@context/1", "or write the context"
    ),
    "remote context inside": Bad(spoilt(**{"@context": REMOTE}), "never fetches one", "/samples/0/@context", CONTEXT),
    "remote scoped context": Bad(
        text(**{"@context": [CONTEXT, {"sex": {"@id": "onco:sex", "@context": REMOTE}}]}),
        "never fetches one",
        "/@context/1/sex/@context",
        CONTEXT,
    ),
    "remote import": Bad(
        text(**{"@context": {"@version": 1.1, "@import": REMOTE}}), "never fetches one", "/@context/@import", CONTEXT
    ),
    "context of a neighbour": Bad(
        text(**{"@context": "context/v2.jsonld"}), "v2.jsonld", "/@context", "context/v1.jsonld"
    ),
    "file as context": Bad(text(**{"@context": "file:///etc/passwd"}), "never fetches one", "/@context", CONTEXT),
    "misspelt key": Bad(
        spoilt(diagnosys="NCIT:C3058"),
        "no context defines this key",
        "/samples/0/diagnosys",
        "Did you mean 'diagnosis'?",
    ),
    "no keyword": Bad(text(**{"@identifier": "x"}), "not a keyword of JSON-LD", "/@identifier", "spelling"),
    "id with a space": Bad(
        spoilt(id="datasets/x/samples/S 1"), "not an IRI", "line 19, /samples/0/id", "percent-encode"
    ),
    "id is a number": Bad(spoilt(id=5), "this is not JSON-LD", "document.jsonld", "Correct it"),
    "invalid language": Bad(
        text(title={"@value": "X", "@language": "english!"}), "not a language tag", "/title/@language", "pt-BR"
    ),
    "prefix not declared": Bad(
        text(**{"dcterms:rights": "none", "sh:order": "first"}), "not declared", "line 3", "Declare the prefix"
    ),
    # --- other syntaxes
    "Turtle syntax": Bad(turtle("<datasets/x> dct:title ."), "this is not Turtle", "line 14", "Correct it", "d.ttl"),
    "Turtle cut off": Bad(TURTLE[:-40].encode(), "this is not Turtle", "line ", "Correct it", "d.ttl"),
    "IRI with spaces": Bad(turtle("<datasets/x> dct:source <a b> ."), "Invalid IRI", "line 14", "Correct it", "d.ttl"),
    "Turtle prefix": Bad(turtle("<datasets/x> ex:a 1 ."), "prefix", "line 14", "Correct it", "d.ttl"),
    "long language": Bad(
        turtle('<datasets/x> dct:title "X"@toolonglanguage .'), "subtag", "line 14", "Correct", "d.ttl"
    ),
    "relative in N-Triples": Bad(b"<datasets/x> <a> <b> .\n", "No scheme", "line 1", "Correct it", "d.nt"),
    "XML cut off": Bad(RDFXML.encode(), "this is not XML", "line 4", "Is the file complete?", "d.rdf"),
    "XML entities": Bad(
        RDFXML.replace("?>\n", '?>\n<!DOCTYPE x [<!ENTITY a "b">]>\n').encode(),
        "the XML entity 'a'",
        "line 2",
        "out",
        "d.rdf",
    ),
    "named graph": Bad(
        trig(f"{TURTLE}<g> {{ <datasets/x> dct:title 'Y' }}"),
        "named graph",
        f"{BASE}g",
        "outside of any graph",
        "d.trig",
    ),
    "triple term": Bad(
        turtle("<datasets/x> dct:source <<( <datasets/x> dct:title 'X' )>> ."),
        "RDF 1.2",
        f"<{BASE}datasets/x>",
        "Leave out",
        "d.ttl",
    ),
    # --- shape of the description
    "no dataset": Bad(
        (PREFIXES + '<a> dct:title "X" .').encode(), "describes no dataset", "d.ttl", "dcat:Dataset", "d.ttl"
    ),
    "dataset without IRI": Bad(text(id=None), "the dataset has no IRI", "document.jsonld", "datasets/my-dataset"),
    "dataset elsewhere": Bad(text(id="collections/x"), "has another address", "line 3", "datasets/NAME"),
    "dataset name": Bad(text(id="datasets/My Data".replace(" ", "%20")), "cannot be the IRI", "line 3", "lower-case"),
    "nameless foreign dataset": Bad(
        text(id="https://example.org/1", identifier="—", title="—"),
        "neither a dct:identifier",
        "line 3",
        "Latin letters",
    ),
    "two of one name": Bad(
        lambda: json.dumps(
            {
                "@context": CONTEXT,
                "@graph": [
                    {k: v for k, v in document(id=f"https://example.org/{i}", samples=None).items() if k != "@context"}
                    for i in (1, 2)
                ],
            },
            indent=1,
        ).encode(),
        "are both called 'x'",
        "https://example.org/2".replace("https://example.org/2", "/@graph/1"),
        "dct:identifier of its own",
    ),
    "name taken": Bad(
        text(id="https://example.org/1", identifier="good", samples=None),
        "belongs to another dataset",
        "line 3",
        "another",
    ),
    "sample of no dataset": Bad(
        turtle('<datasets/x/samples/S2> a obo:OBI_0001479 ; dct:identifier "S2" .'),
        "belongs to no dataset",
        "line 14",
        "dct:isPartOf",
        "d.ttl",
    ),
    "sample without IRI": Bad(spoilt(id=None), "has no IRI of its own", "document.jsonld", "samples/ID"),
    "sample of another dataset": Bad(
        spoilt(id="datasets/good/samples/S1"),
        "belongs to another dataset",
        "line 19, /samples/0",
        "datasets/x/samples/",
    ),
    "IRI of no form": Bad(
        spoilt(id="samples/S1"), "must be of one of its forms", "/samples/0", "datasets/x/samples/ID"
    ),
    "path tricks": Bad(
        spoilt(id="datasets/x/samples/a/b/c"), "must be of one of its forms", "/samples/0", "samples/ID"
    ),
    "stray resource": Bad(
        turtle("<https://a.example/> dct:title 'A' ."), "would not be published", "line 14", "Refer", "d.ttl"
    ),
    "relative property": Bad(
        turtle("<datasets/x> <title> 'A' ."), "the node defines no properties", "line 7", "full", "d.ttl"
    ),
    "control character": Bad(spoilt(sourceCode="G\u0001BM"), "a control character", "/samples/0", "cannot be printed"),
    "circle": Bad(
        turtle("<datasets/x> dct:relation _:a . _:a dct:relation _:b . _:b dct:relation _:a ."),
        "in a circle",
        "dct:relation",
        "an IRI",
        "d.ttl",
    ),
    "list without end": Bad(
        turtle(
            "<datasets/x> dct:relation _:l .",
            "_:l <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> 1 ;",
            "  <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> _:l .",
        ),
        "in a circle",
        "rdf:rest",
        "an IRI",
        "d.ttl",
    ),
    # --- rules of the hub
    "no title": Bad(text(title=None), "a value is missing", "line 3, /, field dct:title", "Give the dataset a title"),
    "two titles": Bad(
        text(title=[{"@value": "X", "@language": "en"}, {"@value": "Y", "@language": "en"}]),
        "several values for one language",
        "field dct:title",
        "once for each language",
    ),
    "no access rights": Bad(
        text(accessRights="SECRET"), "not one of those allowed", "line 3, /, field dct:accessRights", "RESTRICTED"
    ),
    "publisher as text": Bad(
        turtle('<datasets/x> dct:publisher "A clinic" .'), "wrong kind", "line 7", "an IRI (not a name)", "d.ttl"
    ),
    "licence as text": Bad(
        turtle('<datasets/x> dct:license "CC-BY" .'), "wrong kind", "field dct:license", "by its IRI", "d.ttl"
    ),
    "age 400": Bad(spoilt(ageAtDiagnosis=400), "too large", "/samples/0, field onco:ageAtDiagnosis", "0 to 120"),
    "age as text": Bad(spoilt(ageAtDiagnosis="old"), "no number", "/samples/0, field onco:ageAtDiagnosis", "0 to 120"),
    "no identifier": Bad(
        spoilt(identifier=None), "a value is missing", "field dct:identifier", "exactly one identifier"
    ),
    "two diagnoses": Bad(
        spoilt(diagnosis=["NCIT:C3058", "NCIT:C3059"]),
        "too many values",
        "field onco:diagnosis",
        "at most one diagnosis",
    ),
    "donor with a name": Bad(donor(name="N. N."), "must not be", "/samples/0/derivesFrom", "Remove the name"),
    "date of birth": Bad(
        donor(**{"foaf:birthday": "1970-01-01"}), "must not be", "/samples/0/derivesFrom", "Remove the date"
    ),
    # --- codes
    "unknown code": Bad(
        spoilt(diagnosis="NCIT:C99999999"), "obo:NCIT_C99999999: this code is not known", "/samples/0", "typing mistake"
    ),
    "unknown assay": Bad(spoilt(assay="OBI:9999999"), "not known", "field onco:assay", "ontology install obi"),
    "obsolete code": Bad(
        spoilt(diagnosis="NCIT:C0001"), "the code 'Old name' is obsolete", "field onco:diagnosis", "Use obo:NCIT_C3058"
    ),
    "wrong branch": Bad(
        spoilt(diagnosis="NCIT:C12439"), "not of the branch", "field onco:diagnosis", "obo:NCIT_C3262 (Neoplasm)"
    ),
    "no code": Bad(
        spoilt(diagnosis="https://example.org/glioma"),
        "no NCIt or OBI class",
        "field onco:diagnosis",
        "onco:sourceCode",
    ),
    "sample of a wrong class": Bad(
        spoilt(type="obo:OBI_0000070"),
        "must be a specimen",
        "/samples/0, field rdf:type",
        "Add the type obo:OBI_0001479",
    ),
}


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeParts]:
    """A node with one dataset, called good."""
    folder = tmp_path_factory.mktemp("node")
    identifiers = Identifiers(BASE)
    store = OxigraphStore(folder / "data", identifiers=identifiers, workers=1, queue_seconds=10)
    old = Concept(f"{OBO}NCIT_C0001", "Old name", (f"{OBO}NCIT_C3262",), True, f"{OBO}NCIT_C3058")
    vocabulary = core_vocabulary().overlaid_by(Vocabulary.of([old]))
    node = NodeParts(store, identifiers, vocabulary, core_code_map(), Identity(BASE))
    good = folder / "good.jsonld"
    good.write_bytes(text(id="datasets/good", identifier="good", samples=None))
    report = publish([good], node=node)
    assert [d.outcome for d in report.datasets] == [Outcome.PUBLISHED], report
    yield node
    store.close()


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_a_bad_document_is_refused_with_place_and_remedy(case: Bad, parts: NodeParts, tmp_path: Path) -> None:
    """The report says what is wrong, where, and what to do; the generation and the list of datasets are as before."""
    path = tmp_path / case.file
    path.write_bytes(case.content if isinstance(case.content, bytes) else case.content())
    before = parts.store.generation()
    report = publish([path], node=parts)
    assert not report.ok
    assert report.generation == before.number
    assert parts.store.generation() == before
    assert all(d.outcome is Outcome.REJECTED for d in report.datasets)
    findings = [*report.findings, *(f for d in report.datasets for f in d.findings)]
    told = [f for f in findings if f.severity is Severity.VIOLATION and case.message in f.message]
    assert told, "\n".join(map(str, findings))
    assert any(case.place in str(f.where) and case.remedy in (f.remedy or "") for f in told), "\n".join(map(str, told))
    assert all(str(tmp_path) in str(f.where) for f in findings)
    catalog = Catalog(parts.store, parts.identifiers, parts.known_as)
    assert [d.id for d in catalog.datasets()] == ["good"]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("d.jsonld", text()),
        ("d.jsonld", b"\xef\xbb\xbf" + text()),
        ("d.json", text(**{"@context": "context/v1.jsonld"})),
        ("d.jsonld", text(**{"@context": [f"{BASE}context/v1.jsonld", {"mine": None}], "mine": "left out on purpose"})),
        ("d.jsonld.gz", gzip.compress(text())),
        ("d.ttl", TURTLE.encode()),
        ("d.trig", TURTLE.encode()),
    ],
)
def test_the_documents_that_are_spoilt_here_are_right_otherwise(
    file: str, content: bytes, parts: NodeParts, tmp_path: Path
) -> None:
    """Unspoilt, the description passes in every way it can be written; or the tests above would prove nothing."""
    (tmp_path / file).write_bytes(content)
    report = publish([tmp_path / file], node=parts, dry_run=True)
    assert report.ok, report
    assert [(d.outcome, d.findings) for d in report.datasets] == [(Outcome.CHECKED, ())]


def test_a_file_that_is_not_there(parts: NodeParts, tmp_path: Path) -> None:
    """A path that leads nowhere is a mistake in the command, not in a file."""
    with pytest.raises(ProtocolError, match="there is no"):
        publish([tmp_path / "nothing.ttl"], node=parts)


def test_one_bad_file_does_not_hold_back_the_others(parts: NodeParts, tmp_path: Path) -> None:
    """All or nothing is per document: what is right beside a bad document passes."""
    (tmp_path / "a.jsonld").write_bytes(text())
    (tmp_path / "b.ttl").write_bytes(b"<")
    report = publish([tmp_path], node=parts, dry_run=True)
    assert [d.outcome for d in report.datasets] == [Outcome.CHECKED]
    assert len(report.findings) == 1
    assert not report.ok
