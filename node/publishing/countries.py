"""Countries: from ISO 3166-1 codes to the European Union's authority table of countries."""

from __future__ import annotations

from node.rdf.namespaces import ONCO

#: The property by which an infrastructure has its country.
COUNTRY = ONCO + "country"
_AUTHORITY = "http://publications.europa.eu/resource/authority/country/"
# The Union, the European Economic Area, their neighbours, and where else biobanks of the hub's partners are. EL and UK
# are what the Union itself writes.
_CODES = """
AT:AUT BE:BEL BG:BGR HR:HRV CY:CYP CZ:CZE DK:DNK EE:EST FI:FIN FR:FRA DE:DEU GR:GRC EL:GRC HU:HUN IE:IRL
IT:ITA LV:LVA LT:LTU LU:LUX MT:MLT NL:NLD PL:POL PT:PRT RO:ROU SK:SVK SI:SVN ES:ESP SE:SWE IS:ISL LI:LIE
NO:NOR CH:CHE GB:GBR UK:GBR TR:TUR UA:UKR MD:MDA RS:SRB ME:MNE MK:MKD AL:ALB BA:BIH GE:GEO AM:ARM IL:ISR
MA:MAR TN:TUN EG:EGY QA:QAT ZA:ZAF US:USA CA:CAN MX:MEX BR:BRA AR:ARG CL:CHL AU:AUS NZ:NZL JP:JPN KR:KOR
CN:CHN TW:TWN SG:SGP IN:IND TH:THA VN:VNM RU:RUS BY:BLR KZ:KAZ
"""
_ALPHA3 = dict(pair.split(":") for pair in _CODES.split())


def country_iri(code: str) -> str | None:
    """The authority table's entry for a country code of two or three letters; None for one that is not known here."""
    code = code.strip().upper()
    alpha3 = _ALPHA3.get(code, code if code in _ALPHA3.values() else None)
    return None if alpha3 is None else _AUTHORITY + alpha3
