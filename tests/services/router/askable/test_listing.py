"""What is listed as askable is what may be asked, and what was not asked in time is found."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import grpc
import pytest
from crossroads.ledger.v1 import ledger_pb2
from crossroads.repertory.v1 import repertory_pb2
from crossroads.router.v1 import decision_pb2, exchange_pb2
from crossroads.types.v1 import types_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from console.authority import Authority
from console.postgres import Postgres
from mesh import clock
from mesh.institutions import Institution
from mesh.periods import Period
from services.router import decision
from services.router.askable import listing
from services.router.askable.domain import Askable, Asked
from services.router.domain import Person, Policy, Question, Use, Verdict
from tests import bank as banks
from tests import opening
from tests.bank import AUDITOR, Bank, strangers
from tests.services.router import worlds

CENTRE = "institution/17/1"
PERIOD = types_pb2.Period(begin="2026-11-01", end="2026-12-01")
LISTED = datetime(2026, 1, 1, tzinfo=UTC)
ONE = Askable("T", Institution(17, 1), "00010100105", "living_wage_enquiry", "pension", LISTED)
SSINS = strangers()


@settings(deadline=None)
@given(
    worlds.policy(),
    worlds.person(),
    worlds.period(),
    st.sampled_from(worlds.INSTITUTIONS),
    st.sampled_from(worlds.PURPOSES),
    st.sampled_from(worlds.QUALITIES),
    st.sampled_from(worlds.EVERY_DAY),
)
def test_nothing_that_may_be_asked_is_left_out_of_the_list(
    policy: Policy,
    person: Person,
    period: Period,
    asker: Institution,
    purpose: str,
    quality: int,
    on: date,
) -> None:
    listed = listing.sorts(policy, asker, purpose)
    question = Question(asker, worlds.SORTS, period, Use.CONSULTATION, quality, purpose)
    for part in decision.decide(question, policy, person, on).data_sorts:
        assert part.data_sort in listed or part.verdict is Verdict.REFUSED
    assert list(listed) == sorted(set(listed) & set(policy.availabilities))


@pytest.mark.parametrize(
    ("purpose", "sort", "after_days", "counts"),
    [
        ("living_wage_enquiry", "pension", 0, True),
        ("living_wage_enquiry", "pension", 29, True),
        ("living_wage_enquiry", "pension", 30, False),
        ("living_wage_enquiry", "pension", -1, False),
        ("living_wage_enquiry", "income", 1, False),
        ("debt_mediation", "pension", 1, False),
    ],
)
def test_asked_is_what_was_asked_for_that_purpose_in_that_time(
    purpose: str, sort: str, after_days: int, counts: bool
) -> None:
    asked = Asked(purpose, frozenset({sort, "other"}), LISTED + timedelta(days=after_days))
    assert listing.is_asked(ONE, [asked], timedelta(days=30)) is counts


@pytest.fixture(scope="module")
async def bank(
    postgres: Postgres, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bank]:
    async with opening.serving(postgres, authority, tmp_path_factory.mktemp("bank")) as bank:
        await bank.answers_for("0/0", "5/0")
        yield bank


async def known(bank: Bank) -> str:
    """A person whose enquiry runs, in the register and with a pension."""
    ssin = next(SSINS)
    for sector, number, quality in ((17, 1, 1), (0, 0, 0), (5, 0, 30)):
        await bank.repertory(f"institution/{sector}/{number}").Register(
            repertory_pb2.RegisterRequest(
                request_id=f"{sector}-{number}-{ssin}",
                inscriptions=[
                    repertory_pb2.Inscription(
                        ssin=ssin,
                        institution=types_pb2.Institution(sector=sector, number=number),
                        quality=quality,
                        period=PERIOD,
                    )
                ],
            )
        )
    return ssin


async def listed(bank: Bank, ssin: str) -> exchange_pb2.ListAskableResponse:
    answer: exchange_pb2.ListAskableResponse = await bank.exchange(CENTRE).ListAskable(
        exchange_pb2.ListAskableRequest(
            ssin=ssin, quality=1, period=PERIOD, purpose="living_wage_enquiry"
        )
    )
    return answer


async def consult(bank: Bank, ssin: str, *sorts: str) -> exchange_pb2.ConsultResponse:
    answer: exchange_pb2.ConsultResponse = await bank.exchange(CENTRE).Consult(
        exchange_pb2.ConsultRequest(
            ssin=ssin, data_sorts=sorts, quality=1, period=PERIOD, purpose="living_wage_enquiry"
        )
    )
    return answer


async def test_what_is_listed_is_what_consult_gives(bank: Bank) -> None:
    ssin = await known(bank)
    told = await listed(bank, ssin)
    assert set(told.data_sorts) >= {"household_composition", "pension"}
    every = [part.data_sort for part in told.decision.data_sorts]
    assert "unemployment" in set(every) - set(told.data_sorts)
    given_of: set[str] = set()
    parts: list[decision_pb2.DataSortDecision] = []
    for start in range(0, len(every), 20):
        answer = await consult(bank, ssin, *every[start : start + 20])
        parts += answer.decision.data_sorts
        given_of |= {one.data_sort for one in answer.answers}
    assert parts == list(told.decision.data_sorts)
    assert given_of == set(told.data_sorts)
    (entry,) = await banks.entries(bank, told.ticket)
    assert entry.kind == ledger_pb2.ENTRY_KIND_EXPLANATION


async def test_for_a_purpose_without_deliberation_nobody_is_looked_up(bank: Bank) -> None:
    looked_up = bank.lookups.looked_up
    answer = await bank.exchange("institution/39/0").ListAskable(
        exchange_pb2.ListAskableRequest(
            ssin=await known(bank), quality=0, period=PERIOD, purpose="living_wage_enquiry"
        )
    )
    assert not answer.data_sorts
    assert not answer.decision.data_sorts
    assert bank.lookups.looked_up == looked_up
    assert len(await banks.entries(bank, answer.ticket)) == 1


async def test_what_was_told_and_not_asked_in_time_is_found(bank: Bank) -> None:
    ssin = await known(bank)
    told = await listed(bank, ssin)
    await consult(bank, ssin, "pension")
    everything = exchange_pb2.ListUnaskedRequest(page_size=1000)
    later = clock.now() + timedelta(days=31)
    found = await bank.askables.unasked(everything, later)
    mine = {one.data_sort for one in found.unasked if one.ticket == told.ticket}
    assert mine == set(told.data_sorts) - {"pension"}
    assert {one.ssin for one in found.unasked if one.ticket == told.ticket} == {ssin}
    too_soon = await bank.askables.unasked(everything, later - timedelta(days=2))
    assert told.ticket not in {one.ticket for one in too_soon.unasked}


@pytest.mark.parametrize("told_under_the_old", [True, False])
async def test_what_was_asked_under_another_number_of_the_person_was_asked(
    bank: Bank, told_under_the_old: bool
) -> None:
    old, new, between = await known(bank), next(SSINS), next(SSINS)
    if told_under_the_old:
        told = await listed(bank, old)
    for before, after in ((old, between), (between, new)):
        await bank.repertory("institution/0/0").ReplacePerson(
            repertory_pb2.ReplacePersonRequest(
                request_id=f"replaced-{before}", old_ssin=before, new_ssin=after
            )
        )
    if told_under_the_old:
        await consult(bank, between, "pension")
    else:
        told = await listed(bank, new)
        await consult(bank, old, "pension")
    everything = exchange_pb2.ListUnaskedRequest(page_size=1000)
    found = await bank.askables.unasked(everything, clock.now() + timedelta(days=31))
    mine = {one.data_sort for one in found.unasked if one.ticket == told.ticket}
    assert mine == set(told.data_sorts) - {"pension"}


async def test_pages_give_what_the_whole_gives(bank: Bank) -> None:
    for _ in range(3):
        await listed(bank, await known(bank))
    later = clock.now() + timedelta(days=31)
    whole = await bank.askables.unasked(exchange_pb2.ListUnaskedRequest(page_size=1000), later)
    request, paged = exchange_pb2.ListUnaskedRequest(page_size=2), list[exchange_pb2.Unasked]()
    while True:
        page = await bank.askables.unasked(request, later)
        paged += page.unasked
        if not page.next_page_token:
            break
        assert not any(one.ssin in page.next_page_token for one in page.unasked)
        request.page_token = page.next_page_token
    assert paged == list(whole.unasked)


async def test_only_an_auditor_sees_what_was_not_asked(bank: Bank) -> None:
    request = exchange_pb2.ListUnaskedRequest()
    await bank.exchange(AUDITOR).ListUnasked(request)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await bank.exchange(CENTRE).ListUnasked(request)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
