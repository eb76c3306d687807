"""What institutions ask of the rights engine over mTLS: every answer is the router's decision."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from crossroads.attestations.v1 import statuses_pb2 as attestations
from crossroads.ledger.v1 import ledger_pb2
from crossroads.repertory.v1 import repertory_pb2
from crossroads.rights.v1 import (
    asker_pb2,
    certificates_pb2,
    certificates_pb2_grpc,
    rights_pb2,
    rights_pb2_grpc,
    statuses_pb2,
    statuses_pb2_grpc,
    waivers_pb2,
    waivers_pb2_grpc,
)
from crossroads.router.v1 import decision_pb2, exchange_pb2, supplier_pb2_grpc
from crossroads.types.v1 import types_pb2

from console.authority import Authority
from console.postgres import Postgres
from mesh import clock, institutions, outbox, refusals
from mesh.channels import Channels
from mesh.server import Server
from mesh.settings import Settings
from services.rights import __main__ as rights_process
from services.rights import rulebook
from services.rights.archive import Archive
from services.rights.certificate_servicer import CertificatesServicer
from services.rights.certificate_store import CertificateStore
from services.rights.inquiries import Inquiries
from services.rights.integration import Repertory
from services.rights.peers import Ledger
from services.rights.servicer import Rights
from services.rights.statuses_servicer import StatusesServicer
from services.rights.supplier import Supplier
from services.rights.waiver_servicer import WaiversServicer
from services.rights.waiver_store import WaiverStore
from tests import bank as banks
from tests import opening
from tests.bank import Bank, strangers
from tests.services.rights import villages
from tests.services.rights.villages import LINA, wage

refusals.load(rights_process.HERE / "texts.yaml")
TARIFF = "social_tariff_energy"
NAME = "25-0.supplier.test"
ENERGY, ECONOMY, WATER, CENTRE = "39/0", "70/0", "43/0", "17/1"
DAY = "2026-11-24"
RULES = rulebook.load(rights_process.HERE)


@dataclass
class Engine:
    """The rights engine of a bank, as institutions and citizens reach it."""

    bank: Bank
    authority: Authority
    folder: Path
    address: str
    closing: AsyncExitStack

    def channel(self, path: str, ssin: str = "") -> Any:
        tls = self.authority.issue(path, ssin=ssin) if ssin else self.authority.issue(path)
        peers = {"rights": self.address}
        channels = Channels(Settings(name="test", tls=tls, state=self.folder, peers=peers))
        self.closing.push_async_callback(channels.close)
        return channels.peer("rights")

    def statuses(self, place: str) -> statuses_pb2_grpc.StatusesStub:
        return statuses_pb2_grpc.StatusesStub(self.channel(f"institution/{place}"))

    def certificates(self, place: str) -> certificates_pb2_grpc.CertificatesStub:
        return certificates_pb2_grpc.CertificatesStub(self.channel(f"institution/{place}"))

    async def entry(self, ticket: str) -> ledger_pb2.Entry:
        """The decision of the router under a ticket."""
        found = await banks.entries(self.bank, ticket)
        return next(e for e in found if e.entry_id == f"{ticket}/decision")


@pytest.fixture(scope="module")
async def engine(
    postgres: Postgres, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Engine]:
    """Lina has a living wage of the centre, and so the tariff; her energy supplier knows her."""
    folder = tmp_path_factory.mktemp("bank")
    async with AsyncExitStack() as closing:
        bank = await closing.enter_async_context(opening.serving(postgres, authority, folder))
        url = closing.enter_context(opening.fresh(postgres))
        village = await closing.enter_async_context(villages.opened(url, RULES))
        await village.engine.take_in([wage(1)])
        tls = authority.issue("service/rights", names=("rights", NAME))
        settings = Settings(name="rights", tls=tls, state=folder, peers=bank.addresses)
        channels = Channels(settings)
        closing.push_async_callback(channels.close)
        telling = outbox.Worker(
            village.database,
            url,
            {"ledger": Ledger(channels).append, "register": Repertory(channels).register},
        )
        task = asyncio.ensure_future(telling.run())
        closing.callback(task.cancel)
        store, asking, now = village.store, Inquiries(channels), village.now
        server = Server(settings)
        for add, servicer in (
            (
                rights_pb2_grpc.add_RightsServicer_to_server,
                Rights(RULES, store, Archive(village.database), asking, now),
            ),
            (
                statuses_pb2_grpc.add_StatusesServicer_to_server,
                StatusesServicer(RULES, asking),
            ),
            (
                certificates_pb2_grpc.add_CertificatesServicer_to_server,
                CertificatesServicer(RULES, store, CertificateStore(village.database), asking, now),
            ),
            (
                waivers_pb2_grpc.add_WaiversServicer_to_server,
                WaiversServicer(RULES, store, WaiverStore(village.database), asking, now),
            ),
            (supplier_pb2_grpc.add_SupplierServicer_to_server, Supplier(RULES, store, now)),
        ):
            server.mount(add, servicer)
        address = f"127.0.0.1:{await server.start()}"
        closing.push_async_callback(server.stop)
        await _answers_at(bank, address)
        await _knows(bank, ENERGY)
        await _nothing_waits(village, "register")
        yield Engine(bank, authority, folder, address, closing)


async def _answers_at(bank: Bank, address: str) -> None:
    """The router finds the engine by the supplier address of 25/0."""
    operator = bank.repertory(banks.OPERATOR)
    place = types_pb2.Institution(sector=25, number=0)
    found = await operator.GetInstitution(repertory_pb2.GetInstitutionRequest(institution=place))
    found.institution.supplier_address, found.institution.supplier_name = address, NAME
    put = await operator.PutInstitution(
        repertory_pb2.PutInstitutionRequest(institution=found.institution)
    )
    await bank.heard(put.revision)


async def _knows(bank: Bank, place: str) -> None:
    line = repertory_pb2.Inscription(
        ssin=LINA,
        institution=institutions.to_wire(institutions.parse(place)),
        quality=0,
        period=types_pb2.Period(begin="2020-01-01"),
    )
    await bank.repertory(f"institution/{place}").Register(
        repertory_pb2.RegisterRequest(request_id=f"known-{place}", inscriptions=[line])
    )


async def _nothing_waits(village: villages.Bench, kind: str) -> None:
    async with asyncio.timeout(10):
        while await village.waiting(kind):
            await asyncio.sleep(0.02)


def asker(place: str, purpose: str) -> asker_pb2.Asker:
    return asker_pb2.Asker(
        institution=institutions.to_wire(institutions.parse(place)), purpose=purpose
    )


AS_ENERGY = asker(ENERGY, "social_tariff")
AS_ECONOMY = asker(ECONOMY, "social_tariff_control")


def question(of: asker_pb2.Asker, right: str = TARIFF) -> statuses_pb2.StatusesQuestion:
    return statuses_pb2.StatusesQuestion(
        right=right, asker=of, period=types_pb2.Period(begin=DAY, end="2026-12-01")
    )


def reasons(decision: decision_pb2.Decision) -> list[str]:
    return [
        decision_pb2.RefusalReason.Name(part.reason).removeprefix("REFUSAL_REASON_")
        for part in decision.data_sorts
    ]


async def test_statuses_are_given_as_far_as_the_deliberation_goes(engine: Engine) -> None:
    request = statuses_pb2.GetStatusesRequest(ssin=LINA, question=question(AS_ECONOMY))
    answer = await engine.statuses(ECONOMY).GetStatuses(request)
    (status,) = answer.statuses
    assert (status.status, status.sector, status.rank) == ("LIVING_WAGE", 17, 1)
    assert (status.period.begin, status.name["en"]) == ("2026-11-10", "living wage")
    assert not status.HasField("institution")
    entry = await engine.entry(answer.ticket)
    assert entry.kind == ledger_pb2.ENTRY_KIND_CONSULTATION
    assert list(entry.chain) == [f"institution/{ECONOMY}", "service/rights"]
    assert list(entry.data_sorts) == [f"{TARIFF}_statuses"]


async def test_the_engine_says_what_the_router_says(engine: Engine) -> None:
    """The same question to the router itself gets the same decision and the same data."""
    request = statuses_pb2.GetStatusesRequest(ssin=LINA, question=question(AS_ECONOMY))
    through = await engine.statuses(ECONOMY).GetStatuses(request)
    direct = await engine.bank.exchange(f"institution/{ECONOMY}").Consult(
        exchange_pb2.ConsultRequest(
            ssin=LINA,
            data_sorts=[f"{TARIFF}_statuses"],
            period=request.question.period,
            purpose=AS_ECONOMY.purpose,
        )
    )
    through.decision.ClearField("chain")
    assert through.decision == direct.decision
    given = [
        attestations.HarmonisedStatus.FromString(packed.value)
        for answer in direct.answers
        for packed in answer.attestations
    ]
    assert list(through.statuses) == given


@pytest.mark.parametrize(
    ("place", "of"),
    [
        (ENERGY, AS_ENERGY),
        (ECONOMY, asker(ECONOMY, "curiosity")),
        (CENTRE, asker(CENTRE, "living_wage_enquiry")),
        (WATER, AS_ECONOMY),
    ],
    ids=["right only", "other purpose", "other institution", "in another's name"],
)
async def test_who_is_not_authorised_learns_nothing(
    engine: Engine, place: str, of: asker_pb2.Asker
) -> None:
    """The same answer on who has statuses and on who is unknown, and nobody is looked up."""
    looked_up = engine.bank.lookups.looked_up
    stub, answers = engine.statuses(place), []
    for ssin in (LINA, next(PERSONS)):
        answer = await stub.GetStatuses(
            statuses_pb2.GetStatusesRequest(ssin=ssin, question=question(of))
        )
        assert set(reasons(answer.decision)) <= {"NOT_AUTHORISED", "UNKNOWN_INSTITUTION"}
        answer.ClearField("ticket")
        answers.append(answer)
    assert answers[0] == answers[1]
    assert not answers[0].statuses
    assert engine.bank.lookups.looked_up == looked_up


async def test_whom_nobody_knows_has_no_statuses(engine: Engine) -> None:
    answer = await engine.statuses(ECONOMY).GetStatuses(
        statuses_pb2.GetStatusesRequest(ssin=next(PERSONS), question=question(AS_ECONOMY))
    )
    assert reasons(answer.decision) == ["UNKNOWN_PERSON"]


async def test_many_persons_are_answered_page_by_page(engine: Engine) -> None:
    pages = [[LINA, *(next(PERSONS) for _ in range(299))], [next(PERSONS), LINA]]

    async def asked() -> AsyncIterator[statuses_pb2.StreamStatusesRequest]:
        yield statuses_pb2.StreamStatusesRequest(question=question(AS_ECONOMY))
        for page in pages:
            persons = statuses_pb2.StatusesPersons(ssins=page)
            yield statuses_pb2.StreamStatusesRequest(persons=persons)

    answers = [a async for a in engine.statuses(ECONOMY).StreamStatuses(asked())]
    assert [len(answer.persons) for answer in answers] == [300, 2]
    assert [bool(p.statuses) for p in answers[1].persons] == [False, True]
    assert answers[0].persons[0].statuses == answers[1].persons[1].statuses
    assert len({p.ticket for answer in answers for p in answer.persons}) == 302


async def test_a_stream_opens_with_its_question(engine: Engine) -> None:
    async def asked() -> AsyncIterator[statuses_pb2.StreamStatusesRequest]:
        yield statuses_pb2.StreamStatusesRequest(persons=statuses_pb2.StatusesPersons(ssins=[LINA]))

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        [a async for a in engine.statuses(ECONOMY).StreamStatuses(asked())]
    assert refusals.of_error(refused.value).reason == "STREAM_OUT_OF_ORDER"


async def test_a_certificate_kept_back_makes_the_institution_consult(engine: Engine) -> None:
    stub = engine.certificates(ENERGY)
    request = certificates_pb2.RecordCertificateRefusalRequest(
        request_id="kept-back-one", ssin=LINA, right=TARIFF, asker=AS_ENERGY, refused_on=DAY
    )
    recorded = await stub.RecordCertificateRefusal(request)
    assert TARIFF in recorded.duty.data_sorts
    assert recorded.refusal.recorded_by == f"institution/{ENERGY}"
    again = await stub.RecordCertificateRefusal(request)
    assert again.refusal == recorded.refusal
    unasked = await _unasked(engine)
    assert (recorded.duty.ticket, TARIFF) in unasked


async def test_an_institution_without_a_deliberation_records_nothing(engine: Engine) -> None:
    of = asker(CENTRE, "living_wage_enquiry")
    stub = engine.certificates(CENTRE)
    answer = await stub.RecordCertificateRefusal(
        certificates_pb2.RecordCertificateRefusalRequest(
            request_id="kept-back-two", ssin=LINA, right=TARIFF, asker=of, refused_on=DAY
        )
    )
    assert not answer.HasField("refusal")
    assert not answer.HasField("duty")
    listed = await stub.ListCertificateRefusals(
        certificates_pb2.ListCertificateRefusalsRequest(ssin=LINA, right=TARIFF, asker=of)
    )
    assert reasons(listed.decision) == ["NOT_AUTHORISED"]


async def test_no_benefit_ends_for_want_of_a_certificate(engine: Engine) -> None:
    answer = await _may_end(engine, certificates_pb2.END_REASON_NO_CERTIFICATE)
    assert answer.verdict == decision_pb2.VERDICT_REFUSED
    assert answer.refusal == certificates_pb2.END_REFUSAL_CERTIFICATE_NOT_NEEDED
    assert TARIFF in answer.duty.data_sorts
    assert set(answer.text) == {"nl", "fr", "de", "en"}


async def test_a_benefit_ends_with_the_right(engine: Engine) -> None:
    ended = certificates_pb2.END_REASON_RIGHT_ENDED
    holds = await _may_end(engine, ended)
    assert holds.refusal == certificates_pb2.END_REFUSAL_RIGHT_HOLDS
    after = await _may_end(engine, ended, on="2027-01-01")
    assert after.verdict == decision_pb2.VERDICT_PERMITTED
    async with asyncio.timeout(10):
        while not (found := await _claims(engine, after.ticket)):
            await asyncio.sleep(0.02)
    assert [e.outcome for e in found] == [ledger_pb2.OUTCOME_ALLOWED]


async def test_a_right_is_waived_for_a_person_by_who_grants_it(engine: Engine) -> None:
    stub = waivers_pb2_grpc.WaiversStub(engine.channel(f"institution/{ENERGY}"))
    waived = await stub.Waive(
        waivers_pb2.WaiveRequest(
            request_id="waived-one",
            ssin=LINA,
            right=TARIFF,
            asker=AS_ENERGY,
            **{"from": "2026-12-15"},
        )
    )
    assert waived.waiver.recorded_by == f"institution/{ENERGY}"
    ended = await _may_end(engine, certificates_pb2.END_REASON_RIGHT_ENDED, on="2026-12-15")
    assert ended.verdict == decision_pb2.VERDICT_PERMITTED
    own = waivers_pb2_grpc.WaiversStub(engine.channel("citizen/card", LINA))
    listed = await own.ListWaivers(waivers_pb2.ListWaiversRequest())
    assert list(listed.waivers) == [waived.waiver]
    revoked = await own.RevokeWaiver(
        waivers_pb2.RevokeWaiverRequest(request_id="revoked-one", waiver_id=waived.waiver.waiver_id)
    )
    assert revoked.waiver.revoked_by == "citizen"
    assert not revoked.waiver.HasField("period")


async def test_an_institution_lists_the_decisions_on_its_right_only(engine: Engine) -> None:
    stub = rights_pb2_grpc.RightsStub(engine.channel(f"institution/{ENERGY}"))
    page = await stub.ListDecisions(
        rights_pb2.ListDecisionsRequest(
            ssin=LINA, right=TARIFF, asker=AS_ENERGY, period=types_pb2.Period(begin=DAY)
        )
    )
    (decision,) = page.decisions
    assert (decision.right, decision.period.begin) == (TARIFF, "2026-10-01")
    assert decision.decision_id
    assert not decision.rule_version
    other = await stub.ListDecisions(
        rights_pb2.ListDecisionsRequest(
            ssin=LINA,
            right="free_transport",
            asker=AS_ENERGY,
            period=types_pb2.Period(begin=DAY),
        )
    )
    assert reasons(other.decision) == ["NOT_AUTHORISED"]
    assert not other.decisions
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.ListDecisions(rights_pb2.ListDecisionsRequest(ssin=LINA))
    assert refusals.of_error(refused.value).reason == "NAME_AN_ASKER"


async def test_the_engine_speaks_for_others_in_nothing_else(engine: Engine) -> None:
    """Its certificate opens two rpcs of the router in another's name, and no publication."""
    stub = engine.bank.exchange("service/rights")
    named = (("crossroads-on-behalf-of", f"institution/{CENTRE}"),)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.Explain(exchange_pb2.ExplainRequest(), metadata=named)
    assert refusals.of_error(refused.value).reason == "NO_ACCESS"
    wage_of_lina = exchange_pb2.ConsultRequest(
        ssin=LINA,
        data_sorts=["living_wage"],
        period=types_pb2.Period(begin=DAY),
        purpose="social_tariff_control",
    )
    asked = exchange_pb2.BatchConsultRequest(consultations=[wage_of_lina])
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.BatchConsult(asked, metadata=named)
    assert refusals.of_error(refused.value).reason == "NOT_YOURS_TO_PASS_ON"


PERSONS: Iterator[str] = strangers()


async def _may_end(
    engine: Engine, reason: certificates_pb2.EndReason.ValueType, on: str = DAY
) -> certificates_pb2.MayEndBenefitResponse:
    return await engine.certificates(ENERGY).MayEndBenefit(
        certificates_pb2.MayEndBenefitRequest(
            ssin=LINA, right=TARIFF, asker=AS_ENERGY, reason=reason, on=on
        )
    )


async def _claims(engine: Engine, ticket: str) -> list[ledger_pb2.Entry]:
    found = await banks.entries(engine.bank, ticket)
    return [e for e in found if e.kind == ledger_pb2.ENTRY_KIND_CLAIM]


async def _unasked(engine: Engine) -> set[tuple[str, str]]:
    """What an auditor would see after the time to ask is over."""
    at = clock.now() + timedelta(days=40)
    found = await engine.bank.askables.unasked(exchange_pb2.ListUnaskedRequest(), at)
    return {(one.ticket, one.data_sort) for one in found.unasked}
