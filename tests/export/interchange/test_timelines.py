"""Editors get the clips as they are: each format is read back and says the same times."""

import csv
import io
from typing import get_args

import av
import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_media import look_at

from autoclip.clips import Clip
from autoclip.csv_fields import no_formula
from autoclip.errors import ParameterError
from autoclip.export.interchange.chapters import ffmetadata
from autoclip.export.interchange.formats import MEDIA_TYPES, SUFFIXES, TimelineFormat
from autoclip.export.interchange.timelines import timeline_text, write_timeline
from autoclip.media.ffmpeg import run_ffmpeg

CLIPS = (
    Clip(id="a", name="=HYPERLINK(1)", start=1.0, end=3.0, quality_score=0.75, reason="loud"),
    Clip(id="b", name="ナサ 🚀; part #2", start=6.04, end=10.6),
    Clip(id="c", name="Third\n<line>\x1b", start=0.0, end=0.52),
)
LONG = tuple(clip.model_copy(update={"end": clip.start + 10.5}) for clip in CLIPS)


def ranges_of(timeline):
    return [
        [(c.source_range.start_time.to_seconds(), c.source_range.duration.to_seconds()) for c in track]
        for track in timeline.tracks
    ]


def test_opentimelineio_keeps_everything(source):
    video, _ = source("constant.mp4")
    timeline = otio.adapters.read_from_string(timeline_text(video, CLIPS, "otio"), "otio_json")
    expected = [(1.0, 2.0), (6.04, 4.56), (0.0, 0.52)]
    assert [track.kind for track in timeline.tracks] == ["Video", "Audio"]
    for track in ranges_of(timeline):
        assert track == [pytest.approx(pair) for pair in expected]
    assert [clip.name for clip in timeline.tracks[0]] == [clip.name for clip in CLIPS]
    assert timeline.tracks[0][0].metadata["autoclip"]["quality_score"] == 0.75
    assert timeline.tracks[0][0].media_reference.target_url == video.path.as_uri()


def test_an_edl_is_read_back_to_the_same_frames(source):
    video, _ = source("constant.mp4")
    text = timeline_text(video, CLIPS, "edl")
    assert "00:00:01:00 00:00:03:00 00:00:00:00 00:00:02:00" in text
    timeline = otio.adapters.read_from_string(text, "cmx_3600", rate=25)
    assert ranges_of(timeline)[0] == [pytest.approx(pair) for pair in [(1.0, 2.0), (6.04, 4.56), (0.0, 0.52)]]


def test_tables_hold_seconds_and_no_formulas(source):
    video, _ = source("constant.mp4")
    rows = list(csv.DictReader(io.StringIO(timeline_text(video, CLIPS, "csv"))))
    assert [(float(row["start_sec"]), float(row["end_sec"])) for row in rows] == [(c.start, c.end) for c in CLIPS]
    assert rows[0]["name"] == "'=HYPERLINK(1)"
    assert rows[1]["name"] == CLIPS[1].name


@pytest.mark.parametrize("beginning", "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
def test_no_spreadsheet_computes_a_name(beginning):
    assert no_formula(f"{beginning}1") == f"'{beginning}1"


def test_ffmpeg_reads_the_chapters(source, tmp_path):
    video, _ = source("constant.mp4")
    chapters = write_timeline(video, CLIPS, tmp_path / "all.ffmeta", "ffmetadata")
    target = tmp_path / "all.mp4"
    run_ffmpeg(
        ["-i", str(video.path), "-i", str(chapters), "-map_metadata", "1", "-c", "copy", "-f", "mp4", str(target)]
    )
    with av.open(str(target)) as container:
        found = container.chapters()
    assert [chapter["metadata"]["title"] for chapter in found] == [clip.name for clip in CLIPS]
    starts = [float(chapter["start"] * chapter["time_base"]) for chapter in found]
    assert starts == pytest.approx([0, 2.0, 6.56])
    assert look_at(target).numbers[:3] == [0, 1, 2]


@given(st.text(alphabet=st.characters(blacklist_categories=["Cc", "Cs"])))
def test_chapter_titles_stay_on_their_line(title):
    text = ffmetadata([CLIPS[0].model_copy(update={"name": title})], "x")
    assert text.count("[CHAPTER]\n") == 1 + title.count("[CHAPTER]\n")
    assert text.split("\n")[6].startswith("title=")


def test_youtube_gets_lines_it_takes(source):
    video, _ = source("constant.mp4")
    lines = timeline_text(video, LONG, "youtube").splitlines()
    assert lines == ["0:00 =HYPERLINK(1)", "0:10 ナサ 🚀; part #2", "0:21 Third \u2039line\u203a"]


@pytest.mark.parametrize(
    ("clips", "wanted", "said"),
    [((), "edl", "no clip"), (CLIPS, "youtube", "from 10 s on"), (LONG[:2], "youtube", "3 chapters or more")],
)
def test_what_a_format_can_not_say_is_refused(source, clips, wanted, said):
    with pytest.raises(ParameterError, match=said):
        timeline_text(source("constant.mp4")[0], clips, wanted)


def test_every_format_is_written(source, tmp_path):
    video, _ = source("constant.mp4")
    for wanted in get_args(TimelineFormat):
        path = write_timeline(video, LONG, tmp_path / f"new/clips{SUFFIXES[wanted]}", wanted, title="Final – Größe")
        assert MEDIA_TYPES[wanted]
        assert path.read_text(encoding="utf-8")
