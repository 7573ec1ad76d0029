"""`autoclip settings` tells the value of everything and where it comes from."""

import json

from interfaces.cli.app import run


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
