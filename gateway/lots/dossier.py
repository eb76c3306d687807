"""One lot as it was sent once: a folder in which every step leaves its result."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.lots import disk, names
from gateway.lots.names import Lot

LARGEST_OF_OURS = 64 << 20
_RECEPTION = "reception.json"


@dataclass(frozen=True, slots=True)
class Reception:
    """What was decided of a lot as a whole: taken in, or refused with kinds of anomaly."""

    ticket: str
    at: str
    anomalies: tuple[str, ...]

    @property
    def taken_in(self) -> bool:
        return not self.anomalies


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came of handing a form in: its ticket, or what it was refused for."""

    ticket: str
    at: datetime
    refused: str = ""
    error_id: str = ""


class Dossier:
    """A folder with the files as sent and a file for each step done; `<lot>#<attempt>`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name, _, self.attempt = folder.name.partition("#")
        self.lot: Lot | None = names.of_go(f"{names.GO}.{self.name}")

    @property
    def go(self) -> str:
        """Name of the go-ahead, as sent or, where it never came, as it should have been."""
        if self.lot:
            return self.lot.go
        return next(
            (f.name for f in self.folder.iterdir() if f.name.startswith(names.GO)), names.GO
        )

    def holds(self, name: str) -> bool:
        return (self.folder / name).is_symlink() or (self.folder / name).exists()

    def read(self, name: str, most: int) -> bytes:
        """A file as sent. Raises Unreadable or FileNotFoundError."""
        return disk.read(self.folder / name, most)

    def reception(self) -> Reception | None:
        found = self._json(_RECEPTION)
        if found is None:
            return None
        return Reception(found["ticket"], found["at"], tuple(found["anomalies"]))

    def decide(self, reception: Reception, parts: Sequence[bytes]) -> None:
        """Keep a decision, and before it the content that it is about in files of our own."""
        for part, content in enumerate(parts, 1):
            disk.write(self.folder / f"{part}.xml", content)
        self._put(_RECEPTION, asdict(reception))

    def part(self, part: int) -> bytes:
        """The content that was judged, whatever has become of the file as sent."""
        return disk.read(self.folder / f"{part}.xml", LARGEST_OF_OURS)

    def receipts(self, part: int) -> list[Receipt] | None:
        found = self._json(f"{part}.json")
        if found is None:
            return None
        return [Receipt(**one | {"at": datetime.fromisoformat(one["at"])}) for one in found]

    def hand_in(self, part: int, receipts: Sequence[Receipt]) -> None:
        told = [asdict(receipt) | {"at": receipt.at.isoformat()} for receipt in receipts]
        self._put(f"{part}.json", told)

    def _json(self, name: str) -> Any:
        file = self.folder / name
        return json.loads(disk.read(file, LARGEST_OF_OURS)) if file.exists() else None

    def _put(self, name: str, content: Any) -> None:
        disk.write(self.folder / name, json.dumps(content).encode())
