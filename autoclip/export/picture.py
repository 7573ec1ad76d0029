"""The filters a picture goes through between decoder and encoder."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from autoclip.export.encoders import pixel_format
from autoclip.export.sound import fade_filters
from autoclip.media.video import Video
from autoclip.settings import ExportSettings

_TONE_MAP = (
    # PQ and HLG are BT.2020 (ITU-R BT.2100); files that forget to say so would be refused by zscale.
    "zscale=tin={transfer}:pin=bt2020:min=bt2020nc:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,"
    "tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv"
)


@dataclass(frozen=True, slots=True)
class Canvas:
    """The picture an export has.

    Attributes
    ----------
    width, height : int
        Size in pixels, even.
    square_pixels : bool
        Whether it was scaled to square pixels; otherwise it keeps the source's.
    padded : bool
        Whether a picture of another aspect is fitted in between black bars.
    """

    width: int
    height: int
    square_pixels: bool
    padded: bool = False


def canvas_of(video: Video, settings: ExportSettings) -> Canvas:
    """Return the picture size an export of a video will have."""
    facts = video.video
    if settings.export_height:
        height = _even(settings.export_height)
        return Canvas(_even(round(height * facts.display_width / facts.display_height)), height, square_pixels=True)
    turned = facts.rotation in {90, 270}
    width, height = (facts.height, facts.width) if turned else (facts.width, facts.height)
    return Canvas(_even(width), _even(height), square_pixels=False)


def square_canvas(width: int, height: int) -> Canvas:
    """Return a picture of square pixels, its sides made even."""
    return Canvas(_even(width), _even(height), square_pixels=True)


def picture_filters(video: Video, settings: ExportSettings, canvas: Canvas, duration: Fraction) -> str:
    """Return the filters behind the cut, as one piece of an ffmpeg filter graph.

    ffmpeg itself turns the picture as the file's display matrix says, ahead of all filters.

    Parameters
    ----------
    video : Video
        The source.
    settings : ExportSettings
        What is wanted.
    canvas : Canvas
        The size to make.
    duration : Fraction
        Length of the cut in seconds; places the fade out.
    """
    chain: list[str] = []
    if settings.deinterlace and video.video.interlaced:
        chain.append("bwdif=mode=send_frame:deint=interlaced")
    if settings.dynamic_range == "sdr" and video.video.hdr:
        chain.append(_TONE_MAP.format(transfer=video.video.color_transfer))
    chain.append(_fit(canvas))
    if settings.frame_rate:
        chain.append(f"fps={settings.frame_rate}:start_time=0")
    chain.extend(fade_filters("fade", float(duration), settings))
    chain.append(f"format={pixel_format(video, settings)}")
    return ",".join(chain)


def _fit(canvas: Canvas) -> str:
    if canvas.padded:
        size = f"{canvas.width}:{canvas.height}"
        # Anamorphic pixels are made square first, or the aspect to keep would be that of the stored picture.
        return (
            f"scale=iw*sar:ih,scale={size}:force_original_aspect_ratio=decrease:force_divisible_by=2:flags=bicubic,"
            f"pad={size}:(ow-iw)/2:(oh-ih)/2,setsar=1"
        )
    if canvas.square_pixels:
        return f"scale={canvas.width}:{canvas.height}:flags=bicubic,setsar=1"
    return f"crop={canvas.width}:{canvas.height}:0:0"  # an odd row or column goes: 4:2:0 knows only even sizes


def _even(size: int) -> int:
    return max(2, size - size % 2)
