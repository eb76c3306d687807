"""YAML read with the line of everything, so that an error in a rule names its place."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import yaml

LANGUAGES = ("nl", "fr", "de", "en")
T = TypeVar("T")


class RuleFileError(ValueError):
    """A rule file that cannot be in force, with file and line."""


class Block(dict[str, Any]):
    """A mapping of a file that knows where it and each of its keys stand."""

    def __init__(self, path: Path, line: int) -> None:
        super().__init__()
        self.path = path
        self.line = line
        self.lines: dict[str, int] = {}

    def error(self, message: str, key: str = "") -> RuleFileError:
        return RuleFileError(f"{self.path}:{self.lines.get(key, self.line)}: {message}")

    def only(self, keys: Iterable[str]) -> None:
        """Raise for a key that means nothing here."""
        for unknown in self.keys() - set(keys):
            raise self.error(f"`{unknown}` means nothing here", unknown)

    def get_as(self, kind: type[T], key: str) -> T:
        """The value of a key that must be there, of that type."""
        if key not in self:
            raise self.error(f"`{key}` is missing")
        value = self[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.error(f"`{key}` must be a {kind.__name__}", key)
        return value

    def day(self, key: str) -> date:
        found = self.get_as(date, key)
        if isinstance(found, datetime):
            raise self.error(f"`{key}` is a day, without an hour", key)
        return found

    def blocks(self, key: str) -> list[Block]:
        """A list of mappings; empty where the key is absent."""
        found = self.get_as(list, key) if key in self else []
        for item in found:
            if not isinstance(item, Block):
                raise self.error(f"`{key}` is a list of mappings", key)
        return found

    def words(self, key: str) -> list[str]:
        found = self.get_as(list, key)
        if not found or not all(isinstance(word, str) for word in found):
            raise self.error(f"`{key}` is a list of names, not empty", key)
        return found

    def texts(self, key: str) -> dict[str, str]:
        """The same thing in the four languages."""
        found = self.get_as(Block, key)
        found.only(LANGUAGES)
        texts = {language: found.get_as(str, language) for language in LANGUAGES}
        for language, text in texts.items():
            if not text.strip():
                raise found.error(f"`{language}` says nothing", language)
        return texts


def read(path: Path) -> Block:
    """Raises RuleFileError for what is not YAML, a key given twice, or no mapping."""
    try:
        return parse(path.read_text("utf-8"), path)
    except UnicodeDecodeError as error:
        raise RuleFileError(f"{path}:1: the file is not UTF-8") from error


def parse(text: str, path: Path) -> Block:
    """The same of a text, as though it stood at that path."""
    try:
        loader = _loader(path)(text)
        try:
            found = loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RuleFileError(f"{path}:{line}: {error.problem}") from error
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, RuleFileError):
            raise
        raise RuleFileError(f"{path}:1: this is not YAML: {error}") from error
    if not isinstance(found, Block):
        raise RuleFileError(f"{path}:1: a mapping is expected")
    return found


def _loader(path: Path) -> type[yaml.SafeLoader]:
    class Loader(yaml.SafeLoader):
        """Safe; every mapping becomes a Block, and its keys `on` and `no` are words."""

    def block(loader: yaml.SafeLoader, node: yaml.MappingNode) -> Block:
        own = {id(key) for key, _ in node.value}
        loader.flatten_mapping(node)
        made = Block(path, node.start_mark.line + 1)
        for key_node, value_node in node.value:
            key: Hashable = loader.construct_object(key_node, deep=True)
            if isinstance(key, bool):
                key = key_node.value
            line = key_node.start_mark.line + 1
            if not isinstance(key, str):
                raise RuleFileError(f"{path}:{line}: a name is expected")
            if key in made and id(key_node) in own:
                raise RuleFileError(f"{path}:{line}: `{key}` stands here twice")
            made[key] = loader.construct_object(value_node, deep=True)
            made.lines[key] = line
        return made

    def day(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> date:
        try:
            found: date = loader.construct_yaml_timestamp(node)
        except ValueError as error:
            line = node.start_mark.line + 1
            raise RuleFileError(f"{path}:{line}: `{node.value}` is no day") from error
        return found

    Loader.add_constructor("tag:yaml.org,2002:map", block)
    Loader.add_constructor("tag:yaml.org,2002:timestamp", day)
    return Loader
