"""A copy starts at a keyframe and says which, changes no packet, and shows nothing from behind the end."""

import re

import av
import pytest
from made_media import SOURCES, assert_in_step, look_at

from autoclip.errors import ParameterError
from autoclip.export.render import export_clip
from autoclip.media.ffmpeg import run_ffmpeg
from autoclip.media.probe import probe
from autoclip.settings import ExportSettings
from autoclip.timeline import Interval

COPY = ExportSettings(cut="copy")


@pytest.mark.parametrize("name", SOURCES)
def test_the_frames_are_those_the_result_names(tmp_path, source, name):
    video, truth = source(name)
    times = [float(pts * truth.time_base) for pts in truth.frame_pts]
    result = export_clip(video, Interval(times[130], times[190]), tmp_path / "clip.mp4", COPY)
    seen = look_at(result.path)
    first = min(range(len(times)), key=lambda i: abs(times[i] - result.actual.start))
    assert seen.numbers == list(range(first, first + result.frame_count))
    assert first <= 130
    assert first + result.frame_count <= 190
    assert first + result.frame_count >= 186
    assert result.commands == ()
    with av.open(str(video.path)) as container:
        keys = [i for i, frame in enumerate(container.decode(video=0)) if frame.key_frame]
    assert first == max(key for key in keys if key <= 130)
    if video.audio:
        assert_in_step(seen, count=2)


def test_what_copying_can_not_do_is_refused(tmp_path, source):
    video, _ = source("constant.mp4")
    with pytest.raises(ParameterError, match="export_height"):
        export_clip(video, Interval(1, 2), tmp_path / "clip.mp4", COPY.model_copy(update={"export_height": 90}))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cut", ["copy", "smart"])
def test_damage_that_is_copied_is_told(tmp_path, source, cut):
    video, _ = source("constant.mp4")
    with av.open(str(video.path)) as container:
        packets = [
            packet for packet in container.demux(video=0) if packet.size and 4.3 < packet.pts * packet.time_base < 6
        ]
        data = bytearray(video.path.read_bytes())
        spoiled = [packet for packet in packets if not packet.is_keyframe and packet.size > 60][::3]
        for packet in spoiled:
            data[packet.pos + packet.size - 30 : packet.pos + packet.size] = b"\xff" * 30  # within its one slice
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(data)
    settings = ExportSettings(cut=cut, encoder_preset="ultrafast")
    result = export_clip(probe(damaged), Interval(3, 8), tmp_path / "clip.mp4", settings)
    assert result.method == cut, result.notes
    (note,) = [note for note in result.notes if "damaged in the source" in note]
    found, of = map(int, re.findall(r"\d+", note))
    assert 0 < len(spoiled) // 2 <= found < of == result.frame_count
    whole = export_clip(video, Interval(3, 8), tmp_path / "whole.mp4", settings)
    assert not any("damaged" in note for note in whole.notes)


@pytest.mark.parametrize(
    "name", ["cityCC0.mpg", "tricky/vp9_odd_dims.webm", "tricky/h265_10bits.mp4", "tricky/mpeg2_mp2.ts"]
)
def test_other_codecs_are_copied_as_they_are(tmp_path, real_media, name):
    video = probe(real_media(name))
    end = min(video.duration_sec, 3.0)
    result = export_clip(video, Interval(0, end), tmp_path / "clip.mp4", COPY)
    assert probe(result.path).video.codec == video.video.codec
    assert result.path.suffix == (".mkv" if "mpeg2" in video.video.codec else ".mp4")


@pytest.mark.parametrize(
    "coding", ["prores_ks", "dnxhd -profile:v dnxhr_hq -pix_fmt yuv422p", "cfhd -pix_fmt yuv422p10le"]
)
def test_the_codecs_of_editing_programs_are_copied_to_quicktime(tmp_path, source, coding):
    film, _ = source("constant.mp4")
    path = tmp_path / "film.mov"
    run_ffmpeg(["-t", "2", "-i", str(film.path), "-c:v", *coding.split(), "-c:a", "pcm_s16le", str(path)])
    result = export_clip(probe(path), Interval(0.4, 1.2), tmp_path / "clip.mp4", COPY)
    assert result.path.suffix == ".mov"
    assert look_at(result.path).numbers == list(range(10, 30))


def test_a_long_last_frame_keeps_its_length_in_matroska(tmp_path, source):
    film, _ = source("constant.mp4")
    path = tmp_path / "screen.webm"
    still = ["-vf", "select=not(between(n\\,30\\,44))", "-fps_mode", "passthrough"]
    coding = ["-c:v", "libvpx", "-g", "20", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"]
    run_ffmpeg(["-t", "3", "-i", str(film.path), *still, *coding, str(path)])
    result = export_clip(probe(path), Interval(0.0, 1.8), tmp_path / "clip.mp4", COPY)
    assert result.path.suffix == ".mkv"
    assert look_at(result.path).numbers == list(range(30))
    assert result.actual == Interval(0.0, 1.8)
