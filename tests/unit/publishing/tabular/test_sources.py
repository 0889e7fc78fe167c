"""Which tables are meant by a file, a folder, a pattern, and by --mapping; and what is said of a table without one."""

from __future__ import annotations

from pathlib import Path

import pytest
from mapped_tables import COLUMNS, DATASET, ROWS, write

from node.errors import ProtocolError
from node.publishing.drafts import Outcome
from node.publishing.publish import NodeParts, publish
from node.publishing.sources import find_sources

MAPPING = f"{DATASET}{COLUMNS}"


def test_a_folder_means_its_tables_that_have_a_mapping(tmp_path: Path) -> None:
    """A table without a mapping beside it is left alone where another source is found; mapping files are no sources."""
    write(tmp_path, "a.csv.gz", b"")
    write(tmp_path, "a.mapping.toml", MAPPING)
    write(tmp_path, "b.csv", ROWS)
    (source,) = find_sources([tmp_path])
    assert (source.path.name, source.mapping) == ("a.csv.gz", tmp_path / "a.mapping.toml")
    assert [s.path.name for s in find_sources([tmp_path / "a*"])] == ["a.csv.gz"]


def test_a_pattern_with_one_mapping_is_one_dataset(tmp_path: Path, parts: NodeParts) -> None:
    """All tables that a pattern or a folder means are read, in the order of their names; again nothing changes."""
    folder = tmp_path / "tables"
    folder.mkdir()
    write(folder, "2.csv", ROWS.replace("S1", "S3").replace("S2", "S4"))
    write(folder, "1.csv", ROWS)
    mapping = write(tmp_path, "both.mapping.toml", MAPPING)
    (source,) = find_sources([folder / "*.csv"], mapping)
    assert [path.name for path in source.files] == ["1.csv", "2.csv", "both.mapping.toml"]
    (report,) = publish([folder / "*.csv"], node=parts, mapping=mapping).datasets
    assert (report.outcome, report.samples, report.donors) == (Outcome.PUBLISHED, 4, 1)
    (report,) = publish([folder], node=parts, mapping=mapping).datasets
    assert report.outcome is Outcome.UNCHANGED


def test_a_table_without_a_mapping_says_how_to_get_one(tmp_path: Path, parts: NodeParts) -> None:
    """Nothing of it is published, and the remedy is the command that drafts one."""
    path = write(tmp_path, "t.xlsx", b"anything")
    report = publish([path], node=parts)
    (finding,) = report.findings
    assert "t.mapping.toml" in finding.message
    assert f"onconode publish {path} --suggest" in str(finding.remedy)


@pytest.mark.parametrize(
    ("names", "given", "message"),
    [
        (["no.csv"], False, "there is no"),
        (["no*.csv"], False, "there is no"),
        (["t.mapping.toml"], False, "a mapping file alone"),
        (["d.ttl"], True, "a mapping is for tables"),
        (["empty"], True, "no table here"),
    ],
)
def test_paths_that_lead_to_nothing(tmp_path: Path, names: list[str], given: bool, message: str) -> None:
    """A wrong path ends the command before anything is read."""
    (tmp_path / "empty").mkdir()
    write(tmp_path, "d.ttl", "")
    mapping = write(tmp_path, "t.mapping.toml", MAPPING)
    with pytest.raises(ProtocolError, match=message):
        list(find_sources([tmp_path / name for name in names], mapping if given else None))


def test_a_broken_row_leaves_what_was_published(tmp_path: Path, parts: NodeParts) -> None:
    """A table that became wrong is rejected as a whole, and the node keeps what it had."""
    path = write(tmp_path, "t.csv", ROWS)
    write(tmp_path, "t.mapping.toml", MAPPING)
    before = publish([path], node=parts).generation
    write(tmp_path, "t.csv", ROWS + "S1,P9,Glioma\n")
    report = publish([path], node=parts)
    assert [d.outcome for d in report.datasets] == [Outcome.REJECTED]
    assert report.generation == before
