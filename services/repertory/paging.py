"""Pages of what is in order: each begins after the key that the page before ended with."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

T = TypeVar("T")
Key: TypeAlias = tuple[int | str, ...]
DEFAULT = 100


def page(
    items: Sequence[T], key_of: Callable[[T], Key], token: str, size: int
) -> tuple[Sequence[T], str]:
    """At most `size` items (0: the default) after the key in the token, and the next token.

    Raises ValueError for what is no token of this list.
    """
    begin = bisect_right(items, _key(token, items, key_of), key=key_of) if token else 0
    end = begin + (size or DEFAULT)
    return items[begin:end], json.dumps(key_of(items[end - 1])) if end < len(items) else ""


def _key(token: str, items: Sequence[T], key_of: Callable[[T], Key]) -> Key:
    """The key in a token, which must have the shape of this list's keys."""
    key = json.loads(token)
    like = key_of(items[0]) if items else ()
    if not isinstance(key, list) or (items and list(map(type, key)) != list(map(type, like))):
        raise ValueError("not a token of this list")
    return tuple(key)
