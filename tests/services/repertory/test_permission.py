"""For whom a caller may write, and what it may see."""

from __future__ import annotations

from datetime import date

from mesh.institutions import Institution
from mesh.periods import ALWAYS, Period
from services.repertory import permission
from services.repertory.domain import Inscription, InstitutionRecord, Key
from services.repertory.permission import Speaker

CENTRE, MANAGING, FUND = Institution(17, 1), Institution(17, 0), Institution(11, 1)
TODAY = date(2026, 11, 24)
SPEAKER = Speaker("institution", "institution/17/1", "ab12")


def record(period: Period = ALWAYS, revoked: tuple[str, ...] = ()) -> InstitutionRecord:
    return InstitutionRecord(
        CENTRE,
        "welfare centre",
        identities=("institution/17/1",),
        period=period,
        revoked_certificates=revoked,
    )


def test_an_identity_speaks_for_the_institutions_that_name_it() -> None:
    stranger = Speaker("institution", "institution/17/10", "ab12")
    assert permission.spoken_for(SPEAKER, [record()], TODAY) == {CENTRE}
    assert permission.spoken_for(stranger, [record()], TODAY) == frozenset()


def test_a_revoked_certificate_speaks_for_nobody() -> None:
    assert permission.spoken_for(SPEAKER, [record(revoked=("ab12",))], TODAY) == frozenset()


def test_an_institution_that_ceased_to_exist_has_no_speaker() -> None:
    ended = Period(date(2000, 1, 1), TODAY)
    assert permission.spoken_for(SPEAKER, [record(ended)], TODAY) == frozenset()


def test_only_the_managing_institution_writes_for_others_of_its_sector() -> None:
    assert permission.may_write({CENTRE}, CENTRE)
    assert permission.may_write({MANAGING}, CENTRE)
    assert not permission.may_write({CENTRE}, MANAGING)
    assert not permission.may_write({MANAGING}, FUND)
    assert not permission.may_write(set(), CENTRE)


def test_institutions_see_their_own_lines_and_overseers_all() -> None:
    lines = [Inscription(Key("91041241894", one, 1, 0), ALWAYS) for one in (CENTRE, FUND)]
    assert permission.visible(SPEAKER, frozenset({CENTRE}), lines) == (lines[0],)
    auditor = Speaker("auditor", "auditor/privacy", "cd")
    assert permission.visible(auditor, frozenset(), lines) == tuple(lines)
