"""What could not be coded is kept for each dataset, and little of it leaves the node."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from memory_store import MemoryStore

from node.errors import StoreError
from node.model.identifiers import Identifiers
from node.ontology.branches import ANATOMICAL_SITE, DIAGNOSIS
from node.ontology.core import core_vocabulary
from node.ontology.mappings import core_code_map
from node.publishing.amend import Amendment, amend
from node.publishing.coded import Proposed, Unknown
from node.publishing.coder import NO_SUCH_NAME, SAYS_NOTHING, UNKNOWN_CODE
from node.publishing.demand import demand_document
from node.publishing.publish import NodeParts, publish, withdraw
from node.publishing.tally import CodingReport
from node.publishing.uncoded import Uncoded, read_uncoded, shared, summed, uncoded_file, waiting_on, write_uncoded
from node.store.quads import Change

IDS = Identifiers("https://node.example/")
HEADER = "PATIENT_ID\tSAMPLE_ID\tONCOTREE_CODE\tCANCER_TYPE_DETAILED\tPRIMARY_SITE\n"


def parts() -> NodeParts:
    return NodeParts(MemoryStore(IDS), IDS, core_vocabulary(), core_code_map())


def study(folder: Path, rows: list[str], *, name: str = "own_study", public: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    meta = f"type_of_cancer: brain\ncancer_study_identifier: {name}\nname: Own study\ndescription: Made up.\n"
    meta += "" if public else "public_study: false\n"
    (folder / "meta_study.txt").write_text(meta)
    (folder / "LICENSE").write_text("CC BY 4.0\n")
    table = HEADER + "".join(f"P{i}\tS{i}\t{row}\n" for i, row in enumerate(rows))
    (folder / "data_clinical_sample.txt").write_text(table)
    return folder


def test_a_publication_keeps_what_it_could_not_code(tmp_path: Path) -> None:
    """Each value with its samples, codes with their system; what is coded, says nothing or is nobody's name is not."""
    node = parts()
    rows = ["\tLipochordomyxoma\tBrain"] * 3 + ["XYZZY\t\tBrain"] * 2 + ["CHDM\tChordoma\tTreatment Naive Primary"]
    rows.append(f"\t{'A note that is much longer than any name could be. ' * 4}\tBrain")
    report = publish([study(tmp_path / "s", rows)], node=node)
    assert report.ok
    kept = read_uncoded(node.store, "own_study")
    assert [(one.text, one.system, one.samples) for one in kept if one.property_iri == DIAGNOSIS] == [
        ("Lipochordomyxoma", "", 3),
        ("XYZZY", "oncotree", 2),
    ]
    assert not [one for one in kept if one.property_iri == ANATOMICAL_SITE]


def test_it_goes_with_the_dataset_and_follows_it(tmp_path: Path) -> None:
    """Publishing again replaces it, a decision that the words name nothing takes it away, a withdrawal removes it."""
    node = parts()
    folder = study(tmp_path / "s", ["\tLipochordomyxoma\tBrain"])
    publish([folder], node=node)
    assert waiting_on(node.store) == [Uncoded(DIAGNOSIS, "Lipochordomyxoma", "", 1, waiting_on(node.store)[0].reason)]
    generation = node.store.generation().number
    publish([folder], node=node)
    assert node.store.generation().number == generation
    publish([study(folder, ["\tChordoma\tBrain"])], node=node)
    assert waiting_on(node.store) == []
    publish([study(folder, ["\tLipochordomyxoma\tBrain"])], node=node)
    withdraw("own_study", "made up", node)
    assert node.store.file(uncoded_file("own_study")) is None
    assert waiting_on(node.store) == []


def test_what_is_told_is_less(tmp_path: Path) -> None:
    """Words of too few samples stay on the node; those of a dataset that is not open count for operators only."""
    node = parts()
    publish([study(tmp_path / "a", ["\tLipochordomyxoma\tBrain"] * 4 + ["\tRaritoma\tBrain"], name="a")], node=node)
    closed = study(tmp_path / "b", ["\tlipochordomyxoma\tBrain"] * 6, name="b", public=False)
    publish([closed], node=node)
    assert [e.samples for e in waiting_on(node.store)] == [10, 1]
    assert [e.samples for e in waiting_on(node.store, restricted=False)] == [4, 1]
    told = demand_document(node.store, IDS, fewest=5, restricted=True)
    assert told["waiting"] == [
        {"property": "diagnosis", "text": "lipochordomyxoma", "system": "", "samples": 10, "datasets": 2}
    ]
    assert told["withheld"] == 1
    assert demand_document(node.store, IDS, fewest=5)["waiting"] == []
    assert [e.text for e in shared(waiting_on(node.store), fewest=1)] == ["lipochordomyxoma", "Raritoma"]


def test_a_report_as_a_file() -> None:
    """Values come by property and number; nothing to keep is no file."""
    report = CodingReport()
    assert write_uncoded(report) is None
    report.tally(ANATOMICAL_SITE, "SITE", Unknown("Somewhere", NO_SUCH_NAME))
    report.tally(ANATOMICAL_SITE, "SITE", Unknown("Left", SAYS_NOTHING))
    report.tally(DIAGNOSIS, "CODE", Unknown("see anna.meier@clinic.example for it", NO_SUCH_NAME))
    report.tally(DIAGNOSIS, "CODE", Proposed("QQQ", UNKNOWN_CODE, (), "oncotree"))
    written = write_uncoded(report)
    assert written is not None
    assert [line.split("\t")[:4] for line in written.decode().splitlines()[1:]] == [
        ["anatomicalSite", "Somewhere", "", "1"],
        ["diagnosis", "QQQ", "oncotree", "1"],
    ]


def test_sums_keep_the_commonest_spelling() -> None:
    """Case and spaces aside words are the same; systems keep them apart."""
    one = Uncoded(DIAGNOSIS, "odd  tumour", "", 2)
    found = summed([[one, replace(one, text="Odd Tumour", samples=5)], [replace(one, system="oncotree", samples=1)]])
    assert [(e.text, e.system, e.samples, e.datasets) for e in found] == [
        ("Odd Tumour", "", 7, 2),
        ("odd  tumour", "oncotree", 1, 1),
    ]


def test_a_damaged_list_says_so() -> None:
    """Another table under its name is an error of the store."""
    store = MemoryStore(IDS)
    store.apply(Change(files={uncoded_file("x"): b"a\tb\n1\t2\n"}))
    with pytest.raises(StoreError, match="damaged"):
        read_uncoded(store, "x")


def test_an_amendment_leaves_it(tmp_path: Path) -> None:
    """Another title does not change what waits."""
    node = parts()
    publish([study(tmp_path / "s", ["\tLipochordomyxoma\tSomewhere odd"] * 2)], node=node)
    before = waiting_on(node.store)
    assert len(before) == 2
    done = amend("own_study", Amendment(values=(("title", "Another title"),)), node=node, by="")
    assert done.ok
    assert waiting_on(node.store) == before
