"""`autoclip settings` tells the value of everything and where it comes from."""

import json
import os

import pytest

from interfaces.cli.app import run
from storage.variable_files import warn_of_ignored


def listed(capsys, *flags):
    assert run(["settings", "--json", *flags]) == 0
    return {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}


def test_a_parameter_shows_its_value_and_origin(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("AUTOCLIP_PRE_MAX=9\nAUTOCLIP_POST_MAX=11\n")
    monkeypatch.setenv("AUTOCLIP_POST_MAX", "12")
    parameters = listed(capsys)
    assert (parameters["pre_max"]["value"], parameters["pre_max"]["origin"]) == (9.0, ".env")
    assert (parameters["post_max"]["value"], parameters["post_max"]["origin"]) == (12.0, "environment")
    assert (parameters["pre_min"]["value"], parameters["pre_min"]["origin"]) == (2.0, "default")


def test_every_variable_of_the_description_has_its_counterpart_and_secrets_stay(capsys, monkeypatch):
    monkeypatch.setenv("AUTOCLIP_API_TOKEN", "hidden words")
    monkeypatch.setenv("AUTOCLIP_SOURCE_ROOTS", "/a,/b")
    variables = listed(capsys, "--service")
    for name in ("DEBUG", "HOST", "PORT", "DATABASE_URL", "SERVE_FRONTEND"):
        assert f"AUTOCLIP_{name}" in variables
    assert {"segmentation_mode", "scene_threshold", "min_clip_seconds", "max_clip_seconds"} <= set(listed(capsys))
    assert variables["AUTOCLIP_SOURCE_ROOTS"]["value"] == "/a, /b"
    assert "hidden" not in json.dumps(variables)
    assert run(["settings", "--service"]) == 0
    assert "hidden" not in capsys.readouterr().out


@pytest.fixture
def trap(monkeypatch, tmp_path):
    """A working folder whose .env names a program that leaves a trace when it runs."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("AUTOCLIP_") and name != "AUTOCLIP_SHARED"]:
        monkeypatch.delenv(name)
    warn_of_ignored.cache_clear()
    program = tmp_path / "ff.sh"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\nexit 1\n")
    program.chmod(0o755)
    for folder in (tmp_path, tmp_path / "data"):
        folder.mkdir(exist_ok=True)
        (folder / ".env").write_text(f"AUTOCLIP_FFMPEG={program}\n")
    return tmp_path / "ran"


def test_a_file_in_the_working_folder_runs_no_program(trap, capsys):
    run(["doctor"])
    assert not trap.exists()
    assert "ignored AUTOCLIP_FFMPEG" in capsys.readouterr().err


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("spelling", [["--env-file", ".env"], ["--env-file=.env"]])
def test_a_file_that_is_named_may(trap, capsys, spelling, place):
    words = ["settings", "--service", "--json"]
    assert run([*words[:place], *spelling, *words[place:]]) == 0
    variables = {entry["name"]: entry["value"] for entry in json.loads(capsys.readouterr().out)}
    assert variables["AUTOCLIP_FFMPEG"] == str(trap.with_name("ff.sh"))
    assert "AUTOCLIP_ENV_FILE" not in os.environ


def test_a_named_file_that_is_not_there_is_said(trap, capsys):
    assert run(["--env-file", "none.env", "settings"]) == 2
    assert "none.env" in capsys.readouterr().err
