"""Signed notes, in the C2SP format signed-note, with Ed25519."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
_DASH = "\N{EM DASH} "


class Untrusted(ValueError):  # noqa: N818 - it states what is wrong
    """A note, key or text that is malformed, or not signed by the key that counts."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key and the name it signs under."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{text_of(ED25519 + self.public)}"


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
        signature = text_of(_id(self) + self.private.sign(text.encode()))
        return f"{text}\n{_DASH}{self.name} {signature}\n"


@lru_cache(maxsize=16)
def _id(signer: Signer) -> bytes:
    """A process has few signers, and signs with them often."""
    return signer.verifier_key.id


def parse_key(text: str) -> VerifierKey:
    """Read a vkey. Raises Untrusted for another algorithm, or an id that is not the key's."""
    try:
        name, key_id, encoded = text.strip().split("+", 2)
        content = bytes_of(encoded)
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
            signature = bytes_of(encoded)
        except ValueError as error:
            raise Untrusted("a signature of the note is malformed") from error
        if not line.startswith(_DASH) or not name or len(signature) < 5:
            raise Untrusted("a signature of the note is malformed")
        if (name, signature[:4]) == (key.name, key.id):
            _verify(key, signature[4:], text)
            return text
    raise Untrusted("the note is not signed by this key")


def _verify(key: VerifierKey, signature: bytes, text: str) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text.encode())
    except InvalidSignature as error:
        raise Untrusted("the signature of the note is forged") from error


def text_of(content: bytes) -> str:
    """Bytes as a note writes them."""
    return base64.b64encode(content).decode("ascii")


def bytes_of(text: str) -> bytes:
    """Raises ValueError where it is not base64."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
