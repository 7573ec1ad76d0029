"""Recorders keep game, microphone and chat apart: the track that counts is named."""

from fractions import Fraction

import av
import numpy as np
import pytest

from autoclip.errors import ParameterError
from autoclip.export.compound.render import SourceSpan, export_compound
from autoclip.export.render import export_clip
from autoclip.extraction import extract
from autoclip.media.audio_tracks import with_analysis_audio
from autoclip.media.decoding.audio import samples_of
from autoclip.media.decoding.ranges import decode_audio
from autoclip.media.decoding.speech_audio import audio_chunks
from autoclip.media.ffmpeg import run_ffmpeg
from autoclip.media.probe import probe
from autoclip.settings import ExportSettings, Settings
from autoclip.timeline import Interval

RATE = 16_000
TRACKS = (("Game", "eng"), ("Microphone", "deu"), ("Voice chat", "fra"))


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """Ten seconds with three tracks: noise all along, a shout at 4 s, silence."""
    path = tmp_path_factory.mktemp("tracks") / "stream.mkv"
    times = np.arange(10 * RATE) / RATE
    noise = np.random.default_rng(1).normal(scale=0.1, size=times.size)
    shout = 0.8 * np.sin(2 * np.pi * 440 * times) * ((times >= 4) & (times < 5))
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=10, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 160, 90, "yuv420p"
        sounds = []
        for title, language in TRACKS:
            sound = container.add_stream("aac", rate=RATE, layout="mono")
            sound.metadata.update({"title": title, "language": language})
            sounds.append(sound)
        for number in range(100):
            picture = np.full((90, 160, 3), 60 + number % 7 * 10, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(video.encode(None))
        for sound, samples in zip(sounds, (noise, shout, 0 * shout), strict=True):
            frame = av.AudioFrame.from_ndarray(samples[None].astype(np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), 0
            container.mux(sound.encode(frame))
            container.mux(sound.encode(None))
    return probe(path)


def loudest_sec(video, wanted):
    settings = Settings.from_flat({"analysis_audio": wanted}).extraction
    features = extract(video.path, video, settings)
    levels = np.nan_to_num(features.series["loudness_lufs"], nan=-100.0)
    return features.grid.times[int(levels.argmax())] if np.ptp(levels) > 10 else None


@pytest.mark.parametrize("wanted", ["2", "language:deu", "title:microphone", "title: MICROPHONE "])
def test_the_track_that_is_named_is_measured(recording, wanted):
    assert 3.5 <= loudest_sec(recording, wanted) <= 5.5


@pytest.mark.parametrize(
    ("mix", "loudest"), [("1=-60,title:Microphone=0", (3.5, 5.5)), ("language:deu=-60, 3=0", (3.5, 5.5)), ("3=0", None)]
)
def test_a_mix_is_measured(recording, mix, loudest):
    found = loudest_sec(recording, mix)
    assert found is None if loudest is None else loudest[0] <= found <= loudest[1]


def test_a_mix_is_the_sum_of_its_tracks_wherever_they_begin(tmp_path):
    """Mono from the start, stereo from 3 s on, six channels at three times the rate with a tone above the mix's."""
    tones = []
    with av.open(str(tmp_path / "tracks.mkv"), "w") as container:
        video = container.add_stream("libx264", rate=10, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 160, 90, "yuv420p"
        layouts = (("mono", RATE, 0), ("stereo", RATE, 3), ("5.1", 3 * RATE, 0))
        sounds = [container.add_stream("flac", rate=rate, layout=layout) for layout, rate, _ in layouts]
        for _ in range(50):
            container.mux(video.encode(av.VideoFrame.from_ndarray(np.zeros((90, 160, 3), np.uint8))))
        container.mux(video.encode(None))
        for sound, (layout, rate, late) in zip(sounds, layouts, strict=True):
            channels = sound.layout.nb_channels
            samples = np.zeros((channels, (5 - late) * rate))
            samples[0] = 0.1 * np.sin(2 * np.pi * 50 * (1 + len(tones)) * np.arange(samples.shape[1]) / rate)
            tones.append(np.pad(samples[0, :: rate // RATE], (late * RATE, 0)))
            if rate > RATE:
                samples[0] += 0.1 * np.sin(2 * np.pi * 20_000 * np.arange(samples.shape[1]) / rate)
            packed = np.ascontiguousarray((samples * 32767).astype(np.int16).T).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(packed, format="s16", layout=layout)
            frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), late * rate
            container.mux(sound.encode(frame))
            container.mux(sound.encode(None))
    mixed = with_analysis_audio(probe(tmp_path / "tracks.mkv"), "1=0,2=-6.0206,3=6.0206")
    heard = np.zeros((2, 5 * RATE))
    for block in decode_audio(mixed):
        assert (block.rate, block.channels) == (RATE, ("FL", "FR"))
        heard[:, block.start : block.start + block.samples.shape[1]] += block.samples
    inner = slice(RATE // 100, -RATE // 100)  # the resampler knows nothing beyond the ends
    assert heard[0, inner] == pytest.approx((tones[0] + 0.5 * tones[1] + 2 * tones[2])[inner], abs=0.003)
    assert heard[1] == pytest.approx(tones[0], abs=0.003)
    (chunk,) = audio_chunks(mixed, Interval(2, 4), RATE)
    assert chunk.samples == pytest.approx(heard[:, 2 * RATE : 4 * RATE].mean(axis=0), abs=0.003)


def test_a_track_is_mixed_once(recording):
    with pytest.raises(ParameterError, match="name each track once"):
        with_analysis_audio(recording, "2=0,title:Microphone=-3")


def test_others_are_not(recording):
    assert loudest_sec(recording, "language:fra") is None


@pytest.mark.parametrize("wanted", ["4", "language:jpn", "title:Mic"])
def test_a_track_that_is_not_there_is_refused_with_those_that_are(recording, wanted):
    with pytest.raises(ParameterError, match=r"has no audio track .*1 eng 'Game'; 2 deu 'Microphone'"):
        with_analysis_audio(recording, wanted)
    settings = ExportSettings.from_flat({"audio_tracks": wanted})
    with pytest.raises(ParameterError, match="no readable audio track"):
        export_clip(recording, Interval(1, 2), recording.path.parent / "x.mp4", settings)


@pytest.mark.parametrize("wanted", ["", "0", "loud", "title:", "language:", "1.5", "all", "1,2", "1=0,2", "1=99"])
def test_what_names_no_single_track_is_refused(wanted):
    with pytest.raises(ParameterError, match="analysis_audio"):
        Settings.from_flat({"analysis_audio": wanted})


def test_exports_keep_tracks_by_name_in_the_order_asked_for(recording, tmp_path):
    settings = ExportSettings.from_flat({
        "audio_tracks": "title:Voice chat, language:eng,2",
        "encoder_preset": "ultrafast",
    })  # fmt: skip
    result = export_clip(recording, Interval(1, 3), tmp_path / "clip.mp4", settings)
    with av.open(str(result.path)) as container:
        assert [stream.metadata["language"] for stream in container.streams.audio] == ["fra", "eng", "deu"]


def sound_of(path):
    """The sound of a file, mono, and its rate."""
    with av.open(str(path)) as container:
        (stream,) = container.streams.audio
        samples = np.concatenate([frame.to_ndarray().mean(axis=0) for frame in container.decode(stream)])
        return samples, stream.rate


def level_db(samples):
    return 20 * np.log10(max(float(np.sqrt(np.mean(np.square(samples)))), 1e-6))


@pytest.mark.parametrize("cut", ["exact", "copy"])
def test_a_mix_has_each_track_at_its_gain_and_in_its_place(recording, tmp_path, cut):
    settings = ExportSettings.from_flat({
        "audio_mix": "title:Game=-20, title:Microphone=-6",
        "encoder_preset": "ultrafast",
        "cut": cut,
    })  # fmt: skip
    asked = Interval(0, 7) if cut == "copy" else Interval(3, 7)
    result = export_clip(recording, asked, tmp_path / "mix.mp4", settings)
    samples, rate = sound_of(result.path)
    at = lambda start, end: samples[round((start - asked.start) * rate) : round((end - asked.start) * rate)]  # noqa: E731
    assert rate == 48_000
    assert level_db(at(3.2, 3.8)) == pytest.approx(-20 - 20, abs=1.5)
    assert level_db(at(4.2, 4.8)) == pytest.approx(20 * np.log10(0.8 / np.sqrt(2)) - 6, abs=1.5)
    assert level_db(at(5.2, 5.8)) == pytest.approx(-20 - 20, abs=1.5)
    loud = np.flatnonzero(np.abs(samples) > 0.2)
    assert loud[0] / rate + asked.start == pytest.approx(4.0, abs=0.02)


def test_a_mix_does_not_clip_and_is_leveled(recording, tmp_path):
    mix = {"audio_mix": "title:Game=20,title:Microphone=20", "encoder_preset": "ultrafast"}
    result = export_clip(recording, Interval(3, 7), tmp_path / "loud.mp4", ExportSettings.from_flat(mix))
    assert np.abs(sound_of(result.path)[0]).max() <= 1.05
    leveled = ExportSettings.from_flat({**mix, "normalize_loudness": True, "target_lufs": -20.0})
    result = export_clip(recording, Interval(3, 7), tmp_path / "leveled.mp4", leveled)
    assert any("to -20 LUFS" in note for note in result.notes)


def test_a_compound_is_mixed_too(recording, tmp_path):
    settings = ExportSettings.from_flat({"audio_mix": "1=-20,2=-6", "encoder_preset": "ultrafast"})
    items = [SourceSpan(recording, Interval(4, 5)), SourceSpan(recording, Interval(6, 7))]
    samples, rate = sound_of(export_compound(items, tmp_path / "both.mp4", settings).path)
    assert level_db(samples[round(0.2 * rate) : round(0.8 * rate)]) == pytest.approx(-11, abs=1.5)
    assert level_db(samples[round(1.2 * rate) : round(1.8 * rate)]) == pytest.approx(-40, abs=1.5)


@pytest.mark.parametrize("mix", ["1", "1=loud", "1=-61", "0=1", "title:A=", "1=nan", "all=0", "1=0;2=0"])
def test_what_is_no_mix_is_refused(mix):
    with pytest.raises(ParameterError, match="audio_mix"):
        ExportSettings.from_flat({"audio_mix": mix})


@pytest.mark.parametrize("codec", ["aac", "flac", "pcm_s16le"])
def test_each_of_eight_channels_is_read(tmp_path, codec):
    levels = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    tones = "|".join(f"{level}*sin(2500*t)" for level in levels)
    path = tmp_path / "sound.mka"
    run_ffmpeg(["-f", "lavfi", "-i", f"aevalsrc={tones}:c=7.1:s=48000:d=1", "-c:a", codec, "-b:a", "512k", str(path)])
    with av.open(str(path)) as container:
        samples = np.concatenate([samples_of(frame) for frame in container.decode(audio=0)], axis=1)
    heard = np.sqrt(2 * np.mean(samples[:, 4800:43200] ** 2, axis=1))
    louder = np.delete(np.arange(8), 3)  # AAC keeps only the lowest tones of the subwoofer
    assert samples.dtype == np.float32
    assert heard[louder] == pytest.approx(levels[louder], rel=0.1)
