"""The IRIs a node mints, all under its base, and back from an IRI to what it names."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote

from node.model.access import Tier
from node.model.kinds import Kind, kind_of, name_of

_SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_DESCRIBED = re.compile(rf"({'|'.join(Kind)})/([^/?#]+)(?:[/#].*)?")


def slug(text: str) -> str:
    """A dataset identifier from any text: lower-case ASCII letters, digits, ``.``, ``_`` and ``-``.

    Raises ValueError when nothing of the text is left.
    """
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    made = re.sub(r"[^a-z0-9._]+", "-", ascii_text.lower()).strip("-._")[:100]
    if not made:
        raise ValueError(f"no letter or digit in {text!r}")
    return made


def is_slug(text: str) -> bool:
    """Whether the text can be a dataset identifier as it is."""
    return _SLUG.fullmatch(text) is not None


@dataclass(frozen=True)
class Identifiers:
    """Mints IRIs under ``base`` (absolute, ends in ``/``). Parts a partner chose are percent-encoded."""

    base: str

    @property
    def catalog(self) -> str:
        return self.base

    def dataset(self, dataset: str) -> str:
        return f"{self.base}datasets/{dataset}"

    def description(self, name: str) -> str:
        """The address of a description of any kind by its name (see ``node.model.kinds``)."""
        kind, slug = kind_of(name)
        return f"{self.base}{kind}/{slug}"

    def name(self, iri: str) -> str | None:
        """The name of the description whose address, or something below it, an IRI is; None for any other IRI."""
        found = _DESCRIBED.fullmatch(iri.removeprefix(self.base)) if iri.startswith(self.base) else None
        return name_of(Kind(found[1]), found[2]) if found else None

    def sample(self, dataset: str, sample: str) -> str:
        return f"{self.dataset(dataset)}/samples/{quote(sample, safe='')}"

    def donor(self, dataset: str, donor: str) -> str:
        return f"{self.dataset(dataset)}/donors/{quote(donor, safe='')}"

    def graph(self, dataset: str) -> str:
        """The named graph that holds what everybody may see of one dataset description."""
        return f"{self.base}graph/{dataset}"

    def records_graph(self, dataset: str) -> str:
        """The named graph of the samples and donors of a dataset that is not open."""
        return f"{self.graph(dataset)}/records"

    def provenance_graph(self, dataset: str) -> str:
        return f"{self.graph(dataset)}/provenance"

    @property
    def catalog_graph(self) -> str:
        """The named graph of the catalogue itself (node title, list of datasets)."""
        return f"{self.base}graph/"

    @property
    def queries_graph(self) -> str:
        """The named graph that describes the stored queries; also the address of their list."""
        return f"{self.base}queries"

    @property
    def default_graph(self) -> str:
        """The named graph that stands for the default graph of SPARQL Update and of the Graph Store Protocol."""
        return f"{self.base}default-graph"

    @property
    def feed(self) -> str:
        """The change feed, as an event stream."""
        return f"{self.base}feed"

    def feed_page(self, number: int) -> str:
        return f"{self.feed}/{number}"

    def vocabulary_graph(self, name: str, version: str) -> str:
        return f"{self.base}vocabulary/{name}/{quote(version, safe='.')}"

    def tier_graph(self, tier: Tier) -> str:
        """The graph that holds the RDF merge of everything in one tier; default graph of queries."""
        return f"{self.base}tier/{tier}"

    def skolem(self, token: str) -> str:
        """The IRI that stands for a blank node (RDF 1.1 Concepts, section 3.5)."""
        return f"{self.base}.well-known/genid/{token}"
