"""Builds the wheel: everything below the one package ``autoclip``, so that nobody's ``tasks.py`` is in the way.

In the repository the layers lie side by side (``storage``, ``stages``, ``tasks``, ``flows``, ``interfaces``). Installed
like that, they would hide modules of a project that bear these very common names, or be hidden by them. So the wheel is
built from a copy in which they lie below ``autoclip`` and import each other from there. Everything else is setuptools'.
docs/decisions/0015-one-name-when-installed.md has the alternatives.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
]

OUTER = "autoclip"
LAYERS = ("synthetic_media", "storage", "stages", "tasks", "flows", "interfaces")
"""Packages of the repository that lie below `OUTER` in a wheel."""

_LAYER = "|".join(LAYERS)
_ENTRY_POINT = re.compile(rf'= "({_LAYER})\.([\w.]+):(\w+)"')
_DATA_OF = re.compile(rf'^"({_LAYER})\.', re.MULTILINE)
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "node_modules", "web", "*.egg-info")


def build_wheel(
    wheel_directory: str, config_settings: Mapping[str, Any] | None = None, metadata_directory: str | None = None
) -> str:
    """Build the wheel from a copy in the layout of an installation; as PEP 517 asks."""
    target = str(Path(wheel_directory).resolve())
    with tempfile.TemporaryDirectory(prefix="autoclip-wheel-") as folder:
        lay_out(Path.cwd(), Path(folder))
        with _working_in(Path(folder)):
            return build_meta.build_wheel(target, config_settings, metadata_directory)


def lay_out(repository: Path, copy: Path) -> None:
    """Copy what is installed, with the layers below the outer package."""
    shutil.copytree(repository / OUTER, copy / OUTER, ignore=_LEFT_OUT)
    for layer in LAYERS:
        shutil.copytree(repository / layer, copy / OUTER / layer, ignore=_LEFT_OUT)
    for module in (copy / OUTER).rglob("*.py"):
        module.write_text(moved_imports(module.read_text(encoding="utf-8")), encoding="utf-8")
    shutil.copy(repository / "README.md", copy)
    project = (repository / "pyproject.toml").read_text(encoding="utf-8")
    (copy / "pyproject.toml").write_text(_moved_names(project), encoding="utf-8")


def moved_imports(source: str) -> str:
    """Return a module's text with its imports of layers made imports from below the outer package.

    Raises
    ------
    ValueError
        If a layer is imported by a bare ``import``: what that binds would have another name.
    """
    lines = source.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import) and any(_is_layer(name.name) for name in node.names):
            raise ValueError(f"line {node.lineno}: write 'from ... import' instead of 'import {node.names[0].name}'")
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module and _is_layer(node.module):
            row, column = node.lineno - 1, node.col_offset  # columns count bytes: before an import there are blanks
            before, statement = lines[row][:column], lines[row][column:]
            lines[row] = before + re.sub(rf"^from\s+(?=({_LAYER})\b)", f"from {OUTER}.", statement)
    return "".join(lines)


def _is_layer(module: str) -> bool:
    return module.partition(".")[0] in LAYERS


def _moved_names(project: str) -> str:
    """Return the text of ``pyproject.toml`` with entry points and data of packages where they are installed."""
    project = _ENTRY_POINT.sub(rf'= "{OUTER}.\1.\2:\3"', project)
    project = _DATA_OF.sub(rf'"{OUTER}.\1.', project)
    return project.replace('build-backend = "installed_layout"', 'build-backend = "setuptools.build_meta"').replace(
        'backend-path = ["build_backend"]', ""
    )


@contextmanager
def _working_in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
