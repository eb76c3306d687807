"""Formulas in columns come to what they come to for one group on one day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from services.rights.everybody import columns
from services.rights.law import scalar
from services.rights.law.expression import Node
from services.rights.law.scalar import Member, Situation
from tests.services.rights import formulas

FACTS = sorted(formulas.OF_GROUP.facts)
AMOUNTS = sorted(formulas.OF_GROUP.amounts)
PARAMS = sorted(formulas.OF_GROUP.params)


@dataclass
class Cells:
    """Implements `columns.Cells` for groups as they are."""

    groups: Sequence[Sequence[Member]]
    params: Mapping[str, int]
    there: None = None

    def __post_init__(self) -> None:
        self.situations = len(self.groups)
        self.of = np.repeat(np.arange(self.situations), [len(group) for group in self.groups])
        self.members = [member for group in self.groups for member in group]

    def has(self, fact: str) -> NDArray[np.bool_]:
        return np.array([fact in m.facts for m in self.members], np.bool_)

    def known(self, fact: str) -> NDArray[np.bool_]:
        return np.array([fact in (m.amounts or {}) for m in self.members], np.bool_)

    def amount(self, fact: str) -> NDArray[np.int64]:
        return np.array([(m.amounts or {}).get(fact, 0) for m in self.members], np.int64)

    def born(self) -> NDArray[np.bool_]:
        return np.array([m.age is not None for m in self.members], np.bool_)

    def completed(self, years: int) -> NDArray[np.bool_]:
        return np.array([m.age is not None and m.age >= years for m in self.members], np.bool_)

    def role(self, role: str) -> NDArray[np.bool_]:
        return np.array([m.role == role for m in self.members], np.bool_)


members = st.builds(
    Member,
    st.frozensets(st.sampled_from(FACTS)),
    st.dictionaries(st.sampled_from(AMOUNTS), st.integers(-500, 5000)),
    st.none() | st.integers(0, 100),
    st.sampled_from(["", "HOLDER", "DEPENDANT", "CHILD"]),
)
groups = st.lists(st.lists(members, min_size=1, max_size=4), min_size=1, max_size=4)
params = st.fixed_dictionaries({name: st.integers(0, 3000) for name in PARAMS})


def check(formula: Node, groups: list[list[Member]], params: dict[str, int]) -> None:
    cells = Cells(groups, params)
    found = columns.evaluate(formula, cells).by_cell(cells)
    expected = [
        scalar.evaluate(formula, Situation(tuple(group), params, member))
        for group in groups
        for member in group
    ]
    assert found.tolist() == expected


@given(formulas.conditions_of_group | formulas.numbers_of_group, groups, params)
def test_formulas_of_groups(
    formula: Node, groups: list[list[Member]], params: dict[str, int]
) -> None:
    check(formulas.guarded(formula, of_group=True), groups, params)


@given(formulas.conditions_of_member | formulas.numbers_of_member, groups, params)
def test_formulas_of_one_person(
    formula: Node, groups: list[list[Member]], params: dict[str, int]
) -> None:
    alone = [[member] for group in groups for member in group]
    check(formulas.guarded(formula, of_group=False), alone, params)
