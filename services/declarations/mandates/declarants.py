"""For whom a caller may declare and ask: itself, and the employers whose mandate it holds."""

from __future__ import annotations

import grpc
from crossroads.forms.v1 import dimona_pb2
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import call, clock, identification
from mesh.refusals import Refusal
from services.declarations import employers
from services.declarations.dimona import form as forms
from services.declarations.dimona.store import Store as Periods
from services.declarations.domain import Employer
from services.declarations.mandates.store import Store as Mandates
from services.declarations.store import Store

NO_MANDATE = "90256-155"


def caller() -> str:
    """The enterprise number of whose rights count."""
    return employers.enterprise_number(call.caller().principal.name)


class Declarants:
    """Answers by the mandates in force today."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def check(self, asked: str) -> str:
        """The employer asked about, or the caller where none is. Raises NOT_THE_EMPLOYER."""
        principal = caller()
        if not asked or asked == principal:
            return principal
        async with self._engine.connect() as connection:
            if not await Mandates(connection).holds(asked, principal, clock.today()):
                raise _not_the_employer()
        return asked

    async def employer(self, asked: str, form: dimona_pb2.DimonaForm) -> str:
        """Whose declaration a form is. Raises NOT_THE_EMPLOYER."""
        named = forms.employer(form)
        number = employers.nsso_number(named.noss_registration_nbr or named.provisional_nsso_nbr)
        bearer = await self._bearer(number)
        company = employers.enterprise_number(named.company_id)
        if asked:
            whose = asked
        elif identification.enterprise_number_is_valid(company):
            whose = company
        elif bearer:
            whose = bearer.enterprise_number
        elif company or number:
            whose = caller()
        else:
            whose = await self._of_period(form)
        found = await self.check(whose)
        if not employers.is_declarant(found, named.company_id, number, bearer):
            raise _not_the_employer()
        return found

    async def _bearer(self, nsso_number: str) -> Employer | None:
        if not identification.nsso_number_is_valid(nsso_number):
            return None
        async with self._engine.connect() as connection:
            return await Store(connection).bearer(nsso_number)

    async def _of_period(self, form: dimona_pb2.DimonaForm) -> str:
        """A later Dimona names no employer: of a client's period the client, else the caller."""
        principal = caller()
        async with self._engine.connect() as connection:
            clients = await Mandates(connection).clients(principal, clock.today())
            read = forms.read(form)
            if not clients or read is None:
                return principal
            store = Periods(connection)
            owner = await store.employer_of(read.dimona_period_id, read.registration_id)
        return owner if owner in clients else principal


def _not_the_employer() -> Refusal:
    return Refusal(
        grpc.StatusCode.PERMISSION_DENIED, "NOT_THE_EMPLOYER", metadata={"error_id": NO_MANDATE}
    )
