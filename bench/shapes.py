"""Judging studies by the shapes: one of all that look alike, beside every node, in the same run.

    python -m bench.shapes STUDY… [--copies N] [--alone]

Reads each study folder into a description, then judges its nodes by the hub's shapes: in batches with pySHACL alone
(with --alone), and with one of all that look alike. ``--copies`` gives each study that many times its samples and
donors. Prints a row a study: samples and donors, triples, how many nodes were judged themselves, seconds of each way,
their ratio, microseconds a sample, and whether both found the same.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from node.cli.output import table
from node.model.identifiers import Identifiers
from node.ontology.mappings import core_code_map
from node.ontology.releases import core_vocabulary
from node.publishing import shapes as module
from node.publishing.ntriples import Description
from node.publishing.shapes import validate
from node.publishing.studies import read_study

_COLUMNS = ["study", "samples", "donors", "triples", "judged", "pySHACL s", "alike s", "ratio", "µs a sample", "same"]


def main() -> None:
    """Run the comparison and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("studies", nargs="+", type=Path)
    parser.add_argument("--copies", type=int, default=1)
    parser.add_argument("--alone", action="store_true")
    arguments = parser.parse_args()
    list(validate(Description(["<urn:a> <urn:b> <urn:c> ."]), "urn:a", core_vocabulary()))  # imports are not measured
    with tempfile.TemporaryDirectory() as spool:
        rows = [_judge(study, Path(spool), arguments.copies, arguments.alone) for study in arguments.studies]
    print(table(_COLUMNS, rows))


def _judge(study: Path, spool: Path, copies: int, alone: bool) -> list[str]:
    vocabulary = core_vocabulary()
    draft = read_study(
        study,
        identifiers=Identifiers("https://node.example.org/"),
        vocabulary=vocabulary,
        codes=core_code_map(),
        spool=spool,
    )
    description = Description.read(draft.public)
    if copies > 1:
        lines = description.lines
        description = Description(_copy(line, i) for i in range(copies) for line in lines)
    judged: list[int] = []
    run = module.run
    module.run = lambda lines, nodes, shapes: judged.append(len(nodes)) or run(lines, nodes, shapes)
    started = time.perf_counter()
    fast = list(validate(description, draft.iri, vocabulary))
    seconds = time.perf_counter() - started
    module.run = run
    row = [study.name, *(f"{n * copies:,}" for n in (draft.samples, draft.donors)), f"{len(description):,}"]
    row.append(f"{sum(judged):,}")
    if not alone:
        return [*row, "", f"{seconds:.2f}", "", f"{1e6 * seconds / max(draft.samples * copies, 1):.0f}", ""]
    started = time.perf_counter()
    each = list(validate(description, draft.iri, vocabulary, each=True))
    before = time.perf_counter() - started
    same = sorted(map(repr, fast)) == sorted(map(repr, each))
    row += [f"{before:.2f}", f"{seconds:.2f}", f"{before / seconds:.1f}"]
    return [*row, f"{1e6 * seconds / max(draft.samples, 1):.0f}", "yes" if same else "NO"]


def _copy(line: str, number: int) -> str:
    for kind in ("/samples/", "/donors/"):
        line = line.replace(kind, f"{kind}{number}-")
    return line


if __name__ == "__main__":
    main()
