"""Every word of the glossary names something that exists, and every noun has its word."""

import importlib
from collections.abc import Callable, Iterator

from google.protobuf import descriptor, descriptor_pool

Table = list[dict[str, str]]
CONTRACTS = [
    "attestations.v1.attestations",
    "attestations.v1.family",
    "attestations.v1.health",
    "attestations.v1.persons",
    "attestations.v1.statuses",
    "declarations.v1.declarations",
    "declarations.v1.mandates",
    "declarations.v1.periods",
    "declarations.v1.risks",
    "declarations.v1.set_aside",
    "declarations.v1.dmfa",
    "forms.v1.dimona",
    "forms.v1.dmfa_pid",
    "forms.v1.notification",
    "ledger.v1.ledger",
    "repertory.v1.repertory",
    "rights.v1.asker",
    "rights.v1.certificates",
    "rights.v1.rights",
    "rights.v1.simulation",
    "rights.v1.statuses",
    "rights.v1.upkeep",
    "rights.v1.waivers",
    "router.v1.decision",
    "router.v1.exchange",
    "router.v1.mailbox",
    "router.v1.supplier",
    "types.v1.types",
]


def names_in(contract: str) -> Iterator[str]:
    """Full names of the services, rpcs, messages, fields and enums of a contract."""
    importlib.import_module(f"crossroads.{contract}_pb2")
    path = f"crossroads/{contract.replace('.', '/')}.proto"
    file: descriptor.FileDescriptor = descriptor_pool.Default().FindFileByName(path)
    for service in file.services_by_name.values():
        yield service.full_name
        yield from (method.full_name for method in service.methods)
    for message in file.message_types_by_name.values():
        yield message.full_name
        yield from (field.full_name for field in message.fields)
    yield from (enum.full_name for enum in file.enum_types_by_name.values())


def exists(name: str, contracts: frozenset[str]) -> bool:
    if name.startswith("crossroads."):
        return name in contracts
    module, _, attribute = name.rpartition(".")
    return hasattr(importlib.import_module(module), attribute)


def test_every_word_names_something_that_exists(table: Callable[[str, str], Table]) -> None:
    elements = frozenset(names_in("forms.v1.elements"))
    contracts = frozenset(name for c in CONTRACTS for name in names_in(c)) | elements
    unknown = [
        row["word"]
        for row in table("glossary.md", "word")
        if not exists(row["name"].strip("`"), contracts)
    ]
    assert unknown == []


def test_one_concept_has_one_word(table: Callable[[str, str], Table]) -> None:
    rows = table("glossary.md", "word")
    for column in ("word", "name"):
        values = [row[column].lower() for row in rows]
        assert len(values) == len(set(values)), column
    assert all(row[language] for row in rows for language in ("nl", "fr", "de", "meaning"))


def test_every_service_of_the_contracts_has_its_word(table: Callable[[str, str], Table]) -> None:
    told = {row["name"].strip("`") for row in table("glossary.md", "word")}
    for contract in CONTRACTS:
        importlib.import_module(f"crossroads.{contract}_pb2")
        path = f"crossroads/{contract.replace('.', '/')}.proto"
        file: descriptor.FileDescriptor = descriptor_pool.Default().FindFileByName(path)
        assert {service.full_name for service in file.services_by_name.values()} <= told
