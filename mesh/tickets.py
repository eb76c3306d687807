"""Tickets: the name of an exchange, for people and for the ledger."""

from __future__ import annotations

import secrets

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
LENGTH = 15


def new() -> str:
    """Fifteen capital letters and digits that nobody can guess (77 bits)."""
    number = secrets.randbits(LENGTH * 6)
    letters = []
    for _ in range(LENGTH):
        number, letter = divmod(number, 36)
        letters.append(ALPHABET[letter])
    return "".join(letters)
