"""The personnel file: whose, over which period, cancelled ones too, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import grpc
import pytest
from crossroads.declarations.v1 import personnel_pb2
from crossroads.forms.v1 import personnel_file_pb2
from crossroads.types.v1 import types_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import call, clock, elements, identification, identity
from mesh.identity import Caller
from mesh.periods import Period
from mesh.refusals import Refusal
from services.declarations.dimona.domain import DimonaPeriod
from services.declarations.dimona.store import Store
from services.declarations.personnel.servicer import Servicer

BREWERY, BREWERY_NSSO, BAKERY_NSSO = "0400000185", "123456749", "123456846"
LINA = "91041241894"
FIRST = date(2026, 1, 1)


@pytest.fixture(autouse=True)
def brewery() -> Iterator[None]:
    token = call.CALLER.set(Caller(identity.parse(f"employer/{BREWERY}")))
    yield
    call.CALLER.reset(token)


def period(number: int, days: Period, *, cancelled: bool = False) -> DimonaPeriod:
    return DimonaPeriod(
        id=identification.dimona_period(number),
        ssin=LINA,
        employer=BREWERY,
        nsso_number=BREWERY_NSSO,
        worker_type="OTH",
        joint_commission="XXX",
        days=days,
        cancelled=cancelled,
    )


async def put(engine: AsyncEngine, *several: DimonaPeriod) -> None:
    async with engine.begin() as connection:
        for one in several:
            await Store(connection).put(one, "T" * 15, clock.now())


def asked(begin: str = "", end: str = "", **employer: str) -> personnel_pb2.GetPersonnelFileRequest:
    request = personnel_pb2.GetPersonnelFileRequest(
        employer_id=personnel_file_pb2.PersonnelFileEmployerId(**employer)
    )
    if begin:
        request.period.CopyFrom(types_pb2.Period(begin=begin, end=end))
    return request


async def test_a_file_tells_periods_in_the_uniform_elements(engine: AsyncEngine) -> None:
    await put(
        engine,
        period(1, Period(FIRST, date(2026, 3, 1))),
        period(2, Period(date(2026, 3, 1), date.max), cancelled=True),
    )
    answer = await Servicer(engine).GetPersonnelFile(asked(company_id=BREWERY), None)
    closed, cancelled = answer.periods
    assert (closed.starting_date, closed.ending_date) == ("2026-01-01", "2026-02-28")
    assert (cancelled.is_cancelled, cancelled.ending_date) == ("1", "")
    assert closed.natural_person.inss == LINA
    assert (answer.enterprise_number, answer.nsso_number) == (BREWERY, BREWERY_NSSO)
    assert [found for one in answer.periods for found in elements.anomalies(one)] == []


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(1, 5)), max_size=6),
    st.integers(0, 20),
    st.integers(1, 5),
)
async def test_a_file_has_the_periods_that_meet_what_is_asked_and_no_others(
    engine: AsyncEngine, days: list[tuple[int, int]], begin: int, length: int
) -> None:
    known = [
        period(number, Period(FIRST + timedelta(first), FIRST + timedelta(first + last)))
        for number, (first, last) in enumerate(days, 1)
    ]
    async with engine.begin() as connection:
        await connection.exec_driver_sql("DELETE FROM dimona_periods")
    await put(engine, *known)
    met = Period(FIRST + timedelta(begin), FIRST + timedelta(begin + length))
    request, found = asked(str(met.begin), str(met.end)), list[str]()
    request.page_size = 2
    while True:
        page = await Servicer(engine).GetPersonnelFile(request, None)
        found += [one.dimona_period_id for one in page.periods]
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break
    assert found == sorted(one.id for one in known if one.days.overlaps(met))


@pytest.mark.parametrize(
    "named",
    [
        {"company_id": "0400000284"},
        {"noss_registration_nbr": BAKERY_NSSO},
        {"noss_registration_nbr": "123457040"},
    ],
)
async def test_the_file_of_another_is_not_given(engine: AsyncEngine, named: dict[str, str]) -> None:
    with pytest.raises(Refusal, match="NOT_THE_EMPLOYER") as refused:
        await Servicer(engine).GetPersonnelFile(asked(**named), None)
    assert refused.value.code is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize(
    "request_",
    [
        asked("2026-02-30", "2026-03-01"),
        asked("2026-03-01", "2026-02-01"),
        personnel_pb2.GetPersonnelFileRequest(page_token="1"),
    ],
)
async def test_a_malformed_question_is_refused(
    engine: AsyncEngine, request_: personnel_pb2.GetPersonnelFileRequest
) -> None:
    with pytest.raises(Refusal, match="MALFORMED_REQUEST"):
        await Servicer(engine).GetPersonnelFile(request_, None)
