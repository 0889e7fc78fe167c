"""Words that come with the package: what partners write for sites, kinds of sample, sex, status and assays.

It also mends what is wrong in tables of others: rows with a code system count more than the installed table.

``ontologies/terms.sssom.tsv`` is a mapping set made by hand for this project: words that stand in no release, each
with the class that it means as a value of one property, or with ``sssom:NoTermFound`` where it says nothing of that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from node import __version__
from node.ontology.sssom import Match, read_sssom
from node.resources import resource

FILE = "ontologies/terms.sssom.tsv"


@lru_cache(maxsize=1)
def core_terms() -> Mapping[tuple[str, str, str], Match]:
    """The packaged words: a match by property, words (lower case) and code system ("" for words)."""
    rows = read_sssom(resource(FILE).read_bytes(), source=FILE)
    source = f"onconode {__version__}"
    matches = (replace(row.match, source=source) for row in rows)
    return {(match.property_iri, match.written, match.system): match for match in matches}
