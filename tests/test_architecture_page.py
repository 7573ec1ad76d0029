"""The page on the architecture tells of files that are there, and of the layers that are checked."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

from stages.analyze import AnalysisStages

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_every_file_it_names_is_there():
    named = set(re.findall(r"[a-z_]+(?:/[a-z_]+)+\.(?:py|md)", PAGE)) | set(re.findall(r"`((?:[a-z_]+/)+)`", PAGE))
    assert len(named) > 20
    assert [name for name in sorted(named) if not (ROOT / name).exists() and not (ROOT / "docs" / name).exists()] == []


def test_the_layers_are_those_that_are_checked():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = [name for layer in contracts[0]["layers"] for name in re.findall(r"\w+", layer)]
    listed = re.search(r"```\n(interfaces .*?)```", PAGE, re.DOTALL)
    assert [line.split()[0] for line in listed[1].splitlines()] == layers


def test_every_package_of_the_library_is_told():
    parts = {
        path.stem for path in (ROOT / "autoclip").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    inside = re.search(r"Inside `autoclip`.*?```\n(.*?)```", PAGE, re.DOTALL)[1]
    assert parts - {"__init__"} == {name for name in re.findall(r"[a-z_]+", inside) if name in parts}


def imported_by(file: str) -> set[str]:
    """Return the files of the project that a file imports, also by way of others."""
    found, left = set(), [file]
    while left:
        source = (ROOT / left.pop()).read_text(encoding="utf-8")
        modules = re.findall(r"^ *from ([a-z_.]+) import", source, re.MULTILINE)
        paths = {f"{module.replace('.', '/')}{end}" for module in modules for end in (".py", "/__init__.py")}
        new = {path for path in paths - found if (ROOT / path).exists()}
        found |= new
        left += new
    return found


def test_a_video_takes_the_path_that_the_page_draws():
    drawn = re.search(r"## The path of a video\n\n```\n(.*?)```", PAGE, re.DOTALL)[1]
    beside: dict[str, list[str]] = {}
    for line in drawn.splitlines():
        files = re.findall(r"[a-z_]+(?:/[a-z_]+)+\.py", line)
        if line.startswith(("autoclip", "stages")):
            beside[files.pop(0)] = []
        beside[list(beside)[-1]] += files
    assert sum(map(len, beside.values())) > 8
    for stage, files in beside.items():
        assert set(files) <= imported_by(stage), stage
    stages = AnalysisStages()
    modules = dict.fromkeys(getattr(stages, field.name).__module__ for field in fields(stages))
    in_turn = [f"{module.replace('.', '/')}.py" for module in modules]
    assert [stage for stage in in_turn if stage in beside] == [stage for stage in beside if stage in in_turn]
