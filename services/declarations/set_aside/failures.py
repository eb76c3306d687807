"""Failures: which of them pass by themselves, and what is told of the others."""

from __future__ import annotations

import traceback
from pathlib import Path

import grpc
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from mesh.refusals import Refusal


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
