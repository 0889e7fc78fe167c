"""What partners wrote and no installed release could code, kept by dataset: the demand for new terms.

A generation keeps ``uncoded/<dataset>.tsv`` for each published dataset in which something was not coded: one line for
each value of a coded property, with the number of samples (donors for sex and vital status) that wait. Only values of
the columns that codes are read from are in it, none that is longer than a name can be and none that holds what
identifies a person beyond doubt. It goes with the dataset when that is withdrawn.

What leaves the node is less: sums over datasets, of words that enough samples share (``shared``).
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from node.errors import Place, StoreError
from node.ontology.branches import DIAGNOSIS
from node.publishing.coder import NOT_GIVEN, SAYS_NOTHING, TOO_LONG, key_of
from node.publishing.coding import NO_DIAGNOSIS
from node.publishing.registry import FILE, State, read_registry
from node.publishing.safety.texts import certain_in
from node.publishing.tally import OTHERS, CodingReport
from node.rdf.namespaces import ONCO
from node.store.quads import QuadStore

_COLUMNS = ("property", "text", "system", "samples", "reason")
#: Reasons that ask for no new term: there is nothing, it is somebody's notes, or it is about something else.
_NO_DEMAND = frozenset({NOT_GIVEN, TOO_LONG, SAYS_NOTHING, NO_DIAGNOSIS})


@dataclass(frozen=True, order=True)
class Uncoded:
    """One value of a property that is not coded. ``property_iri`` is in the hub's vocabulary, ``system`` the short name
    of the code system that the text is said to be a code of ("" for words), ``samples`` how many wait, ``datasets`` in
    how many datasets."""

    property_iri: str
    text: str
    system: str
    samples: int
    reason: str = ""
    datasets: int = 1

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is told apart by: property, words (case and spaces aside) and system."""
        return self.property_iri, key_of(self.text), self.system


def uncoded_file(dataset: str) -> str:
    """The name of the file among those of a generation; ``dataset`` is the dataset's name in the register."""
    return f"uncoded/{dataset}.tsv"


def write_uncoded(report: CodingReport) -> bytes | None:
    """The values of a report that are not coded, as the content of a dataset's file; None when there are none."""
    rows = sorted(_of(report), key=lambda one: (one.property_iri, -one.samples, one.text, one.system))
    if not rows:
        return None
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows((r.property_iri.removeprefix(ONCO), r.text, r.system, r.samples, r.reason) for r in rows)
    return out.getvalue().encode("utf-8")


def read_uncoded(store: QuadStore, dataset: str) -> list[Uncoded]:
    """What is not coded in one dataset, empty if nothing is. Raises StoreError for a file that is damaged."""
    name = uncoded_file(dataset)
    data = store.file(name)
    if data is None:
        return []
    try:
        header, *rows = csv.reader(io.StringIO(data.decode("utf-8")), delimiter="\t")
        if tuple(header) != _COLUMNS:
            raise ValueError(header)
        return [Uncoded(ONCO + p, text, system, int(samples), reason) for p, text, system, samples, reason in rows]
    except (ValueError, csv.Error) as error:
        raise StoreError("the list of what is not coded is damaged.", where=Place(source=name)) from error


def datasets_of(store: QuadStore, *, restricted: bool) -> list[str]:
    """The published datasets, sorted; with ``restricted`` those too whose samples not everybody may see."""
    registry = read_registry(store.file(FILE))
    return sorted(
        e.dataset for e in registry.values() if e.state is State.PUBLISHED and (restricted or not e.restricted)
    )


def summed(found: Iterable[Iterable[Uncoded]]) -> list[Uncoded]:
    """The same values of several datasets as one, those that most samples wait for first."""
    sums: dict[tuple[str, str, str], Uncoded] = {}
    spellings: dict[tuple[str, str, str], Counter[str]] = {}
    for rows in found:
        for row in rows:
            spellings.setdefault(row.key, Counter())[row.text] += row.samples
            before = sums.get(row.key)
            sums[row.key] = (
                replace(before, samples=before.samples + row.samples, datasets=before.datasets + row.datasets)
                if before
                else row
            )
    named = (replace(one, text=min(spellings[key].items(), key=_frequent)[0]) for key, one in sums.items())
    return sorted(named, key=lambda one: (-one.samples, one.property_iri, one.text, one.system))


def waiting_on(store: QuadStore, *, restricted: bool = True) -> list[Uncoded]:
    """What is not coded on a node, over all its datasets."""
    return summed(read_uncoded(store, dataset) for dataset in datasets_of(store, restricted=restricted))


def shared(waiting: Iterable[Uncoded], *, fewest: int) -> list[Uncoded]:
    """What may leave the node: words that at least ``fewest`` samples share."""
    return [one for one in waiting if one.samples >= fewest]


def _frequent(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _of(report: CodingReport) -> Iterator[Uncoded]:
    for property_iri, tally in report.tallies.items():
        for text, samples in (tally.proposed + tally.unknown).items():
            reason = tally.reasons.get(text, "")
            if _is_demand(text, reason):
                yield Uncoded(property_iri, text, tally.systems.get(text, ""), samples, reason)
    if DIAGNOSIS not in report.tallies:  # a document: it states what the partner wrote, and codes nothing
        for reason, values in report.uncoded.items():
            for text, samples in values.items():
                if _is_demand(text, reason):
                    yield Uncoded(DIAGNOSIS, text, "", samples, reason)


def _is_demand(text: str, reason: str) -> bool:
    tidy = text.strip()
    return bool(tidy) and text != OTHERS and reason not in _NO_DEMAND and len(tidy) <= 120 and not certain_in(tidy)
