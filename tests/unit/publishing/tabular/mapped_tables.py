"""Tiny tables and mapping files for tests; everything in them is made up here."""

from __future__ import annotations

from pathlib import Path

from study_folders import CODES, IDENTIFIERS, VOCABULARY

from node.publishing.coder import Coder
from node.publishing.drafts import Draft, Finding, Severity
from node.publishing.tabular.read import read_table

DATASET = """
[dataset]
id = "tiny"
title = "A tiny table"
description = "Made up for a test."
licence = "CC BY 4.0"
access = "public"
"""
COLUMNS = """
[columns.Sample]
property = "sample-id"
[columns.Patient]
property = "donor-id"
[columns.Diagnosis]
property = "diagnosis"
"""
HEADER = "Sample,Patient,Diagnosis"
ROWS = f"{HEADER}\nS1,P1,Glioblastoma\nS2,P1,Glioma\n"


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(folder: Path, *tables: Path, columns: str = COLUMNS, dataset: str = DATASET, table: str = "") -> Draft:
    """The draft of these tables with a mapping made of these parts."""
    mapping = write(folder, "t.mapping.toml", f"{dataset}\n[table]\n{table}\n{columns}")
    spool = folder / "spool"
    spool.mkdir(exist_ok=True)
    return read_table(
        tables,
        mapping,
        identifiers=IDENTIFIERS,
        coder=Coder(VOCABULARY, CODES),
        spool=spool,
        publisher="Example Institute",
    )


def violations(draft: Draft) -> list[Finding]:
    return [finding for finding in draft.findings if finding.severity is Severity.VIOLATION]


def messages(draft: Draft) -> list[str]:
    return [f"{finding.where.line}: {finding.message}" for finding in draft.findings]
