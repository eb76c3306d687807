"""What reached the mailboxes of the sandbox's institutions, as their readers wrote it down."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from crossroads.router.v1 import exchange_pb2, mailbox_pb2
from google.protobuf import any_pb2, json_format

from mesh import attestations, institutions
from mesh.institutions import Institution


@dataclass(frozen=True, slots=True)
class Letter:
    """One delivery in one mailbox."""

    institution: str
    position: int
    ticket: str
    data_sort: str
    kind: str
    period: tuple[str, str]
    attestation: dict[str, Any]
    sender: str
    authorization: str
    delivered_at: str


NAMES = tuple(field.name for field in fields(Letter))


class Letters:
    """A file of JSON lines; letters are safe in it when `add` returns."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "received.jsonl"

    def add(self, *letters: Letter) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as file:
            file.writelines(
                json.dumps({name: getattr(letter, name) for name in NAMES}) + "\n"
                for letter in letters
            )
            file.flush()
            os.fsync(file.fileno())

    def all(self) -> list[Letter]:
        """Each once, in the order received; a line cut off by a crash was never acknowledged."""
        if not self._file.exists():
            return []
        found: dict[tuple[str, int], Letter] = {}
        for line in self._file.read_text("utf-8").splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            letter = Letter(**{**row, "period": tuple(row["period"])})
            found.setdefault((letter.institution, letter.position), letter)
        return list(found.values())

    def on(self, ticket: str) -> list[Letter]:
        return [letter for letter in self.all() if letter.ticket == ticket]


def letter_of(receiver: Institution, delivery: mailbox_pb2.Delivery) -> Letter:
    mutation = delivery.mutation
    return Letter(
        institution=str(receiver),
        position=delivery.position,
        ticket=delivery.ticket,
        data_sort=mutation.data_sort,
        kind=exchange_pb2.MutationKind.Name(mutation.kind).removeprefix("MUTATION_KIND_"),
        period=(mutation.period.begin, mutation.period.end),
        attestation=_readable(mutation.attestation),
        sender=str(institutions.from_wire(delivery.sender)),
        authorization=delivery.authorization,
        delivered_at=delivery.delivered_at,
    )


def _readable(packed: any_pb2.Any) -> dict[str, Any]:
    """What it says; of an attestation that the contracts do not know, only which one it is."""
    name = packed.type_url.rpartition("/")[2]
    if name and name not in attestations.BY_NAME:
        return {"@type": packed.type_url}
    return json_format.MessageToDict(packed, preserving_proto_field_name=True)
