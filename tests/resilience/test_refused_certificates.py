"""Who has no certificate, a foreign one, a revoked one, or no access, gets nowhere."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from crossroads.router.v1 import exchange_pb2_grpc

from console.authority import Authority
from mesh import clock, refusals
from mesh.channels import Channels
from mesh.settings import Settings
from sandbox import cast, payroll
from sandbox.story import consultations
from sandbox.story.stage import Stage


async def test_a_certificate_of_another_authority_reaches_nobody(
    mesh_up: dict[str, Any], authority: Authority
) -> None:
    foreign = authority.issue("institution/17/1")
    settings = Settings(name="foreign", tls=foreign, peers=mesh_up["addresses"])
    channels = Channels(settings)
    stub = exchange_pb2_grpc.ExchangeStub(channels.peer("router"))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.Consult(consultations.by_the_centre())
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    await channels.close()


async def test_a_foreign_certificate_that_trusts_the_mesh_is_refused_too(
    mesh_up: dict[str, Any], authority: Authority
) -> None:
    foreign = authority.issue("institution/17/1")
    credentials = grpc.ssl_channel_credentials(
        *(await asyncio.to_thread(_pem, Path(mesh_up["ca"]), foreign))
    )
    options = [("grpc.ssl_target_name_override", "router")]
    address = mesh_up["addresses"]["router"]
    async with grpc.aio.secure_channel(address, credentials, options) as channel:
        stub = exchange_pb2_grpc.ExchangeStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.Consult(consultations.by_the_centre(), timeout=5.0)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_without_a_certificate_grpc_is_closed(mesh_up: dict[str, Any]) -> None:
    ca = await asyncio.to_thread(Path(mesh_up["ca"]).read_bytes)
    options = [("grpc.ssl_target_name_override", "router")]
    credentials = grpc.ssl_channel_credentials(ca)
    address = mesh_up["addresses"]["router"]
    async with grpc.aio.secure_channel(address, credentials, options) as channel:
        stub = exchange_pb2_grpc.ExchangeStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.Consult(consultations.by_the_centre(), timeout=5.0)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize("whose", ["nobody's", "foreign"])
async def test_the_gateway_is_closed_to_them_too(
    mesh_up: dict[str, Any], authority: Authority, whose: str
) -> None:
    context = ssl.create_default_context(cafile=mesh_up["ca"])
    if whose == "foreign":
        folder = authority.issue(f"employer/{cast.BREWERY}")
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    url = f"https://{mesh_up['addresses']['gateway']}/nsso/dimona"
    async with httpx.AsyncClient(verify=context) as client:
        with pytest.raises(httpx.TransportError):
            await client.post(url, content=b"<Dimona/>")


async def test_the_gateway_refuses_a_revoked_certificate(stage: Stage) -> None:
    async with stage.https(cast.REVOKED) as client:
        answer = await client.get("/ssdn?wsdl")
    assert answer.status_code in {401, 403}
    assert "CERTIFICATE_REVOKED" in answer.text


async def test_who_is_not_in_the_access_table_is_told_so(stage: Stage) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stage.exchange(f"employer/{cast.BREWERY}").Consult(consultations.by_the_centre())
    refusal = refusals.of_error(refused.value)
    assert refusal.code is grpc.StatusCode.PERMISSION_DENIED
    assert refusal.reason == "NO_ACCESS"
    assert cast.LINA not in str(refused.value)


async def test_an_institution_cannot_declare_for_an_employer(stage: Stage) -> None:
    async with stage.https("institution/17/1") as client:
        answer = await client.post(
            "/nsso/dimona", content=payroll.dimona_cancel(clock.now(), "000000000101")
        )
    assert answer.status_code == 403


def _pem(ca: Path, folder: Path) -> tuple[bytes, bytes, bytes]:
    return ca.read_bytes(), (folder / "key.pem").read_bytes(), (folder / "cert.pem").read_bytes()
