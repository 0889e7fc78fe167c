"""``onconode harvest``."""

from __future__ import annotations

from pathlib import Path

import click

from node.assembly import build
from node.cli.nodes import node_option
from node.cli.output import Output, json_option
from node.cli.publications import by_option, print_report, report_document
from node.errors import ProtocolError
from node.harvesting.harvest import Harvest
from node.harvesting.harvest import harvest as harvest_catalogue


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE…")
@node_option()
@click.option("--dry-run", is_flag=True, help="Check everything, change nothing.")
@click.option("--again", is_flag=True, help="Even if the server says that the catalogue has not changed.")
@by_option
@json_option
@click.pass_context
def harvest(
    context: click.Context,
    sources: tuple[str, ...],
    folder: Path,
    dry_run: bool,
    again: bool,
    by: str,
    output: Output,
) -> None:
    """Describe the datasets of other people's DCAT catalogues here: SOURCE is an address or a file.

    They keep their IRIs; the catalogue says where each was found. A dataset with an error is left out, the others are
    published. Exit code 2 when any was rejected.
    """
    for source in sources:
        if "://" not in source and not Path(source).is_file():
            raise ProtocolError(f"{source} is neither an address nor a file.", remedy="Give http(s)://… or a file.")
    node = build(folder)
    done: list[Harvest] = []
    try:
        for source in sources:
            found = harvest_catalogue(
                source,
                node=node.parts(),
                services=node.settings.services,
                dry_run=dry_run,
                again=again,
                by=by,
                progress=output.progress,
            )
            output.progress_done()
            done.append(found)
            if not output.json:
                _print(found)
    finally:
        output.progress_done()
        node.close()
    output.result(
        {
            "catalogues": [
                {
                    "origin": each.origin,
                    "outcome": "unchanged" if each.report is None else "harvested",
                    "pages": each.pages,
                    "report": each.report and report_document(each.report),
                }
                for each in done
            ]
        }
    )
    if not all(each.report is None or each.report.ok for each in done):
        context.exit(2)


def _print(found: Harvest) -> None:
    if found.report is None:
        click.echo(f"{found.origin}: unchanged since it was last harvested.")
        return
    click.echo(f"{found.origin}: {found.pages} {'page' if found.pages == 1 else 'pages'}")
    print_report(found.report)
