"""The oracle and the product do not import each other: what is held against stands apart."""

import ast
from pathlib import Path


def test_the_oracle_imports_nothing_of_ours_and_nothing_of_ours_imports_it(
    modules: list[Path], root: Path
) -> None:
    ours = {"bench", "console", "gateway", "mesh", "sandbox", "services", "crossroads"}
    for module in modules:
        imported = {name.partition(".")[0] for name in _imported(module)}
        if module.is_relative_to(root / "oracle"):
            assert not imported & ours, module
        else:
            assert not imported & {"oracle", "openfisca_core"}, module


def _imported(module: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(node.module or "")
    return found
