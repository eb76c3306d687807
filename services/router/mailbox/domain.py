"""How a mailbox is kept."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

MOST_DAYS = 400
"""After this many days a delivery is swept, read or not."""


class Mode(Enum):
    """What a mailbox takes; values are those of the contract."""

    CONTENT = 1
    SIGNAL = 2


@dataclass(frozen=True, slots=True)
class MailboxSettings:
    """What a mailbox takes, and for how many days what was acknowledged can be read again."""

    mode: Mode = Mode.CONTENT
    retention_days: int = 90


@dataclass(frozen=True, slots=True)
class Extent:
    """The positions of a mailbox: the first kept, the last, and up to where it was acknowledged."""

    first: int = 1
    last: int = 0
    acknowledged: int = 0


class NoLongerKept(Exception):  # noqa: N818 - it states what is so
    """A mailbox is read from before what it keeps; `first` is the first position kept."""

    def __init__(self, first: int) -> None:
        super().__init__(first)
        self.first = first
