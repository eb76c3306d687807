"""Every constraint of every Dimona, broken: its code, its place, and no period."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from crossroads.forms.v1 import dimona_pb2, elements_pb2
from google.protobuf.descriptor import Descriptor
from hypothesis import given, settings
from hypothesis import strategies as st

from mesh import elements, identification
from mesh.elements import Part
from mesh.periods import Period
from services.declarations.dimona import form as forms
from services.declarations.dimona import places, rules
from services.declarations.dimona.domain import Anomaly, DimonaPeriod, Facts, Outcome, Person

LINA, BREWERY = "91041241894", "0400000185"
NUMBER = identification.dimona_period(1)
BAD = {
    elements_pb2.CONTENT_NUMBER: ("", "x", "-1", "\u0661\u0662", "1" * 80),
    elements_pb2.CONTENT_DATE: ("", "2026-02-30", "16/11/2026", "2026-11-16T00:00", "0001-01-01"),
    elements_pb2.CONTENT_TIME: ("", "25:00:00.000", "10h15"),
    elements_pb2.CONTENT_TEXT: ("x" * 600,),
}
WRONG_CHECK_DIGITS = {
    "ssin": "91041241895",
    "cbe": "0400000186",
    "nsso": "123456789",
    "dimona": "000000000102",
}
OPEN = DimonaPeriod(NUMBER, LINA, BREWERY, "", "OTH", "XXX", Period(date(2026, 11, 2), date.max))
BODIES = (
    "dimona_in",
    "dimona_out",
    "dimona_update",
    "dimona_cancel",
    "daily_registration_declaration",
)


def whole(body: str) -> dimona_pb2.DimonaForm:
    """A form that nothing is wrong with."""
    form = dimona_pb2.DimonaForm(
        identification="DIMONA",
        form_creation_date="2026-11-16",
        form_creation_hour="10:15:00.000",
        attestation_status="0",
        type_form="SU",
    )
    getattr(form, body).SetInParent()
    if body == "dimona_in":
        form.dimona_in.starting_date = "2026-11-16"
        form.dimona_in.employer_id.company_id = BREWERY
        form.dimona_in.natural_person.inss = LINA
        form.dimona_in.dimona_features.joint_commission_nbr = "XXX"
        form.dimona_in.dimona_features.worker_type = "OTH"
    elif body == "daily_registration_declaration":
        form.daily_registration_declaration.attestation_status = "3"
        form.daily_registration_declaration.daily_registration_id = NUMBER
    else:
        getattr(form, body).dimona_period_id = NUMBER
    if body == "dimona_out":
        form.dimona_out.ending_date = "2026-11-30"
    if body == "dimona_update":
        form.dimona_update.starting_date = "2026-11-01"
    return form


def judged(form: dimona_pb2.DimonaForm) -> tuple[Outcome, list[Anomaly]]:
    read = forms.read(form)
    assert read
    person = Person(LINA, known=True) if read.inss == LINA else None
    facts = Facts(BREWERY, "", date(2026, 11, 16), person, (OPEN,), identification.dimona_period(2))
    outcome = rules.judge(read, facts, forms.anomalies(form, ()))
    return outcome, list(places.located(form, outcome.anomalies))


def leaves(descriptor: Descriptor, path: tuple[str, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every element in a block, with what it is."""
    for part in elements.block(descriptor).parts:
        if part.field.message_type is None:
            yield (*path, part.field.name), part
        else:
            yield from leaves(part.field.message_type, (*path, part.field.name))


def broken(body: str) -> Iterator[tuple[str, tuple[str, ...], Part, str]]:
    descriptor = getattr(dimona_pb2.DimonaForm(), body).DESCRIPTOR
    for path, part in leaves(descriptor, (body,)):
        wrong = WRONG_CHECK_DIGITS.get(part.element.check_digit)
        for value in (*BAD[part.element.content], *([wrong] if wrong else [])):
            yield body, path, part, value


CASES = [case for body in BODIES for case in broken(body)]


def breaks(form: dimona_pb2.DimonaForm, path: tuple[str, ...], value: str) -> None:
    block: Any = form
    for name in path[:-1]:
        block = getattr(block, name)
    setattr(block, path[-1], value)


def test_a_whole_form_is_accepted() -> None:
    for body in ("dimona_out", "dimona_update", "dimona_cancel"):
        assert judged(whole(body))[0].accepted


@pytest.mark.parametrize("case", range(len(CASES)), ids=lambda n: f"{'.'.join(CASES[n][1])}-{n}")
def test_each_broken_element_has_its_code_and_its_place(case: int) -> None:
    body, path, part, value = CASES[case]
    form = whole(body)
    breaks(form, path, value)
    outcome, found = judged(form)
    of_zone = [a for a in found if a.error_id.startswith(f"{part.element.zone}-")]
    assert of_zone, (part.name, value, [a.error_id for a in found])
    assert (outcome.accepted, outcome.waiting) == (False, False)
    assert all(anomaly.location.startswith("1,1") for anomaly in found)
    assert any(anomaly.tag == part.name for anomaly in of_zone)


@given(st.data(), st.sampled_from(BODIES))
@settings(deadline=None, max_examples=200)
def test_all_that_is_broken_is_told_at_once(data: st.DataObject, body: str) -> None:
    mine = [case for case in CASES if case[0] == body]
    chosen = data.draw(st.lists(st.sampled_from(mine), min_size=2, max_size=5))
    form = whole(body)
    last: dict[tuple[str, ...], tuple[Part, str]] = {}
    for _, path, part, value in chosen:
        breaks(form, path, value)
        last[path] = part, value
    standing = {path: what for path, what in last.items() if stands(form, path)}
    outcome, found = judged(form)
    zones = {anomaly.error_id[:5] for anomaly in found}
    assert {part.element.zone for part, _ in standing.values()} <= zones
    assert not outcome.accepted


def stands(form: dimona_pb2.DimonaForm, path: tuple[str, ...]) -> bool:
    """Whether an element is still there: of a choice the last one set is."""
    block: Any = form
    for name in path[:-1]:
        block = getattr(block, name)
    return bool(block.HasField(path[-1]))
