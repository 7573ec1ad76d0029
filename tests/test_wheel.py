"""The wheel, installed beside a project whose modules bear the names of our layers."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
OWN = ("tasks", "storage", "stages", "flows", "interfaces", "synthetic_media")

PROGRAM = f"""
import flows, interfaces, stages, storage, synthetic_media, tasks
assert {{module.OWNER for module in (flows, interfaces, stages, storage, synthetic_media, tasks)}} == {{"project"}}

from fastapi.testclient import TestClient

from autoclip.flows.deployments import DEPLOYMENTS
from autoclip.interfaces.api.app import create_app
from autoclip.interfaces.service.processes import registration_process, worker_process
from autoclip.storage.environment import read_environment

import importlib.util
assert all(deployment.entrypoint.startswith("autoclip.flows.") and deployment.flow for deployment in DEPLOYMENTS)
for make in (worker_process, registration_process):
    command = make(read_environment(), "http://127.0.0.1:9/api").command
    assert command[1] == "-m" and importlib.util.find_spec(command[2]), command
with TestClient(create_app(read_environment()), base_url="http://127.0.0.1:8000") as client:
    assert client.get("/api/projects").json()["total"] == 0
    assert "<html" in client.get("/").text
import sys
ours = [name for name in sys.modules if name.partition(".")[0] in {OWN}]
assert sorted(ours) == sorted({OWN}), ours
"""


@pytest.fixture(scope="module")
def backend() -> ModuleType:
    spec = importlib.util.spec_from_file_location("installed_layout", ROOT / "build_backend" / "installed_layout.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_image_is_made_of_all_that_the_wheel_is_made_of():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = {name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    needed = {"pyproject.toml", project["project"]["readme"], *project["build-system"]["backend-path"], *packages}
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert needed <= let_through


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", folder, ROOT], check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """A fresh environment with the wheel in it, and its dependencies from the environment of the tests."""
    home = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    python = home / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", wheel], check=True
    )
    # Files of paths in a folder that such a file names don't count, so that ours of the repository stay out.
    (next(home.glob("lib/python*/site-packages")) / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return home


@pytest.fixture
def project(tmp_path) -> Path:
    """A project with modules and a package of its own."""
    (tmp_path / "flows").mkdir()
    for name in ("tasks.py", "storage.py", "stages.py", "interfaces.py", "synthetic_media.py", "flows/__init__.py"):
        (tmp_path / name).write_text('OWNER = "project"\n')
    (tmp_path / "program.py").write_text(PROGRAM)
    return tmp_path


def run(installed, project, *words, **variables):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AUTOCLIP_", "PREFECT_"))}
    command = [installed / "bin" / words[0], *words[1:]]
    done = subprocess.run(command, cwd=project, env=kept | variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_one_name_is_installed(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (info,) = {name.partition("/")[0] for name in names} - {"autoclip"}
        assert info.endswith(".dist-info")
        assert archive.read(f"{info}/top_level.txt").split() == [b"autoclip"]
        assert b"autoclip = autoclip.interfaces.cli.start:main" in archive.read(f"{info}/entry_points.txt")
    for data in ("interfaces/api/page/index.html", "storage/migrations/0001", "report/page.html", "tasks/py.typed"):
        assert any(name.startswith(f"autoclip/{data}") for name in names), data
    assert not [name for name in names if "/web/" in name or "/tests/" in name]


def test_nothing_is_imported_from_where_it_lies_in_the_repository(wheel):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith(".py"):
                for node in ast.walk(ast.parse(archive.read(name))):
                    modules = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
                    modules += [found.name for found in node.names] if isinstance(node, ast.Import) else []
                    assert not [module for module in modules if module.partition(".")[0] in OWN], (name, node.lineno)


def test_the_layers_are_all_moved(backend):
    tables = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    assert {*backend.LAYERS, backend.OUTER} == set(tables["importlinter"]["root_packages"])
    assert set(backend.LAYERS) == set(OWN)


def test_imports_are_moved_and_nothing_else(backend):
    source = (
        '"""from tasks import a"""\n'
        "from tasks import a\n"
        "from storage.catalog import (\n    from_storage,\n)\n"
        "from tasksuite import b\n"
        "from . import flows\n"
        "def f():\n    from  flows.export import export; return 'from tasks import c'\n"
    )
    moved = source.replace("\nfrom tasks ", "\nfrom autoclip.tasks ").replace("from storage.", "from autoclip.storage.")
    assert backend.moved_imports(source) == moved.replace("from  flows.", "from autoclip.flows.")
    with pytest.raises(ValueError, match="line 1: write 'from"):
        backend.moved_imports("import storage.catalog\n")


@pytest.mark.service
@pytest.mark.parametrize("first", ["project", "installation"])
def test_project_and_installation_each_have_their_own_modules(installed, project, first):
    path = {"PYTHONPATH": str(project)} if first == "project" else {}
    run(installed, project, "python", "program.py", **path)
    site = next(installed.glob("lib/python*/site-packages"))
    assert {path.name.partition("-")[0] for path in site.iterdir()} <= {"autoclip", "dependencies.pth", "__pycache__"}


@pytest.mark.service
def test_the_main_job_runs_in_the_folder_of_the_project(installed, project, rendered_match, prefect_database):
    shutil.copy(rendered_match, project)
    (project / "data" / "prefect").mkdir(parents=True)
    shutil.copy(prefect_database, project / "data" / "prefect")
    words = ("-m", "autoclip", "demo", "--video", "match.mp4", "--top", "1", "--json")
    shown = json.loads(run(installed, project, "python", *words))
    assert len(shown["clips"]) == 1
    assert [Path(export["path"]).exists() for export in shown["exports"]] == [True]
    assert "match" in run(installed, project, "autoclip", "projects")
    asked = {"_AUTOCLIP_COMPLETE": "complete_bash", "COMP_WORDS": "autoclip ret", "COMP_CWORD": "1"}
    assert run(installed, project, "autoclip", **asked).split() == ["retune", "retry"]
