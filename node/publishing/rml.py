"""Anything else by RML: a mapping in RML is run by morph-kgc, and what comes out is read like any other document.

morph-kgc pins versions of libraries that this node uses in later ones, so that it lives in an environment of its own
and runs as a process of its own. A mapping may only name files that lie beside it or below: nothing is fetched.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from node.errors import ConfigurationError, DocumentSyntaxError, Place, RequestTooLarge, Unsupported
from node.publishing.ntriples import literal_value
from node.publishing.triples import Triples
from node.rdf.formats import TURTLE

#: How long a mapping may run, in seconds.
SECONDS = 3_600
_LARGEST = 20_000_000
_SOURCES = frozenset(
    f"{namespace}{name}"
    for namespace in ("http://semweb.mmlab.be/ns/rml#", "http://w3id.org/rml/")
    for name in ("source", "path", "root")
)
#: What a mapping could make the engine connect to or run.
_REFUSED = re.compile(
    r"<(http://www\.w3\.org/ns/r2rml#(?:sqlQuery|tableName)|http://www\.wiwiss[^>]*|[^>]*/d2rq[^>]*)>"
)
_REMEDY = "Make an environment for it and name its Python in publishing.rml_python (docs/how-to/publish-with-rml.md)."


def run_rml(mapping: Path, *, python: str, spool: Path) -> tuple[Path, tuple[Path, ...]]:
    """Run an RML mapping in Turtle; the N-Triples that come out, and the files that it reads.

    ``python`` is the interpreter of an environment with morph-kgc. Raises ConfigurationError without one,
    DocumentSyntaxError and Unsupported for a mapping that cannot be run, with what the engine says.
    """
    if not python:
        raise ConfigurationError("no engine for RML is set up.", remedy=_REMEDY)
    sources = tuple(dict.fromkeys(_sources(mapping)))
    work = spool / f"rml-{len(list(spool.iterdir()))}"
    work.mkdir()
    (work / "config.ini").write_text(
        f"[CONFIGURATION]\noutput_file: {work / 'out.nt'}\noutput_format: N-TRIPLES\nnumber_of_processes: 1\n"
        f"logging_level: WARNING\n[mapping]\nmappings: {mapping.resolve()}\n",
        encoding="utf-8",
    )
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    try:
        done = subprocess.run(
            [python, "-m", "morph_kgc", str(work / "config.ini")],
            cwd=mapping.resolve().parent,
            env=kept,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RequestTooLarge(
            f"the mapping ran for more than {SECONDS} seconds.", where=Place(source=str(mapping))
        ) from error
    except OSError as error:
        raise ConfigurationError(f"{python} cannot be run: {error.strerror or error}.", remedy=_REMEDY) from error
    if "No module named morph_kgc" in done.stderr:
        raise ConfigurationError(f"{python} has no morph-kgc.", remedy=_REMEDY)
    out = work / "out.nt"
    if done.returncode or not out.is_file():
        said = [line.strip() for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.strip()]
        raise DocumentSyntaxError(
            f"the mapping cannot be run: {(said or ['it says nothing'])[-1][:300]}",
            where=Place(source=str(mapping)),
            remedy="Correct the mapping; morph-kgc's documentation says what it takes.",
        )
    return out, sources


def _sources(mapping: Path) -> Iterator[Path]:
    """The files that a mapping reads. Raises DocumentSyntaxError for one that is not there, Unsupported for others."""
    triples = Triples()
    try:
        if mapping.stat().st_size > _LARGEST:
            raise RequestTooLarge(f"the mapping has more than {_LARGEST:,} bytes.", where=Place(source=str(mapping)))
        content = mapping.read_bytes()
    except OSError as error:
        raise DocumentSyntaxError(
            f"the mapping cannot be read: {error.strerror or error}.", where=Place(source=str(mapping))
        ) from error
    triples.read(content, TURTLE, base=mapping.resolve().as_uri(), source=str(mapping), pinned="urn:x:")
    stated = [line.removesuffix(" .").split(" ", 2) for line in sorted(triples.ground)]
    stated += [[str(subject), str(predicate), str(value)] for subject, predicate, value in triples.blank]
    folder = mapping.resolve().parent
    found = 0
    for _, predicate, value in stated:
        if _REFUSED.fullmatch(predicate):
            raise Unsupported(
                "the mapping reads a database.",
                where=Place(source=str(mapping), field=predicate[1:-1]),
                remedy="Export what it reads to a file beside the mapping.",
            )
        if predicate[1:-1] not in _SOURCES or value.startswith("_:"):
            continue
        name = literal_value(value)[0] if value.startswith('"') else value[1:-1]
        path = (folder / name).resolve()
        if "://" in name or Path(name).is_absolute() or not path.is_relative_to(folder):
            raise Unsupported(
                f"the mapping reads {name!r}, which is no file beside it.",
                where=Place(source=str(mapping), field="rml:source"),
                remedy="Put the file beside the mapping, or in a folder there, and write its relative path.",
            )
        if not path.is_file():
            raise DocumentSyntaxError(
                f"the file {name!r} that the mapping reads is not there.",
                where=Place(source=str(mapping), field="rml:source"),
                remedy="Put it beside the mapping.",
            )
        found += 1
        yield path
    if not found:
        raise DocumentSyntaxError(
            "the mapping names no file to read.",
            where=Place(source=str(mapping)),
            remedy='A logical source has rml:source "data.csv" and rml:referenceFormulation ql:CSV.',
        )
