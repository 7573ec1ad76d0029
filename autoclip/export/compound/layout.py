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
        return self._changed(_in_h265)

    def at_crf(self, crf: int) -> Layout:
        """Return the layout to be encoded at another constant rate factor."""
        return self._changed(lambda order: _with_settings(order, crf=crf))

    def _changed(self, change: Callable[[CutSpec], CutSpec]) -> Layout:
        fades = (replace(fade, leaving=change(fade.leaving), coming=change(fade.coming)) for fade in self.fades)
        return replace(self, bodies=tuple(change(body) for body in self.bodies), fades=tuple(fades))


def _in_h265(order: CutSpec) -> CutSpec:
    return _with_settings(order, video_codec="h265")


def _with_settings(order: CutSpec, **changes: object) -> CutSpec:
    return replace(order, settings=order.settings.model_copy(update=changes))


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
    orders = [plan_cut(item.video, item.interval, target, settings, whole=False) for item in items]
    orders = _on_one_canvas(orders)
    units = {order.span.time_base for order in orders}
    unit = units.pop() if len(units) == 1 else _COMMON_UNIT
    rate = Fraction(settings.frame_rate).limit_denominator(1001) if settings.frame_rate else _rate_of(orders[0].video)
    frames = round(settings.crossfade_sec * rate) if len(orders) > 1 else 0
    if not frames:
        return Layout(tuple(_faded_at_ends(orders, settings)), (), unit)
    length = float(frames / rate)
    bodies = [
        _shortened(order, length if place else 0.0, length if place < len(orders) - 1 else 0.0)
        for place, order in enumerate(orders)
    ]
    fades = [
        Crossfade(
            leaving=_plain(leaving, shorter.span.interval.end, leaving.span.interval.end),
            coming=_plain(coming, coming.span.interval.start, later.span.interval.start),
            frame_count=frames,
            rate=rate,
        )
        for (leaving, coming), (shorter, later) in zip(pairwise(orders), pairwise(bodies), strict=True)
    ]
    return Layout(tuple(_faded_at_ends(bodies, settings)), tuple(fades), unit)


def _rate_of(video: Video) -> Fraction:
    return video.video.average_rate or video.video.nominal_rate or Fraction(30)


def _on_one_canvas(orders: list[CutSpec]) -> list[CutSpec]:
    """Give all items the frame size of the first one, and at most one audio track."""
    first = orders[0]
    facts = first.video.video
    canvas = first.canvas
    pixels = facts.sample_aspect_ratio
    if any(order.canvas != canvas or order.video.video.sample_aspect_ratio != pixels for order in orders):
        shown = canvas if canvas.square_pixels else square_canvas(facts.display_width, facts.display_height)
        canvas = replace(shown, padded=True)
    notes = [note for order in orders for note in order.notes]
    if any(len(order.tracks) > 1 for order in orders):
        notes.append("a compound has one audio track: the first one of each item")
    unique = tuple(dict.fromkeys(notes))
    return [replace(order, canvas=canvas, tracks=order.tracks[:1], notes=unique) for order in orders]


def _shortened(order: CutSpec, at_start: float, at_end: float) -> CutSpec:
    """Return an item without the parts that dissolve."""
    whole = order.span.interval
    if whole.duration <= at_start + at_end + 2 * order.span.frame_sec:
        raise ParameterError(
            f"the item from {whole.start:.3f} to {whole.end:.3f} s of {order.video.path.name} is too short for its "
            f"crossfades; make it longer than {at_start + at_end:.3f} s or lower crossfade_sec"
        )
    return _plain(order, whole.start + at_start, whole.end - at_end)


def _plain(order: CutSpec, start: float, end: float) -> CutSpec:
    """Return a cut for another interval of the same item, without fades."""
    settings = order.settings.model_copy(update={"fade_in_sec": 0.0, "fade_out_sec": 0.0})
    again = plan_cut(order.video, Interval(start, end), order.target, settings, whole=False)
    return replace(again, canvas=order.canvas, tracks=order.tracks, notes=order.notes)


def _faded_at_ends(orders: Sequence[CutSpec], settings: ExportSettings) -> Iterator[CutSpec]:
    """Put the fade-in on the first item and the fade-out on the last one."""
    for place, order in enumerate(orders):
        changes = {
            "fade_in_sec": settings.fade_in_sec if place == 0 else 0.0,
            "fade_out_sec": settings.fade_out_sec if place == len(orders) - 1 else 0.0,
        }
        yield replace(order, settings=settings.model_copy(update=changes))


def segment_lengths(layout: Layout) -> list[Fraction]:
    """Return the length of each item and dissolve, in seconds, in order."""
    lengths = [layout.bodies[0].span.duration_sec]
    for place, body in enumerate(layout.bodies[1:]):
        if layout.fades:
            lengths.append(layout.fades[place].duration_sec)
        lengths.append(body.span.duration_sec)
    return lengths
