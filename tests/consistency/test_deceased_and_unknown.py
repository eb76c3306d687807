"""Who died and who was never known: told where the person may be known of, and nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from itertools import count

import pytest
from crossroads.repertory.v1 import repertory_pb2
from crossroads.router.v1 import decision_pb2, exchange_pb2
from crossroads.types.v1 import types_pb2

from console.authority import Authority
from console.postgres import Postgres
from services.router import policy_wire, replay
from tests import bank as banks
from tests import opening
from tests.bank import AUDITOR, Bank, strangers

REGISTER, CENTRE, INSPECTION, ENERGY = (
    "institution/0/0",
    "institution/17/1",
    "institution/70/0",
    "institution/39/0",
)
PERIOD = types_pb2.Period(begin="2026-11-01", end="2026-12-01")
DAY = "2026-10-30"
SSINS, NUMBERS = strangers(), count(1)
Question = exchange_pb2.ConsultRequest
Answer = exchange_pb2.ConsultResponse


@pytest.fixture(scope="module")
async def bank(
    postgres: Postgres, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bank]:
    async with opening.serving(postgres, authority, tmp_path_factory.mktemp("bank")) as serving:
        await serving.answers_for("0/0", "17/1")
        yield serving


async def known(bank: Bank, *places: tuple[int, int, int], died: str = "") -> str:
    """A person known in some places, each a sector, a number and a quality."""
    ssin = next(SSINS)
    for sector, number, quality in places:
        line = repertory_pb2.Inscription(
            ssin=ssin,
            institution=types_pb2.Institution(sector=sector, number=number),
            quality=quality,
            period=types_pb2.Period(begin="2020-01-01"),
        )
        await bank.repertory(f"institution/{sector}/{number}").Register(
            repertory_pb2.RegisterRequest(
                request_id=f"deceased-{next(NUMBERS)}", inscriptions=[line]
            )
        )
    if died:
        await report(bank, ssin, died)
    return ssin


async def report(bank: Bank, ssin: str, day: str) -> str:
    """Returns the freshness of the report."""
    reported = await bank.repertory(REGISTER).ReportDecease(
        repertory_pb2.ReportDeceaseRequest(
            request_id=f"decease-{next(NUMBERS)}", ssin=ssin, day=day
        )
    )
    return reported.freshness


def enquiry(ssin: str, *more: str, freshness: str = "") -> Question:
    return Question(
        ssin=ssin,
        data_sorts=["household_composition", *more],
        quality=1,
        purpose="living_wage_enquiry",
        period=PERIOD,
        freshness=freshness,
        reference="r",
    )


def inspection(ssin: str) -> Question:
    return Question(
        ssin=ssin,
        data_sorts=["living_wage"],
        purpose="social_tariff_control",
        period=PERIOD,
        reference="r",
    )


def tariff(ssin: str) -> Question:
    return Question(
        ssin=ssin, data_sorts=["living_wage"], purpose="social_tariff", period=PERIOD, reference="r"
    )


async def every_way(bank: Bank, caller: str, asked: Question) -> list[Answer]:
    exchange = bank.exchange(caller)
    batch = exchange_pb2.BatchConsultRequest(consultations=[asked])
    one = exchange_pb2.ConsultStreamRequest(consultation=asked)
    question = exchange_pb2.LotQuestion(
        data_sorts=asked.data_sorts,
        quality=asked.quality,
        purpose=asked.purpose,
        period=asked.period,
    )
    opened = exchange_pb2.LotOpening(request_id=f"lot-{next(NUMBERS)}-dead", question=question)
    lot = await exchange.SubmitLot(
        iter(
            [
                exchange_pb2.SubmitLotRequest(opening=opened),
                exchange_pb2.SubmitLotRequest(persons=exchange_pb2.LotPersons(ssins=[asked.ssin])),
            ]
        )
    )
    while await bank.lots.work():
        pass
    replies = await exchange.ListLotReplies(
        exchange_pb2.ListLotRepliesRequest(ticket=lot.lot.ticket)
    )
    return [
        await exchange.Consult(asked),
        *(await exchange.BatchConsult(batch)).consultations,
        *[answer.consultation async for answer in exchange.ConsultStream(iter([one]))],
        *(reply.consultation for reply in replies.replies),
    ]


def reasons(answer: Answer) -> list[str]:
    return [
        decision_pb2.RefusalReason.Name(part.reason).removeprefix("REFUSAL_REASON_")
        for part in answer.decision.data_sorts
        if part.reason
    ]


def bare(answer: Answer) -> Answer:
    answer.ticket = answer.decision.repertory_position = ""
    return answer


async def test_whoever_may_be_given_something_learns_that_she_died(bank: Bank) -> None:
    ssin = await known(bank, (17, 1, 1), (0, 0, 0), died=DAY)
    answers = await every_way(bank, CENTRE, enquiry(ssin, "never_heard_of"))
    assert [answer.deceased_on for answer in answers] == [DAY] * 4
    corrected = await report(bank, ssin, "2026-10-29")
    answer = await bank.exchange(CENTRE).Consult(enquiry(ssin, freshness=corrected))
    assert answer.deceased_on == "2026-10-29"
    withdrawn = await bank.repertory(REGISTER).WithdrawDecease(
        repertory_pb2.WithdrawDeceaseRequest(request_id=f"withdraw-{next(NUMBERS)}", ssin=ssin)
    )
    answer = await bank.exchange(CENTRE).Consult(enquiry(ssin, freshness=withdrawn.freshness))
    assert (answer.deceased_on, reasons(answer)) == ("", [])


@pytest.mark.parametrize(
    ("caller", "ask", "reason"),
    [
        (CENTRE, enquiry, "SUBJECT_NOT_INTEGRATED"),
        (ENERGY, tariff, "NOT_AUTHORISED"),
    ],
)
async def test_all_others_get_one_answer_on_the_living_the_dead_and_the_unknown(
    bank: Bank, caller: str, ask: Callable[[str], Question], reason: str
) -> None:
    living = await known(bank, (0, 0, 0), (17, 3, 2))
    dead = await known(bank, (0, 0, 0), (17, 3, 2), died=DAY)
    only_dead = await known(bank, died=DAY)
    answers = []
    for ssin in (living, dead, only_dead, next(SSINS)):
        found = await every_way(bank, caller, ask(ssin))
        assert [reasons(answer) for answer in found] == [[reason]] * 4
        answers.append([bare(answer) for answer in found])
    assert all(found == answers[0] for found in answers)


async def test_a_person_never_heard_of_is_unknown_where_the_whole_population_is_given(
    bank: Bank,
) -> None:
    elsewhere, dead, unknown = (
        await known(bank, (0, 0, 0)),
        await known(bank, died=DAY),
        next(SSINS),
    )
    for ssin, reason in (
        (elsewhere, "NO_HOLDER"),
        (dead, "NO_HOLDER"),
        (unknown, "UNKNOWN_PERSON"),
    ):
        answers = await every_way(bank, INSPECTION, inspection(ssin))
        assert [reasons(answer) for answer in answers] == [[reason]] * 4
        assert [answer.deceased_on for answer in answers] == [""] * 4
    explained = await bank.exchange(INSPECTION).Explain(
        exchange_pb2.ExplainRequest(consultation=inspection(unknown))
    )
    assert explained.decision.data_sorts[0].reason == decision_pb2.REFUSAL_REASON_UNKNOWN_PERSON


async def test_that_she_was_unknown_then_is_found_again_when_she_no_longer_is(bank: Bank) -> None:
    ssin = next(SSINS)
    asked = await bank.exchange(INSPECTION).Consult(inspection(ssin))
    await report(bank, ssin, DAY)
    now = await bank.exchange(INSPECTION).Consult(inspection(ssin))
    assert (reasons(asked), reasons(now)) == (["UNKNOWN_PERSON"], ["NO_HOLDER"])
    for answer in (asked, now):
        (entry,) = await banks.entries(bank, answer.ticket)
        one = replay.past(entry)
        auditor = bank.repertory(AUDITOR)
        policy = await auditor.GetPolicy(repertory_pb2.GetPolicyRequest(revision=one.revision))
        found = await auditor.BatchLookup(
            repertory_pb2.BatchLookupRequest(ssins=[ssin], position=one.position)
        )
        person = policy_wire.person(found.persons[0], found.position)
        assert replay.differences(one, policy_wire.policy(policy), person) == ()
