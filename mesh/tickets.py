"""Tickets: the name of an exchange, for people and for the ledger."""

from __future__ import annotations

import secrets

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
LENGTH = 15
_LETTERS = bytes(ord(ALPHABET[byte % 36]) for byte in range(256))
_UNEVEN = bytes(range(252, 256))
"""Left out, so that every letter is as likely as every other."""


def new() -> str:
    """Fifteen capital letters and digits that nobody can guess (77 bits)."""
    letters = b""
    while len(letters) < LENGTH:
        letters += secrets.token_bytes(2 * LENGTH).translate(_LETTERS, _UNEVEN)
    return letters[:LENGTH].decode()
