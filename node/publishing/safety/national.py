"""Numbers by which states, insurers and banks know a person, recognised by their form and their check digits.

The check digits are those of python-stdnum where it has them; the German insurance numbers, the British national
insurance number, the Hungarian TAJ and the Scottish CHI are here. A check digit alone proves little: one random number
in ten or eleven has a right one. Each form therefore says how often a value of its shape is right by chance, and
``node.publishing.safety.columns`` weighs a whole column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stdnum import iban
from stdnum.at import vnr
from stdnum.be import nn
from stdnum.bg import egn
from stdnum.ch import ssn as ahv
from stdnum.cz import rc
from stdnum.de import idnr
from stdnum.dk import cpr
from stdnum.ee import ik
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.gr import amka
from stdnum.hr import oib
from stdnum.ie import pps
from stdnum.is_ import kennitala
from stdnum.it import codicefiscale
from stdnum.lv import pvn
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.pt import cc as cartao
from stdnum.pt import nif
from stdnum.ro import cnp
from stdnum.se import personnummer
from stdnum.si import emso
from stdnum.tr import tckimlik
from stdnum.us import ssn

_SEPARATORS = str.maketrans("", "", " .-/+\u00a0")


@dataclass(frozen=True)
class Form:
    """One kind of number. ``chance``: the share of values of this shape that are right without being one.

    Of a ``shape`` there is no check digit worth the name, so that most values of a column must have it.
    ``pattern`` is matched against the value in capitals as written; ``valid`` gets it without separators, or as
    written where ``written``.
    """

    name: str
    pattern: re.Pattern[str]
    valid: Callable[[str], bool]
    chance: float
    written: bool = False
    shape: bool = False


def _form(
    name: str,
    pattern: str,
    valid: Callable[[str], bool],
    chance: float,
    *,
    written: bool = False,
    shape: bool = False,
) -> Form:
    return Form(name, re.compile(pattern, re.ASCII), valid, chance, written, shape)


def _date(day: str, month: str) -> bool:
    return 1 <= int(day) <= 31 and 1 <= int(month) <= 12


def _kvnr(text: str) -> bool:
    """The number of a German health insurance (section 290 SGB V): a letter, eight digits, a check digit."""
    digits = f"{ord(text[0]) - 64:02d}{text[1:9]}"
    total = sum(sum(divmod(int(d) * (1 + i % 2), 10)) for i, d in enumerate(digits))
    return total % 10 == int(text[9])


def _pension(text: str) -> bool:
    """The number of the German pension insurance (section 147 SGB VI), with the date of birth inside."""
    if not _date(text[2:4], text[4:6]):
        return False
    digits = text[:8] + f"{ord(text[8]) - 64:02d}" + text[9:11]
    weights = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
    total = sum(sum(divmod(int(d) * w, 10)) for d, w in zip(digits, weights, strict=True))
    return total % 10 == int(text[11])


def _taj(text: str) -> bool:
    """The Hungarian social security number: weights 3 and 7, modulus 10."""
    return sum(int(d) * (3, 7)[i % 2] for i, d in enumerate(text[:8])) % 10 == int(text[8])


def _chi(text: str) -> bool:
    """The Scottish community health index: date of birth, then the check digit of the NHS number."""
    return _date(text[:2], text[2:4]) and nhs.is_valid(text)


def _dated(text: str) -> bool:
    """Day, month and year, or year, month and day, in front (months of the other series are 20 or 50 higher)."""
    return _date(text[:2], text[2:4]) or _date(text[4:6], text[2:4])


def _yes(_: str) -> bool:
    return True


_G = "[ .-]?"
#: All forms. Where shapes overlap, each is counted on its own.
FORMS: tuple[Form, ...] = (
    _form("IBAN", r"[A-Z]{2}\d\d(?:[ -]?[A-Z0-9]){11,30}", iban.is_valid, 0.0005),
    _form("NHS number", rf"\d{{3}}{_G}\d{{3}}{_G}\d{{4}}", nhs.is_valid, 0.092),
    _form("CHI number", r"\d{6}[ -]?\d{4}", _chi, 0.004),
    _form("national insurance number", r"[A-CEGHJ-PR-TW-Z]{2} ?\d\d ?\d\d ?\d\d ?[A-D]", _yes, 0.02, shape=True),
    _form("social security number", r"\d{3}-\d\d-\d{4}", ssn.is_valid, 0.002, written=True, shape=True),
    _form("NIR", r"[1-4] ?\d\d ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d", nir.is_valid, 0.01),
    _form("NIR", r"[12]\d\d(?:0[1-9]|1[0-2])(?:\d\d|2[AB])\d{6}", _yes, 0.03, shape=True),
    _form("Steuer-ID", rf"[1-9]\d{_G}\d{{3}}{_G}\d{{3}}{_G}\d{{3}}", idnr.is_valid, 0.02),
    _form("health insurance number (KVNR)", r"[A-Z] ?\d{3} ?\d{3} ?\d{3}", _kvnr, 0.1),
    _form("health insurance number (KVNR)", r"[A-Z]\d{19}", _kvnr, 0.1),
    _form("pension insurance number", r"\d\d ?\d{6} ?[A-Z] ?\d{3}", _pension, 0.004),
    _form("Austrian insurance number", r"[1-9]\d{3}[ -/]?\d{6}", vnr.is_valid, 0.093),
    _form("AHV number", r"756[ .]?\d{4}[ .]?\d{4}[ .]?\d\d", ahv.is_valid, 0.1),
    _form("BSN", r"\d{4}[ .]?\d\d[ .]?\d{3}|\d{9}", bsn.is_valid, 0.09),
    _form("Belgian national number", r"\d\d\.?\d\d\.?\d\d[ -]?\d{3}[ .]?\d\d", nn.is_valid, 0.002),
    _form("codice fiscale", r"[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z]", codicefiscale.is_valid, 0.0001),
    _form("DNI", r"\d{8}[ -]?[A-Z]", dni.is_valid, 0.045),
    _form("NIE", r"[XYZ][ -]?\d{7}[ -]?[A-Z]", nie.is_valid, 0.045),
    _form("NIF or NISS", r"[1235689]\d{2}[ .]?\d{3}[ .]?\d{3}", nif.is_valid, 0.1),
    _form("cartão de cidadão", r"\d{8} ?\d ?[A-Z0-9]{2}\d", cartao.is_valid, 0.101),
    _form("PESEL", r"\d{11}", pesel.is_valid, 0.02),
    _form("personnummer", r"(?:\d\d)?\d{6}[+-]?\d{4}", personnummer.is_valid, 0.004, written=True),
    _form("fødselsnummer", r"\d{6} ?\d{5}", fodselsnummer.is_valid, 0.001),
    _form("CPR number", r"\d{6}-\d{4}", cpr.is_valid, 0.04, written=True),
    _form("CPR number", r"\d{10}", cpr.is_valid, 0.04),
    _form("henkilötunnus", r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]", hetu.is_valid, 0.001, written=True),
    _form("kennitala", r"\d{6}-?\d{4}", kennitala.is_valid, 0.004),
    _form("isikukood or asmens kodas", r"[1-8]\d{10}", ik.is_valid, 0.004),
    _form("personas kods", r"(?:32\d{4}|[0-3]\d[01]\d{3})-?\d{5}", pvn.is_valid, 0.056),
    _form("personas kods", r"[0-3]\d[01]\d{3}-[012]\d{4}", _dated, 0.02, written=True, shape=True),
    _form("rodné číslo", r"\d{6}/?\d{4}", rc.is_valid, 0.021),
    _form(
        "rodné číslo",
        r"\d\d(?:[05][1-9]|[16][0-2]|[27][1-9]|[38][0-2])[0-3]\d/\d{3,4}",
        _yes,
        0.02,
        written=True,
        shape=True,
    ),
    _form("TAJ number", r"\d{3}[ -]?\d{3}[ -]?\d{3}", _taj, 0.104),
    _form("CNP", r"[1-9]\d{12}", cnp.is_valid, 0.004),
    _form("EGN", r"\d{10}", egn.is_valid, 0.01),
    _form("OIB", r"\d{11}", oib.is_valid, 0.103),
    _form("EMŠO or JMBG", r"[0-3]\d[01]\d{10}", emso.is_valid, 0.028),
    _form("AMKA", r"[0-3]\d[01]\d{8}", amka.is_valid, 0.045),
    _form("PPS number", r"\d{7}[A-W][AHWTX]?", pps.is_valid, 0.045),
    _form("T.C. kimlik no", r"[1-9]\d{10}", tckimlik.is_valid, 0.01),
)
_POSSIBLE = re.compile(r"(?=(?:\D*\d){6})[A-Z0-9][A-Z0-9 ./+\u00a0-]{6,41}[A-Z0-9]", re.ASCII)


def forms_of(value: str) -> Iterator[tuple[Form, bool]]:
    """The forms whose shape a value has, each with whether its check digits and dates are right."""
    text = value.upper()
    if _POSSIBLE.fullmatch(text) is None:
        return
    for form in FORMS:
        if form.pattern.fullmatch(text):
            yield form, form.valid(text if form.written else text.translate(_SEPARATORS))
