"""A corpus of broken inputs of all kinds that ``publish`` takes: what each holds, and what has to be said of it.

Each case is right in all respects but one. ``says`` is a part of the message of a violation, ``at`` a part of its place
(alone it says that there has to be a violation there). A case without both looks broken, but has one right reading, and
``samples`` of it. Everything here is made up.
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

CONTEXT = "https://w3id.org/onconode/context/v1.jsonld"
Content = str | bytes | Callable[[], bytes]


@dataclass(frozen=True)
class Case:
    """One input: files by name (a name with ``/`` lies in a folder), what to publish, and what has to come of it."""

    name: str
    files: dict[str, Content]
    says: str = ""
    at: str = ""
    samples: int = 1
    publish: str = ""

    @property
    def target(self) -> str:
        """The file or folder that is published, relative to where the files lie."""
        return self.publish or next(iter(self.files))


# --- JSON-LD


def sample(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": "datasets/x/samples/S1",
        "type": "Sample",
        "identifier": "S1",
        "diagnosis": "NCIT:C3058",
        "derivesFrom": {"id": "datasets/x/donors/D1", "type": "Donor", "identifier": "D1"},
    }
    return {key: value for key, value in (made | changes).items() if value is not None}


def document(*samples: dict[str, Any], **changes: Any) -> dict[str, Any]:
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
        "samples": list(samples) or [sample()],
    }
    return {key: value for key, value in (made | changes).items() if value is not None}


def text(*samples: dict[str, Any], **changes: Any) -> str:
    return json.dumps(document(*samples, **changes), indent=1)


def jsonld(name: str, content: Content, says: str = "", at: str = "", samples: int = 1) -> Case:
    return Case(f"JSON-LD: {name}", {"d.jsonld": content}, says, at or ("d.jsonld" if says else ""), samples)


GOOD = text()


def json_syntax() -> Iterator[Case]:
    """What is no JSON (RFC 8259), or JSON that says nothing here."""
    for name, content in {
        "single quotes": GOOD.replace('"', "'"),
        "comment": GOOD.replace("{\n", "{ // a comment\n", 1),
        "block comment": "/* a comment */" + GOOD,
        "trailing comma in a list": GOOD.replace('"D1"\n', '"D1",\n'),
        "missing comma": GOOD.replace('"x",\n', '"x"\n', 1),
        "missing colon": GOOD.replace('"id":', '"id"', 1),
        "two commas": GOOD.replace('"x",\n', '"x",,\n', 1),
        "unquoted key": GOOD.replace('"identifier":', "identifier:", 1),
        "unquoted value": GOOD.replace('"D"', "D"),
        "text never closed": GOOD[: GOOD.index('"D"') + 2],
        "brace never closed": GOOD[:-1],
        "brace too many": GOOD + "}",
        "bracket instead of brace": GOOD[:-1] + "]",
        "escape of nothing": GOOD.replace('"D"', '"\\x41"'),
        "half an escape": GOOD.replace('"D"', '"\\u00"'),
        "line end in a text": GOOD.replace('"D"', '"D\nD"'),
        "tab in a text": GOOD.replace('"D"', '"D\tD"'),
        "zero byte in a text": GOOD.replace('"D"', '"D\0D"'),
        "number with a plus": GOOD.replace('"D"', "+1"),
        "number with a leading zero": GOOD.replace('"D"', "007"),
        "number that ends in a point": GOOD.replace('"D"', "1."),
        "hexadecimal number": GOOD.replace('"D"', "0x1F"),
        "True with a capital": GOOD.replace('"D"', "True"),
        "undefined": GOOD.replace('"D"', "undefined"),
        "HTML": "<!DOCTYPE html><html><body>Not found</body></html>",
        "YAML": "id: datasets/x\ntype: Dataset\n",
        "a shell error": "bash: export: command not found\n",
        "Turtle": "@prefix dct: <http://purl.org/dc/terms/> .\n",
        "conflict markers": "<<<<<<< HEAD\n" + GOOD,
        "JSON with a BOM inside": GOOD.replace("{\n", "{\ufeff\n", 1),
    }.items():
        yield jsonld(name, content, "this is not JSON", "line ")
    for value in ("NaN", "Infinity", "-Infinity"):
        yield jsonld(value, GOOD.replace('"D"', value), "not a JSON value")
    for name, content in {"a text": '"x"', "true": "true", "null": "null", "a list of numbers": "[1, 2]"}.items():
        yield jsonld(name, content, "describes no dataset" if name == "a list of numbers" else "object")
    yield jsonld("an empty object", "{}", "describes no dataset")
    yield jsonld("an empty list", "[]", "describes no dataset")
    yield jsonld("a context alone", json.dumps({"@context": CONTEXT}), "describes no dataset")
    for depth in (201, 1_000, 100_000):
        yield jsonld(f"{depth} lists deep", "[" * depth + "]" * depth, "deep", "line 1")
        yield jsonld(f"{depth} objects deep", '{"a":' * depth + "1" + "}" * depth, "deep", "line 1")
    yield jsonld("a key twice, deep", GOOD.replace('"S1",', '"S1", "identifier": "S2",'), "twice")
    yield jsonld("a million digits", GOOD.replace('"D"', "1" * 1_000_000), "more digits")
    yield jsonld("half of a surrogate pair", GOOD.replace('"D"', '"\\ud83d"'), "half of a character")


def jsonld_contexts() -> Iterator[Case]:
    """Contexts that would be fetched, that say nothing, or that are none."""
    for name, context in {
        "http": "http://example.org/c.jsonld",
        "https": "https://example.org/c.jsonld",
        "schema.org": "https://schema.org/",
        "file": "file:///etc/passwd",
        "ftp": "ftp://example.org/c",
        "data": "data:application/json,{}",
        "relative": "../c.jsonld",
        "with a fragment": CONTEXT + "#x",
        "with a query": CONTEXT + "?x=1",
        "another version": CONTEXT.replace("v1", "v9"),
        "host of a neighbour": "http://localhost:8080/context/v1.jsonld",
        "metadata of a cloud": "http://169.254.169.254/latest/meta-data",
    }.items():
        yield jsonld(f"context by {name}", text(**{"@context": context}), "context", "@context")
        yield jsonld(f"import by {name}", text(**{"@context": [CONTEXT, {"@import": context}]}), "", "@context")
    for name, context in {
        "a number": 5,
        "a list of numbers": [CONTEXT, 5],
        "true": True,
        "a term without an IRI": [CONTEXT, {"x": 5}],
        "a cyclic term": [CONTEXT, {"a": "b:x", "b": "a:x"}],
        "a keyword redefined": [CONTEXT, {"@type": "http://example.org/t"}],
        "an unknown version": [CONTEXT, {"@version": 2.0}],
        "an invalid container": [CONTEXT, {"x": {"@id": "http://example.org/x", "@container": "@nonsense"}}],
        "an invalid vocabulary": [CONTEXT, {"@vocab": 5}],
        "an invalid language": [CONTEXT, {"@language": 5}],
        "an invalid base": [CONTEXT, {"@base": 5}],
        "an invalid prefix": [CONTEXT, {"x": {"@id": "http://example.org/x", "@prefix": "yes"}}],
        "an invalid reverse": [CONTEXT, {"x": {"@reverse": 5}}],
        "an alias of the context": [CONTEXT, {"x": "@context"}],
    }.items():
        yield jsonld(f"context is {name}", text(**{"@context": context}), "JSON-LD")
    yield jsonld("no context", text(**{"@context": None}), "no context defines this key")
    yield jsonld("context null", GOOD.replace(f'"{CONTEXT}"', "null"), "no context defines this key")
    yield jsonld("context empty", text(**{"@context": {}}), "no context defines this key")


def jsonld_values() -> Iterator[Case]:
    """Keys and values that a JSON-LD processor would drop, or that mean something else than was meant."""
    for name, changes, says in (
        ("@value and @id", {"title": {"@value": "X", "@id": "x"}}, "JSON-LD"),
        ("@value is an object", {"title": {"@value": {"a": 1}}}, "JSON-LD"),
        ("@type of a value is a number", {"title": {"@value": "X", "@type": 5}}, "JSON-LD"),
        ("@language and @type", {"title": {"@value": "X", "@type": "xsd:string", "@language": "en"}}, "JSON-LD"),
        ("@language is a number", {"title": {"@value": "X", "@language": 5}}, "language"),
        ("language with a space", {"title": {"@value": "X", "@language": "en GB"}}, "language"),
        ("language empty", {"title": {"@value": "X", "@language": ""}}, "language"),
        ("@list in a @list of sets", {"keyword": {"@list": [{"@set": [{"@value": []}]}]}}, "JSON-LD"),
        ("@graph with a name", {"samples": {"@id": "g", "@graph": [sample()]}}, "named graph"),
        ("@id is a list", {"id": ["datasets/x"]}, "JSON-LD"),
        ("@id is null", {"id": None, "@id": None, "x": None}, "no IRI of its own"),
        ("@id is empty", {"id": ""}, "another address"),
        ("@id is a fragment", {"id": "#x"}, "another address"),
        ("@id is a blank node", {"id": "_:x"}, "no IRI of its own"),
        ("@id with a bracket", {"id": "datasets/<x>"}, "not an IRI"),
        ("@id with a quotation mark", {"id": 'datasets/"x"'}, "not an IRI"),
        ("@id with a backslash", {"id": "datasets\\x"}, "not an IRI"),
        ("@id with a control character", {"id": "datasets/\u0001"}, "not an IRI"),
        ("@id with a bidirectional mark", {"id": "datasets/x\u202e"}, "IRI"),
        ("@id climbs", {"id": "datasets/../../etc/passwd"}, "address"),
        ("@id of the node itself", {"id": "https://node.example.org/"}, "address"),
        ("@id of a graph", {"id": "graph/x"}, "address"),
        ("@id too long", {"id": "datasets/" + "x" * 500}, "cannot be the IRI"),
        ("@id with capitals", {"id": "datasets/Gliomas"}, "cannot be the IRI"),
        ("@id with an empty step", {"id": "datasets//x"}, "cannot be the IRI"),
        ("@type unknown", {"type": "Datasset"}, "describes no dataset"),
        ("@type is a number", {"type": 5}, "JSON-LD"),
        ("@type missing", {"type": None}, "describes no dataset"),
        ("@reverse of a literal", {"@reverse": {"dct:isPartOf": "x"}}, "JSON-LD"),
        ("@included is a text", {"@included": "x"}, "JSON-LD"),
        ("@index is a number", {"title": {"@value": "X", "@index": 5}}, "JSON-LD"),
        ("@nest is a text", {"@nest": "x"}, "JSON-LD"),
        ("@direction", {"title": {"@value": "X", "@direction": "rtl", "@language": "ar"}}, "RDF 1.2"),
        ("misspelt key", {"titel": "X"}, "no context defines this key"),
        ("key in capitals", {"TITLE": "X"}, "no context defines this key"),
        ("key with a space", {"my key": "X"}, "no context defines this key"),
        ("empty key", {"": "X"}, "no context defines this key"),
        ("key like a keyword", {"@comment": "X"}, "not a keyword"),
        ("prefix not declared", {"dcterms:bar": "X"}, ""),
        ("title empty", {"title": ""}, "title"),
        ("title a number", {"title": 5}, ""),
        ("title an object", {"title": {"name": "X"}}, "dct:title"),
        ("title null", {"title": None}, "missing"),
        ("description of spaces", {"description": "   "}, ""),
        ("no licence", {"license": None}, ""),
        ("licence a word", {"license": {"@value": "CC-BY"}}, "license"),
        ("access a word", {"accessRights": {"@value": "public"}}, "accessRights"),
        ("access unknown", {"accessRights": "EVERYBODY"}, "accessRights"),
        ("two access rights", {"accessRights": ["PUBLIC", "RESTRICTED"]}, "accessRights"),
        ("publisher a word", {"publisher": {"@value": "A clinic"}}, "publisher"),
        ("keyword a number", {"keyword": [5, True]}, ""),
        ("a text of 2 MB", {"description": "x" * 2_000_000}, ""),
        ("right-to-left override in a text", {"description": "abc \u202e cba"}, ""),
        ("emoji and combining marks", {"description": "e\u0301 🧬 \u200d"}, ""),
        ("a not-a-character", {"description": "x\uffff"}, ""),
        ("control character", {"description": "a\u0007b"}, "control character"),
        ("escape sequence of a terminal", {"title": "\u001b[31mred"}, "control character"),
        ("formula for a spreadsheet", {"description": "=cmd|' /C calc'!A0"}, ""),
        ("script", {"description": "<script>alert(1)</script>"}, ""),
        ("samples a list of nothing", {"samples": [5]}, "JSON-LD"),
        ("samples a text", {"samples": ["datasets/x/samples/S1"]}, "JSON-LD"),
        ("samples a number", {"samples": 5}, "JSON-LD"),
    ):
        yield jsonld(name, text(**changes), says)


def jsonld_samples() -> Iterator[Case]:
    """Samples and donors: identifiers, codes, ages, and how they hang together."""
    for name, changes, says in (
        ("age negative", {"ageAtDiagnosis": -1}, "too small"),
        ("age 121", {"ageAtDiagnosis": 121}, "too large"),
        ("age 10**30", {"ageAtDiagnosis": 10**30}, "onco:ageAtDiagnosis"),
        ("age NaN", {"ageAtDiagnosis": {"@value": "NaN", "@type": "xsd:double"}}, "onco:ageAtDiagnosis"),
        ("age INF", {"ageAtDiagnosis": {"@value": "INF", "@type": "xsd:double"}}, "onco:ageAtDiagnosis"),
        ("age a text", {"ageAtDiagnosis": "58"}, "onco:ageAtDiagnosis"),
        ("age a wrong integer", {"ageAtDiagnosis": {"@value": "5x", "@type": "xsd:integer"}}, "onco:ageAtDiagnosis"),
        ("age true", {"ageAtDiagnosis": True}, "onco:ageAtDiagnosis"),
        ("age an object", {"ageAtDiagnosis": {"years": 5}}, "years"),
        ("two ages", {"ageAtDiagnosis": [50, 51]}, "onco:ageAtDiagnosis"),
        ("diagnosis unknown", {"diagnosis": "NCIT:C0"}, "not known"),
        ("diagnosis a text", {"diagnosis": {"@value": "Glioma"}}, "onco:diagnosis"),
        ("diagnosis without prefix", {"diagnosis": "C3058"}, "onco:diagnosis"),
        ("diagnosis with a wrong prefix", {"diagnosis": "NCI:C3058"}, "no NCIt or OBI class"),
        ("diagnosis a blank node", {"diagnosis": {"type": "Dataset"}}, "onco:diagnosis"),
        ("diagnosis of another branch", {"diagnosis": "NCIT:C16576"}, "branch"),
        ("sex of another branch", {"derivesFrom": {**sample()["derivesFrom"], "sex": "NCIT:C3058"}}, "branch"),
        ("identifier missing", {"identifier": None}, "dct:identifier"),
        ("identifier empty", {"identifier": ""}, "dct:identifier"),
        ("identifier twice", {"identifier": ["S1", "S2"]}, "dct:identifier"),
        ("identifier a number", {"identifier": 5}, ""),
        ("sample of two datasets", {"dct:isPartOf": {"@id": "datasets/y"}}, "too many values"),
        ("sample derives from itself", {"derivesFrom": {"id": "datasets/x/samples/S1"}}, "circle"),
        ("sample derives from a text", {"derivesFrom": {"@value": "D1"}}, "RO_0001000"),
        ("sample derives from nothing there", {"derivesFrom": {"id": "datasets/x/donors/D9"}}, "not described"),
        ("donor without an identifier", {"derivesFrom": {"id": "datasets/x/donors/D1", "type": "Donor"}}, "identifier"),
        ("donor without an IRI", {"derivesFrom": {"type": "Donor", "identifier": "D1"}}, "no IRI of its own"),
        (
            "donor of another dataset",
            {"derivesFrom": {**sample()["derivesFrom"], "id": "datasets/y/donors/D1"}},
            "belongs",
        ),
        ("donor with a name", {"derivesFrom": {**sample()["derivesFrom"], "foaf:name": "N. N."}}, "must not be"),
        (
            "donor with a birthday",
            {"derivesFrom": {**sample()["derivesFrom"], "foaf:birthday": "05-03"}},
            "must not be",
        ),
        ("type missing", {"type": None}, "type"),
        ("type unknown", {"type": "Sampel"}, "must be a specimen"),
        ("IRI with a space", {"id": "datasets/x/samples/S 1"}, "not an IRI"),
        ("IRI with a slash too many", {"id": "datasets/x/samples/a/b"}, "one of its forms"),
        ("IRI without a name", {"id": "datasets/x/samples/"}, "one of its forms"),
        ("IRI of the dataset", {"id": "datasets/x"}, "too many values"),
        ("IRI elsewhere", {"id": "https://example.org/S1"}, ""),
        ("IRI with a percent sign", {"id": "datasets/x/samples/S%ZZ", "derivesFrom": None}, "not an IRI"),
        ("IRI relative to nothing", {"id": "S1"}, "one of its forms"),
    ):
        yield jsonld(f"sample: {name}", text(sample(**changes)), says)
    a = sample(id="datasets/x/samples/A", identifier="A", derivesFrom={"id": "datasets/x/samples/B"})
    b = sample(id="datasets/x/samples/B", identifier="B", derivesFrom={"id": "datasets/x/samples/A"})
    yield jsonld("samples derive from each other in a circle", text(a, b), "circle")
    yield jsonld("two samples of one IRI", text(sample(), sample(identifier="S2")), "dct:identifier")
    yield jsonld("two samples of one identifier", text(sample(), sample(id="datasets/x/samples/S2")), "", samples=2)
    yield jsonld("a thousand keys", text(sample(**{f"k{i}": i for i in range(1000)})), "no context defines")


# --- other RDF

PREFIXES = """@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix obo: <http://purl.obolibrary.org/obo/> .
@prefix onco: <https://w3id.org/onconode/vocab#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
"""
TURTLE = (
    PREFIXES
    + """<datasets/x> a dcat:Dataset ; dct:identifier "x" ; dct:title "X"@en ; dct:description "D" ;
  dct:license <https://creativecommons.org/licenses/by/4.0/> ; dct:publisher <organisation> ;
  dct:accessRights <http://publications.europa.eu/resource/authority/access-right/PUBLIC> .
<organisation> foaf:name "A clinic" .
<datasets/x/samples/S1> a obo:OBI_0001479 ; dct:identifier "S1" ; dct:isPartOf <datasets/x> ;
  obo:RO_0001000 <datasets/x/donors/D1> .
<datasets/x/donors/D1> a onco:Donor ; dct:identifier "D1" .
"""
)


def turtle(name: str, more: str, says: str = "", at: str = "", samples: int = 1) -> Case:
    return Case(f"Turtle: {name}", {"d.ttl": TURTLE + more + "\n"}, says, at or ("d.ttl" if says else ""), samples)


def turtle_syntax() -> Iterator[Case]:
    """What is no Turtle 1.1."""
    for name, more in {
        "no full stop": "<datasets/x> dct:title 'Y'@fr",
        "no object": "<datasets/x> dct:title .",
        "no predicate": "<datasets/x> .",
        "literal as subject": "'x' dct:title 'Y' .",
        "literal as predicate": "<datasets/x> 'title' 'Y' .",
        "blank node as predicate": "<datasets/x> _:p 'Y' .",
        "prefix not declared": "<datasets/x> ex:p 'Y' .",
        "prefix without an IRI": "@prefix ex: .",
        "prefix without a full stop": "@prefix ex: <http://example.org/>\n<datasets/x> dct:title 'Y'@fr .",
        "IRI never closed": "<datasets/x dct:title 'Y' .",
        "IRI with a space": "<datasets/a b> dct:title 'Y' .",
        "IRI with a brace": "<datasets/{x}> dct:title 'Y' .",
        "IRI with a wrong escape": "<datasets/\\u00ZZ> dct:title 'Y' .",
        "text never closed": "<datasets/x> dct:title 'Y .",
        "long text never closed": "<datasets/x> dct:title '''Y' .",
        "wrong escape": "<datasets/x> dct:title '\\q' .",
        "line end in a short text": "<datasets/x> dct:title 'Y\nZ' .",
        "language with an underscore": "<datasets/x> dct:title 'Y'@en_GB .",
        "language with a space": "<datasets/x> dct:title 'Y'@ en .",
        "datatype is a text": "<datasets/x> dct:title 'Y'^^'string' .",
        "datatype missing": "<datasets/x> dct:title 'Y'^^ .",
        "list never closed": "<datasets/x> dct:relation (1 2 .",
        "bracket never closed": "<datasets/x> dct:relation [ dct:title 'Y' .",
        "bracket too many": "<datasets/x> dct:relation ] .",
        "number with two points": "<datasets/x> dct:extent 1.2.3 .",
        "True with a capital": "<datasets/x> dct:relation True .",
        "comma at the end": "<datasets/x> dct:title 'Y'@fr , .",
        "SPARQL": "SELECT * WHERE { ?s ?p ?o }",
        "N3 rule": "{ ?x a dcat:Dataset } => { ?x a dct:Thing } .",
        "N3 variable": "?x a dcat:Dataset .",
        "named graph": "<g> { <datasets/x> dct:title 'Y'@fr }",
        "JSON": '{"id": "datasets/x"}',
        "conflict markers": "<<<<<<< HEAD",
        "a BOM inside": "\ufeff<datasets/x> dct:title 'Y'@fr .",
    }.items():
        yield turtle(name, more, "this is not Turtle", "line ")
    yield turtle("a quoted triple", "<< <datasets/x> dct:title 'X' >> dct:source <a> .", "RDF 1.2")
    yield turtle("a zero byte", "<datasets/x> dct:abstract 'a\0b' .", "control character")
    for place in range(1, 11):
        cut = len(PREFIXES) + (len(TURTLE) - len(PREFIXES)) * place // 11
        yield Case(f"Turtle: cut off at {place} of 11", {"d.ttl": TURTLE[:cut]}, "this is not Turtle", "line ")


def turtle_graphs() -> Iterator[Case]:
    """Turtle that parses, and describes what cannot be published."""
    for name, more, says in (
        ("a list in a circle", "<datasets/x> dct:relation _:l . _:l rdf:first 1 ; rdf:rest _:l .", "circle"),
        ("two lists in a circle", "<datasets/x> dct:relation _:l . _:l rdf:rest _:m . _:m rdf:rest _:l .", "circle"),
        ("a list with two ends", "<datasets/x> dct:relation _:l . _:l rdf:first 1 , 2 ; rdf:rest rdf:nil , _:m .", ""),
        ("a blank node in itself", "<datasets/x> dct:relation _:a . _:a dct:relation _:a .", "circle"),
        ("three blank nodes in a circle", "<datasets/x> dct:relation _:a . _:a dct:relation _:b . "
         "_:b dct:relation _:c . _:c dct:relation _:a .", "circle"),
        ("a stray resource", "<https://example.org/a> dct:title 'A' .", "would not be published"),
        ("a stray blank node", "[] dct:title 'A' .", "would not be published"),
        ("a stray chain", "<https://a.example/> dct:relation <https://b.example/> . "
         "<https://b.example/> dct:title 'B' .",
         "would not be published"),
        ("a sample of no dataset", "<datasets/x/samples/S2> a obo:OBI_0001479 ; dct:identifier 'S2' .", "no dataset"),
        ("a donor of no sample", "<datasets/x/donors/D2> a onco:Donor ; dct:identifier 'D2' .", "no dataset"),
        ("a relative property", "<datasets/x> <title> 'Y' .", "no properties"),
        ("a property of the node", "<datasets/x> <https://node.example.org/p> 'Y' .", "no properties"),
        ("an undeclared prefix as an IRI", "<datasets/x> dct:relation <dct:title> .", "not declared"),
        ("a code with an undeclared prefix", "<datasets/x/samples/S1> onco:diagnosis <NCIT:C3058> .", "not declared"),
        ("a relative IRI to nothing", "<datasets/x> dct:relation <tumor.csv> .", ""),
        ("a foreign namespace", "<datasets/x> <http://evil.example/p> <http://evil.example/o> .", ""),
        ("a javascript IRI", "<datasets/x> dcat:landingPage <javascript:alert(1)> .", ""),
        ("a file IRI", "<datasets/x> dcat:landingPage <file:///etc/passwd> .", ""),
        ("a wrong date", "<datasets/x> dct:issued '2024-02-31'^^xsd:date .", ""),
        ("a wrong number", "<datasets/x/samples/S1> onco:ageAtDiagnosis 'x'^^xsd:integer .", "onco:ageAtDiagnosis"),
        ("an age not finite", "<datasets/x/samples/S1> onco:ageAtDiagnosis 'NaN'^^xsd:double .", "onco:ageAtDiagnosis"),
        ("an age below zero", "<datasets/x/samples/S1> onco:ageAtDiagnosis -5 .", "onco:ageAtDiagnosis"),
        ("a second title of one language", "<datasets/x> dct:title 'Y'@en .", "dct:title"),
        ("a second publisher", "<datasets/x> dct:publisher <https://example.org/org> .", "dct:publisher"),
        ("a dataset in another", "<datasets/y> a dcat:Dataset ; dct:isPartOf <datasets/x> .", "title"),
        ("two datasets of one name", "<https://example.org/1> a dcat:Dataset ; dct:identifier 'x' .", "both called"),
        ("samples in a circle", "<datasets/x/samples/A> a obo:OBI_0001479 ; dct:identifier 'A' ; dct:isPartOf "
         "<datasets/x> ; obo:RO_0001000 <datasets/x/samples/B> . <datasets/x/samples/B> a obo:OBI_0001479 ; "
         "dct:identifier 'B' ; dct:isPartOf <datasets/x> ; obo:RO_0001000 <datasets/x/samples/A> .", "circle"),
        ("a control character", "<datasets/x> dct:description 'a\\u0001b' .", "control character"),
        ("a skolem IRI of nobody", "<datasets/x> dct:relation <.well-known/genid/abc> .", ""),
        ("3,000 values of one property", " ".join(f"<datasets/x> dct:subject 's{i}' ." for i in range(3_000)), ""),
        ("a text of 5 MB", f"<datasets/x> dct:abstract '{'x' * 5_000_000}' .", ""),
    ):  # fmt: skip
        yield turtle(name, more, says)


def other_syntaxes() -> Iterator[Case]:
    """N-Triples, N-Quads, TriG, RDF/XML, and names that say something else."""
    line = "<https://node.example.org/datasets/x> <http://purl.org/dc/terms/title> "
    for name, content, says in (
        ("a relative IRI", "<a> <b> <c> .\n", "N-Triples"),
        ("a prefix", "@prefix a: <b> .\n", "N-Triples"),
        ("no full stop", line + '"x"\n', "N-Triples"),
        ("single quotes", line + "'x' .\n", "N-Triples"),
        ("text never closed", line + '"x .\n', "N-Triples"),
        ("an abbreviated number", line + "5 .\n", "N-Triples"),
        ("two triples on one line", line + '"x" . ' + line + '"y" .\n', "N-Triples"),
        ("a graph", line + '"x" <https://g.example/> .\n', "N-Triples"),
        ("only a comment", "# nothing\n", "describes no dataset"),
    ):
        yield Case(f"N-Triples: {name}", {"d.nt": content}, says, "d.nt")
    yield Case("N-Quads: a graph", {"d.nq": line + '"x" <https://g.example/> .\n'}, "named graph", "g.example")
    yield Case("N-Quads: a blank graph", {"d.nq": line + '"x" _:g .\n'}, "named graph", "d.nq")
    yield Case("N-Quads: no quad", {"d.nq": "x y z\n"}, "N-Quads", "line 1")
    yield Case("TriG: a graph", {"d.trig": TURTLE + "<g> { <datasets/x> dct:title 'Y' }"}, "named graph", "/g")
    yield Case("TriG: brace never closed", {"d.trig": TURTLE + "<g> { <datasets/x> dct:title 'Y'"}, "", "d.trig")
    head = (
        '<?xml version="1.0"?>\n<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns:dct="http://purl.org/dc/terms/" xmlns:dcat="http://www.w3.org/ns/dcat#">\n'
    )
    body = '<dcat:Dataset rdf:about="datasets/x"><dct:title>X</dct:title></dcat:Dataset>\n'
    laughs = "".join(f'<!ENTITY l{i + 1} "{f"&l{i};" * 10}">' for i in range(9))
    for name, content, says in (
        ("cut off", head + body, "not XML"),
        ("tags cross", head + "<a><b></a></b></rdf:RDF>", "not XML"),
        ("attribute without quotes", head + "<dct:title a=b/></rdf:RDF>", "not XML"),
        ("ampersand", head + body.replace(">X<", ">X & Y<") + "</rdf:RDF>", "not XML"),
        ("prefix not declared", head + "<foo:bar/></rdf:RDF>", ""),
        ("two roots", head + "</rdf:RDF><a/>", "not XML"),
        ("text before", "x" + head + "</rdf:RDF>", "not XML"),
        ("an entity", head.replace("?>\n", '?>\n<!DOCTYPE r [<!ENTITY a "b">]>\n', 1) + "</rdf:RDF>", "entity"),
        ("a billion laughs", f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "ha">{laughs}]><r>&l9;</r>', "entity"),
        ("a file as an entity", '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><r>&a;</r>', "entity"),
        ("an address as an entity", '<!DOCTYPE r [<!ENTITY a SYSTEM "http://x.example/">]><r>&a;</r>', "entity"),
        ("a parameter entity", '<!DOCTYPE r [<!ENTITY % a "b"> %a;]><r/>', "entity"),
        ("an external type", '<!DOCTYPE r SYSTEM "http://x.example/r.dtd"><r/>', ""),
        ("another encoding", head.replace('"1.0"', '"1.0" encoding="UTF-16"', 1) + "</rdf:RDF>", ""),
        ("an unknown encoding", head.replace('"1.0"', '"1.0" encoding="klingon"', 1) + "</rdf:RDF>", ""),
        ("HTML", "<html><body><p>Not found<br></body></html>", "not XML"),
        ("no RDF", "<a><b/></a>", ""),
        ("deep", head + "<dct:a><rdf:Description>" * 5_000, "not XML"),
        (
            "a wrong parse type",
            head + body.replace("<dct:title>", '<dct:title rdf:parseType="Nonsense">') + "</rdf:RDF>",
            "",
        ),
        ("a forbidden name", head + '<rdf:li rdf:about="x"/></rdf:RDF>', ""),
        ("an ID twice", head + '<dcat:Dataset rdf:ID="a"/><dcat:Dataset rdf:ID="a"/></rdf:RDF>', ""),
        ("an IRI with a space", head + body.replace("datasets/x", "datasets/a b") + "</rdf:RDF>", ""),
    ):
        yield Case(f"RDF/XML: {name}", {"d.rdf": content}, says, "d.rdf")
    for name, file in (
        ("JSON-LD named .ttl", "d.ttl"),
        ("JSON-LD named .nt", "d.nt"),
        ("JSON-LD named .rdf", "d.rdf"),
        ("JSON-LD named .nq", "d.nq"),
        ("JSON-LD named .trig", "d.trig"),
    ):
        yield Case(name, {file: GOOD}, "this is not", file)
    for name, file in (
        ("no ending", "document"),
        ("PDF", "d.pdf"),
        ("Word", "d.docx"),
        ("an image", "d.png"),
        ("HTML", "d.html"),
        ("YAML", "d.yaml"),
        ("SPARQL", "d.rq"),
        ("tar", "d.tar.gz"),
    ):
        yield Case(f"file: {name}", {file: GOOD}, "ending", file)


def encodings() -> Iterator[Case]:
    """Bytes: encodings and compression of documents."""
    umlaut = TURTLE.replace('"D"', '"Gewächse, Ü"')
    for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"):
        yield Case(f"encoding: {name}", {"d.ttl": umlaut.encode(name)}, "UTF-", "line 1")
    for name in ("latin-1", "cp1252", "iso8859-15", "mac-roman", "cp850"):
        yield Case(f"encoding: {name}", {"d.ttl": umlaut.encode(name)}, "not UTF-8", "line ")
    for name, tail in {"a lone byte": b"\xff", "an overlong form": b"\xc0\xaf", "a surrogate": b"\xed\xa0\x80"}.items():
        yield Case(f"encoding: {name}", {"d.ttl": TURTLE.encode() + b"# " + tail + b"\n"}, "not UTF-8", "line ")
    yield Case("encoding: UTF-7", {"d.ttl": umlaut.encode("utf-7")}, "", "")
    yield Case("encoding: EBCDIC", {"d.jsonld": GOOD.encode("cp500")}, "", "d.jsonld")
    yield Case("encoding: a byte-order mark", {"d.ttl": codecs.BOM_UTF8 + TURTLE.encode()})
    yield Case(
        "encoding: two byte-order marks", {"d.ttl": codecs.BOM_UTF8 * 2 + TURTLE.encode()}, "not Turtle", "line 1"
    )
    yield Case("line ends: CR LF", {"d.ttl": TURTLE.replace("\n", "\r\n")})
    yield Case("line ends: CR", {"d.ttl": TURTLE.replace("\n", "\r")})
    yield Case("line ends: mixed", {"d.ttl": TURTLE.replace(".\n", ".\r\n")})
    for name, content in {"nothing": b"", "spaces": b"  \n\t ", "a byte-order mark alone": codecs.BOM_UTF8}.items():
        yield Case(f"empty: {name}", {"d.jsonld": content}, "empty", "d.jsonld")
    packed = gzip.compress(GOOD.encode())
    for name, packed_content, says in (
        ("cut off", packed[:-9], "cut off or damaged"),
        ("cut off at its head", packed[:5], "cut off or damaged"),
        ("a wrong checksum", packed[:-8] + b"\0" * 8, "cut off or damaged"),
        ("damaged inside", packed[:40] + b"\xff" * 10 + packed[50:], "damaged"),
        ("not gzip", GOOD.encode(), "not gzip"),
        ("zip named gz", b"PK\x03\x04" + packed, "not gzip"),
        ("twice", gzip.compress(packed), ""),
        ("something after it", packed + b"garbage", ""),
        ("two members", packed + gzip.compress(b""), None),
        ("empty inside", gzip.compress(b""), "empty"),
    ):
        yield Case(
            f"gzip: {name}", {"d.jsonld.gz": packed_content}, says or "", "d.jsonld.gz" if says is not None else ""
        )
    yield Case("gzip: a bomb", {"d.ttl.gz": lambda: gzip.compress(b" " * 210_000_000, 9)}, "more than", "d.ttl.gz")
    yield Case(
        "gzip: JSON bomb", {"d.jsonld.gz": lambda: gzip.compress(b"[" * 81_000_000, 9)}, "more than", "d.jsonld.gz"
    )
    yield Case(
        "a literal of 100 MB",
        {
            "d.ttl.gz": lambda: gzip.compress(
                (TURTLE + f"<datasets/x> dct:abstract '{'x' * 100_000_000}' .").encode(), 1
            )
        },
        "longer than",
        "d.ttl.gz",
    )


# --- study folders

META = "cancer_study_identifier: x\nname: X\ndescription: D\ntype_of_cancer: brain\n"
HEADER = "PATIENT_ID\tSAMPLE_ID\tONCOTREE_CODE\tAGE\n"
ROW = "P1\tS1\tGBM\t58\n"


def study(name: str, table: Content, says: str = "", at: str = "", samples: int = 1, **files: Content) -> Case:
    """A study whose sample table is ``table``; ``files`` replace or add others, with ``__`` for a full stop."""
    made: dict[str, Content] = {
        "s/meta_study.txt": META,
        "s/LICENSE": "CC BY 4.0",
        "s/data_clinical_sample.txt": table,
        **{f"s/{key.replace('__', '.').replace('_DIR_', '/')}": value for key, value in files.items()},
    }
    return Case(f"study: {name}", made, says, at or ("data_clinical_sample.txt" if says else ""), samples, publish="s")


def study_tables() -> Iterator[Case]:
    """Sample tables of study folders."""
    for name, table, says in (
        ("empty", "", "no header row"),
        ("only comments", "#a\n#b\n", "no header row"),
        ("commas", (HEADER + ROW).replace("\t", ","), "no column"),
        ("semicolons", (HEADER + ROW).replace("\t", ";"), "no column"),
        ("spaces", (HEADER + ROW).replace("\t", " "), "no column"),
        ("no SAMPLE_ID", HEADER.replace("SAMPLE_ID", "ID") + ROW, "no column SAMPLE_ID"),
        ("no PATIENT_ID", HEADER.replace("PATIENT_ID", "ID") + ROW, "no column PATIENT_ID"),
        ("no header", ROW, "no column"),
        ("SAMPLE_ID twice", "SAMPLE_ID\t" + HEADER + "S1\t" + ROW, "more than once"),
        ("a value too many", HEADER + ROW.replace("\n", "\tx\n"), "more cells"),
        ("no sample identifier", HEADER + ROW + "P2\t\tGBM\t58\n", "no sample identifier"),
        ("sample identifier NA", HEADER + ROW + "P2\tNA\tGBM\t58\n", "no sample identifier"),
        ("sample identifier too long", HEADER + f"P1\t{'x' * 201}\tGBM\t58\n", "more than 200"),
        ("one sample twice, differently", HEADER + ROW + "P1\tS1\tBRCA\t58\n", "described before"),
        ("UTF-16", (HEADER + ROW).encode("utf-16"), "UTF-16"),
        ("UTF-16 without mark", (HEADER + ROW).encode("utf-16-le"), "zero byte"),
        ("a zero byte", HEADER + "P1\tS\0\tGBM\t58\n", "zero byte"),
        ("a workbook", b"PK\x03\x04" + b"\0" * 100, "zero byte"),
        ("gzip", gzip.compress((HEADER + ROW).encode()), "zero byte"),
        ("one line of 5 MB", HEADER + "P1\tS1\t" + "x" * 5_000_000 + "\n", "longer than"),
        ("20,000 columns", "\t".join(["PATIENT_ID", "SAMPLE_ID", *(f"C{i}" for i in range(20_000))]) + "\n", "columns"),
        ("HTML", "<!DOCTYPE html>\n<html><body>Not found</body></html>\n", "no column"),
        ("an LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "no column"),
        ("JSON", GOOD, "no column"),
    ):
        yield study(name, table, says)
    two = HEADER + ROW + "P2\tS2\tGBM\t60\n"
    for name, table, count in (
        ("only a header", HEADER, 0),
        ("a byte-order mark", codecs.BOM_UTF8 + two.encode(), 2),
        ("CR LF", two.replace("\n", "\r\n"), 2),
        ("CR", two.replace("\n", "\r"), 2),
        ("mixed line ends", two.replace("58\n", "58\r\n"), 2),
        ("no line end at the end", two.rstrip(), 2),
        ("empty lines", two.replace("\n", "\n\n"), 2),
        ("Latin-1", two.replace("GBM", "Gewächs").encode("latin-1"), 2),
        ("quotes around cells", two.replace("S1", '"S1"'), 2),
        ("one quotation mark", two.replace("GBM", '"GBM', 1), 2),
        ("a header in quotes", two.replace("SAMPLE_ID", '"SAMPLE_ID"'), 2),
        ("a header in small letters", two.replace(HEADER, HEADER.lower()), 2),
        ("a header with spaces", two.replace("SAMPLE_ID", " Sample Id "), 2),
        ("a commented header", "#" + two, 2),
        ("a comment inside", two.replace("P2", "# a comment\nP2"), 2),
        ("short rows", two.replace("\t60", ""), 2),
        ("empty cells at the end", two.replace("58\n", "58\t\t\t\n"), 2),
        ("a row twice", two + ROW, 2),
        ("a column twice", HEADER.replace("AGE", "AGE\tAGE") + "P1\tS1\tGBM\t58\t59\n", 1),
        ("columns without a name", HEADER.replace("AGE", "AGE\t\t") + "P1\tS1\tGBM\t58\tx\ty\n", 1),
        ("a carriage return in a row", two.replace("GBM", "GB\rM", 1), 2),
        ("a vertical tab", two.replace("GBM", "GBM\x0b", 1), 2),
        ("a right-to-left mark", two.replace("GBM", "GBM\u200f", 1), 2),
        ("a no-break space", two.replace("GBM", "GBM\u00a0", 1), 2),
        ("a formula", two.replace("GBM", "=1+1", 1), 2),
        ("a formula in an identifier", two.replace("S1", "=cmd|' /C calc'!A0"), 2),
        ("no donor", two.replace("P2", ""), 2),
        ("a donor NA", two.replace("P2", "NA"), 2),
        ("an unknown code", two.replace("GBM", "XYZ"), 2),
        ("a code in small letters", two.replace("GBM", "gbm"), 2),
        ("an age in words", two.replace("58", "fifty"), 2),
        ("an age NaN", two.replace("58", "NaN"), 2),
        ("an age inf", two.replace("58", "inf"), 2),
        ("an age below zero", two.replace("58", "-5"), 2),
        ("an age of 400", two.replace("58", "400"), 2),
        ("an age with a comma", two.replace("58", "58,5"), 2),
        ("an age in exponents", two.replace("58", "5.8E1"), 2),
        ("an age of a thousand digits", two.replace("58", "5" * 1000), 2),
        ("an age in Arabic digits", two.replace("58", "٥٨"), 2),
        ("an identifier with a slash", two.replace("S1", "a/b"), 2),
        ("an identifier with a space", two.replace("S1", "S 1"), 2),
        ("an identifier with dots", two.replace("S1", "../../etc/passwd"), 2),
        ("an identifier with a percent sign", two.replace("S1", "S%2F1"), 2),
        ("an identifier with angle brackets", two.replace("S1", "<S1>"), 2),
        ("an identifier with quotes inside", two.replace("S1", 'S"1'), 2),
        ("an identifier with a backslash", two.replace("S1", "S\\1"), 2),
        ("an identifier in Greek", two.replace("S1", "Δ1"), 2),
        ("an identifier with an emoji", two.replace("S1", "S🧬"), 2),
    ):
        yield study(f"{name} (read)", table, samples=count)
    yield study("an identifier with a control character", two.replace("S1", "S\x01"), "control character", "line 2")
    for name, mark in {
        "line separator": "\u2028",
        "right-to-left mark": "\u200f",
        "right-to-left override": "\u202e",
        "no-break space": "\u00a0",
        "zero-width space": "\u200b",
        "soft hyphen": "\u00ad",
        "byte-order mark": "\ufeff",
    }.items():
        yield study(f"a {name} in an identifier", two.replace("S1", f"S{mark}1"), "cannot be seen", "line 2")


def study_files() -> Iterator[Case]:
    """The other files of a study folder."""
    good = HEADER + ROW
    meta = "meta_study.txt"
    for name, content, says in (
        ("empty", "", None),
        ("of another kind", "<html></html>", None),
        ("with a BOM", "\ufeff" + META, None),
        ("UTF-16", META.encode("utf-16"), "zero byte"),
        ("Latin-1", META.replace("D\n", "Gewächs\n").encode("latin-1"), None),
        ("of 2 MB", META + "x" * 2_000_000, "more than 1000000 bytes"),
        ("identifier of signs", META.replace(": x", ": ???"), "no letter or digit"),
        ("identifier that climbs", META.replace(": x", ": ../../x"), None),
        ("identifier too long", META.replace(": x", ": " + "x" * 500), None),
        ("keys twice", META + META, None),
        ("a tag in the title", META.replace("name: X", "name: <b onclick=x>X</b>"), None),
        ("an entity in the title", META.replace("name: X", "name: &lt;script&gt;"), None),
        ("a control character in the title", META.replace("name: X", "name: X\x07"), "control character"),
        ("a wrong PubMed number", META + "pmid: abc, 123x\n", None),
        ("an unknown group", META + "groups: SECRET\n", None),
    ):
        yield study(f"meta {name}", good, says or "", meta if says is not None else "", meta_study__txt=content)
    patients = "PATIENT_ID\tSEX\nP1\tFemale\n"
    for name, content, says in (
        ("empty", "", "no header row"),
        ("no PATIENT_ID", "ID\tSEX\nP1\tFemale\n", "no column PATIENT_ID"),
        ("a value too many", patients.replace("Female", "Female\tx"), "more cells"),
        ("UTF-16", patients.encode("utf-16"), "UTF-16"),
        ("a zero byte", patients.replace("Female", "\0"), "zero byte"),
        ("contradicting rows", patients + "P1\tMale\n", None),
        ("strangers", patients + "P9\tMale\n", None),
        ("unknown sex", patients.replace("Female", "???"), None),
        ("no donor named", patients + "\tMale\n", None),
    ):
        yield study(
            f"patients {name}",
            good,
            says or "",
            "data_clinical_patient" if says else "",
            data_clinical_patient__txt=content,
        )
    for name, content in {
        "empty": "",
        "of strangers": "stable_id: a\ncase_list_ids: S8\tS9\n",
        "without samples": "stable_id: x_sequenced\n",
        "binary": b"\x00\x01\x02\xff",
        "huge": "case_list_ids: " + "S1\t" * 100_000,
    }.items():
        yield study(f"case list {name}", good, case_lists_DIR_cases_sequenced__txt=content)
    for name, content in {"empty": "", "unknown": "All rights reserved"}.items():
        yield study(f"licence {name}", good, LICENSE=content)
    yield study("licence binary", good, "zero byte", "LICENSE", LICENSE=b"\xff\xfe\x00")
    for name, content in {
        "no TOML": "drop: x",
        "a switch": "check = false\n",
        "no reason": '[[allow]]\ncolumn = "AGE"\n',
        "binary": b"\xff\xfe\x00",
        "deep": "a = " + "[" * 5_000,
    }.items():
        yield study(f"safety.toml {name}", good, "", "safety.toml", safety__toml=content)


# --- mapped tables

MAPPING = """[dataset]
id = "x"
title = "X"
description = "D"
licence = "CC BY 4.0"
access = "public"
[table]
[columns.ID]
property = "sample-id"
[columns.DX]
property = "diagnosis"
[columns.AGE]
property = "age-at-diagnosis"
unit = "years"
"""
CSV = "ID,DX,AGE\nS1,Glioma,58\nS2,Glioma,60\n"


def table(
    name: str,
    content: Content = CSV,
    says: str = "",
    at: str = "",
    samples: int = 2,
    *,
    mapping: Content = MAPPING,
    file: str = "t.csv",
) -> Case:
    made: dict[str, Content] = {file: content, "t.mapping.toml": mapping}
    return Case(f"table: {name}", made, says, at or (file if says else ""), samples)


def delimited() -> Iterator[Case]:
    """CSV and TSV with a mapping file."""
    for name, content, says in (
        ("empty", "", ""),
        ("only spaces", "  \n \n", ""),
        ("only a header", "ID,DX,AGE\n", "no row that describes a sample"),
        ("a column missing", CSV.replace("DX", "DIAGNOSIS"), "no column 'DX'"),
        ("a column in other letters", CSV.replace("DX", "dx"), "no column 'DX'"),
        ("a column twice", CSV.replace("AGE", "ID"), ""),
        ("a column without a name", CSV.replace("DX", ""), "no column 'DX'"),
        ("a ragged row", CSV + "S3,Glioma\n", "fewer cells"),
        ("a row too wide", CSV + "S3,Glioma,5,6\n", "more cells"),
        ("a quotation mark never closed", CSV + 'S3,"Glioma,5\n', "quotation mark"),
        ("a quotation mark inside", CSV + 'S3,"Gli"oma,5\n', ""),
        ("a zero byte", CSV + "S\0,Glioma,5\n", "zero byte"),
        ("a cell of 200 kB", CSV + f"S3,{'x' * 200_000},5\n", "characters"),
        ("a line of 3 MB", CSV + "x" * 3_000_000 + "\n", ""),
        ("3,000 columns", ",".join(f"C{i}" for i in range(3000)) + "\n", "columns"),
        ("a sample twice", CSV + "S1,Sarcoma,5\n", "described before"),
        ("no sample identifier", CSV + ",Glioma,5\n", "no sample identifier"),
        ("a control character", CSV + "S\x01,Glioma,5\n", "control character"),
        ("HTML", "<html><body>Not found</body></html>\n", ""),
        ("JSON", GOOD, ""),
    ):
        yield table(name, content, says, "t.csv")
    for name, content, count in (
        ("a byte-order mark", codecs.BOM_UTF8 + CSV.encode(), 2),
        ("UTF-16", CSV.encode("utf-16"), 2),
        ("UTF-32", CSV.encode("utf-32"), 2),
        ("CR LF", CSV.replace("\n", "\r\n"), 2),
        ("CR", CSV.replace("\n", "\r"), 2),
        ("mixed line ends", CSV.replace("58\n", "58\r\n"), 2),
        ("semicolons", CSV.replace(",", ";"), 2),
        ("tabs", CSV.replace(",", "\t"), 2),
        ("vertical bars", CSV.replace(",", "|"), 2),
        ("Windows-1252", CSV.replace("Glioma", "Gewächs").encode("cp1252"), 2),
        ("line ends in quotes", CSV + 'S3,"Gli\noma",5\n', 3),
        ("quotes doubled", CSV + 'S3,"""Glioma""",5\n', 3),
        ("empty lines", CSV.replace("\n", "\n\n"), 2),
        ("no line end at the end", CSV.rstrip(), 2),
        ("commas at the end", CSV.replace("\n", ",,\n"), 2),
        ("a formula", CSV + "S3,=HYPERLINK(1),5\n", 3),
        ("a formula in the identifier", CSV + "=1+1,Glioma,5\n", 3),
        ("a plus in the identifier", CSV + "+1,Glioma,5\n", 3),
        ("NA everywhere", CSV + "S3,NA,N/A\n", 3),
        ("bidirectional marks", CSV + "S3,Gli\u202eoma,5\n", 3),
        ("an emoji", CSV + "S🧬,Glioma,5\n", 3),
        ("a row twice", CSV + "S1,Glioma,58\n", 2),
        ("an age below zero", CSV + "S3,Glioma,-5\n", 3),
        ("an age NaN", CSV + "S3,Glioma,NaN\n", 3),
        ("an age in words", CSV + "S3,Glioma,old\n", 3),
        ("an age of 97", CSV + "S3,Glioma,97\n", 3),
        ("an unknown diagnosis", CSV + "S3,Xyz,5\n", 3),
    ):
        yield table(f"{name} (read)", content, samples=count)


def compressed() -> Iterator[Case]:
    """Tables in gzip, zstd and zip."""
    packed = gzip.compress(CSV.encode())
    yield table("gzip cut off", packed[:-9], "cut off or damaged", file="t.csv.gz")
    yield table("gzip damaged", packed[:20] + b"\xff" * 8 + packed[28:], "damaged", file="t.csv.gz")
    yield table("not gzip", CSV, "not compressed like that", file="t.csv.gz")
    yield table("not zstd", CSV, "not compressed like that", file="t.csv.zst")
    yield table("not zip", CSV, "not compressed like that", file="t.csv.zip")
    yield table("zstd cut off", b"\x28\xb5\x2f\xfd\x24\x05", "cut off or damaged", file="t.csv.zst")
    yield table("gzip (read)", packed, file="t.csv.gz")
    yield table("gzip without its ending (read)", packed)
    yield table("zip (read)", lambda: zipped(**{"t.csv": CSV}), file="t.csv.zip")
    yield table("zip of two", lambda: zipped(**{"t.csv": CSV, "u.csv": CSV}), "2 files", file="t.csv.zip")
    yield table("zip of none", zipped, "not compressed like that", file="t.csv.zip")
    yield table("zip that climbs (read)", lambda: zipped(**{"../../t.csv": CSV}), file="t.csv.zip")
    yield table("zip cut off", lambda: zipped(**{"t.csv": CSV})[:-30], "cut off or damaged", file="t.csv.zip")
    yield table("a zip bomb", zip_bomb, "more than", file="t.csv.zip")


def zipped(**files: str) -> bytes:
    """A zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def zip_bomb() -> bytes:
    """A small archive whose directory says that its file has five gigabytes."""
    data = bytearray(zipped(**{"t.csv": CSV}))
    entry = data.index(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = (4_200_000_000).to_bytes(4, "little")
    return bytes(data)


def workbook(*rows: tuple[Any, ...], merge: str = "", sheets: int = 1) -> bytes:
    """An Excel workbook with these rows."""
    from openpyxl import Workbook  # noqa: PLC0415

    book = Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    if merge:
        sheet.merge_cells(merge)
    for number in range(1, sheets):
        book.create_sheet(f"More {number}")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def without_part(content: bytes, part: str) -> bytes:
    """A workbook that lacks one of its parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            if member.filename != part:
                new.writestr(member, old.read(member))
    return out.getvalue()


def with_part(content: bytes, part: str, data: bytes) -> bytes:
    """A workbook with one of its parts replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            new.writestr(member, data if member.filename == part else old.read(member))
    return out.getvalue()


def spreadsheets() -> Iterator[Case]:
    """Excel and Parquet."""
    head = ("ID", "DX", "AGE")
    rows = (head, ("S1", "Glioma", 58), ("S2", "Glioma", 60))
    sheet = "xl/worksheets/sheet1.xml"
    for name, made, says in (
        ("no workbook", CSV.encode, "not an Excel workbook"),
        ("the old format", lambda: b"\xd0\xcf\x11\xe0" + b"\0" * 600, "before 2007"),
        ("an empty archive", zipped, ""),
        ("another archive", lambda: zipped(**{"t.csv": CSV}), "cannot be read"),
        ("cut off", lambda: workbook(*rows)[:-60], ""),
        ("no rows", workbook, "no header row"),
        ("only a header", lambda: workbook(head), "no row that describes a sample"),
        ("merged cells in the header", lambda: workbook(*rows, merge="A1:B1"), "no column 'DX'"),
        ("merged cells below", lambda: workbook(*rows, merge="B2:B3"), "merged"),
        ("a formula never computed", lambda: workbook(*rows, ("S3", "=1+1", 5)), "formula"),
        ("an error value", lambda: workbook(*rows, ("S3", "#REF!", 5)), ""),
        ("a column missing", lambda: workbook(("ID", "DIAGNOSIS", "AGE"), *rows[1:]), "no column 'DX'"),
        ("a column twice", lambda: workbook(("ID", "DX", "DX"), *rows[1:]), "2 times"),
        ("no workbook part", lambda: without_part(workbook(*rows), "xl/workbook.xml"), "cannot be read"),
        ("no sheet part", lambda: without_part(workbook(*rows), sheet), "no sheet"),
        ("a sheet of no XML", lambda: with_part(workbook(*rows), sheet, b"<worksheet><a>"), ""),
        ("a sheet with entities", lambda: with_part(workbook(*rows), sheet, LAUGHS), ""),
        ("no types part", lambda: without_part(workbook(*rows), "[Content_Types].xml"), "cannot be read"),
    ):
        yield table(f"Excel, {name}", made, says, "t.xlsx", file="t.xlsx")
    for name, made, count in (
        ("two sheets (read)", lambda: workbook(*rows, sheets=2), 2),
        ("empty rows (read)", lambda: workbook(*rows, (None, None, None), ("S3", "Glioma", 5)), 3),
        ("a number as an identifier (read)", lambda: workbook(*rows, (7, "Glioma", 5)), 3),
        ("true as an age (read)", lambda: workbook(*rows, ("S3", "Glioma", "x")), 3),
    ):
        yield table(f"Excel, {name}", made, samples=count, file="t.xlsx")
    for name in ("t.xls", "t.ods", "t.xlsb", "t.numbers"):
        yield table(f"spreadsheet {name}", CSV, "not read", file=name)


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "ha">'
    + b"".join(f'<!ENTITY b{i} "{(f"&b{i - 1};" if i else "&a;") * 10}">'.encode() for i in range(9))
    + b"]><worksheet><sheetData><row><c><v>&b8;</v></c></row></sheetData></worksheet>"
)


def mappings() -> Iterator[Case]:
    """Mapping files."""
    for name, mapping in {
        "empty": "",
        "no TOML": "[dataset\n",
        "a key twice": MAPPING.replace('id = "x"', 'id = "x"\nid = "y"'),
        "not UTF-8": MAPPING.encode() + b"# \xff",
        "JSON": GOOD,
        "YAML": "dataset:\n  id: x\n",
        "an unknown part": MAPPING + "[nonsense]\n",
        "an unknown key": MAPPING.replace('title = "X"', 'titel = "X"'),
        "no dataset": MAPPING[MAPPING.index("[table]") :],
        "no columns": MAPPING[: MAPPING.index("[columns.ID]")],
        "no id": MAPPING.replace('id = "x"\n', ""),
        "a wrong id": MAPPING.replace('id = "x"', 'id = "X Y"'),
        "a number as id": MAPPING.replace('id = "x"', "id = 5"),
        "no title": MAPPING.replace('title = "X"\n', ""),
        "no licence": MAPPING.replace('licence = "CC BY 4.0"\n', ""),
        "an unknown licence": MAPPING.replace("CC BY 4.0", "mine"),
        "an unknown access": MAPPING.replace('"public"', '"everybody"'),
        "no sample-id": MAPPING.replace('"sample-id"', '"donor-id"'),
        "two sample-ids": MAPPING.replace('"diagnosis"', '"sample-id"'),
        "an unknown property": MAPPING.replace('"diagnosis"', '"diagnose"'),
        "a property of the node": MAPPING.replace('"diagnosis"', '"dct:isPartOf"'),
        "a property with an unknown prefix": MAPPING.replace('"diagnosis"', '"foo:bar"'),
        "a property that is a number": MAPPING.replace('"diagnosis"', "5"),
        "no property": MAPPING.replace('property = "diagnosis"\n', ""),
        "no unit": MAPPING.replace('unit = "years"\n', ""),
        "an unknown unit": MAPPING.replace('"years"', '"fortnights"'),
        "an unknown transform": MAPPING + 'transform = ["rot13"]\n',
        "a transform that is a number": MAPPING + "transform = 5\n",
        "a wrong regular expression": MAPPING + 'transform = [{ extract = "(" }]\n',
        "two groups": MAPPING + 'transform = [{ extract = "(a)(b)" }]\n',
        "a delimiter of two characters": MAPPING.replace("[table]\n", '[table]\ndelimiter = "::"\n'),
        "a header row of zero": MAPPING.replace("[table]\n", "[table]\nheader_row = 0\n"),
        "a header row in quotes": MAPPING.replace("[table]\n", '[table]\nheader_row = "2"\n'),
        "a header row beyond the end": MAPPING.replace("[table]\n", "[table]\nheader_row = 900\n"),
        "an unknown encoding": MAPPING.replace("[table]\n", '[table]\nencoding = "klingon"\n'),
        "a wrong encoding": MAPPING.replace("[table]\n", '[table]\nencoding = "utf-16"\n'),
        "a value that is no class": MAPPING + '[columns.DX.values]\nGlioma = "NCIT:C0"\n',
        "a value of another branch": MAPPING + '[columns.DX.values]\nGlioma = "NCIT:C16576"\n',
        "a value that is a list": MAPPING + "[columns.DX.values]\nGlioma = [1]\n",
        "constants that are a text": MAPPING.replace("[dataset]", 'constants = "x"\n[dataset]'),
        "a constant without a value": MAPPING + '[[constants]]\nproperty = "sex"\n',
        "a switch for safety": MAPPING + "[safety]\ncheck = false\n",
        "deep": "a = " + "[" * 5_000,
        "of 5 MB": MAPPING + "#" * 5_000_000,
    }.items():
        yield table(f"mapping {name}", CSV, mapping=mapping, at="t.")
    yield Case("table: no mapping", {"t.csv": CSV}, "no mapping file", "t.csv")


def folders() -> Iterator[Case]:
    """Folders with nothing in them that can be published."""
    yield Case("folder: empty", {"f/.keep": ""}, "no study", "f", publish="f")
    yield Case("folder: only a README", {"f/README.md": "# Title\n\nText.\n"}, "no study", "f", publish="f")
    yield Case("folder: only a table", {"f/t.csv": CSV}, "no study", "f", publish="f")
    yield Case("folder: a README without a heading", {"f/README.md": "Text.\n", "f/t.csv": CSV}, publish="f", samples=0)
    yield Case("folder: an empty README", {"f/README.md": "", "f/t.csv": CSV}, publish="f", samples=0)
    yield Case("folder: a README of bytes", {"f/README.md": b"\xff\x00\xfe", "f/t.csv": CSV}, "", "f", publish="f")
    yield Case(
        "folder: a table that is no gzip", {"f/README.md": "# T\n\nX.\n", "f/t.csv.gz": CSV}, "", "f", publish="f"
    )
    yield Case("folder: a broken document", {"f/a.ttl": "x", "f/b.ttl": TURTLE}, "not Turtle", "a.ttl", publish="f")
    signs: dict[str, Content] = {"f/---/README.md": "# T\n\nX.\n", "f/---/t.csv": CSV}
    yield Case("folder: a name of signs", signs, "no letter", "f", publish="f/---")


def corpus() -> list[Case]:
    """All cases."""
    makers = (
        *(json_syntax, jsonld_contexts, jsonld_values, jsonld_samples, turtle_syntax, turtle_graphs, other_syntaxes),
        *(encodings, study_tables, study_files, delimited, compressed, spreadsheets, mappings, folders),
    )
    return [case for maker in makers for case in maker()]
