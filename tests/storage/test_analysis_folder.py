import json
from dataclasses import dataclass

import numpy as np
import pytest

from autoclip.clips import Clip, ClipsFile
from autoclip.errors import NotFoundError, StorageError
from autoclip.settings import Settings
from storage.analysis_folder import AnalysisFolder


@pytest.fixture
def folder(tmp_path):
    return AnalysisFolder(tmp_path / "out")


def clips_file(mode="v2", name="Größe 大"):
    clip = Clip(id="a", name=name, start=1.25, end=9.5, quality_score=0.7, mode=mode)
    return ClipsFile(mode=mode, video={"duration_sec": 60.0}, settings={"step_sec": 0.5}, clips=(clip,))


def test_asking_for_names_makes_nothing(folder):
    assert folder.clips_path("v2").name == "v2_clips.json"
    assert folder.debug_path("v2").relative_to(folder.root).as_posix() == "debug/segmentation_v2_debug.json"
    assert folder.modes() == ()
    assert folder.features_key() is None
    assert not folder.root.exists()


def test_clips_come_back_as_they_were(folder):
    folder.write_clips(clips_file())
    assert folder.read_clips("v2") == clips_file()
    stored = json.loads(folder.clips_path("v2").read_text())
    assert stored["version"] == 1
    assert stored["clips"][0]["duration"] == 8.25


def test_settings_of_an_earlier_version_are_read_under_their_names_of_today(folder):
    folder.write_clips(clips_file())
    path = folder.clips_path("v2")
    stored = json.loads(path.read_text())
    old = {"lead_sec": 3.0, "normalisation": "robust", "normalisation_window_sec": 60.0, "step_sec": 0.5}
    path.write_text(json.dumps(stored | {"settings": old, "analysis_settings": old}))
    clips = folder.read_clips()
    new = {"padding_sec": 3.0, "normalization": "robust", "normalization_window_sec": 60.0, "step_sec": 0.5}
    assert (clips.settings, clips.analysis_settings) == (new, new)
    assert Settings.from_flat(clips.settings).windows.padding_sec == 3.0


def test_without_a_mode_the_clips_written_last_are_read(folder):
    folder.write_clips(clips_file("v2"))
    folder.write_clips(clips_file("v1"))
    assert folder.modes() == ("v1", "v2")
    assert folder.read_clips().mode == "v1"


def test_no_clips_is_said_with_the_way_out(folder):
    for mode in (None, "v1"):
        with pytest.raises(NotFoundError, match="analyze a video"):
            folder.read_clips(mode)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"clips": [1]}', '{"clips": 3}', "\xff"])
def test_a_damaged_clips_file_is_refused(folder, content):
    folder.root.mkdir()
    folder.clips_path("v2").write_text(content, encoding="latin-1")
    with pytest.raises(StorageError, match="analyze the video again"):
        folder.read_clips("v2")


def test_a_clips_file_of_a_newer_version_is_refused(folder):
    folder.write_clips(clips_file())
    content = json.loads(folder.clips_path("v2").read_text()) | {"version": 2}
    folder.clips_path("v2").write_text(json.dumps(content))
    with pytest.raises(StorageError, match="update autoclip"):
        folder.read_clips("v2")


def test_the_debug_document_may_hold_numpy_values_and_dataclasses(folder):
    @dataclass
    class Anchor:
        time_sec: float
        score: np.float32

    document = {"anchors": [Anchor(1.5, np.float32(0.25))], "z": np.array([1.0, np.nan]), "count": np.int64(3)}
    path = folder.write_debug("v2", document)
    assert json.loads(path.read_text()) == {"anchors": [{"time_sec": 1.5, "score": 0.25}], "z": [1.0, None], "count": 3}


def test_what_is_no_document_writes_nothing(folder):
    with pytest.raises((TypeError, ValueError)):
        folder.write_debug("v2", {"a": object()})
    assert not folder.debug_path("v2").exists()


def test_features_and_report(folder, features, origin):
    folder.write_features(features, origin)
    assert folder.features_key() == origin.key
    assert folder.features_origin() == origin
    assert folder.read_features().duration_sec == features.duration_sec
    for title in ("old", "ü"):
        folder.write_report(["<p>", title, "</p>"])
    assert folder.report.read_text(encoding="utf-8") == "<p>ü</p>"
    assert not list(folder.root.glob(".*"))
