"""The sandbox's supplier, over mutual TLS, in the name of the institution asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeAlias

import pytest
from crossroads.attestations.v1 import attestations_pb2
from crossroads.router.v1 import exchange_pb2, supplier_pb2, supplier_pb2_grpc
from crossroads.types.v1 import types_pb2

from console.authority import Authority
from mesh import clock, tickets
from mesh.channels import Channels
from mesh.server import Server
from mesh.settings import Settings
from sandbox import cast
from sandbox.living_wages import LivingWages
from sandbox.supplier import Supplier

Stub: TypeAlias = supplier_pb2_grpc.SupplierStub


@pytest.fixture
async def asked(
    tmp_path: Path, authority: Authority
) -> AsyncIterator[supplier_pb2_grpc.SupplierStub]:
    tls = authority.issue("service/sandbox", names=["sandbox", "17-1.institution"])
    settings = Settings(name="sandbox", tls=tls, state=tmp_path)
    LivingWages(tmp_path).put(
        cast.LINA,
        attestations_pb2.LivingWage(
            period=types_pb2.Period(begin=clock.today().isoformat()), kind="LIVING_WAGE"
        ),
    )
    server = Server(settings)
    server.mount(supplier_pb2_grpc.add_SupplierServicer_to_server, Supplier(LivingWages(tmp_path)))
    port = await server.start()
    channels = Channels(Settings(name="router", tls=authority.issue("service/router")))
    yield supplier_pb2_grpc.SupplierStub(channels.open(f"127.0.0.1:{port}", "17-1.institution"))
    await channels.close()
    await server.stop()


def _question(holder: tuple[int, int], data_sort: str, ssin: str) -> supplier_pb2.Question:
    return supplier_pb2.Question(
        ticket=tickets.new(),
        ssin=ssin,
        data_sort=data_sort,
        period=types_pb2.Period(begin=clock.today().isoformat()),
        holder=types_pb2.Institution(sector=holder[0], number=holder[1]),
    )


async def test_each_question_gets_its_own_answer_in_order(
    asked: Stub,
) -> None:
    answer = await asked.Supply(
        supplier_pb2.SupplyRequest(
            questions=[
                _question((17, 1), "living_wage", cast.LINA),
                _question((17, 1), "living_wage", cast.JORIS),
                _question((0, 0), "household_composition", cast.NOOR),
            ]
        )
    )
    assert [one.status for one in answer.answers] == [
        exchange_pb2.ANSWER_STATUS_OK,
        exchange_pb2.ANSWER_STATUS_NO_DATA,
        exchange_pb2.ANSWER_STATUS_OK,
    ]
    wage = attestations_pb2.LivingWage()
    assert answer.answers[0].attestations[0].Unpack(wage)
    assert wage.kind == "LIVING_WAGE"
