"""Steps: a formula run once more over one group on one day, remembering why at every step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from services.rights.explaining import reasons, wording
from services.rights.explaining.reasons import Reason, Scene
from services.rights.explaining.sources import Sources
from services.rights.explaining.wording import Text
from services.rights.law import expression, scalar
from services.rights.law.expression import Node, OfMember
from services.rights.law.scalar import NOBODY


@dataclass(frozen=True, slots=True)
class Steps:
    """The explaining interpreter; it comes to what the deciding one comes to."""

    scene: Scene
    sources: Sources
    hidden: Callable[[str], bool]
    """Whether what a member has is not to be told."""

    def whole(self, node: Node) -> Reason:
        """The formula, asked of the group and of the person."""
        return self.step(node, self.scene.person)

    def step(self, node: Node, member: str) -> Reason:  # noqa: C901, PLR0911 - one answer a node
        match node:
            case expression.Has() | expression.Known() | expression.Amount():
                return self._fact(node, member)
            case expression.Aged():
                return self._aged(node, member)
            case expression.Is(role=role):
                return self._leaf(node, member, wording.text("ROLE", role=role))
            case expression.Over():
                return self._over(node)
            case expression.Person(of=of):
                return self.step(of, self.scene.person)
            case expression.Size():
                return _made(node, len(self.scene.members), wording.text("GROUP_SIZE"), ())
            case expression.Param(name=name):
                return self._param(node, name)
            case expression.Number(value=number):
                return _made(node, number, wording.text("NUMBER"), ())
            case expression.Not(of=of):
                inner = self.step(of, member)
                return _made(node, not inner.value, wording.text("not"), (inner,))
            case expression.Joined(word=word, parts=parts):
                return _joined(node, word, [self.step(part, member) for part in parts])
            case expression.Operation():
                return self._operation(node, member)
            case expression.Choice(condition=condition, then=then, otherwise=otherwise):
                asked = self.step(condition, member)
                taken = self.step(then if asked.value else otherwise, member)
                return _made(node, taken.value, wording.text("CHOICE"), (asked, taken))

    def _over(self, node: expression.Over) -> Reason:
        steps = [self._of_member(node.of, member) for member in self.scene.members]
        text = wording.text(node.quantifier)
        if node.quantifier in ("any_member", "all_members"):
            return _joined(node, "or" if node.quantifier == "any_member" else "and", steps, text)
        value = self._value(node, self.scene.person)
        secret = any(map(self.hidden, self.scene.members))
        return _made(node, None if secret else value, text, tuple(steps))

    def _of_member(self, node: Node, member: str) -> Reason:
        """What a member contributes: all of it, or no more than whether she does."""
        if not self.hidden(member):
            return self.step(node, member)
        value = self._value(node, member) if expression.is_condition(node) else None
        return Reason("", value, wording.text("OTHER_MEMBER"), member=reasons.MEMBER)

    def _fact(self, node: expression.Has | expression.Known | expression.Amount, of: str) -> Reason:
        value = self._value(node, of)
        text = self.sources.text(self.scene, node.fact)
        because = self.sources.of_fact(self.scene, of, node.fact)
        return Reason(expression.write(node), value, text, because, self.sources.whose(of))

    def _aged(self, node: expression.Aged, member: str) -> Reason:
        age, day = self.scene.members.get(member, NOBODY).age, self.scene.day.isoformat()
        key = "UNBORN" if age is None else "AGED"
        text = wording.text(key, day=day, age=str(age))
        because = self.sources.of_birth(member)
        value, whose = self._value(node, member), self.sources.whose(member)
        return Reason(expression.write(node), value, text, because, whose)

    def _leaf(self, node: OfMember, member: str, text: Text) -> Reason:
        value = self._value(node, member)
        return Reason(expression.write(node), value, text, member=self.sources.whose(member))

    def _param(self, node: Node, name: str) -> Reason:
        param = self.scene.version.param_on(name, self.scene.day)
        since = param.begin.isoformat() if param.begin > date.min else "…"
        key = "PARAM" if param.verified else "UNVERIFIED_PARAM"
        text = wording.text(key, name=name, source=param.source, begin=since)
        return Reason(expression.write(node), param.value, text, parameter=param)

    def _operation(self, node: expression.Operation, member: str) -> Reason:
        sides = (self.step(node.left, member), self.step(node.right, member))
        secret = any(side.value is None for side in sides)
        condition = node.sign in expression.CONDITIONS
        value = None if secret and not condition else self._value(node, member)
        return _made(node, value, wording.text("OPERATION"), sides)

    def _value(self, node: Node, member: str) -> int:
        return scalar.compiled(node)(self.scene.situation, self.scene.members.get(member, NOBODY))


def _made(node: Node, value: int | None, text: Text, because: tuple[Reason, ...]) -> Reason:
    return Reason(expression.write(node), value, text, because)


def _joined(node: Node, word: str, steps: Sequence[Reason], text: Text | None = None) -> Reason:
    """With the steps that made it so: all of them, or those that alone suffice."""
    every = word == "and"
    value = (all if every else any)(step.value for step in steps)
    deciding = steps if value is every else [s for s in steps if bool(s.value) is value]
    return _made(node, value, text or wording.text(word), tuple(deciding))
