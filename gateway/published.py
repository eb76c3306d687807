"""Schemas, differences and glossary for download: which file an address names, and how it ages."""

from __future__ import annotations

import asyncio
import re
from datetime import date

import grpc
from starlette.requests import Request
from starlette.responses import Response

from mesh.refusals import Refusal
from mesh.schemas import publication, quarters
from mesh.schemas.publication import File
from mesh.schemas.quarters import Quarter

FIRST = Quarter(2003, 1)
"""The quarter in which the quarterly declaration began."""
AHEAD = 4
"""Schemas are published so many quarters ahead."""
FRESH_S = 3600
_NAME = re.compile(
    r"(?P<form>[A-Za-z][A-Za-z0-9]{0,63})_(?P<quarter>[0-9]{5})(?:_(?P<after>[0-9]{5}))?"
    r"\.(?P<kind>xsd|xml|md|json|html)"
)


async def answer(request: Request, name: str, today: date) -> Response:
    """The file, or 304 where the caller has it already. Raises NOTHING_HERE."""
    file = await asyncio.to_thread(find, name, today)
    if file is None:
        raise Refusal(grpc.StatusCode.NOT_FOUND, "NOTHING_HERE")
    tag = f'"{file.digest}"'
    headers = {"cache-control": f"public, max-age={FRESH_S}", "etag": tag}
    if has(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    headers["content-disposition"] = f'inline; filename="{file.name}"'
    return Response(file.body, headers=headers, media_type=file.media_type)


def find(name: str, today: date) -> File | None:
    """The file of a name, or the list of today's files where it is empty; None: there is none."""
    if not name:
        return publication.index(quarters.of(today))
    parts = _NAME.fullmatch(name)
    if parts is None:
        return None
    quarter = _published(parts["quarter"], today)
    if quarter is None:
        return None
    if parts["after"] is None:
        return _of_quarter(parts["form"], quarter, parts["kind"])
    after = _published(parts["after"], today)
    if parts["form"] != "differences" or after is None:
        return None
    return publication.difference(quarter, after, parts["kind"])


def _of_quarter(form: str, quarter: Quarter, kind: str) -> File | None:
    if kind == "xsd":
        return publication.schema(form, quarter)
    if (form, kind) == ("index", "json"):
        return publication.index(quarter)
    return publication.glossary_of(quarter, kind) if form == "glossary" else None


def has(asked: str, tag: str) -> bool:
    """Whether `If-None-Match` names the tag; a weak one is as good."""
    tags = {one.strip().removeprefix("W/") for one in asked.split(",")}
    return bool(tags & {tag, "*"})


def _published(text: str, today: date) -> Quarter | None:
    """The quarter, if schemas of it are published by today."""
    try:
        quarter = quarters.parse(text)
    except ValueError:
        return None
    return quarter if FIRST <= quarter <= quarters.of(today).plus(AHEAD) else None
