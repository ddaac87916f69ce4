"""Asks the registries of ClusterRegistries whether they are there, without a token: it is the operator's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from model_registry import exceptions
from model_registry._failures import is_verification_failure
from registrar.api.certificates import certificates_in
from registrar.api.v1alpha1.cluster_registry import ClusterRegistrySpec, RegistryReason
from registrar.cli.connections.checking import Check, Finding
from registrar.registries.connection import probe
from registrar.settings import RegistrySettings

AT_ONCE = 16
"""Registries that are asked at once."""
ANSWERS, GUARDED, FAILS = "registry", "asks for a token", "no registry"
NOT_ASKED = "not asked: spec.ca names an object of the cluster"
"""What answers, as the table shows it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What answers at an address.

    Attributes:
        words: the same in few words.
        reason: the reason that the operator would have; None if nothing is wrong.
        message: what is wrong.
    """

    words: str
    reason: RegistryReason | None = None
    message: str = ""


def ask_all(made: Check) -> None:
    """Ask each registry, and add what is wrong with the answers."""
    asked = [(each, spec) for each in made.registries if (spec := each.spec) is not None]
    answers = asyncio.run(_ask([spec for _, spec in asked]))
    for (checked, _), answer in zip(asked, answers, strict=True):
        checked.answer = answer.words
        if answer.reason is not None:
            finding = Finding(answer.reason.value, answer.message, checked.name, checked.place)
            made.findings.append(finding)


async def _ask(specs: Iterable[ClusterRegistrySpec]) -> list[Answer]:
    limit = asyncio.Semaphore(AT_ONCE)

    async def ask(spec: ClusterRegistrySpec) -> Answer:
        async with limit:
            return await _answer_of(spec)

    return await asyncio.gather(*map(ask, specs))


async def _answer_of(spec: ClusterRegistrySpec) -> Answer:
    authorities = None
    if spec.ca is not None:
        if spec.ca.bundle is None:
            # They are in the operator's namespace, where the user may have no rights.
            return Answer(NOT_ASKED)
        authorities = certificates_in(spec.ca.bundle)
    try:
        settings = RegistrySettings(
            registry_url=spec.root_url,
            registry_api_version=None if spec.api_version is None else spec.api_version.value,
        )
        await probe(settings, authorities)
    except (exceptions.RegistryError, ValueError) as error:
        return _failed(error, has_token=spec.auth is not None)
    return Answer(ANSWERS)


def _failed(error: Exception, *, has_token: bool) -> Answer:
    match error:
        case exceptions.Unauthorized() | exceptions.Forbidden() if has_token:
            return Answer(GUARDED)
        case exceptions.Unauthorized() | exceptions.Forbidden():
            message = f"It refuses requests without a token (HTTP {error.status}), and spec.auth names none."
            return Answer(GUARDED, RegistryReason.UNAUTHORIZED, message)
        case exceptions.NotARegistryError():
            message = f"What answers is no model registry (HTTP {error.status}). Check spec.url."
            return Answer(FAILS, RegistryReason.NOT_A_REGISTRY, message)
        case exceptions.APIStatusError():
            message = f"It answers with HTTP status {error.status}."
            return Answer(f"HTTP {error.status}", RegistryReason.UNREACHABLE, message)
        case exceptions.ConnectionFailed() if is_verification_failure(error):
            message = "Its certificate is not trusted. Set spec.ca to the authorities that issued it."
            return Answer("not trusted", RegistryReason.CERTIFICATE_NOT_TRUSTED, message)
    message = f"It does not answer from here: {error}. The operator may reach it all the same."
    return Answer("no answer", RegistryReason.UNREACHABLE, message)
