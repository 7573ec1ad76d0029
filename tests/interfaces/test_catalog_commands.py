"""What the catalog holds, as the command line shows it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from autoclip.clips import Clip
from interfaces.cli.app import run
from storage.catalog import Project, Source


@pytest.fixture
def catalog(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUTOCLIP_DATA_DIR", str(tmp_path / "data"))
    from storage.catalog import catalog_of
    from storage.environment import read_environment

    return catalog_of(read_environment())


def _project(catalog, name, clips=1):
    with catalog.transaction() as unit:
        project = unit.projects.add(Project(name=name, source=Source(kind="file", address=f"/{name}.mp4")))
        chosen = [
            Clip(id=f"{project.id}-{i}", name=f"Highlight {i}", start=i, end=i + 9, quality_score=0.8 + i, mode="v2")
            for i in range(clips)
        ]
        unit.clips.replace_auto_clips(project.id, "v2", chosen)
    return project


@pytest.mark.parametrize("name", ["Cup final", "100 %", "it's", "Финал"])
def test_clips_are_listed_by_the_name_of_their_project(catalog, name, capsys):
    project = _project(catalog, name)
    _project(catalog, f"{name} (return match)", clips=3)
    for wanted in (name, project.id):
        assert run(["clips", wanted, "--json"]) == 0
        assert [clip["id"] for clip in json.loads(capsys.readouterr().out)] == [f"{project.id}-0"]


def test_a_name_that_several_projects_bear_is_refused(catalog, capsys):
    _project(catalog, "Match")
    _project(catalog, "Match")
    assert run(["clips", "Match"]) == 4
    assert "several projects" in capsys.readouterr().err
    assert run(["clips", "match"]) == 4
    assert "no project has this id or name" in capsys.readouterr().err


def test_scores_go_from_0_to_100_and_qualities_stay(catalog, capsys):
    _project(catalog, "Match", clips=2)
    assert run(["clips", "Match"]) == 0
    shown = capsys.readouterr().out
    assert " 80 " in shown
    assert " 100 " in shown
    assert run(["clips", "Match", "--json"]) == 0
    assert {clip["quality_score"] for clip in json.loads(capsys.readouterr().out)} == {0.8, 1.8}


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_a_console_without_the_characters_of_a_name_gets_escapes(catalog, encoding):
    _project(catalog, "Финал – 決勝")
    program = [sys.executable, "-c", "from interfaces.cli.start import main; main()", "projects"]
    variables = os.environ | {"PYTHONIOENCODING": encoding}

    def shown(*words):
        return subprocess.run([*program, *words], env=variables, capture_output=True, check=True).stdout.decode(
            encoding
        )

    assert "\\u6c7a\\u52dd" in shown()
    assert [project["name"] for project in json.loads(shown("--json"))] == ["Финал – 決勝"]


def test_a_layout_is_shown_chosen_and_cleared(catalog, capsys):
    project = _project(catalog, "Match")
    with catalog.transaction() as unit:
        unit.projects.save(unit.projects.get(project.id).changed(display_width=640, display_height=360))
    assert run(["layout", "Match", "--framing", "facecam-top", "--facecam", "480, 270, 160, 90"]) == 0
    assert run(["layout", "Match", "--framing", "blur"]) == 0
    with catalog.reading() as view:
        assert view.projects.get(project.id).layout.model_dump() == {"framing": "blur", "facecam": "480,270,160,90"}
    assert run(["layout", "Match", "--facecam", "500,270,160,90"]) == 2
    assert run(["layout", "Match", "--framing", "sideways"]) == 2
    assert run(["layout", "Match", "--clear", "--framing", "blur"]) == 2
    assert run(["layout", "Match", "--clear"]) == 0
    told = capsys.readouterr()
    assert "480,270,160,90" in told.out
    assert "no layout is chosen" in told.err
    with catalog.reading() as view:
        assert view.projects.get(project.id).layout is None
