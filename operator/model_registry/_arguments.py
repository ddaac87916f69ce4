"""The arguments of `ModelRegistry`, and the environment variables that they fall back to."""

import logging
import os
from pathlib import Path
from urllib.parse import urlsplit

from model_registry._tls import Authority
from model_registry._token import Token
from model_registry.core import ModelRegistryAPIClient
from model_registry.exceptions import StoreError

logger = logging.getLogger("model_registry")

DEFAULT_USER_TOKEN_ENVVAR = "KF_PIPELINES_SA_TOKEN_PATH"  # noqa: S105 - the name of a variable
DEFAULT_K8S_SA_TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105 - a path


def token_file(variable: str | None) -> Path | None:
    """Return the file that contains the token, or None if no file is named and this process runs in no pod.

    Args:
        variable: Environment variable that names the file. None means the usual variable.

    Raises:
        ValueError: If the variable is given and not set.
        StoreError: If a file is named and cannot be read.
    """
    if variable is not None and variable not in os.environ:
        raise ValueError(f"user_token_envvar is {variable!r} but no such env var is set")
    named = os.environ.get(variable or DEFAULT_USER_TOKEN_ENVVAR)
    path = Path(named or DEFAULT_K8S_SA_TOKEN_PATH)
    if os.access(path, os.R_OK):
        logger.info("Reading the user token from %s", path)
        return path
    if named is not None:
        raise StoreError(f"Unable to read user token from {str(path)!r}")
    return None


def named_authority(variable: str | None) -> str | None:
    """Return the certificate authorities in an environment variable, or None if it is not given or not set."""
    return os.environ.get(variable) if variable else None


def effective_port(server_address: str, port: int | str | None) -> int | str:
    """Return the port in the address, else the given port, else the usual port."""
    if not isinstance(server_address, str):
        raise TypeError(f"The server address is text, got {type(server_address).__name__}")
    try:
        parts = urlsplit(server_address)
        given = parts.port
    except ValueError:  # the first call refuses the address, and says what to change
        return port or 443
    if parts.scheme not in ("http", "https"):
        return port or 443
    return given or port or (8080 if parts.scheme == "http" else 443)


def hint_server_address_port(server_address: str, port: int | str) -> None:
    """Log a warning if the port is unusual for the address's scheme."""
    for scheme, usual_port in (("https", "443"), ("http", "80")):
        if server_address.startswith(f"{scheme}://") and not str(port).endswith(usual_port):
            logger.warning(
                "Server address protocol is %s://, but port is not %s or ending with %s. "
                "You may want to verify the configuration is correct.",
                scheme,
                usual_port,
                usual_port,
            )


def core_client(
    server_address: str, port: int | str, token: Token | None, authority: Authority | None, *, is_secure: bool | None
) -> ModelRegistryAPIClient:
    """Create the client for these arguments.

    Args:
        server_address: Host or URL.
        port: Used if the address has no port.
        token: Where the bearer token comes from.
        authority: Path or PEM text of the certificate authorities to trust. None means the system's.
        is_secure: Whether to use TLS and verify certificates. None means True for all but http:// addresses.

    Raises:
        StoreError: If the connection is secure and no token is given.
    """
    if is_secure is None:
        is_secure = not server_address.startswith("http://")
    if not is_secure:
        return ModelRegistryAPIClient.insecure_connection(server_address, port, token)
    if not token:
        raise StoreError("user token must be provided for secure connection")
    return ModelRegistryAPIClient.secure_connection(server_address, port, user_token=token, custom_ca=authority)
