"""The W3C JSON-LD 1.1 tests (toRdf, expand) through the way that documents take into a node."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from pyoxigraph import CanonicalizationAlgorithm, Dataset, DefaultGraph, Quad, RdfFormat, parse

from node.errors import NodeError, Unsupported
from node.publishing.contexts import PinnedContexts
from node.publishing.jsondocument import Terms, losses
from node.publishing.jsonldreading import jsonld_quads, open_jsonld
from node.publishing.triples import Triples
from node.rdf.formats import JSONLD
from tests.conformance.earl import Report
from tests.conformance.jsonld_suite import JsonLdCase, JsonLdSuite, read_jsonld_suite
from tests.conformance.judging import Judge
from tests.conformance.ledger_jsonld import CONTEXTS, LEDGER, STRICT
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.shared

NODE = "https://node.example/"


def suite() -> JsonLdSuite:
    """The tests; none where the shared folder is absent."""
    shared = Path(os.environ.get("ONCONODE_SHARED", REPOSITORY.parent / "shared"))
    folder = shared / "conformance" / "json-ld11"
    return read_jsonld_suite(folder) if folder.is_dir() else JsonLdSuite((), {})


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of every entry of the manifests. Without manifests one that skips."""
    if "jsonld" in metafunc.fixturenames:
        metafunc.parametrize("jsonld", cases := suite().cases, ids=[case.label for case in cases])


@pytest.fixture(scope="module")
def judge(report: Report) -> Judge:
    """Judges what a node reads."""
    for test, reason in suite().left_out.items():
        report.leave_out("json-ld", test, reason)
    return Judge("json-ld", LEDGER, report)


def quads_of(case: JsonLdCase) -> set[str]:
    """The quads of a test's document as a node reads them, in canonical form (RDFC-1.0). Raises NodeError."""
    text = case.document.read_text(encoding="utf-8")
    document = open_jsonld(text, case.label, PinnedContexts(NODE))
    return canonical(jsonld_quads(document, base=case.base, source=case.label))


def canonical(quads: Iterable[Quad]) -> set[str]:
    """The quads with canonical names of blank nodes (RDFC-1.0): equal sets are isomorphic datasets."""
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in dataset}


def expected_of(case: JsonLdCase) -> set[str]:
    """The quads that a test expects: from N-Quads, or from the JSON-LD that an expansion should have given."""
    assert case.expected is not None
    document = case.expected.read_bytes()
    if case.expected.suffix == ".nq":
        return canonical(parse(document, RdfFormat.N_QUADS))
    # What is relative after expansion has no base any more, and null for an identifier means that there is none.
    return canonical(parse(document.replace(b'{"@id": null}', b'{"@id": "relative"}'), RdfFormat.JSON_LD))


def test_jsonld(jsonld: JsonLdCase, judge: Judge) -> None:
    """A positive document is the RDF that the test states; a negative one is refused."""

    def check() -> None:
        try:
            found = quads_of(jsonld)
        except NodeError as error:
            if jsonld.kind != "negative":
                raise AssertionError(str(error)) from error
            return
        assert jsonld.kind != "negative", "it is read without an error"
        if jsonld.kind == "positive":
            assert found == expected_of(jsonld)

    judge.judge(jsonld.iri, check)


def test_strictness(shared: Path) -> None:
    """What publishing refuses beyond the specification: the documents of which a processor drops a part, no others."""
    refused = set()
    for case in suite().cases:
        if case.kind != "positive" or not case.label.startswith("toRdf/") or LEDGER.get(case.iri) == CONTEXTS:
            continue
        try:
            document = open_jsonld(case.document.read_text(encoding="utf-8"), case.label, PinnedContexts(NODE))
        except NodeError:
            continue
        if losses(document, Terms.of(document), case.label):
            refused.add(case.label.removeprefix("toRdf/t"))
    assert refused == STRICT.keys()


def test_named_graphs_are_refused(shared: Path) -> None:
    """Named graphs are read as the suite has them, and then refused: the node itself keeps a graph for each dataset."""
    named = 0
    for case in suite().cases:
        if case.kind == "positive" and case.label.startswith("toRdf/") and case.iri not in LEDGER:
            quads = jsonld_quads(
                open_jsonld(case.document.read_text(encoding="utf-8"), case.label, PinnedContexts(NODE)),
                base=case.base,
                source=case.label,
            )
            if any(not isinstance(quad.graph_name, DefaultGraph) for quad in quads):
                named += 1
                with pytest.raises(Unsupported, match="named graph"):
                    Triples().read(case.document.read_bytes(), JSONLD, base=case.base, source=case.label, pinned=NODE)
    assert named == 44


def test_every_test_is_run_or_left_out(shared: Path) -> None:
    """The numbers of the reference: nothing in the manifests gets lost, and the ledger names tests."""
    found = suite()
    assert (len(found.cases), len(found.left_out)) == (813, 39)
    assert LEDGER.keys() <= {case.iri for case in found.cases}
