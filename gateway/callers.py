"""Who calls over HTTPS: the identity in the certificate that TLS verified, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import grpc
from cryptography import x509

from mesh import clock, identity
from mesh.certificates import Certificates
from mesh.identity import Certificate, Identity
from mesh.refusals import Refusal

PRESENTED = "crossroads.certificate"
"""Extension of the ASGI scope that holds the verified certificate in DER."""


def identify(scope: Mapping[str, Any], certificates: Certificates) -> Identity:
    """The caller. Raises UNAUTHENTICATED: no identity, revoked, or expired."""
    presented = scope.get("extensions", {}).get(PRESENTED)
    if presented is None:
        raise _refusal("NOT_IDENTIFIED")
    try:
        certificate = _read(presented)
    except (ValueError, x509.ExtensionNotFound) as error:
        raise _refusal("NOT_IDENTIFIED") from error
    if certificates.is_revoked(certificate.serial):
        raise _refusal("CERTIFICATE_REVOKED")
    if certificate.not_after < clock.now():
        raise _refusal("CERTIFICATE_EXPIRED")
    return certificate.identity


@lru_cache(maxsize=4096)
def _read(der: bytes) -> Certificate:
    return identity.certificate_of(x509.load_der_x509_certificate(der))


def _refusal(reason: str) -> Refusal:
    return Refusal(grpc.StatusCode.UNAUTHENTICATED, reason)
