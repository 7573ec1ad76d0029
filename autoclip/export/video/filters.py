"""The filters between decoder and encoder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from autoclip.errors import ParameterError
from autoclip.export.audio.tracks import fade_filters
from autoclip.export.cuts.encoders import pixel_format
from autoclip.export.framing.plan import FramingPlan
from autoclip.export.platforms import Platform, platform_of
from autoclip.export.video.canvas import Canvas, even, square_canvas
from autoclip.export.video.shapes import ASPECTS, shape_filters, shaped_canvas
from autoclip.media.color import UNKNOWN
from autoclip.media.orientation import Size
from autoclip.media.video import Video
from autoclip.settings import ExportSettings, VideoCodec

HD_HEIGHT = 720
"""Height from which a frame with undeclared colors is BT.709."""

MIN_SIDES: dict[VideoCodec, int] = {"h264": 2, "h265": 16, "av1": 16}
MAX_SIDE = 16_384
"""Sides that x264, x265 and SVT-AV1 accept, in pixels; tested with those of the bundled ffmpeg."""

_BAR_HEIGHT = 0.012
"""Height of the progress bar, as a share of the frame's shorter side."""

_SAME_SHAPE = 0.01
"""Relative difference of aspect ratios that counts as equal, so that rounding adds no bars."""

_TONE_MAP = (
    # PQ and HLG are BT.2020 (ITU-R BT.2100); zscale would refuse files that don't declare it.
    "zscale=tin={transfer}:pin=bt2020:min=bt2020nc:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,"
    "tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv"
)


def canvas_of(video: Video, settings: ExportSettings) -> Canvas:
    """Return the canvas of a video's export: the requested shape, at the requested height or size.

    Raises
    ------
    ParameterError
        If no encoder accepts frames of that size.
    """
    canvas = _canvas(video, settings)
    least = MIN_SIDES[settings.video_codec]
    if min(canvas.width, canvas.height) < least or max(canvas.width, canvas.height) > MAX_SIDE:
        raise ParameterError(
            f"{video.path.name}: an export of {canvas.width}x{canvas.height} can't be encoded in "
            f"{settings.video_codec}, which takes sides of {least} to {MAX_SIDE:,} pixels; set another export_height, "
            "shape or video_codec"
        )
    return canvas


def _canvas(video: Video, settings: ExportSettings) -> Canvas:
    facts = video.video
    wide, high = facts.display_width, facts.display_height
    platform = platform_of(settings.platform)
    if settings.shape != "original":
        natural = shaped_canvas(wide, high, settings.shape, settings.framing)
        height = even(settings.export_height or _platform_height(platform, settings) or natural.height)
        return square_canvas(round(height * ASPECTS[settings.shape]), height)
    if settings.export_height:
        return square_canvas(round(even(settings.export_height) * wide / high), settings.export_height)
    if platform is not None and (max(wide, high) > platform.fit[0] or min(wide, high) > platform.fit[1]):
        scale = min(platform.fit[0] / max(wide, high), platform.fit[1] / min(wide, high))
        return square_canvas(round(wide * scale), round(high * scale))
    turned = facts.rotation in {90, 270}
    width, height = (facts.height, facts.width) if turned else (facts.width, facts.height)
    if min(width, height) == 1:  # too small to crop to an even side
        return square_canvas(width, height)
    return Canvas(even(width), even(height), square_pixels=False)


def can_follow_changes(video: Video) -> bool:
    """Whether `steady_size` can handle a change of the frame size.

    Frames that ffmpeg rotates reach our filters already rotated, by filters that support only one size.
    """
    return not (video.video.rotation or video.video.mirrored)


def steady_size(video: Video) -> str:
    """Return the filters that convert frames of another size or pixel aspect to those of the source's first frame.

    They come first, because few of the filters after them support a change. A frame of another shape gets black bars.
    Frames of the usual size and shape are unchanged.
    """
    facts = video.video
    if not can_follow_changes(video):
        return "null"
    width, height, pixel = facts.width, facts.height, float(facts.sample_aspect_ratio)
    if width % 2 or height % 2:  # pad supports only even sizes
        return f"scale={width}:{height}:eval=frame:flags=bicubic"
    shape = width * pixel / height
    wide = f"if(lt(dar,{shape * (1 - _SAME_SHAPE):.6f}),2*round({height}*dar/{pixel:.6f}/2),{width})"
    high = f"if(gt(dar,{shape * (1 + _SAME_SHAPE):.6f}),2*round({width * pixel:.6f}/dar/2),{height})"
    return (
        f"scale=w='max(2,{wide})':h='max(2,{high})':eval=frame:interl=-1:flags=bicubic,"
        f"pad={width}:{height}:(ow-iw)/2:(oh-ih)/2:eval=frame,setsar={facts.sample_aspect_ratio}"
    )


def _platform_height(platform: Platform | None, settings: ExportSettings) -> int:
    if platform is None:
        return 0
    return platform.fit[0] if settings.shape == "vertical" else platform.fit[1]


def video_filters(
    video: Video,
    settings: ExportSettings,
    canvas: Canvas,
    duration: Fraction,
    framing: FramingPlan | None = None,
    *,
    scripts: Sequence[Path] = (),
) -> str:
    """Return the filters after the cut, as one part of an ffmpeg filter graph.

    ffmpeg itself rotates the frames according to the file's display matrix, before all filters.

    Parameters
    ----------
    video : Video
        The source.
    settings : ExportSettings
        The export settings.
    canvas : Canvas
        The size to make.
    duration : Fraction
        Length of the cut in seconds; places the fade out.
    framing : FramingPlan, optional
        How a shape is filled; None crops the center.
    scripts : sequence of Path
        The ASS scripts to draw; their times count from the cut's start.
    """
    chain: list[str] = []
    if settings.deinterlace and video.video.interlaced:
        chain.append("bwdif=mode=send_frame:deint=interlaced")
    if settings.dynamic_range == "sdr" and video.video.hdr:
        chain.append(_TONE_MAP.format(transfer=video.video.color_transfer))
    chain.append(_known_colors(video))
    if settings.shape != "original":
        facts = video.video
        size = Size(even(facts.display_width), even(facts.display_height))
        chain.append(shape_filters(size, canvas, framing or FramingPlan()))
    else:
        chain.append(_fit(canvas))
    if settings.frame_rate:
        chain.append(resampled(settings.frame_rate, duration))
    chain.extend(caption_filter(script, video, canvas) for script in scripts)
    if settings.progress_bar:
        chain.append(_progress_bar(canvas, duration))
    chain.extend(fade_filters("fade", float(duration), settings))
    chain.append(f"format={pixel_format(video, settings)}")
    return ",".join(chain)


def _progress_bar(canvas: Canvas, duration: Fraction) -> str:
    """Return the filters that draw a bar along the lower edge, as long as the elapsed share of the clip."""
    height = even(round(_BAR_HEIGHT * min(canvas.width, canvas.height)))
    return (
        f"null[played];color=white:s={canvas.width}x{height}:r=1[bar];"
        f"[played][bar]overlay=x='-W+W*min(t/{float(duration):.6f},1)':y=H-h:shortest=1:format=auto"
    )


def caption_filter(script: Path, video: Video, canvas: Canvas) -> str:
    """Return the filter that draws an ASS script."""
    drawn = f"ass=filename={escaped(str(script))}"
    if canvas.square_pixels:
        return drawn
    # With the original size, libass draws letters in their proper shape on anamorphic pixels, too.
    width = max(2, round(canvas.height * video.video.display_width / video.video.display_height))
    return f"{drawn}:original_size={width}x{canvas.height}"


def escaped(value: str) -> str:
    """Escape an option's value twice, for the filter and for the graph (FFmpeg, "Notes on filtergraph escaping")."""
    of_option = re.sub(r"([\\\\':])", r"\\\1", value)
    return re.sub(r"([\\\\'\[\],;])", r"\\\1", of_option)


def resampled(frame_rate: float, duration: Fraction) -> str:
    """Return the filters that convert to a constant frame rate, from time 0 and for exactly `duration` seconds.

    ``fps`` alone shows a last long frame for as long as the source does, even if the cut splits it.
    """
    count = max(1, round(duration * Fraction(frame_rate)))
    return f"fps={frame_rate}:start_time=0,tpad=stop_mode=clone:stop={count},trim=end_frame={count}"


def _known_colors(video: Video) -> str:
    """Declare the matrix of a source that does not, as players assume it: after scaling they would guess differently.

    Undeclared, 720 lines and more are BT.709 and fewer are BT.601, which is what players assume, and what the two
    standards specify.
    """
    facts = video.video
    if facts.color_space != UNKNOWN or facts.hdr:
        return "null"
    return f"setparams=colorspace={'bt709' if facts.height >= HD_HEIGHT else 'smpte170m'}"


def _fit(canvas: Canvas) -> str:
    if canvas.padded:
        size = f"{canvas.width}:{canvas.height}"
        # Anamorphic pixels are made square first; otherwise the aspect to keep would be that of the stored frame.
        return (
            f"scale=iw*sar:ih,scale={size}:force_original_aspect_ratio=decrease:force_divisible_by=2:flags=bicubic,"
            f"pad={size}:(ow-iw)/2:(oh-ih)/2,setsar=1"
        )
    if canvas.square_pixels:
        return f"scale={canvas.width}:{canvas.height}:flags=bicubic,setsar=1"
    return f"crop={canvas.width}:{canvas.height}:0:0"  # an odd row or column is dropped: 4:2:0 needs even sizes
