"""A risk is introduced, modified, finalised and cancelled in no other order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.declarations.risks import lifecycle
from services.declarations.risks.domain import Action, State

ACTIONS = st.lists(st.sampled_from(Action), max_size=12)


def history(actions: list[Action]) -> list[State | None]:
    """The states that a risk passes through; what is refused leaves it as it is."""
    states: list[State | None] = [None]
    for action in actions:
        following = lifecycle.after(states[-1], action)
        states.append(following if isinstance(following, State) else states[-1])
    return states


@given(ACTIONS)
def test_any_sequence_gives_the_state_of_a_simple_model(actions: list[Action]) -> None:
    introduced = modified = final = gone = False
    for action in actions:
        if action is Action.INTRODUCE:
            introduced = True
        elif introduced and not gone and action is Action.CANCEL:
            gone = True
        elif introduced and not gone and not final:
            final = action is Action.FINALISE
            modified = modified or not final
    expected = (
        None
        if not introduced
        else State.CANCELLED
        if gone
        else State.FINALISED
        if final
        else State.MODIFIED
        if modified
        else State.INTRODUCED
    )
    assert history(actions)[-1] is expected


@given(ACTIONS)
def test_what_was_taken_back_never_comes_back(actions: list[Action]) -> None:
    states = history(actions)
    if State.CANCELLED in states:
        gone = states.index(State.CANCELLED)
        assert set(states[gone:]) == {State.CANCELLED}


@given(st.sampled_from([None, *State]), st.sampled_from(Action))
def test_what_does_not_follow_has_a_kind_of_anomaly(state: State | None, action: Action) -> None:
    following = lifecycle.after(state, action)
    if not isinstance(following, State):
        kinds = {None: "234", State.CANCELLED: "241"}
        assert following == kinds.get(state, "181")
