"""The twelve steps in their order, each within one trace."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import grpc
import httpx

from mesh import telemetry
from sandbox.story import (
    consultations,
    employment,
    integration,
    living_wage,
    verification,
    xml,
)
from sandbox.story.stage import Stage
from sandbox.story.telling import Account, StepFailed, Told


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what a line of the story calls it, and what it does."""

    name: str
    act: Callable[[Stage], Awaitable[Told]]


async def _end(stage: Stage) -> Told:
    work = await employment.leave(stage)
    right = await living_wage.end(stage)
    return Told(work.status, work.ticket, (*work.details, *right.details))


STEPS: tuple[Step, ...] = (
    Step("A health fund and a welfare centre integrate Lina", integration.integrate),
    Step("A brewery declares her: Dimona IN as XML", employment.declare),
    Step("Her employment reaches who may know", employment.distribute),
    Step("A living wage is granted, a social tariff follows", living_wage.grant),
    Step("The welfare centre consults her employment", consultations.by_grpc),
    Step("The same consultation as SSDN XML", xml.by_ssdn),
    Step("Refused: an institution that does not know her", consultations.by_a_stranger),
    Step("Refused: data that no deliberation gives", consultations.without_ground),
    Step("Refused: a revoked certificate", consultations.with_revoked_certificate),
    Step("A bad Dimona: two anomalies, nothing changed", employment.declare_badly),
    Step("Work and living wage end; the right ends by law", _end),
    Step("The ledger is verified; Lina reads who asked", verification.verify),
)


async def play(stage: Stage) -> AsyncIterator[Account]:
    """Tell the story step by step. Raises StepFailed, which names its step."""
    with telemetry.span("story clear the stage"):
        await _named("clearing the stage", integration.clear(stage))
    for number, step in enumerate(STEPS, 1):
        yield await _act(stage, number, step)


async def _act(stage: Stage, number: int, step: Step) -> Account:
    began = time.perf_counter()
    with telemetry.span(f"story {number}", crossroads__step=number) as span:
        told = await _named(f"step {number}, {step.name}", step.act(stage))
        if told.ticket:
            telemetry.note(crossroads__ticket=told.ticket)
        trace_id = format(span.place.trace_id, "032x")
    took = (time.perf_counter() - began) * 1000
    return Account(number, step.name, told, told.latency_ms or took, trace_id)


async def _named(name: str, act: Awaitable[Told] | Awaitable[None]) -> Told:
    """Whatever goes wrong in a step is told with its name."""
    try:
        return await act or Told("")
    except StepFailed as failure:
        failure.step = name
        raise
    except grpc.aio.AioRpcError as error:
        raise StepFailed(f"{error.code().name}: {error.details()}", name) from error
    except httpx.HTTPError as error:
        raise StepFailed(str(error) or type(error).__name__, name) from error
    except Exception as error:
        raise StepFailed(type(error).__name__, name) from error
