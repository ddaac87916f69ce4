"""Which certificates of a registry the operator trusts."""

from typing import Annotated, ClassVar

from pydantic import Field

from registrar.api.meta import Frozen
from registrar.api.rules import Rule
from registrar.api.v1alpha1.texts import ConfigMapName, KeyName, SecretName

_CERTIFICATE = "-----BEGIN CERTIFICATE-----"
CA_KEY = "ca.crt"
"""Where tools put certificate authorities, cert-manager among them."""


class CAConfigMapKeyRef(Frozen):
    """A key of a ConfigMap in the operator's namespace."""

    name: ConfigMapName
    """Name of the ConfigMap, which is in the operator's namespace. The operator must be allowed to get it by this
    name."""
    key: KeyName = CA_KEY
    """Key of the ConfigMap. If unset, ca.crt."""


class CASecretKeyRef(Frozen):
    """A key of a Secret in the operator's namespace."""

    name: SecretName
    """Name of the Secret, which is in the operator's namespace. The operator must be allowed to get it by this name."""
    key: KeyName = CA_KEY
    """Key of the Secret. If unset, ca.crt."""


class RegistryTrust(Frozen):
    """Which certificates of the registry are trusted."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="[has(self.bundle), has(self.configMapKeyRef), has(self.secretKeyRef)].exists_one(given, given)",
            message="set exactly one of bundle, configMapKeyRef and secretKeyRef",
            holds=lambda ca: [ca.bundle, ca.config_map_key_ref, ca.secret_key_ref].count(None) == 2,  # noqa: PLR2004
        ),
    )

    bundle: (
        Annotated[
            str,
            Field(min_length=1, max_length=262_144),
            Rule(
                cel=f"self.contains('{_CERTIFICATE}')",
                message="must be certificates in PEM format",
                holds=lambda text: _CERTIFICATE in text,
            ),
        ]
        | None
    ) = None
    """Certificate authorities in PEM format. No others are trusted."""
    config_map_key_ref: CAConfigMapKeyRef | None = None
    """Where certificate authorities in PEM format are. No others are trusted. The operator reads them again every
    minute, and when they do not fit the registry's certificate."""
    secret_key_ref: CASecretKeyRef | None = None
    """The same in a Secret. The operator may then read all of it, so prefer a ConfigMap."""
