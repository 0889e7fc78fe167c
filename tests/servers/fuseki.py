"""Apache Jena Fuseki from Maven Central: one TDB2 data set, updates allowed. Needs Java 17 and Maven."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from node.config import StoreSettings
from tests.servers.parts import Server, cache, free_port, run, serving

#: The last series that runs on Java 17.
VERSION = "5.2.0"
_USER, _PASSWORD = "onconode", "a password of tests"


@contextmanager
def fuseki(folder: Path, *, protected: bool = True) -> Iterator[Server]:
    """Fuseki with its data in ``folder``. Asks for a name and a password (Basic) if protected. Raises Unobtainable."""
    jar, port = _jar(), free_port()
    (folder / "data").mkdir()
    passwords = folder / "passwords"
    passwords.write_text(f"{_USER}: {_PASSWORD}\n", encoding="utf-8")
    address = f"http://127.0.0.1:{port}/"
    command = ["java", "-Xmx1g", "-jar", str(jar), "--localhost", "--port", str(port), "--ping"]
    if protected:
        command += ["--passwd", str(passwords), "--auth", "basic"]
    command += [
        "--timeout=120000",  # a query that nobody reads any more would take a core for ever
        "--tdb2",
        "--loc",
        str(folder / "data"),
        "--update",
        "/ds",
    ]
    with serving(command, folder=folder, address=f"{address}$/ping") as (process, log):
        settings = StoreSettings(
            kind="sparql",
            query=f"{address}ds/sparql",
            update=f"{address}ds/update",
            graph_store=f"{address}ds/data",
            user=_USER if protected else "",
            password=_PASSWORD if protected else "",
        )
        yield Server("fuseki", settings, process, log)


def _jar() -> Path:
    jar = cache() / f"jena-fuseki-server-{VERSION}.jar"
    if not jar.exists():
        plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
        artifact = f"-Dartifact=org.apache.jena:jena-fuseki-server:{VERSION}"
        run(["mvn", "-q", "-B", plugin, artifact, f"-DoutputDirectory={cache()}"], folder=cache())
    return jar
