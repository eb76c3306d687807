"""A circuit opens after failures in a row, lets one probe through, and closes on an answer."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from services.router import circuit
from services.router.circuit import FAILURES, FIRST_S, MOST_S, PROBE_S, Circuit

MOMENTS = st.floats(0.001, 20.0)


def opened(at: float = 0.0) -> Circuit:
    now = Circuit()
    for _ in range(FAILURES):
        now = circuit.failed(now, at, at)
    return now


@given(st.lists(st.booleans(), max_size=40))
def test_it_opens_exactly_after_that_many_failures_in_a_row(answers: list[bool]) -> None:
    now, in_a_row = Circuit(), 0
    for answered in answers:
        in_a_row = 0 if answered else in_a_row + 1
        now = Circuit() if answered else circuit.failed(now, 0.0, 0.0)
        assert now.is_closed == (in_a_row < FAILURES)
        if not now.is_closed:
            return


@given(st.lists(st.tuples(MOMENTS, st.sampled_from(["ask", "answer", "fail", "stale"]))))
def test_an_open_circuit_lets_one_probe_through_at_a_time(steps: list[tuple[float, str]]) -> None:
    """Whatever happens: at most one probe in each time, none too early, and an answer closes."""
    now, at = opened(), 0.0
    shut_from, probe = 0.0, None
    for later, what in steps:
        at += later
        if what == "ask":
            may, now = circuit.ask(now, at)
            waited = at - shut_from >= circuit.shut_for(now.openings) if probe is None else True
            free = probe is None or at - probe >= PROBE_S
            assert may == (waited and free)
            probe = at if may else probe
        elif what == "answer":
            now = Circuit()
            assert now.is_closed
            assert circuit.ask(now, at) == (True, now)
            return
        elif what == "stale" or probe is None:
            assert circuit.failed(now, -1.0, at) == now
        else:
            before = now
            now = circuit.failed(now, probe, at)
            assert now.openings == before.openings + 1
            assert now.is_shut
            shut_from, probe = at, None


def test_it_is_left_alone_for_longer_each_time_but_never_for_long() -> None:
    waits = [circuit.shut_for(n) for n in range(1, 1000)]
    assert waits[0] == FIRST_S
    assert all(b == min(MOST_S, 2 * a) for a, b in itertools.pairwise(waits))
    assert max(waits) == MOST_S


def test_what_was_asked_before_it_opened_does_not_lengthen_it() -> None:
    now = opened(at=1.0)
    assert circuit.failed(now, 0.5, 9.0) == now
