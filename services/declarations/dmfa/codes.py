"""The uniform codes of the annexes: which are valid in a quarter, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from services.declarations.quarters import Quarter

HERE = Path(__file__).parent / "codes"
RECORD, CONTRIBUTION, UNRELATED = "record", "contribution", "unrelated"
"""Where a code of workers may stand."""
SERVICES, REMUNERATIONS, WORKERS = "services", "remunerations", "workers"


@dataclass(frozen=True, slots=True)
class Code:
    """A code from its first to its last quarter, such as 20031; 0: no bound."""

    code: str
    first: int
    last: int
    label: str
    use: tuple[str, ...] = ()

    def holds_in(self, quarter: int) -> bool:
        return self.first <= quarter and (not self.last or quarter <= self.last)


@cache
def read(name: str) -> Mapping[str, tuple[Code, ...]]:
    """A code list by code; one code may have held, or mean, several things."""
    rows = yaml.safe_load((HERE / f"{name}.yaml").read_text("utf-8"))
    found: dict[str, tuple[Code, ...]] = {}
    for row in rows:
        code = Code(row["code"], row["first"], row["last"], row["label"], tuple(row.get("use", ())))
        found[code.code] = (*found.get(code.code, ()), code)
    return found


@cache
def valid(name: str, quarter: Quarter, use: str = "") -> frozenset[str]:
    """The codes of a list that may be used in a quarter, there where `use` says."""
    return frozenset(
        code
        for code, meanings in read(name).items()
        if any(m.holds_in(int(quarter)) and (not use or use in m.use) for m in meanings)
    )


def holds_in(row: Mapping[str, Any], quarter: int) -> bool:
    """Whether a row of dated data, from its first to its last quarter, holds in a quarter."""
    return bool(row["first"] <= quarter and (not row["last"] or quarter <= row["last"]))
