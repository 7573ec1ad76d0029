"""Previews move, are small and upright; a contact sheet shows every clip."""

from dataclasses import replace

import numpy as np
import pytest
from made_media import BOARD, SIZE
from PIL import Image

from autoclip.clips import Clip
from autoclip.errors import ExportError, ParameterError
from autoclip.export.previews.contact_sheet import TILE_WIDTH, Tile, make_contact_sheet
from autoclip.export.previews.preview import make_preview
from autoclip.media.probe import probe
from autoclip.timeline import Interval
from synthetic_media import RenderOptions, render


@pytest.mark.parametrize("animation", ["webp", "gif"])
def test_a_preview_moves_in_real_time(source, tmp_path, animation):
    video, _ = source("constant.mp4")
    path = make_preview(video, Interval(2, 5), tmp_path / "preview", animation=animation)
    with Image.open(path) as picture:
        assert picture.format == animation.upper()
        assert picture.n_frames == 24
        assert picture.info["loop"] == 0
        assert picture.size == (320, 180)
        durations, frames = [], []
        for number in range(picture.n_frames):
            picture.seek(number)
            picture.load()
            durations.append(picture.info["duration"])
            frames.append(np.asarray(picture.convert("L"), float))
    assert sum(durations) == pytest.approx(3000, rel=0.06)
    assert np.abs(frames[0] - frames[12]).mean() > 2
    assert path.stat().st_size < 2_000_000
    assert list(tmp_path.iterdir()) == [path]


def test_a_preview_of_a_long_clip_is_short(source, tmp_path):
    video, _ = source("constant.mp4")
    with Image.open(make_preview(video, Interval(0, 12), tmp_path / "preview.webp", frame_rate=4)) as picture:
        assert picture.n_frames == 24


def test_a_turned_source_is_upright_in_its_preview(tmp_path):
    board = replace(BOARD, shots=(replace(BOARD.shots[0], duration_sec=2),))
    render(board, tmp_path / "turned.mp4", RenderOptions(**SIZE, rotation=90))
    path = make_preview(probe(tmp_path / "turned.mp4"), Interval(0, 2), tmp_path / "preview.webp")
    with Image.open(path) as picture:
        assert picture.size == (180, 320)


def test_a_clip_of_one_frame_has_no_preview(source, tmp_path):
    with pytest.raises(ParameterError, match="too short"):
        make_preview(source("constant.mp4")[0], Interval(1, 1.04), tmp_path / "preview.webp")


def test_a_contact_sheet_shows_every_clip(tmp_path):
    colors = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (200, 200, 30), (30, 200, 200)]
    tiles = []
    for number, color in enumerate(colors):
        Image.new("RGB", (180, 180) if number == 1 else (320, 180), color).save(tmp_path / f"{number}.jpg")
        clip = Clip(id=str(number), name=f"Clip {number} – ナサ", start=number, end=number + 2.5)
        tiles.append(Tile(clip, tmp_path / f"{number}.jpg"))
    tiles.append(Tile(Clip(id="x", name="no thumbnail " * 9, start=9, end=10), None))
    path = make_contact_sheet(tiles, tmp_path / "sheet.jpg", columns=3, title="Match")
    with Image.open(path) as sheet:
        assert sheet.width == 3 * TILE_WIDTH + 4 * 12
        pixels = np.asarray(sheet.convert("RGB"), int)
    for color in colors:
        assert (np.abs(pixels - color).max(axis=2) < 12).sum() > 30_000


def test_a_sheet_of_nothing_or_of_broken_pictures_is_refused(tmp_path):
    clip = Clip(id="a", name="a", start=0, end=1)
    with pytest.raises(ParameterError, match="at least one"):
        make_contact_sheet([], tmp_path / "sheet.jpg")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(ExportError, match="make the thumbnails again"):
        make_contact_sheet([Tile(clip, tmp_path / "broken.jpg")], tmp_path / "sheet.jpg")
    assert not (tmp_path / "sheet.jpg").exists()
