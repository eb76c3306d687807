"""Whatever is wrong in a form has a code with its place; nothing stops the judging."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from crossroads.forms.v1 import elements_pb2, social_risk_pb2
from google.protobuf.message import Message
from hypothesis import example, given
from hypothesis import strategies as st

from mesh import days, elements
from mesh.periods import Period
from services.declarations.risks import form as forms
from services.declarations.risks import rules
from services.declarations.risks.domain import Subject
from services.declarations.risks.rules import Facts, Outcome
from tests.services.declarations.risks.forms import (
    BREWERY,
    BREWERY_NSSO,
    LINA,
    incapacity,
    quarter,
    resumption,
)

FACTS = Facts("B" * 15, BREWERY, BREWERY_NSSO, date(2026, 11, 16), Subject(LINA, True))
RIGHT = (
    incapacity(quarters=[quarter("20264", {"1": 2500, "2": 100}, {"1": 400_000})]).zima001,
    resumption().zima006,
)
Step = tuple[str, int]


@dataclass(frozen=True)
class Leaf:
    """An element with a text, and the fields that lead to it; -1 where not repeated."""

    whole: Message
    path: tuple[Step, ...]
    part: elements.Part

    def changed(self, text: str | None) -> Message:
        """The form with another text there; None: without the element."""
        form = type(self.whole)()
        form.CopyFrom(self.whole)
        block: Message = form
        for name, index in self.path:
            block = getattr(block, name) if index < 0 else getattr(block, name)[index]
        if text is None:
            block.ClearField(self.part.field.name)
        else:
            setattr(block, self.part.field.name, text)
        return form


def leaves(whole: Message, block: Message, path: tuple[Step, ...] = ()) -> list[Leaf]:
    found = []
    for part in elements.block(block.DESCRIPTOR).parts:
        for index, value in enumerate(elements.values(block, part)):
            if isinstance(value, Message):
                step = (part.field.name, index if part.field.is_repeated else -1)
                found += leaves(whole, value, (*path, step))
            else:
                found.append(Leaf(whole, path, part))
    return found


LEAVES = st.sampled_from([leaf for whole in RIGHT for leaf in leaves(whole, whole)])


def judge(message: Message) -> Outcome:
    return rules.judge(forms.read(message), FACTS, forms.anomalies(message, []))


def test_the_forms_are_right_before_they_are_spoilt() -> None:
    assert [judge(message).anomalies for message in RIGHT] == [(), ()]
    assert all(judge(message).accepted for message in RIGHT)


@given(LEAVES)
def test_what_is_absent_is_told_with_its_zone(leaf: Leaf) -> None:
    outcome = judge(leaf.changed(None))
    if leaf.part.least:
        assert f"{leaf.part.element.zone}-001" in {a.error_id for a in outcome.anomalies}
        assert not outcome.accepted
    assert all(anomaly.location.startswith("1,1") for anomaly in outcome.anomalies)


@given(LEAVES, st.sampled_from(["", "x", "é", "9" * 300, "2026-02-30", "00000000000", "\u0663"]))
def test_a_wrong_text_is_told_with_its_zone_and_the_rest_is_still_judged(
    leaf: Leaf, text: str
) -> None:
    outcome = judge(leaf.changed(text))
    told = {anomaly.error_id[:5] for anomaly in outcome.anomalies}
    free = leaf.part.element.content == elements_pb2.CONTENT_TEXT
    if not free and not outcome.accepted:
        assert told
    contract = {a.error_id for a in elements.anomalies(leaf.changed(text))}
    assert contract <= {anomaly.error_id for anomaly in outcome.anomalies}


@given(st.lists(LEAVES, min_size=2, max_size=5))
def test_all_anomalies_come_at_once(spoilt: list[Leaf]) -> None:
    form = spoilt[0].changed("?")
    for leaf in spoilt[1:]:
        if type(leaf.whole) is type(form):
            form = Leaf(form, leaf.path, leaf.part).changed("?")
    contract = {a.error_id for a in elements.anomalies(form)}
    assert contract <= {anomaly.error_id for anomaly in judge(form).anomalies}


@given(st.dates(), st.dates(days.FIRST, days.LAST))
@example(date.min, date(2026, 11, 16))
@example(date.max, days.LAST)
def test_days_that_cannot_be_are_refused(begin: date, today: date) -> None:
    facts = Facts("B" * 15, BREWERY, BREWERY_NSSO, today, Subject(LINA, True))
    message = incapacity(begin.isoformat()).zima001
    outcome = rules.judge(forms.read(message), facts, forms.anomalies(message, []))
    assert outcome.accepted is (days.FIRST <= begin <= today)
    if outcome.after:
        assert outcome.after.days == Period(begin, date.max)


def test_a_form_of_no_scenario_is_no_form() -> None:
    assert social_risk_pb2.SocialRiskForm().WhichOneof("form") is None
