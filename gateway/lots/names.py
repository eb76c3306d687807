"""Names of files: `FI.<form>.<sender>.<day>.<number>.<environment>.<part>.<parts>`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

MOST_PARTS = 9
FILE, SIGNATURE, ANSWER, GO = "FI", "FS", "FO", "GO"
REAL = "R"
"""The environment in which a lot declares; in the others it is only tried."""
LONGEST = 100
_LOT = re.compile(
    r"([A-Z0-9]{4})\.([0-9]{6})\.([0-9]{8})\.([0-9A-Z]{5})\.([RTS])\.([0-9])", re.ASCII
)
_PIECE = re.compile(r"(FI|FS)\.(.{24,32})\.([0-9])\.([0-9])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Lot:
    """What a name says: which form, from whom, of which day, its number, in how many parts."""

    form: str
    sender: str
    day: str
    number: str
    environment: str
    parts: int

    @property
    def stem(self) -> str:
        return f"{self.form}.{self.sender}.{self.day}.{self.number}.{self.environment}"

    @property
    def name(self) -> str:
        return f"{self.stem}.{self.parts}"

    @property
    def go(self) -> str:
        return f"{GO}.{self.name}"

    def piece(self, prefix: str, part: int) -> str:
        return f"{prefix}.{self.stem}.{part}.{self.parts}"

    def pieces(self, prefix: str) -> list[str]:
        return [self.piece(prefix, part) for part in range(1, self.parts + 1)]


def of_go(name: str) -> Lot | None:
    """The lot that a go-ahead is for; None where its name is not one."""
    found = _LOT.fullmatch(name.removeprefix(f"{GO}."))
    if found is None or not name.startswith(f"{GO}."):
        return None
    form, sender, day, number, environment, parts = found.groups()
    return Lot(form, sender, day, number, environment, int(parts))


def of_piece(name: str) -> Lot | None:
    """The lot that a file or a signature belongs to; None where its name is not one."""
    found = _PIECE.fullmatch(name)
    return of_go(f"{GO}.{found[2]}.{found[4]}") if found else None


def anomalies(lot: Lot, sender: str, today: date, oldest: date) -> list[str]:
    """What is amiss in a name, as kinds of anomaly."""
    found = []
    if lot.sender != sender:
        found.append("108")
    try:
        day = date.fromisoformat(f"{lot.day[:4]}-{lot.day[4:6]}-{lot.day[6:]}")
    except ValueError:
        found.append("110")
    else:
        if day > today:
            found.append("111")
        elif day < oldest:
            found.append("126")
    if not lot.number.strip("0"):
        found.append("127")
    if not lot.parts:
        found.append("116")
    return found
