"""The access table is closed by default."""

import pytest

from mesh import access
from mesh.identity import Caller, Identity, parse
from mesh.refusals import Refusal

CONSULT = "/crossroads.router.v1.Exchange/Consult"


def caller(path: str, behind: str = "") -> Caller:
    return Caller(parse(behind or path), parse(path) if behind else None)


@pytest.mark.parametrize("path", ["institution/17/1", "hub/welfare", "service/rights"])
def test_who_is_in_the_row_may_call(path: str) -> None:
    access.check(CONSULT, caller(path))


@pytest.mark.parametrize("path", ["employer/0206731645", "citizen/card", "service/ledger"])
def test_who_is_not_in_the_row_may_not(path: str) -> None:
    with pytest.raises(Refusal, match="NO_ACCESS"):
        access.check(CONSULT, caller(path))


def test_a_method_without_a_row_is_closed_to_everyone() -> None:
    with pytest.raises(Refusal, match="NO_ACCESS"):
        access.check("/crossroads.router.v1.Exchange/Unheard", caller("institution/17/1"))


def test_only_the_gateway_speaks_for_another_and_only_where_the_other_may() -> None:
    access.check(CONSULT, caller("institution/17/1", behind="service/gateway"))
    for path, behind in [
        ("institution/17/1", "service/rights"),
        ("employer/0206731645", "service/gateway"),
    ]:
        with pytest.raises(Refusal, match="NO_ACCESS"):
            access.check(CONSULT, caller(path, behind))


def test_the_gateway_has_no_access_of_its_own() -> None:
    with pytest.raises(Refusal, match="NO_ACCESS"):
        access.check(CONSULT, Caller(parse(access.GATEWAY)))


def test_an_identity_shows_no_number_of_a_person() -> None:
    assert "85073003328" not in repr(Caller(Identity("citizen", "card", "85073003328")))


@pytest.mark.parametrize("path", ["", "institution", "institution/", "person/1", "17/1"])
def test_what_is_no_path_is_no_identity(path: str) -> None:
    with pytest.raises(ValueError, match="identity"):
        parse(path)
