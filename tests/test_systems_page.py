"""What is one system's own stands where docs/systems.md says, and the tests that the page names are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "systems.md").read_text(encoding="utf-8")
LAYERS = ("autoclip", "synthetic_media", "storage", "stages", "tasks", "flows", "interfaces")
ONE_SYSTEMS = {"fcntl", "grp", "msvcrt", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty", "winreg"}


def test_modules_of_one_system_are_imported_in_one_package():
    found = {
        path.relative_to(ROOT).as_posix()
        for layer in LAYERS
        for path in (ROOT / layer).rglob("*.py")
        if "node_modules" not in path.parts and _imported(path) & ONE_SYSTEMS
    }
    assert found == {"autoclip/system/memory_limit.py", "autoclip/system/posix_locks.py"}


def test_every_file_and_test_it_names_is_there():
    named = re.findall(r"`((?:[a-z_]+/)+(?:[a-z_]+\.py)?)`", PAGE)
    assert len(named) >= 5
    assert [name for name in named if not (ROOT / name).exists()] == []


def _imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
    return {name.partition(".")[0] for name in imports} | {
        node.module.partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module
    }
