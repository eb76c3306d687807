"""A sector stands for each of its institutions but the managing one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh import sectors
from mesh.institutions import Institution
from mesh.sectors import Party, Sector

institutions = st.builds(Institution, st.integers(0, 3), st.integers(0, 3))
parties: st.SearchStrategy[Party] = st.one_of(institutions, st.builds(Sector, st.integers(0, 3)))


@given(parties)
def test_a_party_is_read_as_it_is_written(party: Party) -> None:
    assert sectors.parse(str(party)) == party


@given(institutions, st.integers(0, 3))
def test_a_sector_includes_all_of_it_that_it_does_not_have_to_name(
    institution: Institution, code: int
) -> None:
    expected = institution.sector == code and institution.number != 0
    assert sectors.includes(Sector(code), institution) == expected
    assert (sectors.of(institution) == Sector(code)) == expected


@given(institutions, institutions)
def test_an_institution_includes_itself_alone(one: Institution, other: Institution) -> None:
    assert sectors.includes(one, other) == (one == other)


@given(st.lists(parties, unique=True))
def test_no_two_stand_at_one_place(several: list[Party]) -> None:
    assert len({sectors.place(one) for one in several}) == len(several)


@pytest.mark.parametrize("text", ["", "17", "sector", "sector x", "17/1/2"])
def test_nothing_else_is_read(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of int or of too many parts
        sectors.parse(text)
