"""The edit list: clips on a timeline in whole frames, from which every format for editing programs is written."""

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
"""Frame rate if the file does not state one."""


MAX_HANDLES_SEC = 600.0
"""Maximum length of handles in seconds; more would be another clip."""


@dataclass(frozen=True, slots=True)
class EditOptions:
    """How clips are placed on the timeline.

    Attributes
    ----------
    handles_sec : float
        Seconds added before and after each clip, limited by the video.
    crossfade_sec : float
        Seconds by which each clip overlaps the previous one and dissolves into it.
    record_start : str
        Timecode of the timeline's first frame; empty for zero. With ``;`` before the frames the timeline uses
        drop-frame; otherwise it counts as the source does.
    """

    handles_sec: float = 0.0
    crossfade_sec: float = 0.0
    record_start: str = ""


@dataclass(frozen=True, slots=True)
class FrameRange:
    """A range of frames: `count` frames from `start` on."""

    start: int
    count: int

    @property
    def end(self) -> int:
        """Return the first frame after it."""
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
        The shown frames, including handles, numbered from the first frame of the video.
    marked : FrameRange
        The clip without its handles.
    record : int
        First frame on the timeline, from 0.
    dissolve : int
        Length in frames of the dissolve from the previous edit, from `record` on; 0 is a cut.
    next_dissolve : int
        Length in frames of the dissolve into the next edit.
    """

    clip: Clip
    source: FrameRange
    marked: FrameRange
    record: int
    dissolve: int = 0
    next_dissolve: int = 0

    @property
    def before_cut(self) -> int:
        """Return the frames of the dissolve at its start that lie before the cut; some formats need them."""
        return self.dissolve // 2

    @property
    def after_cut(self) -> int:
        """Return the frames of the dissolve at its end that lie after the cut."""
        return self.next_dissolve - self.next_dissolve // 2

    @property
    def cut_source(self) -> FrameRange:
        """Return the frames from cut to cut, where a cut lies in the middle of a dissolve."""
        return self.source.trimmed(self.before_cut, self.after_cut)

    @property
    def marker(self) -> FrameRange:
        """Return the clip without its handles, as far as it lies between the cuts."""
        shown = self.cut_source
        start = max(self.marked.start, shown.start)
        return FrameRange(start, max(1, min(self.marked.end, shown.end) - start))

    @property
    def cut_record(self) -> int:
        """Return the timeline frame of the cut at its start."""
        return self.record + self.before_cut


@dataclass(frozen=True, slots=True)
class EditList:
    """Clips of one video on a timeline.

    Attributes
    ----------
    name : str
        Name of the timeline.
    video : Video
        The source.
    rate : Fraction
        Frame rate in which everything is counted.
    media : FrameRange
        The whole source: its start is the frame number of its start timecode.
    source_format, record_format : TimecodeFormat
        Timecode formats of the source and of the timeline.
    record_start : int
        Frame number of the timeline's start timecode.
    edits : tuple of Edit
        The edits, in order.
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
        """Return the length of the timeline in frames."""
        last = self.edits[-1]
        return last.record + last.source.count

    def source_frame(self, frame: int) -> int:
        """Return the timecode frame number of a frame numbered from the first of the video."""
        return self.media.start + frame


def editing_rate(video: Video) -> Fraction:
    """Return the rate of editing programs nearest to the video's; for a variable rate, to its average.

    A source with drop-frame timecode gets a rate that supports it.
    """
    rate = frame_rate(video)
    rates = _DROP_FRAME_RATES if video.timecode and video.timecode.drop_frame else EDITING_RATES
    return min(rates, key=lambda known: abs(known - rate))


def frame_rate(video: Video) -> Fraction:
    """Return the frame rate in the file; for a variable rate, its average."""
    return video.video.average_rate or video.video.nominal_rate or DEFAULT_RATE


def build_edit_list(
    video: Video, clips: Sequence[Clip], name: str, rate: Fraction, options: EditOptions = EditOptions()
) -> EditList:
    """Place clips on a timeline, in whole frames of `rate`; edges snap to the nearest frame.

    Raises
    ------
    ParameterError
        If a clip lies outside the video or is too short for its dissolves, or the start of the timeline is not a
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
    """Whether to use drop-frame counting: only where frames are slower than their numbers."""
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
    """Place edits one after the other, overlapping by the crossfade."""
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
