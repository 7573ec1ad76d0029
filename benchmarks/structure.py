"""How the code is built: length of functions, circles of imports, lines, and the steps of one video through its flow.

Run alone with ``python -m benchmarks structure``.
"""

from __future__ import annotations

import ast
import graphlib
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
LAYERS = ("autoclip", "synthetic_media", "storage", "stages", "tasks", "flows", "interfaces")
"""The packages of the product, from the ground up."""

MAX_MEDIAN, MAX_P90, MAX_LINES = 8, 22, 50
"""Bounds on the lines of a function's body; tests/test_structure.py holds them."""

EARLIER = "88a7820"
"""The commit of which the figures were first taken."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class FunctionLength:
    """A function, and the lines of its body: no docstring, blank lines or comments."""

    file: str
    name: str
    lines: int


@dataclass(frozen=True, slots=True)
class Walk:
    """Calls between functions of the product, each pair once: within a layer, to one below, to one above."""

    within: int
    down: int
    up: int


def run() -> str:
    """Measure and return a section of docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as folder:
        before, now = checkout(EARLIER, Path(folder)), ROOT
        columns = [_figures(root) for root in (before, now)]
    walk = walk_of_a_video()
    rows = "\n".join(f"| {name} | {columns[0][name]} | {value} |" for name, value in columns[1].items())
    return f"""## Structure

Of the product's packages ({", ".join(LAYERS)}); lines of a body without
docstring, blank lines and comments.

| | {EARLIER} | now |
|---|---|---|
{rows}

Modules that import each other in a circle: {", ".join(imports_in_circles()) or "none"}.

One video through the flow `process-video`, from the file to its clips in the catalog: the calls that were made between
functions of the product, each pair of functions once, calls inside the library left out. {walk.within} stay within a
layer, {walk.down} go to a layer below, and {walk.up} come back to one above (progress, and steps that are handed down).
"""


def functions(root: Path) -> list[FunctionLength]:
    """Measure every function of the product."""
    return [
        FunctionLength(path.relative_to(root).as_posix(), node.name, _body_lines(node, path.read_text("utf-8")))
        for path in product_files(root)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, Function)
    ]


def product_files(root: Path) -> Iterator[Path]:
    """The Python files of the product."""
    for layer in LAYERS:
        yield from sorted((root / layer).rglob("*.py"))


def at(values: list[int], share: float) -> int:
    """Return the value below which a share of all lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def imports_in_circles() -> tuple[str, ...]:
    """Return modules of the product that import each other in a circle; none if there is no circle."""
    graph = grimp.build_graph(*LAYERS, exclude_type_checking_imports=True, cache_dir=None)
    order = graphlib.TopologicalSorter({name: graph.find_modules_directly_imported_by(name) for name in graph.modules})
    try:
        order.prepare()
    except graphlib.CycleError as error:
        return tuple(error.args[1])
    return ()


def checkout(commit: str, folder: Path) -> Path:
    """Write the files of a commit into a folder; return it."""
    archive = folder / "archive.tar"
    there = [layer for layer in LAYERS if layer != "synthetic_media"]  # part of the library then
    subprocess.run(["git", "archive", "--output", archive, commit, *there], cwd=ROOT, check=True)
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    return folder


def walk_of_a_video() -> Walk:
    """Process a made video in a process of its own, and count the calls."""
    with tempfile.TemporaryDirectory() as folder:
        variables = {
            "PYTHONPATH": str(ROOT),
            "AUTOCLIP_DATA_DIR": f"{folder}/data",
            "PREFECT_HOME": f"{folder}/prefect",
            "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "300",
            "PREFECT_LOGGING_LEVEL": "ERROR",
            "PREFECT_API_URL": "",
            "DO_NOT_TRACK": "1",
        }
        told = subprocess.run(
            [sys.executable, "-m", "benchmarks.traced_flow", folder],
            env=os.environ | variables,
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        )
    within, down, up = map(int, told.stdout.split()[-3:])
    return Walk(within, down, up)


def _figures(root: Path) -> dict[str, str]:
    lengths = [each.lines for each in functions(root)]
    code, whole = _lines(root)
    return {
        "files": f"{sum(1 for _ in product_files(root)):,}",
        "lines": f"{whole:,}",
        "lines of code": f"{code:,}",
        "functions": f"{len(lengths):,}",
        "lines of a body: median / 90th percentile / longest": f"{statistics.median(lengths):g} / {at(lengths, 0.9)} / "
        f"{max(lengths)}",
    }


def _body_lines(node: Function, source: str) -> int:
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    if not body:
        return 0
    lines = source.splitlines()[body[0].lineno - 1 : node.end_lineno]
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in lines)


def _lines(root: Path) -> tuple[int, int]:
    """Return lines of code (no docstrings, blank lines or comments), and all lines."""
    code = whole = 0
    for path in product_files(root):
        source = path.read_text("utf-8")
        lines = source.splitlines()
        told = {
            number
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
            for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        }
        whole += len(lines)
        code += sum(
            bool(line.strip()) and not line.strip().startswith("#") and number not in told
            for number, line in enumerate(lines, 1)
        )
    return code, whole


if __name__ == "__main__":
    print(run())
