"""Drawers: rows put aside on disk by the part that they belong to, and taken out part by part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.rights.extracts import Table
from services.rights.spans import Rows


@dataclass(frozen=True, slots=True)
class Drawers:
    """Of one table a file for each part; memory holds no more than what is being put or taken."""

    folder: Path
    name: str
    columns: Mapping[str, str]
    """The type of each, as numpy calls it."""

    def put(self, drawer: Rows, table: Table) -> None:
        """Each row in its drawer, behind those that are there."""
        order = np.argsort(drawer, kind="stable")
        rows = np.empty(len(order), self._type)
        for name in self.columns:
            rows[name] = table[name].take(order)
        drawer = drawer.take(order)
        heads = np.flatnonzero(np.diff(drawer, prepend=-1)).tolist()
        for first, last in pairwise([*heads, len(rows)]):
            with self._path(int(drawer[first])).open("ab") as file:
                file.write(rows[first:last].tobytes())

    def take(self, drawer: int) -> Table:
        """All columns, also where nothing was ever put."""
        path = self._path(drawer)
        rows: NDArray[Any] = np.empty(0, self._type)
        if path.exists():
            rows = np.fromfile(path, self._type)
        return {name: np.ascontiguousarray(rows[name]) for name in self.columns}

    @property
    def _type(self) -> np.dtype[Any]:
        return np.dtype(list(self.columns.items()))

    def _path(self, drawer: int) -> Path:
        return self.folder / f"{self.name}.{drawer}"
