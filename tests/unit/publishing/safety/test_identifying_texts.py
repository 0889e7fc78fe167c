"""What stands in a text beyond doubt, names, dates and addresses."""

from __future__ import annotations

import pytest

from node.publishing.safety.addresses import is_address, is_street_code
from node.publishing.safety.dates import has_date, initials_and_date, is_date
from node.publishing.safety.names import Likeness, likeness
from node.publishing.safety.texts import certain_in
from node.publishing.safety.values import shapes_of
from node.publishing.safety.words import Kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("anna.rossi@example.org", Kind.EMAIL),
        ("results to anna.rossi@example.org please", Kind.EMAIL),
        ("biobank@example.org", None),
        ("opendata@example.org", None),
        ("info-node@example.org", None),
        ("born 3.5.1961 in Graz", Kind.BIRTH),
        ("geb. 03.05.1961", Kind.BIRTH),
        ("seen by Dr. Weber", Kind.NAME),
        ("Frau Müller", Kind.NAME),
        ("MRN: 00451234", Kind.NUMBER),
        ("NHS no. 943-476-5919", Kind.NUMBER),
        ("call +49 6221 123456", Kind.PHONE),
        ("https://orcid.org/0000-0002-1825-0097", Kind.NETWORK),
        ("Glioblastoma, IDH wildtype", None),
        ("Mr 3.2 cm, T2 1234", None),
        ("RNA-seq, 2 x 100 bp, 50,000,000 reads", None),
        ("chr7:140453136-140453137", None),
        ("0:LIVING", None),
        ("PMID:15540206", None),
        ("", None),
    ],
)
def test_beyond_doubt(text: str, kind: Kind | None) -> None:
    """One such text is enough to stop a publication, so that none may be taken for one without need."""
    assert certain_in(text) is kind


@pytest.mark.parametrize("text", ["Anna Rossi", "ROSSI, Anna", "Jan van der Berg", "Kovács Béla", "Дмитро Шевченко"])
def test_names_of_persons(text: str) -> None:
    """A given name, or the ending of a surname."""
    assert likeness(text) is Likeness.LIKELY


@pytest.mark.parametrize("text", ["Hodgkin Lymphoma", "anna rossi", "T2N0", "Mayo Clinic", "x", "", "A B", "Lung"])
def test_what_is_no_name(text: str) -> None:
    """Diagnoses, hospitals, small letters."""
    assert likeness(text) is Likeness.NONE


@pytest.mark.parametrize(
    "text",
    ["1961-05-03", "3.5.1961", "03/05/1961", "3 mai 1961", "5/3/61", "1961-05-03T10:00:00Z", "3 de mayo de 1961"],
)
def test_days(text: str) -> None:
    """As they are written in Europe and in America."""
    assert is_date(text)


@pytest.mark.parametrize("text", ["1961", "2019-05", "61-99-1961", "1.2.3", "12/60", "3.5"])
def test_what_is_no_day(text: str) -> None:
    """Years, months, versions, ratios."""
    assert not is_date(text)
    assert not has_date(text)


@pytest.mark.parametrize(
    ("text", "shape"),
    [("JD19610503", "long"), ("03.05.1961-JD", "long"), ("JD030561", "short"), ("JD996199", "six"), ("PT-0012", None)],
)
def test_initials_with_digits(text: str, shape: str | None) -> None:
    """Pseudonyms that are none."""
    assert initials_and_date(text) == shape


@pytest.mark.parametrize(
    "text",
    [
        "Hauptstraße 5, 69120 Heidelberg",
        "12 rue de la Paix, 75002 Paris",
        "10 Downing Street",
        "Via Roma 4, 10121 Torino",
        "ul. Długa 12, 00-238 Warszawa",
        "75002 Paris",
    ],
)
def test_addresses(text: str) -> None:
    """A street with a number, or a postal code with a place."""
    assert is_address(text)


@pytest.mark.parametrize(
    "text", ["Upper lobe, lung", "grade 3 of 4", "12 x 8 mm", "Glioma 2", "T2 N0, M0", "WGS (Ref. et al., 2012; No. 2)"]
)
def test_what_is_no_address(text: str) -> None:
    """Sites, sizes, stages."""
    assert not is_address(text)


def test_codes_of_streets() -> None:
    """British and Dutch ones lead to a few houses."""
    assert is_street_code("SW1A 2AA")
    assert is_street_code("1017 CT")
    assert not is_street_code("69120")


@pytest.mark.parametrize(
    ("text", "shape"),
    [("0117 4960170", "phone"), ("192.168.0.1", "network"), ("2001:db8::1", "network"), ("01174960170", "plain phone")],
)
def test_shapes(text: str, shape: str) -> None:
    """Telephone numbers and addresses of computers."""
    assert shape in set(shapes_of(text))


@pytest.mark.parametrize("part", ["a@", "+49 ", "1.", "nhs ", "A. ", "born ", "x" * 7 + " ", "(0", "Dr. A", "\u202e"])
def test_no_expression_runs_away(part: str) -> None:
    """A text of 20,000 characters that begins again and again; an expression that backtracks would never end."""
    text = part * (20_000 // len(part))
    assert certain_in(text) in (None, Kind.NAME)
    assert not has_date(text)
    assert "address" not in set(shapes_of(text[:200]))
