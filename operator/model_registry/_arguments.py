"""What the arguments of `ModelRegistry` and the environment variables behind them mean."""

import logging
import os
from pathlib import Path
from urllib.parse import urlsplit

from ._tls import Authority
from ._token import Token
from .core import ModelRegistryAPIClient
from .exceptions import StoreError

logger = logging.getLogger("model_registry")

DEFAULT_USER_TOKEN_ENVVAR = "KF_PIPELINES_SA_TOKEN_PATH"  # noqa: S105 - the name of a variable
DEFAULT_K8S_SA_TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105 - a path


def token_file(variable: str | None) -> Path | None:
    """Return the file that holds the token; None if none is named and this is no pod.

    Args:
        variable: Environment variable that names it; the usual one if None.

    Raises:
        ValueError: If the variable is given and not set.
        StoreError: If the file is named and cannot be read.
    """
    if variable is not None and variable not in os.environ:
        raise ValueError(f"user_token_envvar is {variable!r} but no such env var is set")
    named = os.environ.get(variable or DEFAULT_USER_TOKEN_ENVVAR)
    path = Path(named or DEFAULT_K8S_SA_TOKEN_PATH)
    if os.access(path, os.R_OK):
        logger.info("The user token is read from %s", path)
        return path
    if named is not None:
        raise StoreError(f"Unable to read user token from {str(path)!r}")
    return None


def named_authority(variable: str | None) -> str | None:
    """Return the certificate authorities that an environment variable holds; None if it is not given or not set."""
    return os.environ.get(variable) if variable else None


def effective_port(server_address: str, port: int | str | None) -> int | str:
    """Return the address's port, else the one given, else the usual one."""
    parts = urlsplit(server_address)
    if parts.scheme not in ("http", "https"):
        return port or 443
    return parts.port or port or (8080 if parts.scheme == "http" else 443)


def core_client(
    server_address: str, port: int | str, token: Token | None, authority: Authority | None, *, is_secure: bool | None
) -> ModelRegistryAPIClient:
    """Make the client of these arguments.

    Args:
        server_address: Host or URL.
        port: Used if the address has none.
        token: What to send as bearer token.
        authority: Path or PEM text of the certificate authorities to believe; the system's if None.
        is_secure: Whether to use TLS and verify certificates; if None, not for an http:// address.

    Raises:
        StoreError: If it is to be secure and there is no token.
    """
    if is_secure is None:
        is_secure = not server_address.startswith("http://")
    if not is_secure:
        return ModelRegistryAPIClient.insecure_connection(server_address, port, token)
    if not token:
        raise StoreError("user token must be provided for secure connection")
    return ModelRegistryAPIClient.secure_connection(server_address, port, user_token=token, custom_ca=authority)
