"""Who is calling: the URI in the verified certificate, and for whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.x509.oid import NameOID

DOMAIN = "crossroads.belgium"
KINDS = frozenset({"institution", "service", "employer", "hub", "operator", "auditor", "citizen"})


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller by its path, such as `institution/17/1`; of a citizen also the SSIN on the card."""

    kind: str
    name: str
    ssin: str = ""

    @property
    def path(self) -> str:
        return f"{self.kind}/{self.name}"

    def __repr__(self) -> str:  # never the SSIN
        return f"Identity({self.path})"


@dataclass(frozen=True, slots=True)
class Caller:
    """The holder of the certificate, and whom the gateway speaks for."""

    identity: Identity
    on_behalf_of: Identity | None = None
    serial: str = ""

    @property
    def principal(self) -> Identity:
        """Whose rights count."""
        return self.on_behalf_of or self.identity

    @property
    def chain(self) -> tuple[str, ...]:
        """Who asks through whom, nearest last; empty when the caller asks for itself."""
        if self.on_behalf_of is None:
            return ()
        return (self.on_behalf_of.path, self.identity.path)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the mesh reads in a certificate."""

    identity: Identity
    serial: str
    not_after: datetime


def parse(path: str) -> Identity:
    """Read `institution/17/1`. Raises ValueError for an unknown kind or an empty name."""
    kind, _, name = path.partition("/")
    if kind not in KINDS or not name:
        raise ValueError("not the path of an identity of the mesh")
    return Identity(kind, name)


def uri(identity: Identity) -> str:
    return f"spiffe://{DOMAIN}/{identity.path}"


@lru_cache(maxsize=4096)
def read_certificate(pem: bytes) -> Certificate:
    """The identity in a verified certificate. Raises ValueError unless it bears exactly one."""
    return certificate_of(x509.load_pem_x509_certificate(pem))


def certificate_of(certificate: x509.Certificate) -> Certificate:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    prefix = f"spiffe://{DOMAIN}/"
    paths = [u.removeprefix(prefix) for u in uris if u.startswith(prefix)]
    if len(paths) != 1:
        raise ValueError("a certificate of the mesh bears exactly one identity")
    found = parse(paths[0])
    if found.kind == "citizen":
        found = Identity(found.kind, found.name, serial_number_of(certificate))
    return Certificate(
        found, format(certificate.serial_number, "x"), certificate.not_valid_after_utc
    )


def serial_number_of(certificate: x509.Certificate) -> str:
    """The SSIN, which the identity card carries as `serialNumber` of its subject."""
    values = certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
    if len(values) != 1:
        raise ValueError("the certificate of a card bears one serial number")
    return str(values[0].value)
