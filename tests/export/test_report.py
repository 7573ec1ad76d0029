"""The report page: complete, self-contained, light, and deaf to hostile texts."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from report_documents import HOSTILE, a_document, a_hostile_document, a_video

from autoclip.durations import clock
from autoclip.media.video import SourceTimecode
from autoclip.report import DroppedWindow, dropped_windows, render_report
from autoclip.report.plot import axis_marks, reduce_series
from autoclip.report.wording import duration, rate, size
from autoclip.selection.anchors import Anchor
from autoclip.selection.filters import Verdict
from autoclip.selection.quality import Quality
from autoclip.selection.windows import Edge, Window
from autoclip.settings import Settings
from autoclip.signals.table import Features
from autoclip.speech.transcript import Sentence, Word
from autoclip.timeline import Grid, Interval


class Page(HTMLParser):
    """Elements of a page: ``(tag, attributes)``, and its text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts = [], []
        self.feed(text)
        self.text = " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)

    def all(self, tag, **wanted):
        wanted = {name.rstrip("_"): value for name, value in wanted.items()}
        return [a for t, a in self.elements if t == tag and all(a.get(n) == v for n, v in wanted.items())]


def page_of(document):
    return Page("".join(render_report(document)))


def test_shows_each_clip_with_its_bar_and_card(tmp_path):
    document = a_document(tmp_path, clip_count=5)
    page = page_of(document)
    bars = page.all("a", class_="clip-bar") + page.all("a", class_="clip-bar best")
    cards = {a["id"] for t, a in page.elements if t == "li" and "data-rank" in a}
    assert {bar["href"].removeprefix("#") for bar in bars} == cards == {f"clip-{n}" for n in range(1, 6)}
    for clip in document.clips:
        assert clip.name in page.text
        assert f"{clip.quality_score:.2f}" in page.text
        assert clock(clip.start, decimals=2) in page.text
    assert page.text.count("loudest 3 s of the last 10 minutes") == 5
    assert len([i for i in page.all("img") if i["src"].startswith("data:image/jpeg;base64,")]) == 5


def test_ranks_are_by_quality(tmp_path):
    document = a_document(tmp_path, clip_count=8)
    page = page_of(document)
    ranked = {int(a["data-rank"]): float(a["data-start"]) for t, a in page.elements if t == "li" and "data-rank" in a}
    by_quality = sorted(document.clips, key=lambda clip: -clip.quality_score)
    assert [ranked[rank] for rank in range(1, 9)] == [round(clip.start, 3) for clip in by_quality]
    bars = {int(a["data-clip"]): a["aria-label"] for a in page.all("a") if "data-clip" in a}
    assert [bars[rank].split(",")[0] for rank in range(1, 9)] == [clip.name for clip in by_quality]


def test_asks_for_nothing_outside_itself(tmp_path):
    text = "".join(render_report(a_document(tmp_path)))
    page = Page(text)
    addresses = [a[n] for _, a in page.elements for n in ("src", "href", "data", "action", "srcset") if n in a]
    assert all(address.startswith(("data:", "#")) for address in addresses)
    assert not re.search(r"@import|url\(", text)
    policy = next(a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "script-src 'sha256-" in policy


def test_hostile_texts_stay_texts(tmp_path):
    text = "".join(render_report(a_hostile_document(tmp_path)))
    page = Page(text)
    assert len(page.all("script")) == 2
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert not [a for a in page.all("img") if not a["src"].startswith("data:")]
    assert "49" not in page.texts
    for attack in HOSTILE:
        assert " ".join(attack.split()) in page.text
    # What a browser reads as the data ends where we end it.
    data = text.split('id="pointer-data">')[1].split("</script>")[0]
    assert "<" not in data


def test_a_thumbnail_outside_the_folder_or_no_picture_is_left_out(tmp_path):
    folder = tmp_path / "analysis"
    document = a_document(folder, clip_count=3)
    (tmp_path / "secret.jpg").write_bytes(b"\xff\xd8\xff secret")
    (folder / "text.jpg").write_text("no picture at all")
    wrong = ("../secret.jpg", "text.jpg", "missing.jpg")
    clips = tuple(clip.model_copy(update={"thumbnail": name}) for clip, name in zip(document.clips, wrong, strict=True))
    page = page_of(a_document(folder, clip_count=3, clips=clips))
    assert not page.all("img")
    assert page.text.count("no picture") == 3


def test_without_a_clip_it_says_why(tmp_path):
    message = "No clip: the sound is silent and the picture is black."
    page = page_of(a_document(tmp_path, clip_count=0, dropped_count=0, message=message))
    assert message in page.text
    assert "No clips" in page.text
    assert not page.all("ol")


def test_the_start_timecode_is_a_fact_where_there_is_one(tmp_path):
    document = a_document(tmp_path, clip_count=1)
    timecode = SourceTimecode(text="01:00:00;02", base=30, drop_frame=True)
    assert "Timecode" not in page_of(document).text
    started = replace(document, video=document.video.model_copy(update={"timecode": timecode}))
    assert "starts at 01:00:00;02" in page_of(started).text


def test_absent_signals_and_warnings_are_told(tmp_path):
    grid = Grid.covering(20.0, 0.5)
    features = Features(
        20.0, grid, {"motion_score": np.full(40, np.nan, np.float32)},
        absent={"audio_rms": "the file has no sound", "most_replayed": "no site told"},
        warnings=("damaged packets at 3.2 s",),
    )  # fmt: skip
    page = page_of(a_document(tmp_path, duration_sec=20.0, features=features, excitement=None, clip_count=1))
    assert "audio_rms is absent: the file has no sound" in page.text
    assert "most_replayed" not in page.text
    assert "damaged packets at 3.2 s" in page.text
    assert "Loudness" not in page.text


def test_nothing_measured_at_all_is_still_a_page(tmp_path):
    features = Features(0.0, Grid(0.5, 0), {}, absent={"most_replayed": "no site told"})
    page = page_of(
        a_document(
            tmp_path, features=features, excitement=None, clip_count=0, anchors=(), dropped_count=0, message="Empty."
        )
    )
    assert "No signal could be measured." in page.text
    assert page.all("ul", class_="notes") == []


def test_changed_settings_only(tmp_path):
    page = page_of(a_document(tmp_path, settings=Settings.from_flat({"pre_max": 20.0, "step_sec": 0.25})))
    names = set(re.findall(r"\b(pre_max|step_sec|post_max)\b", page.text))
    assert names == {"pre_max", "step_sec"}
    assert "2 differ from the defaults" in page.text
    assert "all at their defaults" in page_of(a_document(tmp_path)).text


def test_dropped_windows_by_stage(tmp_path):
    page = page_of(a_document(tmp_path, clip_count=5, dropped_count=7))
    assert "7 of 12 candidates: 4 overlap, 3 boring" in page.text
    assert "reason 6" in page.text
    many = page_of(a_document(tmp_path, dropped_count=1500))
    assert "The first 1000 are shown; the debug file has all 1500." in many.text


def test_four_hours_with_200_clips_stay_light(tmp_path):
    document = a_document(tmp_path, duration_sec=4 * 3600.0, clip_count=200, cut_count=5000)
    text = "".join(render_report(document))
    pictures = sum(len(image["src"]) for image in Page(text).all("img"))
    assert len(text) - pictures < 1_000_000
    assert "4:00:00.0" in text


def a_window(start, quality):
    return Window(
        interval=Interval(start, start + 10),
        anchor=Anchor(start + 4.0, 1.0, "excitement_peak", 0),
        start=Edge(start, None),
        end=Edge(start + 10, None),
        quality=Quality(
            excitement=0.5, boundary=0.5, narrative=1.0, dead_time=0.0, anchor_boost=1.0, score=quality
        ),
    )  # fmt: skip


def a_verdict(stage, index, reason="", *, kept=False):
    return Verdict(stage=stage, clip_index=index, kept=kept, reason=reason, value=0.5, limit=0.35)


def test_verdicts_become_rows_by_stage_and_time():
    windows = [a_window(0, 0.0), a_window(1, 0.1), a_window(2, 0.2)]
    verdicts = [
        a_verdict("overlap", 2, "shares 50 %"),
        a_verdict("overlap", 1, "shares 40 %"),
        a_verdict("overlap", 0, kept=True),
        a_verdict("boring", 0, "80 % boring"),
    ]
    assert dropped_windows(windows, verdicts) == (
        DroppedWindow(Interval(1, 11), 5.0, 0.1, "overlap", "shares 40 %", 0.5, 0.35),
        DroppedWindow(Interval(2, 12), 6.0, 0.2, "overlap", "shares 50 %", 0.5, 0.35),
        DroppedWindow(Interval(0, 10), 4.0, 0.0, "boring", "80 % boring", 0.5, 0.35),
    )


@given(
    arrays.arrays(np.float32, st.integers(1, 400), elements=st.floats(-100, 100, width=32) | st.just(np.nan)),
    st.integers(1, 50),
)
def test_reducing_keeps_the_extremes(values, most):
    envelope = reduce_series(values, 0.5, most)
    assert len(envelope.times) <= most
    assert np.all(np.diff(envelope.times) > 0)
    known = values[~np.isnan(values)]
    if len(known):
        assert np.nanmax(envelope.high) == known.max()
        assert np.nanmin(envelope.low) == known.min()
    assert not np.any(envelope.low > envelope.high)


@given(st.floats(0.1, 200_000))
def test_axis_is_round_and_readable(seconds):
    marks = axis_marks(seconds)
    assert marks[0] == 0
    assert len(marks) <= 10
    assert all(mark < seconds for mark in marks)


@pytest.mark.parametrize(
    ("seconds", "decimals", "text"),
    [
        (0, 0, "0:00"),
        (59.999, 2, "1:00.00"),
        (3599.6, 0, "1:00:00"),
        (3725.04, 2, "1:02:05.04"),
        (59.96, 1, "1:00.0"),
        (13.0, 2, "0:13.00"),
    ],
)
def test_clock(seconds, decimals, text):
    assert clock(seconds, decimals=decimals) == text


def test_words():
    assert [duration(s) for s in (9.54, 123, 3720, 59.97)] == ["9.5 s", "2 min 03 s", "1 h 02 min", "1 min 00 s"]
    assert [size(n) for n in (512, 2048, 5 * 1024**3)] == ["512 B", "2.0 KiB", "5.0 GiB"]
    video = a_video(1.0).video
    assert rate(video.average_rate, variable=False) == "29.97 fps"
    assert rate(video.average_rate, variable=True) == "29.97 fps, variable"
    assert rate(None, variable=False) == "unknown frame rate"


def test_what_is_said_stands_in_the_timeline(tmp_path):
    plain = a_document(tmp_path)
    assert "lane speech" not in "".join(render_report(plain))
    said = Sentence((Word(1.0, 1.5, "Why"), Word(1.6, 2.25, "not?")))
    text = "".join(render_report(replace(plain, sentences=(said,))))
    assert '<path class="area said" d="M1.00 45H2.25V85H1.00Z"/>' in text
    assert '[1.0, 2.25, "Why not?"]' in text
