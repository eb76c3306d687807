"""The periods of some workers as they stand after the declarations handled so far."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from services.declarations.dimona.domain import DimonaPeriod


class Periods:
    """By number and by worker; a worker's in the order in which they were read, then made."""

    def __init__(self, periods: Iterable[DimonaPeriod] = ()) -> None:
        self._by_person: dict[str, dict[str, DimonaPeriod]] = {}
        self._worker: dict[str, str] = {}
        for period in periods:
            self.put(period)

    def get(self, number: str) -> DimonaPeriod | None:
        worker = self._worker.get(number)
        return None if worker is None else self._by_person[worker][number]

    def of(self, ssins: Collection[str]) -> list[DimonaPeriod]:
        return [
            period for ssin in sorted(ssins) for period in self._by_person.get(ssin, {}).values()
        ]

    def put(self, period: DimonaPeriod) -> None:
        """In the place of what stood under its number, were it another worker's."""
        before = self._worker.get(period.id)
        if before is not None and before != period.ssin:
            del self._by_person[before][period.id]
        self._worker[period.id] = period.ssin
        self._by_person.setdefault(period.ssin, {})[period.id] = period
