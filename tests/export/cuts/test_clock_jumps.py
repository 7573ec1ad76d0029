"""Recordings whose clock jumps: the pictures before are measured, shown and cut; none of those behind takes a place."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from made_media import assert_in_step, look_at
from PIL import Image

from autoclip.clips import Clip
from autoclip.errors import ParameterError
from autoclip.export.compound.render import SourceSpan, export_compound
from autoclip.export.previews.thumbnails import make_thumbnails
from autoclip.export.render import export_clip
from autoclip.extraction import extract
from autoclip.media.clock_jumps import ClockJump, first_jump
from autoclip.media.ffmpeg import run_ffmpeg
from autoclip.media.frames import open_frames
from autoclip.media.probe import probe
from autoclip.settings import ExportSettings, ExtractionSettings
from autoclip.timeline import Interval
from synthetic_media import read_frame_number

FAST = ExportSettings(encoder_preset="ultrafast")
JUMPS = {"ahead": 166.0, "back": 101.0, "back to the start": 100.0, "back before it": 1.4}
"""When the clock of the later recordings begins, in seconds; that of the first one begins at 100 s."""
CODECS = {"mpegts": ("libx264", "aac"), "vob": ("mpeg2video", "mp2")}


@pytest.fixture(scope="module")
def recording(source, tmp_path_factory):
    """Return a function that puts recordings of six seconds together: frames 0 to 149, then 150 to 299 some times."""
    video, _ = source("constant.mp4")
    folder = tmp_path_factory.mktemp("recording")

    def part(name: str, cut: list[str], offset: float, container: str, changes: tuple[str, ...] = ()) -> bytes:
        encoded = folder / f"{name}.{CODECS[container][0]}.mkv"
        coding = ["-c:v", CODECS[container][0], "-c:a", CODECS[container][1], "-g", "50", "-bf", "2", "-q:v", "3"]
        if not encoded.exists():
            run_ffmpeg([*cut, "-i", str(video.path), *coding, *changes, "-f", "matroska", str(encoded)])
        path = folder / f"{name}.{container}"
        run_ffmpeg(["-i", str(encoded), "-c", "copy", "-output_ts_offset", f"{offset}", "-f", container, str(path)])
        return path.read_bytes()

    def make(offset: float, container: str = "mpegts", times: int = 1, changes: tuple[str, ...] = ()):
        path = folder / f"{offset:g}{len(changes)}.{container}"
        later = part(f"two{len(changes)}", ["-ss", "6", "-t", "6"], offset, container, changes)
        path.write_bytes(part("one", ["-t", "6"], 100.0, container) + later * times)
        return probe(path)

    return make


@pytest.mark.parametrize(
    ("jump", "container"), [*((jump, "mpegts") for jump in JUMPS), ("back", "vob"), ("ahead", "vob")]
)
def test_a_recording_ends_where_its_clock_jumps(tmp_path, recording, jump, container):
    """For the probe, the analysis, pictures and cuts alike, however much follows."""
    video = recording(JUMPS[jump], container, times=5)
    assert video.duration_sec == pytest.approx(6.0, abs=0.001)
    (told,) = video.warnings
    assert f"jump{'s ahead' if jump == 'ahead' else ' back'} by" in told
    assert "at 6.00 s: clips end there" in told
    assert "ffmpeg -i RECORDING -map 0 -c copy CONTINUOUS.mkv" in told
    assert extract(video.path, video, ExtractionSettings()).duration_sec == pytest.approx(6.0, abs=0.001)
    for cut in ("exact", "smart", "copy"):
        made = export_clip(video, Interval(4.0, 6.0), tmp_path / f"{cut}.mp4", FAST.updated({"cut": cut}))
        assert look_at(made.path).numbers[-50:] == list(range(100, 150))
        assert (cut == "copy") or probe(made.path).duration_sec == pytest.approx(2.0, abs=0.001)
    with pytest.raises(ParameterError, match=r"6\.200 s lies outside of the video, which lasts 6\.000 s"):
        export_clip(video, Interval(6.2, 6.8), tmp_path / "behind.mp4", FAST)
    with open_frames(video.path, video) as frames:
        for instant in (5.98, 2.5, 0.5, 4.98, 0.0):
            shown = frames.at(instant).frame.to_ndarray(format="gray")
            assert read_frame_number(shown) == int(instant * 25 + 1e-6)
    clips = [Clip(id=f"c{start}", name="", start=start, end=start + 1.2) for start in (0.4, 2.6, 4.8)]
    for thumbnail in make_thumbnails(video, clips, tmp_path / "thumbnails").made:
        with Image.open(thumbnail.path) as picture:
            assert read_frame_number(np.asarray(picture.convert("L"))) == round(thumbnail.instant * 25)


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


@pytest.mark.parametrize("cut", ["exact", "smart", "copy", "compound"])
def test_pixels_and_sound_that_change_on_the_way_are_cut_through(tmp_path, recording, cut):
    """As at an advertisement: the second recording follows at once, with 10 bits and another sample rate."""
    video, target = recording(106.0, changes=("-pix_fmt", "yuv420p10le", "-ar", "44100")), tmp_path / "clip.mp4"
    if cut == "compound":
        items = [SourceSpan(video, Interval(4.0, 7.0)), SourceSpan(video, Interval(3.0, 4.0))]
        seen, numbers = look_at(export_compound(items, target, FAST).path), [*range(100, 175), *range(75, 100)]
    else:
        seen = look_at(export_clip(video, Interval(4.0, 8.0), target, FAST.updated({"cut": cut})).path)
        numbers = list(range(100, 200))
    if cut == "copy":  # which starts at a keyframe, and ends before a few frames
        assert seen.numbers == list(range(seen.numbers[0], seen.numbers[-1] + 1))
    else:
        assert seen.numbers == numbers
    assert_in_step(seen, count=4)
    assert len(seen.beeps) <= len(seen.flashes) + 1


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
    packets = [SimpleNamespace(dts=time, pts=time, duration=1, pos=place) for place, time in enumerate(times)]
    found = first_jump(packets, Fraction(1, 100), 0)
    assert found == (jump and ClockJump(jump[0] / 100, jump[1] / 100, 100))
