"""Recorders keep game, microphone and chat apart: the track that counts is named."""

from fractions import Fraction

import av
import numpy as np
import pytest

from autoclip.errors import ParameterError
from autoclip.export.render import export_clip
from autoclip.extraction import extract
from autoclip.media.audio_tracks import with_analysis_audio
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


def test_others_are_not(recording):
    assert loudest_sec(recording, "language:fra") is None


@pytest.mark.parametrize("wanted", ["4", "language:jpn", "title:Mic"])
def test_a_track_that_is_not_there_is_refused_with_those_that_are(recording, wanted):
    with pytest.raises(ParameterError, match=r"has no audio track .*1 eng 'Game'; 2 deu 'Microphone'"):
        with_analysis_audio(recording, wanted)
    settings = ExportSettings.from_flat({"audio_tracks": wanted})
    with pytest.raises(ParameterError, match="no readable audio track"):
        export_clip(recording, Interval(1, 2), recording.path.parent / "x.mp4", settings)


@pytest.mark.parametrize("wanted", ["", "0", "loud", "title:", "language:", "1.5", "all", "1,2"])
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
