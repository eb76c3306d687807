"""A full process says when to come back, and that follows how long calls take."""

from __future__ import annotations

import contextlib

import grpc
import pytest

from mesh.refusals import Refusal
from mesh.room import BUSY_S, LEAST_S, MOST_S, TOO_LATE_S, Room


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def refusal_of(room: Room) -> Refusal:
    with pytest.raises(Refusal) as refused, room.place():
        pass
    return refused.value


def told_after(takes_s: float) -> float | None:
    """When to come back to a room in which calls have taken that long for a while."""
    clock = Clock()
    room = Room(1, clock)
    for _ in range(1_000):
        with room.place():
            clock.now += takes_s
    with room.place():
        return refusal_of(room).retry_after


def test_a_full_room_refuses_and_one_who_leaves_makes_place() -> None:
    room = Room(2)
    with room.place(), contextlib.ExitStack() as second:
        second.enter_context(room.place())
        refused = refusal_of(room)
        assert (refused.code, refused.reason) == (
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "OVERLOADED",
        )
        second.close()
        with room.place():
            assert refusal_of(room).retry_after


def test_a_call_that_fails_leaves_its_place() -> None:
    room = Room(1)
    with pytest.raises(ValueError, match="wrong"), room.place():
        raise ValueError("wrong")
    with room.place():
        pass


def test_once_calls_wait_too_long_none_is_taken_in_and_the_time_to_come_back_says_so() -> None:
    waits = [0.0]
    room = Room(8, Clock(), lambda: waits[0])
    with room.place():
        assert not room.is_full
    waits[0] = TOO_LATE_S + 2
    assert refusal_of(room).retry_after == pytest.approx(LEAST_S + TOO_LATE_S + 2)
    waits[0] = TOO_LATE_S
    with room.place():
        assert not room.is_full


def test_a_room_is_busy_for_a_moment_after_it_was_full() -> None:
    clock = Clock()
    room = Room(1, clock)
    assert not room.is_busy
    with room.place():
        assert not room.is_busy
        refusal_of(room)
        assert room.is_busy
    clock.now += BUSY_S
    assert not room.is_busy


def test_the_time_to_come_back_is_how_long_calls_take_now() -> None:
    assert told_after(1.5) == pytest.approx(1.5)
    assert told_after(0.0) == LEAST_S
    assert told_after(600.0) == MOST_S
