"""The page on the architecture tells of files that are there, and of the layers that are checked."""

import re
import tomllib
from pathlib import Path

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
