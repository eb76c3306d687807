"""The living wages that the welfare centre of the sandbox has granted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from crossroads.attestations.v1.attestations_pb2 import LivingWage
from google.protobuf import json_format


class LivingWages:
    """The centre's own file: one living wage for each person and first day."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "living_wages.json"

    def of(self, ssin: str) -> list[LivingWage]:
        """In order of first day."""
        rows = self._read()
        return [
            json_format.ParseDict(row["living_wage"], LivingWage())
            for key, row in sorted(rows.items())
            if key.startswith(f"{ssin}/")
        ]

    def put(self, ssin: str, wage: LivingWage) -> None:
        """Grant one, or replace the one that begins on the same day."""
        rows = self._read()
        rows[f"{ssin}/{wage.period.begin}"] = {"living_wage": json_format.MessageToDict(wage)}
        self._write(rows)

    def withdraw(self, ssin: str, begin: str) -> None:
        rows = self._read()
        rows.pop(f"{ssin}/{begin}", None)
        self._write(rows)

    def _read(self) -> dict[str, Any]:
        rows: dict[str, Any] = (
            json.loads(self._file.read_text("utf-8")) if self._file.exists() else {}
        )
        return rows

    def _write(self, rows: dict[str, Any]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(rows, indent=1, sort_keys=True), "utf-8")
        fresh.replace(self._file)
