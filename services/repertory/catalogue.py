"""The policy that the bank starts with, and how it joins what operators changed at run time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from services.repertory import documents, qualities
from services.repertory.domain import InstitutionRecord, Level, Policy
from services.repertory.policy_items import CATALOGUE, Item, Kind, of_policy
from services.repertory.qualities import CodeLists

FOLDER = Path(__file__).with_name("catalogue")
KINDS = ("institutions", "availabilities", "deliberations", "quotas")
QUALITIES = Path("qualities.yaml")
NETWORKS = Path(__file__).with_name("networks")
"""A folder for each secondary network; the code lists of qualities are the same everywhere."""


@dataclass(frozen=True)
class Catalogue:
    """The files of the catalogue; `digest` tells one state of them from another."""

    policy: Policy
    codes: CodeLists
    digest: str


def of_hub(name: str) -> Catalogue:
    """The catalogue of a secondary hub by its name; of the primary where it is empty.

    Raises FileNotFoundError where no network has that name.
    """
    folder = NETWORKS / name if name else FOLDER
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no catalogue of a network named {name}")
    return read(folder)


def read(folder: Path = FOLDER) -> Catalogue:
    """All files of the catalogue: a folder by kind of item, and the code lists of qualities."""
    texts = {page.relative_to(folder): page.read_bytes() for page in sorted(folder.rglob("*.yaml"))}
    texts.setdefault(QUALITIES, (FOLDER / QUALITIES).read_bytes())
    digest = hashlib.sha256()
    loaded: dict[str, list[Any]] = {kind: [] for kind in KINDS}
    for page, text in texts.items():
        digest.update(page.as_posix().encode() + b"\0" + text)
        if page.parent.name in KINDS:
            loaded[page.parent.name] += yaml.safe_load(text)
    policy = Policy(
        0,
        tuple(documents.institution(placed(d)) for d in loaded["institutions"]),
        tuple(documents.availability(d) for d in loaded["availabilities"]),
        tuple(documents.deliberation(d) for d in loaded["deliberations"]),
        tuple(documents.quota(d) for d in loaded["quotas"]),
    )
    codes = qualities.of(yaml.safe_load(texts[QUALITIES]))
    return Catalogue(policy, codes, digest.hexdigest())


def placed(document: Mapping[str, Any]) -> dict[str, Any]:
    """Who is managed is secondary; each speaks by its own certificate unless told otherwise."""
    level = Level.SECONDARY if "managing" in document else Level.PRIMARY
    return {
        "identities": [f"institution/{document['institution']}"],
        "level": level.name,
        **document,
    }


def joined(standing: Iterable[Item], policy: Policy) -> list[Item]:
    """The items as they shall stand when a new catalogue comes.

    What an operator put stays: whole items that the catalogue lacks, availabilities,
    deliberations and quotas that the operator changed, supplier addresses and revoked
    certificates. What an earlier catalogue brought and this one lacks goes.
    """
    ours = {(item.kind, item.key): item for item in standing}
    kept = {place: item for place, item in ours.items() if item.origin != CATALOGUE}
    items = {(item.kind, item.key): item for item in _with_run_time(of_policy(policy), ours)}
    changed = {p: i for p, i in kept.items() if p not in items or p[0] is not Kind.INSTITUTION}
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
