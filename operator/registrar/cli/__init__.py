"""The command line ``registrar``: one module or folder a command, imported when the command is called."""

from __future__ import annotations

import contextlib
import errno
import importlib
import io
import os
import sys
from collections.abc import Iterator
from typing import Any

import click
from click.shell_completion import CompletionItem

from registrar.cli.console import ESCAPED
from registrar.cli.exits import ExitCode

COMMANDS = {
    "run": "Run the operator until it receives SIGTERM or Ctrl-C.",
    "crds": "Print the CustomResourceDefinitions, for kubectl apply --server-side -f -.",
    "status": "Say what is not ready, why, and what to do.",
    "export": 'Write the entries of a registry as manifests into a folder; "-" prints them.',
    "plan": 'Say what applying manifests would do to a registry, and write nothing; "-" reads them from stdin.',
    "adopt": "Bring the entries of models that nothing manages under management: plan, ask, apply, wait.",
    "register": "Register one version of an existing model, wait until it is in the registry, and return its IDs.",
    "snapshot": "Write everything that a registry holds to one file, for commands that must not reach the registry.",
    "copy": "Copy entries from registry to registry, or from a snapshot into a registry, without an operator.",
    "validate": 'Check manifests before they are applied; "-" reads them from stdin.',
    "verify": 'Compare artifacts with the digests in their manifests; "-" reads them from stdin.',
    "connections": "Find the registries of a cluster, and check the ClusterRegistries that connect them.",
    "schema": "Print the JSON Schema of a kind, or one for all kinds, for editors and kubeconform.",
}
"""What ``registrar --help`` lists: the first sentence of each command, so that no command is imported for it."""
ALIASES = {"trace": "status", "diff": "plan"}
"""Other names of commands, which the help shows behind the first."""


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, and whose errors end in `ExitCode`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of the commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Import a command by its name or alias; None if there is none of that name."""
        name = ALIASES.get(cmd_name, cmd_name)
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"registrar.cli.{name}"), name)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the names and options that begin so; click would import every command for it."""
        names = [CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Write the list of commands to the help."""
        with formatter.section("Commands"):
            formatter.write_dl([(", ".join([name, *_aliases(name)]), text) for name, text in COMMANDS.items()])

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse the words before the command; this is where click prints its help."""
        with _reader_may_leave():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with _reader_may_leave():
            return super().invoke(ctx)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command and exit with its code: `ExitCode` says what each means."""
        kwargs["standalone_mode"] = False
        if isinstance(sys.stdout, io.TextIOWrapper):
            # File names can have bytes that are no UTF-8.
            sys.stdout.reconfigure(errors=ESCAPED)
        try:
            code = super().main(*args, **kwargs)
        except click.UsageError as error:
            error.show()
            sys.exit(ExitCode.USAGE)
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except click.Abort:
            click.echo("Interrupted.", err=True)
            sys.exit(ExitCode.INTERRUPTED)
        except OSError as error:
            # Files have errors of their own.
            if error.filename is not None or error.errno not in _FULL:
                raise
            _discard_output()
            click.echo(f"Error: the output cannot be written: {error.strerror}.", err=True)
            sys.exit(ExitCode.NOT_KNOWN)
        sys.exit(code)


@contextlib.contextmanager
def _reader_may_leave() -> Iterator[None]:
    """End with a code of its own if the reader of the output goes away: click would end with that of a failure."""
    try:
        yield
    except BrokenPipeError:
        _discard_output()
        raise click.exceptions.Exit(ExitCode.BROKEN_PIPE) from None


def _discard_output() -> None:
    """Have nothing written any more: what is still buffered would fail again when the program ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _aliases(name: str) -> list[str]:
    return [alias for alias, command in ALIASES.items() if command == name]


@click.group(cls=LazyGroup, context_settings={"max_content_width": 120})
@click.version_option(package_name="model-registrar", prog_name="registrar")
def main() -> None:
    """Model Registrar: model registry entries as Kubernetes resources."""
