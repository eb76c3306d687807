"""Every process of a mesh that is up answers its probe."""

from pathlib import Path
from typing import Any

import pytest

from console import topology
from mesh import probe
from mesh.settings import Settings


@pytest.mark.parametrize("name", [deployable.name for deployable in topology.DEPLOYABLES])
def test_a_process_of_a_running_mesh_is_ready(mesh_up: dict[str, Any], name: str) -> None:
    certificate = mesh_up["identities"][f"service/{name}"]["certificate"]
    settings = Settings(name=name, listen=mesh_up["addresses"][name], tls=Path(certificate).parent)
    assert probe.main("ready", settings) == 0
