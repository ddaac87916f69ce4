"""The caller's credentials, each for one host: those of netrc, of docker, and the token of Hugging Face."""

from __future__ import annotations

import base64
import netrc
import os
from dataclasses import dataclass

from registrar.cli.verify.verdict import UnknownContentError


@dataclass(frozen=True, slots=True)
class Login:
    """What a registry of images takes.

    Attributes:
        basic: the ``Authorization`` header of user name and password; None without them.
        refresh_token: an identity token of docker, for which the registry gives tokens; None without one.
    """

    basic: str | None = None
    refresh_token: str | None = None


def of_host(host: str) -> str | None:
    """Return the ``Authorization`` header for a host, from the file that NETRC names, or ~/.netrc; None without one.

    The entry ``default`` of that file is for no host in particular, so it is passed over.

    Raises:
        UnknownContentError: the file cannot be used.
    """
    try:
        entry = netrc.netrc(os.environ.get("NETRC")).hosts.get(host)
    except FileNotFoundError:
        return None
    except (OSError, netrc.NetrcParseError) as error:
        raise UnknownContentError(f"netrc cannot be used: {error}") from error
    return None if entry is None or host == "default" else _basic(entry[0], entry[2])


def of_registry(registry: str) -> Login | None:
    """Return the login of docker for a registry, also one that a credential helper keeps; None without one.

    Raises:
        UnknownContentError: the configuration cannot be used.
    """
    try:
        # It takes a third of a second, and most registries need no login to be read.
        from docker import auth, errors  # noqa: PLC0415
    except ImportError:
        return None
    try:
        found = auth.load_config().resolve_authconfig(registry) or {}
    except (errors.DockerException, OSError, ValueError) as error:
        raise UnknownContentError(f"docker's login for {registry} cannot be used: {error}") from error
    fields = {name.lower(): value for name, value in found.items()}
    if fields.get("identitytoken"):
        return Login(refresh_token=str(fields["identitytoken"]))
    if not fields.get("username"):
        return None
    return Login(basic=_basic(str(fields["username"]), str(fields.get("password") or "")))


def of_hub() -> str | None:
    """Return the ``Authorization`` header for Hugging Face's Hub, from HF_TOKEN; None without one."""
    token = os.environ.get("HF_TOKEN", "").strip()
    return f"Bearer {token}" if token else None


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
