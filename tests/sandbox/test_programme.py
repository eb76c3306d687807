"""A step that fails says which one it is."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from console.authority import Authority
from sandbox import cast
from sandbox.story import programme
from sandbox.story.stage import Stage
from sandbox.story.telling import StepFailed


def _endpoints(folder: Path, authority: Authority) -> Path:
    """Of a mesh where nobody answers."""
    names = ("repertory", "router", "ledger", "declarations", "rights", "gateway")
    file = folder / "endpoints.json"
    identities = {
        path: {"certificate": str(authority.issue(path) / "cert.pem")} for path in cast.IDENTITIES
    }
    file.write_text(
        json.dumps({"addresses": dict.fromkeys(names, "127.0.0.1:9"), "identities": identities})
    )
    return file


async def test_a_failure_names_its_step(tmp_path: Path, authority: Authority) -> None:
    stage = Stage(_endpoints(tmp_path, authority), patience_s=0)
    with pytest.raises(StepFailed, match="UNAVAILABLE") as failed:
        async for _ in programme.play(stage):
            pass
    assert failed.value.step == "clearing the stage"
    await stage.close()


async def test_looking_gives_up_with_the_words_given(tmp_path: Path, authority: Authority) -> None:
    stage = Stage(_endpoints(tmp_path, authority), patience_s=0)

    async def nothing() -> None:
        await asyncio.sleep(0)

    with pytest.raises(StepFailed, match="nothing came"):
        await stage.until(nothing, "nothing came")


def test_the_story_has_twelve_steps_with_names_of_their_own() -> None:
    names = [step.name for step in programme.STEPS]
    assert len(names) == len(set(names)) == 12
