"""Files on Hugging Face's Hub: the SHA-256 that it publishes of a file in a commit."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from registrar.cli.verify.credentials import of_hub
from registrar.cli.verify.verdict import MissingContentError, UnknownContentError
from registrar.cli.verify.web import FORM, Web, refuse_failure

_ADDRESS = re.compile(r"(?P<repository>[^/@:]+/[^/@:]+)(?:[@:](?P<revision>[^/]+))?(?:/(?P<path>.+))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_OTHERS = frozenset({"datasets", "spaces", "buckets"})
"""What begins the address of something else than a model."""


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file in a commit of a model."""

    repository: str
    commit: str
    path: str


def file_at(address: str) -> HubFile:
    """Return the file that an address names behind ``hf://``.

    Raises:
        UnknownContentError: it names none, or one whose content may change.
    """
    parts = _ADDRESS.fullmatch(address)
    if parts is None or parts["repository"].partition("/")[0] in _OTHERS:
        raise UnknownContentError("the address is not that of a model: hf://organisation/model:commit/file")
    if parts["path"] is None or parts["path"].endswith("/"):
        raise UnknownContentError("the address names a folder, and a digest is that of one file")
    if parts["revision"] is None or not _COMMIT.fullmatch(parts["revision"]):
        raise UnknownContentError("the address names no commit (40 hexadecimal digits), so its content can change")
    return HubFile(parts["repository"], parts["revision"], parts["path"])


def file_digest(file: HubFile, web: Web) -> str:
    """Return the SHA-256 that the Hub publishes of a file.

    Raises:
        MissingContentError: there is no such file.
        UnknownContentError: the Hub did not answer, or publishes none.
    """
    endpoint = os.environ.get("HF_ENDPOINT", "").strip().rstrip("/") or "https://huggingface.co"
    url = f"{endpoint}/api/models/{quote(file.repository)}/paths-info/{file.commit}"
    form = urlencode({"paths": file.path}).encode()
    answer = web.ask("POST", url, headers=FORM, authorization=of_hub(), content=form)
    refuse_failure(urlsplit(url).hostname or endpoint, answer.status)
    try:
        found = [entry for entry in json.loads(answer.body) if entry["path"] == file.path]
        if not found:
            raise MissingContentError(f"the commit has no file {file.path}")
        known = str((found[0].get("lfs") or {}).get("oid"))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UnknownContentError(f"{endpoint} gives an answer of another form") from error
    if not _SHA256.fullmatch(known):
        raise UnknownContentError("the Hub publishes a SHA-256 of large files only, and this is none")
    return f"sha256:{known}"
