"""The contracts are lint clean and commented, and the generated code is theirs."""

import subprocess
import sys
from pathlib import Path

from mesh import contracts


def test_contracts_are_lint_clean(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, root / "protos" / "lint.py"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_generated_code_is_that_of_the_contracts() -> None:
    contracts.check()
