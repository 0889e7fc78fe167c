"""From a file to drafts: IRIs, blank nodes, splitting, and where things stand."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from descriptions import BASE, description, sample, write_json
from pyoxigraph import CanonicalizationAlgorithm, Dataset, RdfFormat, parse

from node.errors import DocumentSyntaxError, RequestTooLarge
from node.model.identifiers import Identifiers
from node.publishing.documents import Reading, read_document
from node.publishing.drafts import Severity
from node.publishing.intake import unpack
from node.rdf.namespaces import ONCO

RESTRICTED = "RESTRICTED"


def read(path: Path, identifiers: Identifiers, tmp_path: Path) -> Reading:
    spool = tmp_path / "spool"
    spool.mkdir(exist_ok=True)
    return read_document(path, identifiers, spool)


def test_relative_iris_are_the_nodes(identifiers: Identifiers, tmp_path: Path) -> None:
    """What is written relative lies under the base, wherever the file lay."""
    (draft,) = read(write_json(tmp_path, description()), identifiers, tmp_path).drafts
    assert draft.iri == f"{BASE}datasets/gliomas"
    assert (draft.dataset, draft.title, draft.samples, draft.donors) == ("gliomas", "Collection gliomas", 2, 2)
    assert f"<{BASE}datasets/gliomas/samples/S1>" in draft.public.read_text()
    assert draft.records is None


def test_a_description_has_no_blank_nodes_and_is_sorted(identifiers: Identifiers, tmp_path: Path) -> None:
    """Publisher and contact had no IRIs; they have now."""
    (draft,) = read(write_json(tmp_path, description()), identifiers, tmp_path).drafts
    lines = draft.public.read_text().splitlines()
    assert lines == sorted(set(lines))
    assert not any("_:" in line for line in lines)
    assert sum(f"<{BASE}.well-known/genid/" in line.split(" ")[2] for line in lines) == 2


def test_what_was_downloaded_can_come_back(identifiers: Identifiers, tmp_path: Path) -> None:
    """Skolem IRIs of the node become blank nodes and then the same skolem IRIs again."""
    (draft,) = read(write_json(tmp_path, description()), identifiers, tmp_path).drafts
    published = draft.public.read_bytes()
    (tmp_path / "again.nt").write_bytes(published)
    (again,) = read(tmp_path / "again.nt", identifiers, tmp_path).drafts
    assert again.public.read_bytes() == published


@pytest.mark.parametrize("form", [RdfFormat.TURTLE, RdfFormat.N_TRIPLES, RdfFormat.RDF_XML, RdfFormat.TRIG])
def test_every_syntax_means_the_same(form: RdfFormat, identifiers: Identifiers, tmp_path: Path) -> None:
    """One description, written in each syntax, gives the same lines."""
    (draft,) = read(write_json(tmp_path, description()), identifiers, tmp_path).drafts
    published = draft.public.read_bytes()
    path = tmp_path / f"again.{form.file_extension}.gz"
    triples = (q.triple for q in parse(published, RdfFormat.N_TRIPLES))
    from pyoxigraph import serialize  # noqa: PLC0415

    path.write_bytes(gzip.compress(serialize(triples, format=form) or b""))
    (again,) = read(path, identifiers, tmp_path).drafts
    assert again.public.read_bytes() == published


def test_records_of_a_restricted_dataset_are_kept_apart(identifiers: Identifiers, tmp_path: Path) -> None:
    """Everybody may see the dataset's own triples; samples, donors and all under them are in the other file."""
    own = "datasets/gliomas"
    document = description(
        accessRights=RESTRICTED,
        samples=[sample(own, "S1", "D1", **{"dct:relation": {"label": "a blank node under a sample"}})],
    )
    (draft,) = read(write_json(tmp_path, document), identifiers, tmp_path).drafts
    assert draft.records is not None
    public, records = draft.public.read_text(), draft.records.read_text()
    assert "samples/S1" not in public
    assert "donors/D1" not in public
    assert "under a sample" in records
    assert "under a sample" not in public
    assert ONCO not in public
    assert "A clinic" in public
    assert "A clinic" not in records


def test_without_access_rights_nothing_is_open(identifiers: Identifiers, tmp_path: Path) -> None:
    """What the partner did not say is public is not."""
    (draft,) = read(write_json(tmp_path, description(accessRights=None)), identifiers, tmp_path).drafts
    assert draft.records is not None


def test_a_document_of_two_datasets(identifiers: Identifiers, tmp_path: Path) -> None:
    """Each dataset gets its samples and what it refers to; a publisher of both is in both."""
    publisher = {"id": "https://clinic.example.org/", "type": "Organization", "name": "A clinic"}
    parts = [description(name, publisher=publisher) for name in ("a", "b")]
    context = parts[0].pop("@context"), parts[1].pop("@context")
    reading = read(write_json(tmp_path, {"@context": context[0], "@graph": parts}), identifiers, tmp_path)
    assert reading.findings == ()
    first, second = reading.drafts
    assert (first.dataset, second.dataset) == ("a", "b")
    for draft, other in ((first, "b"), (second, "a")):
        text = draft.public.read_text()
        assert f"datasets/{other}" not in text
        assert '"A clinic"' in text
        assert draft.samples == 2
        assert not draft.findings


def test_a_foreign_dataset_is_known_here_by_its_identifier(identifiers: Identifiers, tmp_path: Path) -> None:
    """A dataset that lives elsewhere keeps its IRI; its title serves where it has no identifier."""
    foreign = description(id="https://doi.org/10.1/x", samples=None)
    (draft,) = read(write_json(tmp_path, foreign), identifiers, tmp_path).drafts
    assert (draft.iri, draft.dataset) == ("https://doi.org/10.1/x", "gliomas")
    (draft,) = read(write_json(tmp_path, foreign | {"identifier": []}), identifiers, tmp_path).drafts
    assert draft.dataset == "collection-gliomas"


def test_places_in_json(identifiers: Identifiers, tmp_path: Path) -> None:
    """An IRI is found by pointer and line, a blank node by what refers to it, a stranger not at all."""
    path = write_json(tmp_path, description())
    (draft,) = read(path, identifiers, tmp_path).drafts
    place = draft.locate(f"{BASE}datasets/gliomas/samples/S2")
    assert (place.source, place.record) == (str(path), "/samples/1")
    assert "S2" in path.read_text().splitlines()[(place.line or 0) - 1]
    skolem = next(line for line in draft.public.read_text().splitlines() if "contactPoint" in line).split(" ")[2][1:-1]
    place = draft.locate(skolem)
    assert (place.record, place.field) == ("/", "dcat:contactPoint")
    assert draft.locate("https://nowhere.example/").line is None


def test_places_in_turtle(identifiers: Identifiers, tmp_path: Path) -> None:
    """The line where an IRI is a subject counts, written in full, relative or with a prefix."""
    path = tmp_path / "d.ttl"
    path.write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> .\n@prefix dct: <http://purl.org/dc/terms/> .\n"
        f"@prefix s: <{BASE}datasets/x/samples/> .\n"
        "<datasets/x> a dcat:Dataset ; dct:title 'X' ; dct:hasPart s:S1, s:S11 .\n"
        "s:S11 dct:isPartOf <datasets/x> .\n"
        "s:S1 dct:isPartOf <datasets/x> .\n"
        f"<{BASE}datasets/x/samples/S3> dct:isPartOf <datasets/x> .\n"
    )
    (draft,) = read(path, identifiers, tmp_path).drafts
    lines = {
        name: draft.locate(f"{BASE}datasets/x{name}").line
        for name in ("", "/samples/S1", "/samples/S11", "/samples/S3")
    }
    assert lines == {"": 4, "/samples/S1": 6, "/samples/S11": 5, "/samples/S3": 7}


def test_a_file_name_that_leads_nowhere_is_a_warning(identifiers: Identifiers, tmp_path: Path) -> None:
    """Real descriptions name files beside them; that is told, and no reason to refuse them."""
    reading = read(write_json(tmp_path, description(landingPage="tables/tumours.csv")), identifiers, tmp_path)
    (finding,) = reading.findings
    assert finding.severity is Severity.WARNING
    assert finding.value == f"<{BASE}tables/tumours.csv>"


def test_json_literals_and_maps_hold_no_terms(identifiers: Identifiers, tmp_path: Path) -> None:
    """Keys of language maps, index maps and JSON literals are not looked up in the context."""
    context = [
        "context/v1.jsonld",
        {
            "titles": {"@id": "dct:alternative", "@container": "@language"},
            "raw": {"@id": "dct:source", "@type": "@json"},
        },
    ]
    document = description(titles={"de": "Gliome", "en": "Gliomas"}, raw={"any": [{"key": 1}]})
    reading = read(write_json(tmp_path, document | {"@context": context}), identifiers, tmp_path)
    assert reading.findings == ()
    text = reading.drafts[0].public.read_text()
    assert '"Gliome"@de' in text
    assert "any" in text


def test_an_unpacked_file_is_limited_by_what_comes_out(tmp_path: Path) -> None:
    """The limit is on the text, not on the packed file, and nothing is read beyond it."""
    path = tmp_path / "d.nt.gz"
    path.write_bytes(gzip.compress(b"a" * 1_000_000))
    (tmp_path / "spool").mkdir()
    assert unpack(path, tmp_path / "spool", limit=1_000_000).stat().st_size == 1_000_000
    with pytest.raises(RequestTooLarge):
        unpack(path, tmp_path / "spool", limit=999_999)


def test_a_character_across_two_chunks_is_whole(tmp_path: Path) -> None:
    """Decoding goes on where the last chunk ended, and the line of a fault is right far into the file."""
    (tmp_path / "spool").mkdir()
    path = tmp_path / "d.ttl"
    path.write_bytes(b"#" * ((1 << 20) - 1) + "é\n".encode() + b"#\n" * 5)
    assert unpack(path, tmp_path / "spool").stat().st_size == (1 << 20) + 12
    path.write_bytes(b"#\n" * 1_000_000 + b"\xff")
    with pytest.raises(DocumentSyntaxError) as caught:
        unpack(path, tmp_path / "spool")
    assert caught.value.where is not None
    assert caught.value.where.line == 1_000_001


def test_skolemised_is_the_same_graph(identifiers: Identifiers, tmp_path: Path) -> None:
    """With its skolem IRIs taken for blank nodes, a draft is isomorphic to the document."""
    document = description()
    path = write_json(tmp_path, document)
    (draft,) = read(path, identifiers, tmp_path).drafts
    inline = json.loads((Path(__file__).parents[3] / "ontologies/context/v1.jsonld").read_text())["@context"]
    given = Dataset(parse(json.dumps(document | {"@context": inline}).encode(), RdfFormat.JSON_LD, base_iri=BASE))
    text = draft.public.read_text()
    for i, token in enumerate(sorted({part for part in text.split() if "/genid/" in part})):
        text = text.replace(token, f"_:b{i}")
    kept = Dataset(parse(text.encode(), RdfFormat.N_TRIPLES))
    for graph in (given, kept):
        graph.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    assert given == kept


def test_a_base_direction_is_not_dropped_silently(identifiers: Identifiers, tmp_path: Path) -> None:
    """RDF 1.1 has no place for it."""
    document = description() | {"title": {"@value": "Atlas", "@direction": "rtl"}}
    findings = read(write_json(tmp_path, document), identifiers, tmp_path).findings
    assert [finding.value for finding in findings] == ["rtl"]
    assert findings[0].severity is Severity.VIOLATION
