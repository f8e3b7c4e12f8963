"""Certificates of the tests' own authority."""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

ONE_DAY = dt.timedelta(days=1)

ADDRESSES = ("127.0.0.1", "127.0.0.2")
"""What certificates are for: some programs take the first one for a registry that speaks plain HTTP."""


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """Files in PEM: an authority, and what a server on 127.0.0.1 presents."""

    authority: Path
    certificate: Path
    key: Path
    authority_key: Path


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """Files in PEM: what a client presents, and its key."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key for tokens, with a certificate that it signed itself."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(subject: str, issuer: str) -> x509.CertificateBuilder:
    now = dt.datetime.now(tz=dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - ONE_DAY)
        .not_valid_after(now + ONE_DAY)
    )


def _key_in_pem(
    key: CertificateIssuerPrivateKeyTypes, kept: serialization.KeySerializationEncryption | None = None
) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, kept or serialization.NoEncryption()
    )


def make_server_certificate(folder: Path, *names: str) -> ServerCertificate:
    """Write an authority's certificate, and one that it signed for this machine and further names."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority_public = authority_key.public_key()
    key_identifier = x509.SubjectKeyIdentifier.from_public_key(authority_public)
    authority = (
        _builder("Authority of the tests", "Authority of the tests")
        .public_key(authority_public)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=False,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=True,
                crl_sign=True,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(key_identifier, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder("127.0.0.1", "Authority of the tests")
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_identifier), critical=False
        )
        .add_extension(
            x509.SubjectAlternativeName(
                [
                    *(x509.IPAddress(ipaddress.ip_address(address)) for address in ADDRESSES),
                    *(x509.DNSName(name) for name in ("localhost", *names)),
                ]
            ),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    files = ServerCertificate(
        folder / "authority.crt", folder / "server.crt", folder / "server.key", folder / "authority.key"
    )
    files.authority.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files.key.write_bytes(_key_in_pem(key))
    files.authority_key.write_bytes(_key_in_pem(authority_key))
    return files


def make_client_certificate(
    server: ServerCertificate, folder: Path, passphrase: str = ""
) -> ClientCertificate:
    """Write a client's certificate, signed by the authority of a server, and its key."""
    authority_key = serialization.load_pem_private_key(server.authority_key.read_bytes(), None)
    assert isinstance(authority_key, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder("A client of the tests", "Authority of the tests")
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    files = ClientCertificate(folder / "client.cert", folder / "client.key")
    files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    kept = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else None
    files.key.write_bytes(_key_in_pem(key, kept))
    return files


def make_signing_key() -> SigningKey:
    """Make the RSA key of a token server."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = "Token server of the tests"
    certificate = (
        _builder(name, name)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return SigningKey(key, certificate)
