"""Changing a workspace by command: what is written, and what is refused with nothing written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from node.curation.beginning import begin_hub
from node.curation.checking import check
from node.curation.obsoletion import make_obsolete
from node.curation.workspace import Workspace
from node.errors import Conflict, NotFound, ProtocolError
from node.rdf.namespaces import ONCO
from tests.command_line import onconode
from tests.unit.curation.workspaces import NAMESPACE, workspace


def run(arguments: list[str], code: int = 0) -> str:
    """What a command printed: its answer, or its error where it is to leave with this code."""
    done = onconode(*arguments)
    assert done.returncode == code, done.stderr
    return done.stderr if code else done.stdout


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_term_is_added_changed_mapped_and_made_obsolete(tmp_path: Path) -> None:
    """Each step by its command; the vocabulary has no finding at its beginning and at its end."""
    folder = workspace(tmp_path / "w").folder
    here = ["--workspace", str(folder)]
    me = ["--curator", "curator-1"]
    add = ["curate", "add", *here, *me, "--json", "--label", "alar glioma of age", "--parent", "alar glioma"]
    added = json.loads(run([*add, "--definition", "An alar glioma.", "--source", "made up", "--synonym", "old wing"]))
    assert added["iri"] == NAMESPACE + "0000004"
    assert added["where"] == {"source": "templates/terms.tsv", "line": 3}
    run(["curate", "set", "alar glioma of age", "definition=An alar glioma of an old bird.", *here])
    run(["curate", "map", "alar glioma of age", "broadMatch", "NCIT:C3059", *here, *me])
    opened = Workspace.open(folder)
    assert b'"An alar glioma of an old bird."@en' in opened.triples()
    assert check(opened, None).findings == []
    run(["curate", "obsolete", "alar glioma of age", "--replaced-by", "rare:0000002", "--reason", "too fine", *here])
    opened = Workspace.open(folder)
    said = [line for line in opened.triples().decode().splitlines() if line.startswith(f"<{NAMESPACE}0000004>")]
    assert sum("subClassOf" in line for line in said) == 0
    assert any('"obsolete alar glioma of age"@en' in line for line in said)
    assert any(f"IAO_0100001> <{NAMESPACE}0000002>" in line for line in said)
    assert any('deprecated> "true"^^<http://www.w3.org/2001/XMLSchema#boolean>' in line for line in said)
    assert [one.rule for one in check(opened, None).findings] == ["obsolete_reference"], "its mapping is still there"
    assert json.loads(run(["curate", "mint", "another", *here, *me, "--json"]))[0]["iri"] == NAMESPACE + "0000005"


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        (["add", "--label", "Glioma"], 7, "is called 'Glioma' already"),
        (["add", "--label", "x", "--parent", "nowhere"], 2, "no class is called 'nowhere'"),
        (["add", "--label", "x", "--set", "colour=red"], 2, "there is no column 'colour'"),
        (["add", "--label", "x", "--set", "colour"], 2, "sets nothing"),
        (["add", "--label", "x", "--curator", "stranger"], 78, "is no curator of this workspace"),
        (["set", "alar glioma", "id=rare:9"], 2, "an IRI is never changed"),
        (["set", "alar glioma", "parent=(Glioma"], 2, "')' is missing here"),
        (["set", "Glioma", "parent=x"], 4, "no template makes NCIT:C3059"),
        (["set", "nothing", "parent=x"], 4, "no term is called 'nothing'"),
        (["obsolete", "alar glioma"], 7, "axioms of rare:0000003 refer to it"),
        (["obsolete", "wing tumour", "--replaced-by", "wing tumour"], 2, "cannot take its place"),
        (["obsolete", "Glioma"], 4, "is not made here"),
        (["map", "alar glioma", "sameAs", "Glioma"], 2, "is no mapping property"),
        (["check", "--no-reasoner", "--release", "ncit"], 2, "names no release"),
        (["check", "--no-reasoner", "--release", "ncit=nowhere.ttl"], 78, "the release ncit is not there"),
        (["init", "."], 2, "say which vocabulary"),
    ],
)
def test_what_cannot_be_done_changes_nothing(
    tmp_path: Path, command: list[str], code: int, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence, the exit code of its kind, and every file as it was."""
    folder = workspace(tmp_path / "w").folder
    before = contents(folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ONCONODE_CURATOR", "curator-1")
    assert message in run(["curate", *command], code=code)
    assert contents(folder) == before


def test_a_table_is_imported_and_its_rows_get_iris(tmp_path: Path) -> None:
    """Rows without an ID are minted for; a table with a cell that cannot be read does not come in."""
    folder = workspace(tmp_path / "w").folder
    table = tmp_path / "more.tsv"
    table.write_text("id\tname\tparent\nID\tLABEL\tSC %\n\tpinion tumour\tGlioma\n", encoding="utf-8")
    here = ["--workspace", str(folder)]
    assert "1 of them have no ID yet" in run(["curate", "import", str(table), *here])
    assert "templates/more.tsv, line 3: rare:0000004" in run(["curate", "mint", *here, "--curator", "curator-1"])
    assert "already" in run(["curate", "import", str(table), *here], code=7)
    bad = tmp_path / "bad.tsv"
    bad.write_text("id\tname\tparent\nID\tLABEL\tSC %\n\tfeather tumour\t(Glioma\n", encoding="utf-8")
    assert "templates/bad.tsv, line 3, column 3" in run(["curate", "import", str(bad), *here], code=2)
    assert not (folder / "templates/bad.tsv").exists()


def test_a_term_of_the_hub_vocabulary_is_made_obsolete_in_its_text(tmp_path: Path) -> None:
    """Only its statements change; comments and all other terms stay letter by letter."""
    made = begin_hub(tmp_path / "w")
    before = made.ontology_file.read_text(encoding="utf-8").splitlines()
    done = make_obsolete(made, ONCO + "country", reason="nobody asked")
    assert done.label == "obsolete country"
    after = made.ontology_file.read_text(encoding="utf-8").splitlines()
    assert [line for line in after if line.startswith("#")] == [line for line in before if line.startswith("#")]
    opened = Workspace.open(made.folder)
    gone = {str(t) for t in made.stated} - {str(t) for t in opened.stated}
    assert gone
    assert all(triple.startswith(f"<{ONCO}country>") for triple in gone)
    with pytest.raises(Conflict, match="obsolete already"):
        make_obsolete(opened, ONCO + "country")
    with pytest.raises(Conflict, match="refer to it"):
        make_obsolete(opened, ONCO + "code")
    with pytest.raises(NotFound):
        make_obsolete(opened, ONCO + "nothing")
    with pytest.raises(ProtocolError):
        make_obsolete(opened, ONCO + "reads", replaced_by=ONCO + "nothing")


def test_the_hub_vocabulary_passes_its_own_check(tmp_path: Path) -> None:
    """Nothing that counts as an error or a warning; with the reasoner it is checked on the real releases."""
    report = check(begin_hub(tmp_path / "w"), None)
    assert [(one.rule, one.subject) for one in report.findings if one.severity != "info"] == []
    assert report.terms > 25
