"""Finds the files that ship with the package: vocabulary, shapes, stored queries, example data.

In a wheel they lie beside the modules; in a checkout (an editable install) at the top of the repository.
"""

from __future__ import annotations

from pathlib import Path

from node.errors import ConfigurationError

_PACKAGE = Path(__file__).resolve().parent


def resource(name: str) -> Path:
    """The file or folder of this name relative to the repository (``ontologies/onconode.ttl``, ``queries``).

    Raises ConfigurationError when the installation lacks it.
    """
    for root in (_PACKAGE / "_resources", _PACKAGE.parent):
        if (root / name).exists():
            return root / name
    raise ConfigurationError(f"this installation lacks {name}.", remedy="Install the package again.")
