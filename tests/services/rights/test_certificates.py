"""A certificate plays no part in whether a benefit may be ended."""

import pytest

from services.rights.certificates.domain import EndReason, EndRefusal, may_end


@pytest.mark.parametrize("holds", [True, False])
def test_no_benefit_ends_for_want_of_a_certificate(holds: bool) -> None:
    refusal = may_end(EndReason.NO_CERTIFICATE, authorised=True, holds=holds)
    assert refusal is EndRefusal.CERTIFICATE_NOT_NEEDED


def test_a_benefit_ends_with_the_right() -> None:
    ended = EndReason.RIGHT_ENDED
    assert may_end(ended, authorised=True, holds=False) is EndRefusal.NONE
    assert may_end(ended, authorised=True, holds=True) is EndRefusal.RIGHT_HOLDS


@pytest.mark.parametrize("reason", EndReason)
@pytest.mark.parametrize("holds", [True, False])
def test_who_is_not_authorised_learns_nothing(reason: EndReason, holds: bool) -> None:
    assert may_end(reason, authorised=False, holds=holds) is EndRefusal.NOT_AUTHORISED
