"""Answers each line, a JSON array with the words after `az`, with what the CLI's own parser says of them: null, or why not."""

import io
import json
import sys

from azure.cli.core import get_default_cli
from azure.cli.core.parser import AzCliCommandParser


class Refused(Exception):
    pass


def refuse(_parser, message):
    raise Refused(message)


AzCliCommandParser.error = refuse
cli = get_default_cli()


def parse(words):
    """As `AzCliCommandInvoker.execute` does, up to the parsed arguments."""
    invocation = cli.invocation_cls(
        cli_ctx=cli,
        parser_cls=cli.parser_cls,
        commands_loader_cls=cli.commands_loader_cls,
        help_cls=cli.help_cls,
    )
    cli.invocation = invocation
    loader = invocation.commands_loader
    loader.load_command_table(words)
    command = invocation._rudimentary_get_command(words)
    if command not in loader.command_table:
        raise Refused(f"there is no command: {command or words}")
    invocation.data["command_string"] = command
    loader.command_table = {command: loader.command_table[command]}
    loader.load_arguments(command)
    invocation.parser.cli_ctx = cli
    invocation.parser.load_command_table(loader)
    invocation.parser.parse_args(words)


for line in sys.stdin:
    own, sys.stdout, sys.stderr = (sys.stdout, sys.stderr), io.StringIO(), io.StringIO()
    try:
        parse(json.loads(line))
        answer = None
    except (Refused, SystemExit) as error:
        answer = str(error)
    finally:
        sys.stdout, sys.stderr = own
    print(json.dumps(answer), flush=True)
