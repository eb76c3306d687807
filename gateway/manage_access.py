"""The service `OCMWCPASManageAccess`: a welfare centre registers, ends and lists inscriptions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crossroads.repertory.v1 import repertory_pb2
from crossroads.types.v1 import types_pb2
from lxml import etree

from gateway.fields import Fields, put, put_period, refusal
from gateway.namespaces import MANAGE_ACCESS, SSDN_COMMON
from mesh import institutions, periods
from mesh.institutions import Institution

SERVICE_ID, VERSION = "OCMWCPASManageAccess", "20050930"
REGISTER, UNREGISTER, LIST = "REGISTER", "UNREGISTER", "LIST"
ACTIONS = (REGISTER, UNREGISTER, LIST)
_PROOFS = ("SISCardNumber", "IdentityCardNumber", "PersonData")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: an action on the inscriptions of one person in one quality."""

    fields: Fields
    action: str
    inscription: repertory_pb2.Inscription


def read(body: etree._Element, sender: Institution) -> Asked:
    """The question in `ManageAccessRequest`. Raises ARGUMENT_MISSING or ARGUMENT_INVALID.

    One proof of authentication must be given; the bank keeps no cards and no names, so
    that the centre answers for it.
    """
    if body.tag != f"{{{MANAGE_ACCESS}}}ManageAccessRequest":
        raise refusal("ARGUMENT_MISSING", "ManageAccessRequest")
    fields = Fields(body, MANAGE_ACCESS)
    action = fields.text("Action")
    if action not in ACTIONS:
        raise refusal("ARGUMENT_INVALID", "Action")
    proof = fields.child("ProofOfAuthentication")
    if sum(proof.has(name) for name in _PROOFS) != 1:
        raise refusal("ARGUMENT_INVALID", "ProofOfAuthentication")
    if action != LIST and not fields.has("Purpose"):
        raise refusal("ARGUMENT_MISSING", "Purpose")
    return Asked(
        fields,
        action,
        repertory_pb2.Inscription(
            ssin=fields.text("SSIN"),
            institution=institutions.to_wire(sender),
            quality=fields.number("Purpose", 0),
            period=fields.period("Period", SSDN_COMMON),
        ),
    )


def write(asked: Asked, found: list[repertory_pb2.Inscription]) -> etree._Element:
    """`ManageAccessReply`: the question again, and the registrations that overlap its period."""
    spaces: Any = {None: MANAGE_ACCESS}
    reply = etree.Element(f"{{{MANAGE_ACCESS}}}ManageAccessReply", nsmap=spaces)
    original = put(reply, "OriginalRequest")
    put(original, "SSIN", asked.inscription.ssin)
    put(original, "Purpose", str(asked.inscription.quality))
    put_period(original, "Period", asked.inscription.period, SSDN_COMMON)
    put(original, "Action", asked.action)
    for line in found:
        if _overlap(line.period, asked.inscription.period) and _fits(asked, line):
            registration = put(reply, "Registrations")
            put(registration, "Purpose", str(line.quality))
            put_period(registration, "Period", line.period, SSDN_COMMON)
            put(registration, "OrgUnit", str(institutions.from_wire(line.institution)))
            put(registration, "Register", "PRIMARY")
    return reply


def _fits(asked: Asked, line: repertory_pb2.Inscription) -> bool:
    return not asked.fields.has("Purpose") or line.quality == asked.inscription.quality


def _overlap(one: types_pb2.Period, other: types_pb2.Period) -> bool:
    return periods.from_wire(one).overlaps(periods.from_wire(other))
