"""Reading: what one attestation says of a person, or whom it puts together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from crossroads.attestations.v1 import attestations_pb2, family_pb2, health_pb2
from google.protobuf import any_pb2, message_factory
from google.protobuf.message import DecodeError, Message

from mesh import attestations, periods
from mesh.periods import Period
from services.rights.domain import Group, Household, Membership
from services.rights.law.expression import MOST
from services.rights.law.statuses import Sort

GROUPS: Final = {
    "household_composition": Group.DOMICILE,
    "fund_household": Group.FUND_HOUSEHOLD,
    "family_composition": Group.FAMILY,
}
"""The sorts of data that tell who belongs together, and in which sort of group."""
_COMPOSITIONS: Final[dict[Group, type[Message]]] = {
    Group.DOMICILE: attestations_pb2.HouseholdComposition,
    Group.FUND_HOUSEHOLD: health_pb2.FundHousehold,
    Group.FAMILY: family_pb2.FamilyComposition,
}
ROLES: Final = {
    Group.PERSON: frozenset({""}),
    Group.DOMICILE: frozenset({""}),
    Group.FUND_HOUSEHOLD: frozenset({"HOLDER", "PARTNER", "DEPENDANT"}),
    Group.FAMILY: frozenset({"PARENT", "CHILD"}),
}
YEARS: Final = range(1900, 2200)


class NotUnderstood(ValueError):  # noqa: N818 - it states what is wrong
    """Content that is not what its sort of data promises. Its text names no person."""


@dataclass(frozen=True, slots=True)
class Said:
    """A status, or an amount, and the days on which it holds."""

    status: str
    period: Period
    amount: int | None = None


def said(packed: any_pb2.Any, sort: Sort, wider: Period | None) -> Said | None:
    """What an attestation of a sort says; None where it says nothing, as of an unknown birth.

    The attestation's own days count, else those of the mutation, `wider`. Raises NotUnderstood.
    """
    attestation = _unpacked(packed, _new(sort.attestation))
    status = _status(attestation, sort)
    if sort.birth:
        birth = _birth(str(getattr(attestation, sort.birth)))
        return None if birth is None else Said(status, Period(birth, date.max))
    if sort.amount:
        yearly = "year" in attestation.DESCRIPTOR.fields_by_name
        days = _year(attestation) if yearly else _days(attestation, wider)
        return Said(status, days, _cents(attestation, sort.amount))
    return Said(status, _days(attestation, wider))


def household(packed: any_pb2.Any, group: Group, ticket: str) -> Household:
    """Whom a composition puts together. Raises NotUnderstood."""
    composition = _unpacked(packed, _COMPOSITIONS[group]())
    members = tuple(_membership(member, group) for member in composition.members)  # type: ignore[attr-defined]
    if not members:
        raise NotUnderstood("a group without members")
    return Household(members, ticket, group)


def _new(attestation: str) -> Message:
    descriptor = attestations.BY_NAME[f"crossroads.attestations.v1.{attestation}"]
    return message_factory.GetMessageClass(descriptor)()


def _unpacked(packed: any_pb2.Any, into: Message) -> Message:
    try:
        fits = packed.Unpack(into)
    except DecodeError as error:
        raise NotUnderstood("its bytes are no attestation") from error
    if not fits:
        raise NotUnderstood("it carries another attestation")
    return into


def _status(attestation: Message, sort: Sort) -> str:
    value = str(getattr(attestation, sort.field)) if sort.field else ""
    if sort.country and getattr(attestation, sort.country) not in ("", "BE"):
        return sort.abroad
    if sort.ranges:
        number = int(value) if value.isascii() and value.isdecimal() else -1
        found = [r.status for r in sort.ranges if r.first <= number <= r.last]
    else:
        meanings = sort.meanings or {}
        found = [meanings[value]] if value in meanings else []
        found = found if sort.field else list(sort.values)
    if not found:
        raise NotUnderstood("it says no known status")
    return found[0]


def _days(attestation: Message, wider: Period | None) -> Period:
    try:
        own = attestation.HasField("period")
        days = periods.from_wire(attestation.period) if own else wider  # type: ignore[attr-defined]
    except ValueError as error:
        raise NotUnderstood("its days are not days of the calendar, or there are none") from error
    if days is None or days.begin == date.min:
        raise NotUnderstood("a fact without a first day")
    return days


def _birth(text: str) -> date | None:
    """None where the month or the day is not known."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        if text[4:].count("-") == 2 and "-00" in text and text[:4].isdecimal():
            return None
        raise NotUnderstood("the day of birth is not a day") from error


def _year(attestation: Message) -> Period:
    year = int(attestation.year)  # type: ignore[attr-defined]
    if year not in YEARS:
        raise NotUnderstood("an amount without a year")
    return Period(date(year, 1, 1), date(year + 1, 1, 1))


def _cents(attestation: Message, field: str) -> int:
    cents = int(getattr(attestation, field))
    if abs(cents) > MOST:
        raise NotUnderstood("an amount that nobody has")
    return cents


def _membership(wire: Message, group: Group) -> Membership:
    role = str(getattr(wire, "role", ""))
    if role not in ROLES[group]:
        raise NotUnderstood("a member has a role that this sort of group does not know")
    try:
        period = periods.from_wire(wire.period)  # type: ignore[attr-defined]
    except ValueError as error:
        raise NotUnderstood("the days of a member are not days of the calendar") from error
    return Membership(wire.ssin, period, role)  # type: ignore[attr-defined]
