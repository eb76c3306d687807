"""What each worker type asks of its period, from `worker_types.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import yaml

AGENCY_WORK = "322"
"""Joint commission of agency work, whose INs give the end too."""
HOSPITALITY = "302"
"""Joint commission in which casual work may be declared by the day, without an hour of end."""
CASUAL = "EXT"
FLEXI_JOB = "FLX"


@dataclass(frozen=True, slots=True)
class WorkerType:
    """The demands of one worker type."""

    ends_at_once: bool = False
    """The IN already gives the end."""
    within_quarter: bool = False
    """Begin and end lie in the same quarter."""
    one_day: bool = False
    """It ends on the day it begins."""
    plans_hours: bool = False
    by_the_hour: bool = False
    """Declared from hour to hour, at most 24."""
    hours_of_one_day: bool = False
    """Declared from hour to hour where it lasts one day."""
    registers_days: bool = False
    """The employer may register each day's hours within the period."""
    keeps_begin: bool = False
    """No UPDATE moves its begin."""
    first_begin: date = date.min
    last_begin: date = date.max
    most_days_ahead: int | None = None
    most_days_before_quarter: int | None = None
    joint_commissions: tuple[str, ...] = ()
    """Where it exists. Empty: everywhere."""


_ASKS_NOTHING = WorkerType()


def of(name: str) -> WorkerType:
    return _all().get(name, _ASKS_NOTHING)


def ends_at_once(name: str, joint_commission: str) -> bool:
    return of(name).ends_at_once or joint_commission == AGENCY_WORK


@cache
def _all() -> dict[str, WorkerType]:
    rows = yaml.safe_load(Path(__file__).with_name("worker_types.yaml").read_text("utf-8"))
    return {
        name: WorkerType(**(row | {"joint_commissions": tuple(row.get("joint_commissions", ()))}))
        for name, row in rows.items()
    }
