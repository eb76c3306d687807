"""What becomes of a declaration of a risk: a version of it, or every anomaly at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from mesh.periods import Period
from services.declarations.risks import lifecycle, reference, routing, scenarios
from services.declarations.risks.domain import (
    BLOCKING,
    Action,
    Anomaly,
    Form,
    Quarter,
    Risk,
    Scenario,
    Source,
    State,
    Subject,
)

ABSENT, FORBIDDEN, TOO_MANY, OUTSIDE, END_FIRST = "001", "005", "006", "008", "014"
OUTSIDE_REFERENCE, NOT_IN_REPERTORY, DECLARED_BEFORE = "097", "235", "272"
NOT_THE_ORIGINAL = "482"
FORM, EMPLOYER_DECLARATION = "90059", "90007"
BLOCKS = {"00063": ("90018", "Service"), "00064": ("90018", "Service"), "00070": ("90019", "Remun")}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when a declaration is judged."""

    number: str
    """For the risk it introduces: the ticket of the declaration."""
    employer: str
    nsso_number: str
    today: date
    subject: Subject | None = None
    addressed: Risk | None = None
    """The employer's own risk that the form refers to."""
    others: tuple[Risk, ...] = ()
    """The person's other risks with this employer."""
    declared: Mapping[str, Quarter] | None = None
    """What the employer declared of the person, by quarter."""
    on_paper: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a declaration: refused with anomalies, or a risk before and after."""

    anomalies: tuple[Anomaly, ...] = ()
    before: Risk | None = None
    after: Risk | None = None

    @property
    def accepted(self) -> bool:
        return self.after is not None


def judge(form: Form, facts: Facts, found: tuple[Anomaly, ...]) -> Outcome:
    """Judge a form. `found` is what reading it and its contract showed."""
    anomalies = (*found, *_new(_of_form(form, facts), found))
    action, scenario = form.action, form.scenario
    refused = any(anomaly.gravity == BLOCKING for anomaly in anomalies)
    if refused or action is None or scenario is None or facts.subject is None:
        return Outcome(anomalies, facts.addressed)
    if action in {Action.CANCEL, Action.FINALISE} and facts.addressed is not None:
        moved = (finalise if action is Action.FINALISE else cancel)(facts.addressed)
        return replace(moved, anomalies=(*anomalies, *moved.anomalies))
    if form.begin is None:
        return Outcome(anomalies, facts.addressed)
    return Outcome(anomalies, facts.addressed, _made(form, scenario, form.begin, facts))


def finalise(risk: Risk) -> Outcome:
    """Close a risk; where its form asks for quarters ahead, none of them may be missing."""
    asks_ahead = scenarios.known()[risk.scenario].asks_ahead
    missing = tuple(
        Anomaly(f"{EMPLOYER_DECLARATION}-{ABSENT}", "EmployerDeclaration", filled.quarter)
        for filled in risk.quarters
        if filled.source is Source.MISSING and asks_ahead
    )
    return _moved(risk, Action.FINALISE, missing)


def cancel(risk: Risk) -> Outcome:
    """The risk never was."""
    return _moved(risk, Action.CANCEL, ())


def _moved(risk: Risk, action: Action, anomalies: tuple[Anomaly, ...]) -> Outcome:
    following = lifecycle.after(risk.state, action)
    if isinstance(following, str):
        status = Anomaly(f"00110-{following}", "AttestationStatus", action.value)
        return Outcome((*anomalies, status), risk)
    if any(anomaly.gravity == BLOCKING for anomaly in anomalies):
        return Outcome(anomalies, risk)
    return Outcome(anomalies, risk, replace(risk, state=following, version=risk.version + 1))


def _made(form: Form, scenario: Scenario, begin: date, facts: Facts) -> Risk:
    before, subject = facts.addressed, facts.subject
    days = _days(scenario, begin, form.last_day)
    return Risk(
        number=before.number if before else facts.number,
        ssin=before.ssin if before else subject.ssin if subject else form.ssin,
        employer=facts.employer,
        nsso_number=facts.nsso_number,
        scenario=scenario.code,
        branch=scenario.branch,
        kind=form.risk_kind,
        state=State.MODIFIED if before else State.INTRODUCED,
        days=days,
        quarters=reference.fill(
            reference.wanted(scenario, begin),
            facts.declared or {},
            {quarter.quarter: quarter for quarter in form.anticipated if quarter.lines},
        ),
        recipients=routing.recipients(scenario.branch, subject, days) if subject else (),
        differences=before.differences if before else (),
        version=before.version + 1 if before else 1,
        on_paper=facts.on_paper or bool(before and before.on_paper),
    )


def _days(scenario: Scenario, begin: date, last_day: date | None) -> Period:
    if scenario.one_day:
        return Period(begin, begin + timedelta(days=1))
    return Period(begin, last_day + timedelta(days=1) if last_day else date.max)


def _of_form(form: Form, facts: Facts) -> Iterator[Anomaly]:
    if form.scenario is None:
        yield _at(form, "00296", OUTSIDE, "Identification")
        return
    if facts.subject is None or not facts.subject.known:
        yield _at(form, "00024", NOT_IN_REPERTORY, "INSS")
    yield from _of_state(form, facts)
    yield from _of_days(form, form.scenario, facts)
    yield from _of_anticipated(form, form.scenario, facts)


def _of_state(form: Form, facts: Facts) -> Iterator[Anomaly]:
    action, risk = form.action, facts.addressed
    if action is None:
        return
    if action is Action.INTRODUCE:
        if any(_is_same(form, other) for other in facts.others):
            yield _at(form, FORM, DECLARED_BEFORE, "Form")
        return
    if not form.refers_to:
        yield _at(form, "00222", ABSENT, "ReferenceNbr")
        return
    following = lifecycle.after(risk.state if risk else None, action)
    if following == lifecycle.NOT_FOUND:
        yield _at(form, "00222", lifecycle.NOT_FOUND, "ReferenceNbr", form.refers_to)
    elif isinstance(following, str):
        yield _at(form, "00110", following, "AttestationStatus")
    if (
        risk is not None
        and facts.subject is not None
        and risk.ssin not in {facts.subject.ssin, form.ssin}
    ):
        yield _at(form, "00024", NOT_THE_ORIGINAL, "INSS")
    if risk is not None and form.identification != risk.scenario:
        yield _at(form, "00296", NOT_THE_ORIGINAL, "Identification")


def _of_days(form: Form, scenario: Scenario, facts: Facts) -> Iterator[Anomaly]:
    zone = next((z for z in scenario.begins if z in form.places), scenario.begins[0])
    if form.begin is None:
        if not form.places.get(zone, ("", "", ""))[1]:
            yield _at(form, zone, ABSENT, "")
        return
    if form.begin > facts.today and not scenario.may_come:
        yield _at(form, zone, OUTSIDE, "")
    if form.last_day is not None and form.last_day < form.begin:
        yield _at(form, scenario.ends, END_FIRST, "")


def _of_anticipated(form: Form, scenario: Scenario, facts: Facts) -> Iterator[Anomaly]:
    """Wages are given ahead only for a quarter that matters and that is not yet declared."""
    ahead = [quarter for quarter in form.anticipated if quarter.lines]
    for quarter, times in Counter(one.quarter for one in ahead).items():
        if times > 1:
            yield _at(form, "00013", TOO_MANY, "Quarter", quarter)
    wanted = reference.wanted(scenario, form.begin) if form.begin else ()
    for one in ahead:
        if form.begin and one.quarter not in wanted:
            yield _at(form, "00013", OUTSIDE_REFERENCE, "Quarter", one.quarter)
        elif one.quarter in (facts.declared or {}):
            for zone, tag in dict.fromkeys(BLOCKS[line.zone] for line in one.lines):
                yield _at(form, zone, FORBIDDEN, tag, one.quarter)


def _is_same(form: Form, other: Risk) -> bool:
    return (
        other.standing
        and other.scenario == form.identification
        and other.kind == form.risk_kind
        and other.days.begin == form.begin
    )


def _at(form: Form, zone: str, kind: str, tag: str, value: str = "") -> Anomaly:
    name, text, place = form.places.get(zone, (tag, "", "1,1"))
    return Anomaly(f"{zone}-{kind}", name or tag or zone, value or text, BLOCKING, place)


def _new(rules: Iterator[Anomaly], found: tuple[Anomaly, ...]) -> Iterator[Anomaly]:
    """A rule adds nothing about an element in which its contract found something already."""
    wrong = {anomaly.error_id[:5] for anomaly in found}
    for anomaly in rules:
        if anomaly.error_id[:5] not in wrong:
            yield anomaly
