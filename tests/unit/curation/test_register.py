"""IRIs are minted once, whoever mints at the same time, and whatever becomes of the term."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from node.curation.register import collisions, mint, read_register
from node.curation.settings import Curator
from node.curation.workspace import Workspace
from node.errors import Conflict, DocumentSyntaxError
from tests.unit.curation.workspaces import NAMESPACE, workspace

ONE = Curator("one", 10, 12)


def minted_by(folder: Path, name: str) -> list[str]:
    vocabulary = Workspace.open(folder).settings.vocabulary
    many = Curator(name, 100, 999)
    return [mint(folder / "minted.tsv", vocabulary, many, [f"{name} {n}"])[0].iri for n in range(25)]


def test_two_processes_never_mint_the_same(tmp_path: Path) -> None:
    """Two that take from one range at once: fifty IRIs, fifty rows."""
    folder = workspace(tmp_path / "w").folder
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        both = list(pool.map(minted_by, [folder, folder], ["a", "b"]))
    assert len(set(both[0]) | set(both[1])) == 50
    rows = read_register(folder / "minted.tsv")
    assert len(rows) == 53
    assert not collisions(rows)


def test_a_range_ends(tmp_path: Path) -> None:
    """All labels are minted or none, and numbers in use outside the register count as taken."""
    made = workspace(tmp_path / "w")
    vocabulary, path = made.settings.vocabulary, made.register_file
    taken = [NAMESPACE + "0000010"]
    before = path.read_bytes()
    with pytest.raises(Conflict, match=r"range of 'one' \(10 to 12\) is used up"):
        mint(path, vocabulary, ONE, ["a", "b", "c"], taken=taken)
    assert path.read_bytes() == before
    assert [m.iri[-2:] for m in mint(path, vocabulary, ONE, ["a", "b"], taken=taken)] == ["11", "12"]
    with pytest.raises(Conflict):
        mint(path, vocabulary, ONE, ["d"])


def test_a_merge_that_gave_an_iri_twice_stops_minting(tmp_path: Path) -> None:
    """Until a curator has said which of the two terms keeps it."""
    made = workspace(tmp_path / "w", register=((1, "a"), (2, "b"), (2, "c")))
    with pytest.raises(Conflict, match="registered twice, for 'b' and for 'c'") as caught:
        mint(made.register_file, made.settings.vocabulary, ONE, ["d"])
    assert caught.value.where is not None
    assert caught.value.where.line == 4


@pytest.mark.parametrize(
    ("line", "message"), [("<<<<<<< ours", "merge was left unfinished"), ("x\ty", "a row has 4 cells")]
)
def test_a_register_that_cannot_be_read_names_the_line(tmp_path: Path, line: str, message: str) -> None:
    """And nothing is minted."""
    made = workspace(tmp_path / "w")
    with made.register_file.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(DocumentSyntaxError, match=message) as caught:
        mint(made.register_file, made.settings.vocabulary, ONE, ["d"])
    assert caught.value.where is not None
    assert caught.value.where.line == 5
