"""Commitments: a leaf binds the ledger to an entry and tells nothing about it."""

from __future__ import annotations

import hashlib
import secrets

SALT_BYTES = 32


def commit(salt: bytes, content: bytes) -> bytes:
    """What a leaf holds. Whoever lacks the salt cannot try what the entry might be."""
    return hashlib.sha256(salt + content).digest()


def digest(content: bytes) -> bytes:
    """By which a content is recognised when it is sent again; never leaves the ledger."""
    return hashlib.sha256(content).digest()


def new_salts(count: int) -> tuple[bytes, ...]:
    drawn = secrets.token_bytes(SALT_BYTES * count)
    return tuple(drawn[at : at + SALT_BYTES] for at in range(0, len(drawn), SALT_BYTES))
