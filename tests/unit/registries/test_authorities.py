"""Certificate authorities in a ConfigMap or Secret: what is trusted, and what is said where there are none."""

from __future__ import annotations

import base64

import pytest

from registrar.api.v1alpha1.cluster_registry import RegistryReason
from registrar.api.v1alpha1.registry_trust import CAConfigMapKeyRef, CASecretKeyRef
from registrar.registries.authorities import Authorities
from registrar.registries.credentials import CredentialsProblem, Values
from tests.client.certificates import CertificateAuthority

FIRST, SECOND = (CertificateAuthority(name).pem.strip() for name in ("first", "second"))
MISSING = CredentialsProblem(RegistryReason.CREDENTIALS_MISSING, "There is none.")
TRUNCATED = FIRST[:200]


class Place:
    """A ConfigMap that changes, and what is trusted because of it."""

    def __init__(self, *answers: Values) -> None:
        self.answers = list(answers)
        self.trusted: list[str] = []

    async def read(self, name: str) -> Values:
        assert name == "ca"
        return self.answers.pop(0)

    async def use(self, bundle: str) -> None:
        self.trusted.append(bundle)


def _authorities(place: Place) -> Authorities:
    return Authorities(CAConfigMapKeyRef(name="ca"), place.read, place.use)


async def test_others_are_trusted_once_they_are_there_and_the_same_ones_only_once() -> None:
    place = Place(*({"ca.crt": text} for text in (FIRST, f"# Autorité\n{FIRST}\n", f"{FIRST}\n{SECOND}", SECOND)))
    authorities = _authorities(place)
    renewed = [await authorities.renew(is_refused=False) for _ in range(4)]
    assert renewed == [True, False, True, True]
    assert place.trusted == [FIRST, f"{FIRST}\n{SECOND}", SECOND]
    assert authorities.problem is None


@pytest.mark.parametrize(
    "answer",
    [None, MISSING, {}, *({"ca.crt": text} for text in ("", "text", TRUNCATED, f"{FIRST}\n{TRUNCATED}\n{SECOND}"))],
)
async def test_the_last_ones_stay_trusted_while_no_others_can_be_read(answer: Values) -> None:
    place = Place({"ca.crt": FIRST}, answer, {"ca.crt": FIRST})
    authorities = _authorities(place)
    await authorities.renew(is_refused=False)
    assert not await authorities.renew(is_refused=False)
    assert (authorities.problem is None) == (answer is None)
    await authorities.renew(is_refused=False)
    assert (authorities.problem, place.trusted) == (None, [FIRST])


@pytest.mark.parametrize("answer", [None, MISSING, {}, {"ca.crt": "text"}, {"other": FIRST}])
async def test_nothing_is_trusted_while_none_were_read(answer: Values) -> None:
    place = Place(answer)
    authorities = _authorities(place)
    assert not await authorities.renew(is_refused=False)
    assert place.trusted == []


async def test_what_is_no_certificate_is_reported_with_its_place() -> None:
    place = Place({"ca.crt": "text"})
    authorities = _authorities(place)
    await authorities.renew(is_refused=False)
    assert authorities.problem is not None
    assert authorities.problem.reason is RegistryReason.CREDENTIALS_MISSING
    assert authorities.problem.message.startswith("The key 'ca.crt' of the ConfigMap 'ca' contains no certificate")


@pytest.mark.parametrize(
    ("value", "trusted"), [(base64.b64encode(FIRST.encode()).decode(), [FIRST]), ("no base64", [])]
)
async def test_a_secret_has_them_in_base64(value: str, trusted: list[str]) -> None:
    place = Place({"tls.ca": value})
    authorities = Authorities(CASecretKeyRef(name="ca", key="tls.ca"), place.read, place.use)
    await authorities.renew(is_refused=False)
    assert place.trusted == trusted
    if authorities.problem is not None:
        assert "of the Secret 'ca'" in authorities.problem.message


async def test_a_key_that_does_not_exist_is_named() -> None:
    authorities = _authorities(Place({"other": FIRST}))
    await authorities.renew(is_refused=False)
    assert authorities.problem is not None
    assert authorities.problem.message.startswith("The ConfigMap 'ca' has no key 'ca.crt'.")
