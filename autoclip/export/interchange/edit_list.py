"""The edit list: clips one after the other in whole frames, which every format for editing programs is written from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from autoclip.clips import Clip
from autoclip.errors import ParameterError
from autoclip.export.interchange.plain_text import one_line
from autoclip.media.timecode import TimecodeFormat, base_of, can_drop_frames, says_drop_frame
from autoclip.media.video import Video

_NTSC = tuple(Fraction(base * 1000, 1001) for base in (24, 30, 48, 60, 120))
EDITING_RATES = (*_NTSC, *(Fraction(rate) for rate in (24, 25, 30, 48, 50, 60, 100, 120)))
"""Frame rates of timelines in editing programs; SMPTE timecode is defined for those up to 60 (ST 12-1, ST 12-3)."""
_DROP_FRAME_RATES = tuple(rate for rate in _NTSC if can_drop_frames(base_of(rate)))

DEFAULT_RATE = Fraction(25)
"""Frames a second where the file doesn't say."""


MAX_HANDLES_SEC = 600.0
"""Longest handles: more than that is another clip."""


@dataclass(frozen=True, slots=True)
class EditOptions:
    """How clips are put on the timeline.

    Attributes
    ----------
    handles_sec : float
        Seconds added before and after each clip, as far as the video goes.
    crossfade_sec : float
        Seconds by which each clip overlaps the one before and dissolves into it.
    record_start : str
        Timecode of the timeline's first frame; empty: zero. With ``;`` before the frames the timeline counts
        drop-frame; else it counts as the source does.
    """

    handles_sec: float = 0.0
    crossfade_sec: float = 0.0
    record_start: str = ""


@dataclass(frozen=True, slots=True)
class FrameRange:
    """Frames from `start` on, `count` of them."""

    start: int
    count: int

    @property
    def end(self) -> int:
        """The first frame after it."""
        return self.start + self.count

    def moved(self, frames: int) -> FrameRange:
        """Return the range shifted by this many frames."""
        return replace(self, start=self.start + frames)

    def trimmed(self, at_start: int, at_end: int) -> FrameRange:
        """Return the range without frames at its ends."""
        return FrameRange(self.start + at_start, self.count - at_start - at_end)


@dataclass(frozen=True, slots=True)
class Edit:
    """A clip on the timeline.

    Attributes
    ----------
    clip : Clip
        The clip.
    source : FrameRange
        What is shown, handles included, counted from the first frame of the video.
    marked : FrameRange
        The clip without its handles.
    record : int
        Frame of the timeline it starts on, from 0.
    dissolve : int
        Over how many frames it dissolves out of the edit before, from `record` on; 0 is a cut.
    next_dissolve : int
        Over how many of its last frames it dissolves into the next edit.
    """

    clip: Clip
    source: FrameRange
    marked: FrameRange
    record: int
    dissolve: int = 0
    next_dissolve: int = 0

    @property
    def before_cut(self) -> int:
        """Frames of the dissolve at its start that lie before the cut, which formats with transitions need."""
        return self.dissolve // 2

    @property
    def after_cut(self) -> int:
        """Frames of the dissolve at its end that are after the cut."""
        return self.next_dissolve - self.next_dissolve // 2

    @property
    def cut_source(self) -> FrameRange:
        """What is shown from cut to cut, where a cut lies in the middle of a dissolve."""
        return self.source.trimmed(self.before_cut, self.after_cut)

    @property
    def marker(self) -> FrameRange:
        """The clip without its handles, as far as it lies between the cuts."""
        shown = self.cut_source
        start = max(self.marked.start, shown.start)
        return FrameRange(start, max(1, min(self.marked.end, shown.end) - start))

    @property
    def cut_record(self) -> int:
        """Frame of the timeline of the cut at its start."""
        return self.record + self.before_cut


@dataclass(frozen=True, slots=True)
class EditList:
    """Clips of one video on a timeline.

    Attributes
    ----------
    name : str
        Of the timeline.
    video : Video
        The source.
    rate : Fraction
        Frames a second in which everything is counted.
    media : FrameRange
        The whole source: its start is the frame number of its start timecode.
    source_format, record_format : TimecodeFormat
        How timecode of the source and of the timeline counts.
    record_start : int
        Frame number of the timeline's start timecode.
    edits : tuple of Edit
        In order.
    """

    name: str
    video: Video
    rate: Fraction
    media: FrameRange
    source_format: TimecodeFormat
    record_format: TimecodeFormat
    record_start: int
    edits: tuple[Edit, ...]

    @property
    def length(self) -> int:
        """Frames of the timeline."""
        last = self.edits[-1]
        return last.record + last.source.count

    def source_frame(self, frame: int) -> int:
        """Return the timecode frame number of a frame counted from the first of the video."""
        return self.media.start + frame


def editing_rate(video: Video) -> Fraction:
    """Return the rate of editing programs nearest to the video's: of a variable rate, to its average.

    A source whose timecode drops frame numbers runs at a rate that needs it.
    """
    rate = frame_rate(video)
    rates = _DROP_FRAME_RATES if video.timecode and video.timecode.drop_frame else EDITING_RATES
    return min(rates, key=lambda known: abs(known - rate))


def frame_rate(video: Video) -> Fraction:
    """Return the frame rate as the file says; of a variable rate, its average."""
    return video.video.average_rate or video.video.nominal_rate or DEFAULT_RATE


def build_edit_list(
    video: Video, clips: Sequence[Clip], name: str, rate: Fraction, options: EditOptions = EditOptions()
) -> EditList:
    """Put clips on a timeline, in whole frames of `rate`; edges go to the nearest frame.

    Raises
    ------
    ParameterError
        If a clip lies outside the video or is too short for its dissolves, or the start of the timeline is no
        timecode at this rate.
    """
    frames = max(1, round(Fraction(video.duration_sec) * rate))
    timecode = video.timecode
    source_format = TimecodeFormat(base_of(rate), _drops(rate, wanted=timecode is not None and timecode.drop_frame))
    record_format, record_start = _record_start(options.record_start, source_format, rate)
    return EditList(
        name=one_line(name) or one_line(video.path.name),
        video=video,
        rate=rate,
        media=FrameRange(timecode.frame_at(source_format.base) if timecode else 0, frames),
        source_format=source_format,
        record_format=record_format,
        record_start=record_start,
        edits=_placed([_edit(clip, rate, frames, options.handles_sec) for clip in clips], rate, options.crossfade_sec),
    )


def _drops(rate: Fraction, *, wanted: bool) -> bool:
    """Whether to count drop-frame: only where frames are slower than their numbers say."""
    return wanted and rate in _NTSC and can_drop_frames(base_of(rate))


def _record_start(text: str, source: TimecodeFormat, rate: Fraction) -> tuple[TimecodeFormat, int]:
    if not text:
        return source, 0
    drop_frame = _drops(rate, wanted=source.drop_frame or says_drop_frame(text))
    if says_drop_frame(text) and not drop_frame:
        raise ParameterError(
            f"record start {text}: there is no drop-frame timecode at {float(rate):g} frames a second; "
            "write a colon before the frames"
        )
    counting = TimecodeFormat(source.base, drop_frame)
    try:
        return counting, counting.frame_number(text)
    except ValueError as error:
        raise ParameterError(f"record start: {error}") from error


def _edit(clip: Clip, rate: Fraction, frames: int, handles_sec: float) -> Edit:
    start, end = round(Fraction(clip.start) * rate), min(round(Fraction(clip.end) * rate), frames)
    if start >= frames:
        raise ParameterError(
            f"the clip {clip.name!r} starts at {clip.start:g} s, after the end of the video; change its times"
        )
    end = max(end, start + 1)
    handle = round(Fraction(handles_sec) * rate)
    first, last = max(0, start - handle), min(frames, end + handle)
    return Edit(clip, FrameRange(first, last - first), FrameRange(start, end - start), record=0)


def _placed(edits: list[Edit], rate: Fraction, crossfade_sec: float) -> tuple[Edit, ...]:
    """Put edits one after the other, overlapping by the crossfade."""
    overlap = round(Fraction(crossfade_sec) * rate)
    placed: list[Edit] = []
    for place, edit in enumerate(edits):
        dissolve, next_dissolve = (overlap if place else 0), (overlap if place < len(edits) - 1 else 0)
        if edit.source.count <= dissolve + next_dissolve and overlap:
            raise ParameterError(
                f"the clip {edit.clip.name!r} has {edit.source.count} frames, too few for its crossfades of {overlap}; "
                "make it longer or the crossfade shorter"
            )
        record = placed[-1].record + placed[-1].source.count - dissolve if placed else 0
        placed.append(replace(edit, record=record, dissolve=dissolve, next_dissolve=next_dissolve))
    return tuple(placed)
