"""Dimona to receipt: over gRPC, over XML, and at a steady rate. A receipt means it is durable."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from crossroads.declarations.v1 import declarations_pb2
from crossroads.forms.v1 import dimona_pb2

from bench import documents, load, population
from bench.arrivals import Arrivals, measure
from bench.documents import Sending
from bench.load import Load
from bench.results import Measure, against_target
from mesh import clock
from sandbox import cast, payroll
from sandbox.story.stage import Stage
from sandbox.story.telling import StepFailed

SUBMIT = "/crossroads.declarations.v1.Declarations/SubmitDimona"
PATH = "/nsso/dimona"
CALLERS = 64
CALLS = 4000
SENDERS = 32
DOCUMENTS = 2500
MOST_S = 10.0
STEADY_PER_S = 50.0
STEADY_LASTS_S = 10.0
GRPC_TARGET, XML_TARGET, P99_TARGET_MS = 400.0, 250.0, 100.0
YEARS = 8
"""Days that a run may begin on: no Dimona may be for a day ten years ahead."""
HANDLED_WITHIN_S = 60.0
WORKERS = 400


@dataclass(frozen=True, slots=True)
class Employment:
    """A day's work of one worker; no two of a run overlap."""

    ssin: str
    day: date


async def run(endpoints: Path) -> list[Measure]:
    """What was receipted is handled meanwhile; how long that takes besides is told too."""
    stage = Stage(endpoints)
    await population.register(stage, population.REGISTER, 0, _workers())
    tls = str(stage.folder(population.BREWERY))
    intake, gateway = stage.address("declarations"), stage.address("gateway")
    days = _employments(int(stage.run, 16))
    requests = _requests(stage.run, days)
    took = CALLS + load.warm_up(CALLS, CALLERS)
    fast = await load.measure(
        Load(
            *(intake, "declarations", tls, SUBMIT),
            *(_take(requests, took), CALLERS, CALLS),
            most_s=MOST_S,
        )
    )
    handled_s = await _until_handled(stage)
    written = [_document(day) for day in itertools.islice(days, DOCUMENTS)]
    xml = await documents.measure(Sending(gateway, PATH, tls, written, SENDERS, MOST_S))
    await _until_handled(stage)
    wanted = _take(requests, round(STEADY_PER_S * (STEADY_LASTS_S + 1)))
    steady = await measure(
        Arrivals(intake, "declarations", tls, SUBMIT, wanted, STEADY_PER_S, STEADY_LASTS_S)
    )
    accepted = await _accepted_share(stage)
    await stage.close()
    failed = fast.failed + xml.failed + steady.calls - steady.answered
    return [
        against_target("dimona_grpc_per_s", fast.per_s, "1/s", GRPC_TARGET),
        against_target("dimona_xml_per_s", xml.per_s, "1/s", XML_TARGET),
        against_target("dimona_receipt_p99_ms", steady.p99_ms, "ms", P99_TARGET_MS),
        Measure("dimona_receipt_p50_ms", steady.p50_ms, "ms"),
        Measure("dimona_handled_after_s", handled_s, "s", "all of the load over gRPC"),
        Measure("dimona_accepted_share", accepted, "", "of the last thousand"),
        Measure("dimona_failed", failed, "calls", "none may"),
    ]


def _workers() -> list[str]:
    """Known to the National Register and to nobody else."""
    return population.ssins("710101", WORKERS)


def _employments(run: int) -> Iterator[Employment]:
    """One worker after another on one day after another, from a day of the run's own on."""
    first = clock.today() + timedelta(days=1 + run % (365 * YEARS))
    for number in itertools.count():
        for ssin in _workers():
            yield Employment(ssin, first + timedelta(days=number))


def _requests(run: str, employments: Iterator[Employment]) -> Iterator[str]:
    for number, employment in enumerate(employments):
        yield (
            declarations_pb2.SubmitDimonaRequest(
                request_id=f"bench-{run}-dimona-{number}",
                form=_form(employment),
                channel=declarations_pb2.CHANNEL_GRPC,
            )
            .SerializeToString()
            .hex()
        )


def _form(employment: Employment) -> dimona_pb2.DimonaForm:
    day, now = employment.day.isoformat(), clock.now()
    return dimona_pb2.DimonaForm(
        identification="DIMONA",
        form_creation_date=now.date().isoformat(),
        form_creation_hour=now.strftime("%H:%M:%S.000"),
        attestation_status="0",
        type_form="SU",
        dimona_in=dimona_pb2.DimonaIn(
            starting_date=day,
            ending_date=day,
            employer_id=dimona_pb2.EmployerId(noss_registration_nbr=cast.BREWERY_NSSO),
            natural_person=dimona_pb2.NaturalPerson(inss=employment.ssin),
            dimona_features=dimona_pb2.DimonaFeatures(
                joint_commission_nbr="XXX", worker_type="OTH"
            ),
        ),
    )


def _document(employment: Employment) -> str:
    day = employment.day
    written = payroll.dimona_in(clock.now(), cast.BREWERY_NSSO, employment.ssin, day, day)
    return written.decode()


def _take(requests: Iterator[str], many: int) -> list[str]:
    return list(itertools.islice(requests, many))


async def _last(stage: Stage, many: int) -> list[declarations_pb2.Declaration]:
    answer = await stage.declarations(population.BREWERY).ListDeclarations(
        declarations_pb2.ListDeclarationsRequest(page_size=many)
    )
    return list(answer.declarations)


async def _until_handled(stage: Stage) -> float:
    """Wait for the notification on the last of them; an employer's are handled in order."""
    began = time.perf_counter()
    (newest,) = await _last(stage, 1)
    asked = declarations_pb2.GetDeclarationRequest(ticket=newest.ticket, wait_ms=3000)
    while True:
        answer = await stage.declarations(population.BREWERY).GetDeclaration(asked)
        if answer.declaration.HasField("notification"):
            return time.perf_counter() - began
        if time.perf_counter() - began > HANDLED_WITHIN_S:
            raise StepFailed("what was receipted is not handled")


async def _accepted_share(stage: Stage) -> float:
    await _until_handled(stage)
    last = await _last(stage, 1000)
    accepted = [d for d in last if d.state == declarations_pb2.DECLARATION_STATE_ACCEPTED]
    return len(accepted) / len(last)
