"""What was granted is let through once, on its day; what is known to be full is not asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mesh.institutions import Institution
from services.router.leases import Leases
from services.router.quota import Quota
from services.router.quotas import Exceeded, Grant

QUOTA = Quota(Institution(17, 1), "", 10, 10)
OTHER = Quota(Institution(17, 1), "living_wage_enquiry", 10, 10)
TODAY, AT = date(2026, 3, 1), datetime(2026, 3, 1, 12, tzinfo=UTC)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=40))
def test_what_passes_and_what_is_left_is_what_was_granted(steps: list[tuple[bool, int]]) -> None:
    leases, granted, passed = Leases(), 0, 0
    for grants, count in steps:
        if grants:
            leases.add(Grant(TODAY, {QUOTA: count}))
            granted += count
        else:
            lacking = leases.take({QUOTA: count}, TODAY)
            if lacking:
                leases.give_back({QUOTA: count}, lacking, TODAY)
            else:
                passed += count
    left = 1000 - leases.take({QUOTA: 1000}, TODAY)[QUOTA]
    assert passed + left == granted


def test_what_was_granted_yesterday_is_gone() -> None:
    leases = Leases()
    leases.add(Grant(TODAY, {QUOTA: 5}))
    assert leases.take({QUOTA: 1}, TODAY + timedelta(days=1)) == {QUOTA: 1}


def test_what_is_lacking_is_told_by_quota() -> None:
    leases = Leases()
    leases.add(Grant(TODAY, {QUOTA: 5}))
    assert leases.take({QUOTA: 2, OTHER: 2}, TODAY) == {OTHER: 2}
    assert leases.take({QUOTA: 4}, TODAY) == {QUOTA: 1}


def test_what_was_refused_is_refused_until_its_time_and_fewer_are_not() -> None:
    leases = Leases()
    leases.remember({QUOTA: 5}, Exceeded(QUOTA, 2.0), AT)
    assert leases.refusal({QUOTA: 4}, AT) is None
    soon = AT + timedelta(seconds=1.5)
    assert leases.refusal({QUOTA: 5}, soon) == Exceeded(QUOTA, 0.5)
    assert leases.refusal({QUOTA: 9}, AT + timedelta(seconds=2)) is None
    leases.remember({OTHER: 5}, Exceeded(OTHER, None), AT)
    assert leases.refusal({OTHER: 5}, AT + timedelta(days=9)) == Exceeded(OTHER, None)
