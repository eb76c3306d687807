"""Which states a risk passes through: introduced, modified, finalised, cancelled."""

from __future__ import annotations

from services.declarations.risks.domain import Action, State

NOT_FOUND, CANCELLED_BEFORE, NOT_ALLOWED = "234", "241", "181"

_NEXT: dict[tuple[State | None, Action], State] = {
    (None, Action.INTRODUCE): State.INTRODUCED,
    (State.INTRODUCED, Action.MODIFY): State.MODIFIED,
    (State.MODIFIED, Action.MODIFY): State.MODIFIED,
    (State.INTRODUCED, Action.MODIFY_PAPER): State.MODIFIED,
    (State.MODIFIED, Action.MODIFY_PAPER): State.MODIFIED,
    (State.INTRODUCED, Action.FINALISE): State.FINALISED,
    (State.MODIFIED, Action.FINALISE): State.FINALISED,
    (State.INTRODUCED, Action.CANCEL): State.CANCELLED,
    (State.MODIFIED, Action.CANCEL): State.CANCELLED,
    (State.FINALISED, Action.CANCEL): State.CANCELLED,
}


def after(state: State | None, action: Action) -> State | str:
    """The state that follows, or the kind of anomaly why there is none; None: no risk yet.

    What was finalised is never modified again: it is cancelled and introduced anew.
    """
    if following := _NEXT.get((state, action)):
        return following
    if state is None:
        return NOT_FOUND
    return CANCELLED_BEFORE if state is State.CANCELLED else NOT_ALLOWED
