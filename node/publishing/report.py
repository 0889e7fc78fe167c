"""The results of judging as a SHACL validation report (SHACL, section 3.6), written as they come."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO

from node.errors import ConfigurationError, Place
from node.publishing.drafts import Severity
from node.publishing.shacl import Broken
from node.rdf.namespaces import PROV, SH, XSD
from node.rdf.terms import iri, literal

_SEVERITY = {Severity.VIOLATION: "sh:Violation", Severity.WARNING: "sh:Warning", Severity.INFO: "sh:Info"}


class ReportFile:
    """A validation report in Turtle. The file appears when everything is in it, and not at all when something fails.

    Raises ConfigurationError when it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._conforms = True
        try:
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        except OSError as error:
            raise _unwritable(path, error) from error
        self._made = Path(name)
        self._out: IO[str] = os.fdopen(handle, "w", encoding="utf-8", newline="\n")

    def __enter__(self) -> ReportFile:
        self._out.write(f"@prefix sh: <{SH}> .\n@prefix prov: <{PROV}> .\n@prefix xsd: <{XSD}> .\n\n")
        return self

    def add(self, broken: Broken, place: Place) -> None:
        """Write one result. Where in the partner's files it is stands at ``prov:atLocation``."""
        self._conforms &= broken.severity is not Severity.VIOLATION
        said = [
            "a sh:ValidationResult",
            f"sh:focusNode {iri(broken.focus)}",
            f"sh:resultSeverity {_SEVERITY[broken.severity]}",
            f"sh:sourceConstraintComponent sh:{broken.component}",
            f"sh:resultMessage {literal(broken.remedy)}",
        ]
        if broken.path is not None:
            said.append(f"sh:resultPath {iri(broken.path)}")
        if broken.term is not None:
            said.append(f"sh:value {broken.term}")
        if str(place):
            said.append(f"prov:atLocation {literal(str(place))}")
        self._out.write(f"_:report sh:result [ {' ; '.join(said)} ] .\n")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._out:
            self._out.write(f"_:report a sh:ValidationReport ; sh:conforms {str(self._conforms).lower()} .\n")
        if error is not None:
            self._made.unlink(missing_ok=True)
            return
        try:
            self._made.chmod(0o644)
            self._made.replace(self._path)
        except OSError as failed:
            self._made.unlink(missing_ok=True)
            raise _unwritable(self._path, failed) from failed


def _unwritable(path: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"the report cannot be written: {error.strerror or error}.",
        where=Place(source=str(path)),
        remedy="Name a file in a folder that is there and that you may write to.",
    )
