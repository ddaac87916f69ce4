"""Why there is no response: the error to raise. No I/O."""

import errno
import socket
import ssl
from collections.abc import Iterator

from model_registry._proxy import Proxy
from model_registry._request import Request
from model_registry.exceptions import ConnectionFailed, OutcomeUnknown, RequestTimeout


def not_sent(
    error: Exception, request: Request, url: str, proxy: Proxy | None, *, is_invalid: bool
) -> ConnectionFailed:
    """Return the error for a request that was never sent.

    Args:
        error: Why.
        request: The request.
        url: Its URL.
        proxy: The proxy that it would have been sent through.
        is_invalid: Whether the address or the scheme is the reason.
    """
    way = f" through the proxy {proxy.shown} that {proxy.source} sets" if proxy else ""
    hint = f". If it needs no proxy, add {proxy.host} to NO_PROXY" if proxy else ""
    what = f"{request.method} {url}: the registry cannot be reached{way}: {_reason(error)}{hint}"
    return ConnectionFailed(what, is_temporary=not (is_invalid or is_verification_failure(error)))


def not_answered(error: Exception, request: Request, url: str, timeout: float, *, is_timeout: bool) -> ConnectionFailed:
    """Return the error for a request that was sent, at least in part. A create may have been carried out."""
    what = f"{request.method} {url}"
    reason = f"no answer within {timeout:.3g} s" if is_timeout else f"the connection broke: {_reason(error)}"
    if not request.is_idempotent:
        return OutcomeUnknown(f"{what}: {reason}; the entry may have been written: look it up before trying again")
    return RequestTimeout(f"{what}: {reason}") if is_timeout else ConnectionFailed(f"{what}: {reason}")


def is_verification_failure(error: BaseException | None) -> bool:
    """Return whether a failure goes back to a certificate that is not trusted."""
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _chain(error))


def is_unknown_host(error: BaseException) -> bool:
    """Return whether a failure goes back to a host that is not found."""
    return any(isinstance(cause, socket.gaierror) for cause in _causes(error))


def known_reason(error: BaseException) -> str | None:
    """Return why there was no connection, where the operating system says it; libraries only say that it failed."""
    for cause in _causes(error):
        match cause:
            case ConnectionRefusedError():
                return "connection refused"
            case ssl.SSLCertVerificationError():
                return f"certificate verify failed: {cause.verify_message}"
            case socket.gaierror():
                return f"its host is not found: {cause.strerror}"
            case OSError(errno=errno.ENETUNREACH | errno.EHOSTUNREACH):
                return f"there is no way to its network: {cause.strerror}"
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, what it goes back to, and what is grouped in either."""
    for cause in _chain(error):
        yield cause
        yield from cause.exceptions if isinstance(cause, BaseExceptionGroup) else ()


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, and what it goes back to."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _reason(error: BaseException) -> str:
    return known_reason(error) or str(error) or type(error).__name__
