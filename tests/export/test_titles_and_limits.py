"""What is drawn over a clip, and what is done to fit it to a platform."""

from dataclasses import replace

import av
import numpy as np
import pytest
from made_media import look_at

from autoclip.errors import ExportError, ParameterError
from autoclip.export.compound.render import SourceSpan, export_compound
from autoclip.export.platforms import PLATFORMS, fitted_interval
from autoclip.export.render import export_clip
from autoclip.media.ffmpeg import find_ffmpeg
from autoclip.settings import ExportSettings
from autoclip.speech.transcript import Transcript, Word
from autoclip.timeline import Interval

QUICK = ExportSettings(encoder_preset="ultrafast")


def pictures(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="gray").astype(int) for frame in container.decode(video=0)]


def drawn_over(after, before):
    """Pixels of the upper half that were changed."""
    return (np.abs(after[:90] - before[:90]) > 50).sum()


@pytest.fixture(scope="module")
def plain(source):
    return source("silent.mp4")[0]


def top_added(plain, tmp_path, **changes):
    """Pixels that a setting changes in the upper half of each frame."""
    span = Interval(1.2, 3.2)
    bare = pictures(export_clip(plain, span, tmp_path / "bare.mp4", QUICK).path)
    drawn = export_clip(plain, span, tmp_path / "drawn.mp4", QUICK.model_copy(update=changes))
    seen = pictures(drawn.path)
    assert len(seen) == len(bare) == 50
    return [drawn_over(after, before) for before, after in zip(bare, seen, strict=True)]


def test_a_title_is_at_the_top_for_as_long_as_asked(plain, tmp_path):
    added = top_added(plain, tmp_path, title="Ace: 5 {\\b1}kills, 'again'", title_sec=1.0)
    assert min(added[:18]) > 100
    assert max(added[26:]) < 30


def test_a_title_may_stay_to_the_last_frame(plain, tmp_path):
    assert min(top_added(plain, tmp_path, title="Überraschung", title_sec=0)) > 100


def test_a_long_word_of_a_title_stays_inside_the_safe_area(plain, tmp_path):
    settings = QUICK.model_copy(update={"title": "Rechtsschutzversicherungsgesellschaften" * 2})
    bare, drawn = (
        pictures(export_clip(plain, Interval(1.2, 1.3), tmp_path / f"{number}.mp4", chosen).path)[0]
        for number, chosen in enumerate((QUICK, settings))
    )
    columns = np.flatnonzero((np.abs(drawn - bare) > 50).any(axis=0))
    width = bare.shape[1]
    assert 0.045 * width <= columns[0] < 0.15 * width
    assert 0.85 * width < columns[-1] <= 0.955 * width


def test_a_title_that_is_too_long_is_refused():
    with pytest.raises(ParameterError, match="at most 200"):
        ExportSettings.from_flat({"title": "x" * 201})


def test_the_bar_grows_with_the_clip(plain, tmp_path):
    settings = QUICK.model_copy(update={"progress_bar": True})
    result = export_clip(plain, Interval(1.2, 5.2), tmp_path / "bar.mp4", settings)
    rows = [np.append(picture[-1], 0) for picture in pictures(result.path)]
    lengths = np.array([np.argmax(row < 215) for row in rows])
    assert len(lengths) == 100
    # Each second flashes white all over.
    assert np.median(np.abs(lengths - np.arange(100) / 100 * 320)) <= 4


def test_a_smart_cut_says_that_it_can_not_copy_under_a_title(source, tmp_path):
    video, _ = source("constant.mp4")
    result = export_clip(
        video, Interval(1, 2), tmp_path / "x.mp4", QUICK.model_copy(update={"cut": "smart", "title": "A"})
    )
    assert "title changes every frame" in result.notes[0]


def test_a_compound_has_its_title_over_the_first_item(source, tmp_path):
    video, _ = source("silent.mp4")
    items = [SourceSpan(video, Interval(1.2, 2.2)), SourceSpan(video, Interval(3.2, 4.2))]
    bare = pictures(export_compound(items, tmp_path / "bare.mp4", QUICK).path)
    titled = QUICK.model_copy(update={"title": "Best of", "title_sec": 0.0})
    drawn = pictures(export_compound(items, tmp_path / "titled.mp4", titled).path)
    added = [drawn_over(after, before) for after, before in zip(drawn, bare, strict=True)]
    assert min(added[:25]) > 30
    assert max(added[25:]) < 30


@pytest.fixture
def narrow(monkeypatch):
    """X as if it took three seconds and files of a size that can be chosen."""

    def limit(largest_bytes=10**9):
        monkeypatch.setitem(PLATFORMS, "x", replace(PLATFORMS["x"], longest_sec=3.0, largest_bytes=largest_bytes))

    return limit


def test_a_clip_that_is_too_long_ends_after_the_last_sentence_that_fits(narrow, source, tmp_path):
    narrow()
    settings = QUICK.model_copy(update={"platform": "x", "over_limit": "fit"})
    texts = ("one", "two.", "three", "four.", "five", "six")
    words = tuple(Word(1 + 0.5 * place, 1.4 + 0.5 * place, text, 1.0) for place, text in enumerate(texts))
    said = Transcript(words, "en", "test")
    asked = Interval(1.0, 6.0)
    assert fitted_interval(asked, settings, said).end == pytest.approx(3.2)
    assert fitted_interval(asked, settings, None).end == pytest.approx(3.95)
    assert fitted_interval(Interval(1, 3), settings, said) == Interval(1, 3)
    video, _ = source("constant.mp4")
    result = export_clip(video, asked, tmp_path / "clip.mp4", settings, transcript=said)
    assert result.asked == asked
    assert result.actual.end == pytest.approx(3.2, abs=0.02)
    assert any("earlier, to fit x" in note for note in result.notes)
    assert look_at(result.path).numbers[-1] == 79
    with pytest.raises(ParameterError, match=r"takes at most 3 s.*over_limit = fit"):
        export_clip(video, asked, tmp_path / "y.mp4", settings.model_copy(update={"over_limit": "refuse"}))


def test_a_file_that_is_too_large_is_encoded_smaller_and_measured_once(narrow, source, tmp_path):
    narrow()
    video, _ = source("constant.mp4")
    settings = QUICK.updated({"platform": "x", "over_limit": "fit", "crf": 10, "normalize_loudness": True})
    size = export_clip(video, Interval(1, 3), tmp_path / "large.mp4", settings).size_bytes
    narrow(size // 2)
    ran, logged = tmp_path / "ran.txt", tmp_path / "ffmpeg"
    logged.write_text(f'#!/bin/sh\necho "$@" >> {ran}\nexec {find_ffmpeg()} "$@"\n')
    logged.chmod(0o755)
    result = export_clip(video, Interval(1, 3), tmp_path / "small.mp4", settings, ffmpeg=logged)
    assert result.size_bytes <= size // 2
    assert any("encoded again with crf" in note for note in result.notes)
    measured = [line for line in ran.read_text().splitlines() if "ebur128" in line]
    assert measured
    assert len(measured) == len(set(measured))
    with pytest.raises(ExportError, match="set over_limit"):
        export_clip(video, Interval(1, 3), tmp_path / "z.mp4", settings.model_copy(update={"over_limit": "refuse"}))


def test_of_a_compound_that_is_too_long_the_last_items_are_left_out(narrow, source, tmp_path):
    narrow()
    video, _ = source("constant.mp4")
    items = [SourceSpan(video, Interval(start, start + 1.2)) for start in (1.0, 3.0, 5.0)]
    settings = QUICK.model_copy(update={"platform": "x", "over_limit": "fit"})
    whole = export_compound(items, tmp_path / "two.mp4", settings)
    assert whole.actual.duration == pytest.approx(2.4, abs=0.05)
    assert "the last 1 of 3 parts were left out to fit x" in whole.notes
    narrow(whole.size_bytes * 2 // 3)
    faded = settings.model_copy(update={"crossfade_sec": 0.2})
    result = export_compound(items[:2], tmp_path / "small.mp4", faded)
    assert result.size_bytes <= whole.size_bytes * 2 // 3
    assert any("encoded again with crf" in note for note in result.notes)
    narrow()
    alone = export_compound([SourceSpan(video, Interval(1, 6))], tmp_path / "one.mp4", settings)
    assert alone.actual.duration == pytest.approx(2.96, abs=0.05)
    with pytest.raises(ParameterError, match="takes at most 3 s"):
        export_compound(items, tmp_path / "x.mp4", settings.model_copy(update={"over_limit": "refuse"}))


def test_a_cover_is_a_sharp_well_lit_picture_of_the_clip(source, tmp_path):
    from PIL import Image

    video, _ = source("silent.mp4")
    settings = QUICK.model_copy(update={"cover": True, "shape": "vertical", "fade_out_sec": 1.5})
    results = [export_clip(video, Interval(1.2, 4.2), tmp_path / "clip.mp4", settings) for _ in range(2)]
    assert [result.notes[-1] for result in results] == ["cover: clip.jpg", "cover: clip (2).jpg"]
    with Image.open(tmp_path / "clip.jpg") as cover:
        assert cover.size == (100, 180)
        luma = np.asarray(cover.convert("L")).astype(float)
    frames = pictures(results[0].path)
    nearest = int(np.argmin([np.abs(luma - frame).mean() for frame in frames]))
    assert nearest < 60  # the fade out begins at the 38th frame and is half dark at the 57th
    assert luma.mean() < 230  # nor is it a flash


def test_a_cover_that_can_not_be_written_costs_no_clip(source, tmp_path, monkeypatch):
    video, _ = source("silent.mp4")
    (tmp_path / "clip.jpg").mkdir()
    settings = QUICK.model_copy(update={"cover": True, "overwrite": True})
    result = export_clip(video, Interval(1.2, 1.6), tmp_path / "clip.mp4", settings)
    assert result.path.is_file()
    assert result.notes[-1].startswith("no cover was written: ")
