"""The cast bears numbers that are well formed."""

from __future__ import annotations

import pytest

from mesh import identification, identity
from sandbox import cast


@pytest.mark.parametrize("ssin", sorted({*cast.HOUSEHOLD, *cast.CITIZENS.values()}))
def test_every_person_has_a_valid_number(ssin: str) -> None:
    assert identification.ssin_is_valid(ssin)


def test_every_employer_has_valid_numbers() -> None:
    for enterprise, nsso in ((cast.BREWERY, cast.BREWERY_NSSO), (cast.BAKERY, cast.BAKERY_NSSO)):
        assert identification.enterprise_number_is_valid(enterprise)
        assert identification.nsso_number_is_valid(nsso)


@pytest.mark.parametrize("path", cast.IDENTITIES)
def test_every_identity_is_one_of_the_mesh(path: str) -> None:
    assert identity.parse(path).path == path


def test_who_answers_and_who_reads_is_an_institution_of_the_cast() -> None:
    assert {*cast.SUPPLIERS, *cast.READERS} <= set(cast.INSTITUTIONS)


def test_a_supplier_is_named_after_its_institution() -> None:
    assert cast.server_name("17/1") == "17-1.institution"
