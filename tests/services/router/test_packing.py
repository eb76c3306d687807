"""Groups are packed in order, whole where they can be, into batches of bounded size."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.router import packing


@given(st.lists(st.integers(0, 9)), st.integers(1, 6))
def test_everything_is_packed_in_order_and_no_group_is_split_without_need(
    sizes: list[int], most: int
) -> None:
    groups = [[(number, n) for n in range(size)] for number, size in enumerate(sizes)]
    batches = list(packing.packed(groups, most))
    assert [one for batch in batches for one in batch] == [one for group in groups for one in group]
    assert all(0 < len(batch) <= most for batch in batches)
    for number, size in enumerate(sizes):
        holding = [batch for batch in batches if any(of == number for of, _ in batch)]
        assert size > most or len(holding) <= 1


@given(st.lists(st.integers(0, 9)), st.integers(1, 6))
def test_groups_stay_whole(sizes: list[int], most: int) -> None:
    groups = [[0] * size for size in sizes]
    batches = list(packing.grouped(groups, most))
    assert [group for batch in batches for group in batch] == groups
    assert all(batch for batch in batches)
    assert all(len(batch) == 1 or sum(map(len, batch)) <= most for batch in batches)


@given(st.lists(st.binary(max_size=9)), st.integers(1, 20))
def test_no_batch_weighs_more_than_it_may_unless_it_is_one_thing(
    things: list[bytes], most: int
) -> None:
    batches = list(packing.weighed(things, most))
    assert [one for batch in batches for one in batch] == things
    assert all(batch for batch in batches)
    assert all(len(batch) == 1 or sum(map(len, batch)) <= most for batch in batches)
