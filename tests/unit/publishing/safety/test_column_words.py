"""What names of columns say, in the languages of Europe."""

from __future__ import annotations

import pytest

from node.publishing.safety.words import Kind, about_processing, plain, said_by


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("PATIENT_NAME", Kind.NAME),
        ("patientName", Kind.NAME),
        ("Nachname", Kind.NAME),
        ("Prénom", Kind.NAME),
        ("Ονοματεπώνυμο", Kind.NAME),
        ("Фамилия", Kind.NAME),
        ("http://xmlns.com/foaf/0.1/familyName", Kind.NAME),
        ("patient_dob", Kind.BIRTH),
        ("Geburtsdatum", Kind.BIRTH),
        ("Patientengeburtsdatum", Kind.BIRTH),
        ("Fecha de nacimiento", Kind.BIRTH),
        ("foaf:birthday", Kind.BIRTH),
        ("Straße", Kind.ADDRESS),
        ("Код", None),
        ("TEL", Kind.PHONE),
        ("E-Mail", Kind.EMAIL),
        ("Steuer-ID", Kind.NUMBER),
        ("PESEL", Kind.NUMBER),
        ("MRN", Kind.RECORD),
        ("Fallnummer", Kind.RECORD),
        ("IP address", Kind.NETWORK),
        ("SAMPLE_ID", None),
        ("PATIENT_ID", None),
        ("GENE_NAME", None),
        ("STREET_DRUG_USE", None),
        ("CELL_TYPE", None),
        ("MSI_STATUS", None),
        ("", None),
        ("//##::", None),
    ],
)
def test_the_name_of_a_column(column: str, kind: Kind | None) -> None:
    """Sure words name one thing and nothing else."""
    assert said_by(column)[0] is kind


def test_some_words_are_hints_only() -> None:
    """NAME may be that of a gene."""
    assert said_by("GENE_NAME") == (None, {Kind.NAME})


def test_dates_of_files_are_not_dates_of_people() -> None:
    """By their names; "data" is Italian for date."""
    assert about_processing("RELEASE_DATE")
    assert about_processing("dct:modified")
    assert not about_processing("Data intervento")


def test_folding() -> None:
    """Case, accents, separators and capital letters inside of words."""
    assert plain("Größe_derPrénoms--Łódź") == "grosse der prenoms lodz"
