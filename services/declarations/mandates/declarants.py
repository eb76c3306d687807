"""For whom a caller may declare and ask: itself, and the employers whose mandate it holds."""

from __future__ import annotations

from collections.abc import Sequence

import grpc
from crossroads.forms.v1 import dimona_pb2
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import call, clock, identification
from mesh.coalescing import Coalescer
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


def chain(employer: str) -> tuple[str, ...]:
    """Who declares through whom: the employer, its mandatary, the gateway."""
    of_call = call.caller()
    if employer == caller():
        return of_call.chain
    return (f"employer/{employer}", *(of_call.chain or (of_call.identity.path,)))


class Declarants:
    """Answers by the mandates in force today."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._reading = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._bearers = Coalescer(self._ask_bearers, name="bearers", in_flight=2)

    async def may(self, employer: str) -> bool:
        """Whether the caller may declare for an employer."""
        principal = caller()
        if employer == principal:
            return True
        async with self._engine.connect() as connection:
            return await Mandates(connection).holds(employer, principal, clock.today())

    async def check(self, asked: str, error_id: str = NO_MANDATE) -> str:
        """The employer asked about, or the caller where none is. Raises NOT_THE_EMPLOYER."""
        if asked and not await self.may(asked):
            raise _not_the_employer(error_id)
        return asked or caller()

    async def named(self, company_id: str, nsso_number: str, error_id: str = NO_MANDATE) -> str:
        """The employer that bears these numbers, or the caller. Raises NOT_THE_EMPLOYER."""
        number = employers.nsso_number(nsso_number)
        bearer = await self._bearer(number)
        company = employers.enterprise_number(company_id)
        whose = company if identification.enterprise_number_is_valid(company) else ""
        found = await self.check(whose or (bearer.enterprise_number if bearer else ""), error_id)
        if not employers.is_declarant(found, company_id, number, bearer):
            raise _not_the_employer(error_id)
        return found

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
        return await self._bearers(nsso_number)

    async def _ask_bearers(self, numbers: list[str]) -> Sequence[Employer | None]:
        async with self._reading.connect() as connection:
            found = await Store(connection).bearers(numbers)
        return [found.get(number) for number in numbers]

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


def _not_the_employer(error_id: str = NO_MANDATE) -> Refusal:
    return Refusal(
        grpc.StatusCode.PERMISSION_DENIED, "NOT_THE_EMPLOYER", metadata={"error_id": error_id}
    )
