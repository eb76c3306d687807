"""Whatever writes follow each other: what is written down is what was known after each."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mesh.institutions import Institution
from mesh.periods import Period
from services.repertory import inscriptions, succession
from services.repertory.domain import Inscription, Key
from services.repertory.succession import STANDS, Lines, Steps

FIRST = date(2026, 1, 1)
SSINS = ("91041241894", "84031721194")


@st.composite
def lines(draw: st.DrawFn) -> Inscription:
    begin, length = draw(st.integers(0, 20)), draw(st.integers(1, 10))
    key = Key(draw(st.sampled_from(SSINS)), Institution(12, 0), draw(st.sampled_from((10, 30))), 0)
    return Inscription(
        key, Period(FIRST + timedelta(days=begin), FIRST + timedelta(days=begin + length))
    )


WRITES = st.lists(st.tuples(st.booleans(), lines()), max_size=12)


def as_of(before: set[Inscription], steps: Steps, place: int) -> set[Inscription]:
    """What the rows say was known after the write at a place."""
    gone = {one.line for one in steps.closed if one.at <= place}
    come = {
        one.line
        for one in steps.opened
        if one.at <= place and (one.until == STANDS or one.until > place)
    }
    return before - gone | come


@given(WRITES, WRITES)
def test_after_each_write_is_known_what_it_left(
    earlier: list[tuple[bool, Inscription]], writes: list[tuple[bool, Inscription]]
) -> None:
    before = set(inscriptions.register((), [line for _, line in earlier]).opened)
    book, changes, left = Lines(before), [], []
    for adds, line in writes:
        standing = book.of([line.key.ssin])
        if adds:
            changes.append(inscriptions.register(standing, [line]))
        else:
            changes.append(inscriptions.end(standing, line))
        book.apply(changes[-1])
        left.append(set(book.of(SSINS)))
    steps = succession.steps(changes)
    assert [as_of(before, steps, place) for place in range(1, len(writes) + 1)] == left
    assert all(one.until == STANDS or one.at < one.until for one in steps.opened)
    assert {one.line for one in steps.closed} <= before
