"""Who plays in the sandbox. Every person, employer and number of a person here is invented."""

from __future__ import annotations

from datetime import date

INSTITUTIONS: dict[str, str] = {
    "0/0": "National Register",
    "5/0": "pension service",
    "7/1": "family benefit fund",
    "10/1": "holiday fund",
    "11/1": "health fund",
    "12/0": "NSSO",
    "16/0": "DG Persons with a Disability",
    "17/1": "welfare centre",
    "18/1": "unemployment payment body",
    "21/0": "NIHDI",
    "25/0": "rights engine",
    "39/0": "energy supplier",
    "40/4": "De Lijn",
    "43/0": "Flemish water",
    "70/0": "FPS Economy",
}
"""By place in the code list of sectors."""

HUB = "welfare"
"""Name of the secondary network of the welfare centres."""
NETWORK = "17/1"
"""What that network is to the primary hub."""
MEMBERS: dict[str, str] = {
    "17/1001": "welfare centre of Gent",
    "17/1002": "welfare centre of Aalst",
}
"""Welfare centres behind the hub of their network, where there is one."""

BREWERY = "0400000185"
"""Enterprise number of Brouwerij De Kraan, where Lina works."""
BREWERY_NSSO = "123456749"
BAKERY = "0400000284"
"""Enterprise number of Bakkerij Het Anker, an employer that has nothing to do with Lina."""
BAKERY_NSSO = "123456846"

SENDERS: dict[str, str] = {"100001": f"employer/{BREWERY}", "100002": f"employer/{BAKERY}"}
"""Who sends lots of files, by sender number."""

LINA = "91041241894"
NOOR = "15092325643"
ADIL = "18110513307"
JORIS = "84031721194"
CITIZENS: dict[str, str] = {"lina": LINA, "joris": JORIS}
"""Name on the card > SSIN. `joris` lives elsewhere and knows nothing of Lina."""

HOUSEHOLD = (LINA, NOOR, ADIL)
"""Lina, reference person, and her two children."""
ADDRESS_SINCE = date(2019, 6, 1)
POSTAL_CODE = "9000"

SUPPLIERS = ("0/0", "5/0", "11/1", "16/0", "17/1", "18/1")
"""Institutions whose answers the sandbox gives."""
READERS = ("7/1", "10/1", "11/1", "17/1", "18/1", "39/0")
"""Institutions whose mailboxes the sandbox reads."""

REVOKED = "institution/17/1#revoked"
"""A second certificate of the welfare centre, on the revocation list from the beginning."""

IDENTITIES: tuple[str, ...] = (
    *(f"institution/{institution}" for institution in INSTITUTIONS),
    f"employer/{BREWERY}",
    f"employer/{BAKERY}",
    "operator/sandbox",
    "auditor/privacy",
)
"""Paths of the sandbox's certificates; REVOKED and a card for each citizen come with them."""


def server_name(institution: str) -> str:
    """The name that a supplier's certificate bears: `17-1.institution` for `17/1`."""
    return institution.replace("/", "-") + ".institution"
