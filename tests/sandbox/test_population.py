"""What the sandbox says to the repertory when it starts."""

from __future__ import annotations

from crossroads.repertory.v1.repertory_pb2 import InstitutionRecord
from crossroads.types.v1.types_pb2 import Institution

from sandbox import cast, population

CENTRE = InstitutionRecord(
    institution=Institution(sector=17, number=1),
    name="centre",
    identities=["institution/17/1"],
    revoked_certificates=["ab"],
)


def test_an_address_is_added_and_nothing_else_is_touched() -> None:
    (changed,) = population.addressed([CENTRE], {"17/1": "127.0.0.1:1"})
    assert changed.supplier_address == "127.0.0.1:1"
    assert changed.supplier_name == "17-1.institution"
    changed.supplier_address = changed.supplier_name = ""
    assert changed == CENTRE


def test_the_hub_speaks_and_answers_for_its_network() -> None:
    (changed,) = population.addressed([CENTRE], {"17/1": "127.0.0.1:1"}, "127.0.0.1:2")
    assert (changed.supplier_address, changed.supplier_name) == ("127.0.0.1:2", "welfare-router")
    assert list(changed.identities) == ["institution/17/1", "hub/welfare"]
    assert population.addressed([changed], {}, "127.0.0.1:2") == []


def test_what_stands_already_is_not_put_again() -> None:
    put = population.addressed([CENTRE], {"17/1": "127.0.0.1:1"})
    assert population.addressed(put, {"17/1": "127.0.0.1:1"}) == []


def test_an_institution_that_does_not_answer_keeps_its_record() -> None:
    assert population.addressed([CENTRE], {}) == []


def test_the_register_knows_everybody_of_the_cast() -> None:
    known = {inscription.ssin for inscription in population.inscriptions("0/0")}
    assert known == {*cast.HOUSEHOLD, *cast.CITIZENS.values()}
