"""Constraints are told in the words of schemas, or it is said that they cannot be."""

from __future__ import annotations

import pytest

from mesh import elements
from mesh.schemas import documents, facets, structure
from mesh.schemas.facets import Inexpressible
from mesh.schemas.quarters import Quarter
from tests.mesh.schemas import planted


@pytest.mark.parametrize(
    ("search", "whole"),
    [
        ("", ""),
        ("^[0-9]+$", "[0-9]+"),
        ("^(0|[0-9]{11})$", "(0|[0-9]{11})"),
        ("a", r"[\s\S]*a[\s\S]*"),
        ("^a", r"a[\s\S]*"),
        (r"^a\$", r"a\$[\s\S]*"),
        (r"^(?:\d|[\dA])$", "([0-9]|[0-9A])"),
        ("^[^$]$", "[^$]"),
    ],
)
def test_a_search_pattern_becomes_one_of_the_whole_text(search: str, whole: str) -> None:
    assert facets.whole(search) == whole


@pytest.mark.parametrize("pattern", ["^a$|^b$", "a|b", r"^\w$", "^(a$)b$", r"\bx"])
def test_a_pattern_that_would_mean_something_else_is_refused(pattern: str) -> None:
    with pytest.raises(Inexpressible):
        facets.whole(pattern)


def test_values_stand_in_their_quarters_only() -> None:
    block = elements.block(planted.form().file.message_types_by_name["Block"])
    kept = block.by_name["Kept"]
    assert facets.of(kept, Quarter(2023, 4)).values == ("A", "C")
    assert facets.of(kept, Quarter(2024, 1)).values == ("A", "B")


def test_every_constraint_of_every_form_can_be_told() -> None:
    for message in documents.known().values():
        for quarter in (Quarter(2003, 1), Quarter(2023, 4), Quarter(2099, 4)):
            assert structure.of(message, quarter).blocks
