"""Corrections against the identifiers given back: before and after stay readable, each as known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from crossroads.attestations.v1 import persons_pb2
from crossroads.forms.v1 import dmfa_pb2, dmfa_pid_pb2, dmfa_update_pb2
from crossroads.repertory.v1 import repertory_pb2
from crossroads.router.v1 import exchange_pb2, mailbox_pb2
from google.protobuf import any_pb2

from mesh import clock, elements
from sandbox import quarterly
from services.declarations.dmfa import notice
from services.declarations.dmfa.records import Recorded
from services.declarations.dmfa.store import Store
from services.declarations.domain import Employer, State
from services.declarations.mailbox import Numbers

BREWERY, NSSO, QUARTER = "0400000185", "123456749", "20263"
TAKEN_BACK, CHANGED, ADDED = "0", "1", "3"


class World:
    """A quarter of three workers that was accepted."""

    def __init__(self, quarters: Any, outside: Any, pid: int) -> None:
        self.quarters = quarters
        self.outside = outside
        self.pid = pid

    async def known(self, at: Any = None) -> list[Recorded]:
        async with self.quarters.engine.connect() as connection:
            return await Store(connection).of_quarter(BREWERY, QUARTER, at, "", 100)

    async def send(self, *persons: dmfa_update_pb2.DmfaNaturalPersonUpdate) -> Any:
        form = dmfa_update_pb2.DmfaUpdateForm(
            identification="DMFAUPD",
            form_creation_date="2026-11-02",
            form_creation_hour="10:00:00.000",
            attestation_status="1",
            type_form="SU",
        )
        whole = form.employer_declaration_update
        whole.quarter, whole.noss_registration_nbr = QUARTER, NSSO
        whole.trusteeship, whole.company_id = "0", "0"
        whole.employer_declaration_pid = str(self.pid)
        whole.natural_person_updates.extend(persons)
        return await self.quarters.correct(form)


@pytest.fixture
async def world(quarters: Any, outside: Any, declare: Callable[..., Any]) -> World:
    done = await quarters.send(declare(3))
    assert done.state is State.ACCEPTED
    await quarters.tell()
    outside.heard.clear()
    return World(quarters, outside, done.declaration_pid)


def update(
    recorded: Recorded, action: str = CHANGED, cents: int = 800_000
) -> dmfa_update_pb2.DmfaNaturalPersonUpdate:
    """Her one record with another wage, or taken back."""
    person = dmfa_pb2.DmfaNaturalPerson.FromString(recorded.content)
    numbers = dmfa_pid_pb2.DmfaIDNaturalPerson.FromString(recorded.identifiers)
    wire = dmfa_update_pb2.DmfaNaturalPersonUpdate(
        natural_person_sequence_nbr=person.natural_person_sequence_nbr,
        inss=recorded.ssin,
        natural_person_pid=numbers.natural_person_pid,
        decl_natural_person_pid=numbers.decl_natural_person_pid,
        decl_natural_person_version_nbr=numbers.decl_natural_person_version_nbr,
    )
    [record] = person.worker_records
    one = wire.worker_record_updates.add()
    one.last_situation_wr.employer_class = record.employer_class
    one.last_situation_wr.worker_code = record.worker_code
    [numbered] = numbers.id_worker_records
    one.last_situation_wr.worker_record_version_nbr = numbered.worker_record_version_nbr
    fill(one.worker_record_update_action, record, action, cents)
    return wire


def fill(
    target: dmfa_update_pb2.DmfaWorkerRecordUpdateAction,
    record: dmfa_pb2.DmfaWorkerRecord,
    action: str,
    cents: int,
) -> None:
    target.employer_class, target.worker_code = record.employer_class, record.worker_code
    target.update_action = action
    if action == TAKEN_BACK:
        return
    payee = quarterly.Worker("", cents, str(record.worker_code))
    target.noss_quarter_starting_date = record.noss_quarter_starting_date
    target.noss_quarter_ending_date = record.noss_quarter_ending_date
    target.border = record.border
    occupation = dmfa_update_pb2.DmfaOccupationUpdate.FromString(b"")
    source = record.occupations[0]
    for field, value in source.ListFields():
        if field.message_type is None:
            setattr(occupation, field.name, value)
    occupation.services.extend(source.services)
    occupation.remuns.extend(source.remuns)
    occupation.remuns[0].remun_amount = str(cents)
    target.occupation_updates.append(occupation)
    for code, kind, owed in payee.contributions:
        target.worker_contributions.add(
            contribution_worker_code=code,
            contribution_type=kind,
            contribution_calculation_basis=str(payee.basis),
            contribution_amount=str(owed),
        )


async def test_a_changed_wage_is_a_new_version_and_the_old_one_stays(
    world: World, codes: Callable[..., Any]
) -> None:
    before = await world.known()
    at = clock.now()
    done = await world.send(update(before[0]))
    assert (done.state, codes(done)) == (State.ACCEPTED, [])
    after = await world.known()
    assert [one.worked.gross_cents for one in await world.known(at)] == [
        one.worked.gross_cents for one in before
    ]
    assert after[0].worked.gross_cents == 800_000
    assert after[1:] == before[1:]
    old = dmfa_pid_pb2.DmfaIDNaturalPerson.FromString(before[0].identifiers)
    new = dmfa_pid_pb2.DmfaIDNaturalPerson.FromString(after[0].identifiers)
    assert old.natural_person_pid == new.natural_person_pid
    assert old.decl_natural_person_pid == new.decl_natural_person_pid
    assert old.decl_natural_person_version_nbr != new.decl_natural_person_version_nbr
    await world.quarters.tell()
    publish, _ = world.outside.heard
    assert publish.mutation.kind == exchange_pb2.MUTATION_KIND_CHANGED


async def test_the_notice_shows_before_and_after(world: World) -> None:
    before = await world.known()
    done = await world.send(update(before[0], cents=before[0].worked.gross_cents + 10_000))
    async with world.quarters.engine.connect() as connection:
        changes = await Store(connection).changed_by(BREWERY, QUARTER, done.ticket, "", 100)
    [(old, new)] = changes
    assert (old, new.ticket) == (before[0], done.ticket)
    told = notice.write(done, Employer(BREWERY, NSSO), changes, clock.now())
    assert [a for a in elements.anomalies(told) if a.anomaly_class == "B"] == []
    [person] = told.employer_declaration_update_notif.natural_person_update_notifs
    assert (person.action, person.inss) == (CHANGED, before[0].ssin)
    assert person.decl_natural_person_version_nbr == str(before[0].version)
    assert person.decl_natural_person_new_version_nbr == str(new.version)
    [record] = person.worker_record_update_notifs
    assert record.wr_dcl_part.occupation_update_notifications[0].remun_actions[
        0
    ].remun_amount == str(new.worked.gross_cents)
    assert int(told.rectification_amount.debit_amount) == 3_807 + 10


async def test_a_person_taken_back_leaves_the_quarter_and_the_register(world: World) -> None:
    before = await world.known()
    done = await world.send(update(before[1], TAKEN_BACK))
    assert done.state is State.ACCEPTED
    assert [one.ssin for one in await world.known()] == [before[0].ssin, before[2].ssin]
    async with world.quarters.engine.connect() as connection:
        assert await Store(connection).of_persons({before[1].ssin}) == []
    await world.quarters.tell()
    publish, end, _ = world.outside.heard
    assert publish.mutation.kind == exchange_pb2.MUTATION_KIND_CANCELLED
    assert isinstance(end, repertory_pb2.EndRequest)
    assert (end.inscription.ssin, end.inscription.quality) == (before[1].ssin, 10)


async def test_a_forgotten_worker_is_added(world: World, declare: Callable[..., Any]) -> None:
    person = declare(4).persons[3]
    wire = dmfa_update_pb2.DmfaNaturalPersonUpdate(
        natural_person_sequence_nbr="4", inss=person.inss
    )
    action = wire.worker_record_updates.add().worker_record_update_action
    fill(action, person.worker_records[0], ADDED, 700_000)
    for one in action.occupation_updates:
        one.contract_type, one.mean_working_hours = "0", "3800"
    done = await world.send(wire)
    assert done.state is State.ACCEPTED
    assert len(await world.known()) == 4
    await world.quarters.tell()
    register, publish, _ = world.outside.heard
    assert register.inscriptions[0].ssin == person.inss
    assert publish.mutation.kind == exchange_pb2.MUTATION_KIND_CREATED


async def test_only_the_latest_version_can_be_corrected(
    world: World, codes: Callable[..., Any]
) -> None:
    [one, *_] = await world.known()
    assert (await world.send(update(one))).state is State.ACCEPTED
    late = await world.send(update(one, cents=900_000))
    assert late.state is State.REFUSED
    assert {code for code, _ in codes(late)} == {"00620-180", "00610-180"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda u: setattr(u, "natural_person_pid", "7"), "00549-176"),
        (lambda u: setattr(u, "decl_natural_person_pid", "7"), "00548-176"),
        (lambda u: u.ClearField("decl_natural_person_version_nbr"), "00620-001"),
        (
            lambda u: setattr(u.worker_record_updates[0].last_situation_wr, "worker_code", "010"),
            "00610-182",
        ),
        (
            lambda u: setattr(
                u.worker_record_updates[0].worker_record_update_action, "update_action", ADDED
            ),
            "00618-174",
        ),
        (
            lambda u: setattr(
                u.worker_record_updates[0]
                .worker_record_update_action.occupation_updates[0]
                .services[0],
                "service_code",
                "999",
            ),
            "00062-008",
        ),
    ],
)
async def test_what_does_not_fit_is_refused_and_changes_nothing(
    world: World, codes: Callable[..., Any], change: Callable[..., None], code: str
) -> None:
    before = await world.known()
    wire = update(before[0])
    change(wire)
    done = await world.send(wire)
    assert done.state is State.REFUSED
    assert (code, "B") in codes(done)
    assert await world.known() == before


async def test_a_quarter_that_was_never_declared_cannot_be_corrected(
    world: World, codes: Callable[..., Any]
) -> None:
    world.pid += 1
    done = await world.send(update((await world.known())[0]))
    assert ("00534-182", "B") in codes(done)


@pytest.mark.parametrize("named", ["old", "new"])
async def test_a_quarter_is_corrected_by_either_number(
    world: World, codes: Callable[..., Any], named: str
) -> None:
    old, new = (await world.known())[0].ssin, list(quarterly.ssins(50))[-1]
    packed = any_pb2.Any()
    packed.Pack(persons_pb2.NumberReplaced(old_ssin=old, new_ssin=new))
    mutation = exchange_pb2.Mutation(ssin=new, data_sort="replaced_number", attestation=packed)
    await Numbers(world.quarters.engine).take_in([mailbox_pb2.Delivery(mutation=mutation)])
    [moved] = [one for one in await world.known() if one.ssin == new]
    correction = update(moved)
    correction.inss = old if named == "old" else new
    corrected = await world.send(correction)
    assert corrected.state is State.ACCEPTED
    assert (("90017-252", "W") in codes(corrected)) is (named == "old")
    stands = {one.ssin: one.worked.gross_cents for one in await world.known()}
    assert stands[new] == 800_000
    assert old not in stands
