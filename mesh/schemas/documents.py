"""The documents that there are: every message of the contracts that is one."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from types import MappingProxyType

from crossroads.forms import v1
from crossroads.forms.v1 import elements_pb2
from google.protobuf.descriptor import Descriptor

from mesh import blocks
from mesh.schemas.quarters import Quarter


@cache
def known() -> MappingProxyType[str, Descriptor]:
    """The root message of each document, by its name in XML, in the order of the alphabet."""
    found: dict[str, Descriptor] = {}
    for module in pkgutil.iter_modules(v1.__path__):
        if not module.name.endswith("_pb2"):
            continue
        file = import_module(f"{v1.__name__}.{module.name}").DESCRIPTOR
        for message in file.message_types_by_name.values():
            block = blocks.block(message)
            if block.schema_location is not None:
                found[block.name] = message
    return MappingProxyType(dict(sorted(found.items())))


def of(quarter: Quarter) -> tuple[Descriptor, ...]:
    """The documents that may be sent in a quarter."""
    return tuple(message for message in known().values() if is_sent(message, quarter))


def is_sent(message: Descriptor, quarter: Quarter) -> bool:
    """Whether a document may be sent in a quarter."""
    document = message.GetOptions().Extensions[elements_pb2.document]
    return blocks.holds_in(document, int(quarter))
