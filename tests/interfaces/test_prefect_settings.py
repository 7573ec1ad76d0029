"""A folder of somebody's videos sets nothing of Prefect, and no module of it is imported."""

import multiprocessing
import os
import signal
import subprocess
import sys

import pytest

from interfaces.cli import app
from interfaces.cli.start import main
from interfaces.prefect_settings import OWN_FOLDER, files_for_prefect
from interfaces.service.processes import ManagedProcess

FILES = {
    ".env": "PREFECT_API_URL=http://evil.example/api\n",
    "prefect.toml": '[api]\nurl = "http://evil.example/api"\n',
    "pyproject.toml": '[tool.prefect.api]\nurl = "http://evil.example/api"\n',
}


@pytest.mark.parametrize("name", FILES)
def test_a_command_takes_no_settings_of_prefect_from_the_working_folder(tmp_path, name):
    (tmp_path / name).write_text(FILES[name])
    program = (
        "from interfaces.cli.app import run\n"
        "run(['settings'])\n"
        "from prefect.settings import PREFECT_API_URL\n"
        "print('API', PREFECT_API_URL.value())"
    )
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
    home = clean | {"PREFECT_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=home, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "API None"
    assert name in done.stderr


@pytest.mark.parametrize(
    "text",
    [
        '[ tool . "prefect" . api ]',
        "[tool]\nprefect.api.mode = 1",
        r'["\u0074ool"."\u0070refect"]',
        "[tool.",
        "tool = 1",
    ],
)
def test_settings_of_prefect_count_however_they_are_spelled(tmp_path, text):
    (tmp_path / "pyproject.toml").write_text(text)
    assert files_for_prefect(tmp_path) == ("pyproject.toml",)


def test_files_of_others_are_no_settings_of_prefect(tmp_path):
    (tmp_path / ".env").write_text("AUTOCLIP_STEP_SEC=0.5\n")
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\n")
    assert files_for_prefect(tmp_path) == ()


def test_a_process_of_the_service_imports_nothing_from_the_working_folder(tmp_path, monkeypatch):
    (tmp_path / "colorsys.py").write_text("print('stranger')\n")
    monkeypatch.chdir(tmp_path)
    program = "import colorsys, os; print(os.getcwd())"
    managed = ManagedProcess("test", (sys.executable, "-c", program), {}, tmp_path / "logs" / "log")
    managed.start()
    managed.process.wait(60)
    assert managed.log.read_text().split() == [str(OWN_FOLDER)]


def test_a_process_that_measures_imports_nothing_from_the_working_folder(tmp_path, monkeypatch):
    (tmp_path / "multiprocessing.py").write_text("raise SystemExit(3)\n")
    monkeypatch.setenv("PYTHONSAFEPATH", "")
    monkeypatch.setattr(signal, "getsignal", lambda _: None)
    monkeypatch.setattr(app, "main", lambda: None)
    main()
    monkeypatch.chdir(tmp_path)
    child = multiprocessing.get_context("spawn").Process(target=os.getcwd)
    child.start()
    child.join(60)
    assert child.exitcode == 0
