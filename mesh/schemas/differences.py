"""What is new, changed or ended between the schemas of two quarters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

from mesh.schemas import documents, structure, wording
from mesh.schemas.quarters import Quarter
from mesh.schemas.structure import Document, Member


class Change(Enum):
    """What became of it."""

    NEW = "new"
    CHANGED = "changed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference; `aspect` says of what: form, element, value, length and so on."""

    form: str
    place: str
    """The path of its block; empty: it is the form itself."""
    name: str
    zone: str
    change: Change
    aspect: str
    before: str = ""
    after: str = ""


Key = tuple[str, str]

_ASPECTS: dict[str, Callable[[Member], str]] = {
    "content": lambda member: wording.content(member.facets),
    "length": lambda member: wording.length(member.facets),
    "presence": wording.presence,
    "occurrence": wording.occurrence,
    "zone": lambda member: member.zone,
    "domain": lambda member: (
        "" if member.facets and member.facets.values else wording.domain(member.facets)
    ),
}


def between(before: Quarter, after: Quarter) -> tuple[Difference, ...]:
    """Every difference, form by form, in the order of the documents."""
    found: list[Difference] = []
    for message in documents.known().values():
        sent = [documents.is_sent(message, quarter) for quarter in (before, after)]
        old, new = (structure.of(message, quarter) for quarter in (before, after))
        if sent == [True, True]:
            found += of_documents(old, new)
        elif any(sent):
            change = Change.NEW if sent[1] else Change.ENDED
            found.append(Difference(new.form, "", new.form, new.zone, change, "form"))
    return tuple(found)


def of_documents(before: Document, after: Document) -> Iterator[Difference]:
    """What differs in one form."""
    old, new = _by_key(before), _by_key(after)
    for key, member in new.items():
        if key in old:
            yield from _of_member(after.form, key, old[key], member)
        else:
            yield _element(after.form, key, member, Change.NEW)
    for key, member in old.items():
        if key not in new:
            yield _element(after.form, key, member, Change.ENDED)
    yield from _of_order(after.form, old, new)


def _of_member(form: str, key: Key, old: Member, new: Member) -> Iterator[Difference]:
    place, name = key
    values = [member.facets.values if member.facets else () for member in (old, new)]
    for one in values[1]:
        if one not in values[0]:
            yield Difference(form, place, name, new.zone, Change.NEW, "value", after=one)
    for one in values[0]:
        if one not in values[1]:
            yield Difference(form, place, name, new.zone, Change.ENDED, "value", before=one)
    for aspect, tell in _ASPECTS.items():
        told = tell(old), tell(new)
        if told[0] != told[1]:
            yield Difference(form, place, name, new.zone, Change.CHANGED, aspect, *told)


def _of_order(
    form: str, old: Mapping[Key, Member], new: Mapping[Key, Member]
) -> Iterator[Difference]:
    """Blocks in which the elements that stay stand in another order."""
    for place, group in groupby(sorted(old.keys() & new.keys()), lambda key: key[0]):
        stay = set(group)
        orders = [
            " ".join(name for where, name in keys if (where, name) in stay) for keys in (old, new)
        ]
        if orders[0] != orders[1]:
            name = place.rpartition("/")[2]
            yield Difference(form, place, name, "", Change.CHANGED, "order", *orders)


def _element(form: str, key: Key, member: Member, change: Change) -> Difference:
    return Difference(form, *key, member.zone, change, "element")


def _by_key(document: Document) -> dict[Key, Member]:
    return {(place, member.name): member for place, member in document.places()}
