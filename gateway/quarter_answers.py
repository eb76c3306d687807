"""What came of a quarter, in XML: the numbers of what was declared, the notice of what changed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable

import grpc
from crossroads.forms.v1 import dmfa_notification_pb2, dmfa_pid_pb2
from lxml import etree

from gateway import codec
from gateway.peers import Quarters
from mesh.identity import Identity
from mesh.refusals import Refusal

_TICKET = re.compile(r"[A-Z0-9]{15}")
_PID_SCHEMA, _NOTICE_SCHEMA = "DmfAPID_20224.xsd", "DmfAUpdateNotification_20223.xsd"


async def identifiers(quarters: Quarters, caller: Identity, ticket: str) -> AsyncIterator[bytes]:
    """The DMFAPID of an accepted declaration, piece by piece."""
    form: dmfa_pid_pb2.DmfaPidForm | None = None
    async for page in quarters.identifiers(caller, checked(ticket)):
        persons = list(page.id_employer_declaration.id_natural_persons)
        del page.id_employer_declaration.id_natural_persons[:]
        if form is None:
            form = page
            yield _open(dmfa_pid_pb2.DmfaPid(schema_location=_PID_SCHEMA, forms=[form]))
        for person in persons:
            yield etree.tostring(codec.tree(person, "IDNaturalPerson"))
    if form is None:
        raise Refusal(grpc.StatusCode.NOT_FOUND, "NOTHING_HERE")
    yield b"</IDEmployerDeclaration></Form></DmfAPID>"


async def notice(quarters: Quarters, caller: Identity, ticket: str) -> bytes:
    """The DMFANOT of an accepted declaration or correction."""
    return await notices(quarters, caller, [checked(ticket)])


async def notices(quarters: Quarters, caller: Identity, tickets: Iterable[str]) -> bytes:
    """One DMFANOT with a form for each."""
    forms = [await quarters.notice(caller, ticket) for ticket in tickets]
    return codec.write(
        dmfa_notification_pb2.DmfaUpdateNotification(schema_location=_NOTICE_SCHEMA, forms=forms)
    )


async def all_identifiers(quarters: Quarters, caller: Identity, tickets: Iterable[str]) -> bytes:
    """One DMFAPID with a form for each, held in memory as a whole."""
    document = dmfa_pid_pb2.DmfaPid(schema_location=_PID_SCHEMA)
    for ticket in tickets:
        whole: dmfa_pid_pb2.DmfaPidForm | None = None
        async for page in quarters.identifiers(caller, ticket):
            if whole is None:
                whole = document.forms.add()
                whole.CopyFrom(page)
                continue
            persons = page.id_employer_declaration.id_natural_persons
            whole.id_employer_declaration.id_natural_persons.extend(persons)
    return codec.write(document)


def checked(ticket: str) -> str:
    """Raises NOTHING_HERE."""
    if not _TICKET.fullmatch(ticket):
        raise Refusal(grpc.StatusCode.NOT_FOUND, "NOTHING_HERE")
    return ticket


def _open(document: dmfa_pid_pb2.DmfaPid) -> bytes:
    """The document up to where its persons stand."""
    return codec.write(document).partition(b"</IDEmployerDeclaration>")[0]
