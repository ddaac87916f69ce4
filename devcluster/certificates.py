"""The keys and certificates of a control plane that lives for minutes."""

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFETIME = dt.timedelta(days=7)
_SIGNS = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
_SERVER_NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
_SERVER_ADDRESSES = ("127.0.0.1", "10.0.0.1")


@dataclass(frozen=True)
class KeyPair:
    """A certificate and its key, in PEM files of mode 0600."""

    certificate: Path
    key: Path


class Authority:
    """A certificate authority with all its files in one folder.

    Attributes:
        certificate: The authority's own certificate, a PEM file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "model-registrar-devcluster")])
        public_key = self._key.public_key()
        certificate = (
            self._builder(self._name, public_key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            # Python 3.13 and newer refuses authorities without these two, and certificates without the issuer's key.
            .add_extension(_SIGNS, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self.certificate = _write(folder / "ca.crt", certificate.public_bytes(serialization.Encoding.PEM))

    def serving(self, name: str) -> KeyPair:
        """Issue a server certificate for loopback and the in-cluster names."""
        names = [
            *(x509.DNSName(host) for host in _SERVER_NAMES),
            *(x509.IPAddress(ipaddress.ip_address(address)) for address in _SERVER_ADDRESSES),
        ]
        return self._issue(name, x509.SubjectAlternativeName(names), ExtendedKeyUsageOID.SERVER_AUTH)

    def client(self, user: str, *, group: str | None = None) -> KeyPair:
        """Issue a client certificate: Kubernetes reads user and group from its common name and organization."""
        return self._issue(user, None, ExtendedKeyUsageOID.CLIENT_AUTH, group=group)

    def _issue(
        self,
        common_name: str,
        alternatives: x509.SubjectAlternativeName | None,
        usage: x509.ObjectIdentifier,
        *,
        group: str | None = None,
    ) -> KeyPair:
        key = ec.generate_private_key(ec.SECP256R1())
        attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
        if group is not None:
            attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
        builder = (
            self._builder(x509.Name(attributes), key.public_key())
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if alternatives is not None:
            builder = builder.add_extension(alternatives, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        stem = common_name.replace(":", "-")
        return KeyPair(
            _write(self._folder / f"{stem}.crt", certificate.public_bytes(serialization.Encoding.PEM)),
            _write(self._folder / f"{stem}.key", _private_bytes(key)),
        )

    def _builder(self, subject: x509.Name, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            # An hour ago, so that a clock that was just set does not matter.
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + _LIFETIME)
        )


def service_account_key(folder: Path) -> Path:
    """Write the RSA key that signs service account tokens and return its PEM file."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return _write(folder / "service-account.key", _private_bytes(key))


def _private_bytes(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    # The traditional form, which every Go program reads for both kinds of key.
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> Path:
    path.touch(mode=0o600)
    path.write_bytes(content)
    return path
