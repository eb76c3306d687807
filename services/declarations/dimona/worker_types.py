"""What each worker type asks of its period. Source: NSSO glossary of Dimona, 2023/3."""

from __future__ import annotations

END_AT_ONCE = frozenset({"EXT", "STU", "IVT", "TRI", "STG", "A17", "O17", "S17", "T17"})
"""Kinds whose IN already gives the end (zone 00911)."""
AGENCY_WORK = "322"
"""Joint commission of agency work, whose INs give the end too."""
WITHIN_QUARTER = frozenset({"STU", "O17", "S17"})
"""Kinds that begin and end in the same quarter; they also plan their hours (zone 01135)."""
ONE_DAY = frozenset({"A17", "T17"})
"""Kinds that end on the day they begin."""
ARTICLE_17 = frozenset({"O17", "S17", "T17"})
"""Kinds that exist since 2022 and are declared at most 15 days ahead."""
ABOLISHED = frozenset({"A17", "TEA"})
"""Kinds that no period from 2022 on may bear."""
BY_THE_HOUR = "EXT"
"""Casual work, declared from hour to hour."""
FLEXI_JOB = "FLX"
DAY_PACKAGE = "302"
"""Joint commission in which casual work may be declared by the day, without an hour of end."""

JOINT_COMMISSIONS: dict[str, frozenset[str]] = {
    "BCW": frozenset({"124"}),
    "RTA": frozenset({"124"}),
    "EXT": frozenset({"144", "145", "302", "320", "322"}),
}
"""Kinds that exist in some joint commissions only (block 90374)."""


def ends_at_once(worker_type: str, joint_commission: str) -> bool:
    return worker_type in END_AT_ONCE or joint_commission == AGENCY_WORK
