"""The manifests as kustomize builds them."""

import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
KUBECTL = Path(sys.executable).with_name("kubectl")


@cache
def build(place: str) -> tuple[dict[str, Any], ...]:
    made = subprocess.run(
        [KUBECTL, "kustomize", ROOT / "k8s" / place], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    return tuple(yaml.safe_load_all(made.stdout))


@pytest.fixture(params=["base", "overlays/development", "overlays/national"])
def manifests(request: pytest.FixtureRequest) -> tuple[dict[str, Any], ...]:
    """Every resource of the base and of each overlay."""
    return build(request.param)


@pytest.fixture
def base() -> tuple[dict[str, Any], ...]:
    return build("base")


@pytest.fixture
def national() -> tuple[dict[str, Any], ...]:
    return build("overlays/national")
