"""Signed checkpoints, in the C2SP formats signed-note and tlog-checkpoint, with Ed25519."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ORIGIN = "crossroads.belgium/ledger"
ED25519 = b"\x01"
_DASH = "\N{EM DASH} "


class Untrusted(ValueError):  # noqa: N818 - it states what is wrong
    """A note, key or checkpoint that is malformed, or not signed by the key that counts."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a tree: its size and its root."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{_text(self.root)}\n"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key and the name it signs under."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_text(ED25519 + self.public)}"


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key and the name it signs under."""

    name: str
    private: Ed25519PrivateKey

    @property
    def verifier_key(self) -> VerifierKey:
        return VerifierKey(self.name, self.private.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """A signed note of a text, which ends with a newline."""
        signature = _text(self.verifier_key.id + self.private.sign(text.encode()))
        return f"{text}\n{_DASH}{self.name} {signature}\n"


def parse_key(text: str) -> VerifierKey:
    """Read a vkey. Raises Untrusted for another algorithm, or an id that is not the key's."""
    try:
        name, key_id, encoded = text.strip().split("+", 2)
        content = _bytes(encoded)
    except ValueError as error:
        raise Untrusted("this is not a verifier key") from error
    key = VerifierKey(name, content[1:])
    if not name or content[:1] != ED25519 or len(key.public) != 32 or key.id.hex() != key_id:
        raise Untrusted("this is not the verifier key of an Ed25519 signer")
    return key


def open_note(note: str, key: VerifierKey) -> str:
    """The text of a note. Raises Untrusted unless this key has signed it; others do not count."""
    text, separator, signatures = note.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise Untrusted("this is not a signed note")
    text += "\n"
    for line in signatures.splitlines():
        name, _, encoded = line.removeprefix(_DASH).partition(" ")
        try:
            signature = _bytes(encoded)
        except ValueError as error:
            raise Untrusted("a signature of the note is malformed") from error
        if not line.startswith(_DASH) or not name or len(signature) < 5:
            raise Untrusted("a signature of the note is malformed")
        if (name, signature[:4]) == (key.name, key.id):
            _verify(key, signature[4:], text)
            return text
    raise Untrusted("the note is not signed by this key")


def parse(text: str) -> Checkpoint:
    """Read a checkpoint; further lines are extensions and do not count. Raises Untrusted."""
    try:
        origin, size, encoded, *_ = text.split("\n")
        root = _bytes(encoded)
    except ValueError as error:
        raise Untrusted("this is not a checkpoint") from error
    canonical = re.fullmatch("0|[1-9][0-9]{0,18}", size)
    if not origin or not canonical or len(root) != 32:
        raise Untrusted("this is not a checkpoint")
    return Checkpoint(origin, int(size), root)


def open_checkpoint(note: str, key: VerifierKey) -> Checkpoint:
    """The checkpoint in a note signed by the key of the same origin. Raises Untrusted."""
    found = parse(open_note(note, key))
    if found.origin != key.name:
        raise Untrusted("the checkpoint is that of another log")
    return found


def _verify(key: VerifierKey, signature: bytes, text: str) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text.encode())
    except InvalidSignature as error:
        raise Untrusted("the signature of the note is forged") from error


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
