"""A circuit: when a holder that keeps failing is not asked, and when it is tried again."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

FAILURES = 5
"""So many in a row open the circuit."""
FIRST_S = 0.5
"""How long a holder is left alone the first time; twice as long each time after."""
MOST_S = 8.0
PROBE_S = 5.0
"""How long a probe may take before another may go."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """How a holder has answered of late, in seconds of a clock that only goes on.

    `openings` counts those since it last answered: at 0 the circuit is closed. Of an open one
    nothing is asked before `shut_until`; `probed_at` is when the probe under way was sent.
    """

    failures: int = 0
    openings: int = 0
    shut_until: float = 0.0
    probed_at: float = math.inf

    @property
    def is_closed(self) -> bool:
        return self.openings == 0

    @property
    def is_shut(self) -> bool:
        """Whether not even a probe is under way, so that what still waits need not wait."""
        return not self.is_closed and self.probed_at == math.inf


def ask(circuit: Circuit, at: float) -> tuple[bool, Circuit]:
    """Whether to ask now. Where the circuit is open one question goes as a probe, no other."""
    if circuit.is_closed:
        return True, circuit
    if at < circuit.shut_until:
        return False, circuit
    return True, replace(circuit, shut_until=at + PROBE_S, probed_at=at)


def failed(circuit: Circuit, asked_at: float, at: float) -> Circuit:
    """After no answer to what was asked at `asked_at`.

    Of an open circuit only the probe counts: what had been asked before says nothing new.
    """
    failures = circuit.failures + 1
    if circuit.is_closed and failures < FAILURES:
        return replace(circuit, failures=failures)
    if not circuit.is_closed and asked_at < circuit.probed_at:
        return circuit
    openings = circuit.openings + 1
    return Circuit(failures, openings, at + shut_for(openings))


def shut_for(openings: int) -> float:
    """Seconds for which a holder is left alone after so many openings in a row."""
    return min(MOST_S, FIRST_S * 2.0 ** min(openings - 1, 10))
