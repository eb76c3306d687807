"""Statuses: which attestation says which, how often its source tells, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from google.protobuf.descriptor import Descriptor

from mesh import attestations
from services.rights.law import rulefile
from services.rights.law.rulefile import Block

_PACKAGE: Final = "crossroads.attestations.v1"


class Cadence(StrEnum):
    """How often a source tells what changed."""

    EVENT = "event"
    """As it happens."""
    DAILY = "daily"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `first` up to and including `last`, and the status that they mean."""

    first: int
    last: int
    status: str


@dataclass(frozen=True, slots=True)
class Sort:
    """How a sort of data says a status."""

    attestation: str
    field: str
    """Whose value is the status; empty where the attestation itself is."""
    values: frozenset[str]
    """The statuses that it may say."""
    several_at_once: bool
    """One institution may say several on the same begin, each a thing of its own."""
    one_at_a_time: bool
    """On a day one of them holds: contradictions are settled by authority."""
    authority: tuple[int, ...]
    """Sectors of institutions, the most authoritative first; others come after."""
    meanings: Mapping[str, str] | None = None
    """The status by value of the field, where the two differ."""
    ranges: tuple[Range, ...] = ()
    """The status by number, where the field is one."""
    country: str = ""
    """Which field names the country: a number of another one is `abroad`."""
    abroad: str = ""
    amount: str = ""
    """The field of the amount, in cents, of the year that the attestation names, or of its days."""
    birth: str = ""
    """The field of the day since which it holds for good."""
    cadence: Cadence = Cadence.EVENT


@dataclass(frozen=True, slots=True)
class Statuses:
    """All of them."""

    sorts: Mapping[str, Sort]
    titles: Mapping[str, dict[str, str]]


def load(path: Path) -> Statuses:
    """Raises RuleFileError, with the line, for what does not fit the attestations."""
    file = rulefile.read(path)
    file.only(("sorts", "statuses"))
    statuses = file.get_as(Block, "statuses")
    titles = {name: statuses.texts(name) for name in statuses}
    sorts = file.get_as(Block, "sorts")
    return Statuses({name: _sort(sorts.get_as(Block, name), titles) for name in sorts}, titles)


def _sort(block: Block, titles: Mapping[str, object]) -> Sort:
    block.only(
        (
            "attestation", "cadence", "status", "values", "ranges", "country", "abroad", "amount",
            "birth", "several_at_once", "one_at_a_time", "authority",
        )
    )  # fmt: skip
    name = block.get_as(str, "attestation")
    known = attestations.BY_NAME.get(f"{_PACKAGE}.{name}")
    if known is None:
        raise block.error(f"no attestation is named `{name}`", "attestation")
    field = _field(block, "status", known)
    ranges = tuple(_range(each) for each in block.blocks("ranges"))
    abroad = block.get_as(str, "abroad") if "abroad" in block else ""
    meanings = _meanings(block)
    values = frozenset(
        [*meanings.values(), *(r.status for r in ranges), *([abroad] if abroad else [])]
    )
    if not field and len(values) != 1:
        raise block.error("without a field there is one value", "values")
    if bool(meanings) == bool(ranges):
        raise block.error("a status is said by `values` or by `ranges`")
    for unknown in sorted(values - titles.keys()):
        raise block.error(f"`{unknown}` has no name in the four languages", "values")
    return Sort(
        name,
        field,
        values,
        _flag(block, "several_at_once"),
        _flag(block, "one_at_a_time"),
        _authority(block),
        meanings,
        ranges,
        _field(block, "country", known),
        abroad,
        _field(block, "amount", known),
        _field(block, "birth", known),
        _cadence(block),
    )


def _field(block: Block, key: str, known: Descriptor) -> str:
    if key not in block:
        return ""
    field = block.get_as(str, key)
    if field not in known.fields_by_name:
        raise block.error(f"`{known.name}` has no field `{field}`", key)
    return field


def _meanings(block: Block) -> dict[str, str]:
    """A list of statuses as the attestation spells them, or the status by what it spells."""
    if "values" not in block:
        return {}
    if isinstance(block["values"], Block):
        spelt = block.get_as(Block, "values")
        return {value: spelt.get_as(str, value) for value in spelt}
    return {status: status for status in block.words("values")}


def _range(block: Block) -> Range:
    block.only(("from", "until", "status"))
    found = Range(
        block.get_as(int, "from"), block.get_as(int, "until"), block.get_as(str, "status")
    )
    if found.first > found.last:
        raise block.error("a range begins before it ends", "until")
    return found


def _flag(block: Block, key: str) -> bool:
    return block.get_as(bool, key) if key in block else False


def _authority(block: Block) -> tuple[int, ...]:
    found = block.get_as(list, "authority") if "authority" in block else []
    if not all(isinstance(sector, int) for sector in found):
        raise block.error("`authority` is a list of sectors", "authority")
    return tuple(found)


def _cadence(block: Block) -> Cadence:
    if block.get_as(str, "cadence") not in list(Cadence):
        raise block.error(f"`cadence` is one of: {', '.join(Cadence)}", "cadence")
    return Cadence(block["cadence"])
