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


LOOKUP = "/crossroads.repertory.v1.Repertory/BatchLookup"
SUPPLY = "/crossroads.router.v1.Supplier/Supply"
APPEND = "/crossroads.ledger.v1.Ledger/Append"
REPLACE = "/crossroads.repertory.v1.Repertory/ReplacePerson"
HOME = "hub/welfare"


@pytest.mark.parametrize("method", [LOOKUP, APPEND, REPLACE])
def test_the_processes_of_a_hub_are_services_to_each_other_only(method: str) -> None:
    access.check(method, caller(HOME), HOME)
    for path, home in [(HOME, ""), ("hub/other", HOME), ("service/router", HOME)]:
        with pytest.raises(Refusal, match="NO_ACCESS"):
            access.check(method, caller(path), home)


def test_services_of_the_primary_are_to_a_hub_what_a_hub_is_to_the_primary() -> None:
    access.check(SUPPLY, caller("service/router"), HOME)
    access.check(CONSULT, caller("institution/17/1001"), HOME)
    with pytest.raises(Refusal, match="NO_ACCESS"):
        access.check(SUPPLY, caller("institution/17/1001"), HOME)


def test_nobody_speaks_for_another_at_a_secondary_hub() -> None:
    with pytest.raises(Refusal, match="NO_ACCESS"):
        access.check(CONSULT, caller("institution/17/1001", behind="service/gateway"), HOME)


def test_an_identity_shows_no_number_of_a_person() -> None:
    assert "85073003328" not in repr(Caller(Identity("citizen", "card", "85073003328")))


@pytest.mark.parametrize("path", ["", "institution", "institution/", "person/1", "17/1"])
def test_what_is_no_path_is_no_identity(path: str) -> None:
    with pytest.raises(ValueError, match="identity"):
        parse(path)
