"""Captions, corrections, search and silence out from the command line, of a folder and of a project of the catalog."""

import json
import os

import pysubs2
import pytest

from autoclip.clips import Clip, ClipsFile
from autoclip.media.probe import probe
from autoclip.speech.transcript import Transcript, spread
from autoclip.timeline import Interval
from interfaces.cli.app import run
from storage.analysis_folder import AnalysisFolder
from storage.catalog import Project, Source, StoredClip, catalog_of
from storage.data_folder import DataFolder
from storage.environment import read_environment
from storage.transcripts import StoredTranscript
from synthetic_media import RenderOptions, Shot, Storyboard, Texture, render

CLIP = Clip(id="1abcdef012345678", name="Why we moved", start=0.5, end=5.5, quality_score=0.9, mode="v2")
FAST = ("--set", "encoder_preset=ultrafast")


@pytest.fixture(autouse=True)
def working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("AUTOCLIP_") and name != "AUTOCLIP_SHARED"]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    options = RenderOptions(width=320, height=180, audio=False, keyframe_interval=50, scene_keyframes=False)
    render(Storyboard((Shot(6.0, Texture(seed=3, pan=0.2)),)), path, options)
    return probe(path)


def with_words(folder):
    words = (*spread("We moved the deadline.", 1.0, 2.5), *spread("Nobody had noticed.", 4.0, 5.2))
    stored = StoredTranscript(Transcript(words, "en", "test"), "key", (Interval(0, 6),), "content")
    folder.write_transcript(stored)


@pytest.fixture(params=["folder", "project"])
def place(request, tmp_path, monkeypatch, film):
    """An analysis with a transcript: what a command calls it, and its folder."""
    monkeypatch.setenv("AUTOCLIP_DATA_DIR", str(tmp_path / "data"))
    if request.param == "folder":
        folder = AnalysisFolder(tmp_path / "out")
        folder.write_clips(ClipsFile(mode="v2", video=film.model_dump(mode="json"), settings={}, clips=(CLIP,)))
        with_words(folder)
        return str(folder.root), folder
    environment = read_environment()
    with catalog_of(environment).transaction() as unit:
        project = unit.projects.add(
            Project(name="film", source=Source(kind="file", address=str(film.path)), path=film.path, duration_sec=6.0)
        )
        unit.clips.add(StoredClip.of(CLIP, project.id))
    folder = DataFolder(environment.data_dir).project(project.id)
    with_words(folder)
    return project.id, folder


def answer(capsys, *words):
    code = run([*words, "--json"])
    told = capsys.readouterr()
    assert code == 0, told.err
    return json.loads(told.out)


def test_captions_of_the_video_are_edited_and_stay(capsys, tmp_path, place):
    source, _ = place
    (file,) = answer(capsys, "captions", source, "--to", str(tmp_path / "all.srt"))
    text = (tmp_path / "all.srt").read_text(encoding="utf-8")
    assert "We moved the deadline." in text
    (tmp_path / "all.srt").write_text(text.replace("deadline", "headline"), encoding="utf-8")
    (correction,) = answer(capsys, "correct", source, "--from", file["path"])
    assert correction["text"] == "headline."
    assert answer(capsys, "correct", source) == [correction]
    assert run(["correct", source, "--at", "4.0-4.5", "--text", "Somebody"]) == 0
    assert "replaced: Nobody\n" in capsys.readouterr().err
    answer(capsys, "captions", source, "--to", str(tmp_path / "again.vtt"), "--format", "vtt")
    again = (tmp_path / "again.vtt").read_text(encoding="utf-8")
    assert "We moved the headline." in again
    assert "Somebody had noticed." in again


def test_captions_of_a_clip_count_from_its_start(capsys, tmp_path, place):
    source, _ = place
    (file,) = answer(capsys, "captions", source, "--all", "--to", str(tmp_path / "subtitles"))
    first, second = pysubs2.load(file["path"], encoding="utf-8")
    assert (first.start, second.start) == (500, 3500)


def test_moments_are_found_and_made_clips_once(capsys, place):
    source, _ = place
    sources = [] if "/" not in source else [source]
    (found,) = answer(capsys, "find", "DEADLINES moving", *sources)
    assert found["text"] == "We moved the deadline."
    assert (found["start_sec"], found["end_sec"]) == (1.0, 2.5)
    (made,) = answer(capsys, "find", "deadline", source, "--make-clips")
    assert answer(capsys, "find", "deadline", source, "--make-clips")[0]["clip_id"] == made["clip_id"]
    (file,) = answer(capsys, "export", source, "--clip", made["clip_id"], *FAST)
    assert file["duration_sec"] == pytest.approx(2.1, abs=0.05)


def test_an_export_shows_captions_and_leaves_silence_out(capsys, place):
    source, _ = place
    (file,) = answer(capsys, "export", source, "--all", "--captions", "boxed", "--tighten", "1.0", *FAST)
    assert "1 pause taken out, 1.2 s" in file["note"]
    assert file["removed"] == [{"start_sec": 2.65, "end_sec": 3.85, "reason": "pause", "text": ""}]
    assert file["duration_sec"] == pytest.approx(5.0 - 1.2, abs=0.05)
    again = answer(capsys, "export", source, "--all", "--captions", "boxed", "--tighten", "1.0", *FAST)[0]
    assert "exists already" in again["note"]
    answer(capsys, "correct", source, "--at", "4.0-4.5", "--text", "Somebody")
    anew = answer(capsys, "export", source, "--all", "--captions", "boxed", "--tighten", "1.0", *FAST)[0]
    assert "exists already" not in anew["note"]


def test_a_hand_over_holds_what_is_kept_and_tells_what_went(capsys, tmp_path, place):
    source, _ = place
    target = tmp_path / "clips.csv"
    assert run(["handover", source, "--tighten", "1.0", "--format", "csv", "--to", str(target)]) == 0
    assert "2.65 to 3.85 s (pause)" in "".join(capsys.readouterr())
    assert len(target.read_text(encoding="utf-8").splitlines()) == 3


def test_without_a_transcript_it_is_said_what_to_do(capsys, place):
    source, folder = place
    (folder.features / "transcript.parquet").unlink()
    for command in (["captions", source], ["find", "x", source], ["export", source, "--captions", "plain", *FAST]):
        assert run(command) != 0
        said = "".join(capsys.readouterr())
        assert "speech" in said
        assert "not found" not in said
