"""A burned-in caption is there from its first word on and gone after, inside the safe area, in every kind of export."""

import os
from fractions import Fraction
from itertools import islice

import av
import numpy as np
import pytest

from autoclip.errors import ParameterError
from autoclip.export.compound.render import SourceSpan, export_compound
from autoclip.export.platforms import PLATFORMS
from autoclip.export.render import export_clip
from autoclip.media.probe import probe
from autoclip.settings import ExportSettings
from autoclip.speech.transcript import Transcript, Word, spread
from autoclip.timeline import Interval

RATES = {"25": Fraction(25), "59.94": Fraction(60000, 1001)}
SHOWN = 40
"""Levels of luma above an even gray background from which letters are seen."""


def gray_video(path, rate, size=(480, 270), seconds=8.6):
    """Encode an even gray picture: whatever is brighter or darker was drawn on it."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": "20", "g": "30", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.time_base = 1 / rate
        picture = np.full((size[1], size[0], 3), 110, np.uint8)
        for number in range(int(seconds * rate)):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return probe(path)


@pytest.fixture(scope="module", params=RATES.values(), ids=RATES.keys())
def video(request, tmp_path_factory):
    return gray_video(tmp_path_factory.mktemp("gray") / "gray.mp4", request.param)


@pytest.fixture(scope="module")
def at_25(tmp_path_factory):
    return gray_video(tmp_path_factory.mktemp("gray") / "gray.mp4", RATES["25"])


def transcript(*spoken):
    """Make a transcript of ``(start, end, text)``."""
    return Transcript(tuple(w for start, end, text in spoken for w in spread(text, start, end)), "en", "test")


TALK = transcript((2.13, 3.61, "We moved the deadline."), (6.02, 7.4, "Nobody had noticed."))


def frames(path, every=1):
    """Return times of frames and their luma, shape ``(n, height, width)``; of each one in `every` only."""
    with av.open(str(path)) as container:
        decoded = [
            (float(f.time), f.reformat(format="gray").to_ndarray())
            for f in islice(container.decode(video=0), 0, None, every)
        ]
    return np.array([time for time, _ in decoded]), np.stack([luma for _, luma in decoded]).astype(np.int16)


def has_text(lumas):
    """Tell of each frame whether letters are in it."""
    background = np.int16(np.median(lumas[:, ::8, ::8]))
    return (abs(lumas - background) > SHOWN).sum(axis=(1, 2)) > 50


def appearances(path):
    """Return the times at which captions appear and vanish."""
    times, lumas = frames(path)
    seen = np.concatenate([[False], has_text(lumas), [False]])
    ends = [*times, times[-1] + (times[1] - times[0])]
    return [ends[i] for i in np.flatnonzero(np.diff(seen.astype(int)) == 1)], [
        ends[i] for i in np.flatnonzero(np.diff(seen.astype(int)) == -1)
    ]


def assert_shown(path, spoken, frame_sec):
    """Check that captions appear with each start, are there to the end of what is spoken, and are gone soon after."""
    starts, ends = appearances(path)
    assert starts == pytest.approx([start for start, _ in spoken], abs=frame_sec + 1e-6)
    for shown_until, (_, end) in zip(ends, spoken, strict=True):
        assert end - frame_sec <= shown_until <= end + 0.9


@pytest.mark.parametrize("style", ["plain", "karaoke"])
def test_a_caption_appears_with_its_first_word_and_goes(tmp_path, video, style):
    result = export_clip(
        video,
        Interval(1.0, 8.5),
        tmp_path / "clip.mp4",
        ExportSettings(encoder_preset="ultrafast", captions=style),
        transcript=TALK,
    )
    assert_shown(result.path, [(1.13, 2.61), (5.02, 6.4)], 1 / float(video.video.average_rate))
    assert result.notes == ()


def test_a_smart_cut_with_captions_becomes_exact_and_says_why(tmp_path, video):
    settings = ExportSettings(encoder_preset="ultrafast", captions="plain", cut="smart")
    result = export_clip(video, Interval(1.0, 8.5), tmp_path / "clip.mp4", settings, transcript=TALK)
    assert result.method == "exact"
    assert "captions" in result.notes[0]
    assert_shown(result.path, [(1.13, 2.61), (5.02, 6.4)], 1 / float(video.video.average_rate))


@pytest.mark.parametrize(("crossfade", "cut"), [(0.4, "exact"), (0.0, "smart")])
def test_a_compound_shows_the_words_of_each_item_at_its_place(tmp_path, video, crossfade, cut):
    items = [
        SourceSpan(video, Interval(5.0, 8.0), TALK),
        SourceSpan(video, Interval(1.0, 5.0), TALK),
        SourceSpan(video, Interval(5.0, 8.5), TALK),
    ]
    settings = ExportSettings(encoder_preset="ultrafast", captions="plain", crossfade_sec=crossfade, cut=cut)
    result = export_compound(items, tmp_path / "all.mp4", settings)
    second, third = 3.0 - crossfade, 7.0 - 2 * crossfade
    spoken = [(1.02, 2.4), (second + 1.13, second + 2.61), (third + 1.02, third + 2.4)]
    assert_shown(result.path, spoken, 1 / float(video.video.average_rate))
    assert result.method == "exact"


def test_a_caption_that_is_shown_through_a_crossfade_does_not_flicker(tmp_path, at_25):
    talk = transcript((0.5, 4.0, "This is said all the way through."))
    items = [SourceSpan(at_25, Interval(0.0, 3.0), talk), SourceSpan(at_25, Interval(2.5, 6.0), talk)]
    settings = ExportSettings(encoder_preset="ultrafast", captions="plain", crossfade_sec=1.0)
    starts, ends = appearances(export_compound(items, tmp_path / "all.mp4", settings).path)
    assert len(starts) <= 2
    assert len(ends) == len(starts)


def test_the_spoken_word_alone_is_marked(tmp_path, at_25):
    talk = transcript((1.0, 2.0, "one"), (2.0, 3.0, "two"))
    settings = ExportSettings(encoder_preset="ultrafast", captions="karaoke")
    result = export_clip(at_25, Interval(0.0, 5.0), tmp_path / "clip.mp4", settings, transcript=talk)
    with av.open(str(result.path)) as container:
        pictures = {round(float(f.time), 2): f.to_ndarray(format="rgb24") for f in container.decode(video=0)}

    def yellow_at(time):
        red, green, blue = (pictures[time][..., c].astype(int) for c in range(3))
        return np.flatnonzero(((red - blue > 120) & (green - blue > 80)).sum(axis=0) > 2)

    assert yellow_at(1.52).mean() < 240 < yellow_at(2.52).mean()
    assert yellow_at(0.52).size == 0


@pytest.mark.parametrize(
    ("platform", "shape"),
    [*((platform, "original") for platform in PLATFORMS), ("none", "square"), ("none", "vertical")],
)
def test_captions_stay_inside_the_safe_area(tmp_path, at_25, platform, shape):
    long = transcript(
        (
            0.1,
            0.9,
            "Wherever extraordinary Rechtsschutzversicherungsgesellschaften materialize, communication helps.",
        )
    )
    settings = ExportSettings(encoder_preset="ultrafast", captions="boxed", platform=platform, shape=shape)
    result = export_clip(at_25, Interval(0.0, 3.2), tmp_path / "clip.mp4", settings, transcript=long)
    _, lumas = frames(result.path, every=10)
    drawn = (abs(lumas - 110) > SHOWN).any(axis=0)
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    height, width = drawn.shape
    area = PLATFORMS[platform].safe_area if platform != "none" and height > width else None
    bottom, left, right = (area.bottom, area.left, area.right) if area else (0.05, 0.05, 0.05)
    box = 0.02 * height
    assert rows.size
    assert rows[-1] <= height * (1 - bottom) + box
    assert columns[0] >= width * left - box
    assert columns[-1] <= width * (1 - right) + box
    assert rows[0] >= height * 0.3


LANGUAGES = {
    "German": "Größere Städte brauchen bessere Züge.",
    "Japanese": "今日はとても良い天気ですね。",
    "Arabic": "مرحبا بكم في هذا الدرس.",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_are_drawn_with_letters_of_their_own(tmp_path, at_25, language):
    settings = ExportSettings(encoder_preset="ultrafast", captions="plain")
    spoken = transcript((1.0, 3.0, LANGUAGES[language]))
    result = export_clip(at_25, Interval(0.0, 5.0), tmp_path / "clip.mp4", settings, transcript=spoken)
    missing = [note for note in result.notes if "no font" in note]
    if missing and os.environ.get("TEST_PROGRAMS") != "required":
        pytest.skip(missing[0])
    assert missing == []
    assert_shown(result.path, [(1.0, 3.0)], 1 / 25)


def test_arabic_runs_from_right_to_left(tmp_path, at_25):
    """The first word that is marked is the rightmost one."""
    words = (Word(1.0, 2.0, "مرحبا"), Word(2.0, 3.0, "بكم"))
    settings = ExportSettings(encoder_preset="ultrafast", captions="karaoke")
    spoken = Transcript(words, "ar", "test")
    result = export_clip(at_25, Interval(0.0, 4.0), tmp_path / "clip.mp4", settings, transcript=spoken)
    with av.open(str(result.path)) as container:
        pictures = {
            round(float(f.time), 2): f.to_ndarray(format="rgb24").astype(int) for f in container.decode(video=0)
        }

    def marked_at(time):
        return np.flatnonzero((pictures[time][..., 0] - pictures[time][..., 2] > 100).any(axis=0)).mean()

    assert marked_at(1.52) > marked_at(2.52)


def test_letters_that_no_font_has_are_told(tmp_path, at_25):
    settings = ExportSettings(encoder_preset="ultrafast", captions="plain")
    spoken = transcript((1.0, 2.0, "\U000e01a0 \U0001fbff\u0ad0 \U00016a40 \U000fffff x"))
    result = export_clip(at_25, Interval(0.0, 3.0), tmp_path / "clip.mp4", settings, transcript=spoken)
    assert any("no font of this machine has" in note for note in result.notes)


def test_captions_without_a_transcript_are_refused(tmp_path, at_25):
    settings = ExportSettings(encoder_preset="ultrafast", captions="plain")
    with pytest.raises(ParameterError, match="there is no transcript"):
        export_clip(at_25, Interval(0, 2), tmp_path / "clip.mp4", settings)
    with pytest.raises(ParameterError, match="there is no transcript"):
        export_compound([SourceSpan(at_25, Interval(0, 2))], tmp_path / "clip.mp4", settings)


def test_a_clip_nobody_speaks_in_is_exported_and_says_so(tmp_path, at_25):
    settings = ExportSettings(encoder_preset="ultrafast", captions="plain")
    result = export_clip(at_25, Interval(0.0, 1.5), tmp_path / "clip.mp4", settings, transcript=TALK)
    assert "nobody speaks" in result.notes[0]
    assert appearances(result.path) == ([], [])


def test_braces_and_backslashes_are_shown_not_obeyed(tmp_path, at_25):
    settings = ExportSettings(encoder_preset="ultrafast", captions="plain")
    spoken = transcript((1.0, 2.0, r"{\alpha&HFF&}hidden \N {x"))
    result = export_clip(at_25, Interval(0.0, 3.0), tmp_path / "clip.mp4", settings, transcript=spoken)
    assert len(appearances(result.path)[0]) == 1
