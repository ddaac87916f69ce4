"""OCI images: the digest of a manifest, by the pull half of the OCI distribution specification."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode
from urllib.request import parse_http_list, parse_keqv_list

from registrar.api.v1alpha1.digests import is_digest
from registrar.cli.verify.credentials import Login, of_registry
from registrar.cli.verify.verdict import UnknownContentError
from registrar.cli.verify.web import FORM, Answer, Web, is_loopback, is_private, refuse_failure

_ACCEPT = (
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json"
)
_HUB, _HUB_API = "docker.io", "registry-1.docker.io"
_REPOSITORY = re.compile(r"[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*")
_REFERENCE = re.compile(r"\w[\w.-]{0,127}|[a-z0-9]+:[0-9a-f]{32,}", re.ASCII)
_UNSUPPORTED = frozenset({HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})


@dataclass(frozen=True, slots=True)
class Image:
    """An image in a registry.

    Attributes:
        registry: the host, with a port if the address has one.
        repository: the name of the repository.
        reference: a tag or a digest.
    """

    registry: str
    repository: str
    reference: str

    @property
    def host(self) -> str:
        """Where the registry's API is."""
        return _HUB_API if self.registry == _HUB else self.registry

    @property
    def path(self) -> str:
        """Where its manifest is."""
        return f"/v2/{self.repository}/manifests/{self.reference}"


def image_at(address: str) -> Image:
    """Return the image that an address names behind ``oci://``, as docker reads it.

    Raises:
        UnknownContentError: it names none.
    """
    name, _, digest = address.partition("@")
    name, _, tag = name.rpartition(":") if ":" in name.rpartition("/")[2] else (name, "", "")
    first, separator, rest = name.partition("/")
    has_host = bool(separator) and ("." in first or ":" in first or first == "localhost")
    registry, repository = (first, rest) if has_host else (_HUB, name)
    if registry == _HUB and "/" not in repository:
        repository = f"library/{repository}"
    reference = digest or tag or "latest"
    if not _REPOSITORY.fullmatch(repository) or not _REFERENCE.fullmatch(reference):
        raise UnknownContentError("the address is not that of an image: oci://registry/repository:tag@sha256:…")
    return Image(registry, repository, reference)


def image_digest(image: Image, web: Web) -> str:
    """Return the digest of an image's manifest.

    Raises:
        MissingContentError: the registry has no such image.
        UnknownContentError: the registry did not answer, or does not allow it.
    """
    url = f"{_scheme(image, web)}://{image.host}{image.path}"
    answer = _ask("HEAD", url, image, web)
    known = answer.headers.get("docker-content-digest")
    if answer.status in _UNSUPPORTED or (answer.status == HTTPStatus.OK and not is_digest(known)):
        answer = _ask("GET", url, image, web)
        known = f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
    refuse_failure(image.registry, answer.status)
    return str(known)


def _scheme(image: Image, web: Web) -> str:
    """Return how a registry is asked: over TLS, but for one on this machine that has none, as by docker."""
    if is_loopback(image.host.rpartition(":")[0] or image.host):
        try:
            web.ask("GET", f"https://{image.host}/v2/")
        except UnknownContentError:
            return "http"
    return "https"


def _ask(method: str, url: str, image: Image, web: Web) -> Answer:
    answer = web.ask(method, url, headers={"Accept": _ACCEPT})
    # A challenge from a server that the registry redirects to is not the registry's.
    if answer.status != HTTPStatus.UNAUTHORIZED or not answer.is_own:
        return answer
    authorization = _authorization(image, answer.headers.get("www-authenticate", ""), web)
    if authorization is None:
        return answer
    return web.ask(method, url, headers={"Accept": _ACCEPT}, authorization=authorization)


def _authorization(image: Image, challenge: str, web: Web) -> str | None:
    """Return the ``Authorization`` header that a registry asks for; None if the caller has nothing for it."""
    login = of_registry(image.registry) or Login()
    scheme, _, rest = challenge.partition(" ")
    if scheme.lower() == "bearer":
        return _bearer(image, parse_keqv_list(parse_http_list(rest)), login, web)
    return login.basic if scheme.lower() == "basic" else None


def _bearer(image: Image, challenge: Mapping[str, str], login: Login, web: Web) -> str:
    """Return a token of the token server that the registry names, as docker gets it."""
    realm = challenge.get("realm", "")
    fields = {name: challenge[name] for name in ("service", "scope") if challenge.get(name)}
    fields.setdefault("scope", f"repository:{image.repository}:pull")
    if login.refresh_token is None:
        separator = "&" if "?" in realm else "?"
        answer = web.ask("GET", f"{realm}{separator}{urlencode(fields)}", authorization=login.basic)
    else:
        if not is_private(realm):
            raise UnknownContentError(f"{image.registry} names a token server without TLS, which gets no login")
        form = {"grant_type": "refresh_token", "client_id": "model-registrar", "refresh_token": login.refresh_token}
        content = urlencode({**fields, **form}).encode()
        answer = web.ask("POST", realm, headers=FORM, content=content)
    if answer.status != HTTPStatus.OK:
        raise UnknownContentError(f"{image.registry} gives no token ({answer.status}): log in with docker login")
    try:
        token = json.loads(answer.body)
        return f"Bearer {token.get('token') or token['access_token']}"
    except (ValueError, KeyError, AttributeError) as error:
        raise UnknownContentError(f"{image.registry} gives no token") from error
