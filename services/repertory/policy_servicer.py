"""The rpcs on the policy: read, ask, answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, TypeVar

from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc

from mesh import call, telemetry
from services.repertory import coverage, paging, policy_items, policy_recording, refusals, wire
from services.repertory.domain import Availability, Deliberation, InstitutionRecord
from services.repertory.policy_feed import PolicyFeed
from services.repertory.policy_items import OPERATOR, Item
from services.repertory.policy_store import PolicyStore
from services.repertory.qualities import CodeLists

Context = Any
T = TypeVar("T")


class PolicyServicer(repertory_pb2_grpc.RepertoryServicer):
    """What is where, and who may receive it."""

    def __init__(self, policies: PolicyStore, feed: PolicyFeed, codes: CodeLists) -> None:
        self._policies = policies
        self._feed = feed
        self._codes = codes

    async def ListInstitutions(
        self, request: repertory_pb2.ListInstitutionsRequest, context: Context
    ) -> repertory_pb2.ListInstitutionsResponse:
        policy = await self._policies.policy()
        page, following = _page(policy.institutions, _place_of_institution, request)
        return repertory_pb2.ListInstitutionsResponse(
            institutions=map(wire.to_institution, page), next_page_token=following
        )

    async def ListAvailabilities(
        self, request: repertory_pb2.ListAvailabilitiesRequest, context: Context
    ) -> repertory_pb2.ListAvailabilitiesResponse:
        policy = await self._policies.policy()
        page, following = _page(policy.availabilities, _place_of_availability, request)
        return repertory_pb2.ListAvailabilitiesResponse(
            availabilities=map(wire.to_availability, page), next_page_token=following
        )

    async def ListDeliberations(
        self, request: repertory_pb2.ListDeliberationsRequest, context: Context
    ) -> repertory_pb2.ListDeliberationsResponse:
        policy = await self._policies.policy()
        page, following = _page(policy.deliberations, _place_of_deliberation, request)
        return repertory_pb2.ListDeliberationsResponse(
            deliberations=map(wire.to_deliberation, page), next_page_token=following
        )

    async def PutInstitution(
        self, request: repertory_pb2.PutInstitutionRequest, context: Context
    ) -> repertory_pb2.PutInstitutionResponse:
        try:
            record = wire.institution(request.institution)
        except ValueError as error:
            raise refusals.malformed(("institution.period", refusals.NO_PERIOD)) from error
        item = policy_items.of_institution(record, OPERATOR)
        revision, ticket = await self._put(item)
        return repertory_pb2.PutInstitutionResponse(revision=revision, ticket=ticket)

    async def PutDeliberation(
        self, request: repertory_pb2.PutDeliberationRequest, context: Context
    ) -> repertory_pb2.PutDeliberationResponse:
        try:
            deliberation = wire.deliberation(request.deliberation)
        except ValueError as error:
            raise refusals.malformed(("deliberation", refusals.NO_PERIOD)) from error
        item = policy_items.of_deliberation(deliberation, OPERATOR)
        revision, ticket = await self._put(item)
        return repertory_pb2.PutDeliberationResponse(revision=revision, ticket=ticket)

    async def WatchPolicy(
        self, request: repertory_pb2.WatchPolicyRequest, context: Context
    ) -> AsyncIterator[repertory_pb2.WatchPolicyResponse]:
        revision = request.after_revision
        while True:
            policy = await self._feed.after(revision)
            yield wire.to_policy(policy, repertory_pb2.WatchPolicyResponse)
            revision = policy.revision

    async def GetPolicy(
        self, request: repertory_pb2.GetPolicyRequest, context: Context
    ) -> repertory_pb2.GetPolicyResponse:
        revision = request.revision
        policy = await (self._policies.policy_of(revision) if revision else self._policies.policy())
        if policy is None:
            raise refusals.unknown_revision(revision)
        return wire.to_policy(policy, repertory_pb2.GetPolicyResponse)

    async def _put(self, item: Item) -> tuple[int, str]:
        """Record an item that leaves no gap; the revision that first holds it, and the ticket."""
        async with self._policies.changing() as standing:
            after = policy_items.put(standing.items, item)
            before = set(self._gaps(standing.items))
            gaps = [gap for gap in self._gaps(after) if gap not in before]
            if gaps:
                raise refusals.incoherent_policy(item.kind.value, gaps)
            caller = call.caller()
            path = caller.principal.path
            revision, ticket = await policy_recording.record(
                self._policies, standing, after, path, caller.chain or (path,)
            )
        telemetry.note(crossroads__ticket=ticket)
        unchanged = [one for one in standing.items if one in after and one.key == item.key]
        same = next((one for one in unchanged if one.kind is item.kind), None)
        return (same.since if same else revision), ticket

    def _gaps(self, items: Sequence[Item]) -> tuple[str, ...]:
        return coverage.gaps(policy_items.policy(0, items), self._codes)


def _page(
    items: Sequence[T],
    key_of: Callable[[T], paging.Key],
    request: repertory_pb2.ListInstitutionsRequest
    | repertory_pb2.ListAvailabilitiesRequest
    | repertory_pb2.ListDeliberationsRequest,
) -> tuple[Sequence[T], str]:
    try:
        return paging.page(items, key_of, request.page_token, request.page_size)
    except ValueError as error:
        raise refusals.malformed(("page_token", refusals.NO_TOKEN)) from error


def _place_of_institution(record: InstitutionRecord) -> paging.Key:
    return (record.institution.sector, record.institution.number)


def _place_of_availability(availability: Availability) -> paging.Key:
    return (availability.data_sort, availability.holder.sector, availability.holder.number)


def _place_of_deliberation(deliberation: Deliberation) -> paging.Key:
    return (deliberation.number,)
