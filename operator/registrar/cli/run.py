"""``registrar run``: the operator."""

import gc
from typing import Any

import click

from registrar.cli.options import ENVIRONMENT_PREFIX, GroupedCommand, options_of, parse
from registrar.settings import Settings, StartError


@click.command(cls=GroupedCommand, context_settings={"auto_envvar_prefix": ENVIRONMENT_PREFIX})
@options_of(Settings)
def run(**options: Any) -> None:
    """Run the operator until it receives SIGTERM or Ctrl-C."""
    settings = parse(Settings, options)
    # kopf takes half a second that --help need not.
    import uvloop  # noqa: PLC0415 - see above

    from registrar.app import process  # noqa: PLC0415 - see above
    from registrar.cluster.logs import configure_logging  # noqa: PLC0415 - see above
    from registrar.election.elector import ElectionError  # noqa: PLC0415 - see above

    configure_logging(settings)
    # What is imported stays: no collection needs to look at it.
    gc.freeze()
    try:
        uvloop.run(process.run(settings))
    except (StartError, ElectionError) as error:
        raise click.ClickException(str(error)) from error
