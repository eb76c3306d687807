"""The door of every service, over real mutual TLS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from crossroads.ledger.v1 import ledger_pb2, ledger_pb2_grpc
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status
from opentelemetry.trace import SpanKind

from console.authority import Authority
from mesh import call, channels, identity, spans, telemetry
from mesh.channels import Channels
from mesh.identity import Caller
from mesh.refusals import LANGUAGES, Refusal
from mesh.server import Server
from mesh.settings import Settings


class Ledger(ledger_pb2_grpc.LedgerServicer):
    """A servicer that remembers who called."""

    def __init__(self) -> None:
        self.callers: list[Caller] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def GetCheckpoint(self, request: Any, context: Any) -> ledger_pb2.GetCheckpointResponse:
        self.callers.append(call.caller())
        await self.gate.wait()
        return ledger_pb2.GetCheckpointResponse(note="well")

    async def GetInclusionProof(self, request: Any, context: Any) -> Any:
        raise RuntimeError("the person is 85073003328")


class Running:
    """A server under test and ways to call it."""

    def __init__(self, tmp: Path, most_calls: int = 100) -> None:
        self.authority = Authority(tmp / "pki")
        self.turned_away: list[tuple[str, Caller, Refusal]] = []
        self.servicer = Ledger()  # type: ignore[abstract]  # the other rpcs answer UNIMPLEMENTED
        self.folder = self.authority.issue("service/ledger", names=["ledger"])
        settings = Settings(name="ledger", tls=self.folder, most_calls=most_calls, grace_s=2)
        self.server = Server(settings, self._book)
        self.server.mount(ledger_pb2_grpc.add_LedgerServicer_to_server, self.servicer)
        self._opened: list[Channels] = []

    async def _book(self, method: str, caller: Caller, refusal: Refusal, request: Any) -> None:
        self.turned_away.append((method, caller, refusal))

    def stub(self, tls: Path) -> Any:
        settings = Settings(name="test", tls=tls, peers={"ledger": f"localhost:{self.server.port}"})
        opened = Channels(settings)
        self._opened.append(opened)
        return ledger_pb2_grpc.LedgerStub(opened.peer("ledger"))

    def health(self, tls: Path) -> Any:
        settings = Settings(name="test", tls=tls, peers={"ledger": f"localhost:{self.server.port}"})
        opened = Channels(settings)
        self._opened.append(opened)
        return health_pb2_grpc.HealthStub(opened.peer("ledger"))

    async def close(self) -> None:
        for opened in self._opened:
            await opened.close()
        await self.server.stop()


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    under_test = Running(tmp_path)
    await under_test.server.start()
    yield under_test
    await under_test.close()


async def refused(asked: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await asked
    return error.value


def details(error: grpc.aio.AioRpcError, kind: Any) -> list[Any]:
    found = []
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    for detail in status.details if status else ():
        if detail.Is(kind.DESCRIPTOR):
            message = kind()
            detail.Unpack(message)
            found.append(message)
    return found


def reason(error: grpc.aio.AioRpcError) -> str:
    return str(details(error, error_details_pb2.ErrorInfo)[0].reason)


CHECKPOINT = ledger_pb2.GetCheckpointRequest()


async def test_the_caller_is_the_uri_in_the_certificate(running: Running) -> None:
    tls = running.authority.issue("institution/17/1")
    await running.stub(tls).GetCheckpoint(CHECKPOINT)
    assert running.servicer.callers[0].principal.path == "institution/17/1"


async def test_the_gateway_speaks_for_another_and_nobody_else_does(running: Running) -> None:
    metadata = channels.on_behalf_of(identity.parse("institution/17/1"))
    gateway = running.authority.issue("service/gateway")
    await running.stub(gateway).GetCheckpoint(CHECKPOINT, metadata=metadata)
    assert running.servicer.callers[0].chain == ("institution/17/1", "service/gateway")
    fund = running.authority.issue("institution/11/1")
    error = await refused(running.stub(fund).GetCheckpoint(CHECKPOINT, metadata=metadata))
    assert (error.code(), reason(error)) == (grpc.StatusCode.PERMISSION_DENIED, "NO_ACCESS")


async def test_a_revoked_certificate_is_refused_and_the_refusal_heard_of(running: Running) -> None:
    tls = running.authority.issue("institution/17/1")
    stub = running.stub(tls)
    await stub.GetCheckpoint(CHECKPOINT)
    running.authority.revoke(tls)
    await asyncio.sleep(1.1)
    error = await refused(stub.GetCheckpoint(CHECKPOINT))
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    assert reason(error) == "CERTIFICATE_REVOKED"
    assert [r.reason for _, _, r in running.turned_away] == ["CERTIFICATE_REVOKED"]


async def test_a_foreign_certificate_and_none_do_not_get_in(
    running: Running, tmp_path: Path
) -> None:
    foreign = Authority(tmp_path / "elsewhere").issue("institution/17/1")
    (foreign / "ca.pem").unlink()
    (foreign / "ca.pem").write_bytes(running.authority.ca.read_bytes())
    (foreign / "crl.pem").unlink()
    (foreign / "crl.pem").write_bytes(running.authority.crl.read_bytes())
    error = await refused(running.stub(foreign).GetCheckpoint(CHECKPOINT, timeout=3))
    assert error.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
    bare = grpc.ssl_channel_credentials(running.authority.ca.read_bytes())
    async with grpc.aio.secure_channel(f"localhost:{running.server.port}", bare) as channel:
        error = await refused(ledger_pb2_grpc.LedgerStub(channel).GetCheckpoint(CHECKPOINT))
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert running.servicer.callers == []


async def test_what_is_not_in_the_access_table_is_closed(running: Running) -> None:
    tls = running.authority.issue("institution/17/1")
    request = ledger_pb2.ExportRequest()
    error = await refused(anext(aiter(running.stub(tls).Export(request))))
    assert (error.code(), reason(error)) == (grpc.StatusCode.PERMISSION_DENIED, "NO_ACCESS")


async def test_a_refusal_has_texts_in_four_languages(running: Running) -> None:
    tls = running.authority.issue("institution/17/1")
    request = ledger_pb2.ListAccessesRequest(ticket="X")
    error = await refused(running.stub(tls).ListAccesses(request))
    texts = details(error, error_details_pb2.LocalizedMessage)
    assert [text.locale for text in texts] == list(LANGUAGES)
    assert all(text.message for text in texts)


async def test_constraints_hold_before_the_servicer_sees_the_request(running: Running) -> None:
    tls = running.authority.issue("auditor/privacy")
    request = ledger_pb2.GetInclusionProofRequest(tree_size=-1)
    error = await refused(running.stub(tls).GetInclusionProof(request))
    violations = details(error, error_details_pb2.BadRequest)[0].field_violations
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert {violation.field for violation in violations} == {"entry_id", "tree_size"}


async def test_an_error_of_ours_says_nothing_of_anyone(running: Running) -> None:
    tls = running.authority.issue("auditor/privacy")
    request = ledger_pb2.GetInclusionProofRequest(entry_id="x")
    error = await refused(running.stub(tls).GetInclusionProof(request))
    assert (error.code(), reason(error)) == (grpc.StatusCode.INTERNAL, "INTERNAL")
    assert "85073003328" not in (error.details() or "")


async def test_too_many_calls_at_once_are_told_when_to_come_back(tmp_path: Path) -> None:
    running = Running(tmp_path, most_calls=2)
    await running.server.start()
    running.servicer.gate.clear()
    stub = running.stub(running.authority.issue("institution/17/1"))
    under_way = [asyncio.create_task(stub.GetCheckpoint(CHECKPOINT)) for _ in range(2)]
    while len(running.servicer.callers) < 2:
        await asyncio.sleep(0.01)
    error = await refused(stub.GetCheckpoint(CHECKPOINT))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert details(error, error_details_pb2.RetryInfo)[0].retry_delay.ToMilliseconds() > 0
    health = running.health(running.authority.issue("operator/sandbox"))
    assert await health.Check(health_pb2.HealthCheckRequest())
    running.servicer.gate.set()
    await asyncio.gather(*under_way)
    await running.close()


async def test_health_tells_the_truth(running: Running) -> None:
    well = True

    async def check() -> bool:
        return well

    running.server.depends_on("database", check)
    stub = running.health(running.authority.issue("operator/sandbox"))
    request = health_pb2.HealthCheckRequest()
    assert (await stub.Check(request)).status == health_pb2.HealthCheckResponse.NOT_SERVING
    await running.server.look()
    assert (await stub.Check(request)).status == health_pb2.HealthCheckResponse.SERVING
    well = False
    await running.server.look()
    assert (await stub.Check(request)).status == health_pb2.HealthCheckResponse.NOT_SERVING


async def test_a_stop_lets_the_calls_under_way_end(tmp_path: Path) -> None:
    running = Running(tmp_path)
    await running.server.start()
    running.servicer.gate.clear()
    stub = running.stub(running.authority.issue("institution/17/1"))
    under_way = asyncio.create_task(stub.GetCheckpoint(CHECKPOINT))
    while not running.servicer.callers:
        await asyncio.sleep(0.01)
    stopping = asyncio.create_task(running.server.stop())
    await asyncio.sleep(0.05)
    running.servicer.gate.set()
    assert (await under_way).note == "well"
    await stopping
    await running.close()


async def test_a_renewed_certificate_of_the_server_serves_without_a_restart(
    running: Running,
) -> None:
    tls = running.authority.issue("institution/17/1")
    (running.folder / "cert.pem").unlink()
    running.authority.issue("service/ledger", names=["ledger", "renamed"])
    await asyncio.sleep(1.1)
    settings = Settings(name="test", tls=tls)
    opened = Channels(settings)
    channel = opened.open(f"localhost:{running.server.port}", "renamed")
    answer = await ledger_pb2_grpc.LedgerStub(channel).GetCheckpoint(CHECKPOINT)
    await opened.close()
    assert answer.note == "well"


async def test_reflection_names_the_services(running: Running) -> None:
    tls = running.authority.issue("operator/sandbox")
    opened = Channels(Settings(name="test", tls=tls))
    channel = opened.open(f"localhost:{running.server.port}", "ledger")

    async def asked() -> AsyncIterator[reflection_pb2.ServerReflectionRequest]:
        yield reflection_pb2.ServerReflectionRequest(list_services="")

    make: Any = reflection_pb2_grpc.ServerReflectionStub  # its stubs know no asyncio
    stub = make(channel)
    answers = [answer async for answer in stub.ServerReflectionInfo(asked())]
    await opened.close()
    (listed,) = answers
    names = {service.name for service in listed.list_services_response.service}
    assert {"crossroads.ledger.v1.Ledger", "grpc.health.v1.Health"} <= names


async def test_health_can_be_watched(running: Running) -> None:
    stub = running.health(running.authority.issue("operator/sandbox"))
    watched = aiter(stub.Watch(health_pb2.HealthCheckRequest()))
    first = await anext(watched)
    await running.server.look()
    second = await anext(watched)
    assert (first.status, second.status) == (
        health_pb2.HealthCheckResponse.NOT_SERVING,
        health_pb2.HealthCheckResponse.SERVING,
    )


async def test_a_lawful_refusal_is_not_a_bad_span(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[telemetry.span] = []
    monkeypatch.setattr(spans._recorder, "ended", ended.append)
    tls = running.authority.issue("auditor/privacy")
    await refused(running.stub(tls).ListAccesses(ledger_pb2.ListAccessesRequest(page_size=-1)))
    await refused(
        running.stub(tls).GetInclusionProof(ledger_pb2.GetInclusionProofRequest(entry_id="x"))
    )
    while sum(span.kind is SpanKind.SERVER for span in ended) < 2:  # they end after the answer
        await asyncio.sleep(0.01)
    served = {
        span.name.rsplit("/", 1)[1]: span.is_bad for span in ended if span.kind is SpanKind.SERVER
    }
    assert served == {"ListAccesses": False, "GetInclusionProof": True}
