"""A thousand made-up direct identifiers of many countries, put where partners have them: the check must find them.

Nothing here is of a real person. Names, addresses, telephone numbers and most national numbers are made by Faker, the
others by the published rules, written here a second time: the check under test shares no code with this module. The
locales of ``HELD_OUT`` and their seed were not looked at while the check was made.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from faker import Faker

KNOWN = (
    *("en_GB", "de_DE", "fr_FR", "it_IT", "es_ES", "nl_NL", "pl_PL", "sv_SE", "no_NO", "da_DK", "fi_FI", "cs_CZ"),
    *("ro_RO", "de_AT", "de_CH", "et_EE", "hr_HR", "lv_LV", "en_US"),
)
HELD_OUT = ("hu_HU", "pt_PT", "el_GR", "bg_BG", "sk_SK", "sl_SI", "nl_BE", "fr_CH", "en_IE", "lt_LT", "fr_BE", "it_CH")
CONTEXT = "https://w3id.org/onconode/context/v1.jsonld"

#: What a partner may call such a column, by locale; the words of the form that collects the data.
HEADERS = {
    "name": {
        "en": ["PATIENT_NAME", "Surname", "Full name"],
        "de": ["Nachname", "Patientenname", "Name, Vorname"],
        "fr": ["NOM_PATIENT", "Nom de famille", "Prénom"],
        "it": ["Cognome", "Cognome e nome"],
        "es": ["Apellidos", "Nombre y apellidos"],
        "nl": ["Achternaam", "Voornaam"],
        "pl": ["Nazwisko", "Imię i nazwisko"],
        "sv": ["Efternamn"],
        "no": ["Etternavn"],
        "da": ["Efternavn"],
        "fi": ["Sukunimi"],
        "cs": ["Příjmení", "Jméno a příjmení"],
        "ro": ["Nume și prenume"],
        "et": ["Perekonnanimi"],
        "hr": ["Prezime"],
        "lv": ["Uzvārds"],
        "hu": ["Vezetéknév"],
        "pt": ["Apelido", "Nome completo"],
        "el": ["Επώνυμο", "Ονοματεπώνυμο"],
        "bg": ["Фамилия"],
        "sk": ["Priezvisko"],
        "sl": ["Priimek"],
        "lt": ["Pavardė"],
    },
    "birth": {
        "en": ["DOB", "date_of_birth"],
        "de": ["Geburtsdatum", "GEB_DAT"],
        "fr": ["Date de naissance", "DDN"],
        "it": ["Data di nascita"],
        "es": ["Fecha de nacimiento"],
        "nl": ["Geboortedatum"],
        "pl": ["Data urodzenia"],
        "sv": ["Födelsedatum"],
        "no": ["Fødselsdato"],
        "da": ["Fødselsdato"],
        "fi": ["Syntymäaika"],
        "cs": ["Datum narození"],
        "ro": ["Data nașterii"],
        "et": ["Sünniaeg"],
        "hr": ["Datum rođenja"],
        "lv": ["Dzimšanas datums"],
        "hu": ["Születési dátum"],
        "pt": ["Data de nascimento"],
        "el": ["Ημερομηνία γέννησης"],
        "bg": ["Дата на раждане"],
        "sk": ["Dátum narodenia"],
        "sl": ["Datum rojstva"],
        "lt": ["Gimimo data"],
    },
    "record": {
        "en": ["MRN", "Hospital number"],
        "de": ["Fallnummer", "Patientennummer"],
        "fr": ["IPP", "Numéro dossier"],
        "it": ["Numero cartella"],
        "es": ["NHC", "Historia clínica"],
        "nl": ["Patiëntnummer", "Dossiernummer"],
        "pl": ["Numer historii choroby"],
        "sv": ["Journalnummer"],
        "no": ["Journalnummer"],
        "da": ["Journalnummer"],
        "fi": ["Potilasnumero"],
        "cs": ["Číslo chorobopisu"],
        "ro": ["Foaie de observație"],
        "et": ["Haigusloo number"],
        "hr": ["Matični broj"],
        "lv": ["Kartes numurs"],
        "hu": ["Törzsszám"],
        "pt": ["Processo clínico"],
        "el": ["Αριθμός μητρώου"],
        "bg": ["История на заболяването"],
        "sk": ["Číslo chorobopisu"],
        "sl": ["Številka kartoteke"],
        "lt": ["Ligos istorijos numeris"],
    },
}
OTHER_HEADERS = {
    "phone": ["Phone", "TEL", "Telefon", "Téléphone", "Telefono", "mobile"],
    "email": ["Email", "E-Mail", "Courriel", "contact", "mail"],
    "address": ["Address", "Adresse", "Anschrift", "Indirizzo", "Dirección", "Adres"],
    "ip": ["IP", "login_host"],
    "number": ["Insurance number", "National ID", "ID card", "personal number", "Identification"],
    "iban": ["IBAN", "account"],
    "initials": ["SAMPLE_ID", "Pseudonym", "CODE"],
    "date": ["DATE_OF_SURGERY", "Biopsy date", "OP_DATUM", "Last seen", "Todesdatum"],
}
NEUTRAL = ["COL_7", "X1", "REF", "VALUE_3", "FIELD12", "MISC", "V22", "OTHER_2"]
TEXTS = [
    "moderately differentiated, margins free",
    "no residual tumour after therapy",
    "second opinion requested",
    "insufficient material for FISH",
    "Ki-67 30 %, ER positive",
    "see report of the pathology",
    "fragmented specimen, 12 x 8 mm",
    "lymph nodes 0/14",
]


@dataclass(frozen=True)
class Seed:
    """One identifier in its surroundings: a table (header and rows) or a document, and the column to be found."""

    kind: str
    locale: str
    column: str
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    document: str = ""


def seeds(count: int, seed: int, locales: tuple[str, ...] = KNOWN) -> Iterator[Seed]:
    """``count`` identifiers, the same for the same ``seed``: six tenths columns, the rest in texts and documents."""
    chance = random.Random(seed)
    fakers = {}
    for locale in locales:
        fakers[locale] = Faker(locale)
        fakers[locale].seed_instance(seed)
    for number in range(count):
        locale = locales[number % len(locales)]
        maker = Maker(fakers[locale], locale, random.Random(chance.random()))
        place = number % 20
        yield maker.column() if place < 12 else maker.text() if place < 15 else maker.document()


class Maker:
    """Makes the identifiers of one locale and their surroundings."""

    def __init__(self, fake: Faker, locale: str, chance: random.Random) -> None:
        self.fake = fake
        self.locale = locale
        self.language = locale[:2]
        self.chance = chance

    # --- surroundings

    def column(self) -> Seed:
        """A column of identifiers among innocent ones; some cells are empty."""
        kind = self.chance.choice(KINDS)
        rows = self.chance.choice([5, 8, 15, 40, 60])
        make = self.maker(kind)
        name = self.header(kind)
        header = ["SAMPLE_ID", "CANCER_TYPE", "AGE", "TUMOR_PURITY", "CENTER"]
        if name in header:
            header.remove(name)
        place = self.chance.randrange(len(header) + 1)
        header.insert(place, name)
        made = []
        for i in range(rows):
            cells = [self.innocent(other, i) for other in header]
            cells[place] = make() if self.chance.random() < 0.93 or i < 3 else ""
            made.append(tuple(cells))
        return Seed(kind, self.locale, name, tuple(header), tuple(made))

    def text(self) -> Seed:
        """One or two identifiers in a column of remarks."""
        kind = self.chance.choice(["email", "phone", "birth", "labelled", "titled", "date"])
        rows = [[f"S-{i:03d}", self.chance.choice(TEXTS)] for i in range(20)]
        for place in self.chance.sample(range(20), self.chance.choice([1, 2])):
            rows[place][1] = f"{self.chance.choice(TEXTS)}; {self.sentence(kind)}"
        return Seed(f"{kind} in text", self.locale, "NOTES", ("SAMPLE_ID", "NOTES"), tuple(map(tuple, rows)))

    def document(self) -> Seed:
        """A JSON-LD document whose samples or donors carry identifiers."""
        kind = self.chance.choice([k for k in KINDS if k not in ("record", "ip")])
        make = self.maker(kind)
        at_donor = self.chance.random() < 0.5
        key, column = self.chance.choice(PROPERTIES)
        if kind == "initials":
            key, column = "identifier", "dct:identifier"
        samples = []
        for i in range(self.chance.choice([1, 3, 12])):
            donor = {"id": f"datasets/x/donors/D{i}", "type": "Donor", "identifier": f"D{i}", "sex": "NCIT:C16576"}
            sample = {"id": f"datasets/x/samples/S{i}", "type": "Sample", "identifier": f"S{i}", "derivesFrom": donor}
            sample["diagnosis"] = "NCIT:C3058"
            (donor if at_donor else sample)[key] = make()
            samples.append(sample)
        described = {
            "@context": CONTEXT,
            "id": "datasets/x",
            "type": "Dataset",
            "identifier": "x",
            "title": "X",
            "description": "Samples of gliomas; ask biobank@example.org.",
            "license": "https://creativecommons.org/licenses/by/4.0/",
            "accessRights": "PUBLIC",
            "publisher": {"id": "organisation", "name": "A clinic"},
            "samples": samples,
        }
        return Seed(f"{kind} in a document", self.locale, column, document=json.dumps(described, ensure_ascii=False))

    def header(self, kind: str) -> str:
        """A name that tells in seven of ten cases, else one that says nothing; record numbers have a name always."""
        if kind in HEADERS:
            told = HEADERS[kind].get(self.language, HEADERS[kind]["en"])
            sure = kind == "record"
        else:
            told = OTHER_HEADERS[kind]
            sure = kind == "initials"
        return self.chance.choice(told) if sure or self.chance.random() < 0.7 else self.chance.choice(NEUTRAL)

    def innocent(self, column: str, row: int) -> str:
        if column == "SAMPLE_ID":
            return f"PT-{row:04d}-T1"
        if column == "CANCER_TYPE":
            return self.chance.choice(["Glioma", "Ewing Sarcoma", "Hodgkin Lymphoma", "Merkel Cell Carcinoma", "NA"])
        if column == "AGE":
            return str(self.chance.randrange(20, 89))
        if column == "TUMOR_PURITY":
            return f"{self.chance.random():.3f}"
        return self.chance.choice(["Heidelberg", "Institut Curie", "Karolinska", "Mayo Clinic"])

    def sentence(self, kind: str) -> str:
        if kind == "email":
            return f"{self.chance.choice(['contact', 'ask', 'results to'])} {self.fake.email()}"
        if kind == "phone":
            return f"call {self.international()}"
        if kind == "birth":
            return f"{self.chance.choice(['born', 'geb.', 'DOB', 'né le', 'nato il', 'født'])} {self.date('%d.%m.%Y')}"
        if kind == "date":
            return f"operated {self.date(self.chance.choice(['%d.%m.%Y', '%Y-%m-%d', '%d/%m/%Y']))}"
        if kind == "labelled":
            return f"{self.chance.choice(['MRN', 'NHS no.', 'patient no', 'Fall-Nr.', 'IPP'])}: {self.digits(8)}"
        title = {"de": "Frau", "fr": "Mme", "it": "Sig.", "es": "Sra.", "nl": "Mevr.", "sv": "Fru", "da": "Fru"}
        family = Faker("en_GB") if not self.fake.last_name().isascii() else self.fake
        return (
            f"discussed with {title.get(self.language, self.chance.choice(['Mr', 'Mrs', 'Dr.']))} {family.last_name()}"
        )

    # --- identifiers

    def maker(self, kind: str) -> Callable[[], str]:
        """What makes one identifier after the other, all in one form, as one column has them."""
        if kind == "name":
            form = self.chance.choice(["{0} {1}", "{1}, {0}", "{1} {0}"])
            return lambda: form.format(self.fake.first_name(), self.fake.last_name())
        if kind in ("birth", "date"):
            written = ["%d.%m.%Y", "%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d %b %Y", "%m/%d/%Y"]
            form = self.chance.choice([*written, "%Y%m%d"] if kind == "birth" else written)
            return lambda: self.date(form)
        if kind == "phone":
            return self.chance.choice([self.international, self.national])
        if kind == "email":
            return self.fake.email
        if kind == "address":
            return lambda: self.fake.address().replace("\n", ", ")
        if kind == "ip":
            return self.chance.choice([self.fake.ipv4, self.fake.ipv6])
        if kind == "iban":
            return self.fake.iban
        if kind == "record":
            length = self.chance.choice([6, 7, 8, 10])
            return lambda: self.digits(length)
        if kind == "initials":
            form = self.chance.choice(["%Y%m%d", "%d%m%Y", "-%d%m%Y", "_%Y-%m-%d"])
            return lambda: "".join(self.chance.choices("ABCDEFGHIJKLMNOPRSTUVWZ", k=2)) + self.date(form)
        return self.national_number()

    def national_number(self) -> Callable[[], str]:
        own = NUMBERS.get(self.locale)
        if own is None:
            return self.fake.ssn
        made = self.chance.choice(own)
        return getattr(self.fake, made) if isinstance(made, str) else lambda: made(self)

    def date(self, form: str) -> str:
        days = self.chance.randrange(date(1930, 1, 1).toordinal(), date(2005, 1, 1).toordinal())
        return date.fromordinal(days).strftime(form)

    def digits(self, count: int) -> str:
        return str(self.chance.randrange(1, 10)) + "".join(self.chance.choices("0123456789", k=count - 1))

    def international(self) -> str:
        form = self.chance.choice(["+{c} {a} {b}", "+{c}-{a}-{b}", "+{c} ({a}) {b}", "00{c} {a} {b}"])
        code = self.chance.choice(["44", "49", "33", "39", "34", "31", "48", "46", "47", "45", "358", "420", "36"])
        return form.format(c=code, a=self.digits(self.chance.choice([2, 3])), b=self.digits(self.chance.choice([6, 7])))

    def national(self) -> str:
        form = self.chance.choice(["0{a} {b}", "0{a}/{b}", "(0{a}) {b}", "0{a}-{b}"])
        return form.format(a=self.digits(self.chance.choice([2, 3])), b=self.digits(self.chance.choice([6, 7])))


def nhs(maker: Maker) -> str:
    """A number of the NHS in England: the weights 10 to 2, modulus 11; 10 is no check digit."""
    while True:
        digits = maker.digits(9)
        check = (11 - sum(int(d) * (10 - i) for i, d in enumerate(digits)) % 11) % 11
        if check != 10:
            return f"{digits[:3]} {digits[3:6]} {digits[6:]}{check}"


def steuer_id(maker: Maker) -> str:
    """A German tax number: one digit twice, one never; ISO 7064 modulus 11, 10."""
    order = maker.chance.sample("0123456789", 10)
    order[order.index(maker.chance.choice(order[1:]))] = order[0]
    maker.chance.shuffle(order)
    if order[0] == "0" or any(order.count(d) > 2 for d in order) or any(a == b for a, b in pairwise(order)):
        return steuer_id(maker)
    product = 10
    for digit in order:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return "".join(order) + str((11 - product) % 10)


def nino(maker: Maker) -> str:
    """A British national insurance number: two letters, six digits, A to D."""
    form = maker.chance.choice(["{0}{1}{2}", "{0} {1} {2}"])
    return form.format(
        "".join(maker.chance.choices("ABCEGHJKLMNPRSTWXYZ", k=2)), maker.digits(6), maker.chance.choice("ABCD")
    )


def cpr(maker: Maker) -> str:
    """A Danish number: the date of birth and four digits; since 2007 without a check digit."""
    return f"{maker.date('%d%m%y')}-{maker.chance.randrange(1000, 4000)}"


def rodne_cislo(maker: Maker) -> str:
    """A Czech or Slovak number: the date of birth, months of women 50 higher, divisible by 11."""
    while True:
        born = maker.date("%y%m%d")
        born = f"{born[:2]}{int(born[2:4]) + maker.chance.choice([0, 50]):02d}{born[4:]}"
        number = f"{born}{maker.chance.randrange(10_000):04d}"
        if int(number) % 11 == 0 and int(born[:2]) >= 54:
            return f"{born}/{number[6:]}"


def taj(maker: Maker) -> str:
    """A Hungarian number: the weights 3 and 7, modulus 10."""
    digits = maker.digits(8)
    return f"{digits}{sum(int(d) * (3, 7)[i % 2] for i, d in enumerate(digits)) % 10}"


def egn(maker: Maker) -> str:
    """A Bulgarian number: the date of birth, the weights 2, 4, 8, 5, 10, 9, 7, 3, 6, modulus 11."""
    digits = f"{maker.date('%y%m%d')}{maker.chance.randrange(1000):03d}"
    total = sum(int(d) * w for d, w in zip(digits, (2, 4, 8, 5, 10, 9, 7, 3, 6), strict=True))
    return f"{digits}{total % 11 % 10}"


def nif(maker: Maker) -> str:
    """A Portuguese number: the weights 9 to 2, modulus 11."""
    digits = maker.chance.choice("12") + maker.digits(7)
    check = 11 - sum(int(d) * (9 - i) for i, d in enumerate(digits)) % 11
    return f"{digits}{0 if check > 9 else check}"


def emso(maker: Maker) -> str:
    """A Slovenian number: the date of birth, the weights 7 to 2 twice, modulus 11."""
    while True:
        born = maker.date("%d%m%Y")
        digits = f"{born[:4]}{born[5:]}50{maker.chance.randrange(1000):03d}"
        check = 11 - sum(int(d) * w for d, w in zip(digits, (7, 6, 5, 4, 3, 2) * 2, strict=True)) % 11
        if check != 10:
            return f"{digits}{check % 11}"


def pps(maker: Maker) -> str:
    """An Irish number: the weights 8 to 2, modulus 23."""
    digits = maker.digits(7)
    return digits + "WABCDEFGHIJKLMNOPQRSTUV"[sum(int(d) * (8 - i) for i, d in enumerate(digits)) % 23]


def asmens_kodas(maker: Maker) -> str:
    """A Lithuanian number: century and sex, date of birth, modulus 11 in two rounds."""
    digits = f"{maker.chance.choice('34')}{maker.date('%y%m%d')}{maker.chance.randrange(1000):03d}"
    for weights in ((1, 2, 3, 4, 5, 6, 7, 8, 9, 1), (3, 4, 5, 6, 7, 8, 9, 1, 2, 3)):
        check = sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11
        if check < 10:
            return f"{digits}{check}"
    return f"{digits}0"


#: How the national numbers of a locale are made, where Faker's ``ssn`` is not the number that people there have.
NUMBERS: dict[str, list[str | Callable[[Maker], str]]] = {
    "en_GB": [nhs, nino],
    "de_DE": [steuer_id, "kvnr", "rvnr"],
    "es_ES": ["nif", "nie"],
    "da_DK": [cpr],
    "cs_CZ": [rodne_cislo],
    "sk_SK": [rodne_cislo],
    "hu_HU": [taj],
    "bg_BG": [egn],
    "pt_PT": [nif],
    "sl_SI": [emso],
    "en_IE": [pps],
    "lt_LT": [asmens_kodas],
    "fr_BE": ["ssn"],
    "it_CH": ["ssn"],
}
KINDS = (
    "name",
    "birth",
    "date",
    "phone",
    "email",
    "address",
    "ip",
    "iban",
    "record",
    "initials",
    "number",
    "number",
    "number",
)
PROPERTIES = (
    ("identifier", "dct:identifier"),
    ("rdfs:label", "rdfs:label"),
    ("sourceCode", "onco:sourceCode"),
    ("https://example.org/vocabulary#remark", "<https://example.org/vocabulary#remark>"),
)
