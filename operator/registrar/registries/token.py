"""Which token the registry may get: none that the API server accepts.

A registry that gets such a token can use the cluster with the token's rights, which usually are the operator's.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from pathlib import Path

from model_registry.exceptions import ConnectionFailed
from registrar.api.nesting import read_shallow
from registrar.settings import ServedRegistrySettings

LEGACY_ISSUER = "kubernetes/serviceaccount"
"""``iss`` of a token from a Secret of type ``kubernetes.io/service-account-token``: it names no audience, and the API
server accepts it, whichever account it is for."""
_ACCOUNT_PREFIX = "system:serviceaccount:"
_SERVICE_ACCOUNT_CLAIM = "kubernetes.io"
"""The claim with namespace and account in each token that an API server issues for a ServiceAccount."""


class TokenOfAPIServerError(ConnectionFailed):
    """The API server accepts this token; it was not sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, is_temporary=False)


def token_of(settings: ServedRegistrySettings, own: Callable[[], str | None]) -> str | Path | Callable[[], str] | None:
    """Return what the client takes as the registry's token.

    Args:
        settings: where the token is, and whether the API server may accept it.
        own: returns the token with which the operator logs in to the API server; None if it uses none. It raises
            OSError where that token's file cannot be read.

    Raises:
        TokenOfAPIServerError: the token of the settings, or the token that the file contains now, must not be sent.
        ConnectionFailed: the token of the settings cannot be compared with the operator's own.
    """
    given = settings.registry_token.get_secret_value() if settings.registry_token else None
    if settings.registry_token_api_audience:
        return given or settings.registry_token_file
    if given is not None:
        _check(given, own)
    if settings.registry_token_file is None:
        return given
    file = GuardedTokenFile(settings.registry_token_file, own)
    try:
        file()
    except TokenOfAPIServerError:
        raise
    except ConnectionFailed:
        # The first request reports it, and later ones try again.
        pass
    return file


def _check(token: str, own: Callable[[], str | None]) -> None:
    try:
        reason = why_refused(token, own())
    except OSError as error:
        message = f"The operator's own token cannot be read, to compare it with the registry's: {error.strerror}"
        raise ConnectionFailed(message, is_temporary=False) from None
    if reason is not None:
        raise TokenOfAPIServerError(reason)


def why_refused(token: str, own: str | None) -> str | None:
    """Return why a token must not be sent to the registry; None if it may be.

    Args:
        token: the registry's token. An opaque token has no claims to compare.
        own: the token with which the operator logs in to the API server, if it uses one.
    """
    claims, own_claims = _claims(token), {} if own is None else _claims(own)
    shared = sorted(_audiences(claims) & _audiences(own_claims))
    if not shared and token != own and not _is_for_its_issuer(claims, own_claims):
        return None
    audience = f" for the audience {', '.join(shared)}" if shared else ""
    return (
        f"The registry token is valid at the API server too{audience}, so the registry could use the cluster with its "
        "rights. Use a token for an audience of the registry's own "
        "(the chart's registry.serviceAccountToken.audience), or give --registry-token-api-audience"
    )


def is_for_api_server(token: str, own: Callable[[], str | None]) -> bool:
    """Return whether the API server accepts a token, as `why_refused` finds out; True where that is not known.

    Args:
        token: the registry's token.
        own: returns the token with which the operator logs in to the API server, if it uses one; raises OSError.
    """
    try:
        return why_refused(token, own()) is not None
    except OSError:
        return True


def account_name(namespace: str, name: str) -> str:
    """Return the user that a ServiceAccount is for the API server."""
    return f"{_ACCOUNT_PREFIX}{namespace}:{name}"


def account_of(token: str) -> str | None:
    """Return the user whose token this is, as `account_name` names it; None if it is no ServiceAccount's."""
    subject = _claims(token).get("sub")
    return subject if isinstance(subject, str) and subject.startswith(_ACCOUNT_PREFIX) else None


def _claims(token: str) -> dict[str, object]:
    """Return the claims of a JWT; none for any other token."""
    _, _, rest = token.partition(".")
    payload = rest.partition(".")[0]
    try:
        claims = read_shallow(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode())
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


def _audiences(claims: Mapping[str, object]) -> frozenset[str]:
    audience = claims.get("aud")
    listed = audience if isinstance(audience, list) else [audience]
    return frozenset(name for name in listed if isinstance(name, str))


def _is_for_its_issuer(claims: Mapping[str, object], own_claims: Mapping[str, object]) -> bool:
    """Return whether an API server that issued a token accepts it, and that may be the operator's.

    It accepts tokens without an audience, and those for its own issuer, unless it is configured otherwise. Who issues
    its tokens is not known where the operator logs in without a token, or with a legacy one.
    """
    issuer, own_issuer, audiences = claims.get("iss"), own_claims.get("iss"), _audiences(claims)
    if issuer == LEGACY_ISSUER:
        return True
    if own_issuer not in {None, LEGACY_ISSUER}:
        return issuer == own_issuer and not audiences
    return _SERVICE_ACCOUNT_CLAIM in claims and (not audiences or issuer in audiences)


class GuardedTokenFile:
    """Returns the token of a file for each request, and withholds one that `why_refused` names.

    Args:
        path: the file; the token is read again for each request.
        own: returns the token with which the operator logs in to the API server, if it uses one.
    """

    def __init__(self, path: Path, own: Callable[[], str | None]) -> None:
        self._path = path
        self._own = own
        self._accepted = ""

    def __call__(self) -> str:
        """Return the token as it is now.

        Raises:
            TokenOfAPIServerError: the token must not be sent.
            ConnectionFailed: the file, or the operator's own token, cannot be read, or the file contains no token.
        """
        try:
            token = self._path.read_text(encoding="ascii").strip()
        except OSError as error:
            message = f"The token file {self._path} cannot be read: {error.strerror}"
            raise ConnectionFailed(message, is_temporary=False) from None
        except UnicodeDecodeError:
            token = ""
        if not token.isprintable() or not token or " " in token:
            message = f"The token file {self._path} holds no token: one line of ASCII text"
            raise ConnectionFailed(message, is_temporary=False)
        if token != self._accepted:
            _check(token, self._own)
            self._accepted = token
        return token
