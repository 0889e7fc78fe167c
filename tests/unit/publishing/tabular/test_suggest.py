"""A drafted mapping gives properties to what is recognised, ignores the rest with a comment, and can be read back."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from mapped_tables import read, violations, write
from study_folders import CODES, VOCABULARY, about

from node.errors import Conflict, DocumentSyntaxError
from node.publishing.coder import Coder
from node.publishing.tabular.mappingfile import read_mapping
from node.publishing.tabular.read import mapping_beside, open_table
from node.publishing.tabular.sheets import Layout
from node.publishing.tabular.suggest import Suggestion, suggest, write_suggestion

TABLE = (
    "Sample ID,Case,Histology,OncoTree,Organ sampled,Type,Gender,Age at diagnosis (y),Purity,Doctor's notes,Empty\n"
    + "".join(
        f"S{i},P{i // 2},{['Glioblastoma', 'Glioma', 'strange one'][i % 3]},{['GBM', 'NOMAP'][i % 2]},"
        f"{['Brain', 'Lung'][i % 2]},Primary,{'FM'[i % 2]},{30 + i},0.{i:02},"
        f"The patient was seen again in spring number {i} and told us a long story about it,\n"
        for i in range(24)
    )
)


def suggested(path: Path) -> Suggestion:
    return suggest(path, open_table(path, path.parent, Layout()), Coder(VOCABULARY, CODES))


def test_what_is_recognised(tmp_path: Path) -> None:
    """Identifiers by name and values, codes by name and by what the coder finds; everything else is ignored."""
    made = suggested(write(tmp_path, "my samples.csv", TABLE))
    assert made.properties == {
        "Sample ID": "sample-id",
        "Case": "donor-id",
        "Histology": "diagnosis",
        "OncoTree": "diagnosis",
        "Organ sampled": "site",
        "Type": "sample-type",
        "Gender": "sex",
        "Age at diagnosis (y)": "age-at-diagnosis",
        "Purity": "ignore",
        "Doctor's notes": "ignore",
        "Empty": "ignore",
    }
    assert made.undecided == ("Purity", "Doctor's notes")
    content = tomllib.loads(made.text)
    assert content["columns"]["OncoTree"] == {"property": "diagnosis", "system": "oncotree", "values": {}}
    assert content["dataset"]["id"] == "my-samples"
    assert "Free text" in made.text
    assert '# "strange one" = ""  # 8' in made.text
    assert '"Glioblastoma" is NCIT:C3058 Glioblastoma (8)' in made.text


def test_a_draft_must_be_completed_and_then_publishes(tmp_path: Path) -> None:
    """As it is drafted it is refused for what the partner must decide; completed it reads the table."""
    table = write(tmp_path, "t.csv", TABLE)
    made = suggested(table)
    target = mapping_beside(table)
    write_suggestion(made, target, force=False)
    with pytest.raises(DocumentSyntaxError, match="the dataset needs description"):
        read_mapping(target)
    text = made.text.replace('description = ""', 'description = "d"').replace('licence = ""', 'licence = "unknown"')
    before, _, columns = text.replace('access = ""', 'access = "public"').partition("\n\n")[2].partition("\n\n")
    draft = read(tmp_path, table, dataset=before, columns=columns)
    assert violations(draft) == []
    assert draft.samples == 24
    assert "onco:diagnosis obo:NCIT_C3058" in about(draft.public, "datasets/my-samples/samples/S0") | about(
        draft.public, "datasets/t/samples/S0"
    )
    assert "long story" not in draft.public.read_text()


def test_a_mapping_that_is_there_stays(tmp_path: Path) -> None:
    """A draft never writes over a file, unless it is told to."""
    table = write(tmp_path, "t.csv.gz", b"")
    target = write(tmp_path, "t.mapping.toml", "mine")
    assert mapping_beside(table) == target
    made = Suggestion("new", {}, (), 0)
    with pytest.raises(Conflict, match="--force"):
        write_suggestion(made, target, force=False)
    assert target.read_text() == "mine"
    write_suggestion(made, target, force=True)
    assert target.read_text() == "new"


def test_identifiers_that_are_not_unique_are_left_to_the_partner(tmp_path: Path) -> None:
    """A column called sample that repeats a value is not taken, and the draft says that one is needed."""
    made = suggested(write(tmp_path, "t.csv", "Sample,Histology\nS1,Glioma\nS1,Glioma\n"))
    assert made.properties["Sample"] == "ignore"
    assert "some stand in several rows" in made.text
    assert 'one column must have property = "sample-id"' in made.text


def test_of_two_columns_for_one_thing_the_finer_is_taken(tmp_path: Path) -> None:
    """Where both are recognised, the column that tells more apart is the diagnosis; the other says that it could be."""
    rows = "Sample,Cancer type,Detailed cancer type\nS1,Glioma,Glioma\nS2,Glioma,Glioblastoma\n"
    made = suggested(write(tmp_path, "t.csv", rows))
    assert made.properties["Detailed cancer type"] == "diagnosis"
    assert made.properties["Cancer type"] == "ignore"
    assert '"Detailed cancer type" is taken' in made.text


@pytest.mark.parametrize(
    ("name", "values", "unit"),
    [
        ("Age", ["34", "71"], "years"),
        ("Age (days)", ["12000", "25000"], "days"),
        ("age_iso", ["P36Y", "P71Y6M"], "iso8601"),
        ("Age", ["4", "9"], None),
        ("Age at death", ["34", "71"], None),
        ("Age", ["adult", "child"], None),
    ],
)
def test_ages_need_a_unit(tmp_path: Path, name: str, values: list[str], unit: str | None) -> None:
    """The unit is what the name says, or years where the numbers can be nothing else; else it is for the partner."""
    made = suggested(write(tmp_path, "t.csv", f"Sample,{name}\nS1,{values[0]}\nS2,{values[1]}\n"))
    entry = tomllib.loads(made.text)["columns"][name]
    assert entry.get("unit") == unit
    assert entry["property"] == ("age-at-diagnosis" if unit else "ignore")


def test_names_that_toml_must_quote(tmp_path: Path) -> None:
    """Whatever stands in the header or the cells, the draft is TOML."""
    made = suggested(write(tmp_path, "t.csv", 'Sample,"A ""b"" \\ [c]",Histology\nS1,x,"a ""q"" \\u\n"\nS2,y,Glioma\n'))
    assert set(tomllib.loads(made.text)["columns"]) == {"Sample", 'A "b" \\ [c]', "Histology"}
