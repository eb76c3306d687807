"""Rights written twice come to the same decisions, and where they do not, the test can tell."""

from pathlib import Path

import numpy as np
import pytest

import services.rights
from bench.oracle import comparison, components, decided, openfisca, persons
from bench.oracle.comparison import RIGHTS
from services.rights.law import rulebook

RULES = rulebook.load(Path(services.rights.__file__).parent).rules
CEILINGS = RULES["right_to_increased_reimbursement"]
COMPARED = {right: rule for right, rule in RULES.items() if right in RIGHTS}


async def test_openfisca_decides_as_we_do_but_for_its_float_money() -> None:
    if not openfisca.is_there():
        pytest.skip("`make oracle` has not installed OpenFisca here")
    compared = await comparison.compare(RULES, seed=1, count=2_000)
    assert [each.right for each in compared] == list(RIGHTS)
    assert [each for each in compared if each.unexplained] == []
    assert all(each.holders for each in compared)
    assert any(each.explained for each in compared), "some income lies on a ceiling"


def test_one_by_one_and_in_bulk_the_same_is_decided() -> None:
    population, asked = persons.made(2, 300, CEILINGS), persons.asked(2)
    one_by_one = decided.decide(COMPARED, RIGHTS, population, asked)
    in_bulk = decided.in_bulk(COMPARED, population, asked)
    for right in RIGHTS:
        assert (one_by_one[right] == in_bulk[right]).all(), right


def test_persons_are_the_same_whenever_they_are_made() -> None:
    one, other = (persons.made(3, 500, CEILINGS) for _ in range(2))
    assert (one.births == other.births).all()
    assert one.said.keys() == other.said.keys()
    for status, spans in one.said.items():
        assert (spans.begin == other.said[status].begin).all(), status
    assert (persons.asked(3) == persons.asked(3)).all()


def test_persons_of_different_components_were_never_in_one_group() -> None:
    population = persons.made(4, 500, CEILINGS)
    of = components.labels(population)
    for group in components.GROUPS:
        members = population.groups[group]
        for each in np.unique(members.group):
            assert len(np.unique(of[members.who[members.group == each]])) == 1


def test_a_difference_that_cents_do_not_explain_is_told() -> None:
    ours = np.array([[True, False, True, True]])
    floats = np.array([[False, False, False, True]])
    exact = np.array([[True, False, False, False]])
    told = comparison.told(1, "a_right", ours, floats, exact)
    assert (told.holders, told.same, told.explained, told.unexplained) == (3, 1, 1, 2)
