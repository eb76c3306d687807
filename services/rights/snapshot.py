"""The snapshot: all that the engine's database holds of everybody, read into columns at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import psycopg
from numpy.typing import NDArray

from services.rights import country, extracts, testimony
from services.rights.country import Circles, Country
from services.rights.domain import Group
from services.rights.extracts import Table, places
from services.rights.population import ROLES, Memberships
from services.rights.rulebook import Rulebook
from services.rights.spans import Flags

GROUPS = tuple(group for group in Group if group is not Group.PERSON)
_DAY = "({} - DATE '1970-01-01')"
_HOUSEHOLDS = {
    "ssin": ("bigint", "ssin"),
    "recorded": ("bigint", "extract(epoch FROM recorded_at) * 1000000"),
    "sort": ("smallint", f"array_position(ARRAY{[str(g) for g in GROUPS]}, home->>0)"),
    "home": ("bigint", "hashtextextended(home::text, 0)"),
    "members": ("smallint", "jsonb_array_length(home->1)"),
    "begin": ("integer", _DAY.format("(own->>1)::date")),
    "end": ("integer", _DAY.format("(own->>2)::date")),
    "role": ("smallint", f"array_position(ARRAY{list(ROLES)}, own->>3)"),
}
_OWN = """
    CROSS JOIN LATERAL jsonb_array_elements(composition) AS home
    CROSS JOIN LATERAL jsonb_array_elements(home->1) AS own
    WHERE own->>0 = ssin
"""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Who is in the country, and who is known without being in any group."""

    country: Country
    strangers: NDArray[np.int64]
    """Of whom no group is kept: they must be asked about first."""


@dataclass
class _Reader:
    connection: psycopg.Connection
    rulebook: Rulebook

    def read(self) -> Snapshot:
        homes = self._homes()
        ssins = np.unique(homes["ssin"])
        apart = self._named_apart(ssins)
        circles = self._circles(homes, ssins, apart)
        order = country.neighbours(circles, len(ssins))
        rank = np.empty(len(order), np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        circles = {g: Circles(_moved(c.members, rank), len(ssins)) for g, c in circles.items()}
        said, births, strangers = testimony.read(self.connection, self.rulebook, ssins, rank, apart)
        apart = country.all_reached(circles, apart[order], country.levels(self.rulebook.rules))
        return Snapshot(Country(ssins[order], births[order], said, circles, apart), strangers)

    def _homes(self) -> Table:
        """Of everybody the groups told last."""
        found = extracts.whole(extracts.read(self.connection, "households", _HOUSEHOLDS, _OWN))
        order = np.lexsort((found["recorded"], found["ssin"]))
        found = {name: column[order] for name, column in found.items()}
        ssin, recorded = found["ssin"], found["recorded"]
        last = np.searchsorted(ssin, ssin, "right") - 1
        return {name: column[recorded == recorded[last]] for name, column in found.items()}

    def _named_apart(self, ssins: NDArray[np.int64]) -> Flags:
        """Whose number was or is replaced, and of whom not everything was decided once."""
        apart = np.ones(len(ssins), np.bool_)
        followed = extracts.whole(
            extracts.read(self.connection, "followed", {"ssin": ("bigint", "ssin")})
        )
        if followed:
            apart[places(ssins, followed["ssin"])[0]] = False
        for row in self.connection.execute(
            "SELECT ssin::bigint, replaced_by::bigint FROM replaced_numbers"
        ):
            apart[places(ssins, np.array(row, np.int64))[0]] = True
        return apart

    def _circles(
        self, homes: Table, ssins: NDArray[np.int64], apart: Flags
    ) -> dict[Group, Circles]:
        """Members of one group all know of it, or are apart."""
        found: dict[Group, Circles] = {}
        for number, group in enumerate(GROUPS, 1):
            mine = {name: column[homes["sort"] == number] for name, column in homes.items()}
            _, group_of, listed = np.unique(mine["home"], return_inverse=True, return_counts=True)
            who = np.searchsorted(ssins, mine["ssin"]).astype(np.int32)
            apart[who[listed[group_of] != mine["members"]]] = True
            order = np.lexsort((mine["begin"], who, group_of))
            columns = (group_of, who, mine["begin"], mine["end"], mine["role"] - 1)
            kinds = (np.int32, np.int32, np.int32, np.int32, np.int8)
            members = Memberships(
                *(c[order].astype(kind) for c, kind in zip(columns, kinds, strict=True))
            )
            overlaps = (members.group[1:] == members.group[:-1]) & (
                members.who[1:] == members.who[:-1]
            )
            overlaps &= members.begin[1:] < members.end[:-1]
            apart[members.who[1:][overlaps]] = True
            found[group] = Circles(members, len(ssins))
        return found


def read(connection: psycopg.Connection, rulebook: Rulebook) -> Snapshot:
    """As of one moment: the transaction is to be REPEATABLE READ.

    What columns do not hold (corrections, contradictions, numbers replaced, groups of which
    members were told differently) sets the persons whom it reaches apart.
    """
    return _Reader(connection, rulebook).read()


def _moved(members: Memberships, rank: NDArray[np.int32]) -> Memberships:
    """With persons numbered anew, and groups in the order of their first member."""
    who = rank[members.who]
    heads = np.flatnonzero(np.diff(members.group, prepend=-1))
    first = np.minimum.reduceat(who, heads) if len(heads) else heads
    number = np.empty(len(heads), np.int32)
    number[np.argsort(first, kind="stable")] = np.arange(len(heads), dtype=np.int32)
    group = number[members.group]
    order = np.lexsort((members.begin, who, group))
    return Memberships(
        group[order], who[order], members.begin[order], members.end[order], members.role[order]
    )
