"""The README tells every address of the gateway, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from unittest import mock

from starlette.routing import Route

from gateway import web

README = Path(web.__file__).with_name("README.md")
ANYTHING_ELSE = "/{path}"


def served() -> set[str]:
    outside: Any = mock.MagicMock()
    pages = web.Web(*[outside] * 7)
    found = set()
    for route in pages.application().routes:
        assert isinstance(route, Route)
        path = route.path.replace(":path}", "}")
        if path != ANYTHING_ELSE:
            found |= {f"{method} {path}" for method in route.methods or () if method != "HEAD"}
    return found


def test_the_readme_tells_every_address() -> None:
    told = re.findall(r"`((?:GET|POST) /[^`?]*)", README.read_text("utf-8"))
    assert set(told) == served()
