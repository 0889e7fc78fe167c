"""What the name of a column says about its values, in the languages of Europe.

Names are compared without case, accents and separators. ``SURE`` words name nothing else; ``HINTS`` name it among other
things, so that the values have to bear them out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache


class Kind(StrEnum):
    """What a direct identifier is, in words for the partner."""

    NAME = "names of persons"
    BIRTH = "dates of birth"
    DATE = "full dates close to a person"
    ADDRESS = "postal addresses"
    PHONE = "telephone numbers"
    EMAIL = "e-mail addresses of persons"
    NUMBER = "insurance or national numbers"
    RECORD = "medical record numbers"
    NETWORK = "internet addresses of persons"


_SURE: Mapping[Kind, str] = {
    Kind.NAME: """
        surname|last name|first name|given name|family name|forename|fore name|middle name|maiden name|full name
        patient name|patients name|name of patient|name patient|donor name|subject name|person name|mother name
        father name|next of kin|initials|patient initials|name of the patient|christian name|legal name|preferred name
        nachname|vorname|familienname|geburtsname|patientenname|zuname|rufname|madchenname|initialen|vor und nachname
        nom de famille|prenom|prenoms|nom patient|nom du patient|nom naissance|nom de naissance|nom de jeune fille
        nom usuel|nom prenom|initiales|cognome|nominativo|nome paziente|nome e cognome|cognome e nome|apellido|apellidos
        primer apellido|segundo apellido|nombre paciente|nombre y apellidos|nombre completo|nombre del paciente
        apelido|apelidos|sobrenome|nome completo|nome do doente|nome do utente|nome proprio|achternaam|voornaam
        voornamen|tussenvoegsel|geboortenaam|meisjesnaam|familienaam|voorletters|efternamn|fornamn|efternavn|etternavn
        fornavn|pasientnavn|patientnavn|patientnamn|sukunimi|etunimi|etunimet|potilaan nimi|nazwisko|imie|imiona
        imie i nazwisko|prijmeni|jmeno|jmeno a prijmeni|priezvisko|meno|meno a priezvisko|vezeteknev|keresztnev
        csaladnev|utonev|beteg neve|nume de familie|prenume|nume pacient|nume si prenume|prezime|ime i prezime
        ime in priimek|priimek|επωνυμο|ονομα|ονοματεπωνυμο|фамилия|презиме|собствено име|име и фамилия|прiзвище
        прізвище|імя|pavarde|vardas|uzvards|vards|perekonnanimi|perenimi|eesnimi|kunjom|isem|sloinne|ainm|soyad|soyadi
        eiginnafn|kenninafn|mbiemri|emri""",
    Kind.BIRTH: """
        dob|date of birth|birth date|birthdate|birthday|birth day|day of birth|patient dob|patient birth date
        geburtsdatum|geburtstag|gebdat|geb dat|geb datum|date naissance|date de naissance|ddn|dt naissance
        data di nascita|data nascita|nato il|fecha nacimiento|fecha de nacimiento|fecha nac|f nacimiento|data nascimento
        data de nascimento|data nasc|geboortedatum|geb datum|fodelsedatum|fodelsedag|fodselsdato|fodselsdag
        syntymaaika|syntymapaiva|data urodzenia|datum narozeni|datum narodenia|szuletesi datum|szuletesi ido
        data nasterii|data de nastere|data nastere|datum rodenja|datum rojstva|rojstni datum|ημερομηνια γεννησης
        дата на раждане|рождена дата|дата народження|gimimo data|dzimsanas datums|sunniaeg|sunnikuupaev
        data tat twelid|dogum tarihi|faedingardagur|data lindjes""",
    Kind.ADDRESS: """
        street|street address|home address|postal address|mailing address|address line|address line 1|address line 2
        house number|zip|zip code|zipcode|postcode|post code|postal code|patient address|address|residence
        anschrift|strasse|wohnort|hausnummer|plz|postleitzahl|wohnadresse|adresse|adresse postale|adresse patient
        rue|code postal|domicile|indirizzo|residenza|codice postale|direccion|domicilio|calle|codigo postal|morada
        rua|endereco|codigo postal|adres|straat|woonplaats|huisnummer|straatnaam|adress|gatuadress|postnummer
        bostadsadress
        vej|gade|gateadresse|postadresse|bopael|osoite|katuosoite|lahiosoite|postinumero|ulica|kod pocztowy
        miejsce zamieszkania|adresa|ulice|psc|bydliste|bydlisko|lakcim|utca|iranyitoszam|lakhely|strada|cod postal
        domiciliu|postanski broj|kucni broj|naslov|postna stevilka|διευθυνση|οδος|ταχυδρομικος κωδικας|адрес|улица
        пощенски код|адреса|adresas|pasto kodas|gatve|adrese|pasta indekss|iela|aadress|postiindeks|indirizz
        heimilisfang
        seoladh|rr adresi|eircode""",
    Kind.PHONE: """
        phone|phone number|telephone|telephone number|tel|tel no|mobile|mobile phone|mobile number|cell phone|fax
        fax number|home phone|contact number|telefon|telefonnummer|handy|handynummer|mobil|mobilnummer|telefonnr
        rufnummer
        tel nr|numero de telephone|portable|telefono|cellulare|numero di telefono|movil|celular|numero de telefono
        telefone|telemovel|telefoon|telefoonnummer|mobiel|mobieltje|mobiltelefon|puhelin|puhelinnumero|matkapuhelin
        numer telefonu|komorka|telefonni cislo|telefonne cislo|telefonszam|numar de telefon|broj telefona|mobitel
        telefonska stevilka|τηλεφωνο|κινητο|телефон|мобилен|telefonas|telefono numeris|talrunis|telefons|telefoninumber
        simi|fon|guthan""",
    Kind.EMAIL: """
        email|e mail|email address|mail address|patient email|emailadresse|e mail adresse|mailadresse|courriel
        adresse email|adresse mail|adresse electronique|posta elettronica|indirizzo email|correo|correo electronico
        e mailadres|emailadres|epost|e post|e postadress|epostadress|e postadresse|sahkoposti|sahkopostiosoite
        adres email|adres e mail|e mailova adresa|e mail cim|adresa de email|elektronska posta|el pastas|e pasts
        e posti aadress|имейл|ел поща|ηλεκτρονικη διευθυνση|netfang""",
    Kind.NUMBER: """
        nhs number|nhs no|nhs nr|nhs num|nhs|ssn|social security number|social security no|social security|national id
        national identifier|national identity number|national number|national insurance number|insurance number
        insurance no|insurance id|policy number|health insurance number|health card number|passport|passport number
        passport no|driving licence|drivers license|driver license|tax id|tax number|personal id number|chi number
        personal identification number|personal number|nino|medicare number|iban|bank account|account number|hicn|mbi
        krankenversichertennummer|krankenversicherungsnummer|versichertennummer|versicherungsnummer|kvnr|kv nummer
        sozialversicherungsnummer|svnr|sv nummer|rentenversicherungsnummer|steuer id|steueridentifikationsnummer
        steuernummer|personalausweis|personalausweisnummer|ausweisnummer|reisepass|ahv|ahv nummer|ahv nr|versicherten nr
        nir|numero de securite sociale|numero securite sociale|num secu|no secu|securite sociale|numero insee
        codice fiscale|cod fiscale|cf paziente|tessera sanitaria|numero tessera|dni|nie|nif|nuss|numero seguridad social
        tarjeta sanitaria|numero afiliacion|documento identidad|niss|numero de utente|n utente|utente|cartao cidadao
        cartao de cidadao|numero sns|bsn|burgerservicenummer|sofinummer|rijksregisternummer|rijksregister|insz
        personnummer|persnr|personnr|fodselsnummer|fnr|cpr|cpr nummer|cpr nr|hetu|henkilotunnus|sotu|pesel
        numer pesel|rodne cislo|rodcislo|cislo pojistence|taj|taj szam|tajszam|szemelyi szam|cnp|cod numeric personal
        oib|jmbg|mbo|broj osiguranika|emso|davcna stevilka|zzzs|егн|ргн|λονг|лнч|αμκα|αφμ|αδτ|asmens kodas|personas kods
        isikukood|pps|pps number|ppsn|kennitala|matricule|eu health card|ehic|versicherungs nr|рнокпп|nid|tc kimlik
        kimlik no|numri personal""",
    Kind.RECORD: """
        mrn|medical record number|medical record no|medical record|hospital number|hospital no|hospital id|hosp no
        record number|record no|chart number|patient number|patient no|unit number|case record number|emr id|ehr id
        medical number|hospital patient id|patientennummer|patientennr|pat nr|patnr|fallnummer|fallnr|fall nr|fall id
        aufnahmenummer|krankenaktennummer|aktennummer|aktenzeichen|kis nummer|sap nummer|piz|ipp|numero dossier
        no dossier|numero de dossier|numero patient|num patient|nip patient|numero cartella|cartella clinica
        numero paziente|historia clinica|numero historia|numero historia clinica|nhc|num historia|n historia
        processo clinico|numero processo|n processo|dossiernummer|patientnummer|patientnr|ziekenhuisnummer|zis nummer
        journalnummer|journal nr|journalnr|potilasnumero|sairauskertomus|numer historii choroby|numer kartoteki
        nr historii choroby|cislo karty|chorobopis|cislo chorobopisu|torzsszam|karton szam|korlap szam|fisa pacient
        nr fisa|foaie de observatie|broj kartona|maticni broj|stevilka kartoteke|αριθμος φακελου|αριθμος μητρωου
        номер на пациент|история на заболяването|ligos istorijos numeris|korteles numeris|kartes numurs
        haigusloo number|haigusloonumber""",
    Kind.NETWORK: """
        ip|ip address|ip addr|ipv4|ipv6|mac address|ip adresse|adresse ip|indirizzo ip|direccion ip|ip adres
        ip adress|facebook|twitter|linkedin|instagram|social media|personal homepage""",
}
_HINTS: Mapping[Kind, str] = {
    Kind.NAME: """
        name|names|nom|nome|nombre|naam|namn|navn|nimi|nev|nume|ime|име|im|nazwa|ad|patient|patients|pazient|paziente
        paciente|donor|person|subject|contact|kontakt|physician|doctor|surgeon|arzt|hausarzt|medecin|medico|huisarts
        lakare|lege|laege|laakari|lekarz|lekar|orvos|medic|lijecnik|zdravnik|γιατρος|лекар|gydytojas|arsts|arst|client
        relative|guardian|mother|father|spouse|contact person|emergency contact|cognom|noms|pacient|pacjent|beteg""",
    Kind.BIRTH: """
        birth|born|naissance|nascita|nato|nacimiento|nascimento|geboren|geb|geboorte|fodd|fodt|syntynyt|urodzenia
        urodzony|narozeni|narodenia|szuletes|szul|nasterii|nastere|rodenja|rojstva|γεννηση|γεννησης|раждане|gimimas|gime
        dzimis|sunnipaev|dob""",
    Kind.ADDRESS: "addr|address|via|cap|cp|ort|city|town|cim|gata|tie|kod|indirizzo|plz ort|dom|ville|localite|ciudad",
    Kind.PHONE: "contact|mobile|kontakt|cell|gsm|call|contatto|contacto|numero",
    Kind.EMAIL: "mail|contact|kontakt|contatto|contacto",
    Kind.NUMBER: """
        insurance|id number|identification|personal|passeport|pasaporte|ausweis|versicherung|krankenkasse|kasse|cip|pnr
        licence|license|assurance|seguro|verzekering|forsakring|forsikring|cf|cns|ssin|id card|personal id|nin|nip|sns
        patient identifier|person id|national""",
    Kind.RECORD: """
        case number|case no|record|file number|file no|akte|dossier|historia|cartella|journal|karte|chart|folio""",
    Kind.NETWORK: "host|client ip|login|homepage|website|profile",
}
#: Words that make a date column one about the processing, not about the person.
_PROCESSING = re.compile(
    r"\b(?:releas|updat|modif|upload|version|freez|publish|publication|submi|creat|download|export|import|issued|licen[cs]e"
    r"|file|run|build)"
)
_BREAK = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ODD = re.compile(r"[\W_]+")
_ASCII = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "ı": "i", "þ": "th", "ð": "d", "œ": "oe"})
#: Sure words of at least this length are found inside compounds too: ``patientengeburtsdatum``.
_COMPOUND = 8


def plain(text: str) -> str:
    """Words in small letters without accents, one space between them."""
    folded = unicodedata.normalize("NFKD", _BREAK.sub(" ", text).lower().translate(_ASCII))
    bare = "".join(c for c in folded if not unicodedata.combining(c))
    return _ODD.sub(" ", bare).strip()


def _phrases(written: Mapping[Kind, str]) -> dict[str, Kind]:
    found: dict[str, Kind] = {}
    for kind, text in written.items():
        for phrase in re.split(r"[|\n]", text):
            if phrase.strip():
                found.setdefault(plain(phrase), kind)
    return found


_SURE_PHRASES = _phrases(_SURE)
_HINT_PHRASES: Mapping[str, frozenset[Kind]] = {
    phrase: frozenset(k for k, text in _HINTS.items() if phrase in _phrases({k: text})) for phrase in _phrases(_HINTS)
}
_LONG = tuple((phrase.replace(" ", ""), kind) for phrase, kind in _SURE_PHRASES.items() if len(phrase) >= _COMPOUND)
_MOST_WORDS = 5


@lru_cache(maxsize=4096)
def said_by(column: str) -> tuple[Kind | None, frozenset[Kind]]:
    """What the column's name says for sure, and what it may mean. A URI is read by its last part."""
    words = plain(re.split(r"[/#]", column.rstrip("/#"))[-1].rpartition(":")[2]).split()[:40]
    kinds: set[Kind] = set()
    sure: Kind | None = None
    for phrase in _parts(words):
        kind = _SURE_PHRASES.get(phrase)
        # one short word among others (STREET in STREET_DRUG_USE) is a hint only
        if kind is not None and (len(phrase.split()) == len(words) or (" " in phrase) or len(phrase) >= _COMPOUND):
            sure = sure or kind
        elif kind is not None:
            kinds.add(kind)
        kinds |= _HINT_PHRASES.get(phrase, frozenset())
    if sure is None:
        whole = "".join(words)
        sure = next((kind for phrase, kind in _LONG if phrase in whole and len(whole) <= 40), None)
    return sure, frozenset(kinds)


def about_processing(column: str) -> bool:
    """Whether a column of dates is about files and releases by its name."""
    return _PROCESSING.search(plain(column)) is not None


def _parts(words: list[str]) -> Iterable[str]:
    """All runs of words, longest first."""
    for length in range(min(len(words), _MOST_WORDS), 0, -1):
        for start in range(len(words) - length + 1):
            yield " ".join(words[start : start + length])
