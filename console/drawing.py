"""Drawings: an outline as an SVG picture, a tree that is read from left to right and down."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from console.outline import Line

WIDTH: Final = 960
MARGIN: Final = 24
STEP: Final = 26
"""How far a step stands to the right of the one it is a reason for."""
ROW: Final = 18
LETTER: Final = 7
"""The width of a letter, about: lines are broken so that they fit."""
STYLE: Final = (
    "text{font:13px sans-serif;fill:#1d1d1b}.h{font-weight:bold;font-size:15px}"
    ".n{fill:#5a5a57;font-size:11px}.a{font-weight:bold;fill:#00564a}path{stroke:#9a9a95;fill:none}"
    "rect{fill:#fff}"
)


def svg(lines: Sequence[Line], title: str) -> str:
    """The picture, whole in itself: no script, no reference to anything outside."""
    drawn: list[str] = []
    y = MARGIN
    at: dict[int, int] = {}
    for line in lines:
        y += ROW // 2 if line.depth == 0 else 0
        at = {depth: place for depth, place in at.items() if depth < line.depth}
        if line.depth > 1 and line.depth - 1 in at:
            drawn.append(_branch(line.depth, at[line.depth - 1], y))
        at[line.depth] = y
        rows = _rows(line)
        drawn += [_text(line.depth, y + n * ROW, row) for n, row in enumerate(rows)]
        y += len(rows) * ROW + 4
    height = y + MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label={quoteattr(title)} '
        f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
        f'<rect width="{WIDTH}" height="{height}"/>{"".join(drawn)}</svg>\n'
    )


def _rows(line: Line) -> list[str]:
    """The spans of each row of text, escaped."""
    fits = (WIDTH - MARGIN * 2 - line.depth * STEP) // LETTER
    answer = f"{line.answer}: " if line.answer else ""
    broken = wrap(answer + line.text, fits) or [""]
    kind = "h" if line.depth == 0 else "t"
    rows = [f'<tspan class="{kind}">{escape(row)}</tspan>' for row in broken]
    if answer and broken[0].startswith(answer.rstrip()):
        rest = broken[0][len(answer.rstrip()) :]
        rows[0] = f'<tspan class="a">{escape(answer.rstrip())}</tspan>{escape(rest)}'
    notes = (row for note in line.notes for row in wrap(note, fits))
    return rows + [f'<tspan class="n">{escape(row)}</tspan>' for row in notes]


def _text(depth: int, y: int, spans: str) -> str:
    return f'<text x="{_left(depth)}" y="{y}">{spans}</text>'


def _branch(depth: int, above: int, y: int) -> str:
    """From under the step that rests on this one, down and to the right."""
    x = _left(depth - 1) + 4
    return f'<path d="M{x} {above + 5}V{y - 4}H{_left(depth) - 4}"/>'


def _left(depth: int) -> int:
    return MARGIN + depth * STEP
