"""Who may not have an answer cannot tell, by answer, by work done or by time, whether a person is.

The proof is in what is done: nothing is looked up before a question is authorised. The clock
only confirms it, against what one lookup costs on the machine that runs the test.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from itertools import cycle
from statistics import median

import pytest
from crossroads.ledger.v1 import ledger_pb2
from crossroads.repertory.v1 import repertory_pb2
from crossroads.router.v1 import decision_pb2, exchange_pb2, exchange_pb2_grpc
from crossroads.types.v1 import types_pb2

from console.authority import Authority
from console.postgres import Postgres
from tests import bank as banks
from tests import opening
from tests.bank import Bank, strangers

SUPPLIER, CENTRE = "39/0", "17/1"
PERIOD = types_pb2.Period(begin="2026-11-01", end="2026-12-01")
KNOWN_AT = (("39/0", 0), ("17/3", 2), ("0/0", 0), ("12/0", 30))
SSINS = strangers()
EACH_ROUND = 60
ROUNDS = 15
Question = exchange_pb2.ConsultRequest
Ask = Callable[[Bank, str], "asyncio.Future[object]"]


@pytest.fixture(scope="module")
async def bank(
    postgres: Postgres, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bank]:
    async with opening.serving(postgres, authority, tmp_path_factory.mktemp("bank")) as serving:
        yield serving


@pytest.fixture(scope="module")
async def known(bank: Bank) -> str:
    """A person known in many places, but not integrated at 17/1."""
    ssin = next(SSINS)
    for place, quality in KNOWN_AT:
        sector, number = map(int, place.split("/"))
        line = repertory_pb2.Inscription(
            ssin=ssin,
            institution=types_pb2.Institution(sector=sector, number=number),
            quality=quality,
            period=types_pb2.Period(begin="2020-01-01"),
        )
        await bank.repertory(f"institution/{place}").Register(
            repertory_pb2.RegisterRequest(request_id=f"{ssin}-{place}", inscriptions=[line])
        )
    return ssin


def unauthorised(ssin: str) -> Question:
    return Question(
        ssin=ssin,
        data_sorts=["living_wage", "household_composition"],
        quality=0,
        purpose="social_tariff",
        period=PERIOD,
        reference="r",
    )


def not_integrated(ssin: str) -> Question:
    return Question(
        ssin=ssin,
        data_sorts=["household_composition"],
        quality=1,
        purpose="living_wage_enquiry",
        period=PERIOD,
        reference="r",
    )


def exchange(bank: Bank, asker: str = SUPPLIER) -> exchange_pb2_grpc.ExchangeStub:
    return bank.exchange(f"institution/{asker}")


async def consult(bank: Bank, ssin: str) -> object:
    return bare(await exchange(bank).Consult(unauthorised(ssin)))


async def explain(bank: Bank, ssin: str) -> object:
    return bare(
        await exchange(bank).Explain(exchange_pb2.ExplainRequest(consultation=unauthorised(ssin)))
    )


async def batch(bank: Bank, ssin: str) -> object:
    request = exchange_pb2.BatchConsultRequest(consultations=[unauthorised(ssin)])
    (answer,) = (await exchange(bank).BatchConsult(request)).consultations
    return bare(answer)


async def stream(bank: Bank, ssin: str) -> object:
    one = exchange_pb2.ConsultStreamRequest(consultation=unauthorised(ssin))
    (answer,) = [a async for a in exchange(bank).ConsultStream(iter([one]))]
    return bare(answer.consultation)


async def askable(bank: Bank, ssin: str) -> object:
    return bare(
        await exchange(bank).ListAskable(
            exchange_pb2.ListAskableRequest(
                ssin=ssin, quality=0, purpose="living_wage_enquiry", period=PERIOD
            )
        )
    )


async def lot(bank: Bank, ssin: str) -> object:
    one = unauthorised(ssin)
    question = exchange_pb2.LotQuestion(
        data_sorts=one.data_sorts, quality=one.quality, purpose=one.purpose, period=one.period
    )
    parts = [
        exchange_pb2.SubmitLotRequest(
            opening=exchange_pb2.LotOpening(request_id=f"lot-{ssin}", question=question)
        ),
        exchange_pb2.SubmitLotRequest(persons=exchange_pb2.LotPersons(ssins=[ssin])),
    ]
    ticket = (await exchange(bank).SubmitLot(iter(parts))).lot.ticket
    while await bank.lots.work():
        pass
    request = exchange_pb2.ListLotRepliesRequest(ticket=ticket)
    (reply,) = (await exchange(bank).ListLotReplies(request)).replies
    return bare(reply.consultation)


def bare(answer: object) -> object:
    answer.ticket = ""  # type: ignore[attr-defined]
    return answer


@pytest.mark.parametrize("ask", [consult, explain, batch, stream, askable, lot])
async def test_for_the_unauthorised_nothing_is_looked_up_and_all_answers_are_one(
    bank: Bank, known: str, ask: Ask
) -> None:
    looked_up, asked = bank.lookups.looked_up, len(bank.holder.asked)
    on_the_known, on_the_unknown = await ask(bank, known), await ask(bank, next(SSINS))
    assert on_the_known == on_the_unknown
    assert (bank.lookups.looked_up, len(bank.holder.asked)) == (looked_up, asked)


async def test_what_the_ledger_is_told_has_the_same_form(bank: Bank, known: str) -> None:
    """Writing it is the one thing that is done, and takes the same bytes."""
    forms: list[tuple[int, ledger_pb2.Entry]] = []
    for ssin in (known, next(SSINS)):
        answer = await exchange(bank).Consult(unauthorised(ssin))
        (entry,) = await banks.entries(bank, answer.ticket)
        size = entry.ByteSize()
        entry.ssin = entry.ticket = entry.entry_id = entry.occurred_at = ""
        entry.content = b""
        forms.append((size, entry))
    assert forms[0] == forms[1]


async def test_who_has_not_integrated_a_person_cannot_tell_whether_others_have(
    bank: Bank, known: str
) -> None:
    answers = []
    for ssin in (known, next(SSINS)):
        looked_up, asked = bank.lookups.looked_up, len(bank.holder.asked)
        answer = await exchange(bank, CENTRE).Consult(not_integrated(ssin))
        (part,) = answer.decision.data_sorts
        assert part.reason == decision_pb2.REFUSAL_REASON_SUBJECT_NOT_INTEGRATED
        assert (bank.lookups.looked_up, len(bank.holder.asked)) == (looked_up + 1, asked)
        answers.append(bare(answer))
    assert answers[0] == answers[1]


async def test_the_answer_takes_as_long_whether_or_not_the_person_is_known(
    bank: Bank, known: str
) -> None:
    """The difference is far less than one lookup, which is what finding out would take.

    Measured in turns, in rounds, until the medians are plain; where the answer did depend on a
    lookup, no round would show so small a difference.
    """
    unknown, kinds = next(SSINS), ("known", "unknown", "looked up")
    took: dict[str, list[float]] = {kind: [] for kind in kinds}
    turn = cycle([kinds, kinds[::-1], ("looked up", "known", "unknown")])

    async def ask(kind: str) -> None:
        started = time.perf_counter()
        if kind == "looked up":
            await exchange(bank, CENTRE).Consult(not_integrated(unknown))
        else:
            await exchange(bank).Consult(unauthorised(known if kind == "known" else unknown))
        took[kind].append(time.perf_counter() - started)

    ratios = []
    for _ in range(ROUNDS):
        for _ in range(EACH_ROUND):
            for kind in next(turn):
                await ask(kind)
        middle = {kind: median(times) for kind, times in took.items()}
        lookup = middle["looked up"] - max(middle["known"], middle["unknown"])
        difference = abs(middle["known"] - middle["unknown"])
        ratios.append(difference / lookup if lookup > 0 else float("inf"))
        if ratios[-1] < 1 / 4:
            return
    pytest.fail(f"the difference against a lookup stayed large: {ratios}")
