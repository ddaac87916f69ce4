"""The command line ``registrar``: one module a command."""

import click

from registrar.cli.crds import crds
from registrar.cli.run import run


@click.group(context_settings={"max_content_width": 120})
@click.version_option(package_name="model-registrar", prog_name="registrar")
def main() -> None:
    """Model Registrar: model registry entries as Kubernetes resources."""


main.add_command(run)
main.add_command(crds)
