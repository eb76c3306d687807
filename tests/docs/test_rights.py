"""The table of rights in the service's README says what the rules say."""

from __future__ import annotations

from pathlib import Path

from services.rights.domain import Rule
from services.rights.law import rulebook
from services.rights.law.provisions import Window
from tests.docs.conftest import tables

FOLDER = Path(rulebook.__file__).parents[1]
RULES = rulebook.load(FOLDER).rules


def window(of: Window) -> str:
    on = f"on {of.on}, " if of.on else ""
    return f"{on}`{of.begin}` to `{of.until}`"


def row(rule: Rule) -> dict[str, str]:
    """As the law last stands."""
    last = rule.versions[-1]
    windows = dict.fromkeys(window(ground.window) for ground in last.grounds)
    return {
        "right": f"`{rule.id}`",
        "granted by": rule.granted_by,
        "group": rule.group.value.replace("_", " "),
        "window": "; ".join(windows),
        "how": "automatic" if rule.automatic else "on request",
        "since": rule.versions[0].validity.begin.isoformat(),
        "versions": str(len(rule.versions)),
    }


def test_the_table_of_rights_says_what_the_rules_say() -> None:
    (table,) = (rows for rows in tables(FOLDER / "README.md") if "right" in rows[0])
    assert table == [row(RULES[name]) for name in sorted(RULES)]
