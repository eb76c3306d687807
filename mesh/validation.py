"""What the contract asks of a message, compiled once from its descriptor: protovalidate's rules.

Reading the rules anew for every message costs most of a small call. What is compiled here says
only whether a message holds; what is wrong with one that does not is protovalidate's to say, and
so are messages that bear rules of another kind than those below.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, TypeAlias

import protovalidate
from buf.validate import validate_pb2
from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

Test: TypeAlias = Callable[[Any], bool]
MOST_ALIKE_BYTES = 256


class _Unknown(Exception):  # noqa: N818 - a rule that is not among those below
    pass


def holds(message: Message) -> bool:
    """Whether a message is as its contract says."""
    return all(test(message) for test in _tests(message.DESCRIPTOR))


@cache
def _tests(descriptor: Descriptor) -> tuple[Test, ...]:
    if descriptor.GetOptions().HasExtension(validate_pb2.message):
        return (_by_protovalidate,)
    try:
        needed = [
            one.name
            for one in descriptor.oneofs
            if one.GetOptions().Extensions[validate_pb2.oneof].required
        ]
        found = [_field(field) for field in descriptor.fields]
    except _Unknown:
        return (_by_protovalidate,)
    of_fields = [test for test in found if test is not None]
    return (*(_one_of(name) for name in needed), *of_fields)


def _by_protovalidate(message: Message) -> bool:
    if message.ByteSize() > MOST_ALIKE_BYTES:
        return not protovalidate.collect_violations(message)
    return _alike(message.DESCRIPTOR, message.SerializeToString(deterministic=True))


@lru_cache(maxsize=4096)
def _alike(descriptor: Descriptor, written: bytes) -> bool:
    """Small messages such as periods come again and again."""
    message = message_factory.GetMessageClass(descriptor).FromString(written)
    return not protovalidate.collect_violations(message)


def _one_of(name: str) -> Test:
    return lambda message: message.WhichOneof(name) is not None


def _field(field: FieldDescriptor) -> Test | None:
    """The test of a field within its message; None where there is nothing to test."""
    rules = field.GetOptions().Extensions[validate_pb2.field]
    kinds = {kind.name for kind, _ in rules.ListFields()}
    if field.is_repeated:
        return _repeated(field, rules, kinds)
    name, required = field.name, rules.required
    test: Test | None = holds
    if not field.message_type:
        test = _value(field, rules, kinds)
    elif kinds - {"required"}:
        raise _Unknown(field.full_name)
    if field.has_presence:
        if required:
            return lambda message: (
                message.HasField(name) and (test is None or test(getattr(message, name)))
            )
        if test is None:
            return None
        return lambda message: not message.HasField(name) or test(getattr(message, name))
    if required:
        return lambda message: (
            bool(getattr(message, name)) and (test is None or test(getattr(message, name)))
        )
    return None if test is None else lambda message: test(getattr(message, name))


def _repeated(
    field: FieldDescriptor, rules: validate_pb2.FieldRules, kinds: set[str]
) -> Test | None:
    if (field.message_type and field.message_type.GetOptions().map_entry) or (
        kinds - {"repeated", "required"}
    ):
        raise _Unknown(field.full_name)
    name, of = field.name, rules.repeated
    given = {kind.name for kind, _ in of.ListFields()}
    if given - {"min_items", "max_items", "unique", "items"}:
        raise _Unknown(field.full_name)
    least = max(of.min_items, 1) if rules.required else of.min_items
    most = of.max_items if "max_items" in given else None
    each: Test | None = holds if field.message_type else None
    if "items" in given:
        if field.message_type:
            raise _Unknown(field.full_name)
        each = _value(field, of.items, {kind.name for kind, _ in of.items.ListFields()})
    if not (least or each or of.unique or most is not None):
        return None

    def test(message: Message) -> bool:
        values = getattr(message, name)
        count = len(values)
        if count < least or (most is not None and count > most):
            return False
        if of.unique and len(set(values)) < count:
            return False
        return each is None or all(each(value) for value in values)

    return test


def _value(field: FieldDescriptor, rules: validate_pb2.FieldRules, kinds: set[str]) -> Test | None:
    """The test of one value that is no message."""
    tests: list[Test] = []
    for kind in kinds - {"required"}:
        if kind not in {"string", "bytes", "int32", "int64", "enum"}:
            raise _Unknown(kind)
        of = getattr(rules, kind)
        for rule, bound in of.ListFields():
            if rule.name == "defined_only" and field.enum_type and bound:
                tests.append(frozenset(field.enum_type.values_by_number).__contains__)
            else:
                tests.append(_rule(kind, rule.name, bound))
    if len(tests) <= 1:
        return tests[0] if tests else None
    return lambda value: all(test(value) for test in tests)


_LENGTHS: dict[str, Callable[[Any], Test]] = {
    "len": lambda bound: lambda value: len(value) == bound,
    "min_len": lambda bound: lambda value: len(value) >= bound,
    "max_len": lambda bound: lambda value: len(value) <= bound,
}
_NUMBERS: dict[str, Callable[[Any], Test]] = {
    "gt": lambda bound: lambda value: value > bound,
    "gte": lambda bound: lambda value: value >= bound,
    "lt": lambda bound: lambda value: value < bound,
    "lte": lambda bound: lambda value: value <= bound,
}


def _rule(kind: str, name: str, bound: Any) -> Test:
    if kind in {"string", "bytes"} and name in _LENGTHS:
        return _LENGTHS[name](bound)
    if kind == "string" and name == "pattern":
        return _pattern(bound)
    if kind in {"int32", "int64"} and name in _NUMBERS:
        return _NUMBERS[name](bound)
    if kind in {"string", "int32", "int64"} and name == "in":
        return frozenset(bound).__contains__
    if kind == "enum" and name == "not_in":
        barred = frozenset(bound)
        return lambda value: value not in barred
    raise _Unknown(f"{kind}.{name}")


def _pattern(written: str) -> Test:
    """RE2's meaning of a pattern: its `$` is the very end, and its classes are of ASCII."""
    body = written.removesuffix("$")
    if "$" in body or r"\s" in body or r"\S" in body or "(?" in body or body.endswith("\\"):
        raise _Unknown(written)
    try:
        found = re.compile(body + (r"\Z" if body != written else ""), re.ASCII).search
    except re.error as error:
        raise _Unknown(written) from error
    return lambda value: found(value) is not None
