"""The rpcs of the ledger: read, ask, answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import grpc
from crossroads.ledger.v1 import ledger_pb2, ledger_pb2_grpc

from mesh import clock, institutions
from mesh.access import GATEWAY, ROUTER
from mesh.call import caller
from mesh.coalescing import Coalescer
from mesh.identity import Identity
from mesh.notes import Signer
from mesh.refusals import Refusal
from services.ledger import commitment, proof, searching, tree
from services.ledger.checkpoint import Checkpoint
from services.ledger.domain import Access, Conflict, Entry, Leaf, Sealed, Search
from services.ledger.searching import malformed
from services.ledger.store import Store
from services.ledger.writer import Writer

MOST_REQUESTS = 64
"""Requests that share a transaction."""
PAGE = 100
EXPORT_PAGE = 200
MOST_BYTES = 1 << 20
"""About how much one message carries; a gRPC client takes 4 MiB unless told otherwise."""
Context = Any


class Ledger(ledger_pb2_grpc.LedgerServicer):
    """Serves the tree. Who may call at all is the access table's matter."""

    def __init__(self, store: Store, writer: Writer, signer: Signer) -> None:
        self._store = store
        self._writer = writer
        self._signer = signer
        self._signed = (-1, "")
        self._append: Coalescer[tuple[Entry, ...], tuple[Leaf, ...]] = Coalescer(
            self._write, name="ledger", most=MOST_REQUESTS
        )

    async def Append(
        self, request: ledger_pb2.AppendRequest, context: Context
    ) -> ledger_pb2.AppendResponse:
        _check_may_write(caller().identity, request)
        return _leaves(await self.append(request.entries))

    async def append(self, entries: Sequence[ledger_pb2.Entry]) -> tuple[Leaf, ...]:
        """Write entries, all or none; durable when it returns."""
        return await self._append(tuple(_entry(e, n) for n, e in enumerate(entries)))

    async def GetCheckpoint(
        self, request: ledger_pb2.GetCheckpointRequest, context: Context
    ) -> ledger_pb2.GetCheckpointResponse:
        note = self._sign(await self._store.head())
        return ledger_pb2.GetCheckpointResponse(
            note=note, verifier_key=str(self._signer.verifier_key)
        )

    async def GetInclusionProof(
        self, request: ledger_pb2.GetInclusionProofRequest, context: Context
    ) -> ledger_pb2.GetInclusionProofResponse:
        index = await self._store.index_of(request.entry_id)
        if index is None:
            raise Refusal(grpc.StatusCode.NOT_FOUND, "UNKNOWN_ENTRY")
        head = await self._store.head()
        size = request.tree_size or head.size
        if not index < size <= head.size:
            raise _outside(head)
        sealed, *_ = await self._store.sealed(index, index + 1)
        path = await self._hashes(proof.inclusion(index, size))
        return ledger_pb2.GetInclusionProofResponse(
            index=index,
            tree_size=size,
            commitment=commitment.commit(sealed.salt, sealed.content),
            path=path,
        )

    async def GetConsistencyProof(
        self, request: ledger_pb2.GetConsistencyProofRequest, context: Context
    ) -> ledger_pb2.GetConsistencyProofResponse:
        head = await self._store.head()
        second = request.second_size or head.size
        if not request.first_size <= second <= head.size:
            raise _outside(head)
        path = await self._hashes(proof.consistency(request.first_size, second))
        return ledger_pb2.GetConsistencyProofResponse(second_size=second, path=path)

    async def ListAccesses(
        self, request: ledger_pb2.ListAccessesRequest, context: Context
    ) -> ledger_pb2.ListAccessesResponse:
        reader = caller().principal
        search = searching.search(request)
        _check_may_read(reader, search)
        before, most = searching.before(request.page_token), request.page_size or PAGE
        found = await self._store.accesses(search, before, most + 1)
        return _page(found, most, with_content=reader.kind == "auditor")

    async def Export(
        self, request: ledger_pb2.ExportRequest, context: Context
    ) -> AsyncIterator[ledger_pb2.ExportResponse]:
        head = await self._store.head()
        for begin in range(request.from_index, head.size, EXPORT_PAGE):
            page = await self._store.sealed(begin, min(begin + EXPORT_PAGE, head.size))
            for message in _messages(page):
                yield message
        yield ledger_pb2.ExportResponse(
            note=self._sign(head), verifier_key=str(self._signer.verifier_key)
        )

    async def _write(
        self, requests: list[tuple[Entry, ...]]
    ) -> Sequence[tuple[Leaf, ...] | BaseException]:
        return [
            _reused(answer) if isinstance(answer, Conflict) else answer
            for answer in await self._writer.append(requests)
        ]

    async def _hashes(self, ranges: Sequence[proof.Range]) -> tuple[bytes, ...]:
        return proof.hashes(ranges, await self._store.nodes(proof.places(ranges)))

    def _sign(self, head: tree.Frontier) -> str:
        """The signed checkpoint of a head; signed once while the tree does not grow."""
        size, note = self._signed
        if size != head.size:
            note = self._signer.sign(str(Checkpoint(self._signer.name, head.size, tree.root(head))))
            self._signed = (head.size, note)
        return note


def _check_may_write(writer: Identity, request: ledger_pb2.AppendRequest) -> None:
    """The gateway decides nothing: it writes only whom it turned away."""
    kinds = {entry.kind for entry in request.entries}
    if writer.path == GATEWAY and kinds != {ledger_pb2.ENTRY_KIND_DOOR}:
        raise Refusal(grpc.StatusCode.PERMISSION_DENIED, "ONLY_THE_DOOR")


def _check_may_read(reader: Identity, search: Search) -> None:
    """A citizen reads what is about herself, an auditor what an index leads to.

    The router reads what one institution asked about one person.
    """
    if reader.path == ROUTER:
        if not (search.ssin and search.institution):
            raise malformed("institution", "name a person and an institution")
    elif reader.kind == "auditor":
        if not search.is_narrow:
            raise malformed("ssin", "name a person, ticket, institution, kind or period")
    elif reader.kind != "citizen" or not reader.ssin or reader.ssin != search.ssin:
        raise Refusal(grpc.StatusCode.PERMISSION_DENIED, "NOT_YOUR_OWN")


def _outside(head: tree.Frontier) -> Refusal:
    return Refusal(grpc.StatusCode.OUT_OF_RANGE, "OUTSIDE_TREE", metadata={"size": str(head.size)})


def _reused(conflict: Conflict) -> Refusal:
    return Refusal(
        grpc.StatusCode.ALREADY_EXISTS,
        "ENTRY_ID_REUSED",
        metadata={"position": str(conflict.position)},
    )


def _entry(wire: ledger_pb2.Entry, position: int) -> Entry:
    try:
        _moment(wire.occurred_at)
    except ValueError as error:
        raise malformed(f"entries[{position}].occurred_at", "not an RFC 3339 moment") from error
    place = ""
    if wire.HasField("institution"):
        place = _place(wire.institution.sector, wire.institution.number)
    return Entry(
        wire.entry_id,
        wire.ticket,
        wire.ssin,
        wire.SerializeToString(deterministic=True),
        wire.kind,
        place,
        wire.outcome,
        tuple(wire.data_sorts),
    )


@lru_cache(maxsize=64)
def _moment(written: str) -> datetime:
    """Those that are written together are mostly of one moment."""
    return clock.parse(written)


@lru_cache(maxsize=8192)
def _place(sector: int, number: int) -> str:
    return str(institutions.of(sector, number))


def _leaves(leaves: Sequence[Leaf]) -> ledger_pb2.AppendResponse:
    return ledger_pb2.AppendResponse(
        leaves=[ledger_pb2.Leaf(entry_id=leaf.entry_id, index=leaf.index) for leaf in leaves]
    )


def _page(
    found: Sequence[Access], most: int, *, with_content: bool
) -> ledger_pb2.ListAccessesResponse:
    """As many as were asked and one message carries; `found` has one more where there are more."""
    page = ledger_pb2.ListAccessesResponse()
    carried = 0
    for access in found[:most]:
        carried += len(access.content)
        if page.accesses and carried > MOST_BYTES:
            break
        recorded_at = clock.rfc3339(access.recorded_at)
        wire = page.accesses.add(index=access.index, recorded_at=recorded_at)
        wire.entry.ParseFromString(access.content)
        if not with_content:
            wire.entry.ClearField("content")
    if len(page.accesses) < len(found):
        page.next_page_token = str(page.accesses[-1].index)
    return page


def _messages(page: Sequence[Sealed]) -> list[ledger_pb2.ExportResponse]:
    messages = [ledger_pb2.ExportResponse()]
    carried = 0
    for sealed in page:
        carried += len(sealed.content)
        if carried > MOST_BYTES:
            messages.append(ledger_pb2.ExportResponse())
            carried = len(sealed.content)
        messages[-1].entries.add(
            index=sealed.index,
            salt=sealed.salt,
            entry=sealed.content,
            leaf_hash=sealed.leaf_hash,
        )
    return messages
