"""Sources that change or break on the way: another size of picture, long stills, lost pictures."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest
from made_media import BOARD, SIZE, look_at
from PIL import Image

from autoclip.clips import Clip
from autoclip.errors import AutoclipError, ExportError
from autoclip.export.compound.render import SourceSpan, export_compound
from autoclip.export.previews.preview import make_preview
from autoclip.export.previews.thumbnails import make_thumbnails
from autoclip.export.render import export_clip
from autoclip.extraction import extract
from autoclip.media.displayed_frame import frame_as_displayed
from autoclip.media.ffmpeg import run_ffmpeg
from autoclip.media.frames import open_frames
from autoclip.media.probe import probe
from autoclip.media.video import Video
from autoclip.settings import ExportSettings, ExtractionSettings
from autoclip.timeline import Interval
from synthetic_media import RenderOptions, render

FAST = ExportSettings(encoder_preset="ultrafast")


@pytest.fixture(scope="module")
def changing(source, tmp_path_factory):
    """Give a recording that goes on with pictures of another size after 150 frames."""
    video, _ = source("constant.mp4")
    folder = tmp_path_factory.mktemp("changing")

    @cache
    def encoded(scale: str, *cut: str) -> Path:
        path = folder / f"{len(list(folder.iterdir()))}.mp4"
        coding = ["-vf", scale, "-c:v", "libx264", "-preset", "superfast", "-g", "50", "-sc_threshold", "0"]
        run_ffmpeg([*cut, "-i", str(video.path), *coding, "-c:a", "aac", "-f", "mp4", str(path)])
        return path

    @cache
    def make(name: str, first: str, second: str) -> Video:
        parts, joined = folder / "parts.txt", folder / "joined.ts"
        both = encoded(first, "-t", "6"), encoded(second, "-ss", "6")
        parts.write_text("".join(f"file '{part}'\n" for part in both))
        run_ffmpeg(["-f", "concat", "-safe", "0", "-i", str(parts), "-c", "copy", "-f", "mpegts", str(joined)])
        path = folder / f"{len(list(folder.iterdir()))} {name}"
        container = "matroska" if name.endswith(".mkv") else "mpegts"
        run_ffmpeg(["-i", str(joined), "-c", "copy", "-f", container, str(path)])
        return probe(path)

    return make


@pytest.mark.parametrize("name", ["grows.ts", "grows.mkv"])
@pytest.mark.parametrize("cut", ["exact", "smart"])
def test_a_larger_picture_goes_on_at_the_first_ones_size(tmp_path, changing, name, cut):
    video = changing(name, "scale=320:180", "scale=480:270")
    whole = look_at(video.path)
    for start, end in ((4.0, 8.0), (7.0, 9.0)):
        settings = FAST.updated({"cut": cut})
        result = export_clip(video, Interval(start, end), tmp_path / f"{start}.mp4", settings)
        made, seen = probe(result.path), look_at(result.path)
        assert (made.video.width, made.video.height) == (320, 180)
        there = [
            n for time, n in zip(whole.times, whole.numbers, strict=True) if start <= time - whole.times[0] + 0.01 < end
        ]
        assert seen.numbers == there
        assert made.duration_sec == pytest.approx(end - start, abs=0.05)
        # The parts' sound was joined with a gap of one AAC frame.
        assert all(min(abs(flash - beep) for beep in seen.beeps) < 0.045 for flash in seen.flashes)
        assert len(seen.flashes) >= int(end - start) - 1


@pytest.mark.parametrize("name", ["grows.ts", "grows.mkv"])
def test_a_copy_over_a_change_of_size_is_refused_with_the_reason(tmp_path, changing, name):
    video = changing(name, "scale=320:180", "scale=480:270")
    copy = FAST.updated({"cut": "copy"})
    with pytest.raises(ExportError, match=r"its frame size changes from 320x180 to 480x270; use cut = exact"):
        export_clip(video, Interval(4.0, 8.0), tmp_path / "clip.mp4", copy)
    assert not (tmp_path / "clip.mp4").exists()
    assert export_clip(video, Interval(2.0, 4.0), tmp_path / "clip.mp4", copy).frame_count > 0


def test_a_picture_of_another_shape_goes_between_bars(tmp_path, changing):
    """16:9, then 4:3 in the same file: both stand upright and undistorted, at a rate of their own and at another."""
    video = changing("narrows.ts", "scale=320:180", "scale=240:180,setsar=1")
    for settings in (FAST, FAST.updated({"frame_rate": 30.0}), FAST.updated({"shape": "square"})):
        result = export_clip(video, Interval(5.0, 7.0), tmp_path / "clip.mp4", settings)
        assert probe(result.path).duration_sec == pytest.approx(2.0, abs=0.05)
    result = export_clip(video, Interval(5.0, 7.0), tmp_path / "clip.mp4", FAST)
    with av.open(str(result.path)) as container:
        pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    left, middle = pictures[-1][:150, :36], pictures[-1][:150, 60:260]
    assert left.max() < 40 < middle.mean(), "bars beside the narrow picture"
    assert pictures[0][:150, :36].mean() > 40, "and none beside the wide one"


def test_a_compound_bears_a_change_of_size_and_a_crossfade_over_it(tmp_path, changing):
    video = changing("grows.ts", "scale=320:180", "scale=480:270")
    items = [SourceSpan(video, Interval(1.0, 6.5)), SourceSpan(video, Interval(5.0, 9.0))]
    result = export_compound(items, tmp_path / "all.mp4", FAST.updated({"crossfade_sec": 1.0}))
    assert probe(result.path).duration_sec == pytest.approx(8.5, abs=0.1)


STILLS = {
    "slides.mp4": RenderOptions(**SIZE, b_frames=2, frame_durations=(1.0, 1.0, 123.0), keyframe_interval=30),
    "slides.mkv": RenderOptions(**SIZE, b_frames=2, frame_durations=(1.0, 1.0, 123.0), keyframe_interval=30),
    "pause.mp4": RenderOptions(**SIZE, b_frames=2, frame_durations=(*[1.0] * 50, 125.0), keyframe_interval=30),
    "pause.ts": RenderOptions(**SIZE, b_frames=0, frame_durations=(*[1.0] * 50, 125.0), keyframe_interval=30),
}


@pytest.fixture(scope="module", params=STILLS)
def still(request, tmp_path_factory):
    """A screen recording and the times of its frames: quick ones, then a still of five seconds, and so on."""
    path = tmp_path_factory.mktemp("stills") / request.param
    truth = render(BOARD, path, STILLS[request.param])
    return probe(path), [float(pts * truth.time_base) for pts in truth.frame_pts]


def test_the_last_still_ends_where_the_header_says(still):
    video, times = still
    assert video.warnings == ()
    assert video.duration_sec == pytest.approx(times[-1] + 0.04, abs=0.01)


@pytest.mark.parametrize(
    ("start", "end", "frame_rate"),
    [
        (1.0, 6.5, 0.0),
        (3.0, 8.5, 0.0),
        (0.0, 3.3, 0.0),
        (5.25, 8.9, 0.0),
        (6.1, 6.7, 0.0),
        (3.0, 8.5, 30.0),
        (6.1, 6.7, 30.0),
    ],
)
def test_an_edge_within_a_still_is_where_it_was_asked_for(tmp_path, still, start, end, frame_rate):
    video, times = still
    settings = FAST.updated({"frame_rate": frame_rate})
    result = export_clip(video, Interval(start, end), tmp_path / "clip.mp4", settings)
    seen, made = look_at(result.path), probe(result.path)
    assert made.duration_sec == pytest.approx(end - start, abs=1 / frame_rate if frame_rate else 0.021)
    # A time within half a frame of a cut belongs to it.
    on_screen = [max((i for i, time in enumerate(times) if time <= start + at + 0.02)) for at in seen.times]
    assert seen.numbers == pytest.approx(on_screen, abs=1 if frame_rate else 0)


@pytest.fixture(scope="module")
def damaged(source, tmp_path_factory):
    """Give a film some of whose packets hold noise: frames `first` to `behind`."""
    video, _ = source("b_frames.mp4")
    folder = tmp_path_factory.mktemp("damaged")

    def make(first: int, behind: int) -> Video:
        data = bytearray(video.path.read_bytes())
        noise = np.random.default_rng(1)
        with av.open(str(video.path)) as container:
            for number, packet in enumerate(container.demux(video=0)):
                if packet.size and first <= number < behind:
                    data[packet.pos : packet.pos + packet.size] = noise.bytes(packet.size)
        path = folder / f"{first}.mp4"
        path.write_bytes(data)
        return probe(path)

    return make


@pytest.mark.parametrize("profile", ["exact", "balanced", "fast"])
def test_a_film_ends_where_its_last_picture_does(damaged, profile):
    """The last group of pictures, from 9.6 s on, can't be decoded."""
    video = damaged(240, 300)
    features = extract(video.path, video, ExtractionSettings(profile=profile))
    assert features.duration_sec == pytest.approx(9.6, abs=0.001)
    assert any("after 9.60 s" in warning for warning in features.warnings)


@pytest.mark.parametrize("cut", ["exact", "smart"])
def test_an_export_over_lost_pictures_keeps_time_and_says_so(tmp_path, damaged, cut):
    for first, asked, kept in ((240, Interval(8.0, 12.0), range(200, 240)), (120, Interval(4.0, 9.0), None)):
        video = damaged(first, first + 60)
        result = export_clip(video, asked, tmp_path / "clip.mp4", FAST.updated({"cut": cut}))
        seen = look_at(result.path)
        assert seen.numbers == list(kept or [*range(100, 120), *range(180, 225)])
        assert probe(result.path).duration_sec == pytest.approx(asked.duration, abs=0.002)
        assert any("can't be decoded" in note for note in result.notes)
        assert seen.times[-1] == pytest.approx((seen.numbers[-1] - seen.numbers[0]) / 25, abs=0.002)
        assert seen.beeps == pytest.approx(np.arange(asked.duration).tolist(), abs=0.02)


def test_a_compound_over_lost_pictures_keeps_time(tmp_path, damaged):
    video = damaged(120, 180)
    items = [SourceSpan(video, Interval(4.0, 9.0)), SourceSpan(video, Interval(0.0, 2.0))]
    result = export_compound(items, tmp_path / "all.mp4", FAST)
    assert look_at(result.path).numbers == [*range(100, 120), *range(180, 225), *range(50)]
    assert probe(result.path).duration_sec == pytest.approx(7.0, abs=0.002)


def test_a_stretch_without_one_picture_is_refused_by_name(tmp_path, damaged):
    video = damaged(120, 180)
    with pytest.raises(AutoclipError, match=r"not a single frame from 5\.000 to 6\.000 s can be decoded"):
        export_clip(video, Interval(5.0, 6.0), tmp_path / "clip.mp4", FAST)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_a_file_that_was_cut_off_is_exported_to_its_end(tmp_path, source, suffix):
    video, _ = source("b_frames.mp4")
    whole, part = tmp_path / f"whole{suffix}", tmp_path / f"part{suffix}"
    formats = {".mp4": "mp4", ".mkv": "matroska", ".ts": "mpegts"}
    options = ["-c", "copy", "-movflags", "+faststart", "-f", formats[suffix]]
    run_ffmpeg(["-i", str(video.path), *options, str(whole)])
    data = whole.read_bytes()
    part.write_bytes(data[: len(data) * 6 // 10])
    cut_off = probe(part)
    features = extract(part, cut_off, ExtractionSettings())
    assert 5 < features.duration_sec <= cut_off.duration_sec < 9
    for cut in ("exact", "smart", "copy"):
        asked = Interval(features.duration_sec - 3, features.duration_sec)
        result = export_clip(cut_off, asked, tmp_path / f"{cut}.mp4", FAST.updated({"cut": cut}))
        assert result.actual.end == pytest.approx(asked.end, abs=0.1)


@pytest.mark.parametrize(
    ("name", "second", "bars"),
    [
        ("narrows.mkv", "scale=240:180,setsar=1", "beside"),
        ("thinner.mkv", "scale=320:180,setsar=3/4", "beside"),
        ("widens.mkv", "scale=320:134,setsar=1", "above"),
        ("grows.mkv", "scale=480:270,setsar=1", "none"),
    ],
)
def test_still_and_moving_pictures_of_what_follows_a_change_of_shape_are_not_stretched(
    tmp_path, changing, name, second, bars
):
    video = changing(name, "scale=320:180,setsar=1", second)
    clip = Clip(id="a", name="a", start=7.0, end=9.0)
    (thumbnail,) = make_thumbnails(video, [clip], tmp_path).made
    preview = make_preview(video, clip.interval, tmp_path / "a.webp")
    with open_frames(video.path, video) as frames:
        first, shown = (frame_as_displayed(frames.at(second), video) for second in (2.0, 8.0))
    for picture in (Image.open(thumbnail.path), Image.open(preview), shown):
        luma = np.asarray(picture.convert("L")).astype(float)
        beside, above = luma[:, : luma.shape[1] // 10].max() < 40, luma[: luma.shape[0] // 10].max() < 40
        assert (bool(beside), bool(above)) == (bars == "beside", bars == "above"), picture
        assert luma.mean() > 40
    luma = np.asarray(first.convert("L"))
    assert luma[:, :20].max() > 40
    assert luma[:20].max() > 40
