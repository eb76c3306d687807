"""A form on which the rules fail holds nobody up, and is handled again once they are mended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from datetime import UTC, date, datetime
from typing import Any

import pytest
from crossroads.declarations.v1 import set_aside_pb2, set_aside_pb2_grpc
from crossroads.forms.v1 import notification_pb2
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from console.authority import Authority
from mesh import elements, tickets
from mesh.channels import Channels
from mesh.server import Server
from mesh.settings import Settings
from sandbox import quarterly
from services.declarations.dimona import rules as dimona_rules
from services.declarations.dmfa import rules as dmfa_rules
from services.declarations.dmfa.intake import Intake as DmfaIntake
from services.declarations.domain import Channel, Declaration, State
from services.declarations.intake import Intake as Taking
from services.declarations.risks import rules as risk_rules
from services.declarations.risks.domain import Subject, Submission
from services.declarations.risks.intake import Intake as RiskIntake
from services.declarations.risks.quarters import DmfaQuarters
from services.declarations.risks.worker import Worker as RiskWorker
from services.declarations.set_aside.failures import failure, is_passing
from services.declarations.set_aside.servicer import Servicer
from services.declarations.store import Store
from services.declarations.worker import Worker
from tests.services.declarations.dmfa import conftest as dmfa
from tests.services.declarations.risks import forms
from tests.services.declarations.served import refused

BREWERY, BAKERY = "0400000185", "0400000284"
LINA, JORIS = "91041241894", "85073003328"
Operator = set_aside_pb2_grpc.SetAsideStub


class Rules:
    """Rules that fail on what they are told to, until they are mended."""

    def __init__(self, judge: Callable[..., Any], fails: Callable[..., bool]) -> None:
        self.judge = judge
        self.fails = fails
        self.mended = False

    def __call__(self, *told: Any) -> Any:
        if not self.mended and self.fails(*told):
            raise OverflowError("date value out of range, of 91041241894")
        return self.judge(*told)


@pytest.fixture
async def operator(engine: AsyncEngine, authority: Authority) -> AsyncIterator[Operator]:
    tls = authority.issue("service/declarations", names=["declarations"])
    server = Server(Settings(name="declarations", tls=tls, grace_s=0.1))
    server.mount(set_aside_pb2_grpc.add_SetAsideServicer_to_server, Servicer(engine))
    address = f"127.0.0.1:{await server.start()}"
    channels = Channels(Settings(name="test", tls=authority.issue("operator/bank")))
    yield Operator(channels.open(address, "declarations"))
    await channels.close()
    await server.stop()


async def listed(operator: Operator, **asked: Any) -> set_aside_pb2.ListSetAsideResponse:
    found: set_aside_pb2.ListSetAsideResponse = await operator.ListSetAside(
        set_aside_pb2.ListSetAsideRequest(**asked)
    )
    return found


async def retried(operator: Operator, ticket: str = "") -> int:
    answer = await operator.RetrySetAside(set_aside_pb2.RetrySetAsideRequest(ticket=ticket))
    return int(answer.retried)


def check(told: bytes, ticket: str) -> None:
    """The declarer hears that it is not decided yet, in a notification that is right."""
    notification = notification_pb2.NotificationForm.FromString(told)
    assert elements.anomalies(notification) == []
    assert notification.type_form == "PA"
    assert notification.handling_result.result_code == "2"
    assert notification.handled_reference.reference_nbr == ticket


async def test_of_dimonas(
    engine: AsyncEngine,
    database: str,
    outside: Any,
    operator: Operator,
    entry: Callable[..., Any],
    declaration: Callable[..., Declaration],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outside.known = {LINA, JORIS}
    rules = Rules(dimona_rules.judge, lambda form, *_: form.inss == LINA)
    monkeypatch.setattr(dimona_rules, "judge", rules)
    worker = Worker(engine, database, outside)
    batch = [
        declaration(entry(JORIS)),
        declaration(entry(LINA)),
        declaration(entry(JORIS, starting_date="2026-12-01"), employer=BAKERY),
    ]
    async with engine.begin() as connection:
        await Taking(connection).receive(batch)

    async def handled() -> list[Declaration]:
        while await worker.handle():
            pass
        async with engine.connect() as connection:
            found = [await Store(connection).declaration(d.employer, d.ticket) for d in batch]
        return [one for one in found if one]

    done = await handled()
    assert [one.state for one in done] == [State.ACCEPTED, State.SET_ASIDE, State.ACCEPTED]
    check(done[1].notification, batch[1].ticket)
    [aside] = (await listed(operator)).declarations
    assert (aside.ticket, aside.line, aside.declarer) == (
        batch[1].ticket,
        set_aside_pb2.LINE_DIMONA,
        BREWERY,
    )
    assert aside.failure.startswith("OverflowError at test_set_aside.py:")
    rules.mended = True
    assert await retried(operator, aside.ticket) == 1
    assert [one.state for one in await handled()] == [State.ACCEPTED] * 3
    assert not (await listed(operator)).declarations


async def test_of_quarters(
    engine: AsyncEngine,
    database: str,
    outside: Any,
    operator: Operator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quarters = dmfa.Quarters(engine, database, outside)
    outside.known = set(quarterly.ssins(50))
    payees = list(quarterly.workers(5))
    rules = Rules(dmfa_rules.of_person, lambda person, *_: person.ssin == payees[4].ssin)
    monkeypatch.setattr(dmfa_rules, "of_person", rules)
    wrong = await quarters.receive(dmfa.declared(payees))
    right = await quarters.receive(dmfa.declared(payees[:2], "20262"))
    assert (await quarters.handled(right)).state is State.ACCEPTED
    done = await quarters.handled(wrong)
    assert done.state is State.SET_ASIDE
    check(done.notification, wrong.ticket)
    [aside] = (await listed(operator)).declarations
    assert (aside.ticket, aside.line) == (wrong.ticket, set_aside_pb2.LINE_DMFA)
    rules.mended = True
    assert await retried(operator) == 1
    assert (await quarters.handled(wrong)).state is State.ACCEPTED
    async with engine.connect() as connection:
        assert await DmfaIntake(connection).declaration_pid(BREWERY, "20263")


class Register:
    async def subjects(self, ssins: Collection[str]) -> dict[str, Subject]:
        return {ssin: Subject(ssin, True) for ssin in ssins}


async def test_of_risks(
    engine: AsyncEngine,
    database: str,
    operator: Operator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failing = date(2026, 11, 12)
    rules = Rules(risk_rules.judge, lambda form, *_: form.begin == failing)
    monkeypatch.setattr(risk_rules, "judge", rules)
    worker = RiskWorker(engine, database, Register(), DmfaQuarters())
    sent = []
    for begin in ("2026-11-10", "2026-11-12", "2026-11-14"):
        ticket = tickets.new()
        sent.append(
            Submission(
                declarer=f"employer/{BREWERY}",
                ticket=ticket,
                request_id=ticket,
                digest=b"",
                channel=Channel.GRPC,
                received_at=datetime(2026, 11, 16, 9, 30, tzinfo=UTC),
                form=forms.incapacity(begin).SerializeToString(),
            )
        )
    async with engine.begin() as connection:
        for one in sent:
            await RiskIntake(connection).receive(one)

    async def handled() -> list[Submission]:
        while await worker.handle():
            pass
        async with engine.connect() as connection:
            found = [await RiskIntake(connection).submission(s.declarer, s.ticket) for s in sent]
        return [one for one in found if one]

    done = await handled()
    assert [one.handled for one in done] == [State.ACCEPTED, State.SET_ASIDE, State.ACCEPTED]
    check(done[1].notification, sent[1].ticket)
    [aside] = (await listed(operator)).declarations
    assert (aside.line, aside.declarer) == (set_aside_pb2.LINE_RISKS, f"employer/{BREWERY}")
    rules.mended = True
    assert await retried(operator, aside.ticket) == 1
    assert [one.handled for one in await handled()] == [State.ACCEPTED] * 3


async def test_several_are_listed_in_pages_and_handled_again_together(
    engine: AsyncEngine,
    database: str,
    outside: Any,
    operator: Operator,
    entry: Callable[..., Any],
    declaration: Callable[..., Declaration],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dimona_rules, "judge", Rules(dimona_rules.judge, lambda *_: True))
    batch = [declaration(entry()) for _ in range(3)]
    async with engine.begin() as connection:
        await Taking(connection).receive(batch)
    worker = Worker(engine, database, outside)
    assert await worker.handle()
    assert not await worker.handle()
    first = await listed(operator, page_size=2)
    rest = await listed(operator, page_size=2, page_token=first.next_page_token)
    told = [one.ticket for one in (*first.declarations, *rest.declarations)]
    assert told == sorted(one.ticket for one in batch)
    assert rest.next_page_token == ""
    assert await retried(operator) == 3
    assert await retried(operator) == 0


async def test_a_ticket_of_which_nothing_is_set_aside_is_told(operator: Operator) -> None:
    call = retried(operator, tickets.new())
    assert (await refused(call))[1] == "NOTHING_SET_ASIDE"


async def test_what_passes_is_waited_for_and_sets_nothing_aside(
    engine: AsyncEngine,
    database: str,
    outside: Any,
    operator: Operator,
    entry: Callable[..., Any],
    declaration: Callable[..., Declaration],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def away(_: Collection[str]) -> Any:
        raise ConnectionError

    sent = declaration(entry())
    async with engine.begin() as connection:
        await Taking(connection).receive([sent])
    worker = Worker(engine, database, outside)
    with monkeypatch.context() as patched:
        patched.setattr(outside, "lookup", away)
        with pytest.raises(ConnectionError):
            await worker.handle()
    assert not (await listed(operator)).declarations
    assert await worker.handle()


def test_a_failure_is_told_without_its_text() -> None:
    with pytest.raises(ValueError, match=LINA) as caught:
        date.fromisoformat(LINA)
    assert failure(caught.value).startswith("ValueError at test_set_aside.py:")
    assert failure(KeyError(LINA)) == "KeyError"


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (OperationalError("", {}, Exception()), True),
        (TimeoutError(), True),
        (DataError("", {}, Exception()), False),
        (RecursionError(), False),
        (KeyError(), False),
    ],
    ids=lambda one: type(one).__name__,
)
def test_only_what_the_database_and_peers_do_passes(error: Exception, passes: bool) -> None:
    assert is_passing(error) is passes
