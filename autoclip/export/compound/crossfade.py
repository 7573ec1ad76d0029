"""The video of a crossfade: the end of one cut dissolves into the start of the next."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from autoclip.export.cuts.cut_spec import CutSpec
from autoclip.export.cuts.encoders import pixel_format
from autoclip.export.cuts.exact import cut_filters, video_input
from autoclip.export.video.filters import caption_filter, steady_size, video_filters
from autoclip.media.ffmpeg import local_file


@dataclass(frozen=True, slots=True)
class Crossfade:
    """A dissolve.

    Attributes
    ----------
    leaving, coming : CutSpec
        The end of one cut and the start of the next, each about as long as the dissolve.
    frame_count : int
        Number of frames.
    rate : Fraction
        Frame rate.
    captions : Path or None
        The ASS script to burn in, with times from the dissolve's start.
    """

    leaving: CutSpec
    coming: CutSpec
    frame_count: int
    rate: Fraction
    captions: Path | None = None

    @property
    def duration_sec(self) -> Fraction:
        """Return its length in seconds."""
        return self.frame_count / self.rate


def crossfade_arguments(
    fade: Crossfade, encoder: tuple[str, ...], target: Path, *, upright: bool = True
) -> tuple[str, ...]:
    """Return the ffmpeg arguments that render the video of a dissolve.

    Parameters
    ----------
    fade : Crossfade
        The dissolve.
    encoder : tuple of str
        Options of the encoder, the same as for the adjacent segments.
    target : Path
        Path of the file.
    upright : bool
        Rotate and fit the frames as an exact cut does; otherwise they stay as stored, as in a smart cut.
    """
    turn = () if upright else ("-noautorotate",)
    inputs = (
        *turn,
        *video_input(fade.leaving.video, fade.leaving.span),
        *turn,
        *video_input(fade.coming.video, fade.coming.span),
    )
    length = float(fade.duration_sec)
    deep = not upright and fade.leaving.video.video.bit_depth > 8  # noqa: PLR2004 - where all is to stay as it is
    pixels = fade.leaving.video.video.pixel_format if deep else pixel_format(fade.leaving.video, fade.leaving.settings)
    drawn = f"{caption_filter(fade.captions, fade.leaving.video, fade.leaving.canvas)}," if fade.captions else ""
    graph = (
        f"[0:{fade.leaving.video.video.index}]{_prepared(fade, fade.leaving, upright=upright)}[leaving];"
        f"[1:{fade.coming.video.video.index}]{_prepared(fade, fade.coming, upright=upright)}[coming];"
        f"[leaving][coming]xfade=transition=fade:duration={length:.6f}:offset=0,"
        f"trim=end_frame={fade.frame_count},{drawn}format={pixels}[v]"
    )
    return ("-copyts", *inputs, "-filter_complex", graph, "-map", "[v]", *encoder, "-f", "mp4", local_file(target))


def _prepared(fade: Crossfade, spec: CutSpec, *, upright: bool) -> str:
    """Return the filters that give a side exactly as many frames as the dissolve has, at its rate."""
    fitted = "null"
    if upright:
        fitted = video_filters(spec.video, spec.settings, spec.canvas, spec.span.duration_sec, spec.framing)
    return (
        f"{cut_filters(spec.span)},{steady_size(spec.video)},{fitted},fps={fade.rate}:start_time=0,"
        f"tpad=stop_mode=clone:stop_duration=1,trim=end_frame={fade.frame_count},settb=1/({fade.rate}),setpts=N"
    )
