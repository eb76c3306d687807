"""Lines of the register of persons: merged where they touch, cut where they end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import replace as with_changes
from datetime import date

from mesh import periods
from mesh.periods import Period
from services.repertory.domain import Inscription, Key


@dataclass(frozen=True, slots=True)
class Change:
    """What a write does to the lines of some keys: some close, others open, none is overwritten."""

    closed: tuple[Inscription, ...]
    opened: tuple[Inscription, ...]
    kept: tuple[Inscription, ...]
    """Lines of the same keys that stay as they are."""


def register(standing: Iterable[Inscription], added: Iterable[Inscription]) -> Change:
    """Add lines to those standing; lines of a key that overlap or touch become one."""
    lines = list(added)
    return _difference(standing, lines, {line.key for line in lines})


def end(standing: Iterable[Inscription], cut: Inscription) -> Change:
    """Cut a period out of the lines of a key. `closed` is empty where no line met it."""
    lines = [line for line in standing if line.key == cut.key]
    rest = [
        Inscription(cut.key, piece) for line in lines for piece in line.period.minus(cut.period)
    ]
    untouched = {line.period for line in lines}
    return Change(
        tuple(line for line in lines if line.period.overlaps(cut.period)),
        tuple(sorted(line for line in rest if line.period not in untouched)),
        tuple(sorted(line for line in lines if not line.period.overlaps(cut.period))),
    )


def correct(
    standing: Iterable[Inscription], wrong: Inscription, right: Iterable[Inscription]
) -> Change:
    """Let lines stand in the place of one. `closed` is empty where nothing changes.

    Raises ValueError unless a line stands exactly as `wrong`.
    """
    before = set(standing)
    if wrong not in before:
        raise ValueError("no line stands exactly so")
    lines = list(right)
    change = register(before - {wrong}, lines)
    of_key = {line for line in before if line.key == wrong.key} - set(change.closed)
    if wrong in change.opened:
        return Change(
            change.closed,
            _sorted(line for line in change.opened if line != wrong),
            _sorted({*change.kept, *of_key}),
        )
    return Change(
        _sorted([*change.closed, wrong]),
        change.opened,
        _sorted({*change.kept, *of_key} - {wrong}),
    )


def replace(standing: Iterable[Inscription], old: str, new: str) -> Change:
    """Let every line of the number `old` follow to the number `new`."""
    lines = list(standing)
    leaving = tuple(sorted(line for line in lines if line.key.ssin == old))
    arriving = [Inscription(with_changes(line.key, ssin=new), line.period) for line in leaving]
    change = register((line for line in lines if line.key.ssin == new), arriving)
    return with_changes(change, closed=(*leaving, *change.closed))


def on(lines: Iterable[Inscription], day: date) -> tuple[Inscription, ...]:
    """The lines that hold on a day."""
    return tuple(line for line in lines if day in line.period)


def of_keys(lines: Iterable[Inscription], keys: Iterable[Key]) -> tuple[Inscription, ...]:
    """The lines of some keys, whichever number of the person they bear, in order."""
    wanted = {(key.institution, key.quality, key.phase) for key in keys}
    return tuple(
        sorted(
            line
            for line in lines
            if (line.key.institution, line.key.quality, line.key.phase) in wanted
        )
    )


def _difference(
    standing: Iterable[Inscription], added: Iterable[Inscription], keys: set[Key]
) -> Change:
    before: dict[Key, dict[Period, Inscription]] = {key: {} for key in keys}
    for line in standing:
        if line.key in before:
            before[line.key][line.period] = line
    wanted: dict[Key, list[Period]] = {key: list(lines) for key, lines in before.items()}
    for line in added:
        wanted[line.key].append(line.period)
    after = {key: set(periods.merge(all_periods)) for key, all_periods in wanted.items()}
    return Change(
        _sorted(line for key in keys for p, line in before[key].items() if p not in after[key]),
        _sorted(Inscription(key, p) for key in keys for p in after[key] if p not in before[key]),
        _sorted(line for key in keys for p, line in before[key].items() if p in after[key]),
    )


def _sorted(lines: Iterable[Inscription]) -> tuple[Inscription, ...]:
    return tuple(sorted(lines))
