"""Changes of a status until the right that follows is decided, published and heard of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

from crossroads.attestations.v1 import attestations_pb2
from crossroads.rights.v1 import rights_pb2
from crossroads.router.v1 import exchange_pb2
from crossroads.types.v1 import types_pb2
from google.protobuf import any_pb2

from bench import grants, load, population
from bench.grants import Changes
from bench.load import Load
from bench.results import Measure, against_target
from mesh import clock
from sandbox.story.stage import Stage

CENTRE = "institution/17/1"
SUPPLIER = "institution/39/0"
AUDITOR = "auditor/privacy"
BORN = ("710101", "710102", "710103")
A_DAY = 400
PER_S = 200.0
CUSTOMER = 0
EVENTS_TARGET = 1_000.0
P99_TARGET_MS = 1_000.0
EXPLAIN_TARGET_MS = 20.0
EXPLANATIONS = 400
Cpu = Callable[[], Mapping[str, float]]
"""Processor seconds that each process has used."""


async def run(endpoints: Path, cpu: Cpu) -> list[Measure]:
    """The engine comes to know the persons first; then as fast as it goes, then at 200 a second."""
    stage = Stage(endpoints)
    persons = [ssin for day in BORN for ssin in population.ssins(day, A_DAY)]
    for identity, quality in ((population.REGISTER, 0), (SUPPLIER, CUSTOMER)):
        for start in range(0, len(persons), A_DAY):
            await population.register(stage, identity, quality, persons[start : start + A_DAY])
    router, centre = stage.address("router"), str(stage.folder(CENTRE))
    supplier = str(stage.folder(SUPPLIER))
    news = _News(stage.run, persons)
    first = await grants.measure(Changes(router, centre, supplier, news.of("CREATED", None)))
    before = cpu()
    fast = await grants.measure(Changes(router, centre, supplier, news.of("ENDED", clock.today())))
    used = {name: s - before.get(name, 0.0) for name, s in cpu().items()}
    steady = await grants.measure(
        Changes(router, centre, supplier, news.of("CHANGED", None), per_s=PER_S)
    )
    explained = await load.measure(_explanations(stage, steady.decisions))
    await stage.close()
    events = len(persons)
    return [
        against_target("rights_events_per_s", fast.events_per_s, "1/s", EVENTS_TARGET),
        against_target("rights_event_p99_ms", steady.p99_ms, "ms", P99_TARGET_MS),
        Measure("rights_event_p50_ms", steady.p50_ms, "ms"),
        Measure("rights_first_events_per_s", first.events_per_s, "1/s", "of persons not yet known"),
        Measure("rights_events_refused", first.failed + fast.failed + steady.failed, "events"),
        Measure("rights_events_missing", first.missing + fast.missing + steady.missing, "events"),
        *(
            Measure(f"rights_event_cpu_us_{name}", seconds / events * 1e6, "µs")
            for name, seconds in sorted(used.items())
            if seconds / events > 1e-5
        ),
        against_target("explain_p99_ms", explained.whole().p99_ms, "ms", EXPLAIN_TARGET_MS),
        Measure("explain_p50_ms", explained.p50_ms, "ms"),
    ]


class _News:
    """What the welfare centre tells of everybody, time after time."""

    def __init__(self, run: str, persons: list[str]) -> None:
        self._run = run
        self._persons = persons
        self._begin = clock.today() - timedelta(days=20)

    def of(self, kind: str, end: date | None) -> list[str]:
        return [r.SerializeToString().hex() for r in self._requests(kind, end)]

    def _requests(self, kind: str, end: date | None) -> Iterator[exchange_pb2.PublishRequest]:
        period = types_pb2.Period(begin=self._begin.isoformat(), end=end.isoformat() if end else "")
        packed = any_pb2.Any()
        packed.Pack(
            attestations_pb2.LivingWage(
                period=period,
                category=2,
                monthly_cents=131_400,
                decided_on=self._begin.isoformat(),
                kind="LIVING_WAGE",
            )
        )
        for ssin in self._persons:
            yield exchange_pb2.PublishRequest(
                request_id=f"bench-rights-{self._run}-{kind}-{ssin}",
                mutation=exchange_pb2.Mutation(
                    ssin=ssin,
                    data_sort="living_wage",
                    kind=exchange_pb2.MutationKind.Value(f"MUTATION_KIND_{kind}"),
                    period=types_pb2.Period(begin=self._begin.isoformat()),
                    attestation=packed,
                ),
            )


def _explanations(stage: Stage, decisions: list[str]) -> Load:
    return Load(
        address=stage.address("rights"),
        server_name="rights",
        tls=str(stage.folder(AUDITOR)),
        method="/crossroads.rights.v1.Rights/Explain",
        requests=[
            rights_pb2.ExplainRequest(decision_id=decision).SerializeToString().hex()
            for decision in decisions
        ],
        callers=1,
        calls=EXPLANATIONS,
    )
