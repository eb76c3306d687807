"""Registering and ending, against the plainest oracle: the set of the days."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.institutions import Institution
from mesh.periods import Period
from services.repertory import inscriptions
from services.repertory.domain import Inscription, Key

FIRST = date(2026, 1, 1)
KEYS = [Key("91041241894", Institution(17, 1), quality, 0) for quality in (1, 2)]
OTHER = "84031721194"
days = st.integers(0, 40)
period = st.tuples(days, st.integers(1, 10)).map(
    lambda span: Period(FIRST + timedelta(days=span[0]), FIRST + timedelta(days=span[0] + span[1]))
)
line = st.builds(Inscription, st.sampled_from(KEYS), period)
writes = st.lists(st.tuples(st.sampled_from(["register", "end"]), line), max_size=12)


def days_of(lines: Iterable[Inscription]) -> set[tuple[Key, date]]:
    return {
        (one.key, one.period.begin + timedelta(days=n))
        for one in lines
        for n in range((one.period.end - one.period.begin).days)
    }


def apply(standing: frozenset[Inscription], change: inscriptions.Change) -> frozenset[Inscription]:
    assert set(change.closed) <= standing
    assert set(change.kept) <= standing
    assert not set(change.opened) & standing
    return (standing - set(change.closed)) | set(change.opened)


@given(writes)
def test_lines_hold_exactly_the_days_registered_and_not_ended(
    made: list[tuple[str, Inscription]],
) -> None:
    standing: frozenset[Inscription] = frozenset()
    known: set[tuple[Key, date]] = set()
    for verb, one in made:
        if verb == "register":
            standing = apply(standing, inscriptions.register(standing, [one]))
            known |= days_of([one])
        else:
            change = inscriptions.end(standing, one)
            assert bool(change.closed) == bool(known & days_of([one]))
            standing = apply(standing, change)
            known -= days_of([one])
        assert days_of(standing) == known


@given(writes, line, st.lists(line, max_size=3), st.randoms())
def test_a_correction_gives_up_exactly_the_wrong_days_and_keeps_lines_apart(
    made: list[tuple[str, Inscription]],
    more: Inscription,
    right: list[Inscription],
    random: object,
) -> None:
    standing = apply(frozenset(), inscriptions.register([], [more]))
    for _, one in made:
        standing = apply(standing, inscriptions.register(standing, [one]))
    wrong = random.choice(sorted(standing))  # type: ignore[attr-defined]
    change = inscriptions.correct(standing, wrong, right)
    after = apply(standing, change)
    assert days_of(after) == (days_of(standing) - days_of([wrong])) | days_of(right)
    keys = {wrong.key, *(one.key for one in right)}
    assert {*change.opened, *change.kept} == {one for one in after if one.key in keys}
    for key in KEYS:
        spans = sorted(one.period for one in after if one.key == key)
        assert all(a.end < b.begin for a, b in itertools.pairwise(spans))


@given(st.lists(line, min_size=1, max_size=8))
def test_correcting_a_line_to_itself_changes_nothing(made: list[Inscription]) -> None:
    standing = apply(frozenset(), inscriptions.register([], made))
    wrong = min(standing)
    same = inscriptions.correct(standing, wrong, [wrong])
    assert (same.closed, same.opened) == ((), ())


@given(line, line)
def test_a_line_that_does_not_stand_is_not_corrected(
    stands: Inscription, other: Inscription
) -> None:
    if other != stands:
        with pytest.raises(ValueError, match="no line stands"):
            inscriptions.correct([stands], other, [])


@given(writes)
def test_lines_of_a_key_never_touch(made: list[tuple[str, Inscription]]) -> None:
    standing: frozenset[Inscription] = frozenset()
    for verb, one in made:
        change = (
            inscriptions.register(standing, [one])
            if verb == "register"
            else inscriptions.end(standing, one)
        )
        standing = apply(standing, change)
    for key in KEYS:
        spans = sorted(one.period for one in standing if one.key == key)
        assert all(a.end < b.begin for a, b in itertools.pairwise(spans))


@given(st.lists(line, max_size=8), st.randoms())
def test_the_order_of_registration_does_not_matter(made: list[Inscription], random: object) -> None:
    shuffled = list(made)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    together = apply(frozenset(), inscriptions.register([], made))
    one_by_one: frozenset[Inscription] = frozenset()
    for one in shuffled:
        one_by_one = apply(one_by_one, inscriptions.register(one_by_one, [one]))
    assert together == one_by_one


@given(st.lists(line, max_size=8))
def test_registering_again_changes_nothing(made: list[Inscription]) -> None:
    standing = apply(frozenset(), inscriptions.register([], made))
    again = inscriptions.register(standing, made)
    assert (again.closed, again.opened) == ((), ())


@given(st.lists(line, max_size=8), st.lists(line, max_size=4))
def test_a_replaced_number_leaves_all_its_days_to_the_new_one(
    ours: list[Inscription], theirs: list[Inscription]
) -> None:
    def renamed(one: Inscription) -> Inscription:
        key = Key(OTHER, one.key.institution, one.key.quality, one.key.phase)
        return Inscription(key, one.period)

    standing = apply(frozenset(), inscriptions.register([], ours))
    standing = apply(standing, inscriptions.register(standing, map(renamed, theirs)))
    after = apply(standing, inscriptions.replace(standing, KEYS[0].ssin, OTHER))
    assert {one.key.ssin for one in after} <= {OTHER}
    assert days_of(after) == days_of(map(renamed, [*ours, *theirs]))
