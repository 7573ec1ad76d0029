"""How the code is built: length of functions, circles of imports, lines, and the steps of one video through its flow.

Run alone with ``python -m benchmarks structure``.
"""

from __future__ import annotations

import ast
import graphlib
import json
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

from benchmarks.traced_flow import LAYERS
from synthetic_media import RenderOptions, Shot, Storyboard, Texture, render

ROOT = Path(__file__).parents[1]
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


def run() -> str:
    """Measure and return a section of docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as folder:
        video = _film(Path(folder) / "film.mp4")
        roots = (checkout(EARLIER, Path(folder) / "earlier"), ROOT)
        columns = [_figures(root) | _walked(walk_of_a_video(root, video)) for root in roots]
    rows = "\n".join(f"| {name} | {columns[0][name]} | {value} |" for name, value in columns[1].items())
    return f"""## Structure

Of the product's packages ({", ".join(LAYERS)}); lines of a body without
docstring, blank lines and comments.

| | {EARLIER} | now |
|---|---|---|
{rows}

Modules that import each other in a circle: {", ".join(imports_in_circles()) or "none"}.

Pairs are those of a caller and what it calls while the flow `process-video` takes one video from its file to its clips
in the catalog; each pair counts once, those inside the library do not. Progress, and steps that are handed down, come
back to a layer above. The flow does more now than it did: words and their corrections, ratings, credits and operations
that can be undone.
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
    folder.mkdir()
    archive = folder / "archive.tar"
    there = [layer for layer in LAYERS if layer != "synthetic_media"]  # part of the library then
    subprocess.run(["git", "archive", "--output", archive, commit, *there], cwd=ROOT, check=True)
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    return folder


def walk_of_a_video(root: Path, video: Path) -> dict[str, int]:
    """Process a video by the flow of a checkout in a process of its own, and return what `traced_flow` counted."""
    with tempfile.TemporaryDirectory() as folder:
        variables = {
            "PYTHONPATH": str(root),
            "AUTOCLIP_DATA_DIR": f"{folder}/data",
            "PREFECT_HOME": f"{folder}/prefect",
            "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "300",
            "PREFECT_LOGGING_LEVEL": "ERROR",
            "PREFECT_API_URL": "",
            "DO_NOT_TRACK": "1",
        }
        done = subprocess.run(
            [sys.executable, "-P", ROOT / "benchmarks" / "traced_flow.py", root, video],
            env=os.environ | variables,
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _film(path: Path) -> Path:
    board = Storyboard((Shot(20.0, Texture(seed=3, pan=0.2)),))
    render(board, path, RenderOptions(width=160, height=90))
    return path


def _walked(counted: dict[str, int]) -> dict[str, str]:
    return {
        "one video: pairs within a layer / to one below / back to one above": f"{counted['within']} / "
        f"{counted['down']} / {counted['up']}",
        "one video: it is probed / read whole for its fingerprint / its signals scored": f"{counted['probe']} / "
        f"{counted['_digest']} / {counted['measure_excitement']} times",
    }


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
        docstrings = {
            number
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
            for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        }
        whole += len(lines)
        code += sum(
            bool(line.strip()) and not line.strip().startswith("#") and number not in docstrings
            for number, line in enumerate(lines, 1)
        )
    return code, whole


if __name__ == "__main__":
    print(run())
