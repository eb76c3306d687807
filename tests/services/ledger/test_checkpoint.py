"""Checkpoints: the published example byte for byte, and what is not believed."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from mesh import notes, signing_key
from mesh.notes import Signer, Untrusted
from services.ledger import checkpoint
from services.ledger.checkpoint import ORIGIN, Checkpoint

# The example of the signed note format: its key, its text, its signature.
SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
LINE = (
    "\N{EM DASH} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg"
    "KvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

PETER = Signer("PeterNeumann", Ed25519PrivateKey.from_private_bytes(SEED))
OURS = Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(32)))
CHECKPOINT = Checkpoint(ORIGIN, 42, bytes(range(32)))


def test_the_published_note_is_signed_byte_for_byte() -> None:
    assert str(PETER.verifier_key) == VKEY
    assert PETER.sign(TEXT) == f"{TEXT}\n{LINE}"


def test_the_published_note_opens_with_the_published_key() -> None:
    assert notes.open_note(f"{TEXT}\n{LINE}", notes.parse_key(VKEY)) == TEXT


def test_signatures_of_others_do_not_count_either_way() -> None:
    note = OURS.sign(str(CHECKPOINT)) + LINE
    assert checkpoint.open_checkpoint(note, OURS.verifier_key) == CHECKPOINT
    with pytest.raises(Untrusted, match="forged"):
        notes.open_note(note, PETER.verifier_key)


def test_a_checkpoint_has_the_published_form() -> None:
    root = base64.b64encode(CHECKPOINT.root).decode()
    assert str(CHECKPOINT) == f"crossroads.belgium/ledger\n42\n{root}\n"


@given(st.integers(0, 2**62), st.binary(min_size=32, max_size=32))
def test_a_signed_checkpoint_comes_back(size: int, root: bytes) -> None:
    signed = Checkpoint(ORIGIN, size, root)
    assert checkpoint.open_checkpoint(OURS.sign(str(signed)), OURS.verifier_key) == signed


@given(st.data())
def test_no_changed_note_is_believed(data: st.DataObject) -> None:
    note = OURS.sign(str(CHECKPOINT))
    at = data.draw(st.integers(0, len(note) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda c: c != note[at]))
    changed = note[:at] + other + note[at + 1 :]
    try:
        assert checkpoint.open_checkpoint(changed, OURS.verifier_key) == CHECKPOINT
    except Untrusted:
        return
    # Base64 leaves bits of its last character unused: such a change changes no content.
    assert at > len(str(CHECKPOINT))


@pytest.mark.parametrize(
    "note",
    [
        "",
        "no signature\n",
        "text\n\nno dash\n",
        "text\n\n\N{EM DASH} name\n",
        "text\n\n\N{EM DASH} name !!!!\n",
        "text\n\n\N{EM DASH} name AAAA\n",
        "text\n\n\N{EM DASH} name AAAAAAAAAAAA",
        "text\n\n\N{EM DASH} name AAAAAAAAAAAA\n",
    ],
)
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(Untrusted):
        notes.open_note(note, OURS.verifier_key)


@pytest.mark.parametrize("size", ["", "-1", "01", "1e3", "\N{ARABIC-INDIC DIGIT ONE}", "9" * 5000])
def test_a_size_is_a_plain_number(size: str) -> None:
    root = base64.b64encode(CHECKPOINT.root).decode()
    with pytest.raises(Untrusted):
        checkpoint.parse(f"{ORIGIN}\n{size}\n{root}\n")


def test_a_checkpoint_of_another_log_is_refused() -> None:
    note = OURS.sign(str(Checkpoint("another.example/log", 1, bytes(32))))
    with pytest.raises(Untrusted, match="another log"):
        checkpoint.open_checkpoint(note, OURS.verifier_key)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "PeterNeumann",
        VKEY.replace("c74f20a3", "c74f20a4"),
        VKEY.replace("c74f20a3", "C74F20A3"),
        VKEY.replace("PeterNeumann", "Peter"),
        VKEY[:-4],
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_what_is_no_verifier_key_is_refused(key: str) -> None:
    with pytest.raises(Untrusted):
        notes.parse_key(key)


def test_the_key_is_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    place = tmp_path / "state" / "ledger.key"
    made = signing_key.load(place)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert signing_key.load(place).private_bytes_raw() == made.private_bytes_raw()
    assert [file.name for file in place.parent.iterdir()] == ["ledger.key"]


def test_another_kind_of_key_is_refused(tmp_path: Path) -> None:
    pem = generate_private_key(SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    (tmp_path / "ledger.key").write_bytes(pem)
    with pytest.raises(TypeError, match="no Ed25519 key"):
        signing_key.load(tmp_path / "ledger.key")
