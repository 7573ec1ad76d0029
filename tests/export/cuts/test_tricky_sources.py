"""Sources with traps: edit lists, open groups of pictures, and every file of the shared test media."""

import struct
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest
from made_media import BOARD, SIZE, assert_in_step, complaints, look_at

from autoclip.errors import MediaError, ParameterError
from autoclip.export.render import export_clip
from autoclip.media.ffmpeg import find_ffmpeg, run_ffmpeg
from autoclip.media.frames import open_frames
from autoclip.media.probe import probe
from autoclip.settings import ExportSettings
from autoclip.timeline import Interval
from synthetic_media import RenderOptions, read_frame_number, render


@pytest.fixture(scope="module")
def edited(source, tmp_path_factory):
    """A copy that starts within a group of pictures: an edit list hides the frames before, which decoding needs."""
    video, _ = source("b_frames.mp4")
    path = tmp_path_factory.mktemp("edited") / "edited.mp4"
    run_ffmpeg(["-ss", "1.2", "-i", str(video.path), "-c", "copy", "-f", "mp4", str(path)])
    with av.open(str(path)) as container:
        assert any(packet.is_discard for packet in container.demux(video=0))
    return probe(path)


@pytest.mark.parametrize(
    ("cut", "first", "behind"), [("exact", 5, 60), ("exact", 0, 20), ("smart", 5, 90), ("smart", 0, 90)]
)
def test_hidden_frames_stay_hidden_and_times_right(tmp_path, edited, cut, first, behind):
    """Our time 0 is the first frame a player shows: number 30 of the original."""
    settings = ExportSettings(cut=cut)
    result = export_clip(edited, Interval(first / 25, behind / 25), tmp_path / "clip.mp4", settings)
    seen = look_at(result.path)
    assert result.method == cut, result.notes
    assert seen.numbers == list(range(30 + first, 30 + behind))
    assert complaints(result.path) == ""
    assert_in_step(seen, count=(behind - first) // 25)


def with_edits(boxes: bytes, scales: dict[bytes, int], *edits: tuple[float, float]) -> bytes:
    """Show, of each track, so many seconds from so many behind its start, and so on (ISO/IEC 14496-12, 8.6.6)."""
    made, place = b"", 0
    while place < len(boxes):
        (size,), kind = struct.unpack_from(">I", boxes, place), boxes[place + 4 : place + 8]
        body = boxes[place + 8 : place + size]
        for header in (b"mvhd", b"mdhd"):
            if kind in {b"moov", b"trak"} and header in body:
                (scales[header],) = struct.unpack_from(">I", body, body.index(header) + 16)
        if kind == b"elst":
            (begin,) = struct.unpack_from(">i", body, len(body) - 8)
            body = struct.pack(">II", 0, len(edits))
            for lasts, start in edits:
                units = round(lasts * scales[b"mvhd"]), begin + round(start * scales[b"mdhd"])
                body += struct.pack(">IiI", *units, 0x10000)
        elif kind in {b"moov", b"trak", b"edts"}:
            body = with_edits(body, scales, *edits)
        made += struct.pack(">I4s", len(body) + 8, kind) + body
        place += size
    return made


@pytest.mark.parametrize("cut", ["exact", "smart", "copy"])
def test_a_film_of_several_edits_is_cut_through_where_they_meet(tmp_path, source, cut):
    """As cameras and QuickTime Player save a film from whose middle something was removed."""
    path = tmp_path / "two.mp4"
    path.write_bytes(with_edits(source("constant.mp4")[0].path.read_bytes(), {}, (4.0, 0.0), (4.0, 5.8)))
    video, settings = probe(path), ExportSettings(cut=cut)
    assert video.duration_sec == pytest.approx(8.0)
    if cut == "copy":
        with pytest.raises(ParameterError, match="which copying can't undo; use cut = exact or smart"):
            export_clip(video, Interval(3.0, 7.0), tmp_path / "clip.mp4", settings)
        return
    for start, end in ((3.0, 7.0), (3.2, 3.6), (4.4, 5.4)):
        seen = look_at(export_clip(video, Interval(start, end), tmp_path / "clip.mp4", settings).path)
        shown = [*range(100), *range(145, 245)]
        assert seen.numbers == shown[round(start * 25) : round(end * 25)]
        assert_in_step(seen, count=round(end - start) - 1)


def test_edits_in_another_order_are_cut_where_a_keyframe_precedes_their_meeting(tmp_path, source):
    """The frames that decoding the last edit needs have the times of those before it, and are found in their place."""
    path = tmp_path / "reordered.mp4"
    edits = (3.0, 6.0), (3.0, 1.12), (2.0, 8.2)
    path.write_bytes(with_edits(source("constant.mp4")[0].path.read_bytes(), {}, *edits))
    seen = look_at(export_clip(probe(path), Interval(5.88, 6.88), tmp_path / "clip.mp4").path)
    assert seen.numbers == [100, 101, 102, *range(205, 227)]
    assert_in_step(seen, count=1)


def test_a_trimmed_film_has_all_its_sound(tmp_path, source):
    """Where a player starts late, ffmpeg leaves out the sound before it, and after a seek as much again."""
    film, path = tmp_path / "film.mp4", tmp_path / "trimmed.mp4"
    tone = ["-f", "lavfi", "-i", "sine=frequency=440:duration=12", "-map", "0:v", "-map", "1:a", "-c:v", "copy"]
    run_ffmpeg(["-i", str(source("constant.mp4")[0].path), *tone, "-c:a", "aac", str(film)])
    path.write_bytes(with_edits(film.read_bytes(), {}, (10.0, 1.2)))
    clip = export_clip(probe(path), Interval(3.12, 4.12), tmp_path / "clip.mp4").path
    assert look_at(clip).numbers == list(range(108, 133))
    with av.open(str(clip)) as container:
        heard = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    assert np.abs(heard[4_800:38_400]).reshape(-1, 480).max(axis=1).min() > 0.05


def test_a_copied_avi_is_cut_from_its_start_and_up_to_its_damaged_end(tmp_path, source):
    """A picture that starts a little after the sound leaves an uneven step at the beginning of an AVI."""
    film, path = str(source("constant.mp4")[0].path), tmp_path / "copied.avi"
    late = ["-itsoffset", "0.0233", "-i", film, "-i", film, "-map", "0:v", "-map", "1:a", "-c", "copy", "-f", "avi"]
    run_ffmpeg([*late, str(path)])
    quick = ExportSettings(encoder_preset="ultrafast")
    whole = export_clip(probe(path), Interval(0.0, 2.0), tmp_path / "start.mp4", quick)
    assert look_at(whole.path).numbers == list(range(50))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    damaged = probe(path)
    start = int(damaged.duration_sec) - 1
    part = export_clip(damaged, Interval(start, damaged.duration_sec), tmp_path / "end.mp4", quick)
    assert look_at(part.path).numbers[:25] == list(range(25 * start, 25 * start + 25))


@pytest.fixture(scope="module")
def counted(source, tmp_path_factory):
    """Return a function that makes an AVI, whose packets carry no times: frames are counted."""
    video, _ = source("constant.mp4")
    folder = tmp_path_factory.mktemp("counted")

    def make(codec: str, late_sec: str):
        path = folder / f"{codec}.avi"
        options = ["-c:v", codec, "-b:v", "2M", "-g", "20", "-bf", "2", "-c:a", "mp3", "-ac", "2", "-ar", "44100"]
        inputs = ["-i", str(video.path)]
        if late_sec:
            inputs = ["-itsoffset", late_sec, *inputs, *inputs, "-map", "0:v", "-map", "1:a"]
        run_ffmpeg([*inputs, *options, "-f", "avi", str(path)])
        return probe(path)

    return make


@pytest.mark.parametrize(("codec", "late_sec"), [("mpeg4", "1.5"), ("libx264", "")])
def test_frames_without_times_are_counted(tmp_path, counted, codec, late_sec):
    """From the start, and so far in that decoding starts at a keyframe on the way, also if the picture begins late."""
    video = counted(codec, late_sec)
    assert video.container == "avi"
    for first, behind in ((0, 12), (7, 30), (280, 300)):
        result = export_clip(video, Interval(first / 25, behind / 25), tmp_path / f"{first}.mp4")
        assert look_at(result.path).numbers == list(range(first, behind))


def test_a_frame_that_was_dropped_from_an_avi_leaves_a_gap(tmp_path, source):
    """An empty chunk stands for it, where a tick is as long as a frame, and every frame is a keyframe."""
    path = tmp_path / "dropped.avi"
    picture = ["-vf", "select=not(eq(n\\,280))", "-fps_mode", "passthrough", "-c:v", "mjpeg", "-q:v", "4"]
    run_ffmpeg(["-i", str(source("constant.mp4")[0].path), *picture, "-c:a", "pcm_s16le", str(path)])
    seen = look_at(export_clip(probe(path), Interval(10.8, 11.8), tmp_path / "clip.mp4").path)
    assert seen.numbers == [*range(270, 280), *range(281, 295)]
    assert seen.times[9:11] == pytest.approx([0.36, 0.44], abs=0.001)
    assert_in_step(seen, count=1)


def test_times_before_zero_are_cut_to_the_frame(tmp_path, source):
    """An MPEG-TS whose clock has not reached zero when it starts."""
    video, _ = source("b_frames.mp4")
    path = tmp_path / "negative.ts"
    early = ["-itsoffset", "-1.5", "-copyts", "-i", str(video.path), "-c", "copy", "-avoid_negative_ts", "disabled"]
    run_ffmpeg([*early, "-f", "mpegts", str(path)])
    with av.open(str(path)) as container:
        assert next(container.demux(video=0)).pts < 0
    for cut in ("exact", "smart"):
        interval = Interval(57 / 25, 130 / 25)
        result = export_clip(probe(path), interval, tmp_path / f"{cut}.mp4", ExportSettings(cut=cut))
        seen = look_at(result.path)
        assert result.method == cut, result.notes
        assert seen.numbers == list(range(57, 130))
        assert complaints(result.path) == ""
        assert_in_step(seen, count=2)


def test_open_groups_of_pictures_are_cut_to_the_frame(tmp_path, source):
    """Frames shown ahead of a keyframe refer to what was before it: no copy may start there."""
    video, _ = source("constant.mp4")
    path = tmp_path / "open.mp4"
    options = [
        "-c:v",
        "libx264",
        "-x264-params",
        "open-gop=1:keyint=50:min-keyint=50:scenecut=0:bframes=3",
        "-c:a",
        "copy",
    ]
    run_ffmpeg(["-i", str(video.path), *options, "-f", "mp4", str(path)])
    for cut in ("exact", "smart"):
        result = export_clip(probe(path), Interval(1, 5), tmp_path / f"{cut}.mp4", ExportSettings(cut=cut))
        assert look_at(result.path).numbers == list(range(25, 125))
        assert complaints(result.path) == ""


REFUSED = {"audio_only.mp4", "no_moov_truncated.mp4", "truncated_head_only.mp4", "text_named.mp4", "zero_length.mp4"}


@pytest.mark.parametrize("suffix", ["mp4", "ts"])
def test_intra_refresh_is_decoded_from_where_its_frames_are_right(tmp_path, source, suffix):
    """After a recovery point, frames are correct only from the next one on."""
    path = tmp_path / f"refresh.{suffix}"
    refresh = ["-preset", "veryfast", "-x264-params", "keyint=48:intra-refresh=1:bframes=0:scenecut=0"]
    options = ["-t", "5", "-c:v", "libx264", *refresh]
    run_ffmpeg(["-i", str(source("constant.mp4")[0].path), *options, str(path)])
    video = probe(path)
    result = export_clip(
        video, Interval(62 / 25, 85 / 25), tmp_path / "clip.mp4", ExportSettings(encoder_preset="ultrafast")
    )
    assert look_at(result.path).numbers == list(range(62, 85))
    with open_frames(path, video) as reader:
        numbers = [
            read_frame_number(reader.at(number / 25).frame.reformat(format="gray").to_ndarray())
            for number in (114, 64, 122, 3)
        ]
    assert numbers == [114, 64, 122, 3]


@pytest.mark.parametrize("cut", ["exact", "smart", "copy"])
def test_every_shared_file_is_exported_or_refused(tmp_path, shared_media, cut):
    settings = ExportSettings(cut=cut, encoder_preset="ultrafast", export_height=0)
    refused = set()
    for path in [*sorted((shared_media / "tricky").iterdir()), shared_media / "cityCC0.mpg"]:
        try:
            video = probe(path)
        except MediaError:
            refused.add(path.name)
            continue
        start = min(video.duration_sec * 0.3, 20.0)
        interval = Interval(start, min(video.duration_sec * 0.8, start + 1.0))
        if interval.duration < 0.5:  # a single short picture is not a video
            interval = Interval(0.0, video.duration_sec)
        if cut == "copy" and path.name == "sample.avi":
            with pytest.raises(ParameterError, match="no times to copy by"):
                export_clip(video, interval, tmp_path / path.with_suffix(".mp4").name, settings)
            continue
        result = export_clip(video, interval, tmp_path / path.with_suffix(".mp4").name, settings)
        made = probe(result.path)
        assert (made.audio is None) == (video.audio is None)
        if result.method == "exact":
            assert made.video.bit_depth == 8
            assert made.video.width % 2 == made.video.height % 2 == 0
        aspect = video.video.display_width / video.video.display_height
        assert made.video.display_width / made.video.display_height == pytest.approx(aspect, rel=0.015)
    assert refused == REFUSED


def test_an_ffmpeg_never_outlives_its_parent(tmp_path, source):
    """Even when that is killed without a chance to clean up."""
    video, _ = source("constant.mp4")
    marker = tmp_path / "never-ending.mp4"
    arguments = ["-stream_loop", "-1", "-re", "-i", str(video.path), "-c", "copy", "-f", "mp4", str(marker)]
    script = f"from autoclip.media.ffmpeg import run_ffmpeg; run_ffmpeg({arguments!r})"
    parent = subprocess.Popen([sys.executable, "-c", script])
    children = _wait_for(lambda: _pids_of(str(marker)) - {parent.pid})
    assert len(children) == 1
    parent.kill()
    parent.wait()
    assert _wait_for(lambda: not _pids_of(str(marker)))


def _pids_of(word: str) -> set[int]:
    if not Path("/proc").is_dir():
        pytest.skip("needs /proc to look at processes")
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if word.encode() in command and Path(find_ffmpeg()).name.encode() in command.split(b"\0")[0]:
            found.add(int(folder.name))
    return found


def _wait_for(condition):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("did not happen within 120 s")


@pytest.fixture(scope="module")
def stills(tmp_path_factory):
    """A variable frame rate as of a screen recording: two quick frames, then a still of a second, and so on."""
    path = tmp_path_factory.mktemp("stills") / "stills.mp4"
    options = RenderOptions(**SIZE, b_frames=2, frame_durations=(1.0, 1.0, 23.0), keyframe_interval=9)
    render(BOARD, path, options)
    return probe(path)


@pytest.mark.parametrize("cut", ["exact", "smart"])
def test_a_still_is_held_from_where_the_cut_starts_to_where_it_ends(tmp_path, stills, cut):
    """Frames 0, 1, 2 begin at 0, 40, 80 ms, frames 3, 4, 5 a second later."""
    result = export_clip(stills, Interval(2.5, 7.6), tmp_path / "clip.mp4", ExportSettings(cut=cut))
    seen = look_at(result.path)
    assert result.method == cut, result.notes
    assert seen.numbers == list(range(8, 24))
    assert seen.times[:3] == pytest.approx([0.0, 0.5, 0.54], abs=0.001)
    with av.open(str(result.path)) as container:
        stream = container.streams.video[0]
        assert float(stream.duration * stream.time_base) == pytest.approx(5.1, abs=0.001)
    assert (result.actual.start, result.actual.end) == (2.5, 7.6)
    assert seen.beeps == pytest.approx([0.5, 1.5, 2.5, 3.5, 4.5], abs=0.02)
    assert complaints(result.path) == ""
