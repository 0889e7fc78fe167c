"""A file with a JSON-LD document on each line says what its lines say, and every error has its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from descriptions import description

from node.errors import DocumentSyntaxError
from node.model.identifiers import Identifiers
from node.publishing.documents import read_document


def lines(folder: Path, *documents: Any, name: str = "d.ndjson") -> Path:
    path = folder / name
    path.write_text("\n".join(d if isinstance(d, str) else json.dumps(d) for d in documents) + "\n", encoding="utf-8")
    return path


def triples(path: Path, identifiers: Identifiers) -> list[str]:
    spool = path.parent / f"spool-{path.name}"
    spool.mkdir()
    reading = read_document(path, identifiers, spool)
    assert not reading.findings
    return sorted("".join(draft.public.read_text(encoding="utf-8") for draft in reading.drafts).splitlines())


@pytest.mark.parametrize("ending", ["ndjson", "ndjsonld", "jsonl"])
def test_lines_say_what_a_list_of_documents_says(identifiers: Identifiers, tmp_path: Path, ending: str) -> None:
    """Two descriptions on two lines, with an empty one between, are those of the JSON array."""
    documents = [description("a"), description("b")]
    array = tmp_path / "d.json"
    array.write_text(json.dumps(documents), encoding="utf-8")
    path = lines(tmp_path, documents[0], "", documents[1], name=f"d.{ending}")
    assert triples(path, identifiers) == triples(array, identifiers)


def test_each_line_has_its_own_context_and_blank_nodes(identifiers: Identifiers, tmp_path: Path) -> None:
    """Contexts may differ, and one label on two lines is two resources."""
    one, other = description("a"), description("b")
    one["contactPoint"] = {"id": "_:c", **one["contactPoint"]}
    other["contactPoint"] = {"id": "_:c", **other["contactPoint"], "formattedName": "Desk"}
    other["@context"] = [other["@context"], {"more": "http://example.org/more"}]
    found = triples(lines(tmp_path, one, other), identifiers)
    names = [line for line in found if '"Office"' in line or '"Desk"' in line]
    assert len({line.split(" ")[0] for line in names}) == 2


@pytest.mark.parametrize("other", [{}, {"more": "http://example.org/more"}])
def test_a_line_may_be_a_graph(identifiers: Identifiers, tmp_path: Path, other: dict[str, str]) -> None:
    """Documents that are one @graph say what stands in it, whether all lines have one context or not."""
    one, two = description("a"), description("b")
    graph = {"@context": two.pop("@context"), "@graph": [two]}
    expected = triples(lines(tmp_path, one, description("b"), name="plain.ndjson"), identifiers)
    one["@context"] = [one["@context"], other] if other else one["@context"]
    assert triples(lines(tmp_path, one, graph), identifiers) == expected


@pytest.mark.parametrize(
    ("line", "message"),
    [('{"a": ', "not JSON"), ("[]", "no JSON object"), ('{"a": 1, "a": 2}', "stands twice"), ("7", "no JSON object")],
)
def test_a_broken_line_is_named(identifiers: Identifiers, tmp_path: Path, line: str, message: str) -> None:
    """The error has the line in the file."""
    path = lines(tmp_path, description("a"), "", line)
    (tmp_path / "spool").mkdir()
    with pytest.raises(DocumentSyntaxError, match=message) as caught:
        read_document(path, identifiers, tmp_path / "spool")
    assert caught.value.where is not None
    assert caught.value.where.line == 3


def test_findings_have_the_line(identifiers: Identifiers, tmp_path: Path) -> None:
    """What a processor would drop is told with the line of the file, and resources are found there."""
    path = lines(tmp_path, description("a"), description("b", titel="x"))
    (tmp_path / "spool").mkdir()
    reading = read_document(path, identifiers, tmp_path / "spool")
    (finding,) = reading.findings
    assert (finding.value, finding.where.line) == ("titel", 2)
    assert reading.drafts[1].locate(f"{identifiers.base}datasets/b").line == 2
