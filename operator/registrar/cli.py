"""The command line: ``registrar run`` and ``registrar crds``."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from registrar.api.v1alpha1 import AdoptionPolicy, DeletionPolicy, DriftPolicy
from registrar.settings import Settings, StartError

_FILE = click.Path(path_type=Path)


@click.group(context_settings={"max_content_width": 120})
@click.version_option(package_name="model-registrar", prog_name="registrar")
def main() -> None:
    """Model Registrar: model registry entries as Kubernetes resources.

    Each option of run can also be set by an environment variable, such as REGISTRAR_REGISTRY_URL.
    """


@main.command(context_settings={"auto_envvar_prefix": "REGISTRAR"})
@click.option("--registry-url", required=True, show_envvar=True, help="Root address of the model registry.")
@click.option("--registry-token", show_envvar=True, help="Bearer token for the registry; better use a file.")
@click.option("--registry-token-file", type=_FILE, show_envvar=True, help="File with the token; it may be rotated.")
@click.option("--registry-ca-file", type=_FILE, show_envvar=True, help="PEM file of the registry's authorities.")
@click.option("--registry-api-version", type=click.Choice(["v1alpha3", "v1"]), show_envvar=True, help="Else found out.")
@click.option("--registry-requests-in-flight", type=int, show_envvar=True, help="Requests to it at once.  [16]")
@click.option("--registry-requests-per-second", type=float, show_envvar=True, help="0: as many as it takes.  [0]")
@click.option(
    "--namespace", "namespaces", multiple=True, show_envvar=True, help="Watch this one; repeatable. None: all."
)
@click.option("--kubeconfig", type=_FILE, show_envvar=True, help="Else KUBECONFIG, else the pod's service account.")
@click.option(
    "--owner-id", show_envvar=True, help="This installation's name in the registry.  [model-registrar/model-registrar]"
)
@click.option(
    "--deletion-policy",
    type=click.Choice([one.value for one in DeletionPolicy]),
    show_envvar=True,
    help="Where none is set.",
)
@click.option(
    "--adoption-policy",
    type=click.Choice([one.value for one in AdoptionPolicy]),
    show_envvar=True,
    help="Where none is set.",
)
@click.option(
    "--drift-policy", type=click.Choice([one.value for one in DriftPolicy]), show_envvar=True, help="Where none is set."
)
@click.option("--workers", type=int, show_envvar=True, help="Resources reconciled at once.  [16]")
@click.option("--accept-new-registry", is_flag=True, show_envvar=True, help="Make entries anew that are gone at once.")
@click.option("--feed-interval", type=float, show_envvar=True, help="Seconds between looks at what changed.  [15]")
@click.option("--resync-interval", type=float, show_envvar=True, help="Seconds between full comparisons.  [1800]")
@click.option("--leader-election", is_flag=True, show_envvar=True, help="Let one of several replicas write.")
@click.option("--lease-name", show_envvar=True, help="The Lease that they compete for.  [model-registrar]")
@click.option("--lease-namespace", show_envvar=True, help="Its namespace. Else the pod's.")
@click.option("--lease-duration", type=int, show_envvar=True, help="Seconds until an unrenewed lease is free.  [15]")
@click.option("--renew-deadline", type=float, show_envvar=True, help="Seconds until its holder stops writing.  [10]")
@click.option("--retry-period", type=float, show_envvar=True, help="Seconds between attempts at the lease.  [2]")
@click.option("--probe-address", show_envvar=True, help="Where /livez, /readyz, /metrics are served.  [127.0.0.1]")
@click.option("--probe-port", type=int, show_envvar=True, help="Their port, 0 for a free one. None: not served.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), show_envvar=True)
@click.option("--log-format", type=click.Choice(["text", "json"]), show_envvar=True)
def run(**options: Any) -> None:
    """Run the operator until it is told to stop."""
    try:
        settings = Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        raise click.UsageError(_explain(error)) from None
    # kopf takes half a second that --help need not.
    from registrar import app  # noqa: PLC0415 - see above
    from registrar.cluster.logs import configure_logging  # noqa: PLC0415 - see above
    from registrar.election.elector import ElectionError  # noqa: PLC0415 - see above

    configure_logging(settings)
    try:
        asyncio.run(app.run(settings))
    except (StartError, ElectionError) as error:
        raise click.ClickException(str(error)) from error


@main.command()
def crds() -> None:
    """Print the CustomResourceDefinitions, for ``kubectl apply --server-side -f -``."""
    from registrar.api import manifests  # noqa: PLC0415 - YAML is needed here only

    click.echo("".join(manifests.crds().values()), nl=False)


def _explain(error: ValidationError) -> str:
    problems = []
    for problem in error.errors(include_url=False):
        flag = (
            "--" + str(problem["loc"][0]).replace("_", "-").replace("namespaces", "namespace") if problem["loc"] else ""
        )
        problems.append(f"{flag}: {problem['msg'].removeprefix('Value error, ')}".removeprefix(": "))
    return "; ".join(problems)
