"""Numbers of states and insurers: each form with a right number that is public as an example, and the same spoilt."""

from __future__ import annotations

import pytest

from node.publishing.safety.national import forms_of

#: Numbers that authorities, standards and encyclopaedias give as examples.
EXAMPLES = {
    "943 476 5919": "NHS number",
    "GB82 WEST 1234 5698 7654 32": "IBAN",
    "QQ 12 34 56 C": None,
    "AB 12 34 56 C": "national insurance number",
    "536-90-4399": "social security number",
    "2 95 10 99 126 111 93": "NIR",
    "36 574 261 809": "Steuer-ID",
    "A123456780": "health insurance number (KVNR)",
    "65170839J003": "pension insurance number",
    "1237 010180": "Austrian insurance number",
    "756.9217.0769.85": "AHV number",
    "1112.22.333": "BSN",
    "85.07.30-033 28": "Belgian national number",
    "RCCMNL83S18D969H": "codice fiscale",
    "54362315K": "DNI",
    "X-2482300W": "NIE",
    "44051401359": "PESEL",
    "880320-0016": "personnummer",
    "151086 95088": "fødselsnummer",
    "211062-5629": "CPR number",
    "131052-308T": "henkilötunnus",
    "450401-3150": "kennitala",
    "37605030299": "isikukood or asmens kodas",
    "710319/2745": "rodné číslo",
    "1630615123457": "CNP",
    "7523169263": "EGN",
    "33392005961": "OIB",
    "0101006500006": "EMŠO or JMBG",
    "01013099997": "AMKA",
    "6433435F": "PPS number",
    "17291716060": "T.C. kimlik no",
}


@pytest.mark.parametrize(("number", "name"), EXAMPLES.items(), ids=list(EXAMPLES))
def test_a_right_number_is_known(number: str, name: str | None) -> None:
    """As it is written; letters that no office gives out make none."""
    right = {form.name for form, right in forms_of(number) if right}
    assert (name in right) if name else not right


@pytest.mark.parametrize("number", ["943 476 5918", "36 574 261 808", "44051401358", "GB82 WEST 1234 5698 7654 33"])
def test_a_wrong_check_digit_is_seen(number: str) -> None:
    """The shape is there, the number is not."""
    shaped = list(forms_of(number))
    assert shaped
    assert not any(right for form, right in shaped if form.name in ("NHS number", "Steuer-ID", "PESEL", "IBAN"))


@pytest.mark.parametrize("text", ["", "TCGA-02-0001", "P-0000012-T01-IM3", "0.123456789", "Glioma", "12345", "٣" * 11])
def test_what_has_no_shape_is_left_alone(text: str) -> None:
    """Barcodes, measurements, words, digits of other scripts."""
    assert list(forms_of(text)) == []
