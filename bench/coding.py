"""How much of what real partners wrote is coded, column by column, and a sample of it to look up by hand.

    .venv/bin/python -m bench.coding --partners ../shared/data/partners --ontologies ../shared/data/ontologies
    .venv/bin/python -m bench.coding … --draw 200 --seed 1 > sample.tsv

Goes through every ``data_clinical_sample.txt`` below the partners' folder with the releases installed in a fresh node.
Counted is, for each column of a property, every value that is not empty or a word for "not known"; and, for each
sample, what it is published with. ``--draw`` writes a table of distinct pairs of property and value instead, half of
them drawn by how many samples they code, half of them each as likely as the other.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from node.assembly import build
from node.ontology.branches import ANATOMICAL_SITE, ASSAY, DIAGNOSIS, SAMPLE_TYPE, SEX
from node.ontology.releases import releases
from node.ontology.sssom import Match
from node.publishing import coding
from node.publishing.assays import ASSAY_COLUMNS, CASE_LIST, Said, answer_for, in_column, read_case_lists
from node.publishing.coded import Answer, Coded, Proposed, Unknown
from node.publishing.coder import NO_SUCH_NAME, SAYS_NOTHING, Coder
from node.publishing.tables import Row, open_table
from node.rdf.namespaces import shorten

SITE_COLUMNS = (
    *coding.SPECIMEN_SITE_COLUMNS,
    *coding.METASTATIC_SITE_COLUMNS,
    *coding.TUMOR_SITE_COLUMNS,
)
COLUMNS = {
    **dict.fromkeys(SITE_COLUMNS, ANATOMICAL_SITE),
    **dict.fromkeys(coding.SAMPLE_TYPE_COLUMNS, SAMPLE_TYPE),
    **dict.fromkeys(coding.SEX_COLUMNS, SEX),
    **dict.fromkeys(ASSAY_COLUMNS, ASSAY),
}
#: What the project promises.
DIAGNOSES, VALUES = 0.94, 0.90
NAMES = ("ncit", "obi", "oncotree", "icdo3", "gdc")


@dataclass
class Counts:
    """Values of one column or property by what became of them; ``nothing`` says nothing of the property at all."""

    coded: int = 0
    proposed: int = 0
    unknown: int = 0
    nothing: int = 0

    def add(self, answer: Answer, times: int = 1) -> None:
        if isinstance(answer, Coded):
            self.coded += times
        elif isinstance(answer, Proposed):
            self.proposed += times
        elif answer.reason == SAYS_NOTHING:
            self.nothing += times
        else:
            self.unknown += times

    def merge(self, other: Counts) -> None:
        for name in ("coded", "proposed", "unknown", "nothing"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def whole(self) -> int:
        return self.coded + self.proposed + self.unknown + self.nothing

    @property
    def share(self) -> float:
        return self.coded / self.whole if self.whole else 1.0


@dataclass
class Measured:
    """All that was counted."""

    tables: int = 0
    samples: int = 0
    diagnosed: int = 0
    seconds: float = 0.0
    columns: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    used: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    open: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    matches: Counter[Match] = field(default_factory=Counter)

    def property(self, property_iri: str) -> Counts:
        """The values of all columns of one property."""
        whole = Counts()
        for column, counts in self.columns.items():
            if COLUMNS.get(column, ASSAY) == property_iri:
                whole.merge(counts)
        return whole


def installed(ontologies: Path) -> Coder:
    """A coder with the releases in this folder, installed in a node that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="onconode-bench-") as folder:
        node = str(Path(folder) / "node")
        for command in (
            ("init", node, "--base-iri", "http://127.0.0.1:8080/", "--title", "Bench"),
            ("ontology", "install", *NAMES, "--from", str(ontologies), "--node", node, "--codes-only"),
        ):
            subprocess.run([sys.executable, "-m", "node", *command], check=True, stdout=subprocess.DEVNULL)
        built = build(Path(node))
        try:
            versions = {release.name: release.version for release in releases(built.store)}
            parts = built.parts()
            return Coder(parts.vocabulary, parts.codes, releases=versions)
        finally:
            built.close()


def measure(partners: Path, coder: Coder) -> Measured:
    """Go through all sample tables and their case lists."""
    measured = Measured()
    started = time.monotonic()
    for path in sorted(partners.glob("*/*/data_clinical_sample.txt")):
        measured.tables += 1
        lists = read_case_lists(path.parent / "case_lists")
        for row in open_table(path, ("SAMPLE_ID",)).rows():
            measured.samples += 1
            _row(row, coder, measured)
        for listed in lists:
            answer = answer_for(Said(listed.assay, listed.path.stem), coder)
            _note(measured, CASE_LIST, answer, len(listed.samples))
    measured.seconds = time.monotonic() - started
    return measured


def _row(row: Row, coder: Coder, measured: Measured) -> None:
    for column in row.index:
        property_iri = COLUMNS.get(column)
        text = row[column] if property_iri else ""
        if not text or property_iri is None:
            continue
        for answer in _answers(property_iri, text, coder):
            _note(measured, column, answer)
            if not isinstance(answer, Coded):
                measured.open[property_iri, text, answer.reason] += 1
    found = coding.diagnosis(coder, row)
    measured.used[DIAGNOSIS].add(found.answer)
    if isinstance(found.answer, Coded):
        measured.matches[found.answer.match] += 1
        measured.diagnosed += coder.vocabulary.source_of(found.answer.iri) == "ncit"
    else:
        measured.open[DIAGNOSIS, found.answer.value, found.answer.reason] += 1
    types = coding.sample_types(coder, row)
    place = coding.site(coder, row, metastasis=coding.METASTATIC_NEOPLASM in {one.iri for one in types})
    for one in (*types, *([place] if place else [])):
        measured.used[one.property_iri].add(one.answer)


def _answers(property_iri: str, text: str, coder: Coder) -> Iterable[Answer]:
    if property_iri != ASSAY:
        return (coder.code(property_iri, text),)
    found = [answer_for(Said(assay, text, "column"), coder) for assay in sorted(in_column(text))]
    return found or (Unknown(text, NO_SUCH_NAME),)


def _note(measured: Measured, column: str, answer: Answer, times: int = 1) -> None:
    measured.columns[column].add(answer, times)
    if isinstance(answer, Coded):
        measured.matches[answer.match] += times


def drawn(measured: Measured, size: int, seed: int) -> list[Match]:
    """Distinct pairs of property and value: half weighted by samples, then half of the rest, each as likely."""
    chance = random.Random(seed)
    keys = sorted(measured.matches, key=lambda m: (m.property_iri, m.written, m.system, m.iri))
    # Efraimidis and Spirakis: the largest u^(1/weight) are a sample without replacement, weighted
    weighted = sorted(keys, key=lambda m: -(chance.random() ** (1 / measured.matches[m])))[: size // 2]
    rest = [m for m in keys if m not in set(weighted)]
    return weighted + chance.sample(rest, min(size - len(weighted), len(rest)))


def lines(measured: Measured, *, most: int = 25) -> Iterator[str]:
    """The figures for people."""
    yield f"{measured.tables} tables, {measured.samples:,} samples, coded in {measured.seconds:.1f} s"
    share = measured.diagnosed / (measured.samples or 1)
    yield (
        f"samples with an NCIt diagnosis of the installed release: {measured.diagnosed:,} of {measured.samples:,} "
        f"({100 * share:.2f} %; at least {100 * DIAGNOSES:.0f} % is asked for)"
    )
    for property_iri in (ANATOMICAL_SITE, SAMPLE_TYPE, SEX, ASSAY):
        whole = measured.property(property_iri)
        yield _line(shorten(property_iri), whole) if whole.whole else f"{shorten(property_iri)}: no column has it"
        for column, counts in sorted(measured.columns.items()):
            if COLUMNS.get(column, ASSAY) == property_iri:
                yield "  " + _line(column, counts)
    yield "as published, where of several columns one counts:"
    for property_iri, counts in sorted(measured.used.items()):
        yield "  " + _line(shorten(property_iri), counts)
    yield "not coded, by what a decision about each would bring:"
    for (property_iri, value, reason), count in measured.open.most_common(most):
        yield f"  {count:>6,} {shorten(property_iri)} {value!r}: {reason}"


def _line(name: str, counts: Counts) -> str:
    rest = f"{counts.proposed:,} proposed, {counts.unknown:,} unknown, {counts.nothing:,} say nothing of it"
    return f"{name}: {counts.coded:,} of {counts.whole:,} coded ({100 * counts.share:.2f} %), {rest}"


def main() -> int:
    """Print the figures or the drawn sample; 1 when what is promised is not reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--partners", type=Path, required=True)
    parser.add_argument("--ontologies", type=Path, required=True)
    parser.add_argument("--draw", type=int, metavar="N", help="write N drawn pairs instead of the figures")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    measured = measure(options.partners, installed(options.ontologies))
    if options.draw:
        print("property\twritten\tclass\tlabel\tgrounds\tsamples")
        for match in drawn(measured, options.draw, options.seed):
            grounds = f"{match.predicate.rpartition('#')[2]}, {match.justification.rpartition('/')[2]}"
            said = "; ".join(filter(None, (grounds, match.system, match.comment)))
            written = " ".join(match.written.split())
            name = match.property_iri.rpartition("#")[2]
            print(f"{name}\t{written}\t{shorten(match.iri)}\t{match.label}\t{said}\t{measured.matches[match]}")
        return 0
    if options.json:
        print(json.dumps({name: vars(counts) for name, counts in sorted(measured.columns.items())}, indent=2))
    else:
        print("\n".join(lines(measured)))
    reached = measured.diagnosed / measured.samples >= DIAGNOSES
    return 0 if reached and all(measured.property(p).share >= VALUES for p in (*COLUMNS.values(), ASSAY)) else 1


if __name__ == "__main__":
    sys.exit(main())
