"""An invented country in columns: the same from the same seed, and sound."""

from __future__ import annotations

import numpy as np
import pytest

from sandbox import citizens, nation
from services.rights.everybody import population
from services.rights.everybody.population import Population


@pytest.fixture(scope="module")
def part() -> Population:
    return citizens.part(1, 3)


def test_a_part_is_the_same_from_the_same_seed(part: Population) -> None:
    one, other = population.arrays(part), population.arrays(citizens.part(1, 3))
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[name], other[name]) for name in one)
    assert not np.array_equal(one["births"], population.arrays(citizens.part(2, 3))["births"])


def test_the_persons_are_those_of_the_nation(part: Population) -> None:
    numbers = {nation.ssin(place * citizens.PARTS + 3) for place in range(citizens.PERSONS)}
    assert {ssin.decode() for ssin in part.ssins} == numbers


def test_nobody_is_in_a_group_twice_at_once(part: Population) -> None:
    for members in part.groups.values():
        order = np.lexsort((members.begin, members.who, members.group))
        assert (order == np.arange(len(members))).all()
        same = members.group[1:] == members.group[:-1]
        same &= members.who[1:] == members.who[:-1]
        assert (members.begin[1:][same] >= members.end[:-1][same]).all()
        assert (members.begin < members.end).all()


def test_what_was_said_is_in_order_and_apart(part: Population) -> None:
    for found in part.said.values():
        same = found.who[1:] == found.who[:-1]
        assert (found.who[1:] >= found.who[:-1]).all()
        assert (found.begin[1:][same] >= found.end[:-1][same]).all()
        assert (found.begin < found.end).all()


def test_there_is_no_part_beyond_the_last() -> None:
    with pytest.raises(ValueError, match="132 parts"):
        citizens.part(1, citizens.PARTS)
