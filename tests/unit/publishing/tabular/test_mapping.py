"""A mapping file is read to the letter: every mistake is an error with its line, its key and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest
from mapped_tables import COLUMNS, DATASET, write

from node.errors import DocumentSyntaxError
from node.publishing.tabular.mapping import TableMapping
from node.publishing.tabular.mappingfile import read_mapping
from node.publishing.tabular.transforms import Untransformable, apply, read_transforms


def mapping(folder: Path, text: str) -> TableMapping:
    return read_mapping(write(folder, "t.mapping.toml", text))


def column(more: str, prop: str = "diagnosis") -> str:
    return f'{DATASET}{COLUMNS}[columns.X]\nproperty = "{prop}"\n{more}\n'


LAST = len(column("x").splitlines())


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (f"{DATASET}\n{COLUMNS}\n[colums]\n", 17, "key 'colums' is not known here. Did you mean 'columns'"),
        (f"{DATASET}{COLUMNS}[columns.X]\n", 15, "'X' has no property"),
        (column("valeus = {}"), LAST, "key 'valeus' is not known here. Did you mean 'values'"),
        (column("", "diagnossis"), LAST - 1, "property 'diagnossis' is not known. Did you mean 'diagnosis'"),
        (column("", "http://purl.org/dc/terms/identifier"), LAST - 1, "not set by a mapping like this"),
        (column("", "onco:diagnosis"), LAST - 1, "Write property = 'diagnosis'"),
        (column("", "age-at-diagnosis"), LAST - 2, "the age in 'X' has no unit"),
        (column('unit = "weeks"', "age-at-diagnosis"), LAST, "unit 'weeks' is not known"),
        (column('unit = "years"'), LAST, "unit does not belong to this property"),
        (column('system = "icd"'), LAST, "system 'icd' is not known"),
        (column('datatype = "decimal"'), LAST, "datatype does not belong"),
        (column('transform = "lowr"'), LAST, "'lowr' is not known"),
        (column('transform = { extract = "(" }'), LAST, "no regular expression"),
        (column('transform = { extract = "(a)(b)" }'), LAST, "has 2 groups"),
        (column("transform = { split = 3 }"), LAST, "'split' cannot be used like this"),
        (column("values = { a = 3 }"), LAST, "the value for 'a' is no text"),
        (column('values = { a = "X:C123" }'), LAST, "prefix of 'X:C123' is not known"),
        (column('values = { a = "x", A = "y" }'), LAST, "'A' stands twice"),
        (column("", "sample-id"), LAST - 2, "2 columns are the sample-id: Sample, X"),
        (column("values = { a = 'b' }", "donor-id"), LAST, "donor-id takes no values"),
        (f'{DATASET}[columns.A]\nproperty = "diagnosis"\n', 8, "no columns are the sample-id"),
        (f"{DATASET}{COLUMNS}[table]\nheader_row = '2'\n", 16, "header_row is a number"),
        (f"{DATASET}{COLUMNS}[table]\ndelimiter = ';;'\n", 16, "delimiter is one character"),
        (DATASET.replace('access = "public"', "") + COLUMNS, 2, "the dataset needs access"),
        (DATASET.replace('"public"', '"open"') + COLUMNS, 7, "access 'open' is not known"),
        (DATASET.replace('"CC BY 4.0"', '"free"') + COLUMNS, 6, "licence 'free' is not known"),
        (DATASET.replace('"tiny"', '"My Data"') + COLUMNS, 3, "'My Data' cannot be the identifier"),
        (DATASET.replace('title = "A tiny table"', "title = 3") + COLUMNS, 4, "title is a text"),
        (f'{DATASET}contact = {{ email = "nobody" }}\n{COLUMNS}', 8, "'nobody' is no e-mail address"),
        (f'{DATASET}landing_page = "www"\n{COLUMNS}', 8, "'www' is no address"),
        (f'{DATASET}properties = {{ "x:y" = "z" }}\n{COLUMNS}', 8, "property 'x:y' is not known"),
        (f'{DATASET}properties = {{ "dct:identifier" = "z" }}\n{COLUMNS}', 8, "is set by the node"),
        (f'{DATASET}themes = ["health"]\n{COLUMNS}', 8, "'health' is no IRI"),
        (COLUMNS, None, r"no \[dataset\]"),
        (DATASET, None, r"no \[columns\]"),
        (f'{DATASET}{COLUMNS}[[constants]]\nproperty = "sex"\n', 15, "a constant has no value"),
        (f'{DATASET}{COLUMNS}[[constants]]\nproperty = "sample-id"\nvalue = "a"\n', 15, "cannot be the same for all"),
        (f"{DATASET}{COLUMNS}[columns.Sample]\n", 15, "not TOML"),
        (f"{DATASET}a = \n", 8, "not TOML"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, line: int | None, message: str) -> None:
    """The error names the mistake, its line, and the remedy."""
    with pytest.raises(DocumentSyntaxError, match=message) as caught:
        mapping(tmp_path, text)
    assert caught.value.where is not None
    assert caught.value.where.line == line
    assert caught.value.remedy


def test_a_mapping_that_is_not_utf8(tmp_path: Path) -> None:
    """The line with the first strange byte is named."""
    with pytest.raises(DocumentSyntaxError, match="not UTF-8") as caught:
        read_mapping(write(tmp_path, "t.mapping.toml", "a = 1\nb = '\xe4'\n".encode("latin-1")))
    assert caught.value.where is not None
    assert caught.value.where.line == 2


@pytest.mark.parametrize(
    ("transform", "text", "made"),
    [
        (["lower", "trim"], " AbC ", ["abc"]),
        ({"split": ";"}, "a; b;;c", ["a", "b", "c"]),
        ({"extract": r"\(([A-Z]+)\)"}, "Glioma (GBM)", ["GBM"]),
        ({"extract": r"[A-Z]+"}, "none", []),
        ("number", "1 234,5", ["1234.5"]),
        ("number", "0,250", ["0.250"]),
        ({"multiply": 0.001}, "250", ["0.25"]),
        ([{"date": "%d.%m.%Y"}, "year"], "31.05.2024", ["2024"]),
        ("year", "2024-05", ["2024"]),
        ({"replace": ["_", " "]}, "a_b", ["a b"]),
        ([{"split": "/"}, {"prefix": "UBERON:"}], "1/2", ["UBERON:1", "UBERON:2"]),
    ],
)
def test_transforms(transform: object, text: str, made: list[str]) -> None:
    """Each transform makes what the reference says."""
    assert apply(text, read_transforms(transform, lambda what, _: pytest.fail(what))) == made


@pytest.mark.parametrize(
    ("transform", "text"),
    [("number", "1,234"), ("number", "about 3"), ("year", "May"), ({"date": "%d.%m.%Y"}, "2024-05-31")],
)
def test_what_a_transform_cannot_take(transform: object, text: str) -> None:
    """What would have to be guessed is refused."""
    with pytest.raises(Untransformable):
        apply(text, read_transforms(transform, lambda what, _: pytest.fail(what)))
