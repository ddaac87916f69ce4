"""The settings of one operator process, validated once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from registrar.api.v1alpha1 import AdoptionPolicy, DeletionPolicy, DriftPolicy

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_OBJECT_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_OWNER_ID = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9./]{0,98}[A-Za-z0-9])?")


class Settings(BaseModel):
    """What one operator process is told by flags and environment.

    Attributes:
        registry_url: root address of the registry, such as ``https://registry.example:8443``; a path prefix is kept.
        registry_token: bearer token for the registry; better a file, which may be rotated.
        registry_token_file: file with the bearer token, read again when it changes.
        registry_ca_file: PEM file with the certificate authorities of the registry.
        registry_api_version: the API to speak; None finds out.
        registry_requests_in_flight: how many requests to the registry may be under way at once.
        registry_requests_per_second: how many may be sent per second; None for as many as it takes.
        namespaces: the namespaces to watch; empty means all.
        kubeconfig: file to log in with; None means KUBECONFIG, then the pod's service account.
        owner_id: the installation's name in the owner stamp of each entry.
        deletion_policy: for resources that state none; None archives what was created and leaves what was adopted.
        adoption_policy: for resources that state none.
        drift_policy: for resources that state none.
        workers: how many resources are reconciled at once.
        accept_new_registry: make entries anew, even if most of those that were there are gone.
        feed_interval: seconds between two looks at what changed in the registry.
        resync_interval: seconds between two comparisons of everything, give or take a tenth.
        leader_election: one of several replicas writes, the others stand by.
        lease_name: the Lease that they compete for.
        lease_namespace: its namespace; None means the pod's.
        lease_duration: seconds after which a lease that was not renewed is free.
        renew_deadline: seconds after which a leader that could not renew stops writing.
        retry_period: seconds between two attempts to take or renew the lease.
        probe_address: where probes and metrics are served.
        probe_port: on which port; 0 takes a free one, None serves nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    registry_url: str
    registry_token: SecretStr | None = None
    registry_token_file: Path | None = None
    registry_ca_file: Path | None = None
    registry_api_version: Literal["v1alpha3", "v1"] | None = None
    registry_requests_in_flight: Annotated[int, Field(ge=1, le=64)] = 16
    registry_requests_per_second: Annotated[float, Field(gt=0)] | None = None
    namespaces: tuple[str, ...] = ()
    kubeconfig: Path | None = None
    owner_id: str = "model-registrar/model-registrar"
    deletion_policy: DeletionPolicy | None = None
    adoption_policy: AdoptionPolicy = AdoptionPolicy.ADOPT
    drift_policy: DriftPolicy = DriftPolicy.CORRECT
    workers: Annotated[int, Field(ge=1, le=64)] = 16
    accept_new_registry: bool = False
    feed_interval: Annotated[float, Field(gt=0, le=3600)] = 15.0
    resync_interval: Annotated[float, Field(gt=0, le=86400)] = 1800.0
    leader_election: bool = False
    lease_name: str = "model-registrar"
    lease_namespace: str | None = None
    lease_duration: Annotated[int, Field(ge=2, le=3600)] = 15
    renew_deadline: Annotated[float, Field(gt=0)] = 10.0
    retry_period: Annotated[float, Field(gt=0)] = 2.0
    probe_address: str = "127.0.0.1"
    probe_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"

    @field_validator("registry_url")
    @classmethod
    def _check_registry_url(cls, value: str) -> str:
        parts = urlsplit(value.strip())
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(
                f"{value!r} is no web address; give one such as http://model-registry-service.kubeflow:8080"
            )
        if parts.username or parts.password:
            raise ValueError("the address holds a user name or password; give a token file instead")
        if parts.query or parts.fragment:
            raise ValueError(f"{value!r} has a query or a fragment; give the address without it")
        return value.strip().rstrip("/")

    @field_validator("namespaces")
    @classmethod
    def _check_namespaces(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for namespace in value:
            if not _LABEL.fullmatch(namespace):
                raise ValueError(
                    f"{namespace!r} is no namespace name; patterns and lists are not taken, repeat the flag"
                )
        return tuple(dict.fromkeys(value))

    @field_validator("registry_requests_per_second", mode="before")
    @classmethod
    def _no_limit(cls, value: object) -> object:
        return None if value in {0, "0"} else value

    @field_validator("lease_name")
    @classmethod
    def _check_lease_name(cls, value: str) -> str:
        if not _OBJECT_NAME.fullmatch(value):
            raise ValueError(f"{value!r} is no name for a Lease; use lower-case letters, digits, '-' and '.'")
        return value

    @field_validator("lease_namespace")
    @classmethod
    def _check_lease_namespace(cls, value: str | None) -> str | None:
        if value is not None and not _LABEL.fullmatch(value):
            raise ValueError(f"{value!r} is no namespace name")
        return value

    @field_validator("owner_id")
    @classmethod
    def _check_owner_id(cls, value: str) -> str:
        if not _OWNER_ID.fullmatch(value):
            raise ValueError(f"{value!r} is no owner id; use letters, digits, '-', '.' and '/', at most 100 characters")
        return value

    @field_validator("registry_token_file", "registry_ca_file", "kubeconfig")
    @classmethod
    def _check_file(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"there is no file {value}")
        return value

    @model_validator(mode="after")
    def _check_token(self) -> Settings:
        if self.registry_token is not None and self.registry_token_file is not None:
            raise ValueError("give the registry token or the registry token file, not both")
        return self

    @model_validator(mode="after")
    def _check_durations(self) -> Settings:
        if not self.retry_period < self.renew_deadline < self.lease_duration:
            raise ValueError(
                f"the lease duration ({self.lease_duration:g} s) must be longer than the renew deadline "
                f"({self.renew_deadline:g} s), and that longer than the retry period ({self.retry_period:g} s)"
            )
        return self

    @property
    def write_timeout(self) -> float | None:
        """Seconds that a write to the registry or the API server may take; None leaves it to the client.

        A write that begins at the renew deadline has ended by the time at which another replica may lead.
        """
        return self.lease_duration - self.renew_deadline if self.leader_election else None

    def redacted(self) -> str:
        """One line with every setting, secrets masked: safe to log."""
        return " ".join(f"{name}={value}" for name, value in self.model_dump(mode="json").items())


class StartError(Exception):
    """The operator cannot start; the message says what to change."""
