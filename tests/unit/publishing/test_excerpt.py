"""A description judged by an excerpt and sorted on disk comes out as one that is held in memory."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from study_folders import read, write_study

import node.publishing.excerpt as module
from node.ontology.concepts import Vocabulary
from node.publishing.candidates import judged
from node.publishing.drafts import Draft
from node.publishing.excerpt import ALIKE, excerpt, sorted_lines
from node.publishing.ntriples import Description, digest
from node.publishing.profiles import BY_ACCESS
from node.publishing.sources import Reading, Source


def study(folder: Path, samples: int, **more: str) -> Draft:
    rows = "".join(f"S{i}\tP{i // 2}\t{['GBM', 'BRCA'][i % 2]}\tPrimary\n" for i in range(samples))
    header = "SAMPLE_ID\tPATIENT_ID\tONCOTREE_CODE\tSAMPLE_TYPE\n"
    return read(write_study(folder / "study", header + rows, **more))


def both(draft: Draft, vocabulary: Vocabulary) -> tuple[object, object]:
    source = Source(Path(draft.source), "study")
    ways = (replace(draft, by_record=True), replace(draft, by_record=False))
    return tuple(judged(Reading(source, (way,), ()), vocabulary, lambda _: None)[0] for way in ways)  # type: ignore[return-value]


@pytest.mark.parametrize("groups", ["PUBLIC", "TEAM"])
def test_digests_and_findings_are_the_same(
    tmp_path: Path, groups: str, vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Open or restricted, sorted in one part or in many: digests and version are those of the way through memory."""
    meta = f"cancer_study_identifier: t\nname: T\ndescription: Some.\ngroups: {groups}\n"
    draft = study(tmp_path, 40, meta=meta)
    for at_once in (100_000, 7):
        monkeypatch.setattr(module, "_AT_ONCE", at_once)
        one, other = both(draft, vocabulary)
        assert (one.content, one.digest) == (other.content, other.digest)  # type: ignore[attr-defined]
        assert one.findings == other.findings  # type: ignore[attr-defined]


def test_of_records_that_look_alike_a_few_are_judged(tmp_path: Path) -> None:
    """The excerpt has no more than a few samples of each look, with their donors; the dataset and the rest whole."""
    draft = study(tmp_path, 100)
    text = draft.public.read_text(encoding="utf-8")
    part = excerpt([draft.public], draft.iri)
    whole = Description.read(draft.public)
    samples = [s for s in part.subjects if "/samples/" in s]
    assert len(samples) == 2 * ALIKE
    for sample in samples:
        (donor,) = part.objects(sample, "<http://purl.obolibrary.org/obo/RO_0001000>")
        assert part.about(donor) == whole.about(donor)
        assert part.about(sample) == whole.about(sample)
    assert part.about(f"<{draft.iri}>") == whole.about(f"<{draft.iri}>")
    assert {s for s in part.subjects if "#" in s} == {s for s in whole.subjects if "#" in s}
    assert len(text.splitlines()) == len(whole)


def test_a_record_that_looks_otherwise_is_judged(tmp_path: Path, vocabulary: Vocabulary) -> None:
    """One sample among many that has what no other has is in the excerpt, wherever it stands, and is found."""
    draft = study(tmp_path, 60)
    lines = draft.public.read_text(encoding="utf-8").splitlines(keepends=True)
    name = f'<{draft.iri}/donors/P17> <http://xmlns.com/foaf/0.1/name> "somebody" .\n'
    place = next(i for i, line in enumerate(lines) if line.startswith(f"<{draft.iri}/donors/P17> "))
    lines.insert(place + 1, name)
    draft.public.write_text("".join(lines), encoding="utf-8")
    one, other = both(draft, vocabulary)
    assert one.fell  # type: ignore[attr-defined]
    assert one.findings == other.findings  # type: ignore[attr-defined]


def test_lines_are_sorted_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the parts are cut, each line comes once and in order, and nothing is left beside the file."""
    rng = random.Random(3)
    lines = [f'<urn:{rng.randrange(50)}> <urn:p> "{rng.randrange(5)}" .' for _ in range(400)]
    path = tmp_path / "lines.nt"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    for at_once in (1, 7, 399, 400, 401):
        monkeypatch.setattr(module, "_AT_ONCE", at_once)
        assert list(sorted_lines(path)) == sorted(set(lines))
    assert digest(sorted_lines(path)) == digest(sorted(set(lines)))
    assert [p.name for p in tmp_path.iterdir()] == ["lines.nt"]


def test_what_is_missing_is_counted_in_all_records(tmp_path: Path, vocabulary: Vocabulary) -> None:
    """A record of an excerpt stands for all that are left out: levels and what is asked for are those of the whole."""
    draft = study(tmp_path, 101)
    source = Source(Path(draft.source), "study")
    found = []
    for by_record in (True, False):
        way = replace(draft, by_record=by_record)
        judged(Reading(source, (way,), ()), vocabulary, lambda _: None, BY_ACCESS)
        found.append((way.levels, {(a.field, a.what, a.places, a.mandatory) for a in way.asked}))
    assert found[0] == found[1]
    places = {field: number for field, _, number, _ in found[0][1]}
    assert places["onco:sex"] == 51
    assert places["onco:anatomicalSite"] == 101
