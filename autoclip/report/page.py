"""Render the page from the template, style and script of this folder, with thumbnails as data URIs."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from autoclip.clips import Clip, displayed_score
from autoclip.durations import clock
from autoclip.media.video import Video
from autoclip.report import plot, wording
from autoclip.report.document import ReportDocument
from autoclip.settings import Settings
from autoclip.timeline import Interval

MAX_DROPPED_ROWS = 1000
"""Maximum number of rows in the table of dropped windows. The debug file lists all of them."""

_MIN_PIXELS = 600
"""A box shorter than this fraction of the axis would not be visible."""

_IMAGE_KINDS = {b"\xff\xd8\xff": "jpeg", b"\x89PNG": "png", b"RIFF": "webp", b"GIF8": "gif"}
"""First bytes of the image formats that a page may embed."""


@dataclass(frozen=True, slots=True)
class ClipCard:
    """A clip as the page shows it.

    Attributes
    ----------
    clip : Clip
        The clip.
    rank : int
        Its position by quality, from 1: the number that the timeline, its card and the name of its file show.
    row : int
        Row of the timeline for its bar, so that overlapping bars don't hide each other.
    folder : Path
        Folder of its thumbnail.
    """

    clip: Clip
    rank: int
    row: int
    folder: Path

    def thumbnail(self) -> str:
        """Return its thumbnail as a data URI, read at each call; empty without a thumbnail."""
        return _data_uri(self.folder, self.clip.thumbnail) if self.clip.thumbnail else ""


@dataclass(frozen=True, slots=True)
class ChangedSetting:
    """A parameter that is not at its default."""

    name: str
    value: object
    default: object
    unit: str
    text: str


def render_report(document: ReportDocument) -> Iterator[str]:
    """Render the report as one HTML page, in chunks, so that only one thumbnail is in memory at a time.

    Every text that comes from outside (names, titles, reasons, warnings) is escaped. A content security policy keeps
    the page from running or loading anything that is not part of it.

    Parameters
    ----------
    document : ReportDocument
        The data to show.

    Yields
    ------
    str
        A chunk of the page, to be written as UTF-8.

    Raises
    ------
    OSError
        If a thumbnail exists but can't be read. A missing thumbnail leaves its place empty.
    """
    environment = _environment()
    lanes = plot.draw_lanes(document.features, document.excitement)
    script = _resource("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    cards = _cards(document)
    yield from environment.get_template("page.html").generate(
        document=document,
        cards=cards,
        ranks={card.clip.interval: card.rank for card in cards},
        facts=_facts(document),
        warnings=tuple(dict.fromkeys((*document.video.warnings, *document.features.warnings))),
        absent=_unexpectedly_absent(document),
        rows=max((card.row for card in cards), default=0) + 1,
        lanes=lanes,
        events=_events(document),
        marks=plot.axis_marks(document.features.duration_sec),
        anchor_dots=plot.draw_dots(
            [anchor.time_sec for anchor in document.anchors], document.excitement, document.features.grid.step_sec
        ),
        pointer_data=_pointer_data(document, lanes),
        stage_counts=Counter(window.stage for window in document.dropped),
        dropped=document.dropped[:MAX_DROPPED_ROWS],
        changed=_changed_settings(document.settings),
        narrative_varies=any(round(clip.scores.narrative, 2) < 1.0 for clip in document.clips),
        kept_sec=_covered_sec([clip.interval for clip in document.clips]),
        style=Markup(_resource("tokens.css") + _resource("style.css")),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        script_digest=digest,
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("autoclip.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(score=displayed_score, clock=clock, duration=wording.duration, plain=wording.plain)
    return environment


@lru_cache(maxsize=4)
def _resource(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def _cards(document: ReportDocument) -> tuple[ClipCard, ...]:
    clips = sorted(document.clips, key=lambda clip: (clip.start, clip.end))
    by_quality = sorted(range(len(clips)), key=lambda i: (-clips[i].quality_score, clips[i].start))
    rank = {index: place for place, index in enumerate(by_quality, start=1)}
    rows = _rows_of([clip.interval for clip in clips])
    return tuple(ClipCard(clip, rank[index], rows[index], document.folder) for index, clip in enumerate(clips))


def _unexpectedly_absent(document: ReportDocument) -> dict[str, str]:
    """Return the absent signals with their reasons, but for the one that only a few sites bring."""
    return {name: reason for name, reason in document.features.absent.items() if name != "most_replayed"}


def _rows_of(intervals: list[Interval]) -> list[int]:
    """Put each interval, in order of start, into the first free row."""
    ends: list[float] = []
    rows = []
    for interval in intervals:
        row = next((row for row, end in enumerate(ends) if end <= interval.start), len(ends))
        ends[row : row + 1] = [interval.end]
        rows.append(row)
    return rows


def _data_uri(folder: Path, name: str) -> str:
    """Return an image as a data URI; empty if the folder has no such image, or the file is not an image."""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        return ""
    try:
        data = path.read_bytes()
    except OSError:
        return ""
    kind = next((kind for magic, kind in _IMAGE_KINDS.items() if data.startswith(magic)), None)
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}" if kind else ""


def _facts(document: ReportDocument) -> dict[str, str]:
    """Return the facts about the video, in reading order."""
    video, picture = document.video, document.video.video
    sound = video.audio
    depth = f", {picture.bit_depth}-bit{' HDR' if picture.hdr else ''}" if picture.bit_depth > 8 else ""  # noqa: PLR2004
    timecode = {"Timecode": f"starts at {video.timecode.text}"} if video.timecode else {}
    return {
        "Duration": clock(document.features.duration_sec, decimals=1, hours=True),
        "Picture": f"{picture.display_width} × {picture.display_height}, "
        + wording.rate(picture.average_rate, variable=picture.variable_frame_rate),
        "Codecs": f"{picture.codec}{depth}; "
        + (f"{sound.codec}, {sound.sample_rate / 1000:g} kHz" if sound else "no sound"),
        "File": f"{_container_name(video)}, {wording.size(video.size_bytes)}",
        **timecode,
    }


def _container_name(video: Video) -> str:
    """Return the name of a container format.

    FFmpeg names families (``mov,mp4,m4a``); the file's suffix selects the member.
    """
    family = video.container.split(",")
    suffix = video.path.suffix.lstrip(".").lower()
    return suffix if suffix in family else family[0]


def _events(document: ReportDocument) -> dict[str, Any]:
    features = document.features
    shortest = features.duration_sec / _MIN_PIXELS
    threshold = document.settings.boundaries.scene_threshold
    cuts = [cut for cut in features.events_of("cut") if cut.score >= threshold]
    return {
        "cuts": plot.draw_ticks(cuts),
        "cut_count": len(cuts),
        "spans": {
            kind: plot.draw_spans(features.events_of(kind), shortest)
            for kind in ("black", "freeze", "fade", "dissolve")
        },
        "span_counts": {kind: len(features.events_of(kind)) for kind in ("black", "freeze", "fade", "dissolve")},
        "chapters": document.video.chapters,
        "speech": plot.draw_boxes(document.sentences),
    }


def _pointer_data(document: ReportDocument, lanes: tuple[plot.Lane, ...]) -> dict[str, Any]:
    """Return the data the script needs to describe what is under the pointer."""
    count = max((len(lane.values) for lane in lanes), default=0)
    features = document.features
    bucket_sec = -(-features.grid.count // max(count, 1)) * features.grid.step_sec
    return {
        "duration": features.duration_sec,
        "bucket": bucket_sec,
        "lanes": [{"title": lane.title, "unit": lane.unit, "values": lane.values} for lane in lanes],
        "events": [
            [event.kind, round(event.start_sec, 3), round(event.end_sec, 3)]
            for event in features.events_of("black", "freeze", "fade", "dissolve")
            if event.end_sec is not None
        ],
        "chapters": [[chapter.start_sec, chapter.title] for chapter in document.video.chapters],
        "speech": [[round(said.start_sec, 2), round(said.end_sec, 2), said.text] for said in document.sentences],
    }


def _changed_settings(settings: Settings) -> tuple[ChangedSetting, ...]:
    values = settings.flat()
    return tuple(
        ChangedSetting(parameter.name, values[parameter.name], parameter.default, parameter.unit, parameter.text)
        for parameter in Settings.parameters()
        if parameter.name in values and values[parameter.name] != parameter.default
    )


def _covered_sec(intervals: list[Interval]) -> float:
    """Return how many seconds lie in at least one interval."""
    covered, end = 0.0, 0.0
    for interval in sorted(intervals):
        covered += max(0.0, interval.end - max(interval.start, end))
        end = max(end, interval.end)
    return covered
