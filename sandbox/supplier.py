"""The supplier of every institution of the sandbox: it answers in the name of the one asked."""

from __future__ import annotations

from typing import Any

from crossroads.router.v1 import exchange_pb2, supplier_pb2, supplier_pb2_grpc
from google.protobuf import any_pb2

from mesh import institutions, periods
from sandbox import answers
from sandbox.living_wages import LivingWages


class Supplier(supplier_pb2_grpc.SupplierServicer):
    def __init__(self, wages: LivingWages) -> None:
        self._wages = wages

    async def Supply(
        self, request: supplier_pb2.SupplyRequest, _: Any
    ) -> supplier_pb2.SupplyResponse:
        return supplier_pb2.SupplyResponse(
            answers=[self._answer(question) for question in request.questions]
        )

    def _answer(self, question: supplier_pb2.Question) -> supplier_pb2.Answer:
        found = answers.answer(
            str(institutions.from_wire(question.holder)),
            question.data_sort,
            question.ssin,
            periods.from_wire(question.period),
            self._wages.of(question.ssin),
        )
        if not found:
            return supplier_pb2.Answer(status=exchange_pb2.ANSWER_STATUS_NO_DATA)
        packed = []
        for attestation in found:
            packed.append(any_pb2.Any())
            packed[-1].Pack(attestation)
        return supplier_pb2.Answer(status=exchange_pb2.ANSWER_STATUS_OK, attestations=packed)
