"""The quickest way from XML to a message: a block in plain text is read without a tree.

Between its texts such a block is a skeleton of tags. One skeleton stands for many blocks: it is
parsed and checked once, then only the texts are looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from google.protobuf.descriptor import Descriptor
from lxml import etree

from gateway import documents, layouts, plans
from gateway.layouts import UnusualError
from gateway.plans import Plan, Take

LONGEST = 1 << 16
"""Characters of a block that may be read this way."""
MOST_SKELETONS, MOST_TAGS = 2048, 512
MOST_USUAL = 4
"""Skeletons that are tried before the tags are looked at."""
OFTEN = 16
"""How often a skeleton has come before it is worth compiling."""
_PLAIN = r"[\t\n -%'-;=?-~]"
"""What means itself in a text: no reference, no markup, no end of line to be read otherwise."""
_BLANKS = r"[\t\r\n ]*+"
_CUT = re.compile(rf">({_PLAIN}*|{_BLANKS})<")
_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9]*>")
"""Tags that tell only a name: no attributes, no namespaces, no empty elements."""


@dataclass(slots=True)
class Skeleton:
    """The tags of a block, and how the texts between them are read."""

    tags: list[str]
    plan: Plan
    of_elements: Take
    """Takes the texts that follow the start of each element."""
    beside: Take
    """Takes those in which nothing but blanks may stand."""
    came: int = 0

    def pattern(self) -> re.Pattern[str]:
        """Matches such a block after any blanks, with the text of each element; none of blocks."""
        pieces, place = [_BLANKS], 0
        for tag in self.tags:
            pieces.append(tag)
            if tag.startswith("</"):
                pieces.append(_BLANKS)
                continue
            pieces.append(f"(){_BLANKS}" if place in self.plan.blocks else f"({_PLAIN}*+)")
            place += 1
        return re.compile("".join(pieces[:-1]))

    def texts(self, between: list[str]) -> list[str] | None:
        """The text of each element; None where blocks hold any."""
        if "".join(self.beside(between)).strip():
            return None
        texts = list(self.of_elements(between))
        for place in self.plan.blocks:
            texts[place] = ""
        return None if "\r" in "".join(texts) else texts


@dataclass(slots=True)
class Skeletons:
    """Those of one kind of block in one quarter, as they came."""

    descriptor: Any
    name: str
    """Of the element that is such a block."""
    quarter: int
    known: dict[str, Skeleton | None] = field(default_factory=dict)
    """By their tags; None: not read this way."""
    usual: tuple[tuple[re.Pattern[str], Plan], ...] = ()
    """Those that come often, the last one found among the others first."""

    def read(self, text: str, begin: int) -> tuple[bytes, int] | None:
        """The wire form of the block that stands at `begin`, after any blanks, and where it ends.

        Every value is checked. None where anything is amiss, or not plain: a tree tells what.
        That an element may begin there is the caller's concern.
        """
        try:
            for pattern, plan in self.usual:
                match = pattern.match(text, begin)
                if match is not None:
                    return plan.write(match.groups()), match.end()
            return self._seldom(text, begin)
        except UnusualError:
            return None

    def _seldom(self, text: str, begin: int) -> tuple[bytes, int] | None:
        opening, closing = f"<{self.name}>", f"</{self.name}>"
        end = text.find(closing, begin, begin + LONGEST)
        if end < 0:
            return None
        end += len(closing)
        block = text[begin:end].lstrip("\t\r\n ")
        if not block.startswith(opening):
            return None
        cut = _CUT.split(block)
        tags = "><".join(cut[::2])
        if tags not in self.known:
            if len(self.known) >= MOST_SKELETONS:
                self.known.clear()
            self.known[tags] = _skeleton(tags, self.descriptor, self.quarter)
        skeleton = self.known[tags]
        texts = skeleton.texts(cut[1::2]) if skeleton else None
        if skeleton is None or texts is None:
            return None
        wire = skeleton.plan.write(texts)
        skeleton.came += 1
        if skeleton.came % OFTEN == 0:
            found = (skeleton.pattern(), skeleton.plan)
            others = [one for one in self.usual if one[1] is not skeleton.plan]
            self.usual = (found, *others[: MOST_USUAL - 1])
        return wire, end


@lru_cache(maxsize=1024)
def skeletons_of(descriptor: Descriptor, name: str, quarter: int) -> Skeletons:
    return Skeletons(descriptor, name, quarter)


def _skeleton(joined: str, descriptor: Any, quarter: int) -> Skeleton | None:
    tags = _TAG.findall(joined)
    if len(tags) > MOST_TAGS or "".join(tags) != joined:
        return None
    try:
        root = etree.fromstring(joined, etree.XMLParser(**documents.SAFE))
        plan = plans.plan_of(list(root.iter()), layouts.layout_of(descriptor, quarter))
    except (etree.XMLSyntaxError, UnusualError):
        return None
    starts = [place for place, tag in enumerate(tags) if not tag.startswith("</")]
    leaves = {start for place, start in enumerate(starts) if place not in plan.blocks}
    beside = [place for place in range(len(tags) - 1) if place not in leaves]
    return Skeleton(tags, plan, plans.take(starts), plans.take(beside))
