"""Lots and streams over the wire: a real door and database; only what is outside is played."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import pytest
from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import decision_pb2, exchange_pb2, exchange_pb2_grpc, supplier_pb2
from crossroads.types.v1 import types_pb2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncEngine

from console.authority import Authority
from mesh import refusals
from mesh.channels import Channels
from mesh.coalescing import Coalescer
from mesh.institutions import Institution
from mesh.notes import Signer
from mesh.periods import ALWAYS
from mesh.server import Server
from mesh.settings import Settings
from services.router import holder
from services.router.admission import Admission
from services.router.askable.following import Askables
from services.router.askable.store import AskableStore
from services.router.consultation import Consultations
from services.router.domain import (
    Authorization,
    Availability,
    Inscription,
    InstitutionRecord,
    Person,
    Policy,
    Use,
)
from services.router.lots import reception
from services.router.lots.reception import Reception
from services.router.lots.store import LotStore
from services.router.lots.worker import LotWork
from services.router.publication import Publications
from services.router.quota_store import QuotaStore
from services.router.receipt import ORIGIN
from services.router.servicer import ExchangeServicer
from services.router.store import Store
from tests.services.router.lots.conftest import Follower

CENTRE, REGISTER = Institution(17, 1), Institution(0, 0)
LINA, NOOR, STRANGER = "91041241894", "15092325643", "84031721194"
PERIOD = types_pb2.Period(begin="2026-01-01", end="2026-02-01")


def policy() -> Policy:
    records = tuple(
        InstitutionRecord(i, str(i), frozenset({f"institution/{i}"}), "there", "x", ALWAYS)
        for i in (CENTRE, REGISTER)
    )
    allowed = Authorization(
        "A/1",
        "18/001",
        "article 15",
        CENTRE,
        frozenset({"household_composition"}),
        "living_wage_enquiry",
        frozenset({Use.CONSULTATION}),
        blocking=True,
    )
    held = Availability("household_composition", "x", REGISTER)
    return Policy.of(1, records, (held,), (allowed,))


@dataclass
class Outside:
    """Repertory, ledger and holder as the router sees them."""

    written: list[ledger_pb2.Entry] = field(default_factory=list)
    ledger_is_away: bool = False

    def __post_init__(self) -> None:
        self.append: Coalescer[Sequence[ledger_pb2.Entry], None] = Coalescer(
            self._append, name="ledger"
        )

    async def person(self, ssin: str, freshness: str = "") -> Person:
        known = (CENTRE, REGISTER) if ssin != STRANGER else (REGISTER,)
        return Person(tuple(Inscription(i, 1, ALWAYS) for i in known), "7")

    async def persons(self, ssins: list[str]) -> dict[str, Person]:
        return {ssin: await self.person(ssin) for ssin in ssins}

    def ask(
        self, record: InstitutionRecord, question: supplier_pb2.Question
    ) -> asyncio.Future[supplier_pb2.Answer]:
        return holder.ready(supplier_pb2.Answer(status=exchange_pb2.ANSWER_STATUS_NO_DATA))

    def ask_together(
        self, record: InstitutionRecord, questions: Sequence[supplier_pb2.Question]
    ) -> asyncio.Future[Sequence[supplier_pb2.Answer]]:
        nothing = supplier_pb2.Answer(status=exchange_pb2.ANSWER_STATUS_NO_DATA)
        return holder.ready([nothing] * len(questions))

    async def _append(self, groups: list[Sequence[ledger_pb2.Entry]]) -> Sequence[None]:
        if self.ledger_is_away:
            raise refusals.Refusal(grpc.StatusCode.UNAVAILABLE, "LEDGER_UNAVAILABLE")
        self.written += [entry for group in groups for entry in group]
        return [None] * len(groups)


@dataclass
class Router:
    """A serving router and who works on its lots; `stub` asks it as somebody."""

    address: str
    work: LotWork
    outside: Outside
    authority: Authority
    folder: Path
    opened: list[Channels] = field(default_factory=list)

    def stub(self, institution: str = "17/1") -> exchange_pb2_grpc.ExchangeStub:
        tls = self.authority.issue(f"institution/{institution}")
        self.opened.append(Channels(Settings(name="test", tls=tls, state=self.folder)))
        return exchange_pb2_grpc.ExchangeStub(self.opened[-1].open(self.address, "router"))


@pytest.fixture
async def router(
    engine: AsyncEngine, authority: Authority, tmp_path: Path
) -> AsyncIterator[Router]:
    outside, follower, lots = Outside(), Follower(policy()), LotStore(engine)
    consultations = Consultations(follower, outside, outside, outside)  # type: ignore[arg-type]
    admission = Admission(follower, QuotaStore(engine))  # type: ignore[arg-type]
    tls = authority.issue("service/router", names=("router",))
    server = Server(Settings(name="router", tls=tls, state=tmp_path))
    server.mount(
        exchange_pb2_grpc.add_ExchangeServicer_to_server,
        ExchangeServicer(
            consultations,
            Publications(Store(engine)),
            Reception(lots),
            follower,  # type: ignore[arg-type]
            admission,
            Askables(AskableStore(engine), outside, outside),  # type: ignore[arg-type]
            Signer(ORIGIN, Ed25519PrivateKey.generate()),
        ),
    )
    address = f"127.0.0.1:{await server.start()}"
    work = LotWork(lots, follower, admission.before(consultations.consult))  # type: ignore[arg-type]
    made = Router(address, work, outside, authority, tmp_path)
    yield made
    for channels in made.opened:
        await channels.close()
    await server.stop()
    await consultations.outcomes.drain()


def question() -> exchange_pb2.LotQuestion:
    return exchange_pb2.LotQuestion(
        data_sorts=["household_composition", "income"],
        quality=1,
        period=PERIOD,
        purpose="living_wage_enquiry",
        reference="mine",
    )


def opening(begin: str = "2026-01-01") -> exchange_pb2.SubmitLotRequest:
    asked = question()
    asked.period.begin = begin
    return exchange_pb2.SubmitLotRequest(
        opening=exchange_pb2.LotOpening(request_id="request-1", question=asked)
    )


def persons(*ssins: str) -> exchange_pb2.SubmitLotRequest:
    return exchange_pb2.SubmitLotRequest(persons=exchange_pb2.LotPersons(ssins=ssins))


def consultation(ssin: str, reference: str = "mine") -> exchange_pb2.ConsultRequest:
    one = question()
    return exchange_pb2.ConsultRequest(
        ssin=ssin,
        data_sorts=one.data_sorts,
        quality=one.quality,
        period=one.period,
        purpose=one.purpose,
        reference=reference,
    )


async def test_the_replies_of_a_lot_are_what_consult_answers(router: Router) -> None:
    stub = router.stub()
    taken = await stub.SubmitLot(iter([opening(), persons(LINA, STRANGER), persons(NOOR, LINA)]))
    assert (taken.lot.persons, taken.lot.state) == (3, exchange_pb2.LOT_STATE_RUNNING)
    assert taken.lot.question == question()
    while await router.work.work():
        pass
    lot = (await stub.GetLot(exchange_pb2.GetLotRequest(ticket=taken.lot.ticket))).lot
    assert lot.state == exchange_pb2.LOT_STATE_DONE
    assert (lot.answered, lot.refused, lot.failed) == (3, 1, 0)
    page = await stub.ListLotReplies(exchange_pb2.ListLotRepliesRequest(ticket=lot.ticket))
    assert page.next_page_token == ""
    assert {reply.ssin for reply in page.replies} == {LINA, NOOR, STRANGER}
    for reply in page.replies:
        alone = await stub.Consult(consultation(reply.ssin))
        assert alone.ticket != reply.consultation.ticket
        alone.ticket = reply.consultation.ticket
        assert alone == reply.consultation
    decided = {e.ticket for e in router.outside.written if e.entry_id.endswith("/decision")}
    assert {reply.consultation.ticket for reply in page.replies} <= decided


async def test_replies_come_in_pages_also_while_the_lot_is_under_way(router: Router) -> None:
    stub = router.stub()
    lot = (await stub.SubmitLot(iter([opening(), persons(LINA, NOOR, STRANGER)]))).lot
    ask = exchange_pb2.ListLotRepliesRequest(ticket=lot.ticket, page_size=2)
    early = await stub.ListLotReplies(ask)
    assert (list(early.replies), early.next_page_token) == ([], "0")
    await router.work.work()
    ask.page_token = early.next_page_token
    first = await stub.ListLotReplies(ask)
    ask.page_token = first.next_page_token
    second = await stub.ListLotReplies(ask)
    assert [len(first.replies), len(second.replies)] == [2, 1]
    assert second.next_page_token == ""


async def test_the_same_request_gives_the_same_lot_and_another_is_refused(router: Router) -> None:
    stub = router.stub()
    first = await stub.SubmitLot(iter([opening(), persons(LINA, NOOR)]))
    again = await stub.SubmitLot(iter([opening(), persons(LINA), persons(NOOR)]))
    assert again.lot.ticket == first.lot.ticket
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.SubmitLot(iter([opening(), persons(LINA)]))
    assert refusals.of_error(refused.value).reason == "REQUEST_ID_REUSED"


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([], "LOT_MALFORMED"),
        ([opening()], "LOT_MALFORMED"),
        ([persons(LINA)], "LOT_MALFORMED"),
        ([opening(), persons(LINA), opening()], "LOT_MALFORMED"),
        ([opening(), persons(LINA[:-2] + "00")], "SSIN_CHECK_DIGIT"),
        ([opening(), persons("abc")], "MALFORMED_REQUEST"),
        ([exchange_pb2.SubmitLotRequest()], "MALFORMED_REQUEST"),
        ([opening(begin="2026-01-32"), persons(LINA)], "MALFORMED_REQUEST"),
        ([opening(begin="2025-02-30"), persons(LINA)], "PERIOD_IMPOSSIBLE"),
        ([opening(), persons(LINA, NOOR), persons(STRANGER)], "LOT_MALFORMED"),
    ],
)
async def test_a_lot_with_something_wrong_is_not_taken_at_all(
    router: Router,
    parts: list[exchange_pb2.SubmitLotRequest],
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reception, "MOST_PERSONS", 2)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await router.stub().SubmitLot(iter(parts))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert refusals.of_error(refused.value).reason == reason
    assert LINA[:9] not in str(refused.value.trailing_metadata())
    assert not await router.work.work()


async def test_a_lot_is_its_owners(router: Router) -> None:
    lot = (await router.stub().SubmitLot(iter([opening(), persons(LINA)]))).lot
    other = router.stub("0/0")
    for asked in (
        other.GetLot(exchange_pb2.GetLotRequest(ticket=lot.ticket)),
        other.ListLotReplies(exchange_pb2.ListLotRepliesRequest(ticket=lot.ticket)),
        other.CancelLot(exchange_pb2.CancelLotRequest(ticket=lot.ticket)),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await asked
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND
        assert refusals.of_error(refused.value).reason == "LOT_NOT_FOUND"


async def test_a_cancelled_lot_asks_about_nobody_any_more(router: Router) -> None:
    stub = router.stub()
    lot = (await stub.SubmitLot(iter([opening(), persons(LINA, NOOR)]))).lot
    cancelled = await stub.CancelLot(exchange_pb2.CancelLotRequest(ticket=lot.ticket))
    assert cancelled.lot.state == exchange_pb2.LOT_STATE_CANCELLED
    assert not await router.work.work()
    assert router.outside.written == []
    page = await stub.ListLotReplies(exchange_pb2.ListLotRepliesRequest(ticket=lot.ticket))
    assert (list(page.replies), page.next_page_token) == ([], "")


def in_stream(*asked: tuple[str, str]) -> Iterator[exchange_pb2.ConsultStreamRequest]:
    for reference, ssin in asked:
        yield exchange_pb2.ConsultStreamRequest(consultation=consultation(ssin, reference))


async def test_a_stream_answers_each_question_as_consult_does(router: Router) -> None:
    stub = router.stub()
    asked = {f"r{n}": (LINA, NOOR, STRANGER)[n % 3] for n in range(300)}
    answers = {a.reference: a async for a in stub.ConsultStream(in_stream(*asked.items()))}
    assert answers.keys() == asked.keys()
    assert len({a.consultation.ticket for a in answers.values()}) == len(asked)
    for reference, ssin in list(asked.items())[:3]:
        alone = await stub.Consult(consultation(ssin, reference))
        streamed = answers[reference].consultation
        alone.ticket = streamed.ticket
        assert alone == streamed
    refused = decision_pb2.VERDICT_REFUSED
    assert {r for r, a in answers.items() if a.consultation.decision.verdict == refused} == {
        r for r, ssin in asked.items() if ssin == STRANGER
    }


async def test_what_goes_wrong_with_one_question_is_its_own_answer(router: Router) -> None:
    router.outside.ledger_is_away = True
    wrong = LINA[:-2] + "00"
    stream = router.stub().ConsultStream(in_stream(("a", LINA), ("b", wrong)))
    answers = {a.reference: a async for a in stream}
    assert not any(answer.HasField("consultation") for answer in answers.values())
    assert (answers["a"].failure.reason, answers["a"].failure.passing) == (
        "LEDGER_UNAVAILABLE",
        True,
    )
    assert (answers["b"].failure.reason, answers["b"].failure.passing) == (
        "SSIN_CHECK_DIGIT",
        False,
    )


async def test_a_question_without_a_reference_ends_the_stream(router: Router) -> None:
    stream = router.stub().ConsultStream(in_stream(("a", LINA), ("", LINA)))
    answered = []
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        async for answer in stream:
            answered.append(answer.reference)  # noqa: PERF401 - what came before counts
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert answered == ["a"]


async def test_a_conversation_in_a_stream(router: Router) -> None:
    """An answer comes while the asking side stays open."""
    gate = asyncio.Event()

    async def asking() -> AsyncIterator[exchange_pb2.ConsultStreamRequest]:
        for request in in_stream(("a", LINA), ("b", NOOR)):
            yield request
            await gate.wait()
            gate.clear()

    stream = aiter(router.stub().ConsultStream(asking()))
    for reference in ("a", "b"):
        assert (await anext(stream)).reference == reference
        gate.set()
    assert [answer async for answer in stream] == []
