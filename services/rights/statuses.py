"""Statuses: which attestation says which, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crossroads.attestations.v1 import attestations_pb2
from google.protobuf.message import Message

from services.rights import rulefile
from services.rights.rulefile import Block


@dataclass(frozen=True, slots=True)
class Sort:
    """How a sort of data says a status."""

    attestation: str
    field: str
    """Whose value is the status; empty where the attestation itself is."""
    values: frozenset[str]
    several_at_once: bool
    """One institution may say several on the same begin, each a thing of its own."""
    one_at_a_time: bool
    """On a day one of them holds: contradictions are settled by authority."""
    authority: tuple[int, ...]
    """Sectors of institutions, the most authoritative first; others come after."""

    def status(self, attestation: Message) -> str:
        """Raises ValueError for a value that is no status."""
        value = str(getattr(attestation, self.field)) if self.field else next(iter(self.values))
        if value not in self.values:
            raise ValueError("the attestation says no known status")
        return value


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
    block.only(("attestation", "status", "several_at_once", "values", "one_at_a_time", "authority"))
    attestation = block.get_as(str, "attestation")
    known = attestations_pb2.DESCRIPTOR.message_types_by_name.get(attestation)
    if known is None:
        raise block.error(f"no attestation is named `{attestation}`", "attestation")
    field = block.get_as(str, "status") if "status" in block else ""
    values = frozenset(block.words("values"))
    if field and field not in known.fields_by_name:
        raise block.error(f"`{attestation}` has no field `{field}`", "status")
    if not field and len(values) != 1:
        raise block.error("without a field there is one value", "values")
    for unknown in sorted(values - titles.keys()):
        raise block.error(f"`{unknown}` has no name in the four languages", "values")
    several = block.get_as(bool, "several_at_once") if "several_at_once" in block else False
    alone = block.get_as(bool, "one_at_a_time") if "one_at_a_time" in block else False
    authority = block.get_as(list, "authority") if "authority" in block else []
    return Sort(attestation, field, values, several, alone, tuple(authority))
