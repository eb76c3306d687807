"""No file names a machine, a place to fetch packages from, or a person's number in a log."""

import re
from pathlib import Path

REGISTRY = re.compile(
    r"(?:pypi|python[h]osted|anaconda|npmjs|crates)\.(?:org|io|com)|--(?:extra-)?index-url|docker\.io|ghcr\.io"
)
PLACE = re.compile(r"(?:^|[\s\"'=(])/(?:home|root|work|Users)/\w")
LOGGED = re.compile(r"LOG\.\w+\([^)]*\bssin\b")
BINARY = {".pem", ".png", ".binpb"}


def read(files: list[Path]) -> dict[Path, str]:
    return {
        f: f.read_text("utf-8") for f in files if f.suffix not in BINARY and f != Path(__file__)
    }


def test_no_file_names_a_registry(files: list[Path]) -> None:
    assert [str(f) for f, text in read(files).items() if REGISTRY.search(text)] == []


def test_no_file_names_a_place_on_a_machine(files: list[Path]) -> None:
    assert [str(f) for f, text in read(files).items() if PLACE.search(text)] == []


def test_no_log_line_is_given_an_ssin(modules: list[Path]) -> None:
    assert [str(m) for m in modules if LOGGED.search(m.read_text("utf-8"))] == []


def test_what_is_looked_for_would_be_found() -> None:
    assert REGISTRY.search("pip install --index-url x")
    assert PLACE.search('path = "/home/someone"')
    assert LOGGED.search('LOG.info("asked", ssin=request.ssin)')
