"""What a person may work in a kind of work: beyond it a period is taken in, and noted."""

from __future__ import annotations

from collections.abc import Iterator

from services.declarations.dimona import conditions, flexi_jobs, quotas, worker_types
from services.declarations.dimona.domain import INVESTIGATED, NOTED, Anomaly, DimonaPeriod, Facts


def exceeded(after: DimonaPeriod, facts: Facts) -> Iterator[Anomaly]:
    """Quotas exceeded, with by how much, and a flexi-job whose precondition is not shown."""
    begin = after.days.begin
    if not conditions.EARLIEST_BEGIN <= begin < conditions.latest(facts.today):
        return
    for excess in quotas.exceeded(after, facts.periods):
        by_the_hour = excess.quota.unit == quotas.HOURS
        yield Anomaly(
            "90017-369",
            "NaturalPerson",
            f"{excess.quota.name} {excess.by}",
            NOTED,
            quota=excess.quota.name,
            hours_beyond=excess.by if by_the_hour else 0,
            days_beyond=0 if by_the_hour else excess.by,
        )
    if after.worker_type == worker_types.FLEXI_JOB and not flexi_jobs.is_shown(
        begin, facts.periods, facts.person.pensions if facts.person else ()
    ):
        yield Anomaly("90017-510", "NaturalPerson", "", INVESTIGATED)
