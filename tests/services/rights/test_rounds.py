"""Rounds: all is announced once, and what follows something on the same right comes later."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.rights import rounds

told = st.lists(st.tuples(st.sampled_from("abc"), st.integers()))


@given(told)
def test_each_right_once_a_round_and_in_order(items: list[tuple[str, int]]) -> None:
    found = rounds.of(items, lambda item: item[0])
    for together in found:
        assert together
        assert len({right for right, _ in together}) == len(together)
    for right in "abc":
        assert [item for together in found for item in together if item[0] == right] == [
            item for item in items if item[0] == right
        ]
    assert len(found) == max((sum(i[0] == right for i in items) for right in "abc"), default=0)


@given(told)
def test_the_order_of_a_round_is_that_in_which_things_happened(
    items: list[tuple[str, int]],
) -> None:
    numbered = list(enumerate(items))
    for together in rounds.of(numbered, lambda item: item[1][0]):
        assert together == sorted(together)
