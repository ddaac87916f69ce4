"""Names, addresses and other texts of ``v1alpha1``, each with its limits.

Lengths are in characters. Names and external IDs are ``varchar(255)`` in the registry's database. It stores the name of
a version or artifact behind its parent's ID and a colon. On PostgreSQL, an index limits the URI of an artifact. Other
texts have no limit there: etcd limits the whole object to 1.5 MiB.
"""

import re
import unicodedata
from typing import Annotated

from pydantic import Field

from registrar.api.properties import INT32_MAX
from registrar.api.rules import LONG_WITHOUT_NUL, WITHOUT_NUL, Rule

MAX_CHILD_NAME_LENGTH = 240
MAX_URI_BYTES = 2692
"""What PostgreSQL's index takes of a URI: 2704 bytes an entry, less its headers."""
MAX_STATUS_URI_LENGTH = 8192
"""Beyond what a spec may declare: an upload may write a longer URI, which the status has to hold."""
MAX_TEXT_LENGTH = 1_048_576
"""Beyond what an object may hold, so that only etcd's limit counts in practice."""

_DECIMAL = r"^[1-9][0-9]{0,9}$"
_CONTROL_OR_LINE_END = r"[\x00-\x1f\x7f-\x9f\x{2028}\x{2029}]"
_MIDNIGHT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T00:00:00Z$"
_LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
_SUBDOMAIN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"


def _is_int32_id(value: str) -> bool:
    return re.fullmatch(_DECIMAL, value, re.ASCII) is not None and int(value) <= INT32_MAX


def is_subdomain(value: str) -> bool:
    """Return whether a text can be the name of a resource (RFC 1123), but for its length."""
    return re.fullmatch(_SUBDOMAIN, value) is not None


def _is_printable_line(name: str) -> bool:
    is_line = not any(character in "\u2028\u2029" or unicodedata.category(character) == "Cc" for character in name)
    return is_line and name == name.strip()


def _is_no_midnight(name: str) -> bool:
    return re.fullmatch(_MIDNIGHT, name, re.ASCII) is None


def _fits_the_index(uri: str) -> bool:
    return len(uri.encode()) <= MAX_URI_BYTES


_NAME_RULE = Rule(
    cel=f"self == self.trim() && !self.matches(r'{_CONTROL_OR_LINE_END}')",
    message="must not begin or end with white space, or contain line breaks or other control characters",
    holds=_is_printable_line,
)
_DATE_RULE = Rule(
    cel=f"!self.matches('{_MIDNIGHT}')",
    message="must not be a date without quotes, which kustomize and Argo CD turn into a time; put it in quotes, such "
    "as '2026-11-23'",
    holds=_is_no_midnight,
)

RegistryModelName = Annotated[str, Field(min_length=1, max_length=255), WITHOUT_NUL, _DATE_RULE]
"""Name of a registered model that exists: whoever created it may have put spaces around it."""
RegistryChildName = Annotated[str, Field(min_length=1, max_length=MAX_CHILD_NAME_LENGTH), WITHOUT_NUL, _DATE_RULE]
"""Name of a version or artifact that exists."""
ModelName = Annotated[RegistryModelName, _NAME_RULE]
ChildName = Annotated[RegistryChildName, _NAME_RULE]
ExternalId = Annotated[str, Field(min_length=1, max_length=255), WITHOUT_NUL]
Text = Annotated[str, Field(max_length=MAX_TEXT_LENGTH), LONG_WITHOUT_NUL]
StatusText = Annotated[str, Field(max_length=255)]
Link = Annotated[str, Field(max_length=2048)]
Uri = Annotated[
    str,
    Field(min_length=1, max_length=MAX_URI_BYTES),
    WITHOUT_NUL,
    Rule(
        cel=f"size(bytes(self)) <= {MAX_URI_BYTES}",
        message=f"must not be longer than {MAX_URI_BYTES} bytes, the registry's limit; leave out what expires, "
        "such as the signature of a presigned URL",
        holds=_fits_the_index,
    ),
]
StatusUri = Annotated[str, Field(min_length=1, max_length=MAX_STATUS_URI_LENGTH)]
"""The URI of an artifact as the registry has it, whoever wrote it."""

RegistryId = Annotated[
    str,
    Field(min_length=1, max_length=10),
    Rule(
        cel=f"self.matches('{_DECIMAL}') && int(self) <= {INT32_MAX}",
        message="must be an ID as the registry shows it: a decimal number in quotes, such as '42'",
        holds=_is_int32_id,
    ),
]
"""An ID that the registry assigned: a decimal int32, as a string."""


def _subdomain(message: str) -> Rule:
    return Rule(
        cel=f"self.matches('{_SUBDOMAIN.replace(chr(92), chr(92) * 2)}')",
        message=f"must be the {message}",
        holds=is_subdomain,
    )


ResourceName = Annotated[
    str,
    Field(min_length=1, max_length=253),
    _subdomain(
        "metadata.name of a resource in this namespace (lower-case letters, digits, '-' and '.'); "
        "to refer to a registry entry, use external"
    ),
]
ClusterRegistryName = Annotated[
    str,
    Field(min_length=1, max_length=253),
    _subdomain("metadata.name of a ClusterRegistry (lower-case letters, digits, '-' and '.')"),
]
SecretName = Annotated[
    str,
    Field(min_length=1, max_length=253),
    _subdomain("name of a Secret in the operator's namespace (lower-case letters, digits, '-' and '.')"),
]
ConfigMapName = Annotated[
    str,
    Field(min_length=1, max_length=253),
    _subdomain("name of a ConfigMap in the operator's namespace (lower-case letters, digits, '-' and '.')"),
]
ServiceAccountName = Annotated[
    str,
    Field(min_length=1, max_length=253),
    _subdomain("name of a ServiceAccount in the operator's namespace (lower-case letters, digits, '-' and '.')"),
]
DNSLabel = Annotated[
    str,
    Field(min_length=1, max_length=63),
    Rule(
        cel=f"self.matches('{_LABEL}')",
        message="must be a name of lower-case letters, digits and '-' (RFC 1123)",
        holds=lambda name: re.fullmatch(_LABEL, name) is not None,
    ),
]

_KEY = r"^[-._a-zA-Z0-9]+$"
KeyName = Annotated[
    str,
    Field(min_length=1, max_length=253),
    Rule(
        cel=f"self.matches('{_KEY}')",
        message="must be a key of a Secret or ConfigMap: letters, digits, '-', '_' and '.'",
        holds=lambda key: re.fullmatch(_KEY, key) is not None,
    ),
]
