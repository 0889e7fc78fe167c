"""The table of decisions: drafted beside the data, filled in by the partner, used the next time."""

from __future__ import annotations

from pathlib import Path

import pytest
from memory_store import MemoryStore
from study_folders import write_study

from node.errors import DocumentSyntaxError
from node.ontology.sssom import read_sssom
from node.publishing import decisions
from node.publishing.decisions import FILE
from node.publishing.drafts import Outcome, Severity
from node.publishing.publish import NodeParts, publish
from node.rdf.namespaces import OBO

TABLE = (
    "SAMPLE_ID\tPATIENT_ID\tCANCER_TYPE\tPRIMARY_SITE\n"
    "s1\tp1\tGlioblastomma\tBrain\n"
    "s2\tp2\tGlioblastomma\tBrain\n"
    "s3\tp3\tOddoma QX\tBrain\n"
)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return write_study(tmp_path / "study", TABLE)


def rows(folder: Path) -> list[list[str]]:
    text = (folder / FILE).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if not line.startswith("#")]


def decide(folder: Path, words: str, decision: str, *, code: str = "", every: bool = False) -> None:
    """Fill in the first row of these words, or all of them, as a partner would."""
    table = rows(folder)
    header = table[0]
    for cells in table[1:]:
        if cells[header.index("subject_label")] == words:
            cells[header.index("decision")] = decision
            if code:
                cells[header.index("object_id")] = code
            if not every:
                break
    (folder / FILE).write_text("\n".join("\t".join(cells) for cells in table) + "\n", encoding="utf-8")


def test_proposals_are_drafted_once(study: Path, parts: NodeParts) -> None:
    """What is not certain gets rows, the values that would bring most first; a second time nothing is added."""
    report = publish([study], node=parts, propose=True)
    (drafted,) = report.decisions
    table = read_sssom((study / FILE).read_bytes(), source=FILE)
    assert drafted.added == len(table)
    assert drafted.waiting == 2
    assert (table[0].match.written, table[0].samples, table[0].decision) == ("Glioblastomma", 2, "proposed")
    assert OBO + "NCIT_C3058" in {row.match.iri for row in table if row.match.written == "Glioblastomma"}
    assert table[-1].match.written == "Oddoma QX"
    before = (study / FILE).read_bytes()
    again = publish([study], node=parts, propose=True)
    assert (study / FILE).read_bytes() == before
    assert again.decisions[0].added == 0


def test_decisions_are_used(study: Path, parts: NodeParts) -> None:
    """An accepted candidate, and a class that the partner wrote itself, are codes from then on."""
    first = publish([study], node=parts, propose=True)
    decide(study, "Glioblastomma", "accepted", code="NCIT:C3058")
    decide(study, "Oddoma QX", "accepted", code="NCIT:C3059")
    second = publish([study], node=parts, propose=True)
    coded = [d.coding.coded if d.coding else None for d in (*first.datasets, *second.datasets)]
    assert coded == [0, 3]
    assert second.datasets[0].outcome is Outcome.PUBLISHED
    assert second.decisions[0].waiting == 0


def test_what_is_rejected_stays_away(study: Path, parts: NodeParts) -> None:
    """A rejected value is unknown, and no row is added for it again."""
    publish([study], node=parts, propose=True)
    decide(study, "Glioblastomma", "rejected", every=True)
    before = (study / FILE).read_bytes()
    report = publish([study], node=parts, propose=True)
    assert (study / FILE).read_bytes() == before
    assert report.datasets[0].coding is not None
    assert report.datasets[0].coding.coded == 0


def test_nothing_is_written_unasked(study: Path, parts: NodeParts) -> None:
    """A dry run, and a publication that is not to propose, leave the partner's folder as it is."""
    publish([study], node=parts, propose=True, dry_run=True)
    publish([study], node=parts)
    assert not (study / FILE).exists()


def test_what_the_partner_wrote_is_kept(study: Path, parts: NodeParts) -> None:
    """Rows are added at the end of the partner's own table, in its columns; comments and other columns stay."""
    header = "note\tobject_id\tsubject_label\tsubject_category\tdecision"
    own = f"# ours\n{header}\nx\tNCIT:C3059\tOddoma QX\tonco:diagnosis\taccepted"
    (study / FILE).write_text(own, encoding="utf-8")
    report = publish([study], node=parts, propose=True)
    text = (study / FILE).read_text(encoding="utf-8")
    assert text.startswith(own + "\n")
    assert "\tGlioblastomma\tonco:diagnosis\tproposed" in text
    assert report.datasets[0].coding is not None
    assert report.datasets[0].coding.coded == 1


def test_decisions_of_the_whole_folder_and_of_one_study(tmp_path: Path, parts: NodeParts) -> None:
    """Studies in one folder share its table; that of a study itself counts more."""
    partner = tmp_path / "partner"
    for name in ("one", "two"):
        write_study(partner / name, TABLE, meta=f"cancer_study_identifier: {name}\nname: N\ndescription: D\n")
    publish([partner], node=parts, propose=True)
    assert (partner / FILE).is_file()
    assert not (partner / "one" / FILE).exists()
    decide(partner, "Oddoma QX", "accepted", code="NCIT:C3059")
    head = "subject_category\tsubject_label\tobject_id\tdecision\n"
    (partner / "two" / FILE).write_text(f"{head}onco:diagnosis\toddoma qx\tNCIT:C3058\taccepted\n", encoding="utf-8")
    report = publish([partner], node=parts)
    found = {}
    for dataset in report.datasets:
        assert isinstance(parts.store, MemoryStore)
        text = parts.store.held[parts.identifiers.graph(dataset.dataset)][1].decode()
        found[dataset.dataset] = [code for code in ("NCIT_C3058", "NCIT_C3059") if code in text]
    assert found == {"one": ["NCIT_C3059"], "two": ["NCIT_C3058"]}


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("onco:diagnosis\tx\tNCIT:C3059\tperhaps", "no decision"),
        ("onco:diagnosis\tx\t\taccepted", "names no class"),
        ("onco:stage\tx\tNCIT:C3059\taccepted", "nothing is coded"),
        ("onco:diagnosis\tx\tNCIT:C3059\taccepted\nonco:diagnosis\tX\tNCIT:C3058\taccepted", "two classes"),
    ],
)
def test_a_table_that_cannot_be_understood(study: Path, parts: NodeParts, row: str, what: str) -> None:
    """Nothing is published beside decisions that are unclear; the finding names line, column and remedy."""
    head = "subject_category\tsubject_label\tobject_id\tdecision\n"
    (study / FILE).write_text(head + row + "\n", encoding="utf-8")
    report = publish([study], node=parts, propose=True)
    (finding,) = report.findings
    assert finding.severity is Severity.VIOLATION
    assert what in finding.message
    assert finding.where.line in (2, 3)
    assert finding.remedy
    assert not report.datasets


def test_a_folder_that_cannot_be_written(study: Path, parts: NodeParts, monkeypatch: pytest.MonkeyPatch) -> None:
    """The publication goes on; a warning says that the table could not be written."""

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(decisions, "_replace", refuse)
    report = publish([study], node=parts, propose=True)
    assert report.datasets[0].outcome is Outcome.PUBLISHED
    assert [f.severity for f in report.findings] == [Severity.WARNING]
    assert "Permission denied" in report.findings[0].message


def test_a_table_that_is_no_file_of_text(study: Path) -> None:
    """Bytes that are no text are an error with the file's name."""
    (study / FILE).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DocumentSyntaxError, match="UTF-8"):
        decisions.read_rows(study / FILE)
