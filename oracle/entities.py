"""Who is decided for, and the groups whose facts count."""

from __future__ import annotations

from openfisca_core.entities import Entity, build_entity

Person = build_entity(key="person", plural="persons", label="A person", is_person=True)


def _group(key: str, label: str) -> Entity:
    """Roles are facts of the person here: OpenFisca's own would be compared object by object."""
    return build_entity(
        key=key, plural=f"{key}s", label=label, roles=[{"key": "member", "label": "Member"}]
    )


Domicile = _group("domicile", "Everybody domiciled at an address")
FundHousehold = _group("fund_household", "Holder, partner and dependants of a health fund")
GROUPS = {"domicile": Domicile, "fund_household": FundHousehold}
