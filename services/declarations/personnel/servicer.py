"""The personnel file as served: whose is it, read a page, tell it in the uniform elements."""

from __future__ import annotations

from datetime import date, timedelta

from crossroads.declarations.v1 import personnel_pb2, personnel_pb2_grpc
from crossroads.forms.v1 import personnel_file_pb2
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import clock, periods
from mesh.periods import Period
from services.declarations import asked
from services.declarations.domain import Employer
from services.declarations.mandates.declarants import Declarants
from services.declarations.personnel.store import Line, Store
from services.declarations.store import Store as Declarations

PAGE = 100
ALWAYS = Period(date.min, date.max)
ONE_DAY = timedelta(days=1)


class Servicer(personnel_pb2_grpc.PersonnelServicer):
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._declarants = Declarants(engine)

    async def GetPersonnelFile(
        self, request: personnel_pb2.GetPersonnelFileRequest, _: object
    ) -> personnel_pb2.GetPersonnelFileResponse:
        met, most = _met(request), request.page_size or PAGE
        after = asked.period_token(request.page_token)
        employer = await self._employer(request.employer_id)
        async with self._engine.connect() as connection:
            found = await Store(connection).lines(employer.enterprise_number, met, after, most + 1)
        return personnel_pb2.GetPersonnelFileResponse(
            periods=[_told(line) for line in found[:most]],
            next_page_token=found[most - 1].dimona_period_id if len(found) > most else "",
            enterprise_number=employer.enterprise_number,
            nsso_number=employer.nsso_number,
        )

    async def _employer(self, named: personnel_file_pb2.PersonnelFileEmployerId) -> Employer:
        """The employer whose file it is. Raises NOT_THE_EMPLOYER."""
        number = await self._declarants.named(named.company_id, named.noss_registration_nbr)
        async with self._engine.connect() as connection:
            known = await Declarations(connection).employers([number])
        return known.get(number, Employer(number))


def _met(request: personnel_pb2.GetPersonnelFileRequest) -> Period:
    if not request.HasField("period"):
        return ALWAYS
    told = request.period
    try:
        return periods.from_wire(told)
    except ValueError as error:
        raise asked.malformed("period", "no period of days of the calendar") from error


def _told(line: Line) -> personnel_file_pb2.PersonnelFileDimonaPeriod:
    changed = line.changed_at.astimezone(clock.BRUSSELS)
    told = personnel_file_pb2.PersonnelFileDimonaPeriod(
        dimona_period_id=line.dimona_period_id,
        is_locked="1" if line.locked else "0",
        is_cancelled="1" if line.cancelled else "0",
        is_late="1" if line.delay else "0",
        starting_date=line.days.begin.isoformat(),
        last_update_date=f"{changed:%Y-%m-%d}",
        last_update_hour=f"{changed:%H:%M:%S}.{changed.microsecond // 1000:03d}",
        natural_person=personnel_file_pb2.PersonnelFileNaturalPerson(inss=line.ssin),
        dimona_features=personnel_file_pb2.PersonnelFileDimonaFeatures(
            joint_commission_nbr=line.joint_commission, worker_type=line.worker_type
        ),
    )
    if line.days.end != date.max:
        told.ending_date = (line.days.end - ONE_DAY).isoformat()
    for field, text in (
        ("starting_hour", line.starting_hour),
        ("ending_hour", line.ending_hour),
        ("planned_hours_nbr", line.planned_hours),
    ):
        if text:
            setattr(told, field, text)
    return told
