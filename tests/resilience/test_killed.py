"""Nothing acknowledged is lost: whatever is killed in the middle of the story, it completes."""

from __future__ import annotations

import asyncio

import pytest

from sandbox.story import programme
from sandbox.story.stage import Stage
from tests.resilience.conftest import Processes

INTO_THE_NEXT_STEP_S = 0.05


@pytest.mark.parametrize(
    ("victims", "after"),
    [
        (("declarations",), 1),
        (("declarations",), 2),
        (("router",), 3),
        (("ledger",), 2),
        (("postgres",), 1),
        (("rights", "sandbox"), 3),
        (("repertory", "gateway"), 1),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, tuple) else f"after {value}",
)
async def test_the_story_completes_when_a_process_is_killed_in_its_middle(
    stage: Stage, processes: Processes, victims: tuple[str, ...], after: int
) -> None:
    before = {victim: processes.pid(victim) for victim in victims}
    steps = []
    async for account in programme.play(stage):
        steps.append(account.number)
        if account.number == after:
            for victim in victims:
                asyncio.get_running_loop().call_later(INTO_THE_NEXT_STEP_S, processes.kill, victim)
    assert steps == list(range(1, 13))
    assert all(processes.pid(victim) != before[victim] for victim in victims)
