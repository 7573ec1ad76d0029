"""A still is never taken for the film, whichever stream it is; a clock that wraps loses no frame."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import av
import numpy as np
import pytest

from autoclip.errors import MediaError
from autoclip.extraction import extract, measure_pictures
from autoclip.media.ffmpeg import run_ffmpeg
from autoclip.media.frames import open_frames
from autoclip.media.probe import probe
from autoclip.settings import ExtractionSettings
from synthetic_media import RenderOptions, Shot, Storyboard, Texture, read_frame_number, render

FORMATS = {".mkv": "matroska", ".mp4": "mp4", ".avi": "avi", ".ts": "mpegts"}


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds at 25 frames a second, each with its number, B-frames, and sound."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    board = Storyboard((Shot(6.0, Texture(seed=3, pan=0.2)),), frame_numbers=True)
    render(board, path, RenderOptions(width=320, height=180, b_frames=2, keyframe_interval=50, scene_keyframes=False))
    return path


@pytest.fixture
def still(film: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """One picture, larger than the film's."""
    path = tmp_path / "still.mkv"
    coding = ["-c:v", request.param, "-pix_fmt", "yuvj420p" if request.param == "mjpeg" else "yuv420p"]
    run_ffmpeg(["-i", str(film), "-frames:v", "1", "-vf", "scale=640:360", *coding, "-f", "matroska", str(path)])
    return path


@pytest.mark.parametrize(
    ("still", "suffix"),
    [("mjpeg", ".mkv"), ("mjpeg", ".avi"), ("mjpeg", ".mp4"), ("libx264", ".mkv"), ("libx264", ".mp4")],
    indirect=["still"],
)
def test_the_film_is_chosen_though_a_still_comes_first(film: Path, still: Path, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"both{suffix}"
    default = ["-disposition:v:0", "default", "-disposition:v:1", "0"] if suffix != ".avi" else []
    maps = ["-map", "0:v", "-map", "1:v", "-map", "1:a", "-c", "copy", *default]
    run_ffmpeg(["-i", str(still), "-i", str(film), *maps, "-f", FORMATS[suffix], str(path)])
    video = probe(path)
    assert (video.video.index, video.video.width, video.video.codec) == (1, 320, "h264")
    assert video.duration_sec == pytest.approx(6.0, abs=0.1)
    features = extract(path, video, ExtractionSettings())
    assert features.duration_sec == pytest.approx(6.0, abs=0.1)


@pytest.mark.parametrize(
    ("still", "suffix"), [("libx264", ".mkv"), ("mjpeg", ".avi"), ("libx264", ".ts")], indirect=["still"]
)
def test_a_still_alone_or_with_sound_is_no_video(film: Path, still: Path, tmp_path: Path, suffix: str) -> None:
    alone, sung = tmp_path / f"alone{suffix}", tmp_path / f"sung{suffix}"
    run_ffmpeg(["-i", str(still), "-c", "copy", "-f", FORMATS[suffix], str(alone)])
    maps = ["-map", "0:v", "-map", "1:a", "-c", "copy"]
    run_ffmpeg(["-i", str(still), "-i", str(film), *maps, "-f", FORMATS[suffix], str(sung)])
    for path in (alone, sung):
        with pytest.raises(MediaError, match="has a single frame"):
            probe(path)


def test_a_cover_of_two_pictures_is_none_either(film: Path, tmp_path: Path) -> None:
    cover, path = tmp_path / "cover.mkv", tmp_path / "both.mkv"
    run_ffmpeg(["-i", str(film), "-frames:v", "2", "-vf", "scale=640:360", "-f", "matroska", str(cover)])
    maps = ["-map", "0:v", "-map", "1", "-c", "copy"]
    run_ffmpeg(["-i", str(cover), "-i", str(film), *maps, "-f", "matroska", str(path)])
    assert probe(path).video.width == 320


@pytest.mark.parametrize("before_sec", [3.0, 0.02, 5.95])
def test_a_clock_that_wraps_loses_no_frame(film: Path, tmp_path: Path, before_sec: float) -> None:
    """The clock of a transport stream has 33 bits of 1/90000 s; it wraps after 26.5 hours."""
    path = tmp_path / "wraps.ts"
    offset = 2**33 / 90_000 - 1.4 - before_sec
    run_ffmpeg(["-i", str(film), "-c", "copy", "-output_ts_offset", f"{offset:.3f}", "-f", "mpegts", str(path)])
    video = probe(path)
    assert video.duration_sec == pytest.approx(6.0, abs=0.001)
    assert not video.video.variable_frame_rate
    assert video.video.average_rate == 25
    assert extract(path, video, ExtractionSettings()).duration_sec == pytest.approx(6.0, abs=0.001)
    with open_frames(path, video) as frames:
        for instant in (5.98, 0.0, 0.5, 2.98, 3.02, 0.04):
            found = frames.at(instant)
            assert read_frame_number(found.frame.to_ndarray(format="gray")) == int(instant * 25 + 1e-6)


def test_rewinding_finds_the_first_frame_of_every_format(film: Path, tmp_path: Path) -> None:
    for suffix, container in FORMATS.items():
        path = tmp_path / f"film{suffix}"
        run_ffmpeg(["-i", str(film), "-c", "copy", "-f", container, str(path)])
        with open_frames(path, probe(path)) as frames:
            numbers = [read_frame_number(frames.at(at).frame.to_ndarray(format="gray")) for at in (4.0, 0.0, 2.0, 0.0)]
        assert numbers[1] == numbers[3] == 0
        assert np.diff(numbers).tolist()[0] < 0
        with av.open(str(path)) as opened:
            assert opened.streams.video


@pytest.mark.parametrize(("name", "said"), [("film.mxf", "not when they are shown"), ("film.h264", "carries no times")])
def test_frames_in_decoding_order_are_refused_with_a_command_that_makes_them_right(
    film: Path, tmp_path: Path, name: str, said: str
) -> None:
    """FFmpeg writes no times of presentation of H.264 into MXF, and copies a raw stream with wrong ones."""
    path, fixed = tmp_path / name, tmp_path / "fixed.mp4"
    run_ffmpeg(["-i", str(film), "-c:v", "copy", "-c:a", "pcm_s16le", str(path)])
    with pytest.raises(MediaError, match=said) as refused:
        probe(path)
    (command,) = re.findall("`ffmpeg (.*)`", str(refused.value))
    run_ffmpeg([{"VIDEO": str(path), "FIXED.mp4": str(fixed)}.get(word, word) for word in shlex.split(command)])
    with open_frames(fixed, probe(fixed)) as frames:
        seen = [read_frame_number(frames.at(k / 25 + 0.02).frame.to_ndarray(format="gray")) for k in range(0, 150, 7)]
    assert seen == list(range(0, 150, 7))


def test_mxf_without_b_frames_is_taken(film: Path, tmp_path: Path) -> None:
    path = tmp_path / "film.mxf"
    run_ffmpeg(["-i", str(film), "-bf", "0", "-g", "50", "-c:a", "pcm_s16le", "-c:v", "libx264", str(path)])
    assert probe(path).duration_sec == 6.0


@pytest.mark.parametrize(("late_sec", "coding"), [("0", ["libx264", "-g", "20"]), ("1.5", ["copy"])])
def test_frames_of_avi_are_put_in_order(film: Path, tmp_path: Path, late_sec: str, coding: list[str]) -> None:
    """AVI stores the order of decoding, and if a stream begins late, FFmpeg gives other times after a seek."""
    path = tmp_path / "film.avi"
    late = ["-itsoffset", late_sec, "-i", str(film), "-i", str(film), "-map", "0:v", "-map", "1:a", "-c:a", "copy"]
    run_ffmpeg([*late, "-c:v", *coding, str(path)])
    video = probe(path)
    measured = measure_pictures(path, video, ExtractionSettings())
    assert np.diff(measured.rows.seconds[:-1]) == pytest.approx(0.04)
    assert len(measured.rows.seconds) == 150
    with open_frames(path, video) as frames:
        asked = [130, 52, 3, 0, *range(100, 148, 3)]
        seen = [read_frame_number(frames.at(k / 25 + 0.016).frame.to_ndarray(format="gray")) for k in asked]
    assert seen == asked


@pytest.mark.parametrize(
    ("suffix", "coding", "said"),
    [
        ("mkv", ["-c", "copy"], "timestamps jump back by"),
        ("flv", ["-c", "copy"], "was appended at byte"),
        ("wmv", ["-c:v", "wmv2", "-c:a", "wmav2"], "was appended at byte"),
    ],
)
def test_a_file_behind_which_another_was_appended_ends_where_it_did(
    film: Path, tmp_path: Path, suffix: str, coding: list[str], said: str
) -> None:
    """As a recorder does that goes on in the same file after a break."""
    one, both = tmp_path / f"one.{suffix}", tmp_path / f"both.{suffix}"
    run_ffmpeg(["-i", str(film), *coding, str(one)])
    both.write_bytes(2 * one.read_bytes())
    alone, found = probe(one), probe(both)
    assert (alone.warnings, found.duration_sec) == ((), alone.duration_sec)
    (warning,) = found.warnings
    assert said in warning
    assert "another file was appended" in warning
    if "at byte" in said:
        assert f"tail -c +{one.stat().st_size + 1} both.{suffix}" in warning
    assert extract(both, found, ExtractionSettings()).duration_sec == pytest.approx(alone.duration_sec, abs=0.05)
