"""The development authority issues what the mesh believes, and takes it back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from console.authority import LIFE, Authority
from mesh import identity


def certificate(place: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((place / "cert.pem").read_bytes())


def test_a_certificate_bears_its_identity_and_names(tmp_path: Path) -> None:
    place = Authority(tmp_path).issue("institution/17/1", names=["17-1.institution"])

    assert place == tmp_path / "institution/17/1"
    assert identity.certificate_of(certificate(place)).identity.path == "institution/17/1"
    names = certificate(place).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.value.get_values_for_type(x509.DNSName) == ["17-1.institution", "localhost"]
    assert (place / "key.pem").stat().st_mode & 0o077 == 0


def test_a_certificate_chains_to_its_authority_and_to_no_other(tmp_path: Path) -> None:
    ours, other = Authority(tmp_path / "ours"), Authority(tmp_path / "other")
    leaf = certificate(ours.issue("service/router", names=["router"]))

    def verify(authority: Authority) -> None:
        root = x509.load_pem_x509_certificate(authority.ca.read_bytes())
        verifier = (
            PolicyBuilder().store(Store([root])).build_server_verifier(x509.DNSName("router"))
        )
        verifier.verify(leaf, [])

    verify(ours)
    with pytest.raises(x509.verification.VerificationError):
        verify(other)


def test_a_card_bears_the_number_of_its_citizen(tmp_path: Path) -> None:
    place = Authority(tmp_path).issue("citizen/card", ssin="00000000097", folder="citizen/lina")

    assert place == tmp_path / "citizen/lina"
    assert identity.certificate_of(certificate(place)).identity.ssin == "00000000097"


def test_what_is_revoked_is_on_the_list_in_every_folder(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    kept = authority.issue("institution/17/1")
    lost = authority.issue("institution/17/1", folder="institution/17/1#revoked")
    authority.revoke(lost)

    for place in (kept, lost):
        listed = x509.load_pem_x509_crl((place / "crl.pem").read_bytes())
        assert [r.serial_number for r in listed] == [certificate(lost).serial_number]
    assert Authority(tmp_path).revoked() == {certificate(lost).serial_number}


def test_a_certificate_is_kept_until_it_nears_its_end(tmp_path: Path) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    first = certificate(Authority(tmp_path, start).issue("institution/17/1"))
    soon = certificate(Authority(tmp_path, start + LIFE / 3).issue("institution/17/1"))
    late = certificate(
        Authority(tmp_path, start + LIFE - timedelta(days=1)).issue("institution/17/1")
    )

    assert soon == first
    assert late != first
    assert late.not_valid_after_utc == start + LIFE - timedelta(days=1) + LIFE


def test_other_names_ask_for_another_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    first = certificate(authority.issue("service/sandbox", names=["sandbox"]))
    second = certificate(authority.issue("service/sandbox", names=["sandbox", "5-0.institution"]))
    assert first != second


def test_a_new_authority_in_the_same_folder_issues_anew(tmp_path: Path) -> None:
    first = certificate(Authority(tmp_path).issue("institution/17/1"))
    (tmp_path / "ca.key.pem").unlink()
    assert certificate(Authority(tmp_path).issue("institution/17/1")) != first
