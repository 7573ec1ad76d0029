"""Verdicts of a catalog: `autoclip learn` makes a preset of them, or says why not; `autoclip evaluate` takes them as
truth.
"""

import json

import numpy as np
import pytest
from made_features import Scene

from autoclip.clips import ClipsFile
from autoclip.presets import load_preset
from autoclip.settings import ExtractionSettings
from interfaces.cli.app import run
from storage.catalog import Project, Source, StoredClip, catalog_of, new_id
from storage.data_folder import DataFolder
from storage.environment import read_environment
from storage.features import Origin, write_features


@pytest.fixture
def decide(tmp_path, monkeypatch):
    """Make a project whose owner keeps fast clips and rejects loud ones."""
    monkeypatch.setenv("AUTOCLIP_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)

    def decided(name, count, seed):
        scene, fast, loud = Scene(3000, seed=seed), [], []
        for number in range(count):
            at = 40.0 + 60.0 * number
            if number % 2:
                scene.motion_at(at, 8, 5)
                fast.append(at)
            else:
                scene.sound_at(at, 8, 15)
                loud.append(at)
        environment = read_environment()
        source = Source(kind="file", address=name)
        project = Project(name=name, source=source, path=tmp_path / name, state="analyzed", duration_sec=3000)
        clips = [
            StoredClip(id=new_id(), project_id=project.id, name="c", start=at, end=at + 8, verdict=verdict)
            for verdict, times in (("kept", fast), ("rejected", loud))
            for at in times
        ]
        with catalog_of(environment).transaction() as unit:
            unit.projects.add(project)
            for clip in clips:
                unit.clips.add(clip)
        folder = DataFolder(environment.data_dir).project(project.id)
        write_features(folder.features, scene.features(), Origin(name, ExtractionSettings(), 1))
        folder.write_clips(ClipsFile(mode="v2", video={}, settings={}, clips=()))

    return decided


def test_verdicts_of_all_projects_become_a_preset(decide, tmp_path, capsys):
    decide("one", 20, 1)
    decide("two", 20, 2)
    assert run(["learn", "--to", "mine.toml"]) == 0
    told = capsys.readouterr().err
    assert "40 verdicts" in told
    preset = load_preset(tmp_path / "mine.toml")
    assert preset.values["excitement_w_motion"] > 0.15
    assert sum(preset.values.values()) == pytest.approx(1, abs=0.001)


def test_one_project_can_be_named_and_may_be_too_little(decide, capsys, tmp_path):
    decide("one", 20, 1)
    decide("two", 20, 2)
    assert run(["learn", "one"]) == 2
    assert "10 kept and 10 rejected clips are too few" in capsys.readouterr().err
    assert not (tmp_path / "learned.toml").exists()


def test_a_project_that_is_not_there(decide, capsys):
    assert run(["learn", "nowhere"]) == 4


def test_a_device_is_not_replaced(decide, tmp_path):
    (tmp_path / "folder.toml").mkdir()
    assert run(["learn", "--to", "folder.toml"]) == 2
    assert np.all((tmp_path / "folder.toml").is_dir())


def test_kept_clips_are_truth(decide, capsys):
    decide("one", 20, 1)
    decide("none", 1, 1)

    def coverage(*options):
        assert run(["evaluate", "one", "--budget", "0.05", "--json", *options]) == 0
        return json.loads(capsys.readouterr().out)["coverage"]

    moving = ("--set", "excitement_w_motion=1", "--set", "excitement_w_audio=0", "--set", "excitement_w_drop=0")
    assert coverage(*moving) > 0.9 > coverage()
    assert run(["evaluate", "none"]) == 4
    assert "no clip was kept" in capsys.readouterr().err
