"""A quota lets through what it states and no more, and its waits are true."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mesh.clock import BRUSSELS
from mesh.institutions import Institution
from services.router import quotas
from services.router.domain import Policy
from services.router.quota import Quota
from services.router.quotas import Exceeded, Rooms

CENTRE, OTHER = Institution(17, 1), Institution(18, 1)
START = datetime(2026, 3, 28, 22, 0, tzinfo=UTC)
"""An evening before the clock in Brussels is moved on."""
RATES = st.builds(
    Quota,
    st.just(CENTRE),
    st.just(""),
    st.integers(1, 20),
    st.integers(1, 30),
    st.sampled_from((0, 5, 40)),
)
STEPS = st.lists(st.tuples(st.integers(0, 40_000), st.integers(1, 25)), min_size=1, max_size=40)
"""Milliseconds since the draw before, and how many are drawn."""


def drawn(rooms: Rooms, quota: Quota, count: int, at: datetime) -> Rooms:
    left = quotas.draw(rooms, {quota: count}, at)
    assert not isinstance(left, Exceeded)
    return left


@given(RATES, STEPS)
def test_in_no_stretch_of_time_more_passes_than_stated(
    quota: Quota, steps: list[tuple[int, int]]
) -> None:
    rooms: Rooms = {}
    at, passed = START, list[tuple[datetime, int]]()
    for wait, count in steps:
        at += timedelta(milliseconds=wait)
        left = quotas.draw(rooms, {quota: count}, at)
        if not isinstance(left, Exceeded):
            rooms = left
            passed.append((at, count))
    for first, (begin, _) in enumerate(passed):
        stretch = passed[first:]
        for last in range(1, len(stretch) + 1):
            end = stretch[last - 1][0]
            most = max(quota.burst, *(count for _, count in stretch[:last]))
            allowed = most + quota.per_second * (end - begin).total_seconds()
            assert sum(count for _, count in stretch[:last]) <= allowed + 1e-6
    by_day: dict[object, int] = {}
    for moment, count in passed:
        day = moment.astimezone(BRUSSELS).date()
        by_day[day] = by_day.get(day, 0) + count
    assert not quota.per_day or all(count <= quota.per_day for count in by_day.values())


@given(RATES, STEPS)
def test_who_waits_as_told_passes_and_who_comes_a_moment_before_does_not(
    quota: Quota, steps: list[tuple[int, int]]
) -> None:
    rooms: Rooms = {}
    at = START
    for wait, count in steps:
        at += timedelta(milliseconds=wait)
        left = quotas.draw(rooms, {quota: count}, at)
        if not isinstance(left, Exceeded):
            rooms = left
        elif left.wait_s is None:
            assert count > quota.per_day > 0
        else:
            early = timedelta(seconds=left.wait_s) - timedelta(milliseconds=1)
            if early > timedelta(0):
                assert isinstance(quotas.draw(rooms, {quota: count}, at + early), Exceeded)
            later = at + timedelta(seconds=left.wait_s, milliseconds=1)
            again = quotas.draw(rooms, {quota: count}, later)
            assert not isinstance(again, Exceeded)


@given(RATES, STEPS, st.integers(0, 100))
def test_a_clock_set_back_gives_nothing(
    quota: Quota, steps: list[tuple[int, int]], back: int
) -> None:
    rooms: Rooms = {}
    at = START
    for wait, count in steps:
        at += timedelta(milliseconds=wait)
        left = quotas.draw(rooms, {quota: count}, at)
        if isinstance(left, Exceeded):
            earlier = quotas.draw(rooms, {quota: count}, at - timedelta(hours=back))
            assert isinstance(earlier, Exceeded)
        else:
            rooms = left


def test_a_batch_larger_than_the_burst_passes_after_a_quiet_time_and_is_paid_off() -> None:
    quota = Quota(CENTRE, "", 10, 10)
    rooms = drawn({}, quota, 100, START)
    refused = quotas.draw(rooms, {quota: 1}, START)
    assert refused == Exceeded(quota, 9.1)
    drawn(rooms, quota, 1, START + timedelta(seconds=9.1))


def test_a_day_is_a_day_in_brussels_also_where_it_has_23_hours() -> None:
    quota = Quota(CENTRE, "", 0, 0, 2)
    rooms = drawn({}, quota, 2, START)
    assert quotas.draw(rooms, {quota: 1}, START) == Exceeded(quota, 3600.0)
    rooms = drawn(rooms, quota, 2, START + timedelta(hours=1))
    short_day = quotas.draw(rooms, {quota: 1}, START + timedelta(hours=1))
    assert short_day == Exceeded(quota, 23 * 3600.0)


def test_more_than_a_day_allows_never_passes_and_names_no_wait() -> None:
    quota = Quota(CENTRE, "", 0, 0, 2)
    assert quotas.draw({}, {quota: 3}, START) == Exceeded(quota, None)


def test_of_two_quotas_both_hold_and_a_refusal_draws_from_neither() -> None:
    narrow, wide = Quota(CENTRE, "living_wage_enquiry", 1, 1), Quota(CENTRE, "", 5, 5)
    both = {narrow: 1, wide: 1}
    rooms = quotas.draw({}, both, START)
    assert not isinstance(rooms, Exceeded)
    assert quotas.draw(rooms, both, START) == Exceeded(narrow, 1.0)
    assert rooms[wide].tokens == 4


def test_the_quotas_of_a_question_are_those_of_its_purpose_and_of_any() -> None:
    enquiry, any_of_them = Quota(CENTRE, "living_wage_enquiry", 1), Quota(CENTRE, "", 2)
    policy = Policy.of(1, (), (), (), (enquiry, any_of_them, Quota(OTHER, "", 3)))
    assert quotas.of(policy, CENTRE, "living_wage_enquiry") == (enquiry, any_of_them)
    assert quotas.of(policy, CENTRE, "medical_aid") == (any_of_them,)
    assert quotas.of(policy, Institution(0, 0), "medical_aid") == ()
    assert quotas.of(policy, None, "medical_aid") == ()


@given(RATES, STEPS, st.integers(0, 12))
def test_a_block_beside_what_is_asked_for_is_counted_and_owes_nothing(
    quota: Quota, steps: list[tuple[int, int]], block: int
) -> None:
    rooms: Rooms = {}
    at = START
    for wait, count in steps:
        at += timedelta(milliseconds=wait)
        plain = quotas.draw(rooms, {quota: count}, at)
        rooms, answer = quotas.grant(rooms, {quota: count}, {quota: block}, at)
        if isinstance(answer, Exceeded):
            assert answer == plain
            continue
        assert not isinstance(plain, Exceeded)
        beside = answer.beside[quota]
        assert beside in {0, block}
        assert rooms[quota].today == plain[quota].today + beside
        assert abs(rooms[quota].tokens - (plain[quota].tokens - beside)) < 1e-6
        if beside:
            assert rooms[quota].tokens >= -1e-6
            assert not quota.per_day or rooms[quota].today <= quota.per_day


@given(RATES)
def test_a_block_is_a_small_part_of_what_is_stated(quota: Quota) -> None:
    block = quotas.block(quota)
    assert 0 <= block <= quotas.MOST_IN_A_BLOCK
    assert block <= quota.burst / 10
    assert not quota.per_day or block <= quota.per_day / 1000


def test_what_is_not_limited_stays_so() -> None:
    rooms: Rooms = {}
    for _ in range(1000):
        rooms = drawn(rooms, Quota(CENTRE), 1000, START)
