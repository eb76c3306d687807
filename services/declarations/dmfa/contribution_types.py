"""Which types a contribution may have in a quarter, by its code and the class of the employer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from services.declarations.dmfa import codes
from services.declarations.quarters import Quarter


@dataclass(frozen=True, slots=True)
class Types:
    """Those of one code."""

    of_all: frozenset[str]
    """For every class of employer."""
    of_classes: Mapping[str, frozenset[str]]
    """Those that only some classes have besides."""

    @property
    def known(self) -> frozenset[str]:
        return self.of_all.union(*self.of_classes.values())

    def of(self, employer_class: str) -> frozenset[str]:
        return self.of_all | self.of_classes.get(employer_class, frozenset())


@cache
def valid(code: str, quarter: Quarter) -> Types | None:
    """None: the list does not name the code in that quarter."""
    rows = [row for row in _rows() if _names(row, code) and codes.holds_in(row, int(quarter))]
    if not rows:
        return None
    classes = {one for row in rows for one in row.get("classes", ())}
    return Types(
        frozenset(row["type"] for row in rows if "classes" not in row),
        {
            one: frozenset(row["type"] for row in rows if one in row.get("classes", ()))
            for one in classes
        },
    )


def _names(row: Mapping[str, Any], code: str) -> bool:
    return all(wanted in {"x", digit} for wanted, digit in zip(row["code"], code, strict=False))


@cache
def _rows() -> tuple[Mapping[str, Any], ...]:
    rows = yaml.safe_load((codes.HERE / "contribution_types.yaml").read_text("utf-8"))
    return tuple(rows)
