"""Files of social risks, each of one scenario, which the root of its document names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import grpc
from crossroads.declarations.v1 import declarations_pb2

from gateway import dimona, documents, risks
from gateway.lots import answers
from gateway.lots.answers import Told
from gateway.lots.dossier import Receipt
from gateway.risk_peer import Risks
from gateway.risks import Sent
from mesh.identity import Identity
from mesh.refusals import Refusal


class RiskFiles:
    """Of the scenarios whose names begin alike, such as `ZIMA`."""

    most_bytes = documents.MOST_BYTES

    def __init__(self, peer: Risks, branch: str) -> None:
        self._risks = peer
        self._branch = branch

    def check(self, content: bytes) -> None:
        self._read(content)

    def tried(self, content: bytes) -> bytes:
        return answers.tried(sent.anomalies for sent in self._read(content))

    async def submit(self, sender: Identity, content: bytes) -> list[Receipt]:
        forms = self._read(content)
        ids = dimona.request_ids(sender, content, "", len(forms))
        return await answers.several(
            answers.receipt(self._taken(sender, form, request_id))
            for form, request_id in zip(forms, ids, strict=True)
        )

    async def notified(self, sender: Identity, receipts: Sequence[Receipt]) -> bytes | None:
        async def told(ticket: str) -> Told:
            found = await self._risks.risk(sender, ticket)
            return found.notification if found.HasField("notification") else None

        return await answers.notifications(receipts, told)

    async def further(self, _: Identity, __: Sequence[Receipt]) -> Mapping[str, bytes]:
        return {}

    def _read(self, content: bytes) -> list[Sent]:
        root = documents.parse(content)
        if not str(root.tag).startswith(self._branch):
            raise Refusal(
                grpc.StatusCode.INVALID_ARGUMENT,
                "XML_WRONG_ROOT",
                metadata={"expected": f"{self._branch}..."},
            )
        return risks.read(root)

    async def _taken(self, sender: Identity, form: Sent, request_id: str) -> tuple[str, str]:
        request = risks.request(form, request_id, declarations_pb2.CHANNEL_FILE)
        taken = await self._risks.submit(sender, request)
        return taken.ticket, taken.received_at
