"""``kubectl_complete-registrar``: what kubectl runs to complete ``kubectl registrar …`` in a shell.

kubectl passes all words, the last of which is incomplete, and expects a completion a line, each with a description
behind a tab, and then a directive for the shell (kubernetes/kubernetes#105867, cobra's ``ShellCompDirective``).
"""

from __future__ import annotations

import sys

import click
from click.shell_completion import ShellComplete

from registrar.cli import main as command_line

FILES_TOO, NO_FILES = 0, 4
"""Whether the shell also completes the names of files."""


def main() -> None:
    """Print the completions of the words on the command line."""
    *words, incomplete = sys.argv[1:] or [""]
    found = ShellComplete(command_line, {}, "kubectl registrar", "").get_completions(words, incomplete)
    for item in found:
        if item.type == "plain":
            click.echo(f"{item.value}\t{item.help}" if item.help else item.value)
    is_file = any(item.type != "plain" for item in found)
    click.echo(f":{FILES_TOO if is_file else NO_FILES}")
