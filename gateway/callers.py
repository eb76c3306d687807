"""Who calls over HTTPS: the identity in the certificate that TLS verified, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import grpc
from cryptography import x509

from mesh import clock, identity
from mesh.certificates import Certificates
from mesh.identity import Certificate
from mesh.refusals import Refusal

PRESENTED = "crossroads.certificate"
"""Extension of the ASGI scope that holds the verified certificate in DER."""


def presented(scope: Mapping[str, Any]) -> Certificate:
    """The certificate of the connection. Raises UNAUTHENTICATED: it bears no identity."""
    der = scope.get("extensions", {}).get(PRESENTED)
    if der is None:
        raise _refusal("NOT_IDENTIFIED")
    try:
        return _read(der)
    except (ValueError, x509.ExtensionNotFound) as error:
        raise _refusal("NOT_IDENTIFIED") from error


def check(certificate: Certificate, certificates: Certificates) -> None:
    """Raise UNAUTHENTICATED for a certificate that is revoked or has expired."""
    if certificates.is_revoked(certificate.serial):
        raise _refusal("CERTIFICATE_REVOKED")
    if certificate.not_after < clock.now():
        raise _refusal("CERTIFICATE_EXPIRED")


@lru_cache(maxsize=4096)
def _read(der: bytes) -> Certificate:
    return identity.certificate_of(x509.load_der_x509_certificate(der))


def _refusal(reason: str) -> Refusal:
    return Refusal(grpc.StatusCode.UNAUTHENTICATED, reason)
