"""What a mapping file says: which column of a table holds what, and what the dataset is.

The format is described in docs/reference/mapping-files.md; ``node.publishing.tabular.mappingfile`` reads it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from node.ontology.branches import ANATOMICAL_SITE, ASSAY, DIAGNOSIS, SAMPLE_TYPE, SEX, VITAL_STATUS
from node.publishing.safety.decisions import NO_DECISIONS, Decisions
from node.publishing.tabular.sheets import Layout
from node.publishing.tabular.transforms import Transform
from node.rdf.namespaces import ACCESS_NON_PUBLIC, ACCESS_PUBLIC, ACCESS_RESTRICTED, XSD

SUFFIX = ".mapping.toml"
IGNORE, SAMPLE, DONOR, AGE, DERIVES = "ignore", "sample-id", "donor-id", "age-at-diagnosis", "derives-from"
#: Names of properties whose values are classes, as a mapping writes them.
CODED: Mapping[str, str] = {
    "diagnosis": DIAGNOSIS,
    "site": ANATOMICAL_SITE,
    "sample-type": SAMPLE_TYPE,
    "assay": ASSAY,
    "sex": SEX,
    "vital-status": VITAL_STATUS,
}
ACCESS = {"public": ACCESS_PUBLIC, "restricted": ACCESS_RESTRICTED, "non-public": ACCESS_NON_PUBLIC}
UNITS = {
    "years": "AGE_AT_DIAGNOSIS",
    "months": "AGE_AT_DIAGNOSIS_MONTHS",
    "days": "AGE_AT_DIAGNOSIS_DAYS",
    "iso8601": "AGE_AT_DIAGNOSIS",
}
DATATYPES = {
    "string": None,
    "iri": None,
    **{name: XSD + name for name in ("integer", "decimal", "boolean", "date")},
    "year": XSD + "gYear",
}


@dataclass(frozen=True)
class Column:
    """What one column says. ``name`` is its header, ``property`` a name of this format or an IRI.

    ``values`` maps what stands in a cell (folded: lower case, single spaces) to an IRI in angle brackets, or to the
    text to be read instead of it; ``""`` stands for "not known".
    """

    name: str
    property: str
    transforms: tuple[Transform, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    unit: str = "years"
    system: str = ""
    datatype: str = "string"
    of_donor: bool = False


@dataclass(frozen=True)
class Description:
    """What a mapping says of the dataset itself. ``licence``, ``access``, ``themes`` and pages are IRIs.

    ``properties`` are further ones by IRI, each with a value that is an IRI in angle brackets or a text.
    """

    id: str
    title: str
    description: str
    licence: str
    access: str
    publisher: str = ""
    themes: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    contact_name: str = ""
    contact_email: str = ""
    contact_page: str = ""
    landing_page: str = ""
    access_url: str = ""
    citation: str = ""
    properties: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class TableMapping:
    """A whole mapping file. ``constants`` are columns whose one value is the same for every row, with that value.

    ``decisions`` are the partner's about columns that look like direct identifiers.
    """

    path: Path
    dataset: Description
    layout: Layout
    missing: frozenset[str]
    columns: tuple[Column, ...]
    constants: tuple[tuple[Column, str], ...]
    text: str = field(repr=False, default="")
    decisions: Decisions = NO_DECISIONS

    def column(self, property_name: str) -> Column | None:
        """The column that holds this property, the first if several do."""
        return next((column for column in self.columns if column.property == property_name), None)

    def line(self, *words: str) -> int | None:
        """The line where the first of these words stands after the words before it; None when it is nowhere."""
        return line_of(self.text, words)


def folded(text: str) -> str:
    """A value as it is compared: without regard to case and to how many spaces there are."""
    return " ".join(text.casefold().split())


def line_of(text: str, words: tuple[str, ...]) -> int | None:
    """Where the words stand one after the other, each as a whole key, name or text; the line of the last that does."""
    offset = 0
    found: int | None = None
    for word in words:
        match = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])").search(text, offset)
        if match is not None:
            offset = match.end()
            found = text.count("\n", 0, match.start()) + 1
    return found
