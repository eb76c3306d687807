"""A receipt holds as it was signed, for the key of receipts, and not otherwise."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from mesh import tickets
from mesh.identity import Caller, parse
from mesh.notes import Signer, Untrusted
from services.router import receipt
from services.router.publication import Publications
from services.router.receipt import ORIGIN, Receipt
from services.router.store import Store
from tests.services.router.test_publication import AT, POLICY, request

SIGNER = Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
DIGEST = hashlib.sha256(b"mutation").digest()
GIVEN = Receipt("ABCDEFGHIJKLMNO", DIGEST, datetime(2026, 11, 24, 12, 0, 0, 123456, UTC))


def test_a_receipt_says_ticket_digest_and_moment() -> None:
    note = SIGNER.sign(str(GIVEN))
    assert note.startswith(f"{ORIGIN}\n{GIVEN.ticket}\n")
    assert receipt.open_receipt(note, SIGNER.verifier_key) == GIVEN


@given(st.data())
def test_a_receipt_of_which_a_character_is_changed_does_not_hold(data: st.DataObject) -> None:
    note = SIGNER.sign(str(GIVEN))
    at = data.draw(st.integers(0, len(note) - 1))
    changed = note[:at] + data.draw(st.sampled_from("AZaz09+/=\n ")) + note[at + 1 :]
    try:
        found = receipt.open_receipt(changed, SIGNER.verifier_key)
    except Untrusted:
        return
    assert found == GIVEN  # the last bits of base64 are not all of the signature


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\nABCDEFGHIJKLMNO\n",
        str(GIVEN).replace(ORIGIN, "crossroads.belgium/ledger"),
        str(GIVEN) + "more\n",
        str(GIVEN).replace(GIVEN.ticket, ""),
        f"{ORIGIN}\nABCDEFGHIJKLMNO\nAAAA\n2026-11-24T12:00:00Z\n",
        f"{ORIGIN}\nABCDEFGHIJKLMNO\n!\n2026-11-24T12:00:00Z\n",
        f"{ORIGIN}\nABCDEFGHIJKLMNO\n{str(GIVEN).splitlines()[2]}\nyesterday\n",
    ],
)
def test_what_the_bank_signed_for_something_else_is_no_receipt(text: str) -> None:
    with pytest.raises(Untrusted):
        receipt.open_receipt(SIGNER.sign(text), SIGNER.verifier_key)


def test_the_key_of_something_else_does_not_vouch_for_a_receipt() -> None:
    ledger = Signer("crossroads.belgium/ledger", SIGNER.private)
    with pytest.raises(Untrusted):
        receipt.open_receipt(ledger.sign(str(GIVEN)), ledger.verifier_key)


async def test_the_same_request_has_the_same_receipt(store: Store) -> None:
    caller, publications = Caller(parse("institution/17/1")), Publications(store)
    first = await publications.publish(request(), caller, POLICY, tickets.new(), AT)
    later = datetime(2026, 11, 25, tzinfo=UTC)
    again = await Publications(store).publish(request(), caller, POLICY, tickets.new(), later)
    assert again == first
    content = request().mutation.SerializeToString(deterministic=True)
    assert first.digest == hashlib.sha256(content).digest()
