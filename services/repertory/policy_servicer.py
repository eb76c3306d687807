"""The rpcs on the policy: read, ask, answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, TypeAlias, TypeVar

from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc

from mesh import call, clock, institutions, sectors, telemetry
from services.repertory import (
    asked,
    coverage,
    paging,
    policy_items,
    policy_recording,
    refusals,
    wire,
)
from services.repertory.domain import Availability, Deliberation, InstitutionRecord, Policy
from services.repertory.policy_feed import PolicyFeed
from services.repertory.policy_items import OPERATOR, Item
from services.repertory.policy_store import PolicyStore
from services.repertory.qualities import CodeLists

Context = Any
T = TypeVar("T")
Listed: TypeAlias = (
    repertory_pb2.ListInstitutionsRequest
    | repertory_pb2.ListAvailabilitiesRequest
    | repertory_pb2.ListDeliberationsRequest
)
AsOf: TypeAlias = Listed | repertory_pb2.GetInstitutionRequest


class PolicyServicer(repertory_pb2_grpc.RepertoryServicer):
    """What is where, and who may receive it."""

    def __init__(self, policies: PolicyStore, feed: PolicyFeed, codes: CodeLists) -> None:
        self._policies = policies
        self._feed = feed
        self._codes = codes

    async def ListInstitutions(
        self, request: repertory_pb2.ListInstitutionsRequest, context: Context
    ) -> repertory_pb2.ListInstitutionsResponse:
        policy, day = await self._as_of(request), asked.day(request.on)
        found = [one for one in policy.institutions if day is None or day in one.period]
        page, following = _page(found, _place_of_institution, request)
        return repertory_pb2.ListInstitutionsResponse(
            institutions=map(wire.to_institution, page), next_page_token=following
        )

    async def ListAvailabilities(
        self, request: repertory_pb2.ListAvailabilitiesRequest, context: Context
    ) -> repertory_pb2.ListAvailabilitiesResponse:
        policy = await self._as_of(request)
        page, following = _page(policy.availabilities, _place_of_availability, request)
        return repertory_pb2.ListAvailabilitiesResponse(
            availabilities=map(wire.to_availability, page), next_page_token=following
        )

    async def ListDeliberations(
        self, request: repertory_pb2.ListDeliberationsRequest, context: Context
    ) -> repertory_pb2.ListDeliberationsResponse:
        policy, day = await self._as_of(request), asked.day(request.on)
        found = [one for one in policy.deliberations if day is None or day in one.term]
        page, following = _page(found, _place_of_deliberation, request)
        return repertory_pb2.ListDeliberationsResponse(
            deliberations=map(wire.to_deliberation, page), next_page_token=following
        )

    async def GetInstitution(
        self, request: repertory_pb2.GetInstitutionRequest, context: Context
    ) -> repertory_pb2.GetInstitutionResponse:
        policy = await self._as_of(request)
        wanted = institutions.from_wire(request.institution)
        for record in policy.institutions:
            if record.institution == wanted:
                return repertory_pb2.GetInstitutionResponse(
                    institution=wire.to_institution(record), revision=policy.revision
                )
        raise refusals.institution_not_found(wanted)

    async def PutInstitution(
        self, request: repertory_pb2.PutInstitutionRequest, context: Context
    ) -> repertory_pb2.PutInstitutionResponse:
        item = _institution(request.institution, "institution")
        revision, ticket = await self._put([item])
        return repertory_pb2.PutInstitutionResponse(revision=revision, ticket=ticket)

    async def BatchPutInstitutions(
        self, request: repertory_pb2.BatchPutInstitutionsRequest, context: Context
    ) -> repertory_pb2.BatchPutInstitutionsResponse:
        items = [
            _institution(record, f"institutions[{number}]")
            for number, record in enumerate(request.institutions)
        ]
        first = {item.key: number for number, item in reversed(list(enumerate(items)))}
        twice = [n for n, item in enumerate(items) if first[item.key] != n]
        if twice:
            fields = [f"institutions[{number}].institution" for number in twice]
            raise refusals.malformed(*((field, refusals.TWICE) for field in fields))
        revision, ticket = await self._put(items)
        return repertory_pb2.BatchPutInstitutionsResponse(revision=revision, ticket=ticket)

    async def PutAvailability(
        self, request: repertory_pb2.PutAvailabilityRequest, context: Context
    ) -> repertory_pb2.PutAvailabilityResponse:
        item = policy_items.of_availability(wire.availability(request.availability), OPERATOR)
        revision, ticket = await self._put([item])
        return repertory_pb2.PutAvailabilityResponse(revision=revision, ticket=ticket)

    async def PutDeliberation(
        self, request: repertory_pb2.PutDeliberationRequest, context: Context
    ) -> repertory_pb2.PutDeliberationResponse:
        try:
            deliberation = wire.deliberation(request.deliberation)
        except ValueError as error:
            raise refusals.malformed(("deliberation", refusals.NO_PERIOD)) from error
        item = policy_items.of_deliberation(deliberation, OPERATOR)
        revision, ticket = await self._put([item])
        return repertory_pb2.PutDeliberationResponse(revision=revision, ticket=ticket)

    async def PutQuota(
        self, request: repertory_pb2.PutQuotaRequest, context: Context
    ) -> repertory_pb2.PutQuotaResponse:
        item = policy_items.of_quota(wire.quota(request.quota), OPERATOR)
        revision, ticket = await self._put([item])
        return repertory_pb2.PutQuotaResponse(revision=revision, ticket=ticket)

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
        if revision > await self._policies.revision():
            raise refusals.unknown_revision(revision)
        policy = await self._policies.policy(revision or None)
        return wire.to_policy(policy, repertory_pb2.GetPolicyResponse)

    async def _as_of(self, request: AsOf) -> Policy:
        """The policy at the revision or moment of a request; the newest where it names none."""
        moment = asked.moment(request.known_at)
        if moment is not None and not request.revision:
            return await self._policies.policy(await self._policies.revision_at(moment))
        if moment is not None or request.revision > await self._policies.revision():
            raise refusals.malformed(("revision", refusals.NO_REVISION))
        return await self._policies.policy(request.revision or None)

    async def _put(self, items: Sequence[Item]) -> tuple[int, str]:
        """Record items of one kind that leave no gap.

        The revision that first holds them all, and the ticket; no change has no ticket.
        """
        async with self._policies.changing() as standing:
            after = policy_items.put(standing.items, items)
            before = set(self._gaps(standing.items))
            gaps = [gap for gap in self._gaps(after) if gap not in before]
            if gaps:
                raise refusals.incoherent_policy(items[0].kind.value, gaps)
            caller = call.caller()
            path = caller.principal.path
            revision, ticket = await policy_recording.record(
                self._policies, standing, after, path, caller.chain or (path,)
            )
        telemetry.note(crossroads__ticket=ticket)
        if revision != standing.revision:
            return revision, ticket
        places = {(item.kind, item.key) for item in items}
        return max(one.since for one in standing.items if (one.kind, one.key) in places), ticket

    def _gaps(self, items: Sequence[Item]) -> tuple[str, ...]:
        return coverage.gaps(policy_items.policy(0, items), self._codes, clock.today())


def _institution(record: repertory_pb2.InstitutionRecord, field: str) -> Item:
    try:
        return policy_items.of_institution(wire.institution(record), OPERATOR)
    except ValueError as error:
        raise refusals.malformed((f"{field}.period", refusals.NO_PERIOD)) from error


def _page(
    items: Sequence[T],
    key_of: Callable[[T], paging.Key],
    request: Listed,
) -> tuple[Sequence[T], str]:
    try:
        return paging.page(items, key_of, request.page_token, request.page_size)
    except ValueError as error:
        raise refusals.malformed(("page_token", refusals.NO_TOKEN)) from error


def _place_of_institution(record: InstitutionRecord) -> paging.Key:
    return (record.institution.sector, record.institution.number)


def _place_of_availability(availability: Availability) -> paging.Key:
    return (availability.data_sort, *sectors.place(availability.holder))


def _place_of_deliberation(deliberation: Deliberation) -> paging.Key:
    return (deliberation.number,)
