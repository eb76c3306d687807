"""What is set aside: a declaration that could not be judged, so that it holds nobody up."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path

import grpc
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from mesh.refusals import Refusal


class Line(Enum):
    """One of the lines in which what was received waits to be handled."""

    DIMONA = "dimona"
    DMFA = "dmfa"
    RISKS = "risks"


@dataclass(frozen=True, slots=True)
class Aside:
    """A declaration that was set aside, and where handling it failed."""

    line: Line
    whose: str
    """The employer by enterprise number; of a risk the path of who declared it."""
    ticket: str
    received_at: datetime
    set_aside_at: datetime
    failure: str


def is_passing(error: Exception) -> bool:
    """Whether it is the database or a peer that failed, and not what was judged."""
    if isinstance(error, DataError | IntegrityError):
        return False
    return isinstance(error, SQLAlchemyError | grpc.RpcError | Refusal | OSError)


def failure(error: Exception) -> str:
    """Which error it was and where, without its text, which might name a person."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"
