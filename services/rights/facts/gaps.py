"""Gaps: what nobody was asked yet, and on which a right of somebody depends."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from services.rights.deciding.evaluation import Evaluation
from services.rights.domain import Fact, Household, Version, World
from services.rights.facts import certainty, holdings, households
from services.rights.facts.births import PARTICULARS
from services.rights.facts.certainty import Doubted, Scene
from services.rights.law.rulebook import Rulebook
from services.rights.law.scalar import Member

CONSULTED = frozenset({"income", "domicile", PARTICULARS})
"""Sorts of data that are consulted where they were never told; the absence of others is told."""
Gap = tuple[str, str]
"""A person and a sort of data."""


class Known:
    """Of which persons which sorts of data were told, or asked for."""

    def __init__(self, world: World, asked: Collection[Gap]) -> None:
        self.world = world
        self._asked = asked
        self._of: dict[str, frozenset[str]] = {}

    def of(self, ssin: str) -> frozenset[str]:
        if ssin not in self._of:
            said = self.world.facts.get(ssin, ())
            told = frozenset(s.data_sort for s in said if s.ticket)
            asked = frozenset(sort for sort in CONSULTED if (ssin, sort) in self._asked)
            born = frozenset({PARTICULARS} if holdings.birth(said) is not None else ())
            self._of[ssin] = told | asked | born
        return self._of[ssin]


def gaps(
    rulebook: Rulebook,
    worked_out: Evaluation,
    questions: Collection[tuple[str, str]],
    known: Known,
) -> frozenset[Gap]:
    """What to consult before these rights are decided: nothing that cannot change an answer."""
    found: set[Gap] = set()
    rights = {right for right, _ in questions}
    open_in = {right: _open_in(worked_out.versions(right), rulebook) for right in rights}
    for right, ssin in questions:
        rule = rulebook.rules[right]
        for version, names, ages in open_in[right]:
            for household in households.groups(rule, ssin, known.world):
                doubts = _doubts(household, names, ages, known)
                if doubts and _depends(worked_out, version, household, ssin, names, doubts):
                    found |= {(one, sort) for one, sorts in doubts.items() for sort in sorts}
    return frozenset(found)


def _open_in(
    versions: Iterable[Version], rulebook: Rulebook
) -> list[tuple[Version, Mapping[str, frozenset[str]], bool]]:
    """The versions that rest on what is consulted, by which facts, and whether on a birth."""
    found = []
    for version in versions:
        names = consulted(version, rulebook)
        ages = bool(version.ages) or any(fact.before_age for fact in version.facts.values())
        if names or ages:
            found.append((version, names, ages))
    return found


def consulted(version: Version, rulebook: Rulebook) -> Mapping[str, frozenset[str]]:
    """The facts of a version that rest on what is consulted, and on which sorts of data."""
    sorts = {
        name: sort.values for name, sort in rulebook.statuses.sorts.items() if name in CONSULTED
    }
    rest = {name: _sorts(fact, sorts) for name, fact in version.facts.items()}
    return {name: on for name, on in rest.items() if on}


def _sorts(fact: Fact, sorts: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset(name for name, values in sorts.items() if values & fact.statuses)


def _doubts(
    household: Household,
    names: Mapping[str, frozenset[str]],
    ages: bool,
    known: Known,
) -> dict[str, frozenset[str]]:
    """By member what was never told nor asked, of what the version reads."""
    read = frozenset[str]().union(*names.values())
    found = {}
    for ssin in household.ssins:
        missing = read - known.of(ssin)
        if ages and PARTICULARS not in known.of(ssin):
            missing |= {PARTICULARS}
        if missing:
            found[ssin] = missing
    return found


def _depends(
    worked_out: Evaluation,
    version: Version,
    household: Household,
    ssin: str,
    names: Mapping[str, frozenset[str]],
    doubts: Mapping[str, frozenset[str]],
) -> bool:
    """Whether what is missing may change an answer on some day that the person is a member."""
    grounds = [ground.when for ground in version.grounds]
    has_ground = False
    scenes = []
    for segment in worked_out.segments(version, household):
        if any(m.ssin == ssin and m.period.covers(segment) for m in household.members):
            situation = worked_out.situation(version, household, segment.begin, ssin)
            there = [one for one, _ in households.present(household, segment.begin)]
            members = {
                one: _doubted(version, member, names, doubts.get(one, frozenset()))
                for one, member in zip(there, situation.members, strict=True)
            }
            scene = Scene(tuple(members.values()), situation.params, members[ssin])
            scenes.append(scene)
            answers = [certainty.settled(when, scene, scene.person) for when in grounds]
            if None in answers and not any(answers):
                return True
            has_ground = has_ground or any(answers)
    if not has_ground or version.amount is None:
        return False
    worth = version.amount
    return any(certainty.settled(worth, scene, scene.person) is None for scene in scenes)


def _doubted(
    version: Version,
    member: Member,
    names: Mapping[str, frozenset[str]],
    missing: frozenset[str],
) -> Doubted:
    open_birth = PARTICULARS in missing
    by_age = (n for n, f in version.facts.items() if f.before_age and open_birth)
    doubts = frozenset(name for name, sorts in names.items() if sorts & missing).union(by_age)
    return Doubted(member, doubts, born=not open_birth)
