"""OpenLink Virtuoso from Debian's package ``virtuoso-opensource-7-bin``, unpacked without being installed."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from node.config import StoreSettings
from tests.servers.parts import Server, Unobtainable, cache, free_port, run, serving

_PACKAGE = "virtuoso-opensource-7-bin"
_USER, _PASSWORD = "onconode", "secret"
_INI = """\
[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
[TempDatabase]
DatabaseFile = temporary.db
TransactionFile = temporary.trx
[Parameters]
ServerPort = {sql}
DisableUnixSocket = 1
NumberOfBuffers = 20000
MaxDirtyBuffers = 15000
SchedulerInterval = 10
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerThreads = 20
[SPARQL]
DefaultQuery = ASK {{ }}
"""


@contextmanager
def virtuoso(folder: Path) -> Iterator[Server]:
    """Virtuoso with its data in ``folder``, and a user of its own who may update (Digest). Raises Unobtainable."""
    root, sql, http = _unpacked(), free_port(), free_port()
    (folder / "virtuoso.ini").write_text(_INI.format(sql=f"127.0.0.1:{sql}", http=http), encoding="utf-8")
    libraries = {"LD_LIBRARY_PATH": os.pathsep.join(str(path) for path in _libraries(root))}
    address = f"http://127.0.0.1:{http}/"
    command = [str(root / "usr/bin/virtuoso-t"), "+foreground", "+configfile", "virtuoso.ini"]
    with serving(command, folder=folder, address=f"{address}sparql", environment=libraries) as (process, log):
        create = f"DB.DBA.USER_CREATE ('{_USER}', '{_PASSWORD}'); GRANT SPARQL_UPDATE TO \"{_USER}\";"
        isql = [str(root / "usr/bin/isql-vt"), f"127.0.0.1:{sql}", "dba", "dba", f"exec={create}"]
        run(["env", *(f"{name}={value}" for name, value in libraries.items()), *isql], folder=folder)
        settings = StoreSettings(
            kind="sparql",
            query=f"{address}sparql-auth",
            update=f"{address}sparql-auth",
            graph_store=f"{address}sparql-graph-crud-auth",
            user=_USER,
            password=_PASSWORD,
        )
        yield Server("virtuoso", settings, process, log)


def _unpacked() -> Path:
    """The folder with the package and the libraries it needs, as they would lie below ``/``."""
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise Unobtainable("it comes as a Debian package, and this is no Debian")
    root = cache() / "virtuoso-7"
    if not root.exists():
        partial = cache() / f"virtuoso-7.{os.getpid()}"
        partial.mkdir(exist_ok=True)
        depends = run(["apt-cache", "depends", _PACKAGE], folder=partial)
        needed = [name for name in re.findall(r"^\s+Depends: ([^<\s]+)$", depends, re.MULTILINE) if name != "libc6"]
        run(["apt-get", "download", _PACKAGE, *needed], folder=partial)
        for package in partial.glob("*.deb"):
            run(["dpkg", "-x", str(package), str(partial)], folder=partial)
            package.unlink()
        partial.rename(root)
    return root


def _libraries(root: Path) -> list[Path]:
    return sorted({path.parent for path in root.rglob("*.so*")})
