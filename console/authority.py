"""The development certificate authority of one mesh: it issues, renews and revokes."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from console import state
from mesh import identity

LIFE = timedelta(days=90)
RENEWAL = timedelta(days=30)
AUTHORITY_LIFE = timedelta(days=3650)
LOOPBACK = ipaddress.ip_address("127.0.0.1")


class Authority:
    """An ECDSA P-256 authority in a folder; each identity gets a folder of its own below it.

    `institution/17/1` has ca.pem, cert.pem, key.pem and crl.pem in `<folder>/institution/17/1`.
    """

    def __init__(self, folder: Path, now: datetime | None = None) -> None:
        self.folder = folder
        self._now = now or datetime.now(UTC)
        folder.mkdir(parents=True, exist_ok=True)
        self._key, self._certificate = self._load() or self._found()
        self._publish(self.revoked())

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def crl(self) -> Path:
        return self.folder / "crl.pem"

    def issue(
        self, path: str, *, names: Sequence[str] = (), ssin: str = "", folder: str = ""
    ) -> Path:
        """The folder of an identity, with a certificate that is good for a month at least.

        `names` are the server names it may serve under; `ssin` is the serial number on a
        citizen's card; `folder` is where it goes when not under its own path.
        """
        place = self.folder / (folder or path)
        wanted = _names(identity.uri(identity.parse(path)), names)
        if self._is_good(place / "cert.pem", wanted, ssin):
            return place
        place.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        subject = [x509.NameAttribute(NameOID.COMMON_NAME, path)]
        if ssin:
            subject.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, ssin))
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name(subject))
            .issuer_name(self._certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - timedelta(minutes=5))
            .not_valid_after(self._now + LIFE)
            .add_extension(wanted, critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage(
                    [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
                ),
                critical=False,
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        _write_key(place / "key.pem", key)
        state.replace(place / "cert.pem", certificate.public_bytes(_PEM), 0o644)
        for shared in (self.ca, self.crl):
            self._link(place / shared.name, shared)
        return place

    def revoke(self, place: Path) -> None:
        """Put the certificate in `place` on the revocation list."""
        serial = _read(place / "cert.pem").serial_number
        self._publish(self.revoked() | {serial})

    def revoked(self) -> frozenset[int]:
        """The serial numbers on the list."""
        if not self.crl.exists():
            return frozenset()
        listed = x509.load_pem_x509_crl(self.crl.read_bytes())
        if not listed.is_signature_valid(self._key.public_key()):
            return frozenset()  # of an authority that was here before
        return frozenset(entry.serial_number for entry in listed)

    def _is_good(self, file: Path, wanted: x509.SubjectAlternativeName, ssin: str) -> bool:
        if not file.exists():
            return False
        found = _read(file)
        numbers = [a.value for a in found.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)]
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return (
            found.not_valid_after_utc - self._now > RENEWAL
            and found.issuer == self._certificate.subject
            and names == wanted
            and numbers == ([ssin] if ssin else [])
            and (file.parent / "key.pem").exists()
        )

    def _publish(self, serials: frozenset[int]) -> None:
        """Write the revocation list; every identity's folder points to it."""
        listed = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._certificate.subject)
            .last_update(self._now - timedelta(minutes=5))
            .next_update(self._now + RENEWAL)
        )
        for serial in sorted(serials):
            listed = listed.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(serial)
                .revocation_date(self._now)
                .build()
            )
        signed = listed.sign(self._key, hashes.SHA256())
        state.replace(self.crl, signed.public_bytes(_PEM), 0o644)

    def _load(self) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate] | None:
        """The authority of earlier runs, unless it ends before what it would issue."""
        file = self.folder / "ca.key.pem"
        if not (file.exists() and self.ca.exists()):
            return None
        key = serialization.load_pem_private_key(file.read_bytes(), None)
        certificate = _read(self.ca)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            return None
        if certificate.not_valid_after_utc < self._now + LIFE:
            return None
        return key, certificate

    def _found(self) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        key = ec.generate_private_key(ec.SECP256R1())
        serial = x509.random_serial_number()
        # The serial in the name tells this authority from an earlier one in the same folder.
        name = x509.Name(
            [x509.NameAttribute(NameOID.COMMON_NAME, f"Crossroads development {serial:x}"[:64])]
        )
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(serial)
            .not_valid_before(self._now - timedelta(minutes=5))
            .not_valid_after(self._now + AUTHORITY_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(_SIGNS, critical=True)
            .sign(key, hashes.SHA256())
        )
        _write_key(self.folder / "ca.key.pem", key)
        state.replace(self.ca, certificate.public_bytes(_PEM), 0o644)
        return key, certificate

    def _link(self, place: Path, shared: Path) -> None:
        """Point to a file of the authority, so that what it rewrites is seen everywhere."""
        steps = len(place.parent.relative_to(self.folder).parts)
        target = Path(*[".."] * steps, shared.name)
        if not place.is_symlink():
            place.symlink_to(target)


_PEM = serialization.Encoding.PEM
_SIGNS = x509.KeyUsage(
    digital_signature=True,
    key_cert_sign=True,
    crl_sign=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


def _names(uri: str, names: Sequence[str]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName(
        [
            x509.UniformResourceIdentifier(uri),
            *(x509.DNSName(name) for name in names),
            x509.DNSName("localhost"),
            x509.IPAddress(LOOPBACK),
        ]
    )


def _read(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(file.read_bytes())


def _write_key(file: Path, key: ec.EllipticCurvePrivateKey) -> None:
    pem = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    state.replace(file, pem)
