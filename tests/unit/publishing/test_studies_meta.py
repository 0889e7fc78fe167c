"""What a study says about itself, and the index of studies beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.publishing.findings import Findings
from node.publishing.studymeta import (
    ODBL,
    TCGA_OPEN_ACCESS,
    UNKNOWN_LICENCE,
    find_index,
    licence_in,
    plain_text,
    read_meta,
)

INDEX = "study_id\tname\tdescription\tpmid\tlicence\tcitation\ntiny\tFrom the index\tIndexed\t77\tCC BY 4.0\tDoe 2020\n"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a <b>bold</b> word", "a bold word"),
        ("one<br>two<BR/>three", "one two three"),
        ("see <A HREF='http://x.example/?a=1&b=2'>x</A>.", "see x."),
        ("Barts &amp; London &lt; 5", "Barts & London < 5"),
        ("p < 0.05 and n > 3", "p < 0.05 and n > 3"),
        ("  spaced \t out ", "spaced out"),
    ],
)
def test_markup_is_taken_out(text: str, plain: str) -> None:
    """Descriptions carry links and breaks from a web portal; what is published is their text."""
    assert plain_text(text) == plain


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("under the ODC Open Database License (ODbL)", ODBL),
        ("repo default: ODC ODbL 1.0 (README)", ODBL),
        ("Data: CC BY 4.0 (stated in the docs)", "https://creativecommons.org/licenses/by/4.0/"),
        ("CC-BY-NC-SA-4.0", "https://creativecommons.org/licenses/by-nc-sa/4.0/"),
        ("https://creativecommons.org/licenses/by-nc/4.0/", "https://creativecommons.org/licenses/by-nc/4.0/"),
        ("CC BY-SA 4.0", "https://creativecommons.org/licenses/by-sa/4.0/"),
        ("CC0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("TCGA data are available under Broad Institute GDAC TCGA Analysis Pipeline License.", TCGA_OPEN_ACCESS),
        ("LGPL-3.0 repository", None),
        ("CC BY 3.0", None),
    ],
)
def test_licences_by_name(text: str, licence: str | None) -> None:
    """A licence is recognised by its name with its version; one that only resembles it is not."""
    assert licence_in(text) == licence


def test_the_index_fills_what_the_study_lacks(tmp_path: Path) -> None:
    """An index two folders up gives title, text, literature and licence where the study itself does not."""
    folder = tmp_path / "partner" / "tiny"
    folder.mkdir(parents=True)
    (tmp_path / "cbioportal-studies.tsv").write_text(INDEX, encoding="utf-8")
    (folder / "meta_study.txt").write_text("cancer_study_identifier: tiny\n", encoding="utf-8")
    findings = Findings("meta")
    meta = read_meta(folder, None, findings)
    assert (meta.title, meta.description, meta.pubmed, meta.citation) == (
        "From the index",
        "Indexed",
        ("77",),
        "Doe 2020",
    )
    assert meta.licence == "https://creativecommons.org/licenses/by/4.0/"
    assert findings.result() == []


def test_the_study_itself_counts_more_than_the_index(tmp_path: Path) -> None:
    """What the folder says is taken before what an index says about it; so is its LICENSE file."""
    (tmp_path / "meta_study.txt").write_bytes(
        "cancer_study_identifier:tiny\nname:Größe\ndescription:d\n".encode("latin-1")
    )
    (tmp_path / "LICENSE").write_text("ODbL", encoding="utf-8")
    index = {"tiny": {"name": "other", "licence": "CC BY 4.0", "pmid": "", "citation": ""}}
    meta = read_meta(tmp_path, index, Findings("meta"))
    assert (meta.title, meta.licence) == ("Größe", ODBL)


def test_an_unknown_licence_has_a_name_too(tmp_path: Path) -> None:
    """A study always has a licence IRI; ADMS has one for "unknown"."""
    (tmp_path / "meta_study.txt").write_text("cancer_study_identifier: a\nname: b\ndescription: c\n", encoding="utf-8")
    findings = Findings("meta")
    assert read_meta(tmp_path, {}, findings).licence == UNKNOWN_LICENCE
    assert [f.where.field for f in findings.result()] == ["licence"]


def test_no_index(tmp_path: Path) -> None:
    """Without an index beside the partner's folder, there simply is none."""
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    assert find_index(deep) == {}
