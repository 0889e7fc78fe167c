"""Mapping sets and migration on real tables: what they cover, what asking by them costs, how far a migration grows.

    python -m bench.mappings coverage --partners DIR --ontologies DIR
    python -m bench.mappings asking --partners DIR --ontologies DIR [--rounds 21]
    python -m bench.mappings migration [--samples 10000 100000]

``coverage`` installs the real tables and SSSOM files in a new node and counts, for each system of codes, how many of
its codes lead to a class, by which predicate, and in force in the installed release; and of the OncoTree codes in
partners' tables how many, by samples. ``asking`` publishes some partners and asks the same with codes and with the
class by hand: whether the samples are the same, and the median of the quotient of their times. ``migration``
publishes made tables of several lengths, makes a class of theirs obsolete and migrates: seconds and memory of the
largest process, beside that of publishing the same table.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from node.assembly import Node, build
from node.cli.nodes import create_node
from node.cli.output import table
from node.ontology.asking import Reach
from node.ontology.code_systems import ONCOTREE, SYSTEMS, system_of
from node.ontology.mapping_sets import Mappings, add_set, check_file
from node.ontology.mapping_sources import read_icdo3, read_oncotree
from node.ontology.releases import install
from node.policy.decide import ANONYMOUS
from node.rdf.formats import JSON, TURTLE
from node.rdf.namespaces import shorten
from node.sparql.results import read_json_results

_ONCO = "PREFIX onco: <https://w3id.org/onconode/vocab#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "
_NCIT = "http://purl.obolibrary.org/obo/NCIT_"
_SETS = {
    "ncit/mondo_exactmatch_ncit.sssom.tsv": {},
    "ncit/uberon-ncit.sssom.tsv": {
        "mapping_set_id": "https://github.com/NCI-Thesaurus/thesaurus-obo-edition/uberon-ncit.sssom.tsv",
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "mapping_justification": "semapv:UnspecifiedMatching",
    },
    "ncit/cl-ncit.sssom.tsv": {
        "mapping_set_id": "https://github.com/NCI-Thesaurus/thesaurus-obo-edition/cl-ncit.sssom.tsv",
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "mapping_justification": "semapv:UnspecifiedMatching",
    },
}
#: With codes, and by hand with the class: the same samples.
ASKED = {
    "onco:diagnosis oncotree:GBM": "onco:diagnosis ncit:C3058",
    "onco:diagnosis icdo3:9440\\/3": "onco:diagnosis ncit:C3058",
    "onco:diagnosis mondo:0018177": "onco:diagnosis ncit:C3058",
    "onco:anatomicalSite uberon:0000955": "onco:anatomicalSite ncit:C12439",
    "onco:anatomicalSite icdo3:C71.9": "onco:anatomicalSite ncit:C12439",
    "onco:diagnosis/rdfs:subClassOf* oncotree:DIFG": "onco:diagnosis/rdfs:subClassOf* ncit:C129325",
    "onco:diagnosis/rdfs:subClassOf* mondo:0005070": "onco:diagnosis/rdfs:subClassOf* ncit:C3262",
}


@contextmanager
def real_node(ontologies: Path) -> Iterator[Node]:
    """A new node with the real releases, tables of codes and mapping sets."""
    with tempfile.TemporaryDirectory(prefix="onconode-bench-") as folder:
        create_node(Path(folder) / "n", base_iri="http://127.0.0.1:9/", title="Bench")
        node = build(Path(folder) / "n")
        try:
            for name, path in (("ncit", "ncit"), ("obi", "obi"), ("oncotree", "oncotree"), ("icdo3", "icd-o")):
                install(name, ontologies / path, store=node.store, identifiers=node.identifiers)
            for path, given in _SETS.items():
                found, data = check_file(ontologies / path, vocabulary=node.vocabulary(), given=given)
                add_set(found, data, source=path, store=node.store, identifiers=node.identifiers)
            yield node
        finally:
            node.close()


def coverage(node: Node, partners: Path, ontologies: Path) -> None:
    mappings, vocabulary = node.mappings(), node.vocabulary()
    known: dict[str, set[str]] = {name: set() for name in SYSTEMS}
    known["oncotree"] = {ONCOTREE + row.source_code for row in read_oncotree(ontologies / "oncotree/oncotree-ncit.tsv")}
    known["icdo3"] = {
        SYSTEMS["icdo3"].namespace + row.source_code
        for axis in ("Morphology", "Topography")
        for row in read_icdo3(ontologies / f"icd-o/ICD-O-3.1-NCIt_{axis}_Mapping.tsv")
    }
    for one in mappings.codes():
        system = system_of(one)
        if system is not None:
            known[system.name].add(one)
    rows = []
    for name, codes in known.items():
        best = Counter(_best(code, mappings) for code in codes)
        in_force = sum(
            any((c := vocabulary.get(lead.concept)) is not None and not c.obsolete for lead in mappings.of_code(code))
            for code in codes
        )
        mapped = len(codes) - best["none"]
        shares = [str(best[p]) for p in ("skos:exactMatch", "skos:closeMatch", "skos:narrowMatch", "skos:broadMatch")]
        rows.append([SYSTEMS[name].title, str(len(codes)), str(mapped), *shares, str(in_force)])
    print(table(["system", "codes", "mapped", "exact", "close", "narrow", "broad", "in the release"], rows))
    used = _oncotree_codes(partners)
    samples = Counter(dict.fromkeys(("skos:exactMatch", "skos:narrowMatch", "skos:broadMatch", "none"), 0))
    distinct: Counter[str] = Counter()
    for code, count in used.items():
        how = _best(ONCOTREE + code, mappings)
        samples[how] += count
        distinct[how] += 1
    whole = samples.total()
    print(
        table(
            ["OncoTree codes in partners' tables", "codes", "samples", "share"],
            [[how, f"{distinct[how]:,}", f"{n:,}", f"{100 * n / whole:.1f} %"] for how, n in samples.most_common()],
        )
    )


def _best(code: str, mappings: Mappings) -> str:
    order = Reach.BROAD.predicates
    leads = mappings.of_code(code)
    return shorten(min((lead.predicate for lead in leads), key=order.index)) if leads else "none"


def _oncotree_codes(partners: Path) -> Counter[str]:
    counts: Counter[str] = Counter()
    for path in sorted(partners.glob("*/*/data_clinical_sample*.txt")):
        lines = [line for line in path.open(encoding="utf-8", errors="replace") if not line.startswith("#")]
        for row in csv.DictReader(lines, delimiter="\t"):
            code = (row.get("ONCOTREE_CODE") or "").strip().upper()
            if code and code not in ("NA", "[NOT AVAILABLE]", "UNKNOWN"):
                counts[code] += 1
    return counts


def asking(node: Node, rounds: int) -> None:
    rows = []
    for coded, by_hand in ASKED.items():
        mapped = node.mapped(f"{_ONCO}SELECT ?s {{ ?s {coded} }}", Reach.NARROW)
        counted = node.mapped(f"{_ONCO}SELECT (COUNT(?s) AS ?n) {{ ?s {coded} }}", Reach.NARROW)
        hand = f"{_ONCO}PREFIX ncit: <{_NCIT}> SELECT ?s {{ ?s {by_hand} }}"
        count_hand = hand.replace("SELECT ?s", "SELECT (COUNT(?s) AS ?n)")
        quotients, count_quotients, rewriting = [], [], []
        for _ in range(rounds):
            (mine, a), (theirs, b) = _ask(node, mapped.text), _ask(node, hand)
            (_, c), (_, d) = _ask(node, counted.text), _ask(node, count_hand)
            start = time.perf_counter()
            node.mapped(f"{_ONCO}SELECT ?s {{ ?s {coded} }}", Reach.NARROW)
            rewriting.append(time.perf_counter() - start)
            quotients.append(a / b)
            count_quotients.append(c / d)
        same = mine == theirs
        medians = [f"{statistics.median(q):.2f}" for q in (quotients, count_quotients)]
        ms = f"{1000 * statistics.median(rewriting):.2f}"
        rows.append([coded, str(len(theirs)), "same" if same else "OTHER", *medians, ms])
    print(table(["asked with", "samples", "beside by hand", "time of rows", "of counts", "rewriting ms"], rows))


def _ask(node: Node, text: str) -> tuple[list[str], float]:
    start = time.perf_counter()
    with node.query(text, ANONYMOUS, (JSON, TURTLE)) as answer:
        body = b"".join(answer)
    seconds = time.perf_counter() - start
    return sorted(row["s"].value for row in read_json_results(body).rows if "s" in row), seconds


def migration(lengths: list[int]) -> None:
    rows = []
    for samples in lengths:
        with tempfile.TemporaryDirectory(prefix="onconode-bench-") as folder:
            top = Path(folder)
            create_node(top / "n", base_iri="http://127.0.0.1:9/", title="Bench")
            _run("ontology", "install", "ncit", "--node", top / "n")
            _table(top / "made.csv", samples)
            _, beside, _ = _run("publish", top / "made.csv", "--no-proposals", "--node", top / "n")
            chosen = top / "retired.nt"
            _retired(chosen, top / "n")
            _run("ontology", "install", "ncit", "--from", chosen, "--node", top / "n")
            seconds, mib, said = _run("ontology", "migrate", "--json", "--node", top / "n")
            replaced = sum(one["count"] for d in json.loads(said)["datasets"] for one in d["replaced"])
            again, _, _ = _run("ontology", "migrate", "--json", "--node", top / "n")
            rows.append(
                [f"{samples:,}", f"{replaced:,}", f"{seconds:.1f}", f"{mib:.0f}", f"{beside:.0f}", f"{again:.1f}"]
            )
    print(table(["samples", "codes replaced", "seconds", "largest MiB", "of publishing", "again, s"], rows))


def _table(path: Path, samples: int) -> None:
    names = ("Glioblastoma", "Chordoma", "Ependymoma", "Neuroblastoma")
    with path.open("w", encoding="utf-8") as out:
        out.write("SAMPLE,PATIENT,DIAGNOSIS\n")
        out.writelines(f"S{i},P{i // 2},{names[i % 4]}\n" for i in range(samples))
    path.with_name("made.mapping.toml").write_text(
        '[dataset]\nid = "made"\ntitle = "Made table"\ndescription = "Rows that a program made."\n'
        'licence = "CC BY 4.0"\naccess = "public"\n\n[columns]\nSAMPLE = { property = "sample-id" }\n'
        'PATIENT = { property = "donor-id" }\nDIAGNOSIS = { property = "diagnosis" }\n',
        encoding="utf-8",
    )


def _retired(path: Path, folder: Path) -> None:
    """The installed classes as a release in which glioblastoma is replaced by its IDH-wildtype."""
    node = build(folder)
    try:
        vocabulary = node.vocabulary()
        lines = []
        for iri in vocabulary.iris():
            concept = vocabulary.get(iri)
            if concept is not None and iri.startswith(_NCIT):
                lines.append(f"<{iri}> <http://www.w3.org/2000/01/rdf-schema#label> {json.dumps(concept.label)} .")
                parents = [*concept.parents, *([f"{_NCIT}C3262"] if iri == f"{_NCIT}C39750" else [])]
                lines += [f"<{iri}> <http://www.w3.org/2000/01/rdf-schema#subClassOf> <{p}> ." for p in parents]
    finally:
        node.close()
    old, true = f"{_NCIT}C3058", '"true"^^<http://www.w3.org/2001/XMLSchema#boolean>'
    lines.append(f"<{old}> <http://www.w3.org/2002/07/owl#deprecated> {true} .")
    lines.append(f"<{old}> <http://purl.obolibrary.org/obo/IAO_0100001> <{_NCIT}C39750> .")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _run(*arguments: object) -> tuple[float, float, str]:
    """Seconds, MiB of the largest process that has ended so far, and what a command printed."""
    code = (
        "import resource, subprocess, sys;"
        "done = subprocess.run([sys.executable, '-m', 'node', *sys.argv[1:]]);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr);"
        "sys.exit(done.returncode)"
    )
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return seconds, int(done.stderr.split()[-1]) / 1024, done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("coverage", "asking", "migration"))
    parser.add_argument("--partners", type=Path, default=Path("../shared/data/partners"))
    parser.add_argument("--ontologies", type=Path, default=Path("../shared/data/ontologies"))
    parser.add_argument("--publish", nargs="*", default=["de-uni-koeln", "glass-consortium", "us-cell-lines"])
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--samples", type=int, nargs="*", default=[10_000, 100_000])
    given = parser.parse_args()
    if given.what == "migration":
        migration(given.samples)
        return
    with real_node(given.ontologies) as node:
        if given.what == "coverage":
            coverage(node, given.partners, given.ontologies)
            return
        folders = [given.partners / name for name in given.publish]
        _run("publish", *folders, "--no-proposals", "--node", node.settings.folder)
        asking(node, given.rounds)


if __name__ == "__main__":
    main()
