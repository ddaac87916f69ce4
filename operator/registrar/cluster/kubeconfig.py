"""Reads kubeconfigs as kubectl does: the first entry of a name wins, and relative paths start at their file's folder.

kopf's reader ends in a bare KeyError or OSError; here each problem names the file and the entry.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from registrar.settings import StartError

FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
"""Keys that name a file."""
DATA = ("certificate-authority-data", "client-certificate-data", "client-key-data")
"""Keys that hold PEM text in base64."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A cluster, user or context of a kubeconfig.

    Attributes:
        kind: what it is, in the singular.
        name: its name.
        file: the kubeconfig that has it.
        values: what it says; names of files are absolute paths.
    """

    kind: str
    name: str
    file: Path
    values: Mapping[str, Any]

    def __str__(self) -> str:
        return f"the {self.kind} {self.name!r} of {self.file}"


def kubeconfig_files() -> tuple[Path, ...]:
    """Return the files of KUBECONFIG, else ``~/.kube/config`` if it exists."""
    places = [place.strip() for place in os.environ.get("KUBECONFIG", "").split(os.pathsep)]
    files = tuple(Path(place).expanduser() for place in places if place)
    default = Path(os.environ.get("HOME", ""), ".kube", "config").absolute()
    return files or ((default,) if default.exists() else ())


def current_entries(files: Sequence[Path]) -> tuple[Entry, Entry]:
    """Return the cluster and the user of the current context.

    Raises:
        StartError: a file cannot be read, or an entry is missing or wrong.
    """
    configs = [(file, _read(file)) for file in files]
    places = ", ".join(map(str, files))
    current = next((config["current-context"] for _, config in configs if config.get("current-context")), None)
    if current is None:
        raise StartError(f"No current-context is set in {places}: choose one with kubectl config use-context.")
    context = _find("context", current, configs)
    if context is None:
        raise StartError(f"The current-context {current!r} does not exist in {places}.")
    cluster = _named_by(context, "cluster", configs, places)
    user = _named_by(context, "user", configs, places)
    if cluster is None:
        raise StartError(f"In the kubeconfig, {context} names no cluster.")
    if not cluster.values.get("server"):
        raise StartError(f"In the kubeconfig, {cluster} has no server.")
    # Without a user, the API server may know the caller by its address, as that of kubectl proxy does.
    return _checked(cluster), _checked(user or Entry("user", "", context.file, {}))


def _read(file: Path) -> Mapping[str, Any]:
    try:
        config = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise StartError(f"The kubeconfig {file} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise StartError(f"The kubeconfig {file} is not YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(config, dict):
        raise StartError(f"The kubeconfig {file} is not a kubeconfig: it holds no mapping.")
    for kind in ("context", "cluster", "user"):
        items = config.get(f"{kind}s") or []
        if not isinstance(items, list) or not all(_is_entry(item, kind) for item in items):
            raise StartError(f"The kubeconfig {file} is not valid: each item of {kind}s needs a name and a {kind}.")
    return config


def _is_entry(item: object, kind: str) -> bool:
    return isinstance(item, dict) and "name" in item and isinstance(item.get(kind) or {}, dict)


def _find(kind: str, name: str, configs: Sequence[tuple[Path, Mapping[str, Any]]]) -> Entry | None:
    for file, config in configs:
        for item in config.get(f"{kind}s") or ():
            if item["name"] == name:
                return Entry(kind, name, file, _with_files(item.get(kind) or {}, file.absolute().parent))
    return None


def _with_files(values: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    """Return what an entry says with absolute paths, and without the files whose content it holds too."""
    named = {key for key in FILES if values.get(key)}
    unused = {key for key in named if values.get(f"{key}-data")}
    kept = {key: value for key, value in values.items() if key not in unused}
    return {**kept, **{key: str(folder / str(values[key])) for key in named - unused}}


def _named_by(
    context: Entry, kind: str, configs: Sequence[tuple[Path, Mapping[str, Any]]], places: str
) -> Entry | None:
    name = context.values.get(kind)
    found = None if not name else _find(kind, name, configs)
    if name and found is None:
        raise StartError(f"In the kubeconfig, {context} names the {kind} {name!r}, which does not exist in {places}.")
    return found


def _checked(entry: Entry) -> Entry:
    """Return an entry whose files and data can be read."""
    for key in FILES:
        if key in entry.values:
            try:
                Path(entry.values[key]).read_bytes()
            except OSError as error:
                problem = f"{key} names {entry.values[key]}, which cannot be read: {error.strerror}"
                raise StartError(f"In the kubeconfig, {entry} cannot be used: {problem}.") from error
    for key in DATA:
        text = str(entry.values.get(key) or "")
        try:
            base64.b64decode("" if text.startswith("-----BEGIN") else "".join(text.split()), validate=True)
        except (binascii.Error, ValueError) as error:
            raise StartError(f"In the kubeconfig, {entry} cannot be used: {key} is not base64.") from error
    if entry.values.get("exec"):
        command = (entry.values["exec"] or {}).get("command")
        raise StartError(
            f"In the kubeconfig, {entry} logs in with the plugin {command!r} (exec), which the operator does not run: "
            "give the user a token, a tokenFile or a client certificate."
        )
    return entry
