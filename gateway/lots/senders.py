"""Senders of lots: which identity bears a number, and whether a signature is in its name."""

from __future__ import annotations

import json
from pathlib import Path

import grpc
from cryptography import x509
from cryptography.exceptions import InvalidSignature

from gateway import callers
from mesh import clock, identity
from mesh.certificates import Certificates
from mesh.identity import Identity
from mesh.refusals import Refusal

REGISTER = "senders.json"


def read(root: Path) -> dict[str, Identity]:
    """Number of six digits > identity, such as `employer/0400000185`; none where none is told."""
    file = root / REGISTER
    if not file.exists():
        return {}
    told: dict[str, str] = json.loads(file.read_text("utf-8"))
    return {number: identity.parse(path) for number, path in told.items()}


def check(certificate: x509.Certificate, sender: Identity, certificates: Certificates) -> None:
    """Raise UNAUTHENTICATED unless the certificate is the sender's, of ours, and in force."""
    try:
        bearer = identity.certificate_of(certificate)
    except (ValueError, x509.ExtensionNotFound) as error:
        raise _not_identified() from error
    if not _is_of(certificate, certificates.pair.authority) or bearer.identity != sender:
        raise _not_identified()
    if certificate.not_valid_before_utc > clock.now():
        raise _not_identified()
    callers.check(bearer, certificates)


def _is_of(certificate: x509.Certificate, authority: bytes) -> bool:
    for ours in x509.load_pem_x509_certificates(authority):
        try:
            certificate.verify_directly_issued_by(ours)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return True
    return False


def _not_identified() -> Refusal:
    return Refusal(grpc.StatusCode.UNAUTHENTICATED, "NOT_IDENTIFIED")
