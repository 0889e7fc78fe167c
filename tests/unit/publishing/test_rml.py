"""RML mappings are run by an engine of their own; what they may read is checked before."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from descriptions import BASE

from node.errors import ConfigurationError, DocumentSyntaxError, NodeError, Unsupported
from node.publishing.drafts import Outcome
from node.publishing.publish import NodeParts, publish_sources
from node.publishing.rml import run_rml
from node.publishing.sources import rml_sources

PREFIXES = """
@prefix rml: <http://semweb.mmlab.be/ns/rml#> . @prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix ql: <http://semweb.mmlab.be/ns/ql#> . @prefix dct: <http://purl.org/dc/terms/> .
"""
ENGINE = os.environ.get("ONCONODE_PUBLISHING_RML_PYTHON", "")


def mapping(folder: Path, source: str = "samples.csv", more: str = "") -> Path:
    path = folder / "map.ttl"
    path.write_text(
        f'{PREFIXES} <#S> rml:logicalSource [ rml:source "{source}" ; rml:referenceFormulation ql:CSV ] ; {more}'
        f' rr:subjectMap [ rr:template "{BASE}datasets/r/samples/{{sid}}" ] .',
        encoding="utf-8",
    )
    (folder / "samples.csv").write_text("sid,dx\nA1,C3058\nA2,C3059\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("http://elsewhere.example/data.csv", Unsupported, "no file beside it"),
        ("../secret.csv", Unsupported, "no file beside it"),
        ("/etc/passwd", Unsupported, "no file beside it"),
        ("missing.csv", DocumentSyntaxError, "is not there"),
    ],
)
def test_a_mapping_reads_files_beside_it_only(
    tmp_path: Path, source: str, error: type[NodeError], message: str
) -> None:
    """Nothing is fetched, and nothing above the mapping is read; the engine is not even started."""
    with pytest.raises(error, match=message) as caught:
        run_rml(mapping(tmp_path, source), python="/no/such/python", spool=tmp_path)
    assert caught.value.remedy


def test_a_mapping_reads_no_database(tmp_path: Path) -> None:
    """A table name of R2RML is refused."""
    with pytest.raises(Unsupported, match="reads a database"):
        run_rml(mapping(tmp_path, more='rr:tableName "patients" ;'), python="/no/such/python", spool=tmp_path)


def test_what_is_no_mapping(tmp_path: Path) -> None:
    """Broken Turtle has its line; RDF that reads nothing is told to."""
    path = tmp_path / "map.ttl"
    path.write_text("<#a> <#b> <#c> .\n<#a> <#b> .\n", encoding="utf-8")
    with pytest.raises(DocumentSyntaxError) as caught:
        run_rml(path, python=sys.executable, spool=tmp_path)
    assert caught.value.where is not None
    assert caught.value.where.line == 2
    path.write_text("<#a> <#b> <#c> .", encoding="utf-8")
    with pytest.raises(DocumentSyntaxError, match="names no file to read"):
        run_rml(path, python=sys.executable, spool=tmp_path)


@pytest.mark.parametrize(
    ("python", "message"),
    [("", "no engine"), ("/no/such/python", "cannot be run"), (sys.executable, "has no morph-kgc")],
)
def test_without_the_engine_it_is_said_how_to_get_it(tmp_path: Path, python: str, message: str) -> None:
    """No setting, a wrong one, or an environment without morph-kgc."""
    with pytest.raises(ConfigurationError, match=message) as caught:
        run_rml(mapping(tmp_path), python=python, spool=tmp_path)
    assert "publish-with-rml.md" in str(caught.value.remedy)


@pytest.mark.skipif(not ENGINE, reason="ONCONODE_PUBLISHING_RML_PYTHON names no Python with morph-kgc")
def test_what_a_mapping_makes_is_published(tmp_path: Path, parts: NodeParts) -> None:
    """Samples of a CSV file become a dataset of the node; a mapping that the engine refuses is a finding."""
    path = mapping(tmp_path)
    by = "https://creativecommons.org/licenses/by/4.0/"
    said = f'dct:identifier "r" ; dct:title "R" ; dct:description "D" ; dct:license <{by}>'
    triples = "".join(f"rr:predicateObjectMap [ rr:predicate {p} ; rr:object {o} ] ; " for p, o in _pairs(said))
    path.write_text(
        f"""{PREFIXES}
<#S> rml:logicalSource [ rml:source "samples.csv" ; rml:referenceFormulation ql:CSV ] ;
  rr:subjectMap [ rr:template "{BASE}datasets/r/samples/{{sid}}" ;
    rr:class <http://purl.obolibrary.org/obo/OBI_0001479> ] ;
  rr:predicateObjectMap [ rr:predicate dct:identifier ; rr:objectMap [ rml:reference "sid" ] ] ;
  rr:predicateObjectMap [ rr:predicate dct:isPartOf ; rr:object <{BASE}datasets/r> ] ;
  rr:predicateObjectMap [ rr:predicate <https://w3id.org/onconode/vocab#diagnosis> ; rr:objectMap
    [ rr:template "http://purl.obolibrary.org/obo/NCIT_{{dx}}" ; rr:termType rr:IRI ] ] .
<#D> rml:logicalSource [ rml:source "samples.csv" ; rml:referenceFormulation ql:CSV ] ; {triples}
  rr:predicateObjectMap [ rr:predicate dct:publisher ; rr:object <{BASE}organisation> ] ;
  rr:predicateObjectMap [ rr:predicate dct:accessRights ;
    rr:object <http://publications.europa.eu/resource/authority/access-right/PUBLIC> ] ;
  rr:subjectMap [ rr:constant <{BASE}datasets/r> ; rr:class <http://www.w3.org/ns/dcat#Dataset> ] .
<#O> rml:logicalSource [ rml:source "samples.csv" ; rml:referenceFormulation ql:CSV ] ;
  rr:predicateObjectMap [ rr:predicate <http://xmlns.com/foaf/0.1/name> ; rr:object "A clinic" ] ;
  rr:subjectMap [ rr:constant <{BASE}organisation> ; rr:class <http://xmlns.com/foaf/0.1/Organization> ] .
""",
        encoding="utf-8",
    )
    report = publish_sources(rml_sources([path], ENGINE), node=parts, dry_run=False, by="", progress=lambda _: None)
    (dataset,) = report.datasets
    assert (dataset.outcome, dataset.samples) == (Outcome.PUBLISHED, 2), (dataset.findings, report.findings)
    path.write_text(path.read_text(encoding="utf-8").replace("sid", "no_such_column"), encoding="utf-8")
    report = publish_sources(rml_sources([path], ENGINE), node=parts, dry_run=True, by="", progress=lambda _: None)
    assert not report.ok


def _pairs(said: str) -> list[list[str]]:
    return [one.strip().split(" ", 1) for one in said.split(" ; ")]
