"""How postal addresses are written in Europe: a street with a house number, a postal code with a place."""

from __future__ import annotations

import re

#: Words for streets and squares, and endings of such words.
_STREET = re.compile(
    r"stra(?:ss|ß)e\b|str\.|οδός|λεωφ|πλ\.|улица|ул\.|бул\.|вулиця|вул\.|просп|площа|провулок|prospektas|alėja|puiestee"
    r"|\b\w*(?:weg|platz|allee|gasse|ring|damm|ufer)\b"
    r"|\w+(?:straat|laan|plein|gracht|kade|steeg|singel|baan|dreef|hof|pad|ring|weg)\b"
    r"|\w*(?:gatan|v[äa]gen|gr[äa]nd|torget|stigen|backen|gata|vej|gade|all[eé]|veien|gaten|vegen|svingen|haugen|stien"
    r"|katu|tie|kuja|polku|tori|gatv[eė])\b"
    r"|\b(?:rue|avenue|av\.|boulevard|bd|chemin|impasse|place|all[ée]e|quai|via|viale|piazza|corso|vicolo|largo|strada"
    r"|borgo|rotonda|contrada|calle|c/|avenida|avda?\.?|plaza|paseo|ronda|camino|cuesta|glorieta|pasadizo|callej[oó]n"
    r"|urbanizaci[oó]n|acceso|alameda|rambla|vial|pasaje|rua|r\.|travessa|praça|trav\.)\b"
    r"|\b(?:ulica|ul\.|al\.|aleja|os\.|pl\.|plac|utca|út|t[eé]r|k[öo]r[úu]t|s[ée]t[áa]ny|k[öo]z|b-dul|str|bulevardul"
    r"|calea|aleea|intrarea|ulice|n[áa]m[ěe]st[íi]|n[áa]m\.|cesta|trg|put|g\.|iela|t[äa]nav|mnt|pst)\b"
    r"|\b(?:street|st|road|rd|lane|ln|drive|close|ave|court|way|terrace|gardens|grove|square|crescent|mews|ville|hill"
    r"|park)\b\.?",
    re.I,
)
_DIGIT_CODE = r"\d{3} \d{2}|\d{2}-\d{3}|\d{4}-\d{3}|\d{4} ?[A-Z]{2}"
_CODE = re.compile(
    rf"\b(?:{_DIGIT_CODE}|(?!(?:19|20)\d\d\b)\d{{4,6}}|[A-Z]{{1,2}}-\d{{3,5}}|[A-Z]{{1,2}}\d[A-Z\d]? ?\d[A-Z]{{2}}"
    r"|[A-Z]\d[\dW] ?[A-Z\d]{4})\b"
)
_FOUR_DIGITS = re.compile(r"\b\d{4}\b")
_STREET_CODE = re.compile(r"GIR 0AA|[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}|[1-9]\d{3} [A-Z]{2}")
_CODE_AND_PLACE = re.compile(rf"(?:[A-Z]{{1,2}}-)?(?:{_DIGIT_CODE}|\d{{4,5}}),? [^\W\d_][^\d@]{{2,40}}")
_HOUSE = re.compile(
    r"(?:[^\W\d_][^\d,;:]{2,40}[ ,]+(?:n[°ºo.r]* ?)?\d{1,4} ?[a-z]?(?:[-/]\d{1,4})?\.?"
    r"|\d{1,5}[a-z]?,? [^\W\d_][^\d,;:]{3,40})",
    re.I,
)


def is_address(text: str) -> bool:
    """Whether this is a street with a house number, alone or with a postal code, or a postal code with a place."""
    parts = [part.strip() for part in re.split(r"[,;\n]", text) if part.strip()]
    house = any(_HOUSE.fullmatch(part) for part in parts) or _HOUSE.match(text) is not None
    if house and len(parts) > 1 and _CODE.search(text) is not None:
        return True
    # four digits that may be a year, as in a reference to a paper, are a postal code only beside a street
    if house and (len(parts) == 1 or _FOUR_DIGITS.search(text)) and _STREET.search(text) is not None:
        return True
    return len(parts) == 1 and _CODE_AND_PLACE.fullmatch(text) is not None


def is_street_code(text: str) -> bool:
    """Whether this is a postal code of the kind that leads to one street: British or Dutch, written with its space."""
    return _STREET_CODE.fullmatch(text) is not None
