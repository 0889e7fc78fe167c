"""What of a person stands in a text beyond doubt: one such value is enough, wherever it stands."""

from __future__ import annotations

import re

from node.publishing.safety.dates import FULL_DATE, SHORT_DATE
from node.publishing.safety.names import Likeness, likeness, listed
from node.publishing.safety.words import Kind, plain

EMAIL = re.compile(r"([\w.+-]{1,64})@((?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24})")
FOREIGN_PHONE = re.compile(
    r"(?<![\w.,+])(?:\(?\+|00)[1-9]\d{0,2}\)?[ ./-]?(?:\(0\))?(?:[ ./-]?\(?\d{1,5}\)?){2,7}(?![\w.])"
)

_TITLE = (
    r"(?:Mrs?|Ms|Miss|Dr|Prof|Herrn?|Frau|Mme|Mlle|Madame|Monsieur|Sig(?:\.ra|\.na)?|Signor[ae]?|Sra?|Se[nñ]ora?"
    r"|Dhr|Mevr|Mevrouw|Meneer|Pani?|Fru|Hr|Κος|Κα|Г-н|Г-жа)"
)
_TITLED = re.compile(
    rf"\b{_TITLE}\.? (?:[A-Z]\. ?|(?:med|Dr)\. )*(?:(?:van|von|de|di|der|den) )*([^\W\d_a-z][^\W\d_]{{2,}})"
)
_BORN = re.compile(
    r"\b(?:d\.?o\.?b|born|birth ?date|date of birth|geb|geboren|geburtsdatum|n[ée]e? le|naissance|nat[oa](?: il)?"
    r"|nacid[oa]|nascid[oa]|f[oø]dt|f[oö]dd|synt|ur|nar|szul|n[aă]scut[aă]?|ro[dđ]en[ao]?|γενν|роден[ао]?)\b"
    rf"\.?[^\w]{{0,4}}(?:on |am |le |il |el |em |den )?(?:{FULL_DATE}|{SHORT_DATE})",
    re.I,
)
_LABEL = (
    r"(?:nhs|ssn|mrn|bsn|pesel|cpr|kvnr|hetu|nir|dni|oib|jmbg|emso|cnp|egn|amka|taj|ppsn?|chi|ipp|nhc|hosp(?:ital)?"
    r"|insurance|passport|record|chart|patient(?:en)?|fall|versicherten|versicherung\w{0,20}|personnummer"
    r"|f[oø]dselsnummer|codice fiscale|medical record|steuer|rodn[eé] [cč][ií]slo)"
)
_LABELLED = re.compile(
    rf"\b{_LABEL}[- ]?(?:id|no|nr|n[°ºo]|number|num|nummer)?\b\.?[ :#=]{{1,3}}"
    r"(?=[A-Z0-9 ./-]{0,16}\d{4})[A-Z0-9][A-Z0-9./-]{5,19}\b",
    re.I,
)
_PROFILE = re.compile(
    r"\b(?:orcid\.org/\d{4}-|linkedin\.com/in/|facebook\.com/|instagram\.com/|twitter\.com/|x\.com/\w"
    r"|researchgate\.net/profile/|xing\.com/profile/|vk\.com/)",
    re.I,
)
#: What a text without spaces must hold to be certain, and what a text with spaces must: most hold neither.
_CERTAIN_WORD = re.compile(r"@|\.\w{2,3}/|^\(?(?:\+|00)\d|[:=#]")
_CERTAIN_TEXT = re.compile(r"@|\.\w{2,3}/|\d[\d ./()-]{4}|\b[A-ZΚΓ][\w-]{0,8}\.? [^\W\d_a-z]|\d{4}")


def certain_in(text: str) -> Kind | None:
    """What of a person stands in this text beyond doubt, None when nothing does."""
    if len(text) < 6 or (_CERTAIN_TEXT if " " in text else _CERTAIN_WORD).search(text) is None:
        return None
    if "@" in text and any(is_personal(match[1]) for match in EMAIL.finditer(text)):
        return Kind.EMAIL
    if "/" in text and _PROFILE.search(text):
        return Kind.NETWORK
    if " " in text:
        for match in _TITLED.finditer(text):
            if likeness(match[1]) is not Likeness.NONE:
                return Kind.NAME
    return _numbers_in(text) if any(map(str.isdigit, text)) else None


def is_personal(mailbox: str) -> bool:
    """Whether the first part of an e-mail address looks like a person rather than an office."""
    offices = listed("offices.txt")
    return not any(
        word in offices
        or word.endswith(("data", "info"))
        or any(office in word for office in offices if len(office) > 5)
        for word in plain(mailbox).split()
    )


def _numbers_in(text: str) -> Kind | None:
    if _BORN.search(text):
        return Kind.BIRTH
    if _LABELLED.search(text):
        return Kind.NUMBER
    for match in FOREIGN_PHONE.finditer(text) if "+" in text or "00" in text else ():
        if 9 <= sum(map(str.isdigit, match[0])) <= 16 and not match[0].isdigit():
            return Kind.PHONE
    return None
