"""Parameters: dated values with their source, shared by rules."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path

from services.rights.law import rulefile
from services.rights.law.provisions import Value
from services.rights.law.rulefile import Block


def load(folder: Path) -> dict[str, tuple[Value, ...]]:
    """Every parameter of `params/*.yaml` by its name. Raises RuleFileError with file and line."""
    found: dict[str, tuple[Value, ...]] = {}
    for path in sorted(folder.glob("*.yaml")):
        block = rulefile.read(path)
        for name in block:
            if name in found:
                raise block.error(f"`{name}` stands in another file too", name)
            found[name] = values(block, name)
    return found


def values(block: Block, name: str) -> tuple[Value, ...]:
    """The values of one parameter, in order of their first day."""
    blocks = block.blocks(name)
    if not blocks:
        raise block.error(f"`{name}` has no value", name)
    found = tuple(map(_value, blocks))
    for (earlier, later), stands in zip(pairwise(found), blocks[1:], strict=True):
        if (earlier.begin, earlier.known_from) >= (later.begin, later.known_from):
            raise stands.error("values stand in order of `from`, then of `known_from`", "from")
    return found


def _value(block: Block) -> Value:
    block.only(("from", "value", "source", "verified", "known_from"))
    return Value(
        block.day("from"),
        _number(block),
        block.get_as(str, "source"),
        block.get_as(bool, "verified"),
        block.day("known_from") if "known_from" in block else date.min,
    )


def _number(block: Block) -> int:
    """A number as it is, an amount in quotes as cents."""
    value = block.get_as(object, "value")
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        cents = Decimal(value if isinstance(value, str) else "") * 100
    except InvalidOperation as error:
        raise block.error(
            '`value` is a number, or an amount such as "20763.88"', "value"
        ) from error
    if not cents.is_finite() or cents != cents.to_integral_value():
        raise block.error("an amount has whole cents", "value")
    return int(cents)
