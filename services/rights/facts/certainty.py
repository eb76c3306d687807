"""Certainty: what a formula comes to where some facts of some members are not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.rights.law import scalar
from services.rights.law.expression import (
    Aged,
    Amount,
    Choice,
    Has,
    Is,
    Joined,
    Known,
    Node,
    Not,
    Number,
    Operation,
    Over,
    Param,
    Person,
    Size,
)
from services.rights.law.scalar import Member


@dataclass(frozen=True, slots=True)
class Doubted:
    """A member, and the names of her facts that nobody was asked about."""

    member: Member
    doubts: frozenset[str]
    born: bool = True
    """Whether her birth is certain, or certainly not known."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One group on one day, as far as it is known."""

    members: Sequence[Doubted]
    params: Mapping[str, int]
    person: Doubted


def settled(node: Node, scene: Scene, asked: Doubted) -> int | None:  # noqa: C901, PLR0911, PLR0912
    """What the formula comes to whatever the doubts are; None where it depends on one.

    `asked` is the member whom a condition inside a quantifier is about.
    """
    match node:
        case Has(fact=fact):
            return 1 if fact in asked.member.facts else None if fact in asked.doubts else 0
        case Known(fact=fact):
            return 1 if fact in _amounts(asked) else None if fact in asked.doubts else 0
        case Amount(fact=fact):
            return None if fact in asked.doubts else _amounts(asked).get(fact, 0)
        case Aged():
            return scalar.compiled(node)(_alone(asked), asked.member) if asked.born else None
        case Is(role=role):
            return asked.member.role == role
        case Over(quantifier=quantifier, of=of):
            return _over(quantifier, [settled(of, scene, member) for member in scene.members])
        case Person(of=of):
            return settled(of, scene, scene.person)
        case Size():
            return len(scene.members)
        case Param(name=name):
            return scene.params[name]
        case Number(value=value):
            return value
        case Not(of=of):
            inner = settled(of, scene, asked)
            return None if inner is None else not inner
        case Joined(word=word, parts=parts):
            return _joined(word, [settled(part, scene, asked) for part in parts])
        case Operation(sign=sign, left=left, right=right):
            one, other = settled(left, scene, asked), settled(right, scene, asked)
            if one is None or other is None:
                return None
            return scalar.OPERATIONS[sign](one, other)
        case Choice(condition=condition, then=then, otherwise=otherwise):
            test = settled(condition, scene, asked)
            if test is not None:
                return settled(then if test else otherwise, scene, asked)
            one, other = settled(then, scene, asked), settled(otherwise, scene, asked)
            return one if one == other else None


def _amounts(asked: Doubted) -> Mapping[str, int]:
    return asked.member.amounts or {}


def _alone(asked: Doubted) -> scalar.Situation:
    return scalar.Situation((asked.member,), {}, asked.member)


def _over(quantifier: str, answers: Sequence[int | None]) -> int | None:
    if quantifier == "any_member":
        return _joined("or", answers)
    if quantifier == "all_members":
        return _joined("and", answers)
    sure = [answer for answer in answers if answer is not None]
    return sum(map(int, sure)) if len(sure) == len(answers) else None


def _joined(word: str, answers: Sequence[int | None]) -> int | None:
    """One that is true settles an `or`, one that is false an `and`, whatever the others are."""
    decisive = word == "or"
    if any(answer is not None and bool(answer) is decisive for answer in answers):
        return decisive
    return None if None in answers else not decisive
