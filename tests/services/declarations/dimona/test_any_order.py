"""Any sequence of declarations gives the state of a simple model: sets of days."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

from crossroads.repertory.v1 import repertory_pb2
from crossroads.router.v1 import exchange_pb2
from google.protobuf import any_pb2
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from mesh import identification, periods
from services.declarations import effects
from services.declarations.dimona import rules
from services.declarations.dimona.domain import DimonaPeriod, Facts, Form, Kind, Outcome, Person

TODAY = date(2026, 11, 16)
FIRST = date(2026, 10, 1)
HORIZON = 120
"""Days that the model looks at; an open period takes all that are left."""
PERSONS = ("91041241894", "84031721194")
EMPLOYERS = ("0400000185", "0400000284")
STUDENT, ORDINARY = "STU", "OTH"
QUARTER_ENDS = date(2026, 12, 31)

Days = frozenset[int]


@dataclass
class Modelled:
    """A period as the model sees it: whose it is, and which days it takes."""

    ssin: str
    employer: str
    worker_type: str
    days: Days
    is_open: bool
    cancelled: bool = False


@dataclass
class Network:
    """The repertory and the router: days known by person, and what was published."""

    known: dict[str, set[int]] = field(default_factory=lambda: {ssin: set() for ssin in PERSONS})
    published: Counter[str] = field(default_factory=Counter)

    def hear(self, packed: any_pb2.Any) -> None:
        register, end = repertory_pb2.RegisterRequest(), repertory_pb2.EndRequest()
        publish = exchange_pb2.PublishRequest()
        if packed.Unpack(register):
            for line in register.inscriptions:
                self.known[line.ssin] |= whole(periods.from_wire(line.period))
        elif packed.Unpack(end):
            days = whole(periods.from_wire(end.inscription.period))
            self.known[end.inscription.ssin] -= days
        else:
            assert packed.Unpack(publish)
            self.published[publish.request_id] += 1


def whole(days: periods.Period) -> Days:
    return frozenset(n for n in range(HORIZON) if FIRST + timedelta(days=n) in days)


def span(begin: int, last: int | None) -> Days:
    return frozenset(range(begin, HORIZON if last is None else last + 1))


def text(day: int | None) -> str:
    return "" if day is None else (FIRST + timedelta(days=day)).isoformat()


day_numbers = st.integers(0, HORIZON - 2)


class AnyOrder(RuleBasedStateMachine):
    """Declarations of two employers on two persons, in any order, against sets of days."""

    made = Bundle("made")

    def __init__(self) -> None:
        super().__init__()
        self.model: dict[str, Modelled] = {}
        self.real: dict[str, DimonaPeriod] = {}
        self.network = Network()
        self.changes = 0
        self.number = 0

    def declare(self, employer: str, ssin: str, form: Form) -> Outcome:
        self.number += 1
        hers = tuple(period for period in self.real.values() if period.ssin == ssin)
        person = Person(ssin, known=True) if form.kind is Kind.IN else None
        new_id = identification.dimona_period(self.number)
        outcome = rules.judge(form, Facts(employer, "", TODAY, person, hers, new_id))
        if outcome.after:
            others = [period for period in hers if period.id != outcome.after.id]
            self.real[outcome.after.id] = outcome.after
            for request in effects.of(f"T{self.number}", outcome, others):
                self.network.hear(request)
            self.changes += 1
        return outcome

    def takes(self, mine: Modelled, but: str = "") -> Days:
        """Days that the employer has this worker already, in this worker type."""
        whose = (mine.ssin, mine.employer, mine.worker_type)
        return frozenset(
            day
            for number, other in self.model.items()
            if number != but and not other.cancelled
            if (other.ssin, other.employer, other.worker_type) == whose
            for day in other.days
        )

    @rule(
        target=made,
        employer=st.sampled_from(EMPLOYERS),
        ssin=st.sampled_from(PERSONS),
        kind=st.sampled_from([STUDENT, ORDINARY]),
        begin=day_numbers,
        length=st.none() | st.integers(0, 40),
    )
    def enter(self, employer: str, ssin: str, kind: str, begin: int, length: int | None) -> object:
        last = None if length is None else min(begin + length, HORIZON - 1)
        form = Form(
            Kind.IN,
            inss=ssin,
            starting_date=text(begin),
            ending_date=text(last),
            worker_type=kind,
            joint_commission="XXX",
            company_id=employer,
            planned_hours="8" if kind == STUDENT else "",
        )
        mine = Modelled(ssin, employer, kind, span(begin, last), last is None)
        allowed = not (mine.days & self.takes(mine))
        if kind == STUDENT:
            allowed = allowed and last is not None and within_quarter(begin, last)
        outcome = self.declare(employer, ssin, form)
        assert outcome.accepted is allowed
        if not outcome.after:
            return multiple()
        self.model[outcome.after.id] = mine
        return outcome.after.id

    @rule(number=made, last=day_numbers, by=st.sampled_from(EMPLOYERS))
    def leave(self, number: str, last: int, by: str) -> None:
        mine = self.model[number]
        form = Form(Kind.OUT, dimona_period_id=number, ending_date=text(last))
        own = by == mine.employer and not mine.cancelled
        allowed = own and mine.is_open and last >= min(mine.days)
        assert self.declare(by, mine.ssin, form).accepted is allowed
        if allowed:
            mine.days, mine.is_open = span(min(mine.days), last), False

    @rule(number=made, begin=st.none() | day_numbers, last=st.none() | day_numbers)
    def move(self, number: str, begin: int | None, last: int | None) -> None:
        mine = self.model[number]
        form = Form(
            Kind.UPDATE,
            dimona_period_id=number,
            starting_date=text(begin),
            ending_date=text(last),
        )
        first = min(mine.days) if begin is None else begin
        ends = max(mine.days) if last is None else last
        after = span(first, None if mine.is_open else ends)
        allowed = (
            not mine.cancelled
            and (begin is not None or last is not None)
            and first <= min(mine.days)
            and not (mine.is_open and last is not None)
            and first <= ends
            and after != mine.days
            and not (after & self.takes(mine, but=number))
        )
        if mine.worker_type == STUDENT:
            allowed = allowed and begin is None and within_quarter(first, ends)
        assert self.declare(mine.employer, mine.ssin, form).accepted is allowed
        if allowed:
            mine.days = after

    @rule(number=made)
    def open_again(self, number: str) -> None:
        mine = self.model[number]
        form = Form(Kind.UPDATE, dimona_period_id=number, ending_date="9999-12-31")
        after = span(min(mine.days), None)
        allowed = (
            not mine.cancelled
            and not mine.is_open
            and mine.worker_type != STUDENT
            and not (after & self.takes(mine, but=number))
        )
        assert self.declare(mine.employer, mine.ssin, form).accepted is allowed
        if allowed:
            mine.days, mine.is_open = after, True

    @rule(number=made, by=st.sampled_from(EMPLOYERS))
    def cancel(self, number: str, by: str) -> None:
        mine = self.model[number]
        allowed = by == mine.employer and not mine.cancelled
        form = Form(Kind.CANCEL, dimona_period_id=number)
        assert self.declare(by, mine.ssin, form).accepted is allowed
        mine.cancelled = mine.cancelled or allowed

    @invariant()
    def periods_are_those_of_the_model(self) -> None:
        assert set(self.real) == set(self.model)
        for number, period in self.real.items():
            mine = self.model[number]
            assert (period.ssin, period.cancelled) == (mine.ssin, mine.cancelled)
            assert (whole(period.days), period.is_open) == (mine.days, mine.is_open)

    @invariant()
    def integration_is_the_union_of_periods_on_every_day(self) -> None:
        for ssin in PERSONS:
            union = {
                day
                for mine in self.model.values()
                if mine.ssin == ssin and not mine.cancelled
                for day in mine.days
            }
            assert self.network.known[ssin] == union

    @invariant()
    def every_change_is_published_once(self) -> None:
        assert sum(self.network.published.values()) == self.changes
        assert set(self.network.published.values()) <= {1}


def within_quarter(begin: int, last: int) -> bool:
    """The model looks at two quarters, which meet at the end of the year."""
    ends = (QUARTER_ENDS - FIRST).days
    return (begin <= ends) is (last <= ends)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(deadline=None, max_examples=120, stateful_step_count=30)
