"""What becomes of sound that is awkward to keep, and of what headers say."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import numpy as np
import pytest
from made_media import look_at

from autoclip.errors import ParameterError
from autoclip.export.compound.render import SourceSpan, export_compound
from autoclip.export.cuts.h264 import read_parameter_sets
from autoclip.export.render import export_clip
from autoclip.media.ffmpeg import run_ffmpeg
from autoclip.media.probe import probe
from autoclip.settings import ExportSettings
from autoclip.timeline import Interval

FAST = ExportSettings(encoder_preset="ultrafast")
SMART = FAST.updated({"cut": "smart"})


@pytest.fixture
def remade(source, tmp_path):
    """Make a file of the picture of a source, with options for the rest."""

    def make(name: str, *options: str, container: str = "matroska", inputs: tuple[str, ...] = ()):
        video, _ = source("constant.mp4")
        path = tmp_path / name
        run_ffmpeg(
            ["-i", str(video.path), *inputs, "-map", "0:v", "-c:v", "copy", *options, "-f", container, str(path)]
        )
        return probe(path)

    return make


def samples_of(path: Path, track: int = 0) -> np.ndarray:
    """First channel of a track, from the file's time 0."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=track))
    samples = np.concatenate([frame.to_ndarray().reshape(len(frame.layout.channels), -1)[0] for frame in frames])
    return samples[max(0, round(-frames[0].time * frames[0].sample_rate)) :].astype(np.float64)


def level_dbfs(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(samples**2) + 1e-12))


@pytest.mark.parametrize(
    ("codec", "bit_rate"),
    [("libmp3lame", "32k"), ("libmp3lame", "128k"), ("libopus", "48k"), ("aac", "64k"), ("ac3", "96k")],
)
@pytest.mark.parametrize("cut", ["smart", "copy"])
def test_copied_sound_is_there_from_the_first_moment(remade, tmp_path, codec, bit_rate, cut):
    """A loud even tone: any silence at the start shows."""
    tone = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=12")
    video = remade("tone.mp4", "-map", "1:a", "-c:a", codec, "-b:a", bit_rate, container="mp4", inputs=tone)
    result = export_clip(video, Interval(4.32, 8.0), tmp_path / "clip.mp4", SMART.updated({"cut": cut}))
    heard = samples_of(result.path)
    loud = level_dbfs(heard[48_000:96_000])
    for start in range(0, 4800, 480):
        assert level_dbfs(heard[start : start + 480]) > loud - 3, f"silent at {start / 48:.0f} ms"


@pytest.mark.parametrize("cut", ["smart", "copy"])
def test_mp3_of_a_rate_that_mp4_lacks_is_encoded(remade, tmp_path, cut):
    video = remade("low.mkv", "-map", "0:a", "-c:a", "libmp3lame", "-ar", "11025")
    result = export_clip(video, Interval(3.0, 5.0), tmp_path / "clip.mp4", SMART.updated({"cut": cut}))
    assert (result.method, probe(result.path).audio.codec) == (cut, "aac")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_copied_sound_behind_a_gap_is_whole(source, tmp_path, suffix):
    """As in a recording of a stream that broke: the sound from 2.5 to 4.5 s is missing."""
    path = tmp_path / f"gap{suffix}"
    with av.open(str(source("constant.mp4")[0].path)) as film, av.open(str(path), "w") as gap:
        streams = [gap.add_stream_from_template(stream) for stream in film.streams]
        for packet in film.demux():
            if packet.dts is not None and not (
                packet.stream.type == "audio" and 2.5 < packet.pts * packet.time_base < 4.5
            ):
                packet.stream = streams[packet.stream_index]
                gap.mux(packet)
    made = export_clip(probe(path), Interval(4.0, 7.0), tmp_path / "clip.mp4", FAST.updated({"cut": "copy"})).path
    with av.open(str(made)) as clip:
        loud = [frame.time for frame in clip.decode(audio=0) if np.abs(frame.to_ndarray()).max() > 0.1]
    assert min(loud) == pytest.approx(1.0, abs=0.025)


def test_a_header_that_contradicts_the_parameter_sets_is_mended(source, tmp_path):
    """The record of the ten-minute film says 4:4:4; its sequence parameter set says 4:2:0, and that is decoded by."""
    video, _ = source("constant.mp4")
    data = bytearray(video.path.read_bytes())
    with av.open(str(video.path)) as container:
        record = container.streams.video[0].codec_context.extradata
    place = data.index(record)
    assert record[-4:] == b"\xfd\xf8\xf8\x00"
    for name, wrong in (("chroma.mp4", b"\xff\xf8\xf8\x00"), ("depth.mp4", b"\xfd\xfa\xfa\x00")):
        data[place + len(record) - 4 : place + len(record)] = wrong
        path = tmp_path / name
        path.write_bytes(data)
        result = export_clip(probe(path), Interval(3.0, 9.0), tmp_path / f"out-{name}", SMART)
        assert (result.method, look_at(result.path).numbers) == ("smart", list(range(75, 225)))
        with av.open(str(result.path)) as made:
            assert read_parameter_sets(made.streams.video[0].codec_context.extradata).trailer == b"\xfd\xf8\xf8\x00"
            assert made.streams.video[0].codec_context.extradata[-4:] == b"\xfd\xf8\xf8\x00"


@pytest.mark.parametrize("cut", ["smart", "copy"])
def test_a_copied_picture_that_players_turn_says_so(remade, tmp_path, source, cut):
    video, _ = source("constant.mp4")
    path = tmp_path / "turned.mp4"
    run_ffmpeg(["-display_rotation", "90", "-i", str(video.path), "-c", "copy", "-f", "mp4", str(path)])
    turned = probe(path)
    assert turned.video.rotation
    result = export_clip(turned, Interval(3.0, 6.0), tmp_path / "clip.mp4", SMART.updated({"cut": cut}))
    assert any(f"rotated by {turned.video.rotation} degrees by the player" in note for note in result.notes)
    made = probe(result.path).video
    assert (made.rotation, made.display_width, made.display_height) == (turned.video.rotation, 180, 320)
    exact = export_clip(turned, Interval(3.0, 4.0), tmp_path / "exact.mp4", FAST)
    assert (probe(exact.path).video.rotation, exact.notes) == (0, ())


def test_all_tracks_keep_their_titles_and_one_without_decoder_is_named(remade, tmp_path):
    """A track of a codec nobody knows: its name in the file is overwritten."""
    tracks = [word for _ in range(3) for word in ("-map", "0:a")]
    names = ('Director\'s cut; "final"', "Kommentar 🎬", "Lost")
    titles = [word for number, name in enumerate(names) for word in (f"-metadata:s:a:{number}", f"title={name}")]
    video = remade("three.mkv", *tracks, *titles, "-c:a:0", "aac", "-c:a:1", "flac", "-c:a:2", "libopus")
    data = video.path.read_bytes()
    assert data.count(b"A_OPUS") == 1
    video.path.write_bytes(data.replace(b"A_OPUS", b"A_OPUX"))
    video = probe(video.path)
    for cut in ("exact", "smart", "copy"):
        settings = FAST.updated({"cut": cut, "audio_tracks": "all"})
        result = export_clip(video, Interval(1.0, 3.0), tmp_path / f"{cut}.mp4", settings)
        assert any("audio track 3 has no decoder here and is left out" in note for note in result.notes)
        with av.open(str(result.path)) as container:
            assert [stream.metadata.get("name") for stream in container.streams.audio] == list(names[:2])
    with pytest.raises(ParameterError, match="of which 2 can be decoded"):
        export_clip(video, Interval(1.0, 3.0), tmp_path / "x.mp4", FAST.updated({"audio_tracks": "3"}))
    items = [SourceSpan(video, Interval(1.0, 2.0)), SourceSpan(video, Interval(3.0, 4.0))]
    notes = export_compound(items, tmp_path / "all.mp4", FAST.updated({"audio_tracks": "all"})).notes
    assert any("one audio track" in note for note in notes)
    assert any("audio track 3" in note for note in notes)


@pytest.mark.parametrize(
    ("tone", "level_db"),
    [
        ("sine=frequency=1000", -40),
        ("sine=frequency=1000", -9),
        ("anoisesrc=color=pink:amplitude=0.5:seed=3", -30),
        (r"aevalsrc=exprs=(0.1+0.8*lt(mod(t\,2)\,0.05))*sin(2000*t)", 0),  # whose peaks must not rise
    ],
)
def test_even_sound_comes_to_its_loudness(remade, tmp_path, level_db, tone):
    even = ("-f", "lavfi", "-i", f"{tone}:sample_rate=48000:duration=12")
    video = remade("even.mkv", "-map", "1:a", "-af", f"volume={level_db}dB", "-c:a", "pcm_s16le", inputs=even)
    settings = FAST.updated({"normalize_loudness": True})
    result = export_clip(video, Interval(1.0, 11.0), tmp_path / "clip.mp4", settings)
    measured = run_ffmpeg(["-loglevel", "info", "-i", str(result.path), "-af", "ebur128", "-f", "null", "-"])
    integrated = float(measured.log.rpartition("I:")[2].split()[0])
    assert integrated == pytest.approx(settings.target_lufs, abs=0.2)


@pytest.mark.parametrize(
    ("layout", "count", "ways"),
    [
        ("24c", 24, (FAST, SMART)),
        ("22.2", 24, (FAST.updated({"normalize_loudness": True}),)),
        ("10c", 10, (FAST.updated({"platform": "x"}),)),
    ],
)
def test_more_channels_than_aac_takes_are_mixed_down(remade, tmp_path, layout, count, ways):
    pan = f"pan={layout}|" + "|".join(f"c{number}=c0" for number in range(count))
    container = "mov" if layout == "10c" else "matroska"
    video = remade("many.bin", "-map", "0:a", "-af", pan, "-c:a", "pcm_s16le", container=container)
    for settings in ways:
        result = export_clip(video, Interval(1.0, 4.0), tmp_path / "clip.mp4", settings)
        assert any(f"{count} channels are mixed down to stereo" in note for note in result.notes)
        made, seen = probe(result.path), look_at(result.path)
        assert made.audio.channels == 2
        assert seen.beeps == pytest.approx([0.0, 1.0, 2.0], abs=0.02)
    items = [SourceSpan(video, Interval(1.0, 2.0)), SourceSpan(video, Interval(3.0, 4.0))]
    assert probe(export_compound(items, tmp_path / "all.mp4", FAST).path).audio.channels == 2


@pytest.mark.parametrize("size", ["18:2000", "2000:18", "2:2", "1:1"])
def test_strange_shapes_are_rendered_or_refused_with_the_reason(remade, source, tmp_path, size):
    film, _ = source("constant.mp4")
    path = tmp_path / "strange.mkv"
    run_ffmpeg(
        ["-i", str(film.path), "-vf", f"scale={size},setsar=1", "-c:v", "ffv1", "-t", "2", "-f", "matroska", str(path)]
    )
    video = probe(path)
    for changes in (
        {},
        {"shape": "vertical"},
        {"shape": "square", "framing": "blur"},
        {"video_codec": "h265"},
        {"export_height": 720},
    ):
        try:
            made = export_clip(video, Interval(0.5, 1.0), tmp_path / "clip.mp4", FAST.updated(changes))
        except ParameterError as error:
            assert "can't be encoded in" in str(error)  # noqa: PT017
            assert changes.keys() & {"video_codec", "export_height"}
        else:
            assert probe(made.path).duration_sec == pytest.approx(0.5, abs=0.05)


def test_a_record_of_old_files_has_no_formats(source):
    """Baseline says nothing of chroma, and gets nothing added."""
    video, _ = source("constant.mp4")
    with av.open(str(video.path)) as container:
        sets = read_parameter_sets(container.streams.video[0].codec_context.extradata)
    assert sets.record().endswith(b"\xfd\xf8\xf8\x00")
    plain = bytes([7 | 0x60, 66, 0, 30, 0x95, 0xA0])
    record = b"\x01\x42\x00\x1e\xff\xe1" + struct.pack(">H", len(plain)) + plain + b"\x01\x00\x02\x68\xce"
    assert read_parameter_sets(record).record() == record
