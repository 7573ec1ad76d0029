"""Recordings whose clock jumps: the pictures before are measured, shown and cut; none of those behind takes a place."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace

import pytest
from made_media import look_at

from autoclip.errors import ParameterError
from autoclip.export.render import export_clip
from autoclip.extraction import extract
from autoclip.media.decoding.clock_jumps import ClockJump, until_clock_jumps
from autoclip.media.ffmpeg import run_ffmpeg
from autoclip.media.frames import open_frames
from autoclip.media.probe import probe
from autoclip.settings import ExportSettings, ExtractionSettings
from autoclip.timeline import Interval
from synthetic_media import read_frame_number

FAST = ExportSettings(encoder_preset="ultrafast")
JUMPS = {"ahead": 166.0, "back": 101.0, "back to the start": 100.0}
"""When the clock of the second recording begins, in seconds; that of the first one begins at 100 s."""


@pytest.fixture(scope="module")
def recording(source, tmp_path_factory):
    """Return a function that puts two recordings of six seconds together: frames 0 to 149, and 150 to 299."""
    video, _ = source("constant.mp4")
    folder = tmp_path_factory.mktemp("recording")

    def part(name: str, cut: list[str], offset: float) -> bytes:
        encoded = folder / f"{name}.mp4"
        coding = ["-c:v", "libx264", "-preset", "superfast", "-g", "50", "-bf", "2", "-c:a", "aac", "-f", "mp4"]
        if not encoded.exists():
            run_ffmpeg([*cut, "-i", str(video.path), *coding, str(encoded)])
        path = folder / f"{name}.ts"
        run_ffmpeg(["-i", str(encoded), "-c", "copy", "-output_ts_offset", f"{offset}", "-f", "mpegts", str(path)])
        return path.read_bytes()

    def make(offset: float):
        path = folder / f"{offset:g}.ts"
        path.write_bytes(part("one", ["-t", "6"], 100.0) + part("two", ["-ss", "6", "-t", "6"], offset))
        return probe(path)

    return make


@pytest.mark.parametrize("jump", JUMPS)
def test_what_lies_before_a_jump_is_right(tmp_path, recording, jump):
    video = recording(JUMPS[jump])
    features = extract(video.path, video, ExtractionSettings())
    assert features.duration_sec == pytest.approx(6.0, abs=0.001)
    (told,) = features.warnings
    assert "at 6.00 s: clips end there" in told
    assert "ffmpeg -i RECORDING -map 0 -c copy CONTINUOUS.mkv" in told
    for cut in ("exact", "copy"):
        made = export_clip(video, Interval(4.0, 6.0), tmp_path / f"{cut}.mp4", FAST.updated({"cut": cut}))
        assert look_at(made.path).numbers[-50:] == list(range(100, 150))
        assert (cut == "copy") or probe(made.path).duration_sec == pytest.approx(2.0, abs=0.001)
    if jump == "ahead":
        with pytest.raises(ParameterError, match=r"its pictures end at 6\.000 s, before 6\.200 s"):
            export_clip(video, Interval(6.2, 6.8), tmp_path / "behind.mp4", FAST)
        with open_frames(video.path, video) as frames:
            shown = [frames.at(instant).frame.to_ndarray(format="gray") for instant in (5.98, 2.5, 0.5)]
        assert [read_frame_number(picture) for picture in shown] == [149, 62, 12]


@pytest.mark.parametrize(("offset", "again"), [(105.95, 1), (105.5, 12)])
def test_recordings_that_overlap_by_a_few_frames_are_cut_through(tmp_path, recording, offset, again):
    """Pictures whose times were shown before are left out, as the extraction does; all others are there."""
    video = recording(offset)
    features = extract(video.path, video, ExtractionSettings())
    assert features.duration_sec == pytest.approx(offset - 94.0, abs=0.001)
    until = offset - 100 + 2.48
    for cut in ("exact", "smart"):
        made = export_clip(video, Interval(4.0, until), tmp_path / f"{cut}.mp4", FAST.updated({"cut": cut}))
        assert look_at(made.path).numbers == [*range(100, 150), *range(150 + again, 212)], cut
        assert probe(made.path).duration_sec == pytest.approx(until - 4.0, abs=0.001)
    with pytest.raises(ParameterError, match="recordings that overlap were put together there"):
        export_clip(video, Interval(4.0, until), tmp_path / "copy.mp4", FAST.updated({"cut": "copy"}))


def test_the_advice_makes_one_recording_of_both(tmp_path, recording):
    video, whole = recording(JUMPS["back"]), tmp_path / "continuous.mkv"
    run_ffmpeg(["-i", str(video.path), "-map", "0", "-c", "copy", "-f", "matroska", str(whole)])
    features = extract(whole, probe(whole), ExtractionSettings())
    assert (features.duration_sec, features.warnings) == (pytest.approx(12.0, abs=0.01), ())


@pytest.mark.parametrize(
    ("times", "jump"),
    [
        ([*range(100), *range(5000, 5100)], (100, 4901)),  # ahead
        ([*range(100), *range(40, 140)], (100, -59)),  # back
        ([*range(100), 9999, *range(101, 200)], None),  # one time that was damaged on the way
        ([*range(100), 9999, 3, *range(102, 200)], None),
        ([*range(100), *range(300, 400)], None),  # a lost signal of two hundred ticks
        (range(0, 100_000, 1500), None),  # pictures that are far apart
    ],
)
def test_a_jump_is_one_that_lasts(times, jump):
    packets = [SimpleNamespace(stream_index=0, dts=time, pts=time, duration=1) for time in times]
    found = list(until_clock_jumps(packets, 0, Fraction(1, 100), 0))
    if jump is None:
        assert found == packets
    else:
        at, by = jump
        assert found == [*packets[:100], ClockJump(at / 100, by / 100)]
