"""Where in its document a finding stands, by the position of each element at its level."""

from __future__ import annotations

from google.protobuf.message import Message

from mesh import elements
from services.declarations.dmfa.domain import Anomaly, Finding, Path


def anomaly(finding: Finding, message: Message, location: str) -> Anomaly:
    """A finding on a message that stands at `location`."""
    return Anomaly(
        finding.error_id,
        finding.tag,
        finding.value,
        finding.gravity,
        locate(message, location, finding.path),
    )


def locate(message: Message, location: str, path: Path) -> str:
    """Where the element that a path leads to stands; where it is absent, the last block above."""
    for name, index in path:
        place = _place(message, name, max(index, 0))
        if place is None:
            return location
        location = f"{location},{place}"
        value = getattr(message, name)
        message = value[index] if index >= 0 else value
    return location


def _place(message: Message, name: str, index: int) -> int | None:
    """The position of a field among the elements that stand in a block; None where it does not."""
    before = 0
    for part in elements.block(message.DESCRIPTOR).parts:
        values = elements.values(message, part)
        if part.field.name == name:
            return before + index + 1 if index < len(values) else None
        before += len(values)
    return None
