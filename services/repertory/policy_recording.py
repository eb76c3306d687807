"""Changing the policy: the new revision and what the ledger is told of it, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mesh import clock, tickets, written
from services.repertory import policy_entries, policy_items
from services.repertory.policy_items import Item
from services.repertory.policy_store import PolicyStore, Standing, Told


async def record(
    policies: PolicyStore,
    standing: Standing,
    after: Iterable[Item],
    caused_by: str,
    changed_by: Sequence[str],
) -> tuple[int, str]:
    """Make the policy consist of `after`: its revision and the ticket. No change has no ticket."""
    change = policy_items.difference(standing.items, after)
    if not change.closed and not change.opened:
        return standing.revision, ""
    ticket, revision = tickets.new(), standing.revision + 1
    told = policy_entries.change(ticket, changed_by, change, revision, caused_by, clock.now())
    await policies.write(
        standing,
        change,
        caused_by,
        Told(ticket, written.of(told.entries), told.SerializeToString()),
    )
    return revision, ticket
