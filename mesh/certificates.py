"""The certificates on disk: this process's own, the authority's, and those revoked."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import grpc
from cryptography import x509

RELOAD_AFTER_S = 1.0


@dataclass(frozen=True, slots=True)
class Pair:
    """Certificates in PEM, as a TLS end needs them."""

    authority: bytes
    certificate: bytes
    key: bytes


class Certificates:
    """A folder with ca.pem, cert.pem, key.pem and crl.pem, read again when it changes.

    The revocation list must be signed by the authority; one that is not is not believed,
    and the last good one stays in force.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._looked = float("-inf")
        self._stamp: tuple[int, ...] = ()
        self._revoked: frozenset[str] = frozenset()
        self._pair = self._read_pair()
        self._refresh()

    @property
    def pair(self) -> Pair:
        self._refresh()
        return self._pair

    def is_revoked(self, serial: str) -> bool:
        """Whether a certificate (serial number in lower-case hexadecimal) has been revoked."""
        self._refresh()
        return serial in self._revoked

    def server_credentials(self) -> grpc.ServerCredentials:
        """Demands a certificate of the same authority; a renewed own one serves from then on."""
        served = self.pair

        def fetch() -> grpc.ServerCertificateConfiguration | None:
            nonlocal served
            if self.pair == served:
                return None
            served = self.pair
            return _configuration(served)

        return grpc.dynamic_ssl_server_credentials(
            _configuration(served),
            fetch,  # type: ignore[arg-type]  # None, which stubs forbid, means: as before
            require_client_authentication=True,
        )

    def channel_credentials(self) -> grpc.ChannelCredentials:
        pair = self.pair
        return grpc.ssl_channel_credentials(pair.authority, pair.key, pair.certificate)

    def _refresh(self) -> None:
        if self._clock() - self._looked < RELOAD_AFTER_S:
            return
        self._looked = self._clock()
        files = ("ca.pem", "cert.pem", "key.pem", "crl.pem")
        stamp = tuple((self._folder / name).stat().st_mtime_ns for name in files)
        if stamp != self._stamp:
            self._pair = self._read_pair()
            self._revoked = self._read_revoked()
            self._stamp = stamp

    def _read_pair(self) -> Pair:
        return Pair(*((self._folder / n).read_bytes() for n in ("ca.pem", "cert.pem", "key.pem")))

    def _read_revoked(self) -> frozenset[str]:
        revoked = x509.load_pem_x509_crl((self._folder / "crl.pem").read_bytes())
        authority = x509.load_pem_x509_certificate(self._pair.authority)
        if not revoked.is_signature_valid(authority.public_key()):  # type: ignore[arg-type]
            return self._revoked
        return frozenset(format(entry.serial_number, "x") for entry in revoked)


def _configuration(pair: Pair) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([(pair.key, pair.certificate)], pair.authority)
