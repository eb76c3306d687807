"""Numbers: who knows a person is told that her number gave way to another."""

from __future__ import annotations

from typing import Final

from crossroads.attestations.v1 import persons_pb2
from crossroads.router.v1 import exchange_pb2
from crossroads.types.v1 import types_pb2
from google.protobuf import any_pb2

from mesh import institutions
from mesh.institutions import Institution

PUBLISH: Final = "publish"
"""Kind of what the outbox tells the router."""
REGISTER: Final = Institution(0, 0)
"""The National Register, in whose name the register of persons says so."""


def replaced(old: str, new: str, ticket: str) -> exchange_pb2.PublishRequest:
    """To whoever ever knew the person, under the number in force. `ticket` is the write's."""
    packed = any_pb2.Any()
    packed.Pack(persons_pb2.NumberReplaced(old_ssin=old, new_ssin=new))
    return exchange_pb2.PublishRequest(
        request_id=f"{ticket}-number",
        sender=institutions.to_wire(REGISTER),
        mutation=exchange_pb2.Mutation(
            ssin=new,
            data_sort="replaced_number",
            kind=exchange_pb2.MUTATION_KIND_CREATED,
            period=types_pb2.Period(),
            attestation=packed,
        ),
    )
