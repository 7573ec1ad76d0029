"""The stages over one folder: what is done again and what is kept."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from counted_calls import counting

from autoclip import extraction as decode_pass
from autoclip.errors import MediaError, ParameterError
from autoclip.selection.pipeline import select
from autoclip.settings import Settings
from stages.analyze import analyze, library_stages, open_video, select_clips
from stages.extract_features import extract_features
from stages.results import ExtractedFeatures
from stages.retune import retune
from storage.analysis_folder import AnalysisFolder


@pytest.fixture
def folder(tmp_path):
    return AnalysisFolder(tmp_path / "out")


@pytest.fixture
def short(encode_tracks, film, sound):
    """Two seconds, for what is the same of every video."""
    return encode_tracks("video.mp4", film([40, 200] * 25), sound(2.0))


@pytest.fixture(scope="module")
def measured(rendered_match, tmp_path_factory):
    """A folder with the features of the match."""
    folder = AnalysisFolder(tmp_path_factory.mktemp("measured") / "out")
    extract(rendered_match, folder)
    return folder.root


@pytest.fixture
def video(rendered_match, measured, folder):
    """A copy of the match, whose features are in the folder."""
    shutil.copytree(measured, folder.root)
    return Path(shutil.copy(rendered_match, folder.root.with_name("video.mp4")))


def extract(path, folder, settings=None) -> ExtractedFeatures:
    return extract_features(open_video(path, folder), settings or Settings().extraction)


def test_a_second_measurement_is_the_first(short, folder):
    settings = Settings().extraction
    first = extract(short, folder, settings)
    second = extract(short, folder, settings)
    assert not first.reused
    assert second.reused
    assert second.key == first.key


def test_a_renamed_video_is_known(short, folder, tmp_path):
    extract(short, folder)
    assert extract(short.rename(tmp_path / "other name.mp4"), folder, Settings().extraction).reused


def test_one_byte_more_is_another_video(short, folder):
    extract(short, folder)
    with short.open("ab") as file:
        file.write(b"\0")
    assert not extract(short, folder).reused


def test_a_setting_that_matters_measures_again(short, folder):
    extract(short, folder)
    changed = Settings.from_flat({"step_sec": 0.25})
    assert not extract(short, folder, changed.extraction).reused
    assert folder.read_features().grid.step_sec == 0.25


def test_a_setting_of_the_choice_does_not(short, folder):
    extract(short, folder)
    assert extract(short, folder, Settings.from_flat({"scene_threshold": 0.2, "pre_max": 9}).extraction).reused


def test_a_new_algorithm_measures_again(short, folder, monkeypatch):
    extract(short, folder)
    monkeypatch.setattr(decode_pass, "EXTRACTION_VERSION", decode_pass.EXTRACTION_VERSION + 1)
    assert not extract(short, folder).reused


def test_what_is_no_video_leaves_nothing(tmp_path, folder):
    text = tmp_path / "text.mp4"
    text.write_text("words")
    with pytest.raises(MediaError):
        analyze(text, folder, Settings())
    assert not folder.root.exists()


def test_a_video_without_sound(encode_tracks, film, folder):
    analysis = analyze(encode_tracks("silent.mp4", film([40, 200] * 25)), folder, Settings())
    features = folder.read_features()
    assert "audio_rms" not in features.series
    assert "audio_rms" in features.absent
    assert "motion_score" in features.series
    assert analysis.clips_file.mode == "v2"


def test_the_four_steps_are_the_selection_of_the_library(video, folder):
    features = extract(video, folder)
    made = select_clips(library_stages(), features, Settings())
    whole = select(folder.read_features(), Settings(), features.project_id)
    assert made.clips_file.clips == whole.clips
    assert (made.anchors, made.windows, made.verdicts) == (whole.anchors, whole.windows, whole.verdicts)
    assert folder.read_clips() == made.clips_file


def test_each_thing_happens_once_in_an_analysis(short, folder, monkeypatch):
    counted = counting(monkeypatch, short)
    analyze(short, folder, Settings())
    assert counted == {"probe": 1, "fingerprint": 1, "extract": 1, "excitement": 1, "filter_windows": 1}


def test_new_features_are_selected_from_even_under_the_same_key(video, folder):
    features = extract(video, folder)
    first = select_clips(library_stages(), features, Settings())
    folder.write_features(replace(folder.read_features(), series={}, events=()), folder.features_origin())
    assert select_clips(library_stages(), features, Settings()).clips_file != first.clips_file


def test_thumbnails_come_and_go_with_their_clips(video, folder):
    analysis = analyze(video, folder, Settings())
    names = {path.stem for path in folder.thumbnails.iterdir()}
    assert names == {clip.id for clip in analysis.clips_file.clips}
    again = analyze(video, folder, Settings.from_flat({"pre_max": 3.0, "pre_min": 1.0}))
    listed = {clip.id for clip in again.clips_file.clips}
    assert listed != names
    assert {path.stem for path in folder.thumbnails.iterdir()} == listed


def test_a_clip_that_is_chosen_again_keeps_its_thumbnail(video, folder):
    analysis = analyze(video, folder, Settings())
    video.unlink()
    again = retune(folder, Settings()).clips_file
    assert [clip.thumbnail for clip in again.clips] == [clip.thumbnail for clip in analysis.clips_file.clips]
    assert all(clip.thumbnail for clip in again.clips)


def test_retune_refuses_other_measurements(video, folder):
    analyze(video, folder, Settings())
    with pytest.raises(ParameterError, match=r"motion_fps=8.0"):
        retune(folder, Settings.from_flat({"motion_fps": 8}))


def test_an_analysis_loads_no_large_library_that_it_does_not_need():
    large = ("duckdb", "prefect", "scipy.signal", "scipy.stats", "scipy.optimize")
    script = f"import stages.analyze, sys; print([name for name in {large} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
