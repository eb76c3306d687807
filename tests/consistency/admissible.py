"""Messages that the constraints admit, drawn from the descriptors by what each element may be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import strategies as st

from mesh import days, elements, identification
from mesh.faults import CHECK_DIGITS
from mesh.schemas import structure
from mesh.schemas.facets import Content, Facets
from mesh.schemas.quarters import Quarter
from mesh.schemas.structure import Together

DEEPEST = 7
LONGEST_TEXT = 40
LETTERS = "A-Za-zÀ-ÖØ-öø-ÿ"
_structure = cache(structure.of)
CHARACTERS = st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"))


@st.composite
def messages(
    draw: st.DrawFn,
    descriptor: Descriptor,
    quarter: Quarter,
    towards: tuple[str, ...] | None = None,
    depth: int = 0,
) -> Any:
    """Any message of a type whose elements may be used in a quarter.

    With `towards`, a path of names from this block on, it holds what it must and what leads there.
    """
    message = GetMessageClass(descriptor)()
    parts = [p for p in elements.block(descriptor).parts if p.holds_in(int(quarter))]
    document = _structure(descriptor, quarter)
    members = {member.name: member for member in document.blocks[document.root]}
    step = towards[0] if towards else ""
    seldom = st.just(False) if towards is not None else _seldom(depth)
    chosen: set[str] = set()
    for choice in dict.fromkeys(part.choice for part in parts if part.choice):
        several = [part.name for part in parts if part.choice == choice]
        told = members[several[0]].choice
        if step in several:
            chosen.add(step)
        elif (told is not None and told.mandatory) or draw(seldom):
            chosen.add(draw(st.sampled_from(several)))
    for rule in document.together[document.root]:
        chosen |= draw(st.sampled_from(_sets(rule, step, smallest=towards is not None)))
    for part in parts:
        member, leads = members[part.name], part.name == step
        if part.choice or member.conditional:
            times = int(part.name in chosen)
        else:
            times = max(member.least, int(leads))
            if times < (member.most or times + 2) and draw(seldom):
                times += 1
        for _ in range(times):
            onward = towards if towards is None else towards[1:] if leads else ()
            _put(draw, message, part, quarter, member.facets, onward, depth)
    return message


@cache
def texts(allowed: Facets) -> st.SearchStrategy[str]:
    """Any text that is allowed, with characters that XML can bear."""
    if allowed.values:
        return st.sampled_from(allowed.values)
    return {
        Content.NUMBER: _numbers,
        Content.DATE: lambda _: st.dates(days.FIRST, days.LAST).map(date.isoformat),
        Content.TIME: lambda _: st.times().map(lambda t: time.isoformat(t, "milliseconds")),
        Content.XML: lambda _: st.just("<A>a &amp; b</A>"),
        Content.TEXT: _texts,
    }[allowed.content](allowed)


def _sets(rule: Together, step: str, *, smallest: bool) -> list[frozenset[str]]:
    """Those that may stand together, with the one that must be there; the smallest alone."""
    sets = sorted(rule.sets, key=lambda one: (len(one), sorted(one)))
    having = [one for one in sets if step not in rule.names or step in one]
    return having[:1] if smallest else having


def _seldom(depth: int) -> st.SearchStrategy[bool]:
    return st.just(False) if depth >= DEEPEST else st.integers(0, 2).map(lambda drawn: drawn == 2)


def _put(
    draw: st.DrawFn,
    message: Message,
    part: elements.Part,
    quarter: Quarter,
    allowed: Facets | None,
    towards: tuple[str, ...] | None,
    depth: int,
) -> None:
    name = part.field.name
    nested = part.field.message_type
    if allowed is None and nested is not None:
        value = draw(messages(nested, quarter, towards, depth + 1))
        if part.field.is_repeated:
            getattr(message, name).append(value)
        else:
            getattr(message, name).CopyFrom(value)
            getattr(message, name).SetInParent()
        return
    assert allowed is not None
    text = draw(texts(allowed))
    if part.field.is_repeated:
        getattr(message, name).append(text)
    else:
        setattr(message, name, text)


def _texts(allowed: Facets) -> st.SearchStrategy[str]:
    longest = min(allowed.longest or LONGEST_TEXT, LONGEST_TEXT)
    if not allowed.pattern:
        return st.text(
            CHARACTERS, min_size=allowed.shortest, max_size=max(longest, allowed.shortest)
        )
    return _matching(allowed).filter(
        lambda text: allowed.shortest <= len(text) <= (allowed.longest or len(text))
    )


def _matching(allowed: Facets) -> st.SearchStrategy[str]:
    pattern = allowed.pattern.replace(r"\p{L}", f"[{LETTERS}]")
    return st.from_regex(pattern, fullmatch=True, alphabet=CHARACTERS)


def _numbers(allowed: Facets) -> st.SearchStrategy[str]:
    longest = allowed.longest or 18
    most = min(allowed.most or 10**longest - 1, 10**longest - 1)
    least = max(allowed.least or 0, 0)
    drawn: st.SearchStrategy[str]
    if allowed.check_digit:
        drawn = CHECKED[allowed.check_digit]().filter(lambda text: least <= int(text) <= most)
    elif allowed.pattern in {"", "[0-9]+"}:
        drawn = st.integers(least, most).map(lambda n: str(n).zfill(allowed.shortest))
    else:
        drawn = _matching(allowed).filter(
            lambda text: text.isdecimal() and least <= int(text) <= most
        )
    return drawn


def _ssins() -> st.SearchStrategy[str]:
    def ssin(born: date, sequence: int) -> str:
        nine = f"{born:%y%m%d}{sequence:03d}"
        check = 97 - int(f"2{nine}" if born.year >= 2000 else nine) % 97
        return f"{nine}{check:02d}"

    return st.builds(ssin, st.dates(date(1920, 1, 1), date(2020, 1, 1)), st.integers(1, 997))


def _ending_in(check: Callable[[int], int], least: int, most: int) -> st.SearchStrategy[str]:
    return st.integers(least, most).map(lambda n: str(n * 100 + check(n)))


CHECKED: dict[str, Callable[[], st.SearchStrategy[str]]] = {
    "ssin": _ssins,
    "cbe": lambda: _ending_in(lambda n: 97 - n % 97, 2_000_000, 19_999_999).map(
        lambda text: text.zfill(10)
    ),
    "nsso": lambda: _ending_in(lambda n: 96 - n * 100 % 97, 1000, 1_999_998).filter(
        CHECK_DIGITS["nsso"]
    ),
    "dimona": lambda: st.integers(1, 10**10 - 1).map(identification.dimona_period),
}
