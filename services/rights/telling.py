"""Telling: what the ledger and the network hear of decisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mesh import telemetry
from mesh.outbox import Parcel
from mesh.periods import Period
from services.rights import waivers, wire
from services.rights.arrival import Arrival
from services.rights.decisions import Change
from services.rights.domain import Decision
from services.rights.rulebook import Rulebook

CALLER = "service/rights"


def of_changes(
    changes: Sequence[Change],
    before: Mapping[str, Decision],
    waived: Sequence[Period],
    rulebook: Rulebook,
    cause: Arrival | None,
) -> Iterable[Parcel]:
    """In the trace of the message that led to the changes of one right of one person.

    `before` is what stood, by entitlement; of `waived` days the network hears nothing.
    """
    for change in changes:
        decision = change.decision
        rule = rulebook.rules.get(decision.right)
        versions = {v.name: v for v in rule.versions} if rule else {}
        with telemetry.span("decide rights", parent=cause.traceparent if cause else ""):
            telemetry.note(
                crossroads__decision=decision.kind, crossroads__rule_version=decision.version
            )
            entry = wire.entry(decision, versions.get(decision.version), CALLER)
            yield Parcel.of("ledger", entry.SerializeToString())
            if not waived:
                yield Parcel.of("publish", wire.publication(change).SerializeToString())
                continue
            notices = waivers.on_decision(before.get(decision.entitlement_id), decision, waived)
            for told in wire.notices(decision, notices, decision.id):
                yield Parcel.of("publish", told.SerializeToString())
