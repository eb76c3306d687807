"""Packing: groups of things into few batches of bounded size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def packed(groups: Iterable[Sequence[T]], most: int) -> Iterator[list[T]]:
    """Batches in order; none is empty, and only a group that is larger than `most` is split."""
    batch: list[T] = []
    for group in groups:
        parts = [group[begin : begin + most] for begin in range(0, len(group), most)]
        for part in parts:
            if len(batch) + len(part) > most:
                yield batch
                batch = []
            batch.extend(part)
    if batch:
        yield batch


def grouped(groups: Iterable[Sequence[T]], most: int) -> Iterator[list[Sequence[T]]]:
    """Groups in order, each whole, as many together as have no more than `most` things."""
    together: list[Sequence[T]] = []
    count = 0
    for group in groups:
        if together and count + len(group) > most:
            yield together
            together, count = [], 0
        together.append(group)
        count += len(group)
    if together:
        yield together


def weighed(things: Iterable[bytes], most_bytes: int) -> Iterator[list[bytes]]:
    """Batches in order; none is empty, and only a thing heavier than `most_bytes` exceeds it."""
    batch: list[bytes] = []
    weight = 0
    for thing in things:
        if batch and weight + len(thing) > most_bytes:
            yield batch
            batch, weight = [], 0
        batch.append(thing)
        weight += len(thing)
    if batch:
        yield batch
