"""The house keeps its shape: packages, links, and imports that go one way."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = ("scanners", "reports", "policies")
LEAVES = {"scangate.document", "scangate.model", "scangate.errors", "scangate"}


def modules() -> dict[str, Path]:
    """Every module of the program by its dotted name."""
    found = {}
    for folder in ("scangate", "scangate/commands", *PARTS):
        for path in (ROOT / folder).glob("*.py"):
            dotted = f"{folder.replace('/', '.')}.{path.stem}".removesuffix(".__init__")
            found[dotted if dotted.startswith("scangate") else f"scangate.{dotted}"] = path
    return found


def imports(path: Path) -> set[str]:
    """What a module imports of ours, also inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in names if name.split(".")[0] == "scangate"}


MODULES = modules()
GRAPH = {
    name: {other for other in imports(path) if other in MODULES and other != name} for name, path in MODULES.items()
}


def part_of(module: str) -> str:
    """`commands`, one of the three parts, `leaf` or `core`."""
    second = module.split(".")[1] if "." in module else ""
    if second in (*PARTS, "commands"):
        return second
    return "leaf" if module in LEAVES else "core"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_arrows_go_one_way(module: str) -> None:
    allowed = {
        "leaf": {"leaf"},
        "scanners": {"leaf", "scanners"},
        "reports": {"leaf", "reports"},
        "policies": {"leaf", "policies"},
        "core": {"leaf", "core", *PARTS},
        "commands": {"leaf", "core", "commands", *PARTS},
    }
    entry_points = {"scangate.cli", "scangate.__main__"}
    wrong = {t for t in GRAPH[module] if part_of(t) not in allowed[part_of(module)]}
    assert not {t for t in wrong if module not in entry_points}


def test_there_are_no_import_cycles() -> None:
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " → ".join((*trail, module))
        if module not in done:
            for target in sorted(GRAPH[module]):
                visit(target, (*trail, module))
            done.add(module)

    for module in sorted(GRAPH):
        visit(module, ())


def test_every_folder_of_code_is_packaged() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = ("scangate", *PARTS)
    real = {path.parent.resolve() for folder in folders for path in (ROOT / folder).rglob("__init__.py")}
    mapping = {ROOT / folder for folder in declared["package-dir"].values()} | {ROOT / "scangate" / "commands"}
    assert real == mapping
    assert len(declared["packages"]) == len(mapping)


@pytest.mark.parametrize("part", PARTS)
def test_links_lead_to_the_root_folders(part: str) -> None:
    link = ROOT / "scangate" / part
    assert link.is_symlink()
    assert link.resolve() == ROOT / part
