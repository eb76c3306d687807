"""Work begins, is made known, is declared badly, and ends."""

from __future__ import annotations

from datetime import date, timedelta

from crossroads.declarations.v1 import declarations_pb2
from crossroads.ledger.v1 import ledger_pb2
from crossroads.repertory.v1 import repertory_pb2
from crossroads.router.v1 import decision_pb2, exchange_pb2

from mesh import clock, institutions
from sandbox import cast, payroll
from sandbox.letters import Letter
from sandbox.payroll import Notification, Payroll
from sandbox.story.stage import Stage
from sandbox.story.telling import Told, expect

BREWERY = f"employer/{cast.BREWERY}"
AUDITOR = "auditor/privacy"
TOLD = frozenset({"11/1", "17/1"})
"""Who knows Lina and may be told of her work: the health fund and the welfare centre."""


async def declare(stage: Stage) -> Told:
    """The brewery's payroll package posts a Dimona IN and waits for its notification."""
    document = payroll.dimona_in(clock.now(), cast.BREWERY_NSSO, cast.LINA, clock.today())
    ticket, notification = await declared(stage, document, "in")
    expect(notification.accepted, f"the Dimona is refused: {_codes(notification)}")
    stage.memory.tickets["Dimona IN"] = ticket
    stage.memory.dimona_period_id = notification.dimona_period_id
    return Told(
        "accepted",
        ticket,
        (f"receipt, then notification: Dimona period {notification.dimona_period_id}",),
    )


async def distribute(stage: Stage) -> Told:
    """The employment reaches the mailboxes of those who know her and may have it, and no others."""
    letters = await _told_of_employment(stage, "CREATED")
    ticket = letters[0].ticket
    stage.memory.tickets["employment published"] = ticket
    entries = await stage.until(
        lambda: _distribution(stage, ticket), "the ledger does not say who was told"
    )
    told, not_told = set(), []
    for entry in entries:
        if entry.HasField("institution"):
            told.add(str(institutions.from_wire(entry.institution)))
        else:
            not_told += _untold(exchange_pb2.UntoldRecord.FromString(entry.content))
    read = {letter.institution for letter in stage.letters.on(ticket)}
    expect(told == TOLD, f"told were {sorted(told)}, not {sorted(TOLD)}")
    expect(read == TOLD, f"letters came to {sorted(read)}, not {sorted(TOLD)}")
    expect(not_told, "the ledger names nobody who was not told")
    lines = [f"told: {_named(letter.institution)} by {letter.authorization}" for letter in letters]
    return Told("delivered", ticket, (*sorted(lines), *sorted(not_told)))


async def declare_badly(stage: Stage) -> Told:
    """A Dimona with a wrong check digit that ends before it starts: two anomalies, no change."""
    before = await _state_of_things(stage)
    wrong = cast.LINA[:-2] + f"{(int(cast.LINA[-2:]) + 1) % 97:02d}"
    today = clock.today()
    document = payroll.dimona_in(
        clock.now(), cast.BREWERY_NSSO, wrong, today, today - timedelta(days=1)
    )
    ticket, notification = await declared(stage, document, "bad")
    codes = {anomaly.error_id for anomaly in notification.anomalies}
    expect(not notification.accepted, "the bad Dimona is accepted")
    expect(codes == {"00024-004", "00911-014"}, f"the anomalies are {_codes(notification)}")
    expect(await _state_of_things(stage) == before, "a refused Dimona changed something")
    stage.memory.tickets["bad Dimona"] = ticket
    lines = [f"{a.error_id} on {a.tag}" for a in notification.anomalies]
    return Told("refused", ticket, (*lines, "workers and inscriptions are as before"))


async def leave(stage: Stage) -> Told:
    """Dimona OUT: today is her last day, and those who were told are told of that."""
    document = payroll.dimona_out(clock.now(), stage.memory.dimona_period_id, clock.today())
    ticket, notification = await declared(stage, document, "out")
    expect(notification.accepted, f"the Dimona OUT is refused: {_codes(notification)}")
    stage.memory.tickets["Dimona OUT"] = ticket
    letters = await _told_of_employment(stage, "ENDED")
    stage.memory.tickets["employment ended"] = letters[0].ticket
    days = letters[0].attestation["period"]
    last = date.fromisoformat(days["end"]) - timedelta(days=1)
    expect(last == clock.today(), f"the letters say that employment ends on {last}")
    return Told("accepted", ticket, (f"employment ends on {last}; told: {_names(letters)}",))


async def declared(stage: Stage, document: bytes, key: str) -> tuple[str, Notification]:
    """Send a document as the brewery and wait for what came of it."""
    async with stage.https(BREWERY) as client:
        package = Payroll(client)
        ticket = await stage.persist(lambda: package.send(document, stage.request_id(key)))
        notification = await stage.until(
            lambda: package.notification(ticket), "no notification came on the declaration"
        )
    assert notification is not None
    return ticket, notification


async def _told_of_employment(stage: Stage, kind: str) -> list[Letter]:
    """The letters on this employment; only the centre may have the number of its period."""

    async def look() -> list[Letter]:
        ticket = next(
            (
                letter.ticket
                for letter in stage.letters.all()
                if letter.kind == kind
                and letter.attestation.get("dimona_period_id") == stage.memory.dimona_period_id
            ),
            "",
        )
        found = stage.letters.on(ticket) if ticket else []
        return found if {letter.institution for letter in found} >= TOLD else []

    return await stage.until(look, f"the employment ({kind}) did not reach both mailboxes")


def _untold(record: exchange_pb2.UntoldRecord) -> list[str]:
    """Who knows the person and is not told, and how many others are not."""
    lines = []
    for group in record.untold:
        reason = decision_pb2.RefusalReason.Name(group.reason).removeprefix("REFUSAL_REASON_")
        knowing = [str(institutions.from_wire(one)) for one in group.knowing]
        lines += [f"not told: {_named(one)}: {reason}" for one in knowing]
        if others := group.count - len(knowing):
            lines.append(f"not told: {others} more that do not know her: {reason}")
    return lines


async def _distribution(stage: Stage, ticket: str) -> list[ledger_pb2.Entry]:
    answer = await stage.ledger(AUDITOR).ListAccesses(
        ledger_pb2.ListAccessesRequest(ticket=ticket, page_size=1000)
    )
    return [
        access.entry
        for access in answer.accesses
        if access.entry.kind == ledger_pb2.ENTRY_KIND_DISTRIBUTION
    ]


async def _state_of_things(stage: Stage) -> tuple[bytes, bytes]:
    """The brewery's workers and what the repertory knows of Lina."""
    workers = await stage.persist(
        lambda: stage.declarations(BREWERY).ListWorkers(declarations_pb2.ListWorkersRequest())
    )
    lines = await stage.persist(
        lambda: stage.repertory(AUDITOR).ListInscriptions(
            repertory_pb2.ListInscriptionsRequest(ssin=cast.LINA, page_size=1000)
        )
    )
    return workers.SerializeToString(), lines.SerializeToString()


def _named(institution: str) -> str:
    return f"{cast.INSTITUTIONS.get(institution, 'institution')} ({institution})"


def _names(letters: list[Letter]) -> str:
    return ", ".join(sorted(_named(letter.institution) for letter in letters))


def _codes(notification: Notification) -> str:
    return ", ".join(anomaly.error_id for anomaly in notification.anomalies) or "no anomaly"
