"""A registry of OCI images on loopback: the pull half of the distribution specification, for manifests alone.

It asks for a token of its own token server, or for user name and password, as registries do.
"""

import base64
import hashlib
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.support.loopback import LoopbackServer, Received, Reply, serving

USER, PASSWORD = "reader", "secret"
REFRESH_TOKEN = "an identity token"
PUBLIC, PRIVATE = "the token of anyone", "the token of the reader"
MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json"


def basic(user: str = USER, password: str = PASSWORD) -> str:
    """Return the header of user name and password."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@dataclass
class ImageRegistry:
    """What a registry holds, and how it behaves.

    Attributes:
        manifests: the manifests by repository and reference, a tag or a digest.
        asks_for: the scheme that it demands: Bearer, Basic, or nothing.
        is_private: whether a token for anyone reads nothing.
        realm: the address of its token server; its own by default.
        tells_digest: whether its answers have the header with the digest.
        answers_head: whether it knows the method HEAD.
        moved: where it redirects requests for manifests to.
    """

    manifests: dict[tuple[str, str], bytes] = field(default_factory=dict)
    asks_for: str = ""
    is_private: bool = False
    realm: str = ""
    tells_digest: bool = True
    answers_head: bool = True
    moved: str = ""
    url: str = ""

    def push(self, repository: str, tag: str, content: Mapping[str, object] | None = None) -> str:
        """Store a manifest; returns its digest."""
        manifest = json.dumps({"schemaVersion": 2, "mediaType": MEDIA_TYPE, **(content or {})}).encode()
        digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
        self.manifests |= {(repository, reference): manifest for reference in (tag, digest)}
        return digest

    def __call__(self, received: Received) -> Reply:
        if received.route == "/token":
            return self.token(received)
        repository, _, reference = received.route.removeprefix("/v2/").partition("/manifests/")
        if received.method == "HEAD" and not self.answers_head:
            return Reply(405)
        if self.moved:
            return Reply(307, "", {"Location": self.moved + received.path})
        if not self._may_read(received.headers.get("authorization", "")):
            return Reply(401, {"errors": [{"code": "UNAUTHORIZED"}]}, {"WWW-Authenticate": self._challenge(repository)})
        manifest = self.manifests.get((repository, reference))
        if manifest is None or MEDIA_TYPE not in received.headers.get("accept", ""):
            return Reply(404, {"errors": [{"code": "MANIFEST_UNKNOWN"}]})
        digest = {"Docker-Content-Digest": f"sha256:{hashlib.sha256(manifest).hexdigest()}"}
        return Reply(200, manifest, {"Content-Type": MEDIA_TYPE, **(digest if self.tells_digest else {})})

    def token(self, received: Received) -> Reply:
        """Answer as the token server."""
        query = parse_qs(urlsplit(received.path).query or received.body.decode())
        if query.get("service") != ["images"] or not query["scope"][0].endswith(":pull"):
            return Reply(400)
        authorization = received.headers.get("authorization")
        if authorization == basic() or query.get("refresh_token") == [REFRESH_TOKEN]:
            return Reply(200, {"access_token": PRIVATE})
        if authorization is not None:
            return Reply(401)
        return Reply(200, {"token": PUBLIC})

    def _may_read(self, authorization: str) -> bool:
        match self.asks_for:
            case "":
                return True
            case "Basic":
                return authorization == basic()
        return authorization in {f"Bearer {PRIVATE}", *([] if self.is_private else [f"Bearer {PUBLIC}"])}

    def _challenge(self, repository: str) -> str:
        if self.asks_for == "Basic":
            return 'Basic realm="images"'
        realm = self.realm or f"{self.url}/token"
        return f'Bearer realm="{realm}",service="images",scope="repository:{repository}:pull"'


@contextmanager
def serving_images(registry: ImageRegistry, context: ssl.SSLContext | None = None) -> Iterator[LoopbackServer]:
    """Run a registry for the length of the block, with TLS if a context is given."""
    with serving(registry, context) as server:
        registry.url = server.url
        yield server
