"""The duty to ask: what to list as askable, and what of it was not asked in time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from mesh.institutions import Institution
from services.router.askable.domain import Askable, Asked
from services.router.domain import Policy, Use


def sorts(policy: Policy, asker: Institution | None, purpose: str) -> tuple[str, ...]:
    """The sorts of data that some deliberation gives the asker for a purpose, in order of name.

    Whether it may have them now, in this quality and on this person, is the decision's matter.
    """
    if asker is None:
        return ()
    return tuple(
        sort
        for sort in sorted(policy.availabilities)
        if any(
            ground.purpose == purpose and Use.CONSULTATION in ground.uses
            for ground in policy.granted(asker, sort)
        )
    )


def is_asked(one: Askable, asked: Iterable[Asked], within: timedelta) -> bool:
    """Whether it was asked, for the same purpose, from the moment told until so long after it.

    Asking is what counts; the answer may have been a refusal.
    """
    return any(
        one.data_sort in question.data_sorts
        and one.purpose == question.purpose
        and one.listed_at <= question.at < one.listed_at + within
        for question in asked
    )
