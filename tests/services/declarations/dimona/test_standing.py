"""What stands of a worker is the last that was put under each number."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from mesh.periods import Period
from services.declarations.dimona.domain import DimonaPeriod
from services.declarations.dimona.standing import Periods

WORKERS = ("84031721194", "91041241894")
DAYS = Period(date(2026, 1, 1), date(2026, 2, 1))


@st.composite
def periods(draw: st.DrawFn) -> DimonaPeriod:
    id_, ssin = draw(st.sampled_from("1234")), draw(st.sampled_from(WORKERS))
    return DimonaPeriod(id_, ssin, "0", "0", draw(st.sampled_from(("OTH", "STU"))), "XXX", DAYS)


@given(st.lists(periods()), st.lists(periods()))
def test_the_last_put_under_a_number_stands(
    read: list[DimonaPeriod], put: list[DimonaPeriod]
) -> None:
    standing = Periods(read)
    for period in put:
        standing.put(period)
    last = {period.id: period for period in [*read, *put]}
    assert {id_: standing.get(id_) for id_ in "1234"} == {id_: last.get(id_) for id_ in "1234"}
    for ssins in ([], WORKERS[:1], WORKERS[1:], WORKERS, [*WORKERS, ""]):
        of = standing.of(ssins)
        wanted = [period for period in last.values() if period.ssin in ssins]
        assert len(of) == len(wanted)
        assert {period.id: period for period in of} == {period.id: period for period in wanted}
