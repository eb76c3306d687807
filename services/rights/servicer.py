"""The rpcs of the rights engine: read, ask, answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import grpc
from crossroads.rights.v1 import rights_pb2, rights_pb2_grpc

from mesh import clock, institutions, periods
from mesh.periods import ALWAYS, Period
from mesh.refusals import Refusal
from services.rights import explanation, holdings, wire
from services.rights.domain import Decision, Household, Membership, Rule, Statement, World
from services.rights.evaluation import Evaluation
from services.rights.explanation import Explanation, Reason
from services.rights.rulebook import Rulebook
from services.rights.store import NEWEST, Store

PAGE = 100
Context = Any


class Rights(rights_pb2_grpc.RightsServicer):
    """Serves decisions and their reasons. Who may call at all is the access table's matter."""

    def __init__(
        self, rulebook: Rulebook, store: Store, now: Callable[[], datetime] = clock.now
    ) -> None:
        self._rulebook = rulebook
        self._store = store
        self._now = now

    async def ListDecisions(
        self, request: rights_pb2.ListDecisionsRequest, context: Context
    ) -> rights_pb2.ListDecisionsResponse:
        if request.right:
            self._rule(request.right)
        most, before = request.page_size or PAGE, _before(request.page_token)
        found = await self._store.list_decisions(
            request.ssin, request.right, self._moment(request.known_at), before, most + 1
        )
        return rights_pb2.ListDecisionsResponse(
            decisions=[wire.decision(decision) for _, decision in found[:most]],
            next_page_token=str(found[most - 1][0]) if len(found) > most else "",
        )

    async def Explain(
        self, request: rights_pb2.ExplainRequest, context: Context
    ) -> rights_pb2.ExplainResponse:
        decision = await self._store.decision(request.decision_id)
        if decision is None:
            raise Refusal(grpc.StatusCode.NOT_FOUND, "UNKNOWN_DECISION")
        async with self._store.transaction() as connection:
            at = decision.decided_at
            homes = await self._store.households(connection, [decision.ssin], at)
            households = homes.get(decision.ssin, ())
            ssins = {decision.ssin}.union(*(h.ssins for h in households))
            statements = await self._store.statements(connection, ssins, at)
        return _explained(decision, self._explain(decision, households, statements))

    async def Simulate(
        self, request: rights_pb2.SimulateRequest, context: Context
    ) -> rights_pb2.SimulateResponse:
        rule, on = self._rule(request.right), _day(request.on, "on")
        names = [str(number) for number in range(len(request.members))]
        said = [
            self._invented(name, status, number)
            for name, member in zip(names, request.members, strict=True)
            for number, status in enumerate(member.statuses)
        ]
        household = Household(tuple(Membership(name, ALWAYS) for name in names), group=rule.group)
        facts = holdings.facts_of(said, self._rulebook.statuses.sorts)
        worked_out = Evaluation(
            self._rulebook.rules, World(facts, dict.fromkeys(names, (household,))), on
        )
        entitled = worked_out.entitlements(rule.id, names[0])
        in_force = [v for v in worked_out.versions(rule.id) if on in v.validity]
        return rights_pb2.SimulateResponse(
            periods=[periods.to_wire(e.period) for e in entitled],
            rule_version=in_force[-1].name if in_force else "",
        )

    def _explain(
        self, decision: Decision, households: Sequence[Household], said: Sequence[Statement]
    ) -> Explanation:
        decided_on = decision.decided_at.astimezone(clock.BRUSSELS).date()
        self._rule(decision.right)
        facts = holdings.facts_of(said, self._rulebook.statuses.sorts)
        homes = {ssin: tuple(households) for ssin in facts.keys() | {decision.ssin}}
        try:
            return explanation.explain(
                self._rulebook.rules,
                decision,
                World(facts, homes),
                self._rulebook.statuses.titles,
                decided_on,
            )
        except explanation.RuleChanged as error:
            raise Refusal(
                grpc.StatusCode.FAILED_PRECONDITION,
                "RULE_CHANGED",
                metadata={"rule": decision.right, "version": decision.version},
            ) from error

    def _rule(self, right: str) -> Rule:
        rule = self._rulebook.rules.get(right)
        if rule is None:
            known = ", ".join(sorted(self._rulebook.rules))
            raise Refusal(grpc.StatusCode.NOT_FOUND, "UNKNOWN_RIGHT", metadata={"known": known})
        return rule

    def _moment(self, known_at: str) -> datetime:
        try:
            return clock.parse(known_at) if known_at else self._now()
        except ValueError as error:
            raise _malformed("known_at", "not an RFC 3339 moment") from error

    def _invented(self, name: str, status: rights_pb2.SimulatedStatus, number: int) -> Statement:
        if status.status not in self._rulebook.statuses.titles:
            known = ", ".join(sorted(self._rulebook.statuses.titles))
            raise Refusal(
                grpc.StatusCode.INVALID_ARGUMENT,
                "UNKNOWN_STATUS",
                metadata={"known": known},
                violations=[("members.statuses.status", f"is not one of: {known}")],
            )
        return Statement(
            ssin=name,
            institution=wire.ENGINE,
            data_sort="",
            status=status.status,
            strand=str(number),
            period=_period(status),
            cancelled=False,
            ticket="",
            position=number,
        )


def _malformed(field: str, description: str) -> Refusal:
    return Refusal(
        grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST", violations=[(field, description)]
    )


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _malformed(field, "not a day of the calendar") from error


def _period(status: rights_pb2.SimulatedStatus) -> Period:
    try:
        return periods.from_wire(status.period)
    except ValueError as error:
        raise _malformed("members.statuses.period", "not days of the calendar") from error


def _before(page_token: str) -> int:
    if not page_token:
        return NEWEST
    if not (page_token.isascii() and page_token.isdigit() and len(page_token) < 19):
        raise _malformed("page_token", "not a token of a page before")
    return int(page_token)


def _explained(decision: Decision, found: Explanation) -> rights_pb2.ExplainResponse:
    return rights_pb2.ExplainResponse(
        decision=wire.decision(decision),
        articles=[rights_pb2.Article(act=a.act, article=a.article) for a in found.version.legal],
        reason=_reason(found.reason),
        window=found.window,
    )


def _reason(reason: Reason) -> rights_pb2.Reason:
    wire_reason = rights_pb2.Reason(
        expression=reason.expression,
        value=str(reason.value).lower(),
        text=reason.text,
        because=map(_reason, reason.because),
    )
    if reason.source is not None:
        wire_reason.source.CopyFrom(
            rights_pb2.FactSource(
                institution=institutions.to_wire(reason.source.institution),
                ticket=reason.source.ticket,
                data_sort=reason.source.data_sort,
                period=periods.to_wire(reason.source.period),
                member=reason.member,
            )
        )
    return wire_reason
