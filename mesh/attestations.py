"""The attestations of the contracts: the message that carries each sort of data, by its name."""

from __future__ import annotations

from collections.abc import Mapping

from crossroads.attestations.v1 import (
    assistance_pb2,
    attestations_pb2,
    family_pb2,
    health_pb2,
    labour_pb2,
    pensions_pb2,
    persons_pb2,
    risks_pb2,
    statuses_pb2,
)
from google.protobuf.descriptor import Descriptor

_FILES = (
    assistance_pb2,
    attestations_pb2,
    family_pb2,
    health_pb2,
    labour_pb2,
    pensions_pb2,
    persons_pb2,
    risks_pb2,
    statuses_pb2,
)
BY_NAME: Mapping[str, Descriptor] = {
    message.full_name: message
    for file in _FILES
    for message in file.DESCRIPTOR.message_types_by_name.values()
}
"""Full name, such as `crossroads.attestations.v1.EmploymentPeriod`, to its descriptor."""
