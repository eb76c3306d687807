"""A sender's folder: what lies in `in`, what is under way in `lots`, what goes to `out`."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from itertools import count, islice
from pathlib import Path
from typing import TextIO

from gateway.lots import disk, names
from gateway.lots.dossier import Dossier
from gateway.lots.names import Lot

SETTLE_S = 60.0
"""How long pieces may come after their go-ahead."""
ABANDONED_S = 86_400.0
"""How long pieces may lie without a go-ahead."""
MOST_NAMES = 10_000
"""Looked at in one look."""
ABOUT_A_NUMBER = 100
FOLDERS = ("in", "out", "lots", "kept", "seen")


class Tray:
    """The folders of one sender. They must be on one file system."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in FOLDERS:
            (root / name).mkdir(parents=True, exist_ok=True)

    def lock(self) -> TextIO | None:
        """Hold the tray; None while another process holds it."""
        file = (self.root / "lock").open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        return file

    def gather(self, now: float) -> None:
        """Move the lots that are there whole, or that nothing more is expected of, into work.

        `now` is in seconds of the epoch. The go-ahead is moved last: with it a lot is gathered.
        """
        for lot, pieces in self._waiting().items():
            name = lot.name if isinstance(lot, Lot) else lot
            dossier = self._open(name)
            if not self._is_ready(lot, pieces, dossier, now):
                continue
            dossier.folder.mkdir(exist_ok=True)
            for piece in sorted(pieces, key=lambda piece: piece.startswith(names.GO)):
                if not dossier.holds(piece):
                    disk.move(self.root / "in" / piece, dossier.folder / piece)

    def dossiers(self) -> list[Dossier]:
        """Those under way, in order of name."""
        return [Dossier(folder) for folder in sorted((self.root / "lots").iterdir())]

    def keep(self, dossier: Dossier) -> None:
        """Nothing is left to do."""
        disk.move(dossier.folder, self.root / "kept" / dossier.folder.name)

    def was_taken_in(self, dossier: Dossier) -> bool:
        """Whether a lot of the same name was taken in before."""
        before = [each for each in self._attempts(dossier.name) if each.attempt != dossier.attempt]
        return any((found := each.reception()) and found.taken_in for each in before)

    def was_seen(self, digest: str, dossier: Dossier) -> bool:
        """Whether the same content was taken in before, under whatever name."""
        file = self.root / "seen" / digest
        return file.exists() and file.read_text("utf-8") != dossier.folder.name

    def see(self, digest: str, dossier: Dossier) -> None:
        disk.write(self.root / "seen" / digest, dossier.folder.name.encode())

    def number(self) -> int:
        """One that was not given before. One that a death loses is not given again."""
        file = self.root / "number"
        number = 1 + (int(disk.read(file, ABOUT_A_NUMBER)) if file.exists() else 0)
        disk.write(file, str(number).encode())
        return number

    def hand_out(self, answer: Path) -> None:
        """Move what stands ready in a folder to `out`, the go-ahead last."""
        waiting = sorted(answer.iterdir(), key=lambda file: file.name.startswith(names.GO))
        for file in waiting:
            disk.move(file, self.root / "out" / file.name)

    def _waiting(self) -> dict[Lot | str, list[str]]:
        """What lies in `in`, by lot; a go-ahead with a name that is none is a lot of its own."""
        found: dict[Lot | str, list[str]] = {}
        with os.scandir(self.root / "in") as entries:
            for entry in islice(entries, MOST_NAMES):
                lot: Lot | str | None = names.of_go(entry.name) or names.of_piece(entry.name)
                if lot is None and entry.name.startswith(f"{names.GO}."):
                    lot = hashlib.sha256(os.fsencode(entry.name)).hexdigest()[:32]
                if lot is not None:
                    found.setdefault(lot, []).append(entry.name)
        return found

    def _is_ready(
        self, lot: Lot | str, pieces: Sequence[str], dossier: Dossier, now: float
    ) -> bool:
        if not isinstance(lot, Lot):
            return True
        wanted = [lot.go, *lot.pieces(names.FILE), *lot.pieces(names.SIGNATURE)]
        if all(piece in pieces or dossier.holds(piece) for piece in wanted):
            return True
        since = self._came(lot.go if lot.go in pieces else pieces[0])
        return now - since > (SETTLE_S if lot.go in pieces else ABANDONED_S)

    def _came(self, name: str) -> float:
        """When a name came to be in `in`; a sender cannot set this time."""
        with suppress(FileNotFoundError):
            return (self.root / "in" / name).lstat().st_ctime
        return float("inf")

    def _open(self, name: str) -> Dossier:
        """The attempt that is still being gathered, or a new one."""
        attempts = self._attempts(name)
        if attempts:
            last = attempts[-1]
            if last.reception() is None and not (last.go and last.holds(last.go)):
                return last
        return Dossier(self.root / "lots" / f"{name}#{len(attempts) + 1}")

    def _attempts(self, name: str) -> list[Dossier]:
        found: list[Dossier] = []
        for number in count(1):
            places = [self.root / place / f"{name}#{number}" for place in ("kept", "lots")]
            there = next((place for place in places if place.exists()), None)
            if there is None:
                return found
            found.append(Dossier(there))
        raise AssertionError("numbers do not end")
