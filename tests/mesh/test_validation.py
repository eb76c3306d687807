"""What the compiled rules say of a message is what protovalidate says of it."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import crossroads
import protovalidate
import pytest
from buf.validate import validate_pb2
from crossroads.ledger.v1 import ledger_pb2
from crossroads.repertory.v1 import repertory_pb2
from crossroads.router.v1 import exchange_pb2
from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesh import validation

TEXTS = ("", "a", "é", "\n", "17", "2026-01-02", "91041241894", "income", "x" * 70, "A" * 200)
NUMBERS = (-1, 0, 1, 2, 5, 999, 1000, 1001, 2**31 - 1)
NEVER, SOMETIMES = 3, 2
DEEPEST = 5


def contracts() -> list[Descriptor]:
    """Every message of every contract."""
    folder = Path(next(iter(crossroads.__path__)))
    found: list[Descriptor] = []
    for file in sorted(folder.rglob("*_pb2.py")):
        name = ".".join(("crossroads", *file.relative_to(folder).with_suffix("").parts))
        module = importlib.import_module(name)
        found += module.DESCRIPTOR.message_types_by_name.values()
    return found


CONTRACTS = contracts()


def fill(data: st.DataObject, message: Message, depth: int = 0) -> Message:
    """Any values, some of them such as the rules want."""
    for field in message.DESCRIPTOR.fields:
        if data.draw(st.integers(0, NEVER)) == 0 or depth > DEEPEST:
            continue
        if field.message_type and field.message_type.GetOptions().map_entry:
            continue
        if field.is_repeated:
            count = data.draw(st.integers(0, SOMETIMES))
            for _ in range(count):
                if field.message_type:
                    fill(data, getattr(message, field.name).add(), depth + 1)
                else:
                    getattr(message, field.name).append(value(data, field))
        elif field.message_type:
            below = getattr(message, field.name)
            below.SetInParent()
            fill(data, below, depth + 1)
        else:
            setattr(message, field.name, value(data, field))
    return message


def value(data: st.DataObject, field: Any) -> Any:
    rules = field.GetOptions().Extensions[validate_pb2.field]
    strings = rules.repeated.items.string if field.is_repeated else rules.string
    if field.type == FieldDescriptor.TYPE_STRING:
        wanted = [st.sampled_from(TEXTS)]
        if strings.pattern and "\\p" not in strings.pattern:
            wanted = [st.from_regex(strings.pattern), *wanted]
        if allowed := getattr(strings, "in"):
            wanted.append(st.sampled_from(list(allowed)))
        return data.draw(wanted[0] | st.one_of(wanted))
    if field.type == FieldDescriptor.TYPE_BYTES:
        return data.draw(st.sampled_from((b"", b"\x00", bytes(32), bytes(300))))
    if field.type == FieldDescriptor.TYPE_BOOL:
        return data.draw(st.booleans())
    if field.type in {FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT}:
        return data.draw(st.sampled_from((-1.0, 0.0, 0.5, 9.0)))
    number = data.draw(st.sampled_from(NUMBERS))
    unsigned = {FieldDescriptor.TYPE_UINT32, FieldDescriptor.TYPE_UINT64}
    return abs(number) if field.type in unsigned else number


@settings(
    max_examples=600,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.data())
def test_it_says_what_protovalidate_says(data: st.DataObject) -> None:
    of = data.draw(st.sampled_from(CONTRACTS))
    message = fill(data, message_factory.GetMessageClass(of)())
    assert validation.holds(message) == (not protovalidate.collect_violations(message))


@settings(max_examples=400, deadline=None)
@given(st.data(), st.sampled_from(("\n", " ", "\u0660", "\x00", "é")))
def test_nothing_is_let_through_around_a_pattern(data: st.DataObject, odd: str) -> None:
    """Classes of the contract are of ASCII, and its `$` is the very end."""
    message = exchange_pb2.ConsultRequest(
        ssin="91041241894", data_sorts=["income"], purpose="social_tariff", freshness="7"
    )
    message.period.begin = "2026-01-01"
    assert validation.holds(message)
    name = data.draw(st.sampled_from(("ssin", "purpose", "freshness")))
    old = getattr(message, name)
    at = data.draw(st.integers(0, len(old)))
    put = data.draw(st.sampled_from((old[:at] + odd + old[at:], old[:at] + odd + old[at + 1 :])))
    setattr(message, name, put)
    assert validation.holds(message) == (not protovalidate.collect_violations(message))


@pytest.mark.parametrize(
    "message",
    [
        exchange_pb2.ConsultRequest,
        exchange_pb2.BatchConsultRequest,
        repertory_pb2.BatchLookupRequest,
        ledger_pb2.AppendRequest,
    ],
)
def test_the_messages_asked_most_are_compiled(message: type[Message]) -> None:
    assert validation._by_protovalidate not in validation._tests(message.DESCRIPTOR)
