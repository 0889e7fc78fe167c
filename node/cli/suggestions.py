"""``onconode publish --suggest``: a mapping file beside each table, and what to do with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from node.assembly import build
from node.cli.output import Output
from node.errors import ProtocolError
from node.publishing.sources import find_tables
from node.publishing.spool import spool_folder
from node.publishing.tabular.mapping import IGNORE
from node.publishing.tabular.read import mapping_beside, open_table
from node.publishing.tabular.sheets import Layout
from node.publishing.tabular.suggest import suggest, write_suggestion


def suggest_mappings(paths: Sequence[Path], folder: Path, mapping: Path | None, *, force: bool, output: Output) -> None:
    """Draft the mapping of each table at these paths with the vocabulary of the node in ``folder``.

    Raises ProtocolError for what is no table, Conflict for a mapping file that is there, and the errors of reading.
    """
    if mapping is not None:
        raise ProtocolError(
            "--suggest writes a mapping file, and --mapping names one.", remedy="Leave one of them out."
        )
    node = build(folder)
    try:
        parts = node.parts()
        drafted = []
        for table in find_tables(paths):
            output.progress(f"reading {table}")
            with spool_folder() as spool:
                sheet = open_table(table, spool, Layout())
                made = suggest(table, sheet, parts.coder())
            target = mapping_beside(table)
            write_suggestion(made, target, force=force)
            output.progress_done()
            named = [f"{column} is the {what}" for column, what in made.properties.items() if what != IGNORE]
            output.say(f"{target}: drafted from {made.rows:,} rows.")
            output.say(f"  Recognised: {'; '.join(named) or 'nothing'}.")
            if made.undecided:
                output.say(f"  Not recognised, so not published: {', '.join(made.undecided)}.")
            output.say(f"  Next: complete what it marks 'decide', then: onconode publish {table} --dry-run")
            drafted.append({"table": table, "mapping": target, "columns": made.properties, "undecided": made.undecided})
    finally:
        output.progress_done()
        node.close()
    output.result({"drafted": drafted})
