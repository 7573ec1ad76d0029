"""Names that look like addresses (``s3:x.mp4``) or need quotes are files like any other, from probe to export."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from pathlib import Path

import pytest

from autoclip.export.compound.render import SourceSpan, export_compound
from autoclip.export.render import export_clip
from autoclip.media.probe import probe
from autoclip.settings import ExportSettings
from autoclip.timeline import Interval
from interfaces.cli.app import run
from storage.catalog import open_catalog
from synthetic_media import RenderOptions, Shot, Storyboard, Texture, render

VIDEOS = ("Trailer:one.mp4", "s3:x.mp4", "concat:a|b.mp4", "-y.mp4")
FAST = ("--set", "encoder_preset=ultrafast")


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds with a cut in the middle."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    board = Storyboard((Shot(6.0, Texture(seed=3)), Shot(6.0, Texture(seed=9))))
    render(board, path, RenderOptions(width=160, height=90, keyframe_interval=25))
    return path


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, film: Path) -> None:
    """A folder of films with such names, in which commands are run with relative names."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("AUTOCLIP_") and name != "AUTOCLIP_SHARED"]:
        monkeypatch.delenv(name)
    for name in VIDEOS:
        shutil.copy(film, name)


@pytest.mark.parametrize("name", ["concat:a|b.mp4", "-y.mp4"])
def test_a_video_is_analyzed_and_exported(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["analyze", "--mode", "v1", "--output-dir", "md:out", "--", name]) == 0
    for to, cut in (("http:x", "exact"), ("pipe:1", "smart"), ("sftp:host", "copy")):
        assert run(["export", "md:out", "--top", "1", "--to", to, "--set", f"cut={cut}", *FAST]) == 0
        (made,) = Path(to).glob("*.mp4")
        assert probe(made).duration_sec > 5
    assert run(["preview", "md:out", "--top", "1", "--to", "gs:previews"]) == 0
    assert list(Path("gs:previews").glob("*.webp"))
    assert run(["retune", "md:out"]) == 0
    assert Path("md:out/features/signals.parquet").is_file()


def test_a_name_with_colons_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["probe", "a:smile:.mp4"]) != 0
    assert "a:smile:.mp4: no such file" in capsys.readouterr().err


def test_a_printed_command_can_be_pasted(capsys: pytest.CaptureFixture[str]) -> None:
    folder = "s3:o'ut; $(touch x) & más"
    assert run(["analyze", "Trailer:one.mp4", "--mode", "v1", "--output-dir", folder]) == 0
    assert run(["compound", "list", folder]) == 0
    hint = capsys.readouterr().err.splitlines()[-1].partition("'")[2].rpartition("' makes one")[0]
    assert shlex.split(hint)[:4] == ["autoclip", "compound", "create", folder]
    assert run(shlex.split(hint)[1:]) == 0
    printed = shlex.split(capsys.readouterr().err.splitlines()[-1])
    assert printed[0] == "autoclip"
    assert run([*printed[1:], *FAST]) == 0
    assert run(["export", folder, "--compound", "nosuch"]) == 4


def test_the_library_takes_relative_names(capsys: pytest.CaptureFixture[str]) -> None:
    video = probe(Path("s3:x.mp4"))
    fast = ExportSettings(encoder_preset="ultrafast")
    for cut in ("exact", "smart", "copy"):
        made = export_clip(video, Interval(0.5, 3.0), Path(f"gs:{cut}/clip.mp4"), fast.updated({"cut": cut}))
        assert made.path.is_file()
    items = [SourceSpan(video, Interval(0.0, 1.5)), SourceSpan(video, Interval(2.0, 3.5))]
    faded = export_compound(items, Path("http:x/compound.mp4"), fast.updated({"crossfade_sec": 0.5}))
    assert probe(faded.path).duration_sec == pytest.approx(2.5, abs=0.05)
    with open_catalog(Path("md:catalog.duckdb")).reading() as view:
        assert view.projects.page().total == 0


def test_the_command_kept_beside_a_failed_file_can_be_pasted(tmp_path: Path) -> None:
    from autoclip.errors import ExportError
    from autoclip.export.checks.file_check import Checked
    from autoclip.export.render_context import deliver

    rendered = tmp_path / "rendered"
    rendered.write_bytes(b"x")
    command = ("ffmpeg", "-i", "file:/a b/it's.mp4", "-vf", "scale=2:2;null")
    with pytest.raises(ExportError):
        deliver(rendered, Checked(0, 0.0, ("wrong",)), tmp_path / "clip.mp4", (command,), overwrite=False)
    assert tuple(shlex.split((tmp_path / "failed" / "clip.txt").read_text().splitlines()[-1])) == command


def test_json_of_an_export_holds_the_arguments_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["analyze", "s3:x.mp4", "--mode", "v1", "--output-dir", "out"]) == 0
    capsys.readouterr()
    assert run(["export", "out", "--top", "1", "--to", "a b", "--json", *FAST]) == 0
    (made,) = json.loads(capsys.readouterr().out)
    source = made["command"][made["command"].index("-i") + 1]
    assert source.removeprefix("file:") == str(Path("s3:x.mp4").absolute())
