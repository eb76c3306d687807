"""The rulebook in force, and those who work by it; it is replaced whole, or it stays."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import structlog

from services.rights.law import rulebook
from services.rights.law.rulebook import Rulebook
from services.rights.law.rulefile import RuleFileError

LOG = structlog.get_logger()


class Follower:
    """Works by the rulebook in force."""

    _rulebook: Rulebook

    def use(self, rulebook: Rulebook) -> None:
        """From the next question on."""
        self._rulebook = rulebook


class InForce:
    """The rulebook of a folder; `followers` hear of each that comes into force."""

    def __init__(
        self, folder: Path, loaded: Rulebook, *followers: Callable[[Rulebook], None]
    ) -> None:
        self._folder = folder
        self.rulebook = loaded
        self._followers = followers

    def reload(self) -> Rulebook:
        """Read the files again. Raises RuleFileError with file and line; then nothing changes."""
        try:
            loaded = rulebook.load(self._folder)
        except RuleFileError as error:
            told = RuleFileError(str(error).replace(f"{self._folder}/", ""))
            LOG.error("the rules are in error; those in force stay", where=str(told))
            raise told from error
        self.rulebook = loaded
        for follow in self._followers:
            follow(loaded)
        LOG.info("rules reloaded", rules=sorted(loaded.rules))
        return loaded

    def reload_quietly(self, then: Callable[[], None]) -> None:
        """On a signal: an error is in the log, and the rules in force stay."""
        with contextlib.suppress(RuleFileError):
            self.reload()
            then()
