"""Of a batch every consultation that was permitted has one ending in the ledger, as it ended."""

from __future__ import annotations

from datetime import UTC, date, datetime

from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import exchange_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesh import institutions
from mesh.identity import Caller, parse
from services.router import ending
from services.router.asked import Reading
from services.router.deciding import Decided, Deciding
from services.router.domain import Person, Policy
from tests.services.router import worlds
from tests.services.router.test_deciding import SSINS, decided, request

AT, ON = datetime(2026, 1, 2, tzinfo=UTC), date(2026, 1, 2)
CALLER = Caller(parse(f"institution/{worlds.INSTITUTIONS[1]}"))
BATCH = "B" * 15
STATUSES = (exchange_pb2.ANSWER_STATUS_OK, exchange_pb2.ANSWER_STATUS_LATE)


def answered(data: st.DataObject, one: Decided) -> exchange_pb2.ConsultResponse:
    answer = exchange_pb2.ConsultResponse(ticket=one.entry.ticket)
    for holding in one.made.asked:
        answer.answers.add(
            data_sort=holding.part.data_sort,
            holder=institutions.to_wire(holding.holder),
            status=data.draw(st.sampled_from(STATUSES)),
        ).attestations.add(type_url="of", value=b"content")
    return answer


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(
    worlds.policy(),
    st.tuples(*(worlds.person() for _ in SSINS)),
    st.lists(request(), min_size=1, max_size=8),
    st.data(),
)
def test_each_ends_once_as_it_ended(
    policy: Policy,
    people: tuple[Person, ...],
    requests: list[exchange_pb2.ConsultRequest],
    data: st.DataObject,
) -> None:
    persons = dict(zip(SSINS, people, strict=True))
    reading = Reading(CALLER, policy, ON)
    deciding = Deciding(ledger_pb2.ENTRY_KIND_CONSULTATION, AT, batch=BATCH)
    several = [
        decided(reading.read(one), persons, deciding, f"T{number}")
        for number, one in enumerate(requests)
    ]
    answers = [answered(data, one) for one in several]
    written = ending.of_batch(BATCH, several, answers, AT)
    assert len({entry.entry_id for entry in written}) == len(written)
    endings = {}
    for entry in written:
        assert (entry.ticket, entry.ssin) == (BATCH, "")
        assert entry.kind == ledger_pb2.ENTRY_KIND_OUTCOME
        assert b"content" not in entry.content
        for group in exchange_pb2.OutcomesRecord.FromString(entry.content).ended:
            for ticket in group.tickets:
                assert ticket not in endings
                endings[ticket] = (entry, [(a.data_sort, a.status) for a in group.answers])
    permitted = [one for one in several if one.made.is_permitted]
    assert sorted(endings) == sorted(one.entry.ticket for one in permitted)
    for one, answer in zip(several, answers, strict=True):
        record = exchange_pb2.ConsultationRecord.FromString(one.entry.content)
        assert record.batch == BATCH
        if one.made.is_permitted:
            entry, ended = endings[one.entry.ticket]
            assert ended == [(a.data_sort, a.status) for a in answer.answers]
            asked = (one.entry.institution, one.entry.purpose, list(one.entry.data_sorts))
            assert asked == (entry.institution, entry.purpose, list(entry.data_sorts))
