"""A death between any two steps loses nothing and repeats nothing."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from sandbox import cast
from tests.gateway.lots.conftest import Office, dimona, lot

STRANGER = "84031721194"


class Died(BaseException):
    """What a kill is to the process."""


class Deaths:
    """Lets so many moves on disk happen, then dies before or after the next."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._move: Callable[..., Any] = os.rename
        self.left: int | None = None
        self.after = False
        monkeypatch.setattr(os, "rename", self._moving)

    def _moving(self, *paths: Any) -> None:
        if self.left is None:
            self._move(*paths)
            return
        self.left -= 1
        if self.left < 0:
            if self.after:
                self._move(*paths)
            raise Died
        self._move(*paths)


async def dies(office: Office, deaths: Deaths, steps: int, after: bool) -> bool:
    """Work until a planted death; whether it came."""
    deaths.left, deaths.after = steps, after
    try:
        await office.settle()
    except Died:
        return True
    finally:
        deaths.left = None
    return False


def handed_out(office: Office) -> Counter[str]:
    names = office.names("out")
    return Counter(".".join(name.split(".")[:2]) for name in names)


@pytest.mark.parametrize("after", [False, True])
async def test_wherever_it_dies_each_lot_is_declared_and_answered_once(
    office: Office, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    deaths = Deaths(monkeypatch)
    for steps in count():
        office.lay(lot(f"{steps + 1:05d}"), dimona())
        died = await dies(office, deaths, steps, after)
        await office.settle()
        done = steps + 1
        assert handed_out(office) == {
            f"{prefix}.{form}": done for prefix in ("FO", "FS", "GO") for form in ("ACRF", "NOTI")
        }
        answers = [office.read(go) for go in office.answers("ACRF")]
        assert all(found.findtext(".//ResultCode") == "1" for found in answers)
        assert len(await office.declarations()) == done
        if not died:
            break
    assert steps > 15
    assert office.names("in") == []


@pytest.mark.parametrize("steps", range(0, 12, 3))
async def test_what_is_incomplete_stays_refused_once(
    office: Office, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    deaths, whole = Deaths(monkeypatch), lot(parts=2)
    office.lay(whole, dimona(cast.LINA))
    deaths.left = steps
    with pytest.raises(Died):
        await office.watch(later_s=120).look()
    deaths.left = None
    await office.look_until_answered("ACRF", later_s=120)
    assert handed_out(office) == {"FO.ACRF": 1, "FS.ACRF": 1, "GO.ACRF": 1}
    assert await office.declarations() == []
