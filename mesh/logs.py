"""Logs of a process: JSON lines that belong to a trace and name nobody."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from mesh import spans

_NUMBER_OF_A_PERSON = re.compile(r"(?<!\d)\d{11}(?!\d)")


def setup(name: str) -> None:
    """Send the logs of every library through the same steps. Once a process."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _trace_of_line,
        structlog.processors.format_exc_info,
        _mask,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _mask,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(service=name)


def _mask(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """No number of a person leaves in a log line, whatever a library put into its message."""
    return {
        key: _NUMBER_OF_A_PERSON.sub("***", value) if isinstance(value, str) else value
        for key, value in event.items()
    }


def _trace_of_line(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    if (place := spans.place()) is not None:
        event["trace_id"] = format(place.trace_id, "032x")
    return event
