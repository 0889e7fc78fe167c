"""The command ``onconode``: gathers the command groups, turns errors into one sentence and an exit code."""

from __future__ import annotations

import json
import os
import sys

import click

from node import __version__
from node.cli.copies import backup, dump, restore
from node.cli.curate import curate
from node.cli.curate_demand import demand
from node.cli.curate_edit import COMMANDS as CURATE_COMMANDS
from node.cli.curate_release import diff, rehearse_command, release
from node.cli.demo import demo
from node.cli.drifts import drift, migrate_command
from node.cli.exit_codes import exit_code
from node.cli.harvests import harvest
from node.cli.mapping_sets import mappings
from node.cli.members import member
from node.cli.mirrors import mirror
from node.cli.nodes import init, serve
from node.cli.ontologies import ontology
from node.cli.output import error_document
from node.cli.publications import amend, publish, withdraw
from node.cli.queries import query
from node.cli.tokens import token
from node.errors import NodeError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="onconode")
def onconode() -> None:
    """A node of a federated cancer research data hub: publish descriptions of datasets and samples as linked
    data, and query all nodes as if they were one store."""


for _command in (
    demo,
    init,
    ontology,
    publish,
    harvest,
    mirror,
    amend,
    withdraw,
    serve,
    query,
    member,
    token,
    backup,
    restore,
    dump,
    curate,
):
    onconode.add_command(_command)
for _command in (mappings, drift, migrate_command):
    ontology.add_command(_command)

for _command in (*CURATE_COMMANDS, diff, rehearse_command, release, demand):
    curate.add_command(_command)


def main() -> None:
    """Run the command line. Exit codes: see ``node.cli.exit_codes``; 130 after Ctrl-C."""
    try:
        # without standalone mode, click returns the code that a command left with
        sys.exit(onconode.main(standalone_mode=False) or 0)
    except click.UsageError as error:
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted; nothing was half done.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # whoever read our output has gone (`onconode query … | head`): not an error, but say nothing more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except NodeError as error:
        code = exit_code(error)
        if "--json" in sys.argv:
            click.echo(json.dumps(error_document(error, code), ensure_ascii=False), err=True)
        else:
            click.echo(f"onconode: {error}", err=True)
        sys.exit(code)
