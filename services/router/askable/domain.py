"""The nouns of the duty to ask: what an institution was told that it may ask, and what it asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from mesh.institutions import Institution


@dataclass(frozen=True, slots=True)
class Askable:
    """That an institution was told that it may ask a sort of data on a person for a purpose."""

    ticket: str
    institution: Institution
    ssin: str = field(repr=False)
    purpose: str
    data_sort: str
    listed_at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """What an institution did ask on that person."""

    purpose: str
    data_sorts: frozenset[str]
    at: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of the record ended."""

    listed_at: datetime
    ticket: str
    data_sort: str
