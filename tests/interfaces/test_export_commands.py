"""Exports from the command line: clips and compounds, looks, hand-over, destinations; folder and catalog alike."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

import av
import numpy as np
import opentimelineio as otio
import pytest
from PIL import Image

from autoclip.clips import Clip, ClipsFile
from autoclip.media.probe import probe
from interfaces.cli.app import app, run
from storage.analysis_folder import AnalysisFolder
from storage.catalog import Project, Source, StoredClip, catalog_of, open_catalog
from storage.environment import read_environment
from synthetic_media import RenderOptions, Shot, Storyboard, Texture, read_frame_number, render

SPANS = {"Start": (0.0, 1.0), "Goal": (2.0, 3.0), "Größe 🚀": (4.0, 5.0)}
QUALITY = {"Start": 0.2, "Goal": 0.9, "Größe 🚀": 0.5}
FAST = ("--set", "encoder_preset=ultrafast")
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("AUTOCLIP_") and name != "AUTOCLIP_SHARED"]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def film_path(tmp_path_factory):
    """Six seconds at 25 frames a second, each with its number, a keyframe every two seconds."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    board = Storyboard((Shot(6.0, Texture(seed=3, pan=0.2)),), frame_numbers=True)
    options = RenderOptions(width=320, height=180, b_frames=2, keyframe_interval=50, scene_keyframes=False)
    render(board, path, replace(options, audio=False))
    return path


def clips_of() -> tuple[Clip, ...]:
    return tuple(
        Clip(id=f"{number}{'abcdef0'[number] * 15}", name=name, start=a, end=b, quality_score=QUALITY[name], mode="v2")
        for number, (name, (a, b)) in enumerate(SPANS.items(), 1)
    )


@dataclass(frozen=True)
class Place:
    """A source of clips as a command names it, and where its files go."""

    source: str
    exports: Path


@pytest.fixture(params=["folder", "catalog"])
def place(request, film_path, tmp_path, monkeypatch):
    """The same three clips in an analysis folder and in a project of the catalog."""
    clips = clips_of()
    if request.param == "folder":
        video = probe(film_path).model_dump(mode="json")
        AnalysisFolder(tmp_path / "out").write_clips(ClipsFile(mode="v2", video=video, settings={}, clips=clips))
        return Place("out", tmp_path / "out" / "exports")
    data = tmp_path / "data"
    monkeypatch.setenv("AUTOCLIP_DATA_DIR", str(data))
    project = Project(
        id="0123456789abcdef",
        name="film",
        source=Source(kind="file", address=str(film_path)),
        path=film_path,
        duration_sec=6.0,
        state="analyzed",
    )
    with open_catalog(data / "autoclip.duckdb").transaction() as unit:
        unit.projects.add(project)
        for clip in clips:
            unit.clips.add(StoredClip.of(clip, project.id))
    return Place(project.id, data / "projects" / project.id / "exports")


def told(capsys, *arguments: str):
    """Run a command that must succeed, and read the JSON it prints."""
    assert run([*arguments, "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def frame_numbers(path: str | Path) -> list[int | None]:
    with av.open(str(path)) as container:
        return [read_frame_number(f.reformat(format="gray").to_ndarray()) for f in container.decode(video=0)]


def span(seconds: tuple[float, float]) -> list[int]:
    return list(range(round(seconds[0] * 25), round(seconds[1] * 25)))


def test_a_compound_is_made_listed_rendered_and_deleted(place, capsys):
    words = ("--item", "Goal@2.4-3.2", "--item", "1bbb", "--item", "Größe 🚀@-0:04.4", "--name", "Best of")
    made = told(capsys, "compound", "create", place.source, *words)
    assert [(item["name"], item["start"], item["end"]) for item in made["items"]] == [
        ("Goal", 2.4, 3.2),
        ("Start", 0.0, 1.0),
        ("Größe 🚀", 4.0, 4.4),
    ]
    assert made["duration"] == pytest.approx(2.2)
    assert told(capsys, "compound", "list", place.source) == [made]
    assert told(capsys, "compound", "show", place.source, "Best of") == made
    (file,) = told(capsys, "export", place.source, "--compound", made["id"], *FAST)
    assert Path(file["path"]).parent == place.exports
    assert Path(file["path"]).name == "film-001-Best of.mp4"
    assert frame_numbers(file["path"]) == [*span((2.4, 3.2)), *span((0, 1)), *span((4, 4.4))]
    assert "libx264" in file["command"]
    assert run(["compound", "delete", place.source, made["id"]]) == 0
    capsys.readouterr()
    assert told(capsys, "compound", "list", place.source) == []
    assert Path(file["path"]).exists()


def test_the_best_clips_are_joined_in_the_order_they_happen(place, capsys):
    made = told(capsys, "compound", "create", place.source, "--top", "2", "--crossfade", "0.2")
    assert [item["name"] for item in made["items"]] == ["Goal", "Größe 🚀"]
    (file,) = told(capsys, "export", place.source, "--compound", made["name"], *FAST)
    assert file["duration_sec"] == pytest.approx(1.8, abs=0.04)
    assert frame_numbers(file["path"])[:20] == span((2.0, 2.8))


def test_clips_and_compounds_in_one_command(place, capsys):
    made = told(capsys, "compound", "create", place.source, "--all")
    files = told(capsys, "export", place.source, "--clip", "Start", "--clip", "2ccc", "--compound", made["id"], *FAST)
    assert [len(frame_numbers(file["path"])) for file in files] == [25, 25, 75]
    (best,) = told(capsys, "export", place.source, "--top", "1", "--to", "elsewhere", *FAST)
    assert Path(best["path"]) == Path.cwd() / "elsewhere" / "film-001-Goal.mp4"
    assert frame_numbers(best["path"]) == span(SPANS["Goal"])


def test_a_fallback_of_a_smart_cut_is_told(place, capsys):
    (smart,) = told(capsys, "export", place.source, "--clip", "Goal", "--set", "cut=smart")
    assert smart["note"] == "23 of 25 frames copied"
    (exact,) = told(
        capsys, "export", place.source, "--clip", "Start", "--set", "cut=smart", "--set", "export_height=90"
    )
    assert exact["note"] == "cut exactly, not smartly: export_height changes every frame"
    assert run(["export", place.source, "--clip", "Start", "--set", "cut=smart", "--set", "export_height=90"]) == 0
    assert "not smartly" in capsys.readouterr().out


def test_one_failure_is_told_and_the_rest_is_made(place, capsys):
    code = run(["export", place.source, "--all", "--set", "platform=reels", *FAST, "--json"])
    files = json.loads(capsys.readouterr().out)
    assert code == 1
    assert all("at least 3 s" in file["error"] for file in files)


@pytest.mark.parametrize("animation", ["webp", "gif"])
def test_previews_move(place, capsys, animation):
    (file,) = told(capsys, "preview", place.source, "--clip", "Goal", "--format", animation)
    assert Path(file["path"]).name == f"film-001-Goal.{animation}"
    with Image.open(file["path"]) as picture:
        assert picture.n_frames == 8


def test_previews_are_of_all_clips_when_none_is_named(place, capsys):
    assert len(told(capsys, "preview", place.source, "--to", "all")) == 3
    assert len(list(Path("all").iterdir())) == 3


def test_a_contact_sheet_makes_the_thumbnails_it_needs(place, capsys):
    (file,) = told(capsys, "contact-sheet", place.source, "--columns", "2", "--to", "sheet.jpg")
    with Image.open(file["path"]) as sheet:
        assert sheet.width == 2 * 320 + 3 * 12
        gray = np.asarray(sheet.convert("L"), float)
    for row, column in ((0, 0), (0, 1), (1, 0)):
        tile = gray[60 + row * 232 :, 20 + column * 332 :][:150, :290]
        assert tile.std() > 10


def test_clips_are_handed_over_in_order_of_time(place, capsys):
    (file,) = told(capsys, "handover", place.source, "--top", "2", "--to", "clips.otio")
    track = otio.adapters.read_from_file(file["path"]).video_tracks()[0]
    assert [clip.name for clip in track] == ["Goal", "Größe 🚀"]
    assert [clip.source_range.start_time.to_seconds() for clip in track] == [2.0, 4.0]


def test_chapters_of_a_compound_begin_where_its_items_do(place, capsys):
    words = ("--item", "Goal", "--item", "Start@0-0.8", "--item", "Goal@2.5-", "--crossfade", "0.2", "--name", "Best")
    made = told(capsys, "compound", "create", place.source, *words)
    (file,) = told(
        capsys, "handover", place.source, "--format", "ffmetadata", "--compound", made["id"], "--to", "chapters"
    )
    times = [
        line.split("=")[1] for line in Path(file["path"]).read_text().splitlines() if line[:5] in {"START", "END=1"}
    ]
    assert times[:3] == ["0", "800", "1400"]
    assert {"END=1900", "title=Best"} <= set(Path(file["path"]).read_text().splitlines())


def test_files_are_brought_on(place, capsys, tmp_path):
    option = f"folder={tmp_path / 'nas'}"
    (file,) = told(capsys, "export", place.source, "--clip", "Goal", "--deliver", "folder", "--option", option, *FAST)
    assert Path(file["delivered_to"]).read_bytes() == Path(file["path"]).read_bytes()
    (again,) = told(capsys, "deliver", "folder", file["path"], "--option", option)
    assert Path(again["delivered_to"]).name == "film-001-Goal (2).mp4"
    names = [row["name"] for row in told(capsys, "destinations")]
    assert names[:2] == ["folder", "address"]


def test_what_could_not_be_delivered_is_told(place, capsys, tmp_path):
    (tmp_path / "file").touch()
    option = f"folder={tmp_path / 'file' / 'below'}"
    assert run(["export", place.source, "--clip", "Goal", "--deliver", "folder", "--option", option, *FAST]) == 1
    output = capsys.readouterr()
    assert "was not delivered" in " ".join(output.out.split())
    assert (place.exports / "film-001-Goal.mp4").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["compound", "create", "SOURCE"], 2, "--item"),
        (["compound", "create", "SOURCE", "--item", "Gaol"], 4, "among the 3 clips"),
        (["compound", "create", "SOURCE", "--item", "Goal@3-2"], 2, "not after its start"),
        (["compound", "create", "SOURCE", "--item", "Goal@2-60"], 2, "lasts 6.00 s"),
        (["compound", "create", "SOURCE", "--item", "Goal@2:-3"], 2, "is not a time"),
        (["compound", "create", "SOURCE", "--top", "2", "--all"], 2, "exclude one another"),
        (["compound", "create", "SOURCE", "--top", "2", "--crossfade", "9"], 2, "crossfade"),
        (["compound", "show", "SOURCE", "nobody"], 4, "compound create"),
        (["compound", "delete", "SOURCE", "nobody"], 4, "compound create"),
        (["compound", "list", "nowhere"], 4, "autoclip analyze"),
        (["export", "SOURCE", "--compound", "nobody"], 4, "compound create"),
        (["export", "SOURCE", "--option", "folder=x"], 2, "--deliver"),
        (["export", "SOURCE", "--deliver", "foldre"], 2, "did you mean 'folder'"),
        (["export", "SOURCE", "--mode", "v9"], 2, "v1 and v2"),
        (["handover", "SOURCE", "--format", "youtube"], 2, "10 s"),
        (["handover", "SOURCE", "--format", "doc"], 2, "fcpxml"),
        (["handover", "SOURCE", "--compound", "x", "--all"], 2, "leave"),
        (["preview", "SOURCE", "--clip", "Gaol"], 4, "among the 3 clips"),
        (["deliver", "folder", "nowhere.mp4", "--option", "folder=x"], 4, "nowhere.mp4"),
        (["deliver", "folder", "clip.mp4", "--option", "folder"], 2, "NAME=VALUE"),
    ],
)
def test_what_goes_wrong_says_the_way_out(place, arguments, code, words, capsys):
    Path("clip.mp4").touch()
    assert run([place.source if word == "SOURCE" else word for word in arguments]) == code
    output = capsys.readouterr()
    assert output.out == ""
    assert words in output.err
    assert "Traceback" not in output.err


def test_a_damaged_file_of_compounds_is_told(film_path, capsys):
    video = probe(film_path).model_dump(mode="json")
    AnalysisFolder(Path("out")).write_clips(ClipsFile(mode="v2", video=video, settings={}, clips=clips_of()))
    Path("out/compounds.json").write_text('{"version": 7}')
    assert run(["compound", "list", "out"]) == 1
    assert "compounds.json" in capsys.readouterr().err


def test_a_compound_outlives_its_clips_only_with_times_of_its_own(film_path, capsys):
    folder = AnalysisFolder(Path("out"))
    video = probe(film_path).model_dump(mode="json")
    folder.write_clips(ClipsFile(mode="v2", video=video, settings={}, clips=clips_of()))
    own = told(capsys, "compound", "create", "out", "--item", "Goal@2-2.4", "--name", "own")
    told(capsys, "compound", "create", "out", "--item", "Goal", "--name", "lost")
    folder.write_clips(ClipsFile(mode="v2", video=video, settings={}, clips=clips_of()[:1]))
    assert run(["compound", "show", "out", "lost"]) == 0
    assert "(gone)" in capsys.readouterr().out
    (file,) = told(capsys, "export", "out", "--compound", own["id"], *FAST)
    assert frame_numbers(file["path"]) == span((2, 2.4))
    assert run(["export", "out", "--compound", "lost"]) == 1
    assert "make the compound clip again" in " ".join(capsys.readouterr().out.split())


def test_every_compound_command_is_documented():
    pages = "".join(page.read_text() for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")))
    groups = [group for group in app.registered_groups if group.name is not None or group.typer_instance.info.name]
    names = [
        f"autoclip {group.typer_instance.info.name} {command.name}"
        for group in groups
        for command in group.typer_instance.registered_commands
    ]
    assert len(names) >= 4
    assert [name for name in names if name not in pages] == []


def test_the_same_export_again_says_that_its_file_exists(place, capsys):
    first = told(capsys, "export", place.source, "--top", "2", *FAST)
    for to in ([], ["--to", str(place.exports / ".." / place.exports.name)]):
        again = told(capsys, "export", place.source, "--top", "2", *to, *FAST)
        assert [row["path"] for row in again] == [row["path"] for row in first]
        assert all("exists already" in row["note"] for row in again)
    assert len(list(place.exports.glob("*.mp4"))) == 2


@pytest.mark.parametrize("change", ["settings", "deleted", "overwritten", "overwrite"])
def test_a_file_that_is_not_the_same_any_more_is_made_anew(place, capsys, change):
    (first,) = told(capsys, "export", place.source, "--top", "1", *FAST)
    words = (
        ["--set", "crf=30"] if change == "settings" else ["--set", "overwrite=true"] if change == "overwrite" else []
    )
    if change == "deleted":
        Path(first["path"]).unlink()
    if change == "overwritten":
        Path(first["path"]).write_bytes(b"other")
    (again,) = told(capsys, "export", place.source, "--top", "1", *FAST, *words)
    assert "exists already" not in again["note"]
    assert again["size_bytes"] > 1000


def test_a_compound_that_exists_is_not_rendered_again(place, capsys):
    told(capsys, "compound", "create", place.source, "--top", "2", "--name", "Best")
    first = told(capsys, "export", place.source, "--compound", "Best", *FAST)
    again = told(capsys, "export", place.source, "--compound", "Best", *FAST)
    assert again[0]["path"] == first[0]["path"]
    assert "exists already" in again[0]["note"]


def test_two_compounds_of_one_name_are_refused(place, capsys):
    told(capsys, "compound", "create", place.source, "--top", "2", "--name", "Best")
    assert run(["compound", "create", place.source, "--all", "--name", " Best "]) == 2
    assert "already" in capsys.readouterr().err
    assert len(told(capsys, "compound", "list", place.source)) == 1


def test_footage_that_is_seen_twice_is_told_and_clip_is_item(place, capsys):
    words = ["--clip", "Start", "--item", "Goal@2-3", "--clip", "Start@0.5-1.5"]
    assert run(["compound", "create", place.source, "--name", "Twice", *words]) == 0
    said = capsys.readouterr().err
    assert "items 1 and 3 both show 0:00.5 to 0:01.0" in said
    assert "items 1 and 2" not in said


def test_an_analysis_is_used_from_another_folder_and_after_a_move(film_path, tmp_path, monkeypatch, capsys):
    work = tmp_path / "work"
    work.mkdir()
    (work / "film.mp4").write_bytes(film_path.read_bytes())
    monkeypatch.chdir(work)
    assert run(["analyze", "film.mp4", "-o", "out", "--mode", "v1", "--length", "1-3", "-q"]) == 0
    assert json.loads((work / "out" / "v1_clips.json").read_text())["video"]["path"] == str(work / "film.mp4")
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    assert told(capsys, "export", "work/out", "--top", "1", *FAST)[0]["error"] is None
    film, data = work / "film.mp4", film_path.read_bytes()
    ours = film.stat()
    film.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))  # another video, as long and as old
    os.utime(film, ns=(ours.st_atime_ns, ours.st_mtime_ns))
    for command in (["export", "--top", "2"], ["preview", "--top", "1"]):
        assert run([command[0], "work/out", *command[1:]]) == 1
        assert "is not the video of these clips" in capsys.readouterr().err
    film.write_bytes(data)
    assert told(capsys, "export", "work/out", "--top", "2", *FAST)[1]["error"] is None
    work.rename(tmp_path / "elsewhere")
    assert told(capsys, "preview", "elsewhere/out", "--top", "1")[0]["error"] is None
    (tmp_path / "elsewhere" / "film.mp4").write_bytes(b"another video")
    assert run(["export", "elsewhere/out", "--top", "1"]) == 4
    assert "put film.mp4 beside that folder" in capsys.readouterr().err


def test_the_clips_that_people_kept_are_rendered_and_listed(place, capsys):
    if place.source == "out":
        assert run(["export", place.source, "--kept"]) == 4
        assert "no clip has the verdict 'kept'" in capsys.readouterr().err
        return
    catalog = catalog_of(read_environment())
    with catalog.transaction() as unit:
        first, second, third = unit.clips.page(place.source).items
        unit.clips.save(second.changed(verdict="kept"))
        unit.clips.save(first.changed(verdict="rejected"))
    listed = told(capsys, "clips", place.source, "--verdict", "kept")
    assert [clip["id"] for clip in listed] == [second.id]
    files = told(capsys, "export", place.source, "--kept")
    assert [Path(file["path"]).stem.endswith(second.name) for file in files] == [True]
    everything = told(capsys, "export", place.source, "--all")
    assert sorted(file["error"] is None for file in everything) == [True, True]
    assert all(first.name not in Path(file["path"]).stem for file in everything)
    assert third.name in " ".join(file["path"] for file in everything)
