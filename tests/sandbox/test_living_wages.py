"""The welfare centre's own file."""

from __future__ import annotations

from pathlib import Path

from crossroads.attestations.v1.attestations_pb2 import LivingWage
from crossroads.types.v1.types_pb2 import Period

from sandbox import cast
from sandbox.living_wages import LivingWages


def _wage(begin: str, end: str = "") -> LivingWage:
    return LivingWage(period=Period(begin=begin, end=end), kind="LIVING_WAGE", monthly_cents=100)


def test_what_is_granted_is_there_for_another_reader(tmp_path: Path) -> None:
    LivingWages(tmp_path).put(cast.LINA, _wage("2026-02-01"))
    LivingWages(tmp_path).put(cast.LINA, _wage("2026-01-01"))
    LivingWages(tmp_path).put(cast.JORIS, _wage("2026-03-01"))
    begins = [wage.period.begin for wage in LivingWages(tmp_path).of(cast.LINA)]
    assert begins == ["2026-01-01", "2026-02-01"]


def test_a_wage_that_begins_on_the_same_day_replaces(tmp_path: Path) -> None:
    wages = LivingWages(tmp_path)
    wages.put(cast.LINA, _wage("2026-01-01"))
    wages.put(cast.LINA, _wage("2026-01-01", "2026-03-01"))
    assert wages.of(cast.LINA) == [_wage("2026-01-01", "2026-03-01")]


def test_a_wage_withdrawn_is_gone_and_may_be_withdrawn_again(tmp_path: Path) -> None:
    wages = LivingWages(tmp_path)
    wages.put(cast.LINA, _wage("2026-01-01"))
    wages.withdraw(cast.LINA, "2026-01-01")
    wages.withdraw(cast.LINA, "2026-01-01")
    assert wages.of(cast.LINA) == []
