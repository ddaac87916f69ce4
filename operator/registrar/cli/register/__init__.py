"""``registrar register``: one version of an existing model, from a pipeline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from registrar.api.v1alpha1 import DeletionPolicy
from registrar.cli.cluster import connect
from registrar.cli.console import AttentionError, say, show, write_errors_explained
from registrar.cli.documents.dump import dump
from registrar.cli.exits import ExitCode
from registrar.cli.options import (
    DEFAULT_SECONDS,
    DEFAULT_TIMEOUT,
    login_options,
    registry_ref_option,
    seconds,
    valid_namespace,
)
from registrar.cli.register import applying, arguments
from registrar.cli.register.declaring import Registration
from registrar.cli.register.errors import InvalidRegistrationError, RegistrationError
from registrar.cli.register.outputs import OUTPUTS, Registered, write_outputs

TEXT, JSON, YAML = "text", "json", "yaml"


@click.command()
@click.option("--model", required=True, help="metadata.name of the RegisteredModel that the version belongs to.")
@click.option("--version", required=True, help="Name of the version in the registry, such as 2026-11-23.")
@click.option(
    "--artifact",
    "artifacts",
    multiple=True,
    callback=arguments.artifacts,
    metavar="NAME=URI",
    help="Model artifact of the version; KServe serves the last one.",
)
@click.option(
    "--doc-artifact",
    "doc_artifacts",
    multiple=True,
    callback=arguments.artifacts,
    metavar="NAME=URI",
    help="Document of the version, such as an evaluation report.",
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    callback=arguments.formats,
    metavar="[ARTIFACT=]FORMAT[:VERSION]",
    help="Format of one artifact, or of all others, such as onnx:1.17.",
)
@click.option(
    "--digest",
    "digests",
    multiple=True,
    callback=arguments.digests,
    metavar="[ARTIFACT=]DIGEST",
    help="SHA-256 of the only artifact, or of one by name: sha256:…. Another digest is another version, also with "
    "--update.",
)
@click.option(
    "--property",
    "properties",
    multiple=True,
    callback=arguments.properties,
    metavar="NAME=VALUE",
    help="Custom property. Numbers, true and false have their types, and everything else is text; so is what is in "
    "double quotes. {string: 1234567}, {int: 1}, {double: 2} and {bool: true} name the type.",
)
@click.option(
    "--source",
    metavar="KIND/CLASS/GROUP/ID/NAME",
    help="What made the artifacts. The UI links to the run of a pipeline: kfp/pipelinerun/NAMESPACE/RUN-ID/RUN-NAME.",
)
@click.option("--description", help="Description of the version.")
@click.option("--author", help="Author of the version.")
@click.option(
    "--deletion-policy",
    type=click.Choice([policy.value for policy in DeletionPolicy]),
    help="What happens to the entry when the resource is deleted. Defaults to the operator's setting.",
)
@registry_ref_option("ClusterRegistry that the model belongs to, to write it down. Defaults to that of the model.")
@click.option("--name", help="metadata.name of the resource. Defaults to model and version, joined by a hyphen.")
@click.option(
    "--namespace",
    "-n",
    callback=valid_namespace,
    help="Namespace of model and version. Defaults to that of the context, or of the pod.",
)
@click.option("--update", is_flag=True, help="Change a version that exists with other content.")
@click.option(
    "--timeout",
    callback=seconds,
    show_default=DEFAULT_TIMEOUT,
    metavar="DURATION",
    help="How long to wait until the version is in the registry, such as 90s, 5m or 1h.",
)
@click.option(
    "--output-dir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help=f"Write one file for each output into this folder: {', '.join(OUTPUTS)}.",
)
@click.option(
    "--output-file",
    "files",
    multiple=True,
    callback=arguments.files,
    metavar="OUTPUT=PATH",
    help="Write one output to this file, for pipelines that choose the path.",
)
@click.option("--dry-run", is_flag=True, help="Print the manifest, for a pull request; no cluster is needed.")
@click.option(
    "--output",
    "-o",
    type=click.Choice((TEXT, JSON, YAML)),
    help="Format of what is printed: text or json, or with --dry-run yaml or json.",
)
@login_options
def register(
    *,
    namespace: str | None,
    update: bool,
    timeout: float | None,
    output_dir: Path | None,
    files: dict[str, str],
    dry_run: bool,
    output: str | None,
    context: str | None,
    kubeconfig: Path | None,
    **declared: Any,
) -> ExitCode:
    """Register one version of an existing model, wait until it is in the registry, and return its IDs.

    The command applies a ModelVersion server-side, with the rights of its account and the field manager registrar. The
    same content again writes nothing. It does not create models, and takes no field from another manager, such as Argo
    CD.

    Exit codes: 0 the version is in the registry, 1 it is not: refused, or not ready within the time, 3 the cluster
    could not be read or written, 64 usage, 130 Ctrl-C.
    """
    _refuse_what_does_not_fit(output, files, dry_run=dry_run)
    registration = Registration(**declared)
    try:
        if dry_run:
            _show_manifest(registration, namespace, output)
            return ExitCode.DONE
        registration.manifest(namespace)
    except InvalidRegistrationError as error:
        raise click.UsageError(f"{str(error).removesuffix('.')}.") from None
    limit = DEFAULT_SECONDS if timeout is None else timeout
    with connect(kubeconfig, context) as cluster:
        manifest = registration.manifest(namespace or cluster.namespace)
        try:
            done = applying.register(cluster, manifest, is_update=update, timeout=limit, show=say)
        except RegistrationError as error:
            raise AttentionError(str(error)) from None
    extent = "registered" if done.is_new else "updated" if done.is_changed else "unchanged"
    say(f"{manifest.kind} {done.name} {extent}.")
    if done.is_changed and done.uri is None:
        say("Note: The version has no artifact with an address, so the output uri is empty. --artifact declares one.")
    _show_outputs(done, output)
    with write_errors_explained():
        write_outputs(done.outputs(), output_dir, files)
    return ExitCode.DONE


def _refuse_what_does_not_fit(output: str | None, files: dict[str, str], *, dry_run: bool) -> None:
    if unknown := files.keys() - OUTPUTS.keys():
        raise click.UsageError(f"--output-file: there is no output {min(unknown)!r}, only {', '.join(OUTPUTS)}.")
    if dry_run and output == TEXT:
        raise click.UsageError("--dry-run prints a manifest: give --output yaml or json.")
    if not dry_run and output == YAML:
        raise click.UsageError("--output yaml is for --dry-run.")


def _show_manifest(registration: Registration, namespace: str | None, output: str | None) -> None:
    body = registration.manifest(namespace).body
    text = json.dumps(body, indent=2, ensure_ascii=False) if output == JSON else dump(body).rstrip("\n")
    show([text])


def _show_outputs(done: Registered, output: str | None) -> None:
    if output == JSON:
        show([json.dumps(done.outputs(), indent=2, ensure_ascii=False)])
    else:
        show(f"{name}: {text}" for name, text in done.outputs().items() if text)
