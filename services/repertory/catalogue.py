"""The policy that the bank starts with, and how it joins what operators changed at run time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from services.repertory import documents, qualities
from services.repertory.domain import InstitutionRecord, Policy
from services.repertory.policy_items import CATALOGUE, Item, Kind, of_policy
from services.repertory.qualities import CodeLists

FOLDER = Path(__file__).with_name("catalogue")
FILES = ("institutions", "availabilities", "deliberations", "qualities")


@dataclass(frozen=True)
class Catalogue:
    """The files of the catalogue; `digest` tells one state of them from another."""

    policy: Policy
    codes: CodeLists
    digest: str


def read(folder: Path = FOLDER) -> Catalogue:
    texts = {name: (folder / f"{name}.yaml").read_bytes() for name in FILES}
    loaded: dict[str, Any] = {name: yaml.safe_load(text) for name, text in texts.items()}
    digest = hashlib.sha256(b"\0".join(texts[name] for name in FILES)).hexdigest()
    policy = Policy(
        0,
        tuple(documents.institution(d) for d in loaded["institutions"]),
        tuple(documents.availability(d) for d in loaded["availabilities"]),
        tuple(documents.deliberation(d) for d in loaded["deliberations"]),
    )
    return Catalogue(policy, qualities.of(loaded["qualities"]), digest)


def joined(standing: Iterable[Item], policy: Policy) -> list[Item]:
    """The items as they shall stand when a new catalogue comes.

    What an operator put stays: whole institutions and deliberations that the catalogue lacks,
    deliberations that the operator changed, supplier addresses and revoked certificates. What
    an earlier catalogue brought and this one lacks goes.
    """
    ours = {(item.kind, item.key): item for item in standing}
    kept = {place: item for place, item in ours.items() if item.origin != CATALOGUE}
    items = {(item.kind, item.key): item for item in _with_run_time(of_policy(policy), ours)}
    changed = {p: i for p, i in kept.items() if p not in items or p[0] is Kind.DELIBERATION}
    return list((items | changed).values())


def _with_run_time(items: Iterable[Item], ours: Mapping[tuple[Kind, str], Item]) -> Iterator[Item]:
    for item in items:
        standing = ours.get((item.kind, item.key))
        if item.kind is Kind.INSTITUTION and standing is not None:
            yield replace(item, document=_told(standing, item), origin=standing.origin)
        else:
            yield item


def _told(standing: Item, new: Item) -> documents.Document:
    """A record of the catalogue with what only operators say of it."""
    put: InstitutionRecord = documents.institution(standing.document)
    return documents.of_institution(
        replace(
            documents.institution(new.document),
            supplier_address=put.supplier_address,
            supplier_name=put.supplier_name,
            revoked_certificates=put.revoked_certificates,
        )
    )
