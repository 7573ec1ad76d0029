"""The layout of a compound clip: its items in their places, and the dissolves between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from autoclip.errors import ParameterError
from autoclip.export.compound.crossfade import Crossfade
from autoclip.export.cuts.cut_spec import CutSpec, plan_cut
from autoclip.export.cuts.smart import as_exact_cut
from autoclip.export.platforms import require_within_limits
from autoclip.export.video.canvas import square_canvas
from autoclip.media.video import Video
from autoclip.settings import ExportSettings
from autoclip.speech.transcript import Transcript
from autoclip.timeline import Interval

_COMMON_UNIT = Fraction(1, 90_000)
"""Time base for items with different ones, in seconds: MPEG's clock, in which frames of every common rate have a whole
number of ticks.
"""


@dataclass(frozen=True, slots=True)
class SourceSpan:
    """A span of a video that becomes one item of a compound clip.

    Attributes
    ----------
    video : Video
        The probed source.
    interval : Interval
        The span, in seconds from the first frame.
    transcript : Transcript or None
        The transcript of the video, for captions.
    """

    video: Video
    interval: Interval
    transcript: Transcript | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """Items in their places. `fades` lie between them: one fewer than `bodies`, or none."""

    bodies: tuple[CutSpec, ...]
    fades: tuple[Crossfade, ...]
    unit: Fraction

    @property
    def duration_sec(self) -> Fraction:
        """Return the total length in seconds."""
        return sum(segment_lengths(self), Fraction())

    @property
    def frame_count(self) -> int:
        """Return the total number of frames, unless the frame rate is changed."""
        return sum(body.span.count for body in self.bodies) + sum(fade.frame_count for fade in self.fades)

    def as_exact_cut(self) -> Layout:
        """Return the layout for encoding instead of copying: all items in one codec that meets the settings."""
        exact = [as_exact_cut(body) for body in self.bodies]
        if "h265" not in {body.settings.video_codec for body in exact}:
            return self
        return self._changed(lambda spec: _with_settings(spec, video_codec="h265"))

    def at_crf(self, crf: int) -> Layout:
        """Return the layout to be encoded at another constant rate factor."""
        return self._changed(lambda spec: _with_settings(spec, crf=crf))

    def _changed(self, change: Callable[[CutSpec], CutSpec]) -> Layout:
        fades = (replace(fade, leaving=change(fade.leaving), coming=change(fade.coming)) for fade in self.fades)
        return replace(self, bodies=tuple(change(body) for body in self.bodies), fades=tuple(fades))


def _with_settings(spec: CutSpec, **changes: object) -> CutSpec:
    return replace(spec, settings=spec.settings.model_copy(update=changes))


def lay_out(items: Sequence[SourceSpan], target: Path, settings: ExportSettings) -> Layout:
    """Compute the positions of all items and dissolves.

    Raises
    ------
    ParameterError
        If an item contains no frame or is too short for its dissolves, the compound exceeds a limit of the platform, or
        the settings can't be met.
    MediaError
        If a source can't be read.
    """
    # The parts of a file have numbered parameter sets, which hardware encoders can't write; and no part knows the
    # progress of the whole.
    layout = _laid_out(items, target, settings.model_copy(update={"encoder": "x264", "progress_bar": False}))
    require_within_limits(items[0].video, float(layout.duration_sec), layout.bodies[0].settings)
    return layout


def _laid_out(items: Sequence[SourceSpan], target: Path, settings: ExportSettings) -> Layout:
    specs = [plan_cut(item.video, item.interval, target, settings, whole=False) for item in items]
    specs = _on_one_canvas(specs)
    units = {spec.span.time_base for spec in specs}
    unit = units.pop() if len(units) == 1 else _COMMON_UNIT
    rate = Fraction(settings.frame_rate).limit_denominator(1001) if settings.frame_rate else _rate_of(specs[0].video)
    frames = round(settings.crossfade_sec * rate) if len(specs) > 1 else 0
    if not frames:
        return Layout(tuple(_faded_at_ends(specs, settings)), (), unit)
    length = float(frames / rate)
    bodies = [
        _shortened(spec, length if place else 0.0, length if place < len(specs) - 1 else 0.0)
        for place, spec in enumerate(specs)
    ]
    fades = [
        Crossfade(
            leaving=_plain(leaving, shorter.span.interval.end, leaving.span.interval.end),
            coming=_plain(coming, coming.span.interval.start, later.span.interval.start),
            frame_count=frames,
            rate=rate,
        )
        for (leaving, coming), (shorter, later) in zip(pairwise(specs), pairwise(bodies), strict=True)
    ]
    return Layout(tuple(_faded_at_ends(bodies, settings)), tuple(fades), unit)


def _rate_of(video: Video) -> Fraction:
    return video.video.average_rate or video.video.nominal_rate or Fraction(30)


def _on_one_canvas(specs: list[CutSpec]) -> list[CutSpec]:
    """Give all items the frame size of the first one, and at most one audio track."""
    first = specs[0]
    facts = first.video.video
    canvas = first.canvas
    pixels = facts.sample_aspect_ratio
    if any(spec.canvas != canvas or spec.video.video.sample_aspect_ratio != pixels for spec in specs):
        shown = canvas if canvas.square_pixels else square_canvas(facts.display_width, facts.display_height)
        canvas = replace(shown, padded=True)
    notes = [note for spec in specs for note in spec.notes]
    if any(len(spec.tracks) > 1 for spec in specs):
        notes.append("a compound has one audio track: the first one of each item")
    unique = tuple(dict.fromkeys(notes))
    return [replace(spec, canvas=canvas, tracks=spec.tracks[:1], notes=unique) for spec in specs]


def _shortened(spec: CutSpec, at_start: float, at_end: float) -> CutSpec:
    """Return an item without the parts that dissolve."""
    whole = spec.span.interval
    if whole.duration <= at_start + at_end + 2 * spec.span.frame_sec:
        raise ParameterError(
            f"the item from {whole.start:.3f} to {whole.end:.3f} s of {spec.video.path.name} is too short for its "
            f"crossfades; make it longer than {at_start + at_end:.3f} s or lower crossfade_sec"
        )
    return _plain(spec, whole.start + at_start, whole.end - at_end)


def _plain(spec: CutSpec, start: float, end: float) -> CutSpec:
    """Return a cut for another interval of the same item, without fades."""
    settings = spec.settings.model_copy(update={"fade_in_sec": 0.0, "fade_out_sec": 0.0})
    again = plan_cut(spec.video, Interval(start, end), spec.target, settings, whole=False)
    return replace(again, canvas=spec.canvas, tracks=spec.tracks, notes=spec.notes)


def _faded_at_ends(specs: Sequence[CutSpec], settings: ExportSettings) -> Iterator[CutSpec]:
    """Put the fade-in on the first item and the fade-out on the last one."""
    for place, spec in enumerate(specs):
        changes = {
            "fade_in_sec": settings.fade_in_sec if place == 0 else 0.0,
            "fade_out_sec": settings.fade_out_sec if place == len(specs) - 1 else 0.0,
        }
        yield replace(spec, settings=settings.model_copy(update=changes))


def segment_lengths(layout: Layout) -> list[Fraction]:
    """Return the length of each item and dissolve, in seconds, in order."""
    lengths = [layout.bodies[0].span.duration_sec]
    for place, body in enumerate(layout.bodies[1:]):
        if layout.fades:
            lengths.append(layout.fades[place].duration_sec)
        lengths.append(body.span.duration_sec)
    return lengths
