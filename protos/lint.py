"""Lint the contracts with buf, offline: the foreign contracts come from their descriptors.

Run as `python protos/lint.py`. Ends with the exit status of buf.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from generate import PROTOS, descriptor_set

BIN = Path(sys.executable).parent


def image(target: Path) -> None:
    """Write one descriptor set of our contracts and all that they import, with their comments."""
    known = target.with_name("known.binpb")
    descriptor_set(known)
    ours = sorted(str(p.relative_to(PROTOS)) for p in PROTOS.rglob("*.proto"))
    subprocess.run(
        [
            sys.executable,
            "-m",
            "grpc_tools.protoc",
            f"--descriptor_set_in={known}",
            f"-I{PROTOS}",
            "--include_imports",
            "--include_source_info",
            f"--descriptor_set_out={target}",
            *ours,
        ],
        check=True,
    )


def lint() -> int:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "contracts.binpb"
        image(target)
        return subprocess.run(
            [
                str(BIN / "buf"),
                "lint",
                str(target),
                "--config",
                str(PROTOS / "buf.yaml"),
                "--path",
                "crossroads",
            ],
            check=False,
        ).returncode


if __name__ == "__main__":
    sys.exit(lint())
