"""Steps on disk: each happens whole or not at all, and stays when the machine stops."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

FRESH = ".new"
"""Ends the name under which something is made; what bears it was left by a death."""


class Unreadable(Exception):  # noqa: N818 - it states what is so
    """Not an ordinary file, or larger than it may be."""


def read(path: Path, most: int) -> bytes:
    """An ordinary file whole; a link is not followed. Raises Unreadable or FileNotFoundError."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unreadable("it cannot be opened") from error
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Unreadable("it is no file")
        content = file.read(most + 1)
    if len(content) > most:
        raise Unreadable(f"it has more than {most} bytes")
    return content


def write(path: Path, content: bytes) -> None:
    """Put a file where it was not, or another in its place."""
    fresh = path.with_name(path.name + FRESH)
    _fill(fresh, content)
    move(fresh, path)


def make(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put a folder with these files where there was none."""
    fresh = folder.with_name(folder.name + FRESH)
    fresh.mkdir(exist_ok=True)
    for left in fresh.iterdir():
        left.unlink()
    for name, content in files.items():
        _fill(fresh / name, content)
    _settle(fresh)
    move(fresh, folder)


def move(source: Path, target: Path) -> None:
    """Within one file system."""
    source.rename(target)
    _settle(target.parent)
    if source.parent != target.parent:
        _settle(source.parent)


def _fill(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _settle(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
