"""``registrar crds``: the definitions of the kinds, for kubectl."""

import click


@click.command()
def crds() -> None:
    """Print the CustomResourceDefinitions, for kubectl apply --server-side -f -."""
    # YAML and the schemas are needed here only.
    from registrar.api.manifests import definitions  # noqa: PLC0415 - see above
    from registrar.kinds.table import DEFINED  # noqa: PLC0415 - see above

    click.echo("".join(definitions(DEFINED).values()), nl=False)
